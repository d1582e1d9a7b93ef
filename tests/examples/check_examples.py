#!/usr/bin/env python3
"""Check the example pieces with a reader that is not the project's own.

    check_examples.py SOURCE_DIRECTORY BUILT_DIRECTORY MIDICSV

Every built file is read with midicsv and compared with figures counted in the
printed music: bars, notes of each hand, and the first pitches of some bars.
Then make_examples.py is run again, for equal bytes, and on faulty texts, for
messages that name the line.
"""

import csv
import pathlib
import subprocess
import sys
import tempfile
import unittest

if len(sys.argv) != 4 or not pathlib.Path(sys.argv[3]).is_file():
    sys.exit("check_examples.py: needs three arguments, the last one the program midicsv (Debian package midicsv)")
SOURCE, BUILT = map(pathlib.Path, sys.argv[1:3])
MIDICSV = sys.argv[3]

# Per piece: quarter notes a bar, bars with repeats, notes of the right and the
# left hand, and per (hand, bar as played) the note numbers in time order.
PIECES = {
    "bach_prelude_bwv846": (4, 35, 415, 134, {
        ("right", 1): [67, 72, 76, 67, 72, 76] * 2,
        ("left", 23): [44, 53] * 2,
        ("right", 28): [57, 60, 66, 57, 60, 66] * 2,
        ("right", 35): [64, 67, 72],
    }),
    "petzold_minuet_in_g": (3, 64, 256, 150, {
        ("right", 1): [74, 67, 69, 71, 72],
        ("left", 17): [55, 59, 62, 57],
        ("right", 33): [83, 79, 81, 83, 79],
        ("left", 64): [55, 50, 43],
    }),
    "beethoven_fuer_elise": (1.5, 45, 186, 108, {
        ("right", 1): [76, 75],
        ("right", 10): [76, 75, 76, 71, 74, 72],
        ("left", 18): [48, 55, 60],
        ("left", 45): [45, 52, 57],
    }),
    "beethoven_ode_to_joy": (4, 24, 94, 156, {
        ("right", 1): [66, 66, 67, 69],
        ("right", 12): [62, 64, 57, 66],
        ("right", 13): [66, 67, 69],
        ("left", 24): [45, 49, 55, 50, 54, 50, 54],
    }),
    "burgmueller_arabesque": (2, 55, 180, 300, {
        ("right", 3): [69, 71, 72, 71, 69],
        ("left", 8): [55, 59, 65] * 2,
        ("left", 19): [56, 57, 59, 57, 56],
        ("right", 55): [72, 81],
    }),
}

GOOD = "title: t\ncomposer: c\ntime: 2/4\nkey: C major\ntempo: 100\norder: all\n[all]\nbar 1\nright: c4/2\nleft: R\n"


def read(path):
    """Rows of midicsv: (track, tick, event, fields)."""
    done = subprocess.run([MIDICSV, path], capture_output=True, check=True, encoding="utf-8", errors="replace")
    rows = csv.reader(done.stdout.splitlines(), skipinitialspace=True)
    return [(int(row[0]), int(row[1]), row[2], row[3:]) for row in rows]


def notes(rows, track):
    """(start, end, note number) of every note; fails on a note that hangs or sounds twice."""
    sounding, found = {}, []
    for row_track, tick, event, fields in rows:
        if row_track != track or not event.startswith("Note_"):
            continue
        number = int(fields[1])
        if event == "Note_on_c" and int(fields[2]) > 0:
            assert number not in sounding, f"note {number} struck twice at tick {tick}"
            sounding[number] = tick
        else:
            found.append((sounding.pop(number), tick, number))
    assert not sounding, f"notes {sorted(sounding)} are never released"
    return sorted(found)


