"""train --style, and what a style model does in the other commands."""

import json
import os
import unittest

from audiogenrl import Case, content, ons, piece, without_pitches

SHORT = ["--notes", "3000", "--prior", "2000", "--steps", "5000", "--hold-out", "2", "--trials", "1"]


class Style(Case):
    def corpus(self, count=8):
        os.makedirs("songs", exist_ok=True)
        for seed in range(count):
            piece(f"songs/work{seed}__edition.mid", bars=24, seed=seed)

    def test_what_it_says(self):
        self.corpus()
        facts = json.loads(
            self.succeeds("train", "--style", "--json", *SHORT, "-o", "s.model", "songs").stdout
        )
        self.assertEqual(facts["model"], "s.model")
        self.assertEqual(facts["works"] + facts["held_out"], 8)
        self.assertGreater(facts["held_out"], 0)
        row = next(r for r in facts["trials"] if r["errors"] == "shift:p=0.3")
        for contender in ("scale", "beam", "warm start", "ppo", "whole"):
            self.assertGreaterEqual(row[contender]["exact"], 0)
        voices = {r["voice"] for r in facts["trials"]}
        self.assertEqual(voices, {"", "RIGHT", "LEFT"})
        inspected = json.loads(self.succeeds("inspect", "--json", "s.model").stdout)
        self.assertEqual(inspected["kind"], "style")
        self.assertEqual(len(inspected["networks"]), 2)
        self.assertIn("style model", self.succeeds("inspect", "s.model").stdout.decode())
        self.assertLessEqual(os.path.getsize("s.model"), 1 << 20)

    def test_same_seed_same_bytes(self):
        self.corpus(4)
        words = ["train", "--style", "-q", *SHORT, "songs"]
        self.succeeds(*words, "--threads", "1", "-o", "a.model", "--warm", "w.model")
        self.succeeds(*words, "--threads", "3", "-o", "b.model")
        self.succeeds(*words, "--seed", "2", "-o", "c.model")
        self.assertTrue(content("a.model") == content("b.model"))
        self.assertTrue(content("a.model") != content("c.model"))
        self.assertTrue(content("a.model") != content("w.model"))

    def test_in_stages(self):
        self.corpus(4)
        words = ["train", "--style", "-q", *SHORT, "songs"]
        self.succeeds(*words, "-o", "whole.model", "--warm", "warm.model")
        self.succeeds(*words, "--start", "warm.model", "--notes", "0", "--prior", "0", "-o", "staged.model")
        self.assertTrue(content("whole.model") == content("staged.model"))

    def test_in_use(self):
        self.corpus(4)
        self.succeeds("train", "--style", "-q", *SHORT, "-o", "s.model", "songs")
        self.succeeds("train", "-q", "--steps", "20000", "-o", "p.model", "songs/work0__edition.mid")
        source = piece("new.mid", seed=99)
        for live in ([], ["--live"]):
            for models in (["-m", "s.model"], ["-m", "s.model", "-m", "p.model"]):
                self.succeeds("correct", "-q", *live, *models, source, "-o", "out.mid")
                self.assertEqual(without_pitches("out.mid"), without_pitches(source))
                self.assertEqual(len(ons("out.mid")), len(ons(source)))
        self.succeeds("correct", "-q", "--follow", "100", "-m", "s.model", source, "-o", "same.mid")
        self.assertEqual(ons("same.mid"), ons(source))
        self.fails(1, "correct", "--mode", "generate", "-m", "s.model", source, says="pieces")
        facts = self.succeeds("evaluate", "--live", "-m", "s.model", source).stdout.decode()
        self.assertIn("correct", facts)
        self.assertNotIn("generate", facts)

    def test_wrong_usage(self):
        self.corpus(2)
        self.fails(2, "train", "--style", says="folders")
        self.fails(2, "train", "--style", "--notes", "0", "songs")
        self.fails(2, "train", "--style", "--prior", "0", "songs")
        self.fails(2, "train", "--style", "--threads", "9", "songs")
        self.fails(2, "train", "--style", "-o", "-", "songs")
        self.fails(1, "train", "--style", "nowhere")
        self.fails(1, "train", "--style", "-o", "no/where.model", "songs")
        self.fails(1, "train", "--style", "--start", "songs/work0__edition.mid", "songs")


if __name__ == "__main__":
    unittest.main()
