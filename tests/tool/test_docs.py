"""Every command line in README.md and docs/, run as a reader would.

Blocks fenced as `sh` are run by bash, those of a page one after the other in a folder of
their own; blocks fenced as `ini` are settings, which audiogenrld has to accept. The
service is a real one on the virtual backend. What would change the machine, or wants
devices or the network (STANDINS), is a stand-in that refuses arguments which make no
sense. A block that cannot be run at all has `<!-- not run: why -->` on the line before.
"""

import ctypes
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
import unittest

PROGRAM = os.environ["AUDIOGENRL"]
DAEMON = os.environ["AUDIOGENRLD"]
SOURCE = os.environ["SOURCE"]
BUILD = os.environ["BUILD"]
PAGES = ["README.md"] + sorted(
    f"docs/{name}" for name in os.listdir(f"{SOURCE}/docs") if name.endswith(".md")
)
# Pages whose figures took hours, on music that is not here: their commands are only read.
FIGURES = {"docs/figures.md", "docs/learning.md"}

SETTINGS = """[input]
backend = virtual
connect = -
[output]
connect = -
[correct]
repertoire = {folder}/repertoire
[control]
socket = {folder}/control
[realtime]
priority = 0
lock-memory = no
"""


def page(name):
    with open(f"{SOURCE}/{name}", encoding="utf-8") as file:
        return file.read()


def blocks(text, language):
    """(line number, code) of each fenced block that is to be run."""
    found, lines, inside, start = [], text.splitlines(), None, 0
    for number, line in enumerate(lines, 1):
        if inside is None and line == f"```{language}":
            inside, start = [], number
            if number > 1 and (match := re.match(r"<!-- not run: (.+) -->$", lines[number - 2])):
                assert len(match[1].split()) > 2, f"line {number}: say why"
                inside = []
                start = 0
        elif inside is not None and line == "```":
            if start:
                found.append((start, "\n".join(inside) + "\n"))
            inside = None
        elif inside is not None:
            inside.append(line)
    assert inside is None, f"the block of line {start} has no end"
    return found


def has_sound():
    try:
        ctypes.CDLL("libfluidsynth.so.3")
    except OSError:
        return False
    return any(os.path.isdir(f"/usr/share/sounds/{name}") for name in ("sf2", "sf3"))


# --- Stand-ins: called under the name of the program they stand for ---


def refuse(words, why):
    print(f"{' '.join(words)}: {why}", file=sys.stderr)
    sys.exit(99)


def expect(words, condition, why):
    if not condition:
        refuse(words, why)


PACKAGES = {"libfluidsynth3", "timgm6mb-soundfont", "fluidsynth", "alsa-utils"}
UNITS = {"audiogenrl", "audiogenrl.service", "audiogenrl-web", "audiogenrl-web.socket", "fluidsynth"}
VERBS = {"start", "stop", "restart", "reload", "status", "enable", "disable", "show", "edit"}
OPTIONS = {
    "fluidsynth": set("siamrzcRCgo"), "aconnect": set("dliox"), "aplaymidi": set("pl"),
    "amidi": set("l"), "dmesg": set(), "modprobe": set(), "nano": set(), "usermod": set("aG"),
    "loginctl": set(), "ssh": set(), "scp": set(), "id": set(), "systemd-tmpfiles": set(),
    "man": set(), "xdg-open": set(), "ctest": set("L"),
}  # fmt: skip


def stand_in_apt_get(words):
    expect(words, words[1] in ("install", "update"), "neither install nor update")
    for word in words[2:]:
        if word.endswith(".deb"):
            version = re.search(r"project\(audiogenrl VERSION (\S+)", page("CMakeLists.txt"))[1]
            names = [f"{name}_{version}-1_amd64.deb" for name in ("audiogenrl", "audiogenrl-web", "audiogenrl-lv2")]
            expect(words, os.path.basename(word) in names,
                   "the package is called otherwise")  # fmt: skip
        elif not word.startswith("-"):
            known = re.findall(r"[a-z0-9][a-z0-9.+-]+", page("scripts/packages.sh"))
            expect(words, word in PACKAGES or word in known, f"{word} is no package of ours")


