"""Help, version, wrong usage and exit codes of every command."""

import unittest

from audiogenrl import Case, piece, run

COMMANDS = ["train", "correct", "evaluate", "errors", "inspect"]


class Usage(Case):
    def test_help(self):
        listed = self.succeeds("--help").stdout.decode()
        for command in COMMANDS:
            self.assertIn(f"\n  {command} ", listed)
            text = self.succeeds(command, "--help").stdout.decode()
            self.assertIn(f"audiogenrl {command}", text)
            for option in ("--json", "--quiet", "--help", "--version"):
                self.assertIn(option, text)
            self.assertEqual("--seed" in text, command != "inspect")

    def test_help_command(self):
        listed = self.succeeds("--help").stdout
        self.assertEqual(self.succeeds("help").stdout, listed)
        for command in COMMANDS:
            self.assertEqual(
                self.succeeds("help", command).stdout, self.succeeds(command, "--help").stdout
            )
        self.fails(2, "help", "corect", says="unknown command corect; did you mean correct?")
        self.fails(2, "help", "correct", "train")

    def test_misspelt(self):
        meant = {
            ("corect",): "correct",
            ("trian", "piece.mid"): "train",
            ("stat",): "status",
            ("--hlep",): "--help",
            ("correct", "--modle", "a.mid"): "--model",
            ("correct", "--pictur=a.svg"): "--picture",
            ("status", "--jsn"): "--json",
            ("train", "--styl"): "--style",
        }
        for words, want in meant.items():
            with self.subTest(words=words):
                self.fails(2, *words, says=f"; did you mean {want}?; see audiogenrl ")
        for words in (("frobnicate",), ("x",), ("correct", "--frobnicate"), ("inspect", "--seed")):
            with self.subTest(words=words):
                self.assertNotIn(b"mean", self.fails(2, *words).stderr)

    def test_nothing_is_offered_that_does_nothing(self):
        for command in ("status", "ports", "tap", "mode", "monitor", "report"):
            self.assertNotIn(b"--seed", self.succeeds(command, "--help").stdout)
        monitor = self.succeeds("monitor", "--help").stdout
        self.assertNotIn(b"--json", monitor)
        self.assertNotIn(b"--quiet", monitor)

    def test_version(self):
        first = self.succeeds("--version").stdout
        self.assertRegex(first, rb"^audiogenrl \d+\.\d+\.\d+\n$")
        for command in COMMANDS:
            self.assertEqual(self.succeeds(command, "--version").stdout, first)

    def test_help_needs_a_place_to_go(self):
        with open("/dev/full", "wb") as full:
            self.fails(1, "--help", stdout=full, says="standard output")
            self.fails(1, "correct", "--help", stdout=full, says="standard output")

    def test_unknown(self):
        self.fails(2)
        self.fails(2, "frobnicate", says="frobnicate")
        self.fails(2, "--frobnicate", says="--frobnicate")
        self.fails(2, "line\nfeed")
        for command in COMMANDS:
            self.fails(2, command, "--frobnicate", says=f"audiogenrl {command} --help")
            if command != "inspect":
                self.fails(2, command, "--seed", "x")
                self.fails(2, command, "--seed", "-1")
            self.fails(2, command, says="FILE" if command == "inspect" else "")

    def test_values(self):
        piece()
        wrong = [
            ("train", "--algorithm", "dqn"),
            ("train", "--rate", "-1"),
            ("train", "--rate", "fast"),
            ("train", "--steps", "0"),
            ("train", "--steps", "-5"),
            ("train", "--steps", "many"),
            ("train", "--context", "9"),
            ("train", "--threads", "0"),
            ("train", "--every", "100"),
            ("correct", "--mode", "improvise"),
            ("correct", "--mode", "scale", "--follow", "-1"),
            ("correct", "--mode", "scale", "--follow", "101"),
            ("correct", "--mode", "scale", "--follow", "nan"),
            ("correct", "--mode", "scale", "--keep", "x"),
            ("correct", "--mode", "scale", "--channels", "17"),
            ("correct", "--mode", "scale", "--channels", "0"),
            ("correct", "--mode", "scale", "--channels", "5-2"),
            ("correct", "--mode", "scale", "--channels", "1,,2"),
            ("correct", "--mode", "scale", "--channels", ""),
            ("correct", "--mode", "scale", "--grid", "bent"),
            ("evaluate", "--errors", "shift"),
            ("evaluate", "--errors", "shift:p=2"),
            ("evaluate", "--modes", "off,improvise"),
            ("evaluate", "--repeat", "0"),
        ]
        for words in wrong:
            with self.subTest(words=words):
                self.fails(2, *words, "piece.mid")
        self.fails(2, "errors", "shift:p=2", "piece.mid", "-o", "out.mid")
        self.fails(2, "errors", "nonsense", "piece.mid", "-o", "out.mid")
        self.fails(2, "errors", "shift:p=0.1", "piece.mid")
        self.fails(2, "correct", "--mode", "off", "piece.mid", "second.mid")


if __name__ == "__main__":
    unittest.main()
