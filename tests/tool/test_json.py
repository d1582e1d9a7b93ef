"""What commands print with --json, against the keys that audiogenrl-json(5) lists."""

import glob
import json
import os
import re
import shutil
import sys
import unittest
import unittest.mock

import mido

SOURCE = os.environ["SOURCE"]
sys.path.insert(0, f"{SOURCE}/tests/daemon")
from audiogenrl import note, ons  # noqa: E402
from service import Service, audiogenrl  # noqa: E402
from test_manual import plain  # noqa: E402
from test_style import SHORT, signed  # noqa: E402

SCALE = [0, 2, 4, 5, 7, 9, 11, 12] * 8


def documented():
    """By command: its keys."""
    found, command, tag = {}, None, False
    with open(f"{SOURCE}/docs/man/audiogenrl-json.5", encoding="utf-8") as file:
        for line in file.read().splitlines():
            if line.startswith(".SS "):
                command = plain(line[4:])
                found[command] = set()
            elif line.startswith(".SH "):
                command = None
            elif tag:
                found[command].update(plain(line).split(", "))
            tag = line == ".TP" and command is not None
    return found


def paths(value, at=""):
    """All keys in it, as the page writes them."""
    found = set()
    if isinstance(value, dict):
        for key, inner in value.items():
            key = "CONTENDER" if at == "trials[]" and isinstance(inner, dict) else key
            path = f"{at}.{key}" if at else key
            found |= {path} | paths(inner, path)
    elif isinstance(value, list):
        for inner in value:
            found |= paths(inner, f"{at}[]")
    return found


