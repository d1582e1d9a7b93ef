"""Switches of the keyboard, and the commands of the same names, that choose pieces and record."""

import glob
import json
import os
import shutil
import unittest
import unittest.mock

import mido
from service import Service, audiogenrl, is_on, off, on


def control(number, value):
    return bytes([0xB0, number, value])


def program(number):
    return bytes([0xC0, number])


class Pieces(audiogenrl.Case):
    SWITCHES = {"next-piece": "cc:80", "previous-piece": "note:A0", "lock-piece": "program:7"}

    def service(self):
        return Service(self.folder, control=self.SWITCHES)

    def setUp(self):
        super().setUp()
        for seed, name in enumerate(["a.mid", "b.mid", "c.mid"]):
            audiogenrl.piece(name, bars=12, seed=seed)
        with self.service() as service:
            for name in ["a.mid", "b.mid", "c.mid"]:
                shutil.copy(name, service.repertoire)
            with open(os.path.join(service.repertoire, "aa.mid"), "wb") as file:
                file.write(b"no music")

    def locked(self, service):
        return service.ask("pieces")["locked"]

    def follows(self, service, name):
        service.wait_for(lambda: self.locked(service) == name, name)
        count = 3 if name is None else 1
        service.wait_for(
            lambda: service.ask("status")["repertoire"]["pieces"] == count, "the corrector of it"
        )

    def test_next_and_previous_go_round(self):
        with self.service() as service:
            service.ask("status")
            now = 0
            for press, name in [
                (control(80, 127), "a.mid"),
                (control(80, 127), "b.mid"),
                (control(80, 100), "c.mid"),
                (control(80, 64), "a.mid"),
                (on(21), "c.mid"),
                (on(21), "b.mid"),
            ]:
                now += 1
                up = control(80, 0) if press[0] == 0xB0 else off(21)
                service.send((now, press), (now + 0.5, up))
                self.follows(service, name)
            self.assertTrue(service.logged("b.mid is followed alone"))
            service.send((20, program(7)))
            self.follows(service, None)
            self.assertEqual(service.finish(), [])

    def test_the_piece_that_is_played_is_locked(self):
        notes, now = [], 0.0
        for message in mido.MidiFile("b.mid"):
            now += message.time
            if not message.is_meta:
                notes.append((now, bytes(message.bytes())))
        with self.service() as service:
            service.send((0, program(7)))
            service.wait_for(lambda: service.logged("no piece is recognised"), "the refusal")
            self.assertIsNone(self.locked(service))
            service.send(*notes)
            service.receive(len(notes))
            service.send((now + 0.1, program(7)))
            self.follows(service, "b.mid")
            service.ask("unlock")
            self.follows(service, None)
            service.send(*((now + 5 + seconds, data) for seconds, data in notes))
            service.receive(len(notes))
            service.send((2 * now + 6, control(80, 127)))
            self.follows(service, "c.mid")
            service.finish()

    def test_by_command(self):
        def pieces(*words):
            return self.succeeds("pieces", *words).stdout.decode()

        with self.service() as service, unittest.mock.patch.dict(
            os.environ, AUDIOGENRL_SOCKET=service.socket
        ):
            self.follows(service, None)
            self.assertIn("aa.mid: is a text file", pieces())
            self.assertEqual("a.mid\n", pieces("next"))
            self.follows(service, "a.mid")
            self.assertEqual("c.mid\n", pieces("previous"))
            self.assertEqual("b.mid\n", pieces("lock", "b.mid"))
            self.assertIn("* b.mid", pieces())
            self.assertEqual("all pieces are followed\n", pieces("unlock"))
            self.assertEqual(json.loads(pieces("--json", "next"))["locked"], "a.mid")
            for code, says, *words in (
                (1, "no piece 'z.mid'", "pieces", "lock", "z.mid"),
                (2, "lock takes 1 name(s)", "pieces", "lock"),
                (2, "next takes 0 name(s)", "pieces", "next", "1"),
                (2, "other", "pieces", "other"),
                (1, "[record] folder", "record", "on"),
            ):
                done = audiogenrl.run(*words)
                self.assertEqual(done.returncode, code)
                self.assertIn(says, done.stderr.decode())
            service.finish()


class Recording(audiogenrl.Case):
    def setUp(self):
        super().setUp()
        self.takes = os.path.join(self.folder, "takes")

    def struck(self):
        """Note-ons that were played, of each file."""
        return [
            [m.note for m in mido.MidiFile(path).tracks[0] if m.type == "note_on" and m.velocity]
            for path in sorted(glob.glob(os.path.join(self.takes, "*.mid")))
        ]

    def test_only_between_two_presses(self):
        with Service(
            self.folder,
            control={"record": "cc:81"},
            record={"folder": self.takes, "at-start": "no"},
        ) as service:
            service.send((0, on(60)), (1, off(60)))
            service.receive(2)
            self.assertIsNone(service.ask("status")["recording"])
            service.send((2, control(81, 127)), (2.1, control(81, 0)))
            service.wait_for(lambda: service.ask("status")["recording"], "the recording")
            service.send((3, on(62)), (4, off(62)))
            service.receive(2)
            service.send((5, control(81, 127)))
            service.wait_for(lambda: not service.ask("status")["recording"], "the end")
            service.send((6, on(64)), (7, off(64)))
            service.receive(2)
            self.assertEqual(service.ask("record", "on"), {"ok": True, "record": True})
            service.send((8, on(65)), (9, off(65)))
            service.receive(2)
            service.ask("reload")
            self.assertTrue(service.ask("status")["recording"])
            self.assertEqual(service.ask("record", "toggle"), {"ok": True, "record": False})
            service.ask("reload")
            self.assertIsNone(service.ask("status")["recording"])
            service.finish()
        self.assertEqual(sorted(self.struck()), [[62], [65]])

    def test_without_a_folder(self):
        with Service(self.folder, control={"record": "cc:81"}) as service:
            service.send((0, control(81, 127)))
            service.wait_for(lambda: service.logged("[record] folder"), "the refusal")
            self.assertIn("[record] folder", service.ask("record", "on")["error"])
            service.finish()


if __name__ == "__main__":
    unittest.main()
