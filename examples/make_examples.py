#!/usr/bin/env python3
"""Turn pieces written as text into Standard MIDI Files.

    make_examples.py DIRECTORY PIECE.txt...

Every PIECE.txt becomes DIRECTORY/PIECE.mid: type 1, 480 ticks a quarter note,
a first track with tempo, time signature and key signature, then one track a
hand. README.md beside this script describes the notation. The same text
always gives the same bytes.

A text that does not add up is refused with a message that names file and
line; the file of that piece is then not written and the exit code is 1.
"""

import os
import re
import struct
import sys

PPQ = 480
HANDS = ("right", "left")
# A key is let go a little before the next one, so that a repeated note is two notes.
RELEASE_EARLY = 10
VELOCITY = {"pp": 44, "p": 56, "mp": 68, "mf": 80, "f": 92, "ff": 104}
LEFT_SOFTER = 10
FIRST_BEAT_LOUDER = 6

SEMITONE = {"c": 0, "d": 2, "e": 4, "f": 5, "g": 7, "a": 9, "b": 11}
FIFTHS = {"f": -1, "c": 0, "g": 1, "d": 2, "a": 3, "e": 4, "b": 5}
PITCH = r"[a-g][#b]?\d"
LENGTH = r"\d+\.?"
EVENT = re.compile(
    rf"(?P<what>R|r|{PITCH}|\[\s*{PITCH}(?:\s+{PITCH})*\s*\])"
    rf"(?:/(?P<length>{LENGTH}(?:\+{LENGTH})*))?(?P<tie>~)?(?=\s|$)"
)


class Mistake(Exception):
    """What is wrong in a text, with the place: `file:line: what`."""

    def __init__(self, path, line, what):
        super().__init__(f"{path}:{line}: {what}")


class Piece:
    """A parsed text: header fields, and per section a list of bars.

    A bar is a dict: label, line, dynamic (or None), and per hand a pair
    (line, voices); a voice is a list of events (start, length, pitches, tie)
    in ticks from the start of the bar.
    """

    def __init__(self, path):
        self.path = path
        self.header = {}
        self.header_line = {}
        self.sections = {}

    def fail(self, line, what):
        raise Mistake(self.path, line, what)

    def field(self, name):
        if name not in self.header:
            self.fail(1, f"the header has no `{name}:`")
        return self.header[name]


def note_number(name):
    """`c4` is middle C, note number 60."""
    shift = {"#": 1, "b": -1}.get(name[1:-1], 0)
    return 12 * (int(name[-1]) + 1) + SEMITONE[name[0]] + shift


def ticks_of(piece, line, text):
    """`4` a quarter, `4.` a dotted one, `8.+4` one tied to the other."""
    total = 0
    for part in text.split("+"):
        dotted = part.endswith(".")
        division = int(part.rstrip("."))
        if division not in (1, 2, 4, 8, 16, 32):
            piece.fail(line, f"length /{part}: expected 1, 2, 4, 8, 16 or 32, with or without a dot")
        ticks = 4 * PPQ // division
        total += ticks + ticks // 2 if dotted else ticks
    return total


def parse_voice(piece, line, text, bar_ticks):
    """Events of one voice; lengths hold until the next one is written."""
    events = []
    now = 0
    length = None
    at = 0
    text = text.strip()
    while at < len(text):
        match = EVENT.match(text, at)
        if not match:
            piece.fail(line, f"`{text[at:].split()[0]}` is neither a note, a chord nor a rest")
        at = match.end()
        while at < len(text) and text[at].isspace():
            at += 1
        what = match["what"]
        if match["length"]:
            length = ticks_of(piece, line, match["length"])
        elif what == "R":
            length = bar_ticks
        if length is None:
            piece.fail(line, f"`{what}` has no length, and none was written before it in this bar")
        pitches = () if what in "rR" else tuple(note_number(p) for p in re.findall(PITCH, what))
        if len(set(pitches)) != len(pitches):
            piece.fail(line, f"`{what}` names a note twice")
        events.append((now, length, pitches, bool(match["tie"])))
        now += length
    if now != bar_ticks:
        piece.fail(line, f"the bar lasts {bar_ticks / PPQ:g} quarter notes, this voice {now / PPQ:g}")
    return events


