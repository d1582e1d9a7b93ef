"""What the tests of the command share: running it, and music to run it on.

The program is named by $AUDIOGENRL. Every test case has an empty folder of its
own as working directory.
"""

import os
import random
import shutil
import subprocess
import tempfile
import unittest

import mido

PROGRAM = os.environ["AUDIOGENRL"]
os.environ["LANGUAGE"] = "en"  # whatever the language of who runs the tests


def run(*arguments, input=None, stdout=subprocess.PIPE, timeout=120):
    return subprocess.run(
        [PROGRAM, *map(str, arguments)],
        input=input,
        stdin=subprocess.DEVNULL if input is None else None,
        stdout=stdout,
        stderr=subprocess.PIPE,
        timeout=timeout,
    )


class Case(unittest.TestCase):
    def setUp(self):
        self.home = os.getcwd()
        self.folder = tempfile.mkdtemp(prefix="audiogenrl-")
        os.chdir(self.folder)

    def tearDown(self):
        os.chdir(self.home)
        subprocess.run(["chmod", "-R", "u+w", self.folder], check=False)
        shutil.rmtree(self.folder)

    def succeeds(self, *arguments, **options):
        done = run(*arguments, **options)
        self.assertEqual(done.returncode, 0, done.stderr.decode())
        return done

    def fails(self, code, *arguments, says="", **options):
        """It ends with this code and one line on stderr, beside those of progress; no file
        appears or changes."""
        before = snapshot(self.folder)
        done = run(*arguments, **options)
        text = done.stderr.decode(errors="replace")
        text = "".join(
            line for line in text.splitlines(True) if not line.startswith("learning: ")
        )
        self.assertEqual(done.returncode, code, text)
        self.assertEqual(text.count("\n"), 1, text)
        self.assertTrue(text.startswith("audiogenrl: "), text)
        self.assertIn(says, text)
        self.assertTrue(snapshot(self.folder) == before, "files appeared or changed")
        return done


def content(path):
    with open(path, "rb") as file:
        return file.read()


def snapshot(folder):
    found = {}
    for base, _, names in os.walk(folder):
        for name in names:
            path = os.path.join(base, name)
            if os.path.isfile(path):
                with open(path, "rb") as file:
                    found[path] = file.read()
    return found


def piece(path="piece.mid", bars=16, seed=7, channel=0, program=True):
    """A melody with a left hand in sixteenths that repeats its phrases, 96 bpm."""
    draw = random.Random(seed)
    scale = [60, 62, 64, 65, 67, 69, 71, 72, 74, 76, 77, 79]
    phrases = [[draw.choice(scale) for _ in range(8)] for _ in range(4)]
    ppq = 480
    file = mido.MidiFile(type=1, ticks_per_beat=ppq)
    head = mido.MidiTrack()
    head.append(mido.MetaMessage("set_tempo", tempo=mido.bpm2tempo(96), time=0))
    head.append(mido.MetaMessage("time_signature", numerator=4, denominator=4, time=0))
    right = mido.MidiTrack()
    right.append(mido.MetaMessage("track_name", name="RIGHT", time=0))
    left = mido.MidiTrack()
    left.append(mido.MetaMessage("track_name", name="LEFT", time=0))
    if program:
        right.append(mido.Message("program_change", channel=channel, program=0, time=0))
        right.append(mido.Message("control_change", channel=channel, control=64, value=80, time=0))
    for bar in range(bars):
        phrase = phrases[(bar * 5 + bar // 4) % 4]
        for i in range(8):
            pitch = phrase[(i * (1 + bar % 3)) % 8]
            note(right, pitch, 70 + i, ppq // 2, channel)
        for root in (phrase[0] - 24, phrase[4] - 24):
            chord(left, [root, root + 4, root + 7], 60, ppq * 2, channel)
    file.tracks.extend([head, right, left])
    file.save(path)
    return path


def note(track, pitch, velocity, ticks, channel=0):
    track.append(mido.Message("note_on", channel=channel, note=pitch, velocity=velocity, time=0))
    track.append(mido.Message("note_off", channel=channel, note=pitch, velocity=64, time=ticks))


def chord(track, pitches, velocity, ticks, channel=0):
    for pitch in pitches:
        track.append(
            mido.Message("note_on", channel=channel, note=pitch, velocity=velocity, time=0)
        )
    for i, pitch in enumerate(pitches):
        track.append(
            mido.Message(
                "note_off", channel=channel, note=pitch, velocity=64, time=0 if i else ticks
            )
        )


def ons(path):
    """(track, tick, channel, velocity) and pitch of each note struck, in file order."""
    found = []
    for number, track in enumerate(mido.MidiFile(path).tracks):
        tick = 0
        for message in track:
            tick += message.time
            if message.type == "note_on" and message.velocity > 0:
                found.append(((number, tick, message.channel, message.velocity), message.note))
    return found


def pitches(path):
    """All notes in order of time, those struck together from low to high."""
    found, now = [], 0
    for message in mido.merge_tracks(mido.MidiFile(path).tracks):
        now += message.time
        if message.type == "note_on" and message.velocity:
            found.append((now, message.note))
    return [pitch for _, pitch in sorted(found)]


def without_pitches(path):
    """Every event of every track, with the pitches of notes left out."""
    tracks = []
    for track in mido.MidiFile(path).tracks:
        events = []
        for message in track:
            data = message.dict()
            if message.type in ("note_on", "note_off", "polytouch"):
                data.pop("note")
            events.append(repr(data))
        tracks.append(events)
    return tracks


def hanging(path):
    """Notes struck and never released, or released and never struck."""
    wrong = []
    for number, track in enumerate(mido.MidiFile(path).tracks):
        held = {}
        for message in track:
            if message.type not in ("note_on", "note_off"):
                continue
            key = (message.channel, message.note)
            if message.type == "note_on" and message.velocity > 0:
                held[key] = held.get(key, 0) + 1
            elif held.get(key, 0) > 0:
                held[key] -= 1
            else:
                wrong.append((number, "released", key))
        wrong += [(number, "held", key) for key, count in held.items() if count]
    return wrong
