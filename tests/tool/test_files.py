"""errors and inspect: what they write and say, against what mido reads."""

import csv
import json
import unittest

import mido

from audiogenrl import Case, content, hanging, ons, piece, run, without_pitches


class Errors(Case):
    def test_none_changes_nothing(self):
        piece()
        self.succeeds("errors", "none", "piece.mid", "-o", "same.mid")
        self.assertEqual(ons("piece.mid"), ons("same.mid"))
        self.assertEqual(without_pitches("piece.mid"), without_pitches("same.mid"))

    def test_shift_moves_pitches_only(self):
        piece(bars=64)
        facts = json.loads(
            self.succeeds(
                "errors", "shift:p=0.3,max=2", "--json", "piece.mid", "-o", "played.mid"
            ).stdout
        )
        # Events of one tick may stand in another order once pitches differ.
        before, after = ons("piece.mid"), ons("played.mid")
        self.assertEqual(sorted(k for k, _ in before), sorted(k for k, _ in after))
        self.assertEqual(hanging("played.mid"), [])
        self.assertEqual(facts["notes"], len(before))
        wrong = sum(1 for (_, x), (_, y) in zip(before, after) if x != y)
        self.assertEqual(wrong, facts["wrong"])
        self.assertAlmostEqual(wrong / len(before), 0.3, delta=0.06)
        self.assertTrue(all(abs(x - y) <= 2 for (_, x), (_, y) in zip(before, after)))

    def test_truth(self):
        piece(bars=32)
        self.succeeds(
            "errors", "slip:p=0.2,drop=0.1,add=0.1,jitter=0.1", "piece.mid", "-o", "played.mid",
            "--truth", "truth.csv",
        )
        with open("truth.csv", newline="") as file:
            rows = list(csv.DictReader(file))
        kinds = {row["what"] for row in rows}
        self.assertTrue({"right", "slip", "added", "dropped"} <= kinds, kinds)
        struck = [row for row in rows if row["what"] != "dropped"]
        played = ons("played.mid")
        self.assertEqual(len(struck), len(played))
        self.assertEqual(sorted(int(r["played"]) for r in struck), sorted(p for _, p in played))
        meant = [row for row in rows if row["what"] != "added"]
        self.assertEqual(len(meant), len(ons("piece.mid")))
        self.assertEqual(hanging("played.mid"), [])

    def test_seed(self):
        piece()
        for name, seed in (("a", 1), ("b", 1), ("c", 2)):
            self.succeeds(
                "errors", "any:p=0.5,range=12", "--seed", seed, "piece.mid", "-o", f"{name}.mid"
            )
        self.assertTrue(content("a.mid") == content("b.mid"))
        self.assertTrue(content("a.mid") != content("c.mid"))

    def test_tracks(self):
        piece(bars=32)
        self.succeeds("errors", "shift:p=1,max=2", "--tracks", "RIGHT", "piece.mid", "-o", "o.mid")
        for (key, x), (_, y) in zip(ons("piece.mid"), ons("o.mid")):
            self.assertEqual(x != y, key[0] == 1)

    def test_streams(self):
        piece()
        done = run("errors", "slip:p=0.1", "-", "-o", "-", input=content("piece.mid"))
        self.assertEqual(done.returncode, 0, done.stderr)
        self.succeeds("errors", "slip:p=0.1", "piece.mid", "-o", "file.mid")
        self.assertTrue(done.stdout == content("file.mid"))


class Inspect(Case):
    def test_music(self):
        piece()
        facts = json.loads(self.succeeds("inspect", "--json", "piece.mid").stdout)
        read = mido.MidiFile("piece.mid")
        self.assertEqual(facts["format"], read.type)
        self.assertEqual(facts["ppq"], read.ticks_per_beat)
        self.assertAlmostEqual(facts["seconds"], read.length, places=3)
        self.assertEqual(facts["notes"], len(ons("piece.mid")))
        self.assertEqual([t["name"] for t in facts["tracks"]], ["", "RIGHT", "LEFT"])
        self.assertAlmostEqual(facts["tempo"]["first"], 96, places=3)
        self.assertEqual(facts["meters"][0]["meter"], "4/4")
        self.assertTrue(facts["grid"]["fits"])
        text = self.succeeds("inspect", "piece.mid").stdout.decode()
        for word in ("RIGHT", "LEFT", "4/4", "96.0", str(facts["notes"])):
            self.assertIn(word, text)

    def test_streams(self):
        piece()
        done = run("inspect", "--json", "-", input=content("piece.mid"))
        facts = json.loads(done.stdout)
        self.assertEqual(facts.pop("file"), "standard input")
        named = json.loads(self.succeeds("inspect", "--json", "piece.mid").stdout)
        named.pop("file")
        self.assertEqual(facts, named)

    def test_names_that_are_no_utf8(self):
        piece(b"caf\xe9.mid".decode("utf-8", "surrogateescape"))
        done = self.succeeds("inspect", "--json", b"caf\xe9.mid".decode("utf-8", "surrogateescape"))
        json.loads(done.stdout)


if __name__ == "__main__":
    unittest.main()
