"""correct --picture: what the files are, and what is drawn in them, counted by shape and colour."""

import os
import re
import shutil
import struct
import subprocess
import unittest
import xml.etree.ElementTree
import zlib

import mido

from audiogenrl import Case, note, ons, piece

SVG = "{http://www.w3.org/2000/svg}"
BLUE, SKY, VERMILION, WHITE = (0, 114, 178), (86, 180, 233), (213, 94, 0), (255, 255, 255)
PAGES = ["roll.svg"] + [f"roll-{n}.svg" for n in range(2, 50)]


def colour(style, what):
    found = re.search(rf"(?:^|[; ]){what}:rgb\(([\d.]+)%,([\d.]+)%,([\d.]+)%\)", style)
    return tuple(round(float(part) * 2.55) for part in found.groups()) if found else None


def shapes(paths):
    """(fill, stroke) of each shape that is filled, all pages together."""
    found = []
    for path in paths:
        tree = xml.etree.ElementTree.parse(path)
        for element in tree.iter():
            style = element.get("style", "")
            if element.tag in (SVG + "path", SVG + "rect") and "fill:rgb" in style:
                found.append((colour(style, "fill"), colour(style, "stroke")))
    return found


def pixels(path):
    """(width, height, set of colours) of a PNG without interlacing."""
    with open(path, "rb") as file:
        data = file.read()
    assert data[:8] == b"\x89PNG\r\n\x1a\n"
    at, body = 8, b""
    while at < len(data):
        (length,) = struct.unpack(">I", data[at : at + 4])
        kind, chunk = data[at + 4 : at + 8], data[at + 8 : at + 8 + length]
        check = struct.unpack(">I", data[at + 8 + length : at + 12 + length])[0]
        assert zlib.crc32(kind + chunk) == check
        if kind == b"IHDR":
            width, height, depth, form = struct.unpack(">IIBB", chunk[:10])
            assert (depth, form) == (8, 2)
        elif kind == b"IDAT":
            body += chunk
        at += length + 12
    rows = zlib.decompress(body)
    assert len(rows) == height * (3 * width + 1)
    return width, height