def stand_in_systemctl(words):
    rest = [word for word in words[1:] if not word.startswith("-") and not word.startswith("Limit")]
    if rest == ["daemon-reload"]:
        return
    expect(words, len(rest) == 2 and rest[0] in VERBS, "not a verb and a unit")
    expect(words, rest[1] in UNITS, "no unit of ours")


def stand_in_journalctl(words):
    expect(words, words[1:3] == ["-u", "audiogenrl"], "not about the unit")
    rest = words[3:]
    expect(words, not rest or rest[0] in ("--since", "--grep", "-f"), f"unknown {rest}")


def stand_in_cmake(words):
    presets = json.loads(page("CMakePresets.json"))
    if "--preset" in words:
        kinds = {"--workflow": "workflowPresets", "--build": "buildPresets"}
        kind = kinds.get(words[1], "configurePresets")
        name = words[words.index("--preset") + 1]
        expect(words, name in [preset["name"] for preset in presets[kind]], "no such preset")
        return
    if "-S" in words:
        for word in words:
            if word.startswith("-DAUDIOGENRL"):
                option = word[2:].split("=")[0]
                expect(words, option in page("CMakeLists.txt"), f"no option {option}")
        os.makedirs(words[words.index("-B") + 1], exist_ok=True)
        return
    expect(words, words[1] in ("--build", "--install", "--list-presets"), "not understood")
    if len(words) > 2:
        expect(words, os.path.isdir(words[2]), "was not configured")


def stand_in_script(words):
    name = os.path.basename(words[0])
    path = {"run": "tests/vm/run", "deb.sh": "scripts/deb.sh"}.get(name, name)
    expect(words, os.access(f"{SOURCE}/{path}", os.X_OK), "no such script")
    os.makedirs("build", exist_ok=True)


def stand_in_audiogenrl(words):
    """The program, with the default model as installed, and training cut short."""
    command, rest = words[1], words[2:]
    if command == "listen" and not {"-o", "--output"} & set(rest):
        for i, word in enumerate(rest):
            if word == "--driver":
                rest = rest[:i] + rest[i + 2 :]
                break
        rest += ["-o", "/dev/null"]
    if (command == "listen" or "--wav" in rest) and not has_sound():
        return
    if command == "train" and "--style" in rest:
        rest += ["--notes", "2000", "--prior", "500", "--steps", "64", "--trials", "1", "--threads", "1"]
    if command in ("correct", "evaluate", "listen") and "--help" not in rest:
        if not {"-m", "--model", "--own-models", "--snapshots", "scale", "off"} & set(rest):
            rest += ["-m", f"{SOURCE}/models/default.model"]
    os.execv(PROGRAM, [PROGRAM, command, *rest])


def stand_in_audiogenrld(words):
    expect(words, words[1:] == ["--check"] or "-c" in words, "would run on")
    os.execv(DAEMON, [DAEMON, *words[1:]])


def stand_in_audiogenrl_web(words):
    """The program, where it is built, with settings that switch the page on."""
    folder = os.path.dirname(os.environ["HOME"])
    expect(words, words[1:] == ["--link"], "would run on")
    with open(f"{folder}/web.conf", "w", encoding="utf-8") as file:
        file.write(f"[web]\nlisten = 127.0.0.1:8322\ntoken = {folder}/web.token\n")
    program = f"{BUILD}/web/audiogenrl-web"
    if os.path.exists(program):
        os.execv(program, [program, "-c", f"{folder}/web.conf", "--link"])
    open(f"{folder}/web.token", "w", encoding="utf-8").close()


def stand_in_sudo(words):
    os.execvp(words[1], words[1:])


def stand_in_others(words):
    name = os.path.basename(words[0])
    letters = set()
    for word in words[1:]:
        if re.match(r"^-[A-Za-z]+$", word):
            letters |= set(word[1:])
    expect(words, letters <= OPTIONS[name], f"unknown {letters - OPTIONS[name]}")
    for word in words[1:]:
        if word.endswith(".mid") and name != "ssh":
            expect(words, os.path.exists(word), f"{word} is not there")
    if name == "ssh":
        expect(words, words[2] == "audiogenrl", "is not about us")
        os.execvp("audiogenrl", words[2:])


