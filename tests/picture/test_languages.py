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


# What users of the command read: of other folders only what is wrong with their files.
TRANSLATED = [
    "tool/*.c", "load/*.c", "base/*.c", "picture/*.c", "midi/smf*.c", "midi/midifile.c",
    "piece/musicxml*.c", "piece/mxl.c", "piece/model_read*.c", "filter/take*.c", "measure/inject.c",
]  # fmt: skip
MESSAGES = ["error_set", "command_usage", "command_note", "command_warn"]


class Languages(Case):
    def in_german(self, *words):
        done = subprocess.run(
            [PROGRAM, *words], capture_output=True, text=True,
            env={**os.environ, "AUDIOGENRL_LOCALES": LOCALES, "LANGUAGE": "de", "LC_ALL": "C.UTF-8"},
        )  # fmt: skip
        return done.returncode, done.stderr

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

    @unittest.skipUnless(os.path.exists(f"{LOCALES}/de/LC_MESSAGES/audiogenrl.mo"), "no msgfmt")
    def test_messages(self):
        with open("empty.mid", "wb"):
            pass
        self.assertEqual(
            self.in_german("inspect", "empty.mid"),
            (1, "audiogenrl: empty.mid: ist leer, eine Standard-MIDI-Datei erwartet\n"),
        )
        self.assertEqual(
            self.in_german("report"),
            (2, "audiogenrl: report: eine Datei RECORDING.mid oder einen Ordner davon erwartet; siehe "
                "audiogenrl report --help\n"),
        )  # fmt: skip
        self.assertIn("unbekannt: Befehl reprot; meinten Sie report?", self.in_german("reprot")[1])

    @unittest.skipUnless(shutil.which("xgettext") and shutil.which("msgcmp"), "needs gettext")
    def test_every_message_is_translated(self):
        sources = sorted(file for pattern in TRANSLATED for file in glob.glob(f"{SOURCE}/{pattern}"))
        keywords = ["_", "N_", "ngettext:1,2"] + [f"{name}:2" for name in MESSAGES]
        subprocess.run(
            ["xgettext", "-L", "C", "--from-code=UTF-8", *(f"-k{word}" for word in keywords), "-o",
             "messages.pot", *sources], check=True)  # fmt: skip
        for catalogue in glob.glob(f"{SOURCE}/po/*.po"):
            done = subprocess.run(["msgcmp", catalogue, "messages.pot"], capture_output=True, text=True)
            self.assertEqual(done.returncode, 0, done.stderr)


if __name__ == "__main__":
    unittest.main()
