"""Help that fades, through the real service: less in a bar that is played well, remembered."""

import json
import os
import shutil
import unittest
import unittest.mock

import mido
from service import Service, audiogenrl, off, on

BAR = 2.5  # seconds, at 96 beats a minute


class Fade(audiogenrl.Case):
    def setUp(self):
        super().setUp()
        audiogenrl.piece("minuet.mid", bars=8)
        os.mkdir("repertoire")
        shutil.copy("minuet.mid", "repertoire")
        self.notes = []
        seconds = 0
        for message in mido.MidiFile("minuet.mid"):
            seconds += message.time
            if message.type == "note_on" and message.velocity:
                self.notes.append((seconds, message.note))
        self.begin = 1.0

        patch = unittest.mock.patch.dict(os.environ, AUDIOGENRL_SOCKET=os.path.join(self.folder, "control"))
        patch.start()
        self.addCleanup(patch.stop)

    def play(self, service, wrong=()):
        """The piece once, one key of some bars (counted from 1) a semitone too high: how many notes
        sounded otherwise than struck."""
        before = service.ask("status")["corrected"]
        events, left = [], set(wrong)
        for seconds, pitch in self.notes:
            bar, at = int(seconds // BAR) + 1, seconds % BAR
            if bar in left and at > 0.7 * BAR and pitch >= 60:
                left.discard(bar)
                pitch += 1
            events.append((self.begin + seconds, on(pitch)))
            events.append((self.begin + seconds + 0.2, off(pitch)))
        self.begin += 8 * BAR + 3
        service.send(*sorted(events, key=lambda event: event[0]))
        service.receive(len(events))
        return service.ask("status")["corrected"] - before

    def bars(self, service):
        answer = service.ask("progress")
        self.assertEqual(answer["piece"], "minuet")
        return {bar["bar"]: bar for bar in answer["bars"]}

    def test_bars_that_are_learned(self):
        with Service(self.folder, correct={"fade": "yes"}) as service:
            service.wait_for(lambda: service.ask("status")["repertoire"]["pieces"] == 1, "the piece")
            self.assertEqual(self.play(service, wrong=[5]), 1)
            for _ in range(2):
                self.play(service, wrong=[5])
            bars = self.bars(service)
            self.assertEqual(sorted(bars), list(range(1, 9)))
            self.assertEqual(bars[2]["help"], 0)
            self.assertGreater(bars[5]["help"], 0)
            self.assertGreater(bars[5]["errors"], bars[2]["errors"])
            for _ in range(3):
                self.play(service, wrong=[5])
            self.assertEqual(self.bars(service)[2]["right"], 3)
            self.assertEqual(service.ask("status")["fade"]["known"]["piece"], "minuet")
            self.assertTrue(service.logged("minuet: bar 2 was right 3 times in a row without help"), service.log)
            for _ in range(2):
                self.assertEqual(self.play(service, wrong=[2]), 0)  # without help it sounds as struck
            before = self.bars(service)
            self.assertGreater(before[2]["help"], 0)
            self.assertEqual(before[2]["right"], 0)
            shown = self.succeeds("fade").stdout.decode()
            self.assertRegex(shown, r"(?m)^ +3  none +0 %  known$")
            service.stop()
        with Service(self.folder) as service:  # fade is off, and what was learned is still there
            service.wait_for(lambda: service.ask("status")["repertoire"]["pieces"] == 1, "the piece")
            self.play(service)
            self.assertEqual(self.bars(service), before)
            self.assertEqual(self.succeeds("fade", "on").stdout, b"fade on\n")
            self.assertEqual(json.loads(self.succeeds("fade", "toggle", "--json").stdout)["fade"], False)
            done = audiogenrl.run("fade", "away")  # while the service may save
            self.assertEqual((done.returncode, b"forget" in done.stderr), (2, True))
            self.succeeds("fade", "forget")
            self.assertEqual({bar["help"] for bar in self.bars(service).values()}, {3})
            service.stop()
        with open("state/progress.json", encoding="ascii") as file:
            self.assertEqual(json.load(file)["pieces"], [])

    def test_a_damaged_file(self):
        os.mkdir("state")
        with open("state/progress.json", "w", encoding="ascii") as file:
            file.write('{"format":1,"pieces":[{"piece":"x"}]}')
        with Service(self.folder, correct={"fade": "yes"}) as service:
            service.wait_for(lambda: service.ask("status")["repertoire"]["pieces"] == 1, "the piece")
            self.assertTrue(service.logged("begin with full help"), service.log)
            self.play(service)
            service.stop()
        self.assertTrue(os.path.exists("state/progress.json.damaged"))
        with open("state/progress.json", encoding="ascii") as file:
            self.assertEqual(len(json.load(file)["pieces"][0]["bars"]), 8)


if __name__ == "__main__":
    unittest.main()
