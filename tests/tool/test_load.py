"""One way in: a file is what its bytes say, in every command; no output takes an input's place."""

import json
import os
import shutil
import subprocess
import unittest
import zipfile

from audiogenrl import PROGRAM, Case, content, piece

QUICK = ["--steps", "8192"]

# What each command does with a piece; {} is the file.
READERS = [
    ["inspect", "{}"],
    ["train", "-q", *QUICK, "-o", "out.model", "{}"],
    ["correct", "-q", "--alone", "-m", "{}", "{}", "-o", "out.mid"],
    ["evaluate", "-q", "--alone", "-m", "{}", "--modes", "correct", "--errors", "none", "{}"],
    ["report", "-q", "-m", "{}", "{}", "-o", "page.html"],
    ["errors", "none", "{}", "-o", "out.mid"],
]


def words_for(command, path):
    return [word.format(path) for word in command]


class Kinds(Case):
    def test_a_piece_by_any_name(self):
        data = content(piece())
        rmid = b"RIFF" + (12 + len(data)).to_bytes(4, "little") + b"RMIDdata"
        rmid += len(data).to_bytes(4, "little") + data
        os.mkdir("pieces")
        for name, held in {
            "PLAIN.MID": data, "karaoke.kar": data, "wrapped.rmi": rmid, "no ending": data,
            "wrong.model": data, "wrong.txt": data,
        }.items():
            path = f"pieces/{name}"
            with open(path, "wb") as file:
                file.write(held)
            for command in READERS:
                with self.subTest(command=command[0], name=name):
                    self.succeeds(*words_for(command, path))

    def test_the_name_of_a_piece(self):
        shutil.copy(piece(), "Für Elise.KAR")
        self.succeeds("train", "-q", *QUICK, "Für Elise.KAR")
        facts = json.loads(self.succeeds("inspect", "--json", "Für Elise.model").stdout)
        self.assertEqual(facts["pieces"][0]["name"], "Für Elise")
        self.succeeds("correct", "-q", "--mode", "off", "Für Elise.KAR")
        self.assertTrue(os.path.exists("Für Elise.corrected.mid"))

    def test_bars_of_a_piece_by_any_name(self):
        shutil.copy(piece(), "PLAIN.MID")
        done = self.succeeds("report", "--json", "-m", "PLAIN.MID", "PLAIN.MID", "-o", "p.html")
        shown = json.loads(done.stdout)
        self.assertEqual(len(shown["bars"]), 16)
        self.assertNotIn("Nothing says where", content("p.html").decode())

    def test_what_is_no_music_is_named(self):
        kinds = {
            "an MP3 recording": b"ID3\4\0\0\0\0",
            "a PDF document": b"%PDF-1.7\n",
            "a web page": b"<!DOCTYPE html>\n<html>",
            "a MusicXML score": b'<?xml version="1.0"?>\n<score-partwise version="4.0">',
            "a text file": b"X:1\nK:C\nCDEF|\n",
        }
        for kind, data in kinds.items():
            with open("piece.mid", "wb") as file:
                file.write(data)
            for command in READERS:
                with self.subTest(command=command[0], kind=kind):
                    self.fails(1, *words_for(command, "piece.mid"), says=f"piece.mid: is {kind}")

    def test_archives_are_named(self):
        for name, kind in (("META-INF/container.xml", "a compressed MusicXML score"),
                           ("a.txt", "a zip archive")):
            with zipfile.ZipFile("piece.mxl", "w") as archive:
                archive.writestr(name, "x")
            for command in READERS:
                with self.subTest(command=command[0], kind=kind):
                    self.fails(1, *words_for(command, "piece.mxl"), says=f"piece.mxl: is {kind}")

    def test_a_model_is_no_music(self):
        self.succeeds("train", "-q", *QUICK, piece())
        for command in READERS[1:]:
            words = [word.format("piece.model") if word == "{}" else word for word in command]
            words = ["piece.mid" if words[i - 1] == "-m" else word for i, word in enumerate(words)]
            self.fails(1, *words, says="piece.model: is an AudioGenRL model")


