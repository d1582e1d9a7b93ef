"""correct --wav and listen: what is in the sound, and what is said where there can be none."""

import array
import json
import math
import os
import subprocess
import sys
import tempfile
import time
import unittest
import unittest.mock
import wave

import mido

from audiogenrl import PROGRAM, Case, content, run

RATE = 44100
LIBRARY = "libfluidsynth.so.3"


def melody(path, pitches):
    """One note a second, each held for half of it, 4/4 at 60 a minute; twice, to be known by."""
    file = mido.MidiFile(type=0, ticks_per_beat=480)
    track = mido.MidiTrack()
    track.append(mido.MetaMessage("set_tempo", tempo=1000000, time=0))
    track.append(mido.MetaMessage("time_signature", numerator=4, denominator=4, time=0))
    rest = 0
    for pitch in pitches:
        track.append(mido.Message("note_on", note=pitch, velocity=90, time=rest))
        track.append(mido.Message("note_off", note=pitch, velocity=64, time=240))
        rest = 240
    file.tracks.append(track)
    file.save(path)
    return path


def read(path):
    """The sound in one channel, -1 .. 1."""
    with wave.open(path) as file:
        assert (file.getnchannels(), file.getsampwidth(), file.getframerate()) == (2, 2, RATE)
        frames = array.array("h", file.readframes(file.getnframes()))
    if sys.byteorder == "big":
        frames.byteswap()
    return [(frames[i] + frames[i + 1]) / 65536 for i in range(0, len(frames), 2)]


def level(sound, start, end):
    part = sound[int(start * RATE) : int(end * RATE)]
    return math.sqrt(sum(x * x for x in part) / len(part))


def share(sound, start, end, pitch):
    """Strength of a pitch's own frequency (Goertzel)."""
    part = sound[int(start * RATE) : int(end * RATE)]
    turn = 2 * math.cos(2 * math.pi * 440 * 2 ** ((pitch - 69) / 12) / RATE)
    before = last = 0.0
    for i, x in enumerate(part):
        window = 0.5 - 0.5 * math.cos(2 * math.pi * i / len(part))
        before, last = last, window * x + turn * last - before
    return last * last + before * before - turn * last * before


MEANT = [60, 64, 67, 72, 69, 65, 62, 67, 71, 74, 72, 67, 64, 60, 62, 59]
WRONG = {5: 66, 10: 73}  # by place: the neighbour that was struck


class Missing(Case):
    """Needs neither the library nor a SoundFont."""

    def test_without_the_library(self):
        melody("piece.mid", MEANT)
        os.mkdir("broken")
        with open(f"broken/{LIBRARY}", "wb") as file:
            file.write(b"no library\n")
        with unittest.mock.patch.dict(os.environ, LD_LIBRARY_PATH=os.path.abspath("broken")):
            for words in (["listen"], ["listen", "-o", "x.wav"], ["correct", "--wav", "x.wav"]):
                self.fails(1, *words, "--mode", "scale", "piece.mid", says="libfluidsynth3")

    def test_usage(self):
        melody("piece.mid", MEANT)
        for words in (
            ["listen"],
            ["listen", "piece.mid", "piece.mid"],
            ["listen", "-o", "x.wav", "--driver", "alsa", "piece.mid"],
            ["listen", "-o", "-", "--json", "piece.mid"],
            ["listen", "--from", "-1", "piece.mid"],
            ["correct", "--mode", "scale", "--soundfont", "x.sf2", "piece.mid"],
            ["correct", "--mode", "scale", "--wav", "-", "--json", "piece.mid"],
        ):
            with self.subTest(words=words):
                self.fails(2, *words)


