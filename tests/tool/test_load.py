"""One way in: a file is what its bytes say, in every command; no output takes an input's place."""

import json
import os
import shutil
import subprocess
import unittest
import zipfile

import mido

from audiogenrl import PROGRAM, Case, content, piece, run

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


SCORE = """<?xml version="1.0"?>
<score-partwise><work><work-title>Two bars</work-title></work><identification>
<creator type="composer">Nobody</creator></identification><part-list>
<score-part id="V"><part-name>Voice</part-name><midi-instrument id="i"><midi-program>53</midi-program>
</midi-instrument></score-part><score-part id="P"><part-name>Piano</part-name></score-part></part-list>
<part id="V">{voice}</part><part id="P">{piano}</part></score-partwise>"""


def bar(number, steps, more="", staff=1, head=""):
    notes = "".join(
        f"<note><pitch><step>{step}</step><octave>{5 - staff}</octave></pitch>"
        f"<duration>1</duration><staff>{staff}</staff></note>"
        for step in steps
    )
    return f"<measure number='{number}'>{head}{notes}{more}</measure>"


def score():
    back = "<backup><duration>4</duration></backup>"
    left = "".join(
        f"<note><pitch><step>{step}</step><octave>3</octave></pitch><duration>2</duration>"
        "<staff>2</staff></note>"
        for step in "CG"
    )
    repeat = "<barline location='right'><repeat direction='backward'/></barline>"
    head = "<attributes><divisions>1</divisions></attributes>"
    return SCORE.format(
        voice=bar(1, "GGAA", head=head) + bar(2, "GGEE", repeat),
        piano=bar(1, "CDEF", back + left, head=head) + bar(2, "GFED", back + left + repeat),
    ).encode()


def compressed(name, data):
    with zipfile.ZipFile(name, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(
            "META-INF/container.xml",
            "<container><rootfiles><rootfile full-path='s.xml'/></rootfiles></container>",
        )
        archive.writestr("s.xml", data)
    return name


class Scores(Case):
    def setUp(self):
        super().setUp()
        if b"built without" in run("inspect", self.write("s.musicxml", score())).stderr:
            self.skipTest("no libxml2 and libzip")

    def write(self, name, data):
        with open(name, "wb") as file:
            file.write(data)
        return name

    def notes(self, path):
        found = []
        for track in mido.MidiFile(path).tracks:
            tick = 0
            for message in track:
                tick += message.time
                if message.type == "note_on":
                    found.append((tick / 480, message.note))
        return sorted(found)

    def test_taken_as_a_piece(self):
        os.mkdir("pieces")
        for path in (compressed("pieces/s.mxl", score()), self.write("pieces/odd.name", score())):
            for command in READERS:
                with self.subTest(command=command[0], path=path):
                    self.succeeds(*words_for(command, path))
        self.succeeds("train", "-q", *QUICK, "-o", "folder.model", "pieces")
        facts = json.loads(self.succeeds("inspect", "--json", "folder.model").stdout)
        self.assertEqual([(p["name"], p["notes"]) for p in facts["pieces"]], [("odd.name", 24), ("s", 24)])

    def test_parts(self):
        self.succeeds("train", "-q", *QUICK, "-o", "m.model", "--part", "1", "s.musicxml")
        facts = json.loads(self.succeeds("inspect", "--json", "m.model").stdout)
        self.assertEqual(facts["pieces"][0]["notes"], 16)
        self.fails(1, "train", "--part", "3", "s.musicxml", says="has 2 parts, none of number 3")
        self.fails(2, "train", "--part", "-1", "s.musicxml", says="--part counts from 1")

    def test_inspect(self):
        facts = json.loads(self.succeeds("inspect", "--json", "s.musicxml").stdout)
        want = {"title": "Two bars", "composer": "Nobody", "bars": 2, "bars_played": 4, "repeats": 1}
        self.assertEqual({key: facts[key] for key in want}, want)
        self.assertEqual(
            [(p["name"], p["staves"], p["taken"]) for p in facts["parts"]],
            [("Voice", 1, False), ("Piano", 2, True)],
        )
        text = self.succeeds("inspect", "s.musicxml").stdout.decode()
        self.assertIn("bars       2, played 4; repeats and jumps: 1\n", text)
        self.assertIn("part 2     Piano, 2 staves, taken\n", text)

    def test_convert(self):
        once = {
            "voice": [(i, 67) for i in (0, 1, 4, 5)] + [(2, 69), (3, 69), (6, 64), (7, 64)],
            "right": list(enumerate((60, 62, 64, 65, 67, 65, 64, 62))),
            "left": [(0, 48), (2, 55), (4, 48), (6, 55)],
        }
        want = {hand: sorted(n + [(t + 8, p) for t, p in n]) for hand, n in once.items()}
        for path in ("s.musicxml", compressed("s.mxl", score())):
            self.succeeds("convert", path, "out.mid")
            self.assertEqual(self.notes("out.mid"), sorted(sum(want.values(), [])))
            names = [track.name for track in mido.MidiFile("out.mid").tracks]
            self.assertEqual(names, ["Two bars", "Voice", "Piano, right hand", "Piano, left hand"])
        self.succeeds("convert", "--part", "2", "s.mxl", "out.mid")
        self.assertEqual(self.notes("out.mid"), sorted(want["right"] + want["left"]))
        self.fails(1, "convert", "--part", "3", "s.mxl", "new.mid", says="has 2 parts")
        self.fails(1, "convert", "s.mxl", "s.mxl", says="s.mxl")
        self.fails(2, "convert", "s.mxl")

    def test_pick_up(self):
        part = (
            "<measure number='0' implicit='yes'><attributes><divisions>2</divisions><time>"
            "<beats>3</beats><beat-type>4</beat-type></time></attributes><note><pitch><step>C</step>"
            "<octave>5</octave></pitch><duration>1</duration></note></measure>"
        ) + "".join(
            f"<measure number='{n}'><note><pitch><step>D</step><octave>5</octave></pitch>"
            "<duration>6</duration></note></measure>"
            for n in (1, 2)
        )
        self.write("s.xml", SCORE.format(voice="", piano=part).encode())
        self.succeeds("convert", "s.xml", "out.mid")
        tick, found = 0, []
        for message in mido.MidiFile("out.mid").tracks[0]:
            tick += message.time
            if message.type == "time_signature":
                found.append((tick / 480, message.numerator, message.denominator))
        self.assertEqual(found, [(0, 1, 8), (0.5, 3, 4)])
        self.assertEqual(self.notes("out.mid"), [(0, 72), (0.5, 74), (3.5, 74)])

    def test_other_archives(self):
        with zipfile.ZipFile("own.mscz", "w") as archive:
            archive.writestr("score.mscx", "<museScore/>")
        self.fails(1, "inspect", "own.mscz", says="export it there as MusicXML: File, Export")
        self.fails(1, "inspect", self.write("own.mscx", b"<museScore version='3'>"), says="export it")
        with zipfile.ZipFile("other.zip", "w") as archive:
            archive.writestr("a.txt", "x")
        self.fails(1, "inspect", "other.zip", says="a zip archive without a MusicXML score")


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
            "a text file": b"X:1\nK:C\nCDEF|\n",
        }
        for kind, data in kinds.items():
            with open("piece.mid", "wb") as file:
                file.write(data)
            for command in READERS:
                with self.subTest(command=command[0], kind=kind):
                    self.fails(1, *words_for(command, "piece.mid"), says=f"piece.mid: is {kind}")

    def test_archives_are_named(self):
        for name, kind in (("META-INF/container.xml", "a zip archive"), ("a.txt", "a zip archive")):
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
