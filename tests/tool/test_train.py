"""train: what it says, saves, repeats, stops and goes on."""

import csv
import json
import os
import pty
import shutil
import signal
import subprocess
import time
import unittest

from audiogenrl import PROGRAM, Case, content, piece, run

STEPS = ["--steps", "40000"]


class Train(Case):
    def train(self, *words):
        return json.loads(self.succeeds("train", "--json", *words).stdout)

    def test_what_it_says(self):
        piece()
        facts = self.train(*STEPS, "piece.mid")
        self.assertEqual(facts["model"], "piece.model")
        self.assertEqual(facts["pieces"], ["piece"])
        self.assertGreaterEqual(facts["steps"], 40000)
        reward = facts["reward"]
        self.assertLessEqual(reward["policy"], reward["best"] + 1e-6)
        self.assertGreater(reward["policy"], reward["untrained"])
        self.assertGreater(facts["steps_per_second"], 0)
        text = self.succeeds("train", *STEPS, "-o", "other.model", "piece.mid").stdout.decode()
        for word in ("states", "transitions", "best possible", "steps a second", "other.model"):
            self.assertIn(word, text)
        inspected = json.loads(self.succeeds("inspect", "--json", "piece.model").stdout)
        for key in ("states", "transitions", "steps", "seed", "algorithm", "policy", "context"):
            self.assertEqual(inspected[key], facts[key])

    def test_quiet(self):
        piece()
        done = self.succeeds("train", "-q", *STEPS, "piece.mid")
        self.assertEqual((done.stdout, done.stderr), (b"", b""))
        self.assertTrue(os.path.exists("piece.model"))

    def test_learns(self):
        piece(bars=24)
        for words in (["ppo"], ["sarsa"]):
            facts = self.train("--algorithm", *words, "--steps", "400000", "piece.mid")
            self.assertGreaterEqual(facts["reward"]["share_of_best"], 0.97, words)

    def test_same_seed_same_bytes(self):
        piece()
        for words in (["ppo"], ["sarsa"]):
            words = ["-q", "--algorithm", *words, *STEPS, "--seed", "5"]
            self.succeeds("train", *words, "--threads", "1", "-o", "a.model", "piece.mid")
            self.succeeds("train", *words, "--threads", "4", "-o", "b.model", "piece.mid")
            self.assertTrue(content("a.model") == content("b.model"))
            self.succeeds("train", *words[:-1], "6", "-o", "c.model", "piece.mid")
            self.assertTrue(content("a.model") != content("c.model"))

    def test_repertoire(self):
        os.makedirs("songs/more")
        piece("songs/b.mid", seed=1)
        piece("songs/a.midi", seed=2)
        piece("songs/more/c.MID", seed=3)
        with open("songs/notes.txt", "w") as file:
            file.write("not music")
        facts = self.train(*STEPS, "songs")
        self.assertEqual(facts["model"], "songs.model")
        self.assertEqual(facts["pieces"], ["a", "b", "c"])
        again = self.train(*STEPS, "--threads", "3", "-o", "again.model", "songs/")
        self.assertTrue(content("songs.model") == content("again.model"))
        self.assertEqual(again["states"], facts["states"])

    def test_context(self):
        piece()
        without = self.train(*STEPS, "--context", "0", "piece.mid")
        deep = self.train(*STEPS, "--context", "2", "piece.mid")
        self.assertEqual(deep["context"], 2)
        self.assertGreaterEqual(deep["states"], without["states"])

    def test_rate(self):
        piece()
        self.succeeds("train", "-q", *STEPS, "-o", "a.model", "piece.mid")
        self.succeeds("train", "-q", *STEPS, "--rate", "0.1", "-o", "b.model", "piece.mid")
        self.succeeds("train", "-q", *STEPS, "--rate", "0.01", "-o", "c.model", "piece.mid")
        self.assertTrue(content("a.model") == content("b.model"))
        self.assertTrue(content("a.model") != content("c.model"))

    def test_tracks(self):
        piece()
        both = self.train(*STEPS, "piece.mid")
        left = self.train(*STEPS, "--tracks", "left", "-o", "left.model", "piece.mid")
        third = self.train(*STEPS, "--tracks", "3", "-o", "third.model", "piece.mid")
        self.assertNotEqual(both["states"], left["states"])
        self.assertEqual(left["states"], third["states"])
        self.assertTrue(content("left.model") == content("third.model"))

    def test_standard_streams(self):
        piece()
        done = run("train", "-q", *STEPS, "-o", "-", "-", input=content("piece.mid"))
        self.assertEqual(done.returncode, 0, done.stderr)
        self.succeeds("train", "-q", *STEPS, "-o", "file.model", "piece.mid")
        # All but the piece's name is the same.
        self.assertEqual(done.stdout[:4], content("file.model")[:4])
        facts = run("inspect", "--json", "-", input=done.stdout)
        self.assertEqual(json.loads(facts.stdout)["pieces"][0]["name"], "standard input")

    def test_snapshots(self):
        piece()
        self.succeeds("train", "-q", *STEPS, "--snapshots", "stages", "--every", "16384", "piece.mid")
        names = sorted(os.listdir("stages"))
        self.assertGreaterEqual(len(names), 3)
        steps = [
            json.loads(self.succeeds("inspect", "--json", f"stages/{name}").stdout)["steps"]
            for name in names
        ]
        self.assertEqual(steps[0], 0)
        self.assertEqual(steps, sorted(set(steps)))
        final = json.loads(self.succeeds("inspect", "--json", "piece.model").stdout)
        self.assertEqual(steps[-1], final["steps"])
        # Looking on changes nothing.
        self.succeeds("train", "-q", *STEPS, "-o", "plain.model", "piece.mid")
        self.assertTrue(content("plain.model") == content("piece.model"))

    def test_log(self):
        piece()
        self.succeeds("train", "-q", *STEPS, "--log", "log.csv", "piece.mid")
        with open("log.csv", newline="") as file:
            rows = list(csv.DictReader(file))
        self.assertGreater(len(rows), 1)
        steps = [int(row["steps"]) for row in rows]
        self.assertEqual(steps, sorted(steps))
        self.assertTrue(all(0 <= float(row["reward"]) <= 1 for row in rows))

    def test_resume(self):
        piece()
        for words in (["ppo"], ["sarsa"]):
            words = ["-q", "--algorithm", *words, "--seed", "3"]
            self.interrupted("train", *words, "--steps", "2000000000", "-o", "part.model")
            before = json.loads(self.succeeds("inspect", "--json", "part.model").stdout)["steps"]
            more = str(before + 100000)
            self.succeeds("train", "-q", "--resume", "part.model", "--steps", more)
            after = json.loads(self.succeeds("inspect", "--json", "part.model").stdout)
            self.assertGreaterEqual(after["steps"], before + 100000)
            self.assertEqual(after["seed"], 3)
            self.fails(1, "train", "--resume", "part.model", "--steps", "1", says="--steps")

    def interrupted(self, *words):
        """Ctrl-C once learning has begun, as the first snapshot tells."""
        process = subprocess.Popen(
            [PROGRAM, *words, "--snapshots", "stages", "--every", "1000000000", "piece.mid"],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )
        for _ in range(600):
            if os.path.isdir("stages") and any(n.endswith(".model") for n in os.listdir("stages")):
                break
            time.sleep(0.05)
        process.send_signal(signal.SIGINT)
        out, text = process.communicate(timeout=60)
        self.assertEqual(process.returncode, 0, text)
        shutil.rmtree("stages")
        return out, text

    def test_interrupt(self):
        piece()
        out, text = self.interrupted("train", "--steps", "2000000000")
        self.assertIn(b"--resume piece.model", text)
        self.assertIn(b"share of best", out)
        self.assertEqual(sorted(os.listdir(".")), ["piece.mid", "piece.model"])
        self.succeeds("correct", "-q", "-m", "piece.model", "piece.mid")

    def test_resume_refuses_others(self):
        piece()
        piece("other.mid", seed=99)
        self.succeeds("train", "-q", *STEPS, "piece.mid")
        self.fails(1, "train", "--resume", "piece.model", "--steps", "90000", "other.mid")
        self.fails(1, "train", "--resume", "piece.model", "--algorithm", "sarsa", "--steps", "90000")

    def test_bar_on_a_terminal(self):
        piece()
        master, slave = pty.openpty()
        process = subprocess.Popen(
            [PROGRAM, "train", "--steps", "8000000", "piece.mid"], stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL, stderr=slave,
        )
        os.close(slave)
        seen = b""
        while True:
            try:
                part = os.read(master, 4096)
            except OSError:
                break
            if not part:
                break
            seen += part
        os.close(master)
        self.assertEqual(process.wait(timeout=60), 0)
        self.assertIn(b"learning [", seen)
        self.assertTrue(seen.endswith(b"\r\x1b[K"), seen[-40:])


if __name__ == "__main__":
    unittest.main()
