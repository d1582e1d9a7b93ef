"""correct: what may change and what may not, streams, reports, repair."""

import json
import os
import random
import unittest

import mido

from audiogenrl import Case, content, note, ons, piece, run, without_pitches


class Correct(Case):
    def setUp(self):
        super().setUp()
        piece(bars=24)
        self.succeeds("train", "-q", "--steps", "100000", "piece.mid")
        self.succeeds("errors", "-q", "shift:p=0.3,max=2", "piece.mid", "-o", "played.mid")

    def wrong(self, path):
        return sum(1 for (_, x), (_, y) in zip(ons("piece.mid"), ons(path)) if x != y)

    def test_only_pitches_change(self):
        for mode in ("off", "scale", "correct", "generate"):
            for live in ([], ["--live"]):
                with self.subTest(mode=mode, live=live):
                    self.succeeds(
                        "correct", "-q", "-m", "piece.model", "--mode", mode, *live, "played.mid",
                        "-o", "out.mid",
                    )
                    self.assertEqual(without_pitches("played.mid"), without_pitches("out.mid"))
                    self.assertEqual(len(content("played.mid")), len(content("out.mid")))
                    if mode == "off":
                        self.assertTrue(content("played.mid") == content("out.mid"))

    def test_repairs(self):
        before = self.wrong("played.mid")
        self.assertGreater(before, 50)
        for live in ([], ["--live"]):
            self.succeeds("correct", "-q", "-m", "piece.model", *live, "played.mid", "-o", "out.mid")
            self.assertLess(self.wrong("out.mid"), before * 0.1)
        self.succeeds("correct", "-q", "-m", "piece.mid", "played.mid", "-o", "out.mid")
        self.assertLess(self.wrong("out.mid"), before * 0.1)

    def test_written_tempos_are_expected(self):
        # Quarters and eighths at random, by turns three times as slow as in the bars before.
        draw, slow, fast = random.Random(3), 1500000, 500000
        steps = [draw.choice([240, 240, 480]) for _ in range(240)]
        pitches = [draw.randrange(48, 84) for _ in steps]
        score, played = mido.MidiFile(ticks_per_beat=480), mido.MidiFile(ticks_per_beat=480)
        for file, marked in ((score, True), (played, False)):
            track = mido.MidiTrack()
            for i, step in enumerate(steps):
                is_slow = i // 40 % 2 == 1
                if marked and i % 40 == 0:
                    track.append(mido.MetaMessage("set_tempo", tempo=slow if is_slow else fast))
                ticks = step if marked or not is_slow else 3 * step
                note(track, pitches[i] if marked else 60, 80, ticks)
            file.tracks.append(track)
        score.save("score.mid")
        played.save("keys.mid")
        self.succeeds("correct", "-q", "--live", "--mode", "generate", "--grid", "file", "-m", "score.mid",
                      "keys.mid", "-o", "out.mid")  # fmt: skip
        wrong = [i for i, (_, pitch) in enumerate(ons("out.mid")) if pitch != pitches[i]]
        self.assertLessEqual(len(wrong), 4, wrong)

    def test_clean_playing_stays(self):
        for live in ([], ["--live"]):
            self.succeeds("correct", "-q", "-m", "piece.model", *live, "piece.mid", "-o", "out.mid")
            self.assertEqual(self.wrong("out.mid"), 0)

    def test_default_name(self):
        self.succeeds("correct", "--mode", "scale", "played.mid")
        self.assertTrue(os.path.exists("played.corrected.mid"))
        os.rename("played.mid", "take")
        self.succeeds("correct", "--mode", "scale", "take")
        self.assertTrue(os.path.exists("take.corrected.mid"))

    def test_streams(self):
        self.succeeds("correct", "-q", "-m", "piece.model", "played.mid", "-o", "out.mid")
        for words in ([], ["-o", "-"]):
            done = run("correct", "-m", "piece.model", "-", *words, input=content("played.mid"))
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertTrue(done.stdout == content("out.mid"))
            self.assertEqual(done.stderr, b"")

    def test_report(self):
        self.succeeds(
            "correct", "-q", "--live", "-m", "piece.model", "played.mid", "-o", "out.mid",
            "--report", "report.json",
        )
        with open("report.json") as file:
            report = json.load(file)
        played, sent = ons("played.mid"), ons("out.mid")
        self.assertEqual(
            sorted((n["track"] - 1, n["tick"], n["played"], n["sent"]) for n in report["notes"]),
            sorted((k[0], k[1], x, y) for (k, x), (_, y) in zip(played, sent)),
        )
        places = [note["place"] for note in report["notes"]]
        self.assertTrue(all(place["name"] == places[0]["name"] for place in places))
        self.assertEqual(
            [(place["bar"], place["beat_of_bar"], place["onset"]) for place in places[:2]],
            [(1, 1.0, 0), (1, 1.0, 0)],
        )
        summary = report["summary"]
        self.assertEqual(summary["notes"], len(played))
        self.assertEqual(summary["changed"], sum(1 for (_, x), (_, y) in zip(played, sent) if x != y))
        shown = self.succeeds(
            "correct", "--json", "--live", "-m", "piece.model", "played.mid", "-o", "out.mid"
        )
        self.assertEqual(json.loads(shown.stdout), report)
        whole = self.succeeds("correct", "--json", "-m", "piece.model", "played.mid", "-o", "out.mid")
        sure = [note["place"]["sure"] for note in json.loads(whole.stdout)["notes"]]
        self.assertGreater(sum(probability > 0.9 for probability in sure), 0.8 * len(sure))

    def test_same_seed_same_bytes(self):
        for mode in ("correct", "generate"):
            for name, seed in (("a", 4), ("b", 4)):
                self.succeeds(
                    "correct", "-q", "-m", "piece.model", "--mode", mode, "--seed", seed,
                    "played.mid", "-o", f"{name}.mid",
                )
            self.assertTrue(content("a.mid") == content("b.mid"))

    def test_tracks_left_alone(self):
        self.succeeds(
            "correct", "-q", "-m", "piece.model", "--tracks", "RIGHT", "played.mid", "-o", "out.mid"
        )
        for (key, x), (_, y) in zip(ons("played.mid"), ons("out.mid")):
            if key[0] != 1:
                self.assertEqual(x, y)

    def test_drums_left_alone(self):
        file = mido.MidiFile("played.mid")
        drums = mido.MidiTrack([mido.MetaMessage("track_name", name="DRUMS", time=0)])
        for i in range(200):
            note(drums, 35 + i % 9, 100, 240, channel=9)
        file.tracks.append(drums)
        file.save("drums.mid")
        for words in ([], ["--tracks", "RIGHT,LEFT"], ["--channels", "1"]):
            self.succeeds(
                "correct", "-q", "-m", "piece.model", "--mode", "generate", *words, "drums.mid",
                "-o", "out.mid",
            )
            for (key, x), (_, y) in zip(ons("drums.mid"), ons("out.mid")):
                if key[2] == 9:
                    self.assertEqual(x, y)
            self.assertTrue(content("drums.mid") != content("out.mid"))

    def test_two_models(self):
        piece("other.mid", bars=24, seed=11)
        self.succeeds("train", "-q", "--steps", "100000", "other.mid")
        before = self.wrong("played.mid")
        self.succeeds(
            "correct", "-q", "--live", "-m", "other.model", "-m", "piece.model", "played.mid",
            "-o", "out.mid",
        )
        self.assertLess(self.wrong("out.mid"), before * 0.2)

    def test_other_music_stays(self):
        piece("other.mid", bars=48, seed=12)
        self.succeeds("correct", "-q", "--live", "-m", "piece.model", "other.mid", "-o", "out.mid")
        kept = [x == y for (_, x), (_, y) in zip(ons("other.mid"), ons("out.mid"))]
        self.assertGreater(sum(kept) / len(kept), 0.9)

    def test_grids(self):
        """A take whose grid means nothing is said to be one, and repaired all the same."""
        file = mido.MidiFile("played.mid")
        stretched = mido.MidiFile(type=1, ticks_per_beat=480)
        for track in file.tracks:
            copy = mido.MidiTrack()
            for message in track:
                if message.type == "set_tempo":
                    continue
                # 96 beats a minute written down at 120, 40 ms late.
                extra = 38 if not copy else 0
                copy.append(message.copy(time=round(message.time * 1.25) + extra))
            stretched.tracks.append(copy)
        stretched.save("free.mid")
        done = self.succeeds("correct", "-m", "piece.model", "free.mid", "-o", "out.mid")
        self.assertIn("grid", done.stderr.decode())
        self.assertLess(self.wrong_pitches("out.mid"), self.wrong_pitches("free.mid") * 0.3)
        done = self.succeeds("correct", "-q", "-m", "piece.model", "free.mid", "-o", "out.mid")
        self.assertEqual(done.stderr, b"")

    def wrong_pitches(self, path):
        return sum(1 for (_, x), (_, y) in zip(ons("piece.mid"), ons(path)) if x != y)



