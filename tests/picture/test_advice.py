"""report: passages and advice. Each rule has a take that earns it and one, near to it, that does not."""

import json
import os
import re
import unittest

import mido

from audiogenrl import Case

TEMPO = 100  # of the piece, quarters a minute

# Eight bars in G major, 4/4: quarters of the right hand, halves of the left.
RIGHT = [
    (67, 69, 71, 74), (72, 71, 69, 66), (67, 71, 69, 72), (71, 73, 74, 76),
    (74, 72, 71, 69), (67, 79, 78, 76), (74, 76, 72, 74), (71, 69, 67, 62),
]  # fmt: skip
LEFT = [
    ((55, 59), (55, 62)), ((57, 60), (50, 57)), ((55, 62), (57, 64)), ((55, 59), (57, 60)),
    ((54, 57), (55, 59)), ((52, 55), (54, 57)), ((55, 60), (57, 62)), ((50, 54), (55, 59)),
]  # fmt: skip


def notes():
    """(beat, hand, pitch, length) in the order of the score."""
    found = []
    for bar in range(8):
        found += [(4 * bar + i, "R", pitch, 1) for i, pitch in enumerate(RIGHT[bar])]
        found += [(4 * bar + 2 * i, "L", pitch, 2) for i, pair in enumerate(LEFT[bar]) for pitch in pair]
    return sorted(found)


def write(path, events, ppq=480, head=()):
    """events: (tick, on, pitch, track)."""
    file = mido.MidiFile(type=1, ticks_per_beat=ppq)
    first = mido.MidiTrack(head)
    file.tracks.append(first)
    for name in sorted({event[3] for event in events}, reverse=True):
        track = mido.MidiTrack()
        track.append(mido.MetaMessage("track_name", name=name, time=0))
        now = 0
        for tick, on, pitch, _ in sorted(event for event in events if event[3] == name):
            track.append(mido.Message("note_on", note=pitch, velocity=70 * on, time=tick - now))
            now = tick
        file.tracks.append(track)
    file.save(path)


def write_piece(path, order=range(8)):
    events = []
    for place, bar in enumerate(order):
        for beat, hand, pitch, length in notes():
            if 4 * bar <= beat < 4 * bar + 4:
                tick = round(480 * (beat + 4 * (place - bar)))
                name = "right hand" if hand == "R" else "left hand"
                events += [(tick, 1, pitch, name), (tick + 480 * length - 10, 0, pitch, name)]
    write(path, events, head=[
        mido.MetaMessage("set_tempo", tempo=mido.bpm2tempo(TEMPO), time=0),
        mido.MetaMessage("time_signature", numerator=4, denominator=4, time=0),
        mido.MetaMessage("key_signature", key="G", time=0),
    ])  # fmt: skip


