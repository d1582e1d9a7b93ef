"""Several inputs and outputs: together, by channel, split, and of kinds that are not there."""

import os
import shutil
import unittest

import mido
from service import Service, audiogenrl, is_on, off, on


def control(number, value, channel=0):
    return bytes([0xB0 | channel, number, value])


class Ports(audiogenrl.Case):
    def path(self, name):
        return os.path.join(self.folder, name)

    def written(self, name):
        """The messages that a file of an output holds."""
        with open(self.path(name), encoding="ascii") as file:
            return [bytes.fromhex("".join(line.split()[1:])) for line in file]

    def service(self, **sections):
        """A name of a section may have a space where keywords have none."""
        sections.setdefault("correct", {"mode": "off"})
        return Service(self.folder, **{k.replace("_", " "): v for k, v in sections.items()})

    def test_outputs_by_channel(self):
        bass = {"connect": self.path("bass"), "channels": "2-3", "map": "2:1"}
        with self.service(output={"channels": 1}, output_bass=bass) as service:
            service.send(
                (0, on(60)), (1, on(40, channel=1)), (2, control(7, 99, 2)), (3, on(61, channel=4)),
                (4, bytes([0xF0, 1, 2, 0xF7])), (5, off(60)), (6, off(40, channel=1)),
                (7, off(61, channel=4)),
            )  # fmt: skip
            service.ask("status")
            sent = [data for _, data in service.finish()]
        sysex = bytes([0xF0, 1, 2, 0xF7])
        self.assertEqual([d for d in sent if d[0] & 0xF0 != 0xB0], [on(60), sysex, off(60)])
        self.assertTrue(all(d[0] & 15 == 0 for d in sent if d[0] < 0xF0))
        wanted = [on(40), control(7, 99, 2), sysex, off(40)]
        self.assertEqual(self.written("bass")[: len(wanted)], wanted)

    def test_two_channels_that_become_one(self):
        with self.service(output={"map": "2-3:1"}) as service:
            service.send((0, on(60)), (1, on(60, channel=1)), (2, off(60)))
            service.send((3, control(123, 0)), (4, on(61)), (5, off(61)))
            service.send((6, off(60, channel=1)), (7, control(123, 0, 1)))
            wanted = [on(60), on(60), on(61), off(61), off(60), off(60), control(123, 0)]
            self.assertEqual([data for _, data in service.receive(len(wanted))], wanted)
            service.finish()

    def test_the_lower_half_is_left_untouched(self):
        settings = {"split": "B3:2", "channels": 1, "transpose": 12}
        with self.service(input=settings) as service:
            service.send((0, on(60)), (1, on(59)), (2, control(64, 127)))
            service.send((3, bytes([0xA0, 59, 5])), (4, bytes([0xC0, 9])), (5, off(59)), (6, off(60)))
            wanted = [
                on(72), on(59, channel=1), control(64, 127), control(64, 127, 1),
                bytes([0xA1, 59, 5]), bytes([0xC0, 9]), off(59, channel=1), off(72),
            ]  # fmt: skip
            self.assertEqual([data for _, data in service.receive(len(wanted))], wanted)
            service.finish()

    def fifo(self, name):
        """Open on both sides, so that it does not end before it has begun."""
        os.mkfifo(self.path(name))
        return os.fdopen(os.open(self.path(name), os.O_RDWR), "w", buffering=1)

    def test_two_keyboards_have_one_corrector(self):
        """What they send in turns is corrected as what one of them sends."""
        audiogenrl.piece("piece.mid", bars=12)
        self.succeeds("errors", "slip:p=0.2", "--seed", 3, "piece.mid", "-o", "played.mid")
        played, now = [], 0.0
        for message in mido.MidiFile("played.mid"):
            now += message.time
            if message.type in ("note_on", "note_off"):
                played.append((now, bytes(message.bytes())))
        with Service(self.folder) as service:
            shutil.copy("piece.mid", service.repertoire)
            service.wait_for(
                lambda: service.ask("status")["repertoire"]["pieces"] == 1, "the piece"
            )
        with Service(self.folder) as service:
            service.send(*played)
            alone = service.finish()
        second = self.fifo("second")
        with self.service(correct={}, input_second={"connect": self.path("second")}) as service:
            together = []
            for i, (seconds, data) in enumerate(played):
                if data[1] < 60:
                    second.write(f"{seconds:.6f} {data.hex(' ')}\n")
                else:
                    service.send((seconds, data))
                if is_on(data):  # releases may wait for others
                    while sum(is_on(d) for _, d in together) < sum(
                        is_on(d) for _, d in played[: i + 1]
                    ):
                        together += service.receive(1)
            second.close()
            together += service.finish()

        def struck(events):
            return [data for _, data in events if is_on(data)]

        self.assertEqual(struck(together), struck(alone))
        self.assertNotEqual(struck(alone), struck(played))

    def test_one_keyboard_goes_and_the_other_stays(self):
        second = self.fifo("second")
        with self.service(
            input_second={"connect": self.path("second"), "map": "1:3"}
        ) as service:
            service.ask("status")
            service.send((0, on(60)))
            second.write("1.0 90 3e 40\n")
            self.assertEqual([d for _, d in service.receive(2)], [on(60), on(62, channel=2)])
            second.close()
            service.wait_for(lambda: service.logged("input: lost"), "the loss")
            service.send((2, on(64)), (3, off(64)))
            rest = [data for _, data in service.finish()]
        self.assertIn(off(62, channel=2), rest)
        self.assertIn(off(60), rest)
        notes = [data for data in rest if data[0] & 0xE0 == 0x80]
        self.assertEqual(notes[-2:], [on(64), off(64)])

    def test_what_is_not_there_is_waited_for(self):
        """A server of JACK that does not run holds up nothing."""
        with self.service(
            output_synth={"backend": "jack"}, input_keys={"backend": "jack"}, options=["--foreground"]
        ) as service:
            service.wait_for(lambda: service.logged("AudioGenRL synth: JACK"), "the reason")
            service.wait_for(lambda: service.logged("AudioGenRL keys: JACK"), "the other")
            service.send((0, on(60)), (1, off(60)))
            self.assertEqual([d for _, d in service.receive(2)], [on(60), off(60)])
            self.assertTrue(service.ask("status")["ports"]["open"])
            service.stop()

    def test_a_reload_brings_another_output(self):
        with self.service() as service:
            service.send((0, on(60)))
            service.receive(1)
            service.write_config(
                **{"output two": {"connect": self.path("two")}, "correct": {"mode": "off"}}
            )
            self.assertTrue(service.ask("reload")["ok"])
            service.send((1, on(62)), (2, off(62)))
            service.wait_for(lambda: service.ask("status")["notes"] == 2, "the note")
            rest = [data for _, data in service.finish()]
        self.assertIn(off(60), rest)
        self.assertIn(on(62), rest)
        self.assertEqual([d for d in self.written("two") if is_on(d)], [on(62)])


if __name__ == "__main__":
    unittest.main()
