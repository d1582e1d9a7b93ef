"""report: how playing is cut into goes; ornaments, runs and the pedal."""

import html
import json
import re
import unittest

import mido

from audiogenrl import Case
from test_advice import Go, write_piece, write_take

HALF = range(4)


def write_notes(path, notes, name="right hand", pedal=(), tempo=60):
    """notes: (beat, pitch, length); pedal: (beat, value)."""
    events = [(beat, 1, ("note_on", pitch, 70)) for beat, pitch, _ in notes]
    events += [(beat + length, 0, ("note_off", pitch, 0)) for beat, pitch, length in notes]
    events += [(beat, 0, ("control_change", 64, value)) for beat, value in pedal]
    file, track, now = mido.MidiFile(ticks_per_beat=480), mido.MidiTrack(), 0
    track.append(mido.MetaMessage("track_name", name=name, time=0))
    track.append(mido.MetaMessage("set_tempo", tempo=mido.bpm2tempo(tempo), time=0))
    track.append(mido.MetaMessage("time_signature", numerator=4, denominator=4, time=0))
    for beat, _, (kind, a, b) in sorted(events):
        tick = round(480 * beat)
        words = {"control": a, "value": b} if kind == "control_change" else {"note": a, "velocity": b}
        track.append(mido.Message(kind, time=tick - now, **words))
        now = tick
    file.tracks.append(track)
    file.save(path)


class Goes(Case):
    def report(self, piece, take="take.mid"):
        done = self.succeeds("report", "--json", "-m", piece, take, "-o", "page.html")
        with open("page.html", encoding="utf-8") as file:
            self.page = html.unescape(re.sub(r"<[^>]*>", "", file.read()))
        return json.loads(done.stdout)

    def goes(self, found):
        return [(go["from"], go["to"]) for go in found["goes"]]

    def test_a_stretch_that_stands_twice_on_end(self):
        """Played through it is one go; with a pause between, two."""
        write_piece("piece.mid", [*HALF, *HALF, 4, 5, 6, 7])
        write_piece("through.mid", [*HALF, *HALF, 4, 5, 6, 7])
        self.assertEqual(self.goes(self.report("piece.mid", "through.mid")), [(1, 12)])
        write_notes_of("take.mid", [[*HALF, *HALF, 4, 5, 6, 7], HALF, HALF])
        found = self.report("piece.mid")
        self.assertEqual(len(found["goes"]), 3)
        self.assertEqual({to - first for first, to in self.goes(found)[1:]}, {3})
        self.assertEqual((found["total"]["wrong"], found["total"]["left_out"]), (0, 0))

    def test_a_stretch_that_begins_as_another(self):
        """The go is where all of it stands, not the other's beginning and a jump."""
        order, second = [0, 1, 2, 3, 0, 1, 4, 5], [0, 1, 4, 5]
        write_piece("piece.mid", order)
        write_notes_of("take.mid", [order, second, second, order])
        found = self.report("piece.mid")
        self.assertEqual(self.goes(found), [(1, 8), (5, 8), (5, 8), (1, 8)])

    def test_a_go_that_begins_wrong(self):
        """The first notes of a go are missed: they belong to it, not to a place where they fit."""
        write_piece("piece.mid")
        wrong = {(1, 1, 55): 57, (1, 1, 59): 60, (1, 1, 67): 64}
        write_take("take.mid", [Go(), Go(other=wrong), Go()])
        found = self.report("piece.mid")
        self.assertEqual(self.goes(found), [(1, 8)] * 3)
        self.assertEqual(found["total"]["wrong"], 3)

    def test_two_voices_on_one_key(self):
        """Both strike it: neither is left out, nor from elsewhere."""
        line = [60, 64, 67, 72, 71, 67, 65, 62] * 4
        notes = [(i / 2, pitch, 0.45) for i, pitch in enumerate(line)]
        notes += [(i / 2, line[i], 0.45) for i in (5, 11, 18, 22)]
        write_notes("piece.mid", notes)
        write_notes("take.mid", [(t + 0.02 * (i > 31), p, d) for i, (t, p, d) in enumerate(notes)])
        found = self.report("piece.mid")
        self.assertEqual((found["passes"], found["elsewhere"]), (1, 0))
        self.assertEqual(found["total"], {"right": 36, "wrong": 0, "left_out": 0, "added": 0})

    def test_trills_are_not_counted(self):
        """A trill on a long note adds nothing; the same keys, slowly, do."""
        pitches = [60, 64, 67, 72, 71, 67, 65, 62, 64, 0, 0, 0, 55, 57, 59, 60, 67, 65, 62, 64, 60]
        line = [(i, p, 0.9 if i != 8 else 4) for i, p in enumerate(pitches) if p]
        write_notes("piece.mid", line)
        for step, added, trills in ((0.125, 0, True), (0.5, 7, False)):
            trill = [(8 + step * i, 64 + i % 2, step * 0.9) for i in range(8)]
            write_notes("take.mid", line[:8] + trill + line[9:])
            found = self.report("piece.mid")
            self.assertEqual((found["passes"], found["total"]["right"]), (1 if trills else 2, 18))
            self.assertEqual(found["total"]["added"] + found["elsewhere"], added)
            self.assertEqual("1 trill: a note every 125 ms" in self.page, trills)

    def test_runs_and_their_place(self):
        scale = [(i / 2, 60 + p, 0.45) for i, p in enumerate([0, 2, 4, 5, 7, 9, 11, 12] * 4)]
        write_notes("piece.mid", scale)
        self.report("piece.mid", "piece.mid")
        self.assertIn("their lengths differ by 0 %", self.page)
        self.assertNotIn("most uneven run", self.page)
        limping = [(t + 0.12 * (i % 2 and 8 <= i < 16), p, d) for i, (t, p, d) in enumerate(scale)]
        limping[8:16] = [(t, p, d) for t, p, d in limping[8:16]]
        write_notes("take.mid", limping)
        self.report("piece.mid")
        self.assertRegex(self.page, r"The most uneven run begins at bar \d, beat \d.*: \d\d %")

    def test_pedal(self):
        basses = [48, 53, 55, 48]
        notes = [(4 * bar + i, pitch + 12 * (i > 0) + 2 * i, 1) for bar, pitch in enumerate(basses)
                 for i in range(4)]  # fmt: skip
        write_notes("piece.mid", notes)
        self.report("piece.mid", "piece.mid")
        self.assertNotIn("pedal was pressed", self.page)
        # Changed with bars 2 and 4; over the bar line into 3 it stays down.
        pedal = [(0.2, 127), (4.0, 0), (4.2, 90), (12.0, 20), (12.2, 127), (16, 0)]
        write_notes("take.mid", notes, pedal=pedal)
        self.report("piece.mid")
        self.assertIn("The pedal was pressed 3 times and was down 96 % of the time", self.page)
        self.assertIn("held over a change of the bass into bar 3.", self.page)


def write_notes_of(path, goes):
    """The piece of test_advice, its bars in such orders, with pauses of three seconds."""
    from test_advice import TEMPO, notes

    struck, clock = [], 0.0
    for order in goes:
        for place, bar in enumerate(order):
            for beat, _, pitch, length in notes():
                if 4 * bar <= beat < 4 * bar + 4:
                    at = clock + 60 / TEMPO * (4 * place + beat - 4 * bar)
                    struck.append((at, pitch, 0.8 * 60 / TEMPO * length))
        clock += 60 / TEMPO * 4 * len(list(order)) + 3
    write_notes(path, struck, name="take")


if __name__ == "__main__":
    unittest.main()
