"""convert: a score against what MuseScore makes of it (data/study.json, written by musescore.py)."""

import json
import os
import unittest

from audiogenrl import Case, run
from musescore import CLOSE, differences, notes_of

DATA = os.path.join(os.path.dirname(os.path.abspath(__file__)), "data")


class Scores(Case):
    def test_every_note_is_as_musescore_has_it(self):
        score = os.path.join(DATA, "study.musicxml")
        if b"built without" in run("inspect", score).stderr:
            self.skipTest("no libxml2 and libzip")
        self.succeeds("convert", "-q", score, "out.mid")
        with open(os.path.join(DATA, "study.json"), encoding="utf-8") as file:
            theirs = [tuple(note) for note in json.load(file)]
        self.assertEqual(len(theirs), 94)
        self.assertEqual(differences(theirs, notes_of("out.mid")), ([], [], []))
        self.assertLess(CLOSE, 0.05)

    def test_printed_bars_of_a_score(self):
        """Repeats, endings and jumps are played out under the printed numbers."""
        score = os.path.join(DATA, "study.musicxml")
        if b"built without" in run("inspect", score).stderr:
            self.skipTest("no libxml2 and libzip")
        self.succeeds("convert", "-q", "--part", "2", score, "played.mid")
        done = self.succeeds("report", "--json", "-m", score, "played.mid", "-o", "page.html")
        bars = [bar["bar"] for bar in json.loads(done.stdout)["bars"]]
        self.assertEqual(bars, [0, 1, 2, 3, 1, 2, 4, 5, 6, 7, 5, 6, 8])
        facts = json.loads(self.succeeds("inspect", "--json", score).stdout)
        self.assertEqual((facts["title"], facts["bars"], facts["bars_played"]), ("Study", 9, 13))


if __name__ == "__main__":
    unittest.main()
