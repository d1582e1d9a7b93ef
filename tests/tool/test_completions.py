"""Completions, as the shells themselves give them, against --help of every command."""

import os
import re
import shutil
import subprocess
import unittest

from audiogenrl import PROGRAM, Case

DAEMON = os.environ["AUDIOGENRLD"]
FOLDER = os.environ["COMPLETIONS"]


def ask(program, *words):
    done = subprocess.run(
        [program, *words, "--help"], capture_output=True, check=True, encoding="utf-8",
        env={**os.environ, "LC_ALL": "C.UTF-8"},
    )  # fmt: skip
    return done.stdout


def options(text):
    """Every option that a --help lists, and its value or ""."""
    found = {}
    for line in text.splitlines():
        match = re.match(r"^ +(?:(-\w), |)(--[\w-]+)(?:[= ]([^ \n]+))?(?:  |$)", line)
        if match:
            for name in match[1], match[2]:
                if name:
                    found[name] = match[3] or ""
    return found


def commands():
    return re.findall(r"^  ([a-z]+) ", ask(PROGRAM), re.MULTILINE)


def helps():
    """By what is typed before: what --help says, for each command and the service."""
    found = {(os.path.basename(DAEMON),): options(ask(DAEMON))}
    for command in commands():
        found["audiogenrl", command] = options(ask(PROGRAM, command))
    found["audiogenrl", "train"].update(options(ask(PROGRAM, "train", "--style")))
    return found


def bash(*words):
    """What TAB offers behind these words, the last one unfinished."""
    typed = " ".join("'" + word + "'" for word in words)
    script = (
        f"source {FOLDER}/{words[0]}; COMP_WORDS=({typed}); COMP_CWORD={len(words) - 1}; "
        f"_{words[0]}; printf '%s\\n' \"${{COMPREPLY[@]}}\""
    )
    done = subprocess.run(
        ["bash", "--norc", "-uc", script], capture_output=True, check=True, encoding="utf-8"
    )
    assert not done.stderr, done.stderr
    return [word for word in done.stdout.splitlines() if word]


def fish(*words):
    script = f"source {FOLDER}/{words[0]}.fish; complete -C '{' '.join(words)}'"
    done = subprocess.run(
        ["fish", "--no-config", "-c", script], capture_output=True, check=True, encoding="utf-8"
    )
    assert not done.stderr, done.stderr
    return [line.split("\t")[0] for line in done.stdout.splitlines()]


def zsh(*words):
    """The arguments that _arguments and _describe are given."""
    script = (
        "_arguments() { print -rl -- $@ }; _describe() { print -rl -- ${(P)2} }\n"
        f"words=({' '.join(words)} '') CURRENT={len(words) + 1} service={words[0]}\n"
        f"source {FOLDER}/_audiogenrl"
    )
    done = subprocess.run(
        ["zsh", "-fc", script], capture_output=True, check=True, encoding="utf-8"
    )
    assert not done.stderr, done.stderr
    return done.stdout.splitlines()


class Bash(Case):
    def test_commands(self):
        offered = bash("audiogenrl", "")
        self.assertEqual(set(offered), {*commands(), "--help", "--version"})
        self.assertEqual(bash("audiogenrl", "eva"), ["evaluate"])

    def test_options(self):
        for words, listed in helps().items():
            with self.subTest(words=words):
                self.assertIn("--help", listed)
                self.assertEqual(set(bash(*words, "-")), set(listed))

    def test_values(self):
        for name in ("a.mid", "b.midi", "c.model", "d.json", "e.svg", "f.wav", "x y.mid", "g.conf"):
            with open(name, "w", encoding="utf-8"):
                pass
        os.mkdir("pieces")
        for words, expected in (
            (["correct", "--mode", ""], ["correct", "generate", "scale", "off"]),
            (["correct", "--mode", "=", "sc"], ["scale"]),
            (["correct", "--mode", "="], ["correct", "generate", "scale", "off"]),
            (["correct", ""], ["a.mid", "b.midi", "pieces", "x y.mid"]),
            (["correct", "-q", "-m", ""], ["a.mid", "b.midi", "c.model", "pieces", "x y.mid"]),
            (["correct", "--picture", ""], ["e.svg", "pieces"]),
            (["train", "-o", ""], ["c.model", "pieces"]),
            (["train", "--snapshots", ""], ["pieces"]),
            (["train", "--steps", ""], []),
            (["mode", ""], ["correct", "generate", "scale", "off"]),
            (["bypass", "o"], ["off", "on"]),
            (["errors", "sl"], ["slip:p=0.1"]),
            (["status", ""], []),
        ):
            with self.subTest(words=words):
                self.assertEqual(sorted(bash("audiogenrl", *words)), sorted(expected))
        self.assertIn("g.conf", bash("audiogenrld", "--config", ""))

    def test_every_choice_is_offered(self):
        for words, listed in helps().items():
            for option, value in listed.items():
                if re.fullmatch(r"[a-z]+(\|[a-z]+)+", value):
                    with self.subTest(words=words, option=option):
                        self.assertEqual(sorted(bash(*words, option, "")), sorted(value.split("|")))


@unittest.skipUnless(shutil.which("fish"), "needs fish")
class Fish(Case):
    def test_commands(self):
        self.assertEqual(set(fish("audiogenrl", "")), set(commands()))

    def test_options(self):
        for words, listed in helps().items():
            with self.subTest(words=words):
                offered = fish(*words, "-") + fish(*words, "--")
                offered = {word.removesuffix("=") for word in offered}
                self.assertEqual(offered, set(listed))

    def test_values(self):
        with open("a.mid", "w", encoding="utf-8"):
            pass
        self.assertIn("a.mid", fish("audiogenrl", "correct", ""))
        self.assertEqual(set(fish("audiogenrl", "train", "--algorithm", "")), {"ppo", "sarsa"})
        # A mode that is called as a command is.
        self.assertEqual(set(fish("audiogenrl", "mode", "c")), {"correct"})
        self.assertNotIn("--model", fish("audiogenrl", "mode", "correct", "--m"))


@unittest.skipUnless(shutil.which("zsh"), "needs zsh")
class Zsh(Case):
    def test_commands(self):
        offered = {line.split(":")[0] for line in zsh("audiogenrl") if not line.startswith("-")}
        self.assertEqual(offered, set(commands()))

    def test_options(self):
        for words, listed in helps().items():
            with self.subTest(words=words):
                specs = zsh(*words)
                if len(words) > 1:
                    specs = zsh(*words, "")
                found = set()
                for spec in specs:
                    match = re.match(r"^(?:\(.*?\)|\*)?(--?[\w-]+)=?\[", spec)
                    if match:
                        found.add(match[1])
                self.assertEqual(found, set(listed))


class Source(Case):
    def test_shells_can_read_them(self):
        for shell, words, names in (
            ("bash", ["-n"], ["audiogenrl", "audiogenrld"]),
            ("zsh", ["-n"], ["_audiogenrl"]),
            ("fish", ["--no-execute"], ["audiogenrl.fish", "audiogenrld.fish"]),
        ):
            for name in names:
                if shutil.which(shell):
                    subprocess.run([shell, *words, os.path.join(FOLDER, name)], check=True)


if __name__ == "__main__":
    unittest.main()