class Picture(Case):
    def setUp(self):
        super().setUp()
        piece(bars=8)
        self.succeeds("errors", "-q", "any:p=0.3,range=9", "piece.mid", "-o", "played.mid")

    def draw(self, *options):
        self.succeeds("correct", "-q", "-m", "piece.mid", "played.mid", "-o", "out.mid", *options)

    def pages(self):
        return [name for name in PAGES if os.path.exists(name)]

    def test_every_note_is_there(self):
        self.draw("--live", "-o", "live.mid")
        self.draw("--picture", "roll.svg")
        drawn = shapes(self.pages())
        played, sent, live = ons("played.mid"), ons("out.mid"), ons("live.mid")
        changed = sum(x != y for (_, x), (_, y) in zip(played, sent))
        doubtful = {i for i, (x, y) in enumerate(zip(sent, live)) if x != y}
        right = sum(1 for i, (where, _) in enumerate(sent) if where[0] == 1 and i not in doubtful)
        left = sum(1 for i, (where, _) in enumerate(sent) if where[0] == 2 and i not in doubtful)
        self.assertGreater(changed, 10)
        # One of each more stands in the legend; there the right hand also shows a wrong key.
        self.assertEqual(sum(fill == BLUE for fill, _ in drawn), right + 2)
        self.assertEqual(sum(fill == SKY for fill, _ in drawn), left + 1)
        hatched_and_moved = sum(1 for i in doubtful if played[i] != sent[i])
        self.assertEqual(
            sum(fill == WHITE and stroke == VERMILION for fill, stroke in drawn),
            changed + 1 + hatched_and_moved,
        )

    def test_nothing_wrong_is_nothing_marked(self):
        self.succeeds(
            "correct", "-q", "-m", "piece.mid", "piece.mid", "-o", "out.mid", "--picture", "roll.svg"
        )
        drawn = shapes(self.pages())
        self.assertFalse([1 for pair in drawn if VERMILION in pair])
        self.assertEqual(sum(fill == BLUE for fill, _ in drawn), 64 + 1)
        self.assertEqual(sum(fill == SKY for fill, _ in drawn), 48 + 1)

    def test_words(self):
        self.draw("--picture", "roll.svg")
        root = xml.etree.ElementTree.parse("roll.svg").getroot()
        self.assertEqual(root.get("role"), "img")
        self.assertEqual(root.find(SVG + "title").text, "played")
        self.assertIn("notes changed", root.find(SVG + "desc").text)

    def test_png_and_pdf(self):
        self.draw("--picture", "roll.png")
        width, height = pixels("roll.png")
        self.assertEqual(width, 1191)
        self.assertTrue(300 < height <= 1684, height)
        self.draw("--picture", "roll.pdf")
        with open("roll.pdf", "rb") as file:
            self.assertTrue(file.read().startswith(b"%PDF-"))

    def test_long_music_takes_pages(self):
        piece("long.mid", bars=64)
        done = self.succeeds(
            "correct", "-m", "long.mid", "long.mid", "-o", "out.mid", "--picture", "roll.svg"
        )
        self.assertGreater(len(self.pages()), 2)
        self.assertEqual(sum(fill == BLUE for fill, _ in shapes(self.pages())), 64 * 8 + 1)
        self.assertIn("roll.svg", done.stdout.decode())

    def test_same_music_same_picture(self):
        self.draw("--picture", "roll.svg")
        with open("roll.svg", "rb") as file:
            first = file.read()
        self.draw("--picture", "roll.svg")
        with open("roll.svg", "rb") as file:
            self.assertEqual(file.read(), first)

    def test_one_part_has_one_hand(self):
        music = mido.MidiFile(ticks_per_beat=480)
        track = mido.MidiTrack()
        for i in range(32):
            note(track, 72 + (i * 5) % 12, 80, 240)
        music.tracks.append(track)
        music.save("tune.mid")
        self.succeeds(
            "correct", "-q", "--mode", "off", "tune.mid", "-o", "out.mid", "--picture", "roll.svg"
        )
        drawn = shapes(self.pages())
        self.assertEqual(sum(fill == BLUE for fill, _ in drawn), 33)
        self.assertEqual(sum(fill == SKY for fill, _ in drawn), 0)

    def test_odd_names(self):
        os.rename("played.mid", "a <b> & c.mid")
        self.succeeds(
            "correct", "-q", "-m", "piece.mid", "a <b> & c.mid", "-o", "out.mid", "--picture",
            "roll.svg",
        )  # fmt: skip
        root = xml.etree.ElementTree.parse("roll.svg").getroot()
        self.assertEqual(root.find(SVG + "title").text, "a <b> & c")
        odd = os.path.join(os.fsencode(self.folder), b"\xff\xfe.mid")
        os.rename("a <b> & c.mid", odd)
        self.succeeds(
            "correct", "-q", "-m", "piece.mid", os.fsdecode(odd), "-o", "out.mid", "--picture",
            "roll.svg",
        )  # fmt: skip

    def test_failing_target_leaves_nothing(self):
        words = ["correct", "-m", "piece.mid", "played.mid"]
        self.fails(1, *words, "-o", "out.mid", "--picture", "no/folder/roll.svg", says="roll.svg")
        self.fails(1, *words, "-o", "no/folder/out.mid", "--picture", "roll.svg", says="out.mid")
        self.fails(1, *words, "-o", "no/folder/out.mid", "--picture", "roll.png", says="out.mid")
        self.fails(2, *words, "-o", "out.mid", "--picture", "roll.gif", says=".svg, .png or .pdf")

    def test_full_disk(self):
        if not os.path.exists("/dev/full"):
            self.skipTest("no /dev/full")
        os.symlink("/dev/full", "roll.svg")
        self.fails(
            1, "correct", "-m", "piece.mid", "played.mid", "-o", "out.mid", "--picture", "roll.svg"
        )


class Staves(Case):
    def setUp(self):
        super().setUp()
        piece(bars=8)
        self.succeeds("errors", "-q", "shift:p=0.2", "piece.mid", "-o", "played.mid")
        self.draw = ["correct", "-q", "-m", "piece.mid", "played.mid", "-o", "out.mid",
                     "--picture", "staff.svg", "--staff"]  # fmt: skip

    @unittest.skipUnless(shutil.which("abcm2ps"), "needs abcm2ps")
    def test_what_was_struck_is_crossed(self):
        self.succeeds(*self.draw)
        with open("staff.svg", encoding="utf-8") as file:
            text = file.read()
        xml.etree.ElementTree.fromstring(text)
        self.assertIn("notes changed", text)
        changed = sum(x != y for (_, x), (_, y) in zip(ons("played.mid"), ons("out.mid")))
        self.assertGreater(changed, 10)
        crosses = text.count("l6.40 -6.00")
        self.assertLessEqual(crosses, changed)
        self.assertGreaterEqual(crosses, changed - 2)  # two at once on one key are one
        self.assertGreater(text.count("color:#c64c00"), 0)
        for secret in ("CreationDate", "CommandLine", "<!--"):
            self.assertNotIn(secret, text)

    def test_without_the_program(self):
        path, os.environ["PATH"] = os.environ["PATH"], "/nowhere"
        try:
            self.fails(1, *self.draw, says="abcm2ps")
            self.succeeds("report", "-q", "-m", "piece.mid", "played.mid", "-o", "page.html")
        finally:
            os.environ["PATH"] = path
        with open("page.html", encoding="utf-8") as file:
            text = file.read()
        self.assertIn('<div class="roll">', text)
        self.assertIn('<div class="legend">', text)
        self.assertNotIn('<div class="staff">', text)
        self.fails(2, *self.draw[:-2], "staff.png", "--staff", says=".svg")
        self.fails(2, *self.draw[:-3], "--staff", says="--picture")


if __name__ == "__main__":
    unittest.main()