class Json(audiogenrl.Case):
    def ask(self, *words):
        return paths(json.loads(self.succeeds(*words, "--json").stdout))

    def same(self, command, found):
        self.assertEqual(found, documented()[command], command)

    def rows(self, command, found, *names):
        """Rows of several arrays have the same keys."""
        for name in names:
            own = {key for key in found if key.startswith(f"{name}[].")}
            self.assertTrue(own)
            found = found - own | {key.replace(f"{name}[]", "row") for key in own}
        self.same(command, found)

    def test_every_command_is_there(self):
        listed = re.findall(r"^  ([a-z]+) ", self.succeeds("--help").stdout.decode(), re.M)
        told = {name.split()[0] for name in documented()}
        with open(f"{SOURCE}/docs/man/audiogenrl-json.5", encoding="utf-8") as file:
            same = re.search(r"^(.*) print the same\.$", file.read(), re.M)[1]
        told.update(re.findall(r"\w+", same.replace(" and ", " ")))
        self.assertEqual(told, {*listed} - {"help", "monitor"})

    def test_of_files(self):
        audiogenrl.piece("piece.mid", bars=12)
        self.same("errors", self.ask("errors", "slip:p=0.2", "piece.mid", "-o", "t1.mid"))
        for seed in (2, 3):
            self.succeeds("errors", "slip:p=0.2", "--seed", seed, "piece.mid", "-o", f"t{seed}.mid")
        self.same("learn", self.ask("learn", "t1.mid", "t2.mid", "t3.mid", "-o", "l.mid", "--report"))
        self.same("train", self.ask("train", "--steps", 5000, "piece.mid", "-o", "m.model"))
        words = ["correct", "-m", "piece.mid", "t1.mid", "-o", "c.mid"]
        self.same("correct", self.ask(*words, "--report", "report.json"))
        with open("report.json", encoding="utf-8") as file:
            self.same("correct", paths(json.load(file)))
        shutil.copy("t2.mid", "2025-06-30_18-05-59.mid")
        shutil.copy("t1.mid", "2025-07-01_18-05-59.mid")
        os.mkdir("pages")
        words = ["report", "-m", "piece.mid", *sorted(glob.glob("2025*.mid")), "-o", "pages"]
        both = json.loads(self.succeeds(*words, "--json").stdout)
        self.assertEqual(len(both), 2)
        self.same("report", paths(both[0]) | paths(both[1]))

    def test_of_scores_and_models(self):
        os.mkdir("songs")
        for seed in range(6):
            audiogenrl.piece(f"songs/{seed}__edition.mid", bars=12, seed=seed)
            signed(f"songs/signed{seed}.mid", seed, [60 + (7 * seed + step) % 12 for step in SCALE])
        found = self.ask("train", "--style", *SHORT, "songs", "-o", "s.model")
        self.same("train --style", found)
        score = f"{SOURCE}/tests/load/data/study.musicxml"
        self.same("convert", self.ask("convert", score, "score.mid"))
        self.succeeds("train", "-q", "--steps", 5000, "songs/1__edition.mid", "-o", "m.model")
        audiogenrl.piece("late.mid", bars=12)
        self.succeeds("errors", "none:jitter=0.9", "late.mid", "-o", "off_grid.mid")
        found = set()
        for name in ("m.model", "s.model", score, "off_grid.mid", unsteady("unsteady.mid")):
            found |= self.ask("inspect", name)
        self.same("inspect", found)

    def test_of_evaluate(self):
        audiogenrl.piece("one.mid", bars=12)
        found = self.ask(
            "evaluate", "--own-models", "--own-steps", 0, "--live", "--errors", "shift:p=0.3", "one.mid"
        )
        self.rows("evaluate", found, "total", "by_file")
        os.mkdir("case")
        shutil.copy("one.mid", "case/score.mid")
        shutil.copy("one.mid", "case/take.mid")
        notes = sorted(ons("one.mid"), key=lambda n: (n[0][1], n[0][0]))
        with open("case/truth.tsv", "w", encoding="ascii") as table:
            table.write("sec\tplayed\tmeant\tkind\n")
            for place, pitch in notes:
                table.write(f"{place[1] / 480 * 60 / 96:.4f}\t{pitch}\t{pitch}\tmatch\n")
        found = self.ask("evaluate", "--real", "case", "--alone", "--own-steps", 0)
        self.rows("evaluate --real", found, "total", "by_case")
        self.succeeds(
            "train", "-q", "--steps", 20000, "--snapshots", "stages", "--every", 16384, "one.mid"
        )
        found = self.ask("evaluate", "--snapshots", "stages", "--repeat", 2, "one.mid")
        self.same("evaluate --snapshots", found)

    def test_of_listen(self):
        audiogenrl.piece("piece.mid", bars=2)
        words = ["listen", "-q", "--before", "-o", "it.wav", "piece.mid"]
        if audiogenrl.run(*words).returncode != 0:
            self.skipTest("needs fluidsynth's library and a SoundFont")
        self.same("listen", self.ask(*words))

    def test_of_the_service(self):
        audiogenrl.piece("piece.mid", bars=12)
        folders = {name: os.path.join(self.folder, name) for name in ("takes", "heard")}
        with Service(
            self.folder, record={"folder": folders["takes"]}, learn={"folder": folders["heard"]}
        ) as service, unittest.mock.patch.dict(os.environ, AUDIOGENRL_SOCKET=service.socket):
            service.ask("status")
            shutil.copy("piece.mid", service.repertoire)
            with open(os.path.join(service.repertoire, "other.mid"), "wb") as file:
                file.write(b"no music")
            service.wait_for(lambda: service.ask("status")["repertoire"]["pieces"] == 1, "it")
            notes, now = [], 0.0
            for message in mido.MidiFile("piece.mid"):
                now += message.time
                if not message.is_meta:
                    notes.append((now, bytes(message.bytes())))
            service.send(*notes)
            service.receive(len(notes))
            self.same("status", self.ask("status"))
            played = lambda: any("played" in piece for piece in service.ask("pieces")["pieces"])
            service.wait_for(played, "what was played")
            self.same("pieces", self.ask("pieces"))
            self.same("ports", self.ask("ports"))
            self.same("record", self.ask("record", "toggle"))
            self.same("fade", self.ask("fade"))
            for words in (["bypass", "off"], ["mode", "correct"], ["follow", 1], ["keep", 0],
                          ["tempo", 100], ["transpose", 0], ["fade", "off"], ["tap"], ["panic"], ["reload"]):  # fmt: skip
                self.same("bypass", self.ask(*words))
            service.finish()


def unsteady(path):
    """Onsets that are on no sixteenths of the file, but in time."""
    file = mido.MidiFile(type=0, ticks_per_beat=480)
    track = mido.MidiTrack()
    for i in range(64):
        note(track, 60 + i % 5, 80, 277)
    file.tracks.append(track)
    file.save(path)
    return path


if __name__ == "__main__":
    unittest.main()
