"""scripts/programs.mk compiles the files that CMake does for the two programs, with the options that results depend on."""

import json
import os
import shlex
import subprocess
import unittest

SOURCE = os.environ["SOURCE"]
BUILD = os.environ["BUILD"]
ROOMS = {name for name in os.listdir(SOURCE) if os.path.exists(f"{SOURCE}/{name}/CMakeLists.txt")}


def by_cmake():
    with open(f"{BUILD}/compile_commands.json", encoding="utf-8") as file:
        for entry in json.load(file):
            name = os.path.relpath(entry["file"], SOURCE)
            if name.split("/")[0] in ROOMS - {"tests", "bench", "examples", "web", "lv2"}:
                yield name, shlex.split(entry["command"])


def by_make():
    done = subprocess.run(
        ["make", "-n", "-B", "-f", "scripts/programs.mk", "BUILD=/nonexistent"],
        cwd=SOURCE, check=True, capture_output=True, encoding="utf-8",
    )  # fmt: skip
    for line in done.stdout.splitlines():
        words = shlex.split(line)
        if "-c" in words:
            yield words[-1], words


class Programs(unittest.TestCase):
    def test_same_files(self):
        self.assertEqual({name for name, _ in by_make()}, {name for name, _ in by_cmake()})

    def test_options_of_arithmetic_and_version(self):
        theirs = dict(by_cmake())
        for name, words in by_make():
            for option in words:
                if option.startswith(("-f", "-std", "-DAUDIOGENRL_VERSION", "-D_GNU")):
                    self.assertIn(option, theirs[name], name)


if __name__ == "__main__":
    unittest.main()