class Go:
    """A way through the piece: hands, tempo, and what is done otherwise at places.

    other: {(bar, beat, pitch): pitch that is struck, None (left out)}
    besides: [(bar, beat, pitch)]; waits: {(bar, beat): seconds}; paces: {bar: tempo}."""

    def __init__(self, other=None, besides=(), waits=None, paces=None, hands="RL", tempo=TEMPO):
        self.other, self.besides, self.waits = other or {}, besides, waits or {}
        self.paces, self.hands, self.tempo = paces or {}, hands, tempo

    def play(self, clock, struck):
        """Appends (seconds, pitch, length); answers when it is over."""
        times, now = {}, clock
        for beat in range(33):
            where = (beat // 4 + 1, beat % 4 + 1)
            now += self.waits.get(where, 0)
            times[beat] = now
            now += 60 / self.paces.get(where[0], self.tempo)
        for beat, hand, pitch, length in notes():
            if hand not in self.hands:
                continue
            key = self.other.get((beat // 4 + 1, beat % 4 + 1, pitch), pitch)
            if key is not None:
                struck.append((times[beat], key, 0.8 * 60 / self.tempo * length))
        for bar, beat, pitch in self.besides:
            struck.append((times[4 * (bar - 1) + beat - 1] + 0.02, pitch, 0.2))
        return now


def write_take(path, goes):
    struck, clock, events = [], 1.0, []
    for go in goes:
        clock = go.play(clock, struck) + 2.5
    for seconds, pitch, length in struck:
        events += [(round(960 * seconds), 1, pitch, "take"),
                   (round(960 * (seconds + length)), 0, pitch, "take")]  # fmt: skip
    write(path, events)


def some(count=4, wrong=3, **what):
    """`count` goes, the first `wrong` of them otherwise."""
    return [Go(**what) if i < wrong else Go() for i in range(count)]


BOTH_HANDS = {(3, 2, 71): 72, (3, 1, 62): 60, (3, 4, 72): 74}

# rule: (goes that earn it, goes that do not)
RULES = {
    "signature": (some(other={(2, 4, 66): 65}), some(other={(2, 4, 66): 64})),
    "accidental": (some(other={(4, 2, 73): 72}), some(other={(4, 2, 73): 74})),
    "octave": (some(other={(7, 1, 74): 62}), some(other={(7, 1, 74): 75})),
    "jump": (some(other={(6, 2, 79): 81}), some(other={(6, 4, 76): 77})),
    "third": (some(other={(3, 2, 71): 74}), some(other={(3, 2, 71): 72})),
    "neighbour": (some(other={(3, 2, 71): 72}), some(other={(3, 2, 71): 76})),
    "other": (some(other={(3, 2, 71): 77}), some(other={(3, 2, 71): 72})),
    "chord": (some(other={(1, 1, 59): None}), some(other={(3, 2, 71): None})),
    "left-out": (some(other={(3, 2, 71): None}), some(other={(1, 1, 59): None})),
    "added": (some(besides=[(1, 2, 70)]), some(wrong=1, besides=[(1, 2, 70)])),
    "wait": (some(waits={(5, 3): 1.5}), some(wrong=1, waits={(5, 3): 1.5})),
    "slow": (some(paces={3: 60, 4: 60}), some(paces={3: 92, 4: 92})),
    "hurry": (
        some(other={(3, 2, 71): 72}, paces={3: 150, 4: 150}),
        some(other={(3, 2, 71): 72}, paces={3: 108, 4: 108}),
    ),
    "together": (
        [Go(hands="R"), Go(hands="L"), Go(tempo=65), Go(tempo=65)],
        [Go(hands="R"), Go(hands="L"), Go(other=BOTH_HANDS, hands="R"), Go(tempo=95)],
    ),
    "too-fast": (
        [Go(tempo=60), Go(tempo=60), Go(other=BOTH_HANDS), Go(other=BOTH_HANDS)],
        [Go(BOTH_HANDS, tempo=60), Go(BOTH_HANDS, tempo=60), Go(BOTH_HANDS), Go(BOTH_HANDS)],
    ),
    "hands": (some(other=BOTH_HANDS), some(other={(3, 2, 71): 72, (3, 4, 72): 74})),
}


def all_rules():
    """The rules that the program has, by their names."""
    with open(os.path.join(os.environ["SOURCE"], "tool", "advice.c"), encoding="utf-8") as file:
        table = re.search(r"names\[ADVICE_RULES\] = \{(.*?)\};", file.read(), re.DOTALL)[1]
    return set(re.findall(r'"([a-z-]+)"', table))


class Advice(Case):
    def setUp(self):
        super().setUp()
        write_piece("piece.mid")

    def report(self, goes, *options, path="take.mid", piece="piece.mid"):
        write_take(path, goes)
        done = self.succeeds("report", "--json", "-m", piece, path, "-o", "page.html", *options)
        return json.loads(done.stdout)

    def rules(self, found):
        return [advice["rule"] for place in found["practise"] for advice in place["advice"]]

    def test_every_rule_is_earned_and_is_not(self):
        self.assertEqual(set(RULES), all_rules())
        for rule, (earned, not_earned) in RULES.items():
            with self.subTest(rule=rule):
                self.assertIn(rule, self.rules(self.report(earned)))
                self.assertNotIn(rule, self.rules(self.report(not_earned)))

    def test_words(self):
        def words(rule, found):
            return [a["what"] for p in found["practise"] for a in p["advice"] if a["rule"] == rule]

        found = self.report(RULES["signature"][0])
        self.assertEqual(words("signature", found), [
            "right hand, bar 2, beat 4: F natural for F sharp, 3 of 4 times: the sharp of the key "
            "signature"])  # fmt: skip
        found = self.report(RULES["jump"][0])
        self.assertEqual(words("jump", found), [
            "right hand, bar 6, beat 2: the jump to G5 lands a key too high, 3 of 4 times"])  # fmt: skip
        both = [Go(hands="R"), Go(hands="L"), Go(other=BOTH_HANDS), Go(other=BOTH_HANDS)]
        self.assertRegex(words("together", self.report(both))[0], "together [0-9]+ % of the notes go wrong")
        found = self.report(RULES["wait"][0])
        self.assertEqual(words("wait", found), [
            "bar 5, beat 3: a wait before this note, 3 of 4 times"])  # fmt: skip
        for names, tones in (("german", "F statt Fis"), ("italian", "fa naturale for fa diesis"),
                             ("japanese", "本位ヘ for 嬰ヘ")):  # fmt: skip
            found = self.report(RULES["signature"][0], "--names", names)
            self.assertIn(tones.replace("statt", "for"), words("signature", found)[0])
        self.fails(2, "report", "-m", "piece.mid", "take.mid", "--names", "klingon", says="klingon")

    def test_passages(self):
        # What went wrong once in four goes is not named.
        self.assertEqual(self.report(some(wrong=1, other={(3, 2, 71): 72}))["practise"], [])
        # In the only go everything counts.
        found = self.report([Go(other={(3, 2, 71): 72})])["practise"]
        self.assertEqual([(p["from"], p["to"]) for p in found], [(3, 3)])
        # Neighbours join, the worst passage comes first; a bar with little wrong stays apart.
        two = {(3, 2, 71): 72, (4, 1, 71): 72, (7, 1, 74): 75}
        goes = [Go(other=two), Go(other=two), Go(other={(3, 2, 71): 72, (4, 1, 71): 72}), Go()]
        found = self.report(goes)["practise"]
        self.assertEqual([(p["from"], p["to"]) for p in found], [(3, 4), (7, 7)])
        self.assertEqual([(p["goes"], p["faults"]) for p in found], [(4, 6), (4, 2)])

    def test_sessions_count_together(self):
        """Once in each of three sessions is again and again."""
        for day in range(3):
            goes = [Go(other={(3, 2, 71): 72}), Go(), Go()]
            found = self.report(goes, path=f"day{day}.mid")
            os.utime(f"day{day}.mid", (1700000000 + 86400 * day,) * 2)
            if day == 0:
                self.assertEqual(found["practise"], [])
        self.report(goes, path="day2.mid")
        os.utime("day2.mid", (1700000000 + 86400 * 2,) * 2)
        done = self.succeeds("report", "--json", "-m", "piece.mid", "day2.mid", "-o", "page.html")
        found = json.loads(done.stdout)["practise"]
        self.assertEqual([(p["from"], p["goes"]) for p in found], [(3, 9)])

    def test_repeats_stand_under_the_printed_bar(self):
        write_piece("twice.mid", [*range(8), *range(8)])
        write_take("take.mid", [Go(other={(3, 2, 71): 72}), Go(other={(3, 2, 71): 72})])
        done = self.succeeds("report", "--json", "-m", "twice.mid", "take.mid", "-o", "page.html")
        found = json.loads(done.stdout)
        self.assertEqual([bar["bar"] for bar in found["bars"]], [*range(1, 9), *range(1, 9)])
        self.assertEqual([(p["from"], p["to"]) for p in found["practise"]], [(3, 3)])
        with open("page.html", encoding="utf-8") as file:
            page = file.read()
        self.assertIn("plays some stretches twice", page)
        self.assertNotIn("<b>9</b>", page)


class Folder(Case):
    def test_a_page_a_piece_and_an_index(self):
        os.mkdir("pieces")
        os.mkdir("takes")
        write_piece("pieces/first.mid")
        write_piece("pieces/second.mid", [5, 2, 7, 0, 3, 6, 1, 4])
        for day in range(2):
            write_take(f"takes/day{day}.mid", some(1, 1, other={(3, 2, 71): 72}))
            os.utime(f"takes/day{day}.mid", (1700000000 + 86400 * day,) * 2)
        self.succeeds("errors", "-q", "shift:p=0.05", "pieces/second.mid", "-o", "takes/other.mid")
        done = self.succeeds("report", "--json", "-m", "pieces", "takes")
        found = json.loads(done.stdout)
        self.assertEqual([(r["piece"], len(r["earlier"])) for r in found], [("first", 1), ("second", 0)])
        self.assertEqual(
            sorted(name for name in os.listdir("takes") if name.endswith(".html")),
            ["first.report.html", "index.html", "second.report.html"],
        )
        with open("takes/index.html", encoding="utf-8") as file:
            index = file.read()
        self.assertIn('<a href="first.report.html">first</a></th><td>2</td>', index)
        # Several recordings: a page each, with the piece of each.
        done = self.succeeds("report", "--json", "-m", "pieces", "takes/day0.mid", "takes/other.mid")
        self.assertEqual([r["piece"] for r in json.loads(done.stdout)], ["first", "second"])
        os.mkdir("empty")
        self.fails(1, "report", "-m", "pieces", "empty", says="no recording of a piece")


if __name__ == "__main__":
    unittest.main()