class Pieces(unittest.TestCase):
    def test_every_text_is_checked(self):
        self.assertEqual({path.stem for path in (SOURCE / "scores").glob("*.txt")}, set(PIECES))

    def test_music(self):
        for name, (quarters, bars, right, left, some_bars) in PIECES.items():
            with self.subTest(piece=name):
                rows = read(BUILT / f"{name}.mid")
                self.assertEqual(rows[0][3], ["1", "3", "480"])
                tracks = {fields[0]: track for track, _, event, fields in rows if event == "Title_t"}
                hands = {hand: notes(rows, tracks[f"{hand} hand"]) for hand in ("right", "left")}
                self.assertEqual((len(hands["right"]), len(hands["left"])), (right, left))

                times = [fields for _, _, event, fields in rows if event == "Time_signature"]
                self.assertEqual([4 * int(t[0]) / 2 ** int(t[1]) for t in times], [quarters])
                self.assertEqual(sum(event in ("Tempo", "Key_signature") for _, _, event, _ in rows), 2)
                bar_ticks = round(480 * quarters)
                ends = {tick for _, tick, event, _ in rows if event == "End_track"}
                self.assertEqual(ends, {bars * bar_ticks})
                self.assertEqual(max(start for start, _, _ in hands["right"] + hands["left"]) // bar_ticks, bars - 1)

                for (hand, bar), pitches in some_bars.items():
                    struck = [number for start, _, number in hands[hand] if start // bar_ticks == bar - 1]
                    self.assertEqual(struck, pitches, f"{hand} hand, bar {bar}")

    def test_same_text_same_bytes(self):
        with tempfile.TemporaryDirectory() as directory:
            self.assertEqual(make(directory, *sorted((SOURCE / "scores").glob("*.txt"))).returncode, 0)
            for name in PIECES:
                again = pathlib.Path(directory, f"{name}.mid").read_bytes()
                self.assertEqual(again, (BUILT / f"{name}.mid").read_bytes(), name)


class Mistakes(unittest.TestCase):
    def refused(self, text, message):
        with tempfile.TemporaryDirectory() as directory:
            path = pathlib.Path(directory, "piece.txt")
            path.write_text(text, encoding="utf-8")
            done = make(directory, path)
            self.assertEqual(done.returncode, 1)
            self.assertEqual(done.stderr, f"{path}:{message}\n")
            self.assertEqual([p.name for p in pathlib.Path(directory).iterdir()], ["piece.txt"])

    def test_good_text_passes(self):
        with tempfile.TemporaryDirectory() as directory:
            path = pathlib.Path(directory, "piece.txt")
            path.write_text(GOOD, encoding="utf-8")
            self.assertEqual(make(directory, path).returncode, 0)

    def test_short_bar(self):
        self.refused(GOOD.replace("c4/2", "c4/4."), "9: the bar lasts 2 quarter notes, this voice 1.5")

    def test_long_bar_in_second_voice(self):
        self.refused(GOOD.replace("c4/2", "c4/2 & c3/2 r/8"), "9: the bar lasts 2 quarter notes, this voice 2.5")

    def test_hand_missing(self):
        self.refused(GOOD.replace("left: R\n", ""), "8: bar 1 has no `left:`; `R` is a bar of rest")

    def test_unknown_note(self):
        self.refused(GOOD.replace("c4/2", "c4/4 h4"), "9: `h4` is neither a note, a chord nor a rest")

    def test_tie_to_nothing(self):
        self.refused(GOOD.replace("c4/2", "c4/4~ d4"), "9: bar 1: a tied note is not there again after its tie")

    def test_same_key_in_two_voices(self):
        self.refused(GOOD.replace("c4/2", "c4/2 & r/4 c4"),
                     "9: note number 60 is struck while another voice of this hand holds it")

    def test_unknown_section(self):
        self.refused(GOOD.replace("order: all", "order: all coda"), "6: there is no section [coda], or it is empty")


def make(directory, *texts):
    script = [sys.executable, SOURCE / "make_examples.py", directory, *texts]
    environment = {"PYTHONDONTWRITEBYTECODE": "1", "PYTHONUTF8": "1"}
    return subprocess.run(script, capture_output=True, encoding="utf-8", env=environment)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
