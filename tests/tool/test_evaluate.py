"""evaluate: figures that hang together, tables, plots, the experiment."""

import csv
import json
import os
import random
import shutil
import unittest
import xml.etree.ElementTree
import zlib

import mido

from audiogenrl import Case, content, ons, piece


class Evaluate(Case):
    def setUp(self):
        super().setUp()
        piece("one.mid", bars=24, seed=1)
        piece("two.mid", bars=24, seed=2)

    def evaluate(self, *words):
        return json.loads(self.succeeds("evaluate", "--json", *words).stdout)

    def test_off_is_what_was_played(self):
        facts = self.evaluate("--modes", "off", "--errors", "shift:p=0.3", "one.mid", "two.mid")
        self.assertEqual(facts["files"], 2)
        self.assertEqual(len(facts["total"]), 1)
        self.assertEqual(len(facts["by_file"]), 2)
        row = facts["total"][0]
        self.assertEqual(row["exact"], row["exact_played"])
        self.assertAlmostEqual(row["exact"], 70, delta=6)
        self.assertEqual(row["kept"], 100)

    def test_own_models(self):
        facts = self.evaluate(
            "--own-models", "--own-steps", "0", "--live", "--errors", "shift:p=0.3", "--errors",
            "none", "--modes", "off,correct", "one.mid", "two.mid",
        )
        rows = {(r["errors"], r["mode"]): r for r in facts["total"]}
        self.assertGreater(rows["shift:p=0.3", "correct"]["exact"], 95)
        self.assertEqual(rows["none", "correct"]["exact"], 100)
        self.assertGreater(rows["shift:p=0.3", "correct"]["microseconds_p99"], 0)

    def test_threads_do_not_matter(self):
        def figures(*words):
            facts = self.evaluate(
                "--own-models", "--own-steps", "8192", "--repeat", "2", *words, "one.mid", "two.mid"
            )
            return facts["total"], facts["by_file"], facts["recognition"]

        one = figures("--threads", "1")
        self.assertEqual(one, figures("--threads", "4"))
        self.assertNotEqual(one, figures("--seed", "2"))

    def test_recognition(self):
        self.succeeds("train", "-q", "--steps", "20000", "-o", "both.model", "one.mid", "two.mid")
        facts = self.evaluate(
            "-m", "both.model", "--live", "--start", "random", "--repeat", "10", "--modes",
            "correct", "--errors", "shift:p=0.1", "one.mid", "two.mid",
        )
        recognition = facts["recognition"][0]
        self.assertEqual(recognition["takes"], 20)
        self.assertLessEqual(recognition["median_bars"], 4)
        text = self.succeeds(
            "evaluate", "-m", "both.model", "--live", "--start", "random", "--modes", "correct",
            "--errors", "none", "one.mid",
        ).stdout.decode()
        self.assertIn("bars (median)", text)

    def test_table_and_plot(self):
        for name in ("plot.svg", "plot.png"):
            self.succeeds(
                "evaluate", "-q", "--modes", "off,scale", "--errors", "shift:p=0.2", "--plot",
                name, "--csv", "table.csv", "one.mid", "two.mid",
            )
        xml.etree.ElementTree.parse("plot.svg")
        self.assertEqual(content("plot.png")[:8], b"\x89PNG\r\n\x1a\n")
        with open("table.csv", newline="") as file:
            rows = list(csv.DictReader(file))
        self.assertEqual([r["file"] for r in rows], ["one.mid"] * 2 + ["two.mid"] * 2 + ["total"] * 2)
        self.assertEqual([r["mode"] for r in rows], ["off", "scale"] * 3)

    def test_snapshots(self):
        self.succeeds(
            "train", "-q", "--steps", "40000", "--snapshots", "stages", "--every", "16384", "one.mid"
        )
        done = self.succeeds(
            "evaluate", "--json", "--snapshots", "stages", "--repeat", "3", "--plot", "im.svg",
            "--csv", "im.csv", "one.mid",
        )
        facts = json.loads(done.stdout)
        self.assertEqual(facts["repeat"], 3)
        self.assertGreater(len(facts["rows"]), 8)
        xml.etree.ElementTree.parse("im.svg")
        with open("im.csv", newline="") as file:
            self.assertEqual(len(list(csv.DictReader(file))), len(facts["rows"]))
        text = self.succeeds("evaluate", "--snapshots", "stages", "--repeat", "2", "one.mid")
        for word in (b"untrained", b"observed", b"greedy", b"nearest", b"SARSA", b"median", b"correct"):
            self.assertIn(word, text.stdout)

    def test_snapshots_that_are_not_there(self):
        self.fails(1, "evaluate", "--snapshots", "nowhere", "one.mid", says="nowhere")

    def case(self, path, wrong=(), extra=()):
        """A piece played as it is written, but for wrong notes and extra ones."""
        os.makedirs(path)
        shutil.copy("one.mid", f"{path}/score.mid")
        file = mido.MidiFile("one.mid")
        for track in file.tracks:
            keys = 0
            for message in track:
                if message.type == "note_on" and track.name == "RIGHT":
                    message.note += keys in wrong
                    keys += 1
                elif message.type == "note_off" and track.name == "RIGHT":
                    message.note += keys - 1 in wrong
        file.save(f"{path}/take.mid")
        notes = sorted(ons(f"{path}/take.mid"), key=lambda n: (n[0][1], n[0][0]))
        meant = sorted(ons(f"{path}/score.mid"), key=lambda n: (n[0][1], n[0][0]))
        with open(f"{path}/truth.tsv", "w") as table:
            table.write("sec\tplayed\tmeant\tkind\n")
            for k, ((place, pitch), (_, aim)) in enumerate(zip(notes, meant)):
                kind = "extra" if k in extra else "match" if pitch == aim else "sub"
                seconds = place[1] / 480 * 60 / 96
                table.write(f"{seconds:.4f}\t{pitch}\t{'-' if k in extra else aim}\t{kind}\n")
        return len(notes)

    def test_real(self):
        notes = self.case("real/a", wrong=(30, 90), extra=(0, 1))
        self.assertEqual(self.case("real/deep/b"), notes)
        words = ("--real", "real", "--alone", "--live", "--own-steps", "0")
        facts = self.evaluate(*words, "--errors", "none", "--errors", "shift:p=0.1")
        self.assertEqual(facts["cases"], 2)
        none, shift = facts["total"]
        self.assertEqual([none["n_right"], none["n_wrong"], none["n_extra"]], [2 * notes - 4, 2, 2])
        self.assertEqual([none["kept"], none["real"], none["left"]], [100, 100, 100])
        self.assertEqual(none["fixed"], None)
        # What random.Random(crc32 of the case's name) draws.
        draws = 0
        for path in ("real/a", "real/deep/b"):
            draw = random.Random(zlib.crc32(path[-1].encode()))
            for row in content(f"{path}/truth.tsv").decode().splitlines()[1:]:
                if draw.random() < 0.1 and row.endswith("match"):
                    draw.choice((-2, -1, 1, 2))
                    draws += 1
        self.assertEqual(shift["n_injected"], draws)
        self.assertGreater(shift["fixed"], 90)
        self.assertEqual([row["case"] for row in facts["by_case"]],
                         ["real/a", "real/a", "real/deep/b", "real/deep/b"])
        again = self.evaluate(*words, "--errors", "none", "--errors", "shift:p=0.1",
                              "--threads", "2", "--csv", "cases.csv")
        self.assertEqual(again, facts)
        self.assertEqual(len(content("cases.csv").splitlines()), 7)
        off = self.evaluate(*words, "--modes", "off", "--errors", "any:p=1")["total"][0]
        self.assertEqual([off["fixed"], off["real"], off["left"]], [0, 0, 100])
        text = self.succeeds("evaluate", "-q", *words).stdout
        self.assertEqual(text, b"")
        self.assertIn(b"worst case", self.succeeds("evaluate", *words).stdout)

    def test_real_that_is_not_there(self):
        self.case("real/a")
        os.makedirs("empty")
        self.fails(1, "evaluate", "--real", "empty", says="truth.tsv")
        self.fails(2, "evaluate", "--real", "real", "one.mid", says="--real")
        self.fails(2, "evaluate", "--real", "real", "--errors", "shift:p=0.1,max=5", says="max=5")
        with open("real/a/truth.tsv", "a") as table:
            table.write("99\t60\t60\tmatch\n")
        self.fails(1, "evaluate", "--real", "real", "--own-steps", "0", says="notes")

    def test_bad_words(self):
        self.fails(2, "evaluate", "--plot", "plot.gif", "--modes", "off", "one.mid")
        self.fails(2, "evaluate", "--own-models", "--snapshots", "x", "one.mid")
        self.fails(2, "evaluate", "--start", "last", "--modes", "off", "one.mid")


if __name__ == "__main__":
    unittest.main()
