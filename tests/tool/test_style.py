"""train --style, and what a style model does in the other commands."""

import json
import os
import unittest

import mido
from audiogenrl import Case, content, note, ons, piece, without_pitches

SHORT = ["--notes", "3000", "--prior", "2000", "--steps", "5000", "--hold-out", "2", "--trials", "1"]


def signed(path, sharps, pitches):
    keys = ["C", "G", "D", "A", "E", "B"]
    file = mido.MidiFile(type=1, ticks_per_beat=480)
    track = mido.MidiTrack()
    track.append(mido.MetaMessage("key_signature", key=keys[sharps], time=0))
    for pitch in pitches:
        note(track, pitch, 80, 240)
    file.tracks.append(track)
    file.save(path)


class Style(Case):
    def corpus(self, count=8):
        os.makedirs("songs", exist_ok=True)
        for seed in range(count):
            piece(f"songs/work{seed}__edition.mid", bars=12, seed=seed)

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
        self.fails(1, "correct", "--mode", "generate", "-m", "s.model", source, says="needs a piece")
        facts = self.succeeds("evaluate", "--live", "-m", "s.model", source).stdout.decode()
        self.assertIn("correct", facts)
        self.assertNotIn("generate", facts)

    def test_keys(self):
        """Two of five notes on the sharps of A major, written; and lost, as a bad converter does."""
        corpora = {"good": [57, 59, 61, 62, 64, 66, 68, 69], "lost": [57, 59, 60, 62, 64, 65, 67, 69]}
        for folder, scale in corpora.items():
            os.makedirs(folder)
            for i in range(4):
                signed(f"{folder}/{i}.mid", 3, [scale[(3 * n + i) % 8] for n in range(64)])
        self.assertEqual(self.inspected("good/0.mid")["in_key"], 100)
        self.assertEqual(self.inspected("lost/0.mid")["in_key"], 62.5)
        self.assertIn("62 % of the notes lie in the key signed", self.told("inspect", "lost/0.mid"))
        done = self.succeeds("train", "--style", "--json", *SHORT[:4], "--steps", "100", "--hold-out",
                             "0", "-o", "s.model", "good", "lost")
        keys = json.loads(done.stdout)["keys"]
        self.assertEqual(
            keys,
            [
                {"folder": "good", "files": 4, "in_key": 100, "in_c_major": 62.5, "plausible": True},
                {"folder": "lost", "files": 4, "in_key": 62.5, "in_c_major": 100, "plausible": False},
            ],
        )
        lines = done.stderr.decode().splitlines()
        self.assertEqual(len([line for line in lines if "good: 100 % of the notes" in line]), 1)
        self.assertEqual(len([line for line in lines if "lost: warning: only 62 %" in line]), 1)

    def inspected(self, path):
        return json.loads(self.succeeds("inspect", "--json", path).stdout)

    def told(self, *words):
        return self.succeeds(*words).stdout.decode()

    def test_signature_changes(self):
        """Each note counts under the signature that it stands under; drums and what precedes do not."""
        file = mido.MidiFile(type=1, ticks_per_beat=480)
        track = mido.MidiTrack()
        for key, pitches in ((None, [61]), ("D", [66, 61, 60, 62]), ("Eb", [63, 70, 56, 64])):
            if key:
                track.append(mido.MetaMessage("key_signature", key=key, time=0))
            for pitch in pitches:
                note(track, pitch, 80, 480)
            note(track, 37, 80, 480, channel=9)
        file.tracks.append(track)
        file.save("two.mid")
        self.assertEqual(self.inspected("two.mid")["in_key"], 75)
        piece("none.mid")
        self.assertIsNone(self.inspected("none.mid")["in_key"])

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
