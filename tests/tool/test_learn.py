"""learn: a piece from takes of it."""

import difflib
import json
import unittest

import mido

from audiogenrl import Case, content, ons, piece, pitches, run


def differing(a, b):
    """Notes of either that are not in the other."""
    matcher = difflib.SequenceMatcher(None, a, b, autojunk=False)
    same = sum(block.size for block in matcher.get_matching_blocks())
    return len(a) + len(b) - 2 * same


class Learn(Case):
    def takes(self, count=3, source="piece.mid", spec="shift:p=0.1", name="take"):
        paths = []
        for seed in range(1, count + 1):
            path = f"{name}{seed}.mid"
            self.succeeds("errors", spec, "--seed", seed, "-q", source, "-o", path)
            paths.append(path)
        return paths

    def test_three_takes(self):
        piece(bars=24)
        takes = self.takes()
        facts = json.loads(
            self.succeeds("learn", *takes, "-o", "learned.mid", "--json", "--report").stdout
        )
        self.assertEqual(len(facts["pieces"]), 1)
        learned = facts["pieces"][0]
        self.assertEqual(learned["takes"], 3)
        self.assertEqual(learned["notes"], len(learned["report"]))
        meant = pitches("piece.mid")
        played = differing(pitches("take1.mid"), meant)
        self.assertLess(differing(pitches("learned.mid"), meant), played / 4)
        # What was learned is a piece as any other.
        self.succeeds("correct", "-m", "learned.mid", "--alone", "-q", "take2.mid", "-o", "out.mid")

    def test_doubt_is_told(self):
        piece(bars=16)
        self.succeeds("learn", *self.takes(), "-q", "-o", "learned.mid", "--name", "Waltz")
        file = mido.MidiFile("learned.mid")
        texts = [m.text for m in file.tracks[0] if m.type == "text"]
        self.assertTrue(texts[0].startswith("learned from 3 takes"), texts[0])
        self.assertEqual(file.tracks[0].name, "Waltz")
        entries = sum(len(text.split(", ")) for text in texts[1:])
        self.assertEqual(entries, len(ons("learned.mid")))

    def test_same_takes_same_bytes(self):
        piece(bars=8)
        takes = self.takes(2)
        self.succeeds("learn", *takes, "-q", "-o", "a.mid", "--name", "x")
        self.succeeds("learn", *takes, "-q", "-o", "b.mid", "--name", "x")
        self.assertEqual(content("a.mid"), content("b.mid"))

    def test_a_single_take(self):
        piece(bars=16)
        self.succeeds("learn", "piece.mid", "-q", "-o", "learned.mid")
        self.assertEqual(len(ons("learned.mid")), len(ons("piece.mid")))

    def test_two_pieces(self):
        piece("one.mid", bars=12, seed=1)
        piece("two.mid", bars=12, seed=2)
        takes = self.takes(2, "one.mid", name="a") + self.takes(2, "two.mid", name="b")
        facts = json.loads(self.succeeds("learn", *takes, "-o", "p.mid", "--json").stdout)
        self.assertEqual([p["output"] for p in facts["pieces"]], ["p.mid", "p-2.mid"])
        self.assertEqual([p["takes"] for p in facts["pieces"]], [2, 2])

    def test_what_is_refused(self):
        piece("one.mid", bars=12, seed=1)
        piece("two.mid", bars=12, seed=2)
        self.fails(1, "learn", "one.mid", "two.mid", "-o", "p.mid", says="belongs together")
        self.fails(2, "learn", "one.mid", says="-o PIECE.mid is missing")
        self.fails(2, "learn", "-o", "p.mid", says="expected TAKE.mid")
        self.fails(2, "learn", "one.mid", "-o", "p.mid", "--heard", "0", says="counts from 1")
        self.fails(1, "learn", "one.mid", "-o", "one.mid")
        self.fails(1, "learn", "none.mid", "-o", "p.mid", says="none.mid")

    def test_heard_too_seldom(self):
        piece(bars=12)
        takes = self.takes()
        self.succeeds("learn", *takes, "-q", "-o", "p.mid", "--heard", "3")
        self.fails(1, "learn", *takes, "-o", "q.mid", "--heard", "4", says="was played 4 times")

    def test_standard_output(self):
        piece(bars=8)
        done = run("learn", "piece.mid", "-o", "-")
        self.assertEqual(done.returncode, 0)
        self.assertEqual(done.stdout[:4], b"MThd")


if __name__ == "__main__":
    unittest.main()