class Sound(Case):
    @classmethod
    def setUpClass(cls):
        with tempfile.TemporaryDirectory() as folder:
            path = melody(os.path.join(folder, "piece.mid"), MEANT[:1])
            done = run("listen", "--after", "--mode", "off", "-o", "/dev/null", path)
        if b"install the package" in done.stderr:
            raise unittest.SkipTest(done.stderr.decode())

    def setUp(self):
        super().setUp()
        melody("piece.mid", MEANT)
        melody("played.mid", [WRONG.get(i, pitch) for i, pitch in enumerate(MEANT)])

    def test_sound_is_where_notes_are(self):
        self.succeeds("correct", "-q", "--mode", "off", "piece.mid", "--wav", "out.wav")
        sound = read("out.wav")
        self.assertLess(max(map(abs, sound)), 0.99)
        for place in range(len(MEANT)):
            self.assertGreater(level(sound, place + 0.05, place + 0.4), 0.01)
            self.assertLess(level(sound, place + 0.9, place + 0.99), 0.002)
            loudest = max(range(55, 80), key=lambda p: share(sound, place, place + 0.4, p))
            self.assertEqual((loudest - MEANT[place]) % 12, 0)
        self.assertGreater(len(sound) / RATE, len(MEANT))
        self.assertLess(len(sound) / RATE, len(MEANT) + 4)
        self.assertLess(level(sound, len(sound) / RATE - 0.3, len(sound) / RATE), 1e-4)

    def test_a_corrected_note_sounds_as_it_was_meant(self):
        self.succeeds(
            "listen", "-q", "-m", "piece.mid", "played.mid", "-o", "before.wav", "--before"
        )
        self.succeeds("correct", "-q", "-m", "piece.mid", "played.mid", "--wav", "after.wav")
        before, after = read("before.wav"), read("after.wav")
        for place, struck in WRONG.items():
            for sound, heard, silent in (
                (before, struck, MEANT[place]),
                (after, MEANT[place], struck),
            ):
                there = share(sound, place, place + 0.4, heard)
                self.assertGreater(there, 20 * share(sound, place, place + 0.4, silent))

    def test_before_and_after_follow_each_other(self):
        for name, words in (
            ("both", ["--before", "--after"]), ("before", ["--before"]), ("after", ["--after"])
        ):  # fmt: skip
            self.succeeds("listen", "-q", "-m", "piece.mid", "played.mid", *words, "-o", name)
        self.succeeds("listen", "-q", "-m", "piece.mid", "played.mid", "-o", "default")
        self.succeeds("correct", "-q", "-m", "piece.mid", "played.mid", "--wav", "corrected")
        self.assertEqual(content("default"), content("both"))
        self.assertEqual(content("corrected"), content("after"))
        before, after, both = read("before"), read("after"), read("both")
        self.assertAlmostEqual(len(both) / RATE, (len(before) + len(after)) / RATE + 0.5, delta=0.1)
        self.assertEqual(both[: 15 * RATE], before[: 15 * RATE])
        gap = len(before) / RATE
        self.assertLess(level(both, gap + 0.1, gap + 0.4), 1e-3)
        self.assertGreater(level(both, gap + 0.55, gap + 0.9), 0.01)

    def test_some_bars(self):
        self.succeeds(
            "listen", "-q", "-m", "piece.mid", "played.mid", "-o", "bar.wav", "--after",
            "--from", "2", "--bars", "1",
        )  # fmt: skip
        bar = read("bar.wav")
        for place in range(4):
            loudest = max(range(55, 80), key=lambda p: share(bar, place, place + 0.4, p))
            self.assertEqual((loudest - MEANT[4 + place]) % 12, 0)
        self.assertLess(level(bar, 4.8, 5), 2e-3)
        self.assertLess(len(bar) / RATE, 7)
        self.fails(
            1, "listen", "-m", "piece.mid", "played.mid", "-o", "x.wav", "--from", "5",
            says="has no bar 5, its last is 4",
        )  # fmt: skip

    def test_same_bytes(self):
        for name in ("one.wav", "two.wav"):
            self.succeeds("correct", "-q", "-m", "piece.mid", "played.mid", "--wav", name)
        self.assertEqual(content("one.wav"), content("two.wav"))

    def test_streams(self):
        self.succeeds("correct", "-q", "-m", "piece.mid", "played.mid", "--wav", "out.wav")
        done = self.succeeds("listen", "-m", "piece.mid", "played.mid", "--after", "-o", "-")
        self.assertEqual(done.stdout, content("out.wav"))
        told = json.loads(
            self.succeeds("listen", "--json", "-m", "piece.mid", "played.mid", "-o", "x").stdout
        )
        self.assertEqual((told["changed"], told["output"]), (len(WRONG), "x"))
        self.assertTrue(os.path.exists(told["soundfont"]))

    def test_failures(self):
        words = ["-m", "piece.mid", "played.mid"]
        self.fails(1, "correct", *words, "--wav", "no/x.wav", says="no/x.wav")
        self.fails(1, "correct", *words, "--wav", "/dev/full", says="/dev/full")
        self.fails(1, "correct", *words, "-o", "no/x.mid", "--wav", "x.wav", says="no/x.mid")
        self.fails(1, "listen", *words, "-o", "x.wav", "--soundfont", "none", says="none")
        self.fails(1, "listen", *words, "-o", "x.wav", "--soundfont", "piece.mid", says="SoundFont")
        with open("half.sf2", "wb") as file:
            file.write(b"RIFF\x40\0\0\0sfbkLIST")
        self.fails(1, "listen", *words, "-o", "x.wav", "--soundfont", "half.sf2", says="half.sf2")
        self.fails(1, "listen", *words, "--driver", "nonsense", says="--driver")

    def test_without_a_soundfont(self):
        script = (
            "for folder in /usr/share/sounds /usr/share/soundfonts; do "
            '[ ! -d "$folder" ] || mount -t tmpfs none "$folder" || exit 77; done; exec "$@"'
        )
        done = subprocess.run(
            ["unshare", "-rm", "sh", "-c", script, "sh", PROGRAM, "listen", "-m", "piece.mid",
             "played.mid", "-o", "x.wav"],
            capture_output=True, check=False,
        )  # fmt: skip
        if done.returncode == 77 or b"unshare" in done.stderr:
            self.skipTest("folders cannot be hidden here")
        text = done.stderr.decode()
        self.assertEqual(done.returncode, 1, text)
        self.assertEqual(text.count("\n"), 1, text)
        self.assertIn("timgm6mb-soundfont", text)
        self.assertFalse(os.path.exists("x.wav"))

    def test_as_to_a_card(self):
        """The library's driver `file` stands for a card: sound as time passes."""
        start = time.monotonic()
        done = self.succeeds(
            "listen", "-m", "piece.mid", "played.mid", "--driver", "file", "--after", "--bars", "1"
        )
        self.assertGreater(time.monotonic() - start, 4)
        self.assertIn(b"played.mid, corrected\n", done.stdout)
        # What is heard, every tenth of a second, whenever this machine found the time for it.
        sound = read("fluidsynth.wav")
        classes, heard = [pitch % 12 for pitch in MEANT[:4]], []
        for start in range(0, len(sound) - RATE // 10, RATE // 10):
            at = start / RATE
            if level(sound, at, at + 0.1) > 0.01:
                loudest = max(MEANT[:4], key=lambda p: share(sound, at, at + 0.1, p))
                if heard[-1:] != [loudest % 12]:
                    heard.append(loudest % 12)
        self.assertEqual(heard, classes)


if __name__ == "__main__":
    unittest.main()
