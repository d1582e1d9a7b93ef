"""pieces: the repertoire of which no service knows. With a service: tests/daemon/test_learning.py."""

import json
import os
import unittest

from audiogenrl import Case, content, piece


class Pieces(Case):
    def setUp(self):
        super().setUp()
        os.mkdir("rep")
        piece("rep/minuet.mid", bars=12)
        for seed in (1, 2):
            self.succeeds("errors", "shift:p=0.1", "--seed", seed, "-q", "rep/minuet.mid", "-o", f"{seed}.mid")
        self.succeeds("learn", "1.mid", "2.mid", "-q", "-o", "rep/monday.mid")
        with open("rep/broken.mid", "w", encoding="utf-8") as file:
            file.write("nothing")

    def pieces(self, *words):
        return self.succeeds("pieces", "--folder", "rep", *words)

    def facts(self):
        answer = json.loads(self.pieces("--json").stdout)
        return {file["file"]: file for file in answer["pieces"]}

    def test_list(self):
        facts = self.facts()
        self.assertEqual(sorted(facts), ["broken.mid", "minuet.mid", "monday.mid"])
        self.assertEqual(facts["broken.mid"]["state"], "unusable")
        minuet, monday = facts["minuet.mid"], facts["monday.mid"]
        self.assertEqual((minuet["from"], minuet["takes"], minuet["bars"]), ("midi", 0, 12))
        self.assertEqual((minuet["doubt"], minuet["doubtful"]), (0, 0))
        self.assertEqual((monday["from"], monday["takes"]), ("takes", 2))
        self.assertGreater(monday["doubt"], 0)
        rows = self.pieces().stdout.decode().splitlines()
        self.assertEqual([row.split()[0] for row in rows[1:]], ["file", *sorted(facts)])
        self.assertIn("2 takes", rows[-1])

    def test_a_model_keeps_the_doubt(self):
        self.succeeds("train", "-q", "--steps", "1000", "-o", "rep/trained.model", "rep/monday.mid")
        facts = self.facts()
        self.assertEqual(facts["trained.model"]["from"], "model")
        self.assertAlmostEqual(facts["trained.model"]["doubt"], facts["monday.mid"]["doubt"])

    def test_rename(self):
        before = content("rep/monday.mid")
        self.pieces("rename", "monday", "Waltz in A")
        self.assertEqual(content("rep/Waltz in A.mid"), before)
        self.assertFalse(os.path.exists("rep/monday.mid"))
        for name in ("minuet", "../x", ".x", "a/b", "a\nb", ""):
            self.fails(1, "pieces", "--folder", "rep", "rename", "Waltz in A", name)
        self.fails(1, "pieces", "--folder", "rep", "rename", "monday", "x", says="no piece 'monday'")

    def test_forget(self):
        self.fails(1, "pieces", "--folder", "rep", "forget", "minuet", says="not learned from takes")
        self.pieces("forget", "monday.mid")
        self.assertNotIn("monday.mid", self.facts())

    def test_show(self):
        doubtful = self.facts()["monday.mid"]["doubtful"]
        shown = json.loads(self.pieces("show", "monday", "--json").stdout)
        self.assertEqual(len(shown["doubtful"]), doubtful)
        self.assertGreater(doubtful, 0)
        self.assertIn(f"{doubtful} in doubt", content("monday.svg").decode())
        self.pieces("show", "minuet", "-q", "-o", "minuet.pdf")
        self.assertEqual(content("minuet.pdf")[:4], b"%PDF")
        self.fails(1, "pieces", "--folder", "rep", "show", "minuet", "-o", "x.mid")

    def test_what_is_refused(self):
        self.fails(1, "pieces", "--folder", "none", says="none: the repertoire cannot be read")
        self.fails(1, "pieces", "--folder", "rep", "lock", "minuet", says="the service is not running")
        self.fails(2, "pieces", "lokc", "minuet", says="did you mean lock")
        self.fails(2, "pieces", "rename", "minuet", says="rename takes 2 name(s)")
        self.fails(2, "pieces", "-o", "x.svg", says="-o goes with show")


if __name__ == "__main__":
    unittest.main()