class Loops(Case):
    """Two bars over and over, with a note that is not in the key: who plays it again means it."""

    STYLE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../models/default.model")
    ROUNDS = 6

    def loop(self, path, seed):
        """The places of the foreign note among the notes."""
        draw = random.Random(seed)
        scale = [0, 2, 4, 5, 7, 9, 11]
        steps = [draw.randrange(7, 14)]
        for _ in range(15):
            steps.append(max(5, min(16, steps[-1] + draw.choice([-2, -1, -1, 1, 1, 2]))))
        tune = [60 + 12 * (s // 7) + scale[s % 7] for s in steps]
        foreign = next(i for i in (10, 11, 9, 12, 13, 7) if tune[i] % 12 not in (4, 11))
        tune[foreign] += 1
        events = []
        for bar in range(2 * self.ROUNDS):
            for pitch in (48, 52, 55) if bar % 2 == 0 else (53, 57, 60):
                events += [(1920 * bar, 1, pitch), (1920 * bar + 1900, 0, pitch)]
        for n, pitch in enumerate(tune * self.ROUNDS):
            events += [(240 * n, 2, pitch), (240 * n + 230, 0, pitch)]
        file = mido.MidiFile(type=0, ticks_per_beat=480)
        track = mido.MidiTrack()
        places, now, struck = [], 0, 0
        for tick, kind, pitch in sorted(events):
            track.append(mido.Message("note_on", note=pitch, velocity=70 * (kind > 0), time=tick - now))
            now = tick
            if kind == 2 and tick // 240 % 16 == foreign:
                places.append(struck)
            struck += kind > 0
        file.tracks.append(track)
        file.save(path)
        return places

    def test_what_is_played_again_is_meant(self):
        changed = [0] * self.ROUNDS
        for seed in range(12):
            places = self.loop("loop.mid", seed)
            self.succeeds("correct", "-q", "--live", "-m", self.STYLE, "loop.mid", "-o", "out.mid")
            played, sent = ons("loop.mid"), ons("out.mid")
            for n, place in enumerate(places):
                changed[n] += played[place] != sent[place]
        self.assertLessEqual(sum(changed[1:]), 1, changed)


if __name__ == "__main__":
    unittest.main()
