"""The plugin in jalv, a host, with a JACK server that has no sound card: notes go through.

77: jalv or jackd is not installed."""

import os
import shutil
import subprocess
import sys
import tempfile
import time
import unittest

URI = "urn:audiogenrl:corrector"
BUNDLE = os.environ["BUNDLE"]
PLAYER = os.environ["JACK_PLAYER"]
TOOLS = ["jackd", "jalv"]
PATIENCE = 30


class Jalv(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="audiogenrl-jalv-")
        self.addCleanup(shutil.rmtree, self.folder)
        self.environment = {
            **os.environ,
            "HOME": self.folder,
            "CACHE_DIRECTORY": self.folder,
            "LV2_PATH": f"{os.path.dirname(BUNDLE)}:/usr/lib/lv2",
            "JACK_DEFAULT_SERVER": f"audiogenrl{os.getpid()}",
            "JACK_NO_AUDIO_RESERVATION": "1",
        }
        self.start(
            "jackd", "--no-realtime", "--name", self.environment["JACK_DEFAULT_SERVER"], "-d",
            "dummy", "-r", "48000", "-p", "64",
        )  # fmt: skip

    def start(self, *words, **pipes):
        process = subprocess.Popen(
            words, env=self.environment, stdin=pipes.get("stdin", subprocess.DEVNULL),
            stdout=pipes.get("stdout", subprocess.DEVNULL), stderr=subprocess.DEVNULL,
            encoding="utf-8",
        )  # fmt: skip
        self.addCleanup(self.end, process)
        return process

    @staticmethod
    def end(process):
        process.terminate()
        try:
            process.wait(timeout=PATIENCE)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        for stream in (process.stdin, process.stdout):
            if stream:
                stream.close()

    def start_player(self):
        until = time.monotonic() + PATIENCE
        while True:
            player = self.start(PLAYER, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
            if player.stdout.readline() == "ready\n":
                return player
            self.assertLess(time.monotonic(), until, "jackd did not come")
            time.sleep(0.1)

    def connect(self, player, source, sink):
        until = time.monotonic() + PATIENCE
        while True:
            player.stdin.write(f"connect {source} {sink}\n")
            player.stdin.flush()
            if player.stdout.readline() == "yes\n":
                return
            self.assertLess(time.monotonic(), until, f"{source} cannot be connected to {sink}")
            time.sleep(0.1)

    def test_notes_go_through(self):
        player = self.start_player()
        jalv = self.start(
            "jalv", "-x", "-n", "corrector", "-c", "mode=0", URI, stdin=subprocess.PIPE
        )
        self.connect(player, "player:keys", "corrector:in")
        self.connect(player, "corrector:out", "listener:synth")
        played = []
        for key in range(40, 80):
            played += [f"90 {key:02x} 40", f"80 {key:02x} 20"]
        player.stdin.write("\n".join(played + ["wait", ""]))
        player.stdin.flush()
        came = []
        while (line := player.stdout.readline()) != "end\n":
            came.append(line.split(maxsplit=1)[1].rstrip())
        self.assertEqual(came, played)
        self.assertIsNone(jalv.poll())


if __name__ == "__main__":
    missing = [tool for tool in TOOLS if not shutil.which(tool)]
    if missing:
        print(f"{', '.join(missing)}: not installed")
        sys.exit(77)
    unittest.main()
