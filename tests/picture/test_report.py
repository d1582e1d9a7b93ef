"""report: numbers against injected errors, the page as a browser would read it."""

import csv
import html.parser
import json
import os
import random
import re
import shutil
import unittest

import mido

from audiogenrl import Case, ons, piece, run

VOID = {"meta", "br", "hr", "img", "input", "link"}


class Page(html.parser.HTMLParser):
    """Checks that tags nest and ids are unique; gathers what there is."""

    def __init__(self, text):
        super().__init__()
        self.open, self.ids, self.tags, self.texts = [], [], [], []
        self.attributes = []
        self.feed(text)
        self.close()
        assert not self.open, self.open

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += [(tag, key, value) for key, value in attrs]
        self.ids += [value for key, value in attrs if key == "id"]
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.handle_starttag(tag, attrs)
        self.open.pop()

    def handle_endtag(self, tag):
        assert self.open and self.open[-1] == tag, (tag, self.open)
        self.open.pop()

    def handle_data(self, data):
        if data.strip() and not {"style", "script"} & set(self.open):
            self.texts.append(data.strip())


class Report(Case):
    def setUp(self):
        super().setUp()
        piece(bars=24)

    def injected(self, spec, path="played.mid", seed=1):
        """The counts that `errors` tells."""
        done = self.succeeds(
            "errors", "--json", "--seed", seed, spec, "piece.mid", "-o", path, "--truth", "truth.csv"
        )
        return json.loads(done.stdout)

    def report(self, path="played.mid", *options):
        done = self.succeeds(
            "report", "--json", "-m", "piece.mid", path, "-o", "page.html", *options
        )
        return json.loads(done.stdout)

    def page(self):
        with open("page.html", encoding="utf-8") as file:
            text = file.read()
        return text, Page(text)

    def test_played_right(self):
        found = self.report("piece.mid")
        count = len(ons("piece.mid"))
        self.assertEqual(found["piece"], "piece")
        self.assertEqual(
            found["total"], {"right": count, "wrong": 0, "left_out": 0, "added": 0}
        )
        self.assertEqual((found["passes"], found["elsewhere"], found["stops"]), (1, 0, 0))
        self.assertAlmostEqual(found["tempo"], 96, delta=0.01)
        self.assertLess(found["unsteady"], 0.01)
        self.assertEqual(found["practise"], [])
        self.assertEqual(found["right_hand"]["right"], 24 * 8)
        self.assertEqual(found["left_hand"]["right"], 24 * 6)
        self.assertEqual([bar["right"] for bar in found["bars"]], [14] * 24)

    def test_numbers_are_those_injected(self):
        for seed in range(1, 6):
            for spec in ("shift:p=0.1", "shift:p=0.1,drop=0.04", "none:drop=0.05,add=0.05"):
                with self.subTest(spec=spec, seed=seed):
                    told = self.injected(spec, seed=seed)
                    total = self.report()["total"]
                    # A wrong note may be the right one of its neighbour: two exchanged
                    # notes of a chord are no fault to anybody's ear.
                    self.assertAlmostEqual(total["wrong"], told["wrong"], delta=2)
                    self.assertAlmostEqual(total["left_out"], told["dropped"], delta=2)
                    self.assertAlmostEqual(total["added"], told["added"], delta=2)
                    due = total["right"] + total["wrong"] + total["left_out"]
                    self.assertEqual(due, told["notes"])

    def test_bars_are_those_injected(self):
        self.injected("shift:p=0.15", seed=3)
        expected = [0] * 24
        with open("truth.csv", encoding="utf-8") as file:
            for row in csv.DictReader(file):
                if row["meant"] != row["played"]:
                    expected[int(float(row["slot"])) // 16] += 1
        found = self.report()
        off = sum(abs(bar["wrong"] - n) for bar, n in zip(found["bars"], expected))
        self.assertGreater(sum(expected), 30)
        self.assertLessEqual(off, 2)
        places = [range(place["from"], place["to"] + 1) for place in found["practise"]]
        self.assertEqual(len(places), 5)
        covered = [bar for place in places for bar in place]
        self.assertEqual(len(covered), len(set(covered)))
        self.assertTrue(all(len(place) <= 4 for place in places))
        most = max(bar["wrong"] for bar in found["bars"])
        self.assertLessEqual(
            {bar["bar"] for bar in found["bars"] if bar["wrong"] == most}, set(covered)
        )

    def test_practice_with_repeats_is_cut_into_passes(self):
        """Bars 1-6, then 3-6 again, then on to 9: counted bar by bar, played by hand."""
        draw = random.Random(2)
        music = mido.MidiFile("piece.mid")
        struck = [(where[1] / 480, pitch) for where, pitch in ons("piece.mid")]
        out, clock = [], 1.0
        for first, last in ((0, 6), (2, 9)):
            for beat, pitch in sorted(struck):
                if 4 * first <= beat < 4 * last:
                    seconds = clock + (beat - 4 * first) * 0.7 + draw.gauss(0, 0.008)
                    out += [(seconds, 1, pitch), (seconds + 0.3, 0, pitch)]
            clock += 4 * (last - first) * 0.7
        track = mido.MidiTrack()
        now = 0
        for seconds, on, pitch in sorted(out):
            tick = int(seconds * 960)
            track.append(
                mido.Message("note_on", note=pitch, velocity=70 * on, time=max(0, tick - now))
            )
            now = max(now, tick)
        recording = mido.MidiFile(type=0, ticks_per_beat=480)
        recording.tracks.append(track)
        recording.save("practice.mid")
        found = self.report("practice.mid")
        self.assertEqual(found["elsewhere"], 0)
        self.assertAlmostEqual(found["tempo"], 60 / 0.7, delta=1)
        self.assertEqual(found["total"]["wrong"], 0)
        self.assertGreaterEqual(found["total"]["right"], len(out) // 2 - 2)
        self.assertLessEqual(found["passes"], 3)
        self.assertTrue(music.tracks)

    def test_bars_played_again_count_there_and_not_at_their_twins(self):
        """Bars 5-8 of 24 again and again; each phrase stands in several bars."""
        struck = sorted((where[1] / 480, pitch) for where, pitch in ons("piece.mid"))
        twins = [pitch for beat, pitch in struck if beat < 4]
        copy = mido.MidiFile(type=0, ticks_per_beat=480)
        copy.tracks.append(mido.MidiTrack())
        again = mido.MidiFile(type=0, ticks_per_beat=480)
        again.tracks.append(mido.MidiTrack())
        self.assertGreater(len(twins), 8)
        # The piece: its first eight bars, three times over.
        for file, parts in (
            (copy, [(0, 8), (0, 8), (0, 8)]),
            (again, [(0, 8), (4, 8), (4, 8), (4, 8)]),
        ):
            events, bar = [], 0
            for first, last in parts:
                for beat, pitch in struck:
                    if 4 * first <= beat < 4 * last:
                        tick = round(480 * (beat + 4 * (bar - first)))
                        events += [(tick, 1, pitch), (tick + 100, 0, pitch)]
                bar += last - first
            now = 0
            for tick, on, pitch in sorted(events):
                file.tracks[0].append(
                    mido.Message("note_on", note=pitch, velocity=70 * on, time=tick - now)
                )
                now = tick
        copy.save("copy.mid")
        again.save("again.mid")
        done = self.succeeds("report", "--json", "-m", "copy.mid", "again.mid", "-o", "page.html")
        found = json.loads(done.stdout)
        self.assertEqual(found["passes"], 4)
        self.assertEqual(found["total"]["wrong"] + found["total"]["left_out"], 0)
        played = [bar["passes"] for bar in found["bars"]]
        self.assertEqual(played, [1] * 4 + [4] * 4 + [0] * 16)

    def test_page(self):
        self.injected("shift:p=0.1,drop=0.04,add=0.04")
        found = self.report()
        text, page = self.page()
        self.assertTrue(text.startswith("<!DOCTYPE html>\n<html lang=\"en\">"))
        self.assertEqual(len(page.ids), len(set(page.ids)))
        for tag in ("script", "link", "img", "iframe", "object", "embed"):
            self.assertNotIn(tag, page.tags)
        for tag, key, value in page.attributes:
            if key in ("src", "href", "xlink:href", "action", "srcset"):
                self.assertTrue(value.startswith("#"), (tag, key, value))
                self.assertIn(value[1:], page.ids)
        self.assertFalse(re.search(r"url\((?!#)|@import", text))
        for name in re.findall(r"url\(#([^)]*)\)", text):
            self.assertIn(name, page.ids)
        pictures = 5 if shutil.which("abcm2ps") else 6  # rolls have a legend
        self.assertEqual(page.tags.count("svg"), pictures)
        self.assertEqual(page.tags.count("h1"), 1)
        labels = [value for tag, key, value in page.attributes if key == "aria-labelledby"]
        self.assertEqual(len(labels), pictures)
        for label in labels:
            for name in label.split():
                self.assertIn(name, page.ids)
        words = " ".join(page.texts)
        for number in ("wrong", "left_out", "added"):
            self.assertIn(str(found["total"][number]), words)
        order = [words.index(heading) for heading in (
            "Practice report: piece", "At a glance", "Five passages to practise",
            "Time", "Left hand and right hand", "Progress", "Bar by bar", "How it was counted")]  # fmt: skip
        self.assertEqual(order, sorted(order))

    def test_progress(self):
        for day, (path, spec) in enumerate(
            (("one.mid", "shift:p=0.3"), ("two.mid", "shift:p=0.2"), ("three.mid", "none"))
        ):
            self.injected(spec, path)
            os.utime(path, (1700000000 + 86400 * day,) * 2)
        piece("other.mid", bars=24, seed=99)
        os.utime("other.mid", (1699999999,) * 2)
        with open("broken.mid", "wb") as file:
            file.write(b"MThd")
        os.utime("broken.mid", (1699999999,) * 2)
        found = self.report("two.mid")
        self.assertEqual([s["session"] for s in found["earlier"]], ["one"])
        found = self.report("three.mid")
        self.assertEqual([s["session"] for s in found["earlier"]], ["one", "two"])
        wrong = [s["wrong"] for s in found["earlier"]] + [found["total"]["wrong"]]
        self.assertEqual(wrong, sorted(wrong, reverse=True))
        self.assertIn("better", self.page()[0])

    def test_recordings_of_the_service_are_called_by_their_time(self):
        self.injected("none", "2025-06-30_18-05-59.mid")
        os.utime("2025-06-30_18-05-59.mid", (1700000000,) * 2)
        self.injected("none", "2025-07-01_09-15-00-2.mid")
        self.report("2025-07-01_09-15-00-2.mid")
        text, page = self.page()
        words = " ".join(page.texts)
        self.assertIn("Recording 2025-07-01 09:15", words)
        self.assertIn("2025-06-30 18:05", words)
        self.assertNotIn("18-05-59", words)
        self.assertNotIn("2023", text)
        self.injected("none", "2025-07-01.mid")
        os.utime("2025-07-01.mid", (1700000000,) * 2)
        self.report("2025-07-01.mid")
        self.assertIn("2025-07-01, 2023-11-14 22:13", re.sub(r"</?span>", "", self.page()[0]))

    def test_other_music_is_not_recognised(self):
        piece("other.mid", bars=24, seed=99)
        found = self.report("other.mid")
        self.assertIsNone(found["piece"])
        self.assertEqual(found["bars"], [])
        text, page = self.page()
        self.assertIn("not recognised", text)
        self.assertNotIn("svg", page.tags)

    def test_service_recording(self):
        """Of a file with a track of what was played and one of what was sent, the first counts."""
        told = self.injected("shift:p=0.2")
        music = mido.MidiFile(type=1, ticks_per_beat=480)
        for name, path in (("played", "played.mid"), ("sent", "piece.mid")):
            source = mido.MidiFile(path)
            track = mido.merge_tracks(source.tracks[1:])
            track = mido.MidiTrack([m for m in track if m.type in ("note_on", "note_off")])
            track.insert(0, mido.MetaMessage("track_name", name=name, time=0))
            if name == "played":
                track.insert(0, mido.MetaMessage("set_tempo", tempo=625000, time=0))
            music.tracks.append(track)
        music.save("session.mid")
        found = self.report("session.mid")
        self.assertEqual(found["notes"], told["notes"])
        self.assertAlmostEqual(found["total"]["wrong"], told["wrong"], delta=2)

    def test_model_in_place_of_the_piece(self):
        self.succeeds("train", "-q", "--steps", "20000", "piece.mid")
        told = self.injected("shift:p=0.1")
        done = self.succeeds(
            "report", "--json", "-m", "piece.model", "played.mid", "-o", "page.html"
        )
        self.assertAlmostEqual(json.loads(done.stdout)["total"]["wrong"], told["wrong"], delta=2)
        self.assertNotIn("counted in fours", self.page()[0])

    def test_default_name_and_streams(self):
        self.injected("none")
        self.succeeds("report", "-q", "-m", "piece.mid", "played.mid")
        self.assertTrue(os.path.exists("played.report.html"))
        with open("played.mid", "rb") as file:
            done = run("report", "-m", "piece.mid", "-", input=file.read())
        self.assertEqual(done.returncode, 0)
        Page(done.stdout.decode())

    def test_failures(self):
        self.injected("none")
        self.fails(2, "report", "-m", "piece.mid")
        self.fails(2, "report", "-m", "piece.mid", "played.mid", "-o", "-", "--json")
        self.fails(1, "report", "-m", "piece.mid", "missing.mid", says="missing.mid")
        self.fails(1, "report", "-m", "missing.mid", "played.mid", says="missing.mid")
        self.fails(1, "report", "-m", "piece.mid", "played.mid", "-o", "no/folder/x.html", says="x.html")


if __name__ == "__main__":
    unittest.main()