def parse_header_line(piece, number, line):
    match = re.fullmatch(r"(title|composer|time|key|tempo|order):\s*(.+)", line)
    if not match:
        piece.fail(number, "expected `title:`, `composer:`, `time:`, `key:`, `tempo:`, `order:` or a [section]")
    piece.header[match[1]] = match[2]
    piece.header_line[match[1]] = number


def bar_length(piece):
    match = re.fullmatch(r"(\d+)/(2|4|8|16)", piece.field("time"))
    if not match:
        piece.fail(piece.header_line["time"], "expected a time signature such as 3/4")
    return int(match[1]), int(match[2]), int(match[1]) * 4 * PPQ // int(match[2])


def parse(path):
    """Read a text and return its Piece; raises Mistake."""
    piece = Piece(path)
    section = bar = bar_ticks = None
    with open(path, encoding="utf-8") as file:
        lines = file.read().splitlines()
    for number, line in enumerate(lines, 1):
        line = line.strip()
        if not line or line.startswith("#"):
            continue
        if match := re.fullmatch(r"\[(\w+)\]", line):
            bar_ticks = bar_length(piece)[2]
            if match[1] in piece.sections:
                piece.fail(number, f"section [{match[1]}] is there twice")
            section = piece.sections[match[1]] = []
            bar = None
        elif section is None:
            parse_header_line(piece, number, line)
        elif match := re.fullmatch(r"bar (\w+)(?: (\w+))?", line):
            if match[2] and match[2] not in VELOCITY:
                piece.fail(number, f"dynamic `{match[2]}`: expected one of {', '.join(VELOCITY)}")
            bar = {"label": match[1], "line": number, "dynamic": match[2]}
            section.append(bar)
        elif match := re.fullmatch(r"(right|left):\s*(.+)", line):
            if bar is None or match[1] in bar:
                piece.fail(number, f"a second `{match[1]}:` in this bar" if bar else "expected `bar` first")
            voices = [parse_voice(piece, number, text, bar_ticks) for text in match[2].split("&")]
            bar[match[1]] = (number, voices)
        else:
            piece.fail(number, "expected `bar`, `right:`, `left:` or a [section]")
    check_bars(piece)
    return piece


def check_bars(piece):
    for bars in piece.sections.values():
        for bar in bars:
            for hand in HANDS:
                if hand not in bar:
                    piece.fail(bar["line"], f"bar {bar['label']} has no `{hand}:`; `R` is a bar of rest")


def played_bars(piece):
    """The bars in the order in which they sound, repeats written out."""
    bars = []
    for name in piece.field("order").split():
        if not piece.sections.get(name):
            piece.fail(piece.header_line["order"], f"there is no section [{name}], or it is empty")
        bars += piece.sections[name]
    return bars


def play_hand(piece, hand):
    """Notes of a hand as a list of (start, end, note number, velocity)."""
    bar_ticks = bar_length(piece)[2]
    notes = []
    open_ties = {}
    level = VELOCITY["mf"]
    for index, bar in enumerate(played_bars(piece)):
        level = VELOCITY.get(bar["dynamic"], level)
        line, voices = bar[hand]
        for voice, events in enumerate(voices):
            for start, length, pitches, tie in events:
                begin = index * bar_ticks + start
                held = open_ties.pop(voice, {})
                if not set(held) <= set(pitches):
                    piece.fail(line, f"bar {bar['label']}: a tied note is not there again after its tie")
                loudness = level - (LEFT_SOFTER if hand == "left" else 0)
                loudness += FIRST_BEAT_LOUDER if start == 0 else 0
                for pitch in pitches:
                    note = held.get(pitch)
                    if note is None:
                        note = [begin, 0, pitch, loudness, line]
                        notes.append(note)
                    note[1] = begin + length
                    if tie:
                        open_ties.setdefault(voice, {})[pitch] = note
    if any(open_ties.values()):
        piece.fail(line, "a note is tied beyond the end")
    check_overlaps(piece, notes)
    return [tuple(note[:4]) for note in notes]


