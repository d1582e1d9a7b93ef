"""The practice report in a real browser: what a screen reader reads, and what fits a phone."""

import os
import re
import shutil
import unittest

from audiogenrl import Case, piece
from chromium import PROGRAM, Chromium

PHONE, DESKTOP = 360, 1280

# Elements that stick out of the window, or of which text is cut off.
TOO_WIDE = """[...document.querySelectorAll('body *')]
  .filter(e => !e.closest('svg') || e.tagName === 'svg')
  .filter(e => e.getBoundingClientRect().right > document.documentElement.clientWidth + 0.5 ||
               (e.scrollWidth > e.clientWidth + 1 && e.clientWidth > 0 && e.tagName !== 'svg'))
  .map(e => e.tagName + ' ' + e.textContent.slice(0, 40))"""

TOPS = """[...document.querySelectorAll('h1, h2, h3, svg, table, dl')]
  .map(e => e.getBoundingClientRect()).map(r => [r.top, r.left])"""


def luminance(colour):
    parts = [int(part) / 255 for part in colour[colour.index("(") + 1 : -1].split(",")[:3]]
    red, green, blue = (
        part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one, other):
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


@unittest.skipUnless(PROGRAM, "needs chromium")
class Browser(Case):
    @classmethod
    def setUpClass(cls):
        cls.browser = Chromium().__enter__()

    @classmethod
    def tearDownClass(cls):
        cls.browser.__exit__()

    def setUp(self):
        super().setUp()
        # A name that is long and has no blank to break it at.
        self.name = "a_piece_with_a_name_of_" + "unbroken" * 8
        piece(f"{self.name}.mid", bars=24)
        for day, share in enumerate((3, 2, 1)):
            path = f"recording_of_day_{day}.mid"
            self.succeeds(
                "errors", "-q", f"slip:p=0.{share},drop=0.04,add=0.04", f"{self.name}.mid", "-o", path
            )
            os.utime(path, (1700000000 + 86400 * day,) * 2)
        self.succeeds("report", "-q", "-m", f"{self.name}.mid", path, "-o", "page.html")

    def test_fits_the_window(self):
        for width in (320, PHONE, 768, DESKTOP):
            with self.subTest(width=width):
                self.browser.open("page.html", width)
                self.assertEqual(self.browser.evaluate("window.innerWidth"), width)
                self.assertEqual(self.browser.evaluate(TOO_WIDE), [])
                wide = self.browser.evaluate(
                    "document.documentElement.scrollWidth - document.documentElement.clientWidth"
                )
                self.assertEqual(wide, 0)

    def test_reading_order(self):
        for width in (PHONE, DESKTOP):
            with self.subTest(width=width):
                self.browser.open("page.html", width)
                read = self.browser.reading()
                headings = [(p["level"], name) for role, name, p, _ in read if role == "heading"]
                levels = [level for level, _ in headings]
                self.assertEqual(levels[0], 1)
                self.assertEqual(levels.count(1), 1)
                self.assertTrue(all(b <= a + 1 for a, b in zip(levels, levels[1:])), levels)
                self.assertEqual(
                    [name for level, name in headings if level == 2],
                    ["At a glance", "Five passages to practise", "Time", "Left hand and right hand",
                     "Progress", "Bar by bar", "How it was counted"],
                )  # fmt: skip
                # A place: its heading, its picture, then the same in words.
                places = [i for i, (role, _, p, _) in enumerate(read)
                          if role == "heading" and p["level"] == 3]  # fmt: skip
                self.assertEqual(len(places), 5)
                for start in places:
                    roles = [role for role, *_ in read[start : start + 12]]
                    self.assertLess(roles.index("image"), roles.index("list"), roles)
                    self.assertIn("listitem", roles)
                # Read top to bottom, and left to right where two stand side by side.
                tops = self.browser.evaluate(TOPS)
                for (top, left), (next_top, next_left) in zip(tops, tops[1:]):
                    self.assertTrue(next_top > top or next_left > left, tops)

    def test_everything_has_a_name(self):
        self.browser.open("page.html", PHONE)
        self.browser.evaluate("document.querySelector('details').open = true")
        read = self.browser.reading()
        self.assertEqual(read[0][0], "RootWebArea")
        self.assertIn("practice report", read[0][1])
        self.assertEqual([role for role, *_ in read].count("main"), 1)
        images = [name for role, name, *_ in read if role in ("image", "img")]
        pictures = 6 if shutil.which("abcm2ps") else 7  # and the curve; rolls have a legend
        self.assertEqual(len(images), pictures)
        self.assertTrue(all(images), images)
        self.assertEqual(len(set(images)), pictures, images)
        tables = [i for i, (role, *_) in enumerate(read) if role == "table"]
        self.assertEqual(len(tables), 3)
        for start in tables:
            depth = read[start][3]
            inside = []
            for role, name, _, deep in read[start + 1 :]:
                if deep <= depth:
                    break
                inside.append((role, name))
            heads = [name for role, name in inside if role == "columnheader"]
            self.assertGreaterEqual(len(heads), 4)
            self.assertTrue(all(heads))
            rows = sum(role == "row" for role, _ in inside)
            self.assertEqual(sum(role == "rowheader" for role, _ in inside), rows - 1)

    def test_texts_can_be_read(self):
        for width, scheme in ((PHONE, "light"), (DESKTOP, "light"), (DESKTOP, "dark")):
            self.browser.ask(
                "Emulation.setEmulatedMedia",
                features=[{"name": "prefers-color-scheme", "value": scheme}],
            )
            self.browser.open("page.html", width)
            self.browser.evaluate("document.querySelector('details').open = true")
            texts = self.browser.texts()
            self.assertGreater(len(texts), 100)
            dark = luminance(self.browser.evaluate("getComputedStyle(document.body).backgroundColor"))
            self.assertEqual(scheme == "dark", dark < 0.1)
            for text, colour, behind, size in texts:
                self.assertGreaterEqual(contrast(colour, behind), 7, text)
                self.assertGreaterEqual(size, 13, text)

    def test_prints_on_two_pages(self):
        """Three sessions of 24 bars, on A4 and Letter, without colours of the background."""
        import base64

        self.browser.open("page.html", DESKTOP)
        for width, height in ((8.27, 11.69), (8.5, 11)):
            data = self.browser.ask(
                "Page.printToPDF", paperWidth=width, paperHeight=height, printBackground=False
            )["data"]
            pages = len(re.findall(rb"/Type\s*/Page\b", base64.b64decode(data)))
            self.assertIn(pages, (1, 2))

    def test_needs_nothing_else(self):
        self.browser.open("page.html", DESKTOP)
        self.assertEqual(len(self.browser.requests()), 1, self.browser.requests())


if __name__ == "__main__":
    unittest.main()
