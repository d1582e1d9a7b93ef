"""The man pages against --help, and the settings' page against the settings."""

import os
import re
import shutil
import subprocess
import unittest

PROGRAM = os.environ["AUDIOGENRL"]
DAEMON = os.environ["AUDIOGENRLD"]
SOURCE = os.environ["SOURCE"]
PAGES = [f"{SOURCE}/docs/man/{name}" for name in
         ("audiogenrl.1", "audiogenrld.8", "audiogenrl.conf.5", "audiogenrl-web.8", "audiogenrl-json.5")]  # fmt: skip
WEB = os.path.join(os.environ["BUILD"], "web", "audiogenrl-web")


def ask(program, *words):
    done = subprocess.run(
        [program, *words, "--help"], capture_output=True, check=True, encoding="utf-8",
        env={**os.environ, "LC_ALL": "C.UTF-8"},
    )  # fmt: skip
    return done.stdout


def options(text):
    found = set()
    for line in text.splitlines():
        match = re.match(r"^ +(?:(-\w), |)(--[\w-]+)(?:[= ][^ \n]+)?(?:  |$)", line)
        if match:
            found.update(name for name in match.groups() if name)
    return found


def plain(line):
    """A line of roff as read: no fonts, no quotes of arguments."""
    line = re.sub(r"\\f[A-Z]", "", line).replace("\\-", "-").replace("\\(lq", "“")
    line = line.replace("\\(rq", "”").replace("\\e", "\\")
    if line.startswith("."):
        line = re.sub(r"^\.\w+ ?", "", line)
        parts = re.findall(r'"([^"]*)"|(\S+)', line)
        line = "".join(quoted or bare for quoted, bare in parts)
    return line


def sections(path):
    """(section, subsection): its tags, as plain lines, and all its plain lines."""
    found, where, tag = {}, ("", ""), False
    with open(path, encoding="utf-8") as file:
        for line in file.read().splitlines():
            if line.startswith(".SH "):
                where = (line[4:].strip('"'), "")
            elif line.startswith(".SS "):
                where = (where[0], plain(line[4:]))
            tags, lines = found.setdefault(where, ([], []))
            if tag:
                tags.append(plain(line))
            tag = line == ".TP"
            lines.append(plain(line))
    return found


def tagged(tags):
    """The options in tags, each with what stands behind it in parentheses."""
    found = {}
    for line in tags:
        group = re.search(r" \(([a-z, ]+)\)$", line)
        for name in re.findall(r"(?<![\w-])(--[a-z-]+|-\w)(?![\w-])", line):
            found[name] = group[1] if group else ""
    return found


class Manual(unittest.TestCase):
    def test_commands(self):
        page = sections(PAGES[0])
        listed = re.findall(r"^  ([a-z]+) ", ask(PROGRAM), re.MULTILINE)
        shared = tagged(page["OPTIONS OF SEVERAL COMMANDS", ""][0])
        blocks = {
            name: tagged(tags)
            for (section, name), (tags, _) in page.items()
            if section.startswith("COMMANDS") and name
        }
        self.assertEqual(set(blocks), {*listed, "train --style"})
        helps = {name: options(ask(PROGRAM, *name.split())) for name in blocks}
        for option, users in shared.items():
            if users.startswith("all"):
                but = users.removeprefix("all but ").split(", ")
                shared[option] = ", ".join(name for name in helps if name not in but)
        for name, own in blocks.items():
            with self.subTest(command=name):
                self.assertLessEqual(set(own), helps[name], "options that are no more")
                missing = helps[name] - set(own)
                for option in sorted(missing):
                    self.assertIn(option, shared)
                    users = shared[option]
                    self.assertTrue(
                        name in users.split(", ") or name.split()[0] in users.split(", "),
                        f"{option} is not said to be one of {name}",
                    )
        for option, users in shared.items():
            for name in users.split(", "):
                with self.subTest(option=option, command=name):
                    self.assertIn(option, helps[name])

    def test_service(self):
        page = sections(PAGES[1])
        self.assertEqual(set(tagged(page["OPTIONS", ""][0])), options(ask(DAEMON)))

    @unittest.skipUnless(os.path.exists(WEB), "audiogenrl-web is not built")
    def test_web(self):
        page = sections(PAGES[3])
        self.assertEqual(set(tagged(page["OPTIONS", ""][0])), options(ask(WEB)))

    def test_options_in_the_text_exist(self):
        known = options(ask(DAEMON)) | options(ask(PROGRAM, "train", "--style"))
        known |= options(ask(WEB)) if os.path.exists(WEB) else {"--link", "--units"}
        for name in re.findall(r"^  ([a-z]+) ", ask(PROGRAM), re.MULTILINE):
            known |= options(ask(PROGRAM, name))
        for path in PAGES:
            for _, lines in sections(path).values():
                for name in re.findall(r"(?<![\w-])--[a-z-]+", "\n".join(lines)):
                    self.assertIn(name, known, path)

    def test_settings(self):
        """The tables of keys in config/ are what the parser takes."""
        keys = []
        for name in ("config", "ports"):
            with open(f"{SOURCE}/config/{name}.c", encoding="utf-8") as file:
                keys += re.findall(r'\{"([a-z]+)", "([a-z-]+)", \w+, (?:true|false)\}', file.read())
        self.assertGreater(len(keys), 20)
        described = {
            (section.strip("[]"), key)
            for (_, section), (tags, _) in sections(PAGES[2]).items()
            for line in tags
            if re.fullmatch(r"\[[a-z]+\]", section)
            for key in line.split("=")[0].strip().split(", ")
        }
        self.assertEqual({*keys}, described)
        with open(f"{SOURCE}/systemd/audiogenrl.conf", encoding="utf-8") as file:
            shown, section = set(), ""
            for line in file:
                if line.startswith("["):
                    section = line.strip().strip("[]")
                elif match := re.match(r"#?([a-z-]+) = ", line):
                    shown.add((section, match[1]))
        self.assertEqual({*keys}, shown)

    @unittest.skipUnless(shutil.which("mandoc"), "needs mandoc")
    def test_mandoc_is_content(self):
        done = subprocess.run(
            ["mandoc", "-Tlint", "-Wwarning", *PAGES], capture_output=True, encoding="utf-8",
            check=False,
        )  # fmt: skip
        self.assertEqual(done.stdout + done.stderr, "")

    @unittest.skipUnless(shutil.which("groff"), "needs groff")
    def test_groff_is_content(self):
        for path in PAGES:
            done = subprocess.run(
                ["groff", "-man", "-Tutf8", "-ww", "-z", path], capture_output=True,
                encoding="utf-8", check=False,
            )  # fmt: skip
            self.assertEqual((done.returncode, done.stderr), (0, ""))


if __name__ == "__main__":
    unittest.main()