class Folders(Case):
    def setUp(self):
        super().setUp()
        os.mkdir("repertoire")
        piece("repertoire/b.MID", seed=1)
        shutil.move(piece("a.mid", seed=2), "repertoire/a")
        self.succeeds("train", "-q", *QUICK, "-o", "repertoire/c", piece("c.mid", seed=3))
        with open("repertoire/notes.txt", "w") as file:
            file.write("what to practise\n")

    def test_a_folder_is_all_models_and_pieces_in_it(self):
        names = [f"repertoire/{name}" for name in ("a", "b.MID", "c")]
        for model in (["-m", "repertoire"], [word for name in names for word in ("-m", name)]):
            self.succeeds("correct", "-q", "--alone", *model, "c.mid", "-o", f"out{len(model)}.mid",
                          "--report", "report.json")
            with open("report.json") as file:
                self.assertEqual(json.load(file)["models"], names)
        self.assertTrue(content("out2.mid") == content("out6.mid"))

    def test_no_file_is_taken_twice(self):
        os.symlink("a", "repertoire/link")
        os.link("repertoire/c", "repertoire/hard")
        self.succeeds("correct", "-q", "--alone", "-m", "repertoire", "c.mid", "-o", "out.mid",
                      "--report", "report.json")
        with open("report.json") as file:
            names = json.load(file)["models"]
        self.assertEqual(names, [f"repertoire/{name}" for name in ("a", "b.MID", "c")])

    def test_report_and_evaluate_take_it(self):
        for name, found in (("a", "a"), ("b.MID", "b"), ("c.mid", "c")):
            path = name if name == "c.mid" else f"repertoire/{name}"
            shutil.copy(path, "played.mid")
            done = self.succeeds("report", "--json", "-m", "repertoire", "played.mid", "-o", "p.html")
            self.assertEqual(json.loads(done.stdout)["piece"], found)
        self.succeeds("evaluate", "-q", "-m", "repertoire", "--modes", "correct", "repertoire")

    def test_an_empty_folder(self):
        os.mkdir("empty")
        self.fails(1, "correct", "-m", "empty", "c.mid", says="empty: no MIDI file or model")
        self.fails(1, "train", "empty", says="empty: no MIDI file in this folder")


class Shipped(Case):
    """The style model that comes with the program is found from where the program is."""

    def models(self, program):
        done = subprocess.run(
            [program, "correct", "-q", "piece.mid", "-o", "out.mid", "--report", "report.json"],
            stderr=subprocess.PIPE, check=False,
        )
        self.assertEqual(done.returncode, 0, done.stderr.decode())
        with open("report.json") as file:
            return json.load(file)["models"]

    def test_it_is_found(self):
        piece()
        (found,) = self.models(PROGRAM)
        self.assertTrue(found.endswith("/default.model"), found)
        for place in ("models", "share/audiogenrl"):
            os.makedirs("prefix/bin")
            os.makedirs(f"prefix/{place}")
            shutil.copy(PROGRAM, "prefix/bin")
            shutil.copy(found, f"prefix/{place}")
            path = os.path.realpath(f"prefix/{place}/default.model")
            self.assertEqual(self.models("prefix/bin/audiogenrl"), [path])
            shutil.rmtree("prefix")


class Outputs(Case):
    def test_no_input_is_overwritten(self):
        piece()
        piece("other.mid", seed=3)
        os.symlink("piece.mid", "link.mid")
        os.link("piece.mid", "hard.mid")
        for output in ("piece.mid", "./piece.mid", "link.mid", "hard.mid"):
            for words in (
                ["correct", "--mode", "off", "piece.mid", "-o", output],
                ["correct", "--mode", "off", "piece.mid", "-o", "x.mid", "--report", output],
                ["correct", "-m", "piece.mid", "other.mid", "-o", output],
                ["errors", "none", "piece.mid", "-o", output],
                ["errors", "none", "piece.mid", "-o", "x.mid", "--truth", output],
                ["evaluate", "--errors", "none", "piece.mid", "--csv", output],
                ["evaluate", "-m", "piece.mid", "--errors", "none", "other.mid", "--csv", output],
                ["report", "-m", "piece.mid", "other.mid", "-o", output],
                ["train", *QUICK, "piece.mid", "-o", output],
                ["train", *QUICK, "piece.mid", "-o", "x.model", "--log", output],
            ):
                with self.subTest(words=words):
                    self.fails(1, *words, says="is the input")

    def test_what_is_no_input_is_overwritten(self):
        piece()
        self.succeeds("train", "-q", *QUICK, "piece.mid")
        self.succeeds("train", "-q", *QUICK, "piece.mid")
        self.succeeds("train", "-q", "--resume", "piece.model", "--steps", "20000")
        self.succeeds("correct", "-q", "-m", "piece.model", "piece.mid")
        self.succeeds("correct", "-q", "-m", "piece.model", "piece.mid")


if __name__ == "__main__":
    unittest.main()
