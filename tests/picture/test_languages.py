"""report in other languages: the page's words, and that no message lacks its translation."""

import glob
import html
import os
import re
import shutil
import subprocess
import unittest

from audiogenrl import PROGRAM, Case, piece

LOCALES, SOURCE = os.environ["LOCALES"], os.environ["SOURCE"]


class Languages(Case):
    def page(self, language):
        subprocess.run(
            [PROGRAM, "report", "-q", "-m", "piece.mid", "played.mid", "-o", "page.html"], check=True,
            env={**os.environ, "AUDIOGENRL_LOCALES": LOCALES, "LANGUAGE": language,
                 "LC_ALL": "C.UTF-8"},
        )  # fmt: skip
        with open("page.html", encoding="utf-8") as file:
            return html.unescape(file.read())

    @unittest.skipUnless(os.path.exists(f"{LOCALES}/de/LC_MESSAGES/audiogenrl.mo"), "no msgfmt")
    def test_german(self):
        piece(bars=8)
        self.succeeds("errors", "-q", "shift:p=0.2,drop=0.05", "piece.mid", "-o", "played.mid")
        english, german = self.page("en"), self.page("de")
        self.assertIn('<html lang="en">', english)
        self.assertIn('<html lang="de">', german)
        for word in ("Übebericht: piece", "Stellen zum Üben", "linke Hand, Takt", " statt "):
            self.assertIn(word, german)
        # B is H, and no word of the English page is left but names and figures.
        self.assertIsNone(re.search(r"\bB[♭♯]?\d", german))
        words = re.sub(r"<style>.*?</style>|<svg.*?</svg>|<[^>]*>", " ", german, flags=re.DOTALL)
        for word in ("hand", "bar", "wrong", "the", "notes", "times"):
            self.assertNotRegex(words, rf"\b{word}\b")

    @unittest.skipUnless(shutil.which("xgettext") and shutil.which("msgcmp"), "needs gettext")
    def test_every_message_is_translated(self):
        sources = sorted(glob.glob(f"{SOURCE}/tool/*.c"))
        subprocess.run(
            ["xgettext", "-L", "C", "--from-code=UTF-8", "-k_", "-kN_", "-kngettext:1,2", "-o",
             "messages.pot", *sources], check=True)  # fmt: skip
        for catalogue in glob.glob(f"{SOURCE}/po/*.po"):
            done = subprocess.run(["msgcmp", catalogue, "messages.pot"], capture_output=True, text=True)
            self.assertEqual(done.returncode, 0, done.stderr)


if __name__ == "__main__":
    unittest.main()
