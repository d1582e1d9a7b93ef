"""Recordings of the service: what was played and what was sent, a file a session."""

import glob
import json
import os
import random
import resource
import shutil
import signal
import time
import unittest
import unittest.mock

import mido
from service import Service, audiogenrl, heard, is_off, is_on, off, on, sounding

PAUSE = 300


def tracks(path):
    """By name of the track: its messages with their seconds. Tempo is that of the file."""
    file = mido.MidiFile(path)
    tempo = next(m.tempo for m in file.tracks[0] if m.type == "set_tempo")
    found = {}
    for track in file.tracks:
        ticks, events = 0, []
        for message in track:
            ticks += message.time
            if not message.is_meta:
                seconds = mido.tick2second(ticks, file.ticks_per_beat, tempo)
                events.append((seconds, bytes(message.bytes())))
        found[track.name] = events
    return found


class Recording(audiogenrl.Case):
    def setUp(self):
        super().setUp()
        self.takes = os.path.join(self.folder, "takes")

    def service(self, **options):
        return Service(self.folder, record={"folder": self.takes}, **options)

    def files(self, folder=None):
        return sorted(glob.glob(os.path.join(folder or self.takes, "*")))

    def same(self, recorded, events):
        """The same messages, at the same time from the first event of the session on."""
        self.assertEqual([d for _, d in recorded], [d for _, d in events])
        for (a, _), (b, _) in zip(recorded, events):
            self.assertAlmostEqual(a, b, delta=0.0001)

    def test_what_was_played_and_what_was_sent(self):
        audiogenrl.piece("piece.mid", bars=24)
        self.succeeds("errors", "slip:p=0.2", "--seed", 3, "piece.mid", "-o", "played.mid")
        played, now = [(0.0, bytes([0xB0, 64, 127]))], 0.0
        for message in mido.MidiFile("played.mid"):
            now += message.time
            if not message.is_meta:
                played.append((now, bytes(message.bytes())))
        with self.service() as service:
            shutil.copy("piece.mid", service.repertoire)
            service.wait_for(
                lambda: service.ask("status")["repertoire"]["pieces"] == 1, "the piece"
            )
            service.stop()
        self.assertEqual(self.files(), [])
        with self.service() as service:
            service.send(*played)
            sent = service.finish()
        (path,) = self.files()
        self.assertRegex(os.path.basename(path), r"^\d{4}-\d\d-\d\d_\d\d-\d\d-\d\d\.mid$")
        recorded = tracks(path)
        self.assertEqual(list(recorded), ["played", "sent"])
        self.same(recorded["played"], played)
        self.same(heard(recorded["sent"]), heard(sent))
        changed = sum(
            a[1] != b[1]
            for a, b in zip(
                (d for _, d in played if is_on(d)),
                (d for _, d in recorded["sent"] if is_on(d)),
            )
        )
        self.assertGreater(changed, 10)

        done = self.succeeds("report", "--json", "-m", "piece.mid", path)
        report = json.loads(done.stdout)
        self.assertEqual(report["piece"], "piece")
        self.assertEqual(report["notes"], sum(is_on(d) for _, d in played))
        # The faults are those of the hands, not what the service made of them.
        self.assertGreater(report["total"]["wrong"], 10)
        alone = mido.MidiFile(path)
        alone.tracks[:] = [t for t in alone.tracks if t.name == "played"]
        alone.save("alone.mid")
        alone = json.loads(self.succeeds("report", "--json", "-m", "piece.mid", "alone.mid").stdout)
        self.assertEqual(report["total"], alone["total"])

    def test_a_pause_ends_a_session(self):
        events = [
            (10, on(60)),
            (11, off(60)),
            (12, bytes([0xB0, 64, 127])),
            (12.5, on(62)),  # held through the pause: released where the session ends
            (12.5 + PAUSE - 1, on(64)),
            (12.5 + PAUSE, off(64)),
            (13 + 2 * PAUSE, bytes([0xB0, 64, 0])),  # a pedal alone makes no file
            (14 + 3 * PAUSE, off(62)),
            (20 + 4 * PAUSE, on(65)),
            (21 + 4 * PAUSE, off(65)),
        ]
        with self.service(correct={"mode": "off"}) as service:
            service.send(*events)
            service.finish()
        first, second = sorted(self.files(), key=lambda path: len(tracks(path)["sent"]))[::-1]
        wanted = [(s - 10, d) for s, d in events[:6]] + [(2.5 + PAUSE, off(62))]
        self.same(tracks(first)["played"], wanted)
        self.same(tracks(first)["sent"], wanted)
        self.same(tracks(second)["played"], [(0, on(65)), (1, off(65))])
        self.same(tracks(second)["sent"][:2], [(0, on(65)), (1, off(65))])

    def test_the_input_goes_in_the_middle_of_a_chord(self):
        with self.service(correct={"mode": "off"}) as service:
            service.send((1, on(60)), (1, on(64)), (2, "unplugged"))
            service.send((3, on(60)), (4, off(60)), (4, off(64)))
            service.finish()
        recorded = tracks(*self.files())
        self.assertEqual(sounding(recorded["played"]), {})
        self.assertEqual(sounding(recorded["sent"]), {})
        self.assertEqual([s for s, d in recorded["played"] if is_off(d)], [1, 1, 3])
        self.assertEqual(sum(is_on(d) for _, d in recorded["sent"]), 3)

    def test_other_messages_are_left_out(self):
        with self.service(correct={"mode": "off"}) as service:
            service.send((0, bytes([0xF8])), (0, on(60)), (1, bytes([0xF0, 1, 0xF7])))
            service.send((1, bytes([0xE0, 1, 64])), (1, bytes([0xC3, 5])), (2, off(60)))
            service.finish()
        self.assertEqual(
            [d for _, d in tracks(*self.files())["played"]],
            [on(60), bytes([0xE0, 1, 64]), bytes([0xC3, 5]), off(60)],
        )

    def test_many_events(self):
        """Ten minutes of ten notes a second."""
        draw = random.Random(5)
        events = []
        for i in range(6000):
            key = draw.randrange(30, 100)
            events += [(i * 0.1, on(key, 1 + i % 127)), (i * 0.1 + 0.09, off(key))]
        with self.service(correct={"mode": "off"}) as service:
            for start in range(0, len(events), 1000):
                service.send(*events[start : start + 1000])
                service.receive(1000)
                notes = (start + 1000) // 2
                service.wait_for(
                    lambda n=notes: service.ask("status")["recording"]["notes"] == n, "the notes"
                )
            self.assertEqual(service.ask("status")["recording"]["lost"], 0)
            service.finish()
        recorded = tracks(*self.files())
        self.same(recorded["played"], events)
        self.same(recorded["sent"][: len(events)], events)

    def test_killed(self):
        """What was played until the last saving is in a whole file; the next session has its own."""
        with self.service(correct={"mode": "off"}) as service:
            service.send((0, on(60)), (1, off(60)), (2, on(64)))
            service.wait_for(self.files, "the file")
            service.send((3, on(67)))
            service.wait_for(
                lambda: service.ask("status")["recording"]["notes"] == 3
                and service.ask("status")["recording"]["file"],
                "the note and the name",
            )
            status = service.ask("status")["recording"]
            self.assertEqual(status["file"], self.files()[0])
            self.assertEqual((status["trouble"], status["lost"]), (None, 0))
            with unittest.mock.patch.dict(os.environ, AUDIOGENRL_SOCKET=service.socket):
                done = self.succeeds("status")
            self.assertIn(f"recording   {self.files()[0]}, 3 notes", done.stdout.decode())
            service.stop(signal.SIGKILL, expect=-signal.SIGKILL)
        (path,) = self.files()
        before = audiogenrl.content(path)
        recorded = tracks(path)
        self.same(recorded["played"][:3], [(0, on(60)), (1, off(60)), (2, on(64))])
        self.assertEqual(sounding(recorded["played"]), {})
        with self.service() as service:
            service.send((0, on(60)), (1, off(60)))
            service.finish()
        self.assertEqual(len(self.files()), 2)
        self.assertEqual(audiogenrl.content(path), before)

    def test_a_name_that_is_taken(self):
        os.mkdir(self.takes)
        now = int(time.time())
        for second in range(now, now + 120):
            name = time.strftime("%Y-%m-%d_%H-%M-%S.mid", time.localtime(second))
            with open(os.path.join(self.takes, name), "wb"):
                pass
        with self.service() as service:
            service.send((0, on(60)), (1, off(60)))
            service.finish()
        (path,) = [path for path in self.files() if os.path.getsize(path) > 0]
        self.assertTrue(path.endswith("-2.mid"), path)
        self.assertEqual(len(tracks(path)["played"]), 2)

    def test_another_folder_and_none(self):
        other = os.path.join(self.folder, "other")
        with self.service(correct={"mode": "off"}) as service:
            service.send((0, on(60)), (1, off(60)))
            service.receive(2)
            service.write_config(correct={"mode": "off"}, record={"folder": other})
            self.assertTrue(service.ask("reload")["ok"])
            service.send((2, on(62)), (3, off(62)))
            service.receive(2)
            service.write_config(correct={"mode": "off"})
            self.assertTrue(service.ask("reload")["ok"])
            self.assertIsNone(service.ask("status")["recording"])
            service.send((4, on(64)), (5, off(64)))
            service.finish()
        self.assertEqual([d for _, d in tracks(*self.files())["played"]], [on(60), off(60)])
        self.assertEqual([d for _, d in tracks(*self.files(other))["played"]], [on(62), off(62)])

    def test_a_full_disk(self):
        """Nothing is missing when there is room again, be it at the last moment."""
        with self.service(correct={"mode": "off"}) as service:
            service.ask("status")
            pid = service.process.pid
            before = resource.prlimit(pid, resource.RLIMIT_FSIZE)
            resource.prlimit(pid, resource.RLIMIT_FSIZE, (50, before[1]))
            service.send((0, on(60)), (1, off(60)))
            service.wait_for(lambda: service.logged("File too large"), "the trouble")
            resource.prlimit(pid, resource.RLIMIT_FSIZE, before)
            service.stop()
        recorded = tracks(*self.files())
        self.assertEqual([d for _, d in recorded["played"]], [on(60), off(60)])

    def test_a_folder_that_cannot_be(self):
        with open(self.takes, "w", encoding="ascii"):
            pass
        with self.service(correct={"mode": "off"}) as service:
            service.send((0, on(60)), (1, off(60)))
            service.wait_for(
                lambda: service.ask("status")["recording"]["trouble"], "the trouble"
            )
            self.assertIn(self.takes, service.ask("status")["recording"]["trouble"])
            # When it can be after all, nothing is missing.
            os.remove(self.takes)
            service.wait_for(self.files, "the file")
            service.send((2, on(62)), (3, off(62)))
            self.assertEqual(len([d for _, d in service.finish() if is_on(d)]), 2)
        self.assertEqual(len([x for x in service.log if "recording: " in x]), 2, service.log)
        recorded = tracks(*self.files())
        self.assertEqual(sum(is_on(d) for _, d in recorded["played"]), 2)


if __name__ == "__main__":
    unittest.main()