def check_overlaps(piece, notes):
    """One key can be held once at a time; two voices must not ask for more."""
    sounding = {}
    for start, end, pitch, _, line in sorted(notes):
        if start < sounding.get(pitch, 0):
            piece.fail(line, f"note number {pitch} is struck while another voice of this hand holds it")
        sounding[pitch] = end


def quantity(value):
    """A MIDI variable-length quantity."""
    out = [value & 0x7F]
    while value := value >> 7:
        out.append(value & 0x7F | 0x80)
    return bytes(reversed(out))


def meta(kind, data):
    return bytes([0xFF, kind]) + quantity(len(data)) + data


def track_chunk(events, end):
    """A track of (tick, rank, bytes) events, sorted by tick and then rank."""
    body = b""
    now = 0
    for tick, _, data in sorted(events) + [(end, 0, meta(0x2F, b""))]:
        body += quantity(tick - now) + data
        now = tick
    return b"MTrk" + struct.pack(">I", len(body)) + body


def conductor_track(piece, end):
    count, unit, _ = bar_length(piece)
    key = re.fullmatch(r"([A-Ga-g])([#b]?) (major|minor)", piece.field("key"))
    if not key:
        piece.fail(piece.header_line["key"], "expected a key such as `G major` or `F# minor`")
    fifths = FIFTHS[key[1].lower()] + {"#": 7, "b": -7, "": 0}[key[2]] - (3 if key[3] == "minor" else 0)
    if not -7 <= fifths <= 7:
        piece.fail(piece.header_line["key"], "this key needs more than seven accidentals")
    if not re.fullmatch(r"[1-9]\d{1,2}", piece.field("tempo")):
        piece.fail(piece.header_line["tempo"], "expected quarter notes a minute, 10 to 999")
    tempo = round(60_000_000 / int(piece.field("tempo")))
    events = [
        meta(0x03, piece.field("title").encode()),
        meta(0x01, piece.field("composer").encode()),
        meta(0x58, bytes([count, unit.bit_length() - 1, 96 // unit, 8])),
        meta(0x59, struct.pack(">bB", fifths, key[3] == "minor")),
        meta(0x51, tempo.to_bytes(3, "big")),
    ]
    return track_chunk([(0, rank, data) for rank, data in enumerate(events)], end)


def hand_track(piece, hand, end):
    channel = HANDS.index(hand)
    events = [(0, -2, meta(0x03, f"{hand} hand".encode())), (0, -1, bytes([0xC0 | channel, 0]))]
    for start, stop, pitch, velocity in play_hand(piece, hand):
        events.append((start, 1, bytes([0x90 | channel, pitch, velocity])))
        events.append((stop - RELEASE_EARLY, 0, bytes([0x80 | channel, pitch, 64])))
    return track_chunk(events, end)


def midi_file(piece):
    """The bytes of the Standard MIDI File of a piece; raises Mistake."""
    end = len(played_bars(piece)) * bar_length(piece)[2]
    tracks = [conductor_track(piece, end)] + [hand_track(piece, hand, end) for hand in HANDS]
    return b"MThd" + struct.pack(">IHHH", 6, 1, len(tracks), PPQ) + b"".join(tracks)


def main(arguments):
    if len(arguments) < 2 or arguments[0].startswith("-"):
        print(__doc__.strip(), file=sys.stderr)
        return 2
    directory, texts = arguments[0], arguments[1:]
    status = 0
    for text in texts:
        name = os.path.splitext(os.path.basename(text))[0] + ".mid"
        target = os.path.join(directory, name)
        try:
            data = midi_file(parse(text))
            os.makedirs(directory, exist_ok=True)
            with open(target + ".part", "wb") as file:
                file.write(data)
            os.replace(target + ".part", target)
        except (Mistake, OSError, UnicodeDecodeError) as problem:
            print(problem if isinstance(problem, (Mistake, OSError)) else f"{text}: {problem}", file=sys.stderr)
            status = 1
    return status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
