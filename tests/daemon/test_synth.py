"""What the service owes to those who listen: note-offs that found no room, and all that a
synth must know that comes in between; and keyboards that fall silent."""

import os
import time
import unittest

from service import Service, audiogenrl, off, on


def control(number, value, channel=0):
    return bytes([0xB0 | channel, number, value])


SENSING = bytes([0xFE])
SILENCE = [control(c, 0) for c in (64, 123, 120)]


class Room(audiogenrl.Case):
    def test_note_offs_are_sent_when_there_is_room(self):
        with Service(self.folder) as service:
            service.send(*((0, on(pitch)) for pitch in range(40, 80)))
            service.receive(40)
            service.send((1, "output-full"))
            service.send(*((1, off(pitch)) for pitch in range(40, 79)), (1, control(7, 50)))
            service.wait_for(
                lambda: service.ask("status")["events"]["dropped"] >= 40, "the drops"
            )
            service.send((2, "output-free"))
            # Without another event; the controller is gone.
            owed = service.receive(39)
            self.assertEqual(sorted(data for _, data in owed), [off(p) for p in range(40, 79)])
            self.assertTrue(service.lines.empty())
            service.send((3, off(79)))
            self.assertEqual(service.receive(1), [(3.0, off(79))])
            service.finish()

    def test_not_where_the_pitch_was_struck_anew(self):
        with Service(self.folder) as service:
            service.send((0, on(60)), (0, on(62)))
            service.receive(2)
            service.send((1, "output-full"), (1, off(60)), (1, off(62)))
            service.wait_for(
                lambda: service.ask("status")["events"]["dropped"] >= 2, "the drops"
            )
            service.send((2, "output-free"), (2, on(60)))
            self.assertEqual(
                sorted(data for _, data in service.receive(2)), [off(62), on(60)]
            )
            time.sleep(0.3)
            service.send((3, off(60)))
            self.assertEqual(service.receive(1), [(3.0, off(60))])
            service.finish()


class Synth(audiogenrl.Case):
    def test_one_that_comes_back_is_told_what_it_should_know(self):
        with Service(self.folder) as service:
            program = [control(0, 3), control(32, 1), bytes([0xC0, 19]), control(7, 90)]
            held = [control(64, 127), bytes([0xE0, 0, 70])]
            service.send(*((0, data) for data in program + held), (0, on(60)))
            service.receive(7)
            service.send((1, "output-lost"), (2, "output-found"))
            self.assertEqual([d for _, d in service.receive(4)], [off(60), *SILENCE])
            told = [data for _, data in service.receive(48 + 6)]
            self.assertEqual(told[:3], SILENCE)
            self.assertEqual(told[48:], program + held)
            # A keyboard that has gone holds no pedal.
            service.send((3, "unplugged"), (4, "output-found"))
            told = [data for _, data in service.receive(48 + 5)]
            self.assertEqual(told[48:], program + held[1:])
            service.finish()


class Clock(audiogenrl.Case):
    def test_a_clock_that_does_not_come_is_said(self):
        with Service(self.folder, clock={"source": "midi", "tempo": 100}) as service:
            os.environ["AUDIOGENRL_SOCKET"] = service.socket
            service.send((0, on(60)))
            service.receive(1)
            self.assertTrue(service.ask("status")["clock"]["missing"])
            self.assertIn(b"no clock comes", self.succeeds("status").stdout)
            service.send(*((1 + i / 48, bytes([0xF8])) for i in range(24)))
            service.receive(24)
            clock = service.ask("status")["clock"]
            self.assertFalse(clock["missing"])
            self.assertAlmostEqual(clock["tempo"], 120, 1)
            self.assertNotIn(b"no clock comes", self.succeeds("status").stdout)
            service.finish()


class Keyboard(audiogenrl.Case):
    def test_active_sensing_that_stops(self):
        with Service(self.folder) as service:
            service.send((1, SENSING), (1.1, on(60)), (1.25, SENSING), (1.5, on(62)), (9, on(64)))
            events = service.receive(9)
        self.assertEqual(
            events,
            [
                (1.0, SENSING),
                (1.1, on(60)),
                (1.25, SENSING),
                (1.5, on(62)),
                (1.83, off(60)),
                (1.83, off(62)),
                *((1.83, data) for data in SILENCE),
            ],
        )

    def test_not_where_there_was_none(self):
        with Service(self.folder) as service:
            service.send((1, on(60)), (9, on(62)))
            self.assertEqual(service.receive(2), [(1.0, on(60)), (9.0, on(62))])
            service.finish()

    def test_nothing_need_come_to_find_it_out(self):
        with Service(self.folder, options=["--foreground"]) as service:
            service.send((0, SENSING), (0, on(60)))
            events = service.receive(6)
            self.assertEqual([data for _, data in events], [SENSING, on(60), off(60), *SILENCE])
            self.assertAlmostEqual(events[2][0] - events[1][0], 0.33, 3)
            service.finish()


if __name__ == "__main__":
    unittest.main()
