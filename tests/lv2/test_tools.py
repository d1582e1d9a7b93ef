"""What the tools of LV2 say of the plugin: lv2_validate, lv2ls, lv2info, lv2bench.

77: none of them is installed."""

import os
import re
import shutil
import subprocess
import sys
import unittest

URI = "urn:audiogenrl:corrector"
BUNDLE = os.environ["BUNDLE"]
TOOLS = ["lv2_validate", "lv2ls", "lv2info", "lv2bench"]
SPECIFICATIONS = "/usr/lib/lv2"


def run(*words, path=f"{os.path.dirname(BUNDLE)}:{SPECIFICATIONS}"):
    return subprocess.run(
        words, env=os.environ | {"LV2_PATH": path}, check=False, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, encoding="utf-8", timeout=60,
    )  # fmt: skip


def needs(tool):
    return unittest.skipUnless(shutil.which(tool), f"{tool} is not installed")


class Tools(unittest.TestCase):
    @needs("lv2_validate")
    @needs("sord_validate")
    def test_validate(self):
        files = [f"{BUNDLE}/{name}" for name in ("manifest.ttl", "audiogenrl.ttl")]
        done = run("lv2_validate", *files)
        self.assertEqual(done.returncode, 0, done.stdout)
        self.assertRegex(done.stdout, r"Found 0 errors", done.stdout)

    @needs("lv2ls")
    def test_is_found(self):
        self.assertIn(URI, run("lv2ls").stdout.split())

    @needs("lv2info")
    def test_info(self):
        text = run("lv2info", URI).stdout
        symbols = re.findall(r"Symbol: +(\w+)", text)
        self.assertEqual(
            symbols, ["in", "out", "enabled", "bypass", "mode", "follow", "keep", "panic"], text
        )
        for word in ("http://lv2plug.in/ns/ext/worker#interface",
                     "http://lv2plug.in/ns/ext/state#interface",
                     "http://lv2plug.in/ns/lv2core#hardRTCapable"):  # fmt: skip
            self.assertIn(word, text)

    @needs("lv2bench")
    @unittest.skipIf(os.environ["SANITIZED"], "the host has no sanitizer")
    def test_bench(self):
        """It runs in a host that knows nothing but ports, and says how long that takes."""
        done = run("lv2bench", "-n", "100000", "-b", "64", URI)
        self.assertEqual(done.returncode, 0, done.stdout)
        self.assertRegex(done.stdout, rf"[0-9.]+ {URI}")


if __name__ == "__main__":
    if not any(shutil.which(tool) for tool in TOOLS):
        print("lv2ls and its kin are not installed: lilv-utils has them")
        sys.exit(77)
    unittest.main()