STANDINS = {
    "apt-get": stand_in_apt_get, "systemctl": stand_in_systemctl, "cmake": stand_in_cmake,
    "journalctl": stand_in_journalctl, "sudo": stand_in_sudo, "demo.sh": stand_in_script,
    "test.sh": stand_in_script, "deb.sh": stand_in_script,
    "audiogenrl": stand_in_audiogenrl, "audiogenrld": stand_in_audiogenrld,
    "audiogenrl-web": stand_in_audiogenrl_web,
    **{name: stand_in_others for name in OPTIONS},
}  # fmt: skip


def stand_in(words):
    STANDINS[os.path.basename(words[0])](words)


# --- Running pages ---


class Sandbox:
    """A folder as home, with stand-ins first in the path, and a service."""

    def __enter__(self):
        self.folder = tempfile.mkdtemp(prefix="audiogenrl-docs-")
        for name in ("bin", "home", "home/scripts", "repertoire", "recordings"):
            os.mkdir(f"{self.folder}/{name}")
        for name in STANDINS:
            where = {"deb.sh": "home/scripts"}.get(name, "home" if name.endswith(".sh") else "bin")
            path = f"{self.folder}/{where}/{name}"
            with open(path, "w", encoding="utf-8") as file:
                file.write(f'#!/bin/sh\nexec {sys.executable} -B {os.path.abspath(__file__)} --as "$0" "$@"\n')
            os.chmod(path, 0o755)
        with open(f"{self.folder}/settings", "w", encoding="utf-8") as file:
            file.write(SETTINGS.format(folder=self.folder))
        self.environment = {
            **os.environ,
            "PATH": f"{self.folder}/bin:{os.environ['PATH']}",
            "HOME": f"{self.folder}/home",
            "USER": "player",
            "AUDIOGENRL_SOCKET": f"{self.folder}/control",
        }
        self.service = subprocess.Popen(
            [DAEMON, "-q", "-c", f"{self.folder}/settings"], stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
        )  # fmt: skip
        until = time.monotonic() + 60
        while not os.path.exists(f"{self.folder}/control"):
            assert time.monotonic() < until and self.service.poll() is None, "no service"
            time.sleep(0.02)
        return self

    def __exit__(self, *_):
        self.service.terminate()
        self.said = self.service.communicate(timeout=60)[1].decode()
        shutil.rmtree(self.folder)

    def run(self, code):
        places = {
            "/usr/share/audiogenrl/examples": f"{BUILD}/examples",
            "cp build/examples": f"cp {BUILD}/examples",
            "/var/lib/audiogenrl/repertoire": f"{self.folder}/repertoire",
            "/var/lib/audiogenrl/recordings": f"{self.folder}/recordings",
            "/etc/audiogenrl/audiogenrl.conf": f"{self.folder}/settings",
            "/etc/audiogenrl/web.token": f"{self.folder}/web.token",
            "ls -l /dev/snd/seq": "true",
            "cat /proc/asound": "true /proc/asound",
        }
        for place, stands_for in places.items():
            code = code.replace(place, stands_for)
        return subprocess.run(
            ["bash", "-euo", "pipefail", "-c", code], cwd=f"{self.folder}/home",
            env=self.environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, encoding="utf-8", timeout=120, check=False,
        )  # fmt: skip


class Commands(unittest.TestCase):
    def run_page(self, name):
        with Sandbox() as sandbox:
            # What a reader who begins on this page has at hand.
            shutil.copy(f"{BUILD}/examples/petzold_minuet_in_g.mid", f"{sandbox.folder}/home/minuet.mid")
            done = sandbox.run("audiogenrl errors -q slip:p=0.2 minuet.mid -o played.mid")
            self.assertEqual(done.returncode, 0, done.stdout)
            shutil.copy(
                f"{sandbox.folder}/home/played.mid",
                f"{sandbox.folder}/recordings/2025-06-30_18-05-59.mid",
            )
            for line, code in blocks(page(name), "sh"):
                done = sandbox.run(code)
                self.assertEqual(done.returncode, 0, f"{name}:{line}:\n{code}{done.stdout}")
        self.assertEqual((sandbox.service.returncode, sandbox.said), (0, ""))

    def test_nothing_is_left_out(self):
        """Commands stand in fenced blocks, where they are run."""
        known = set(STANDINS) | {"make", "python3", "git"}
        for name in PAGES:
            for number, line in enumerate(page(name).splitlines(), 1):
                words = line.split()
                if line.startswith("    ") and words and name not in FIGURES:
                    command = os.path.basename(words[0])
                    self.assertNotIn(command, known - {"audiogenrld"}, f"{name}:{number}: {line}")

    def test_figures_name_options_that_exist(self):
        texts = [page(name) for name in FIGURES] + [page("models/README.md")]
        lines = [line for text in texts for line in text.replace("\\\n", " ").splitlines()]
        found = [line.split() for line in lines if line.startswith("    audiogenrl ")]
        self.assertGreater(len(found), 3)
        for words in found:
            command = [words[1], "--style"] if "--style" in words else [words[1]]
            done = subprocess.run([PROGRAM, *command, "--help"], capture_output=True, check=True)
            listed = re.findall(r"--?[a-z][a-z-]*", done.stdout.decode())
            for word in words:
                if word.startswith("-"):
                    self.assertIn(word, listed, " ".join(words))


for each in PAGES:
    if blocks(page(each), "sh"):
        setattr(
            Commands, "test_" + re.sub(r"\W", "_", each), lambda self, name=each: self.run_page(name)
        )


class Pages(unittest.TestCase):
    def test_settings(self):
        count = 0
        for name in PAGES:
            for line, text in blocks(page(name), "ini"):
                with tempfile.NamedTemporaryFile("w", suffix=".conf", encoding="utf-8") as file:
                    file.write(text)
                    file.flush()
                    done = subprocess.run(
                        [DAEMON, "--check", "-c", file.name], capture_output=True, check=False
                    )
                self.assertEqual(done.returncode, 0, f"{name}:{line}: {done.stderr.decode()}")
                count += 1
        self.assertGreater(count, 3)

    def test_links(self):
        """Files and headings that are linked are there; every page is linked from README.md."""
        reached = set()
        for name in PAGES:
            for target in re.findall(r"\]\(([^)]+)\)", page(name)):
                path, _, heading = target.partition("#")
                path = os.path.normpath(os.path.join(os.path.dirname(name), path)) if path else name
                self.assertTrue(os.path.exists(f"{SOURCE}/{path}"), f"{name}: {target}")
                if heading:
                    titles = re.findall(r"^#+ (.*)$", page(path), re.MULTILINE)
                    slugs = [re.sub(r"[^\w -]", "", t).lower().replace(" ", "-") for t in titles]
                    self.assertIn(heading, slugs, f"{name}: {target}")
                if name == "README.md":
                    reached.add(path)
        self.assertEqual({name for name in PAGES if name != "README.md"} - reached, set())

    def test_pictures_have_words(self):
        for name in PAGES:
            for words in re.findall(r"!\[([^\]]*)\]", page(name)):
                self.assertGreater(len(words.split()), 5, name)

    def test_rooms_stand_on_what_the_table_says(self):
        text = page("docs/architecture.md")
        stands = {
            room: [word for word in below.split(", ") if word]
            for room, below in re.findall(r"^\| `(\w+)/` \| .* \|\s*([\w, ]*?) ?\|$", text, re.M)
        }
        self.assertGreater(len(stands), 10)

        def allowed(room):
            found = {room, "base"}
            for below in stands[room]:
                found |= allowed(below)
            return found

        for room in stands:
            for name in os.listdir(f"{SOURCE}/{room}"):
                if name.endswith((".c", ".h")):
                    used = re.findall(r'#include "(\w+)/', page(f"{room}/{name}"))
                    self.assertLessEqual(set(used), allowed(room), f"{room}/{name}")


if __name__ == "__main__":
    if sys.argv[1:2] == ["--as"]:
        stand_in(sys.argv[2:])
    else:
        unittest.main()
