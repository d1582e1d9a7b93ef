"""Makes what the machines play: data.py BUILD FOLDER.

piece.model, played.mid, expected.mid: a piece learned, played with wrong notes,
and that as `audiogenrl correct --live` repairs it. other.mid: another piece.
hundred.model: a repertoire of a hundred pieces, the examples and tunes made up
here. *.txt: scripts for seqio.
"""

import pathlib
import random
import struct
import subprocess
import sys

PIECE = "burgmueller_arabesque.mid"
OTHER = "petzold_minuet_in_g.mid"


def quantity(number):
    """A number as Standard MIDI Files hold it, seven bits a byte."""
    out = [number & 0x7F]
    while number := number >> 7:
        out.insert(0, number & 0x7F | 0x80)
    return bytes(out)


def write_tune(path, seed):
    """32 bars in a random key: a walking melody over broken chords, phrases repeated."""
    rng = random.Random(seed)
    tonic = rng.randrange(12)
    scale = [0, 2, 4, 5, 7, 9, 11] if rng.random() < 0.6 else [0, 2, 3, 5, 7, 8, 10]

    def pitch(degree, low):
        return low + tonic + 12 * (degree // 7) + scale[degree % 7]

    phrases = []
    for _ in range(5):
        degree, phrase = rng.randrange(7), []
        for bar in range(4):
            root = rng.choice([0, 3, 4, 5, 1])
            for i, third in enumerate([0, 2, 4, 2]):
                phrase.append((bar * 16 + 4 * i, 3, pitch(root + third, 36)))
            slot = 0
            while slot < 16:
                length = rng.choice([1, 2, 2, 4, 4, 6])
                phrase.append((bar * 16 + slot, length, pitch(degree, 60)))
                degree = max(-3, min(12, degree + rng.choice([-2, -1, -1, 0, 1, 1, 2])))
                slot += length
        phrases.append(phrase)
    events = []
    for place in range(8):
        for slot, length, key in phrases[rng.choice([0, 1, 1, 2, 3, 4])]:
            start = 120 * (64 * place + slot)
            events.append((start, 1, bytes([0x90, key, 70 + rng.randrange(30)])))
            events.append((start + 110 * length, 0, bytes([0x80, key, 64])))
    track, now = b"", 0
    for tick, _, message in sorted(events):
        track += quantity(tick - now) + message
        now = tick
    track += b"\x00\xff\x2f\x00"
    path.write_bytes(b"MThd" + struct.pack(">IHHH", 6, 0, 1, 480) + b"MTrk" +
                     struct.pack(">I", len(track)) + track)


def write_script(path, events):
    """events: (seconds, bytes), in order."""
    with open(path, "w", encoding="ascii") as file:
        for seconds, message in events:
            file.write(f"{seconds:.6f} {message.hex(' ')}\n")


def chord(start, end, keys):
    return ([(start, bytes([0x90, key, 100])) for key in keys] +
            [(end, bytes([0x80, key, 64])) for key in keys])


def chords():
    """One long chord, in which the service is killed, and more, later, for long."""
    events = chord(0.5, 9, [60, 64, 67])
    for i in range(100):
        events += chord(10 + i, 10.5 + i, [60, 65, 69])
    return events


def fast(seconds, rate):
    """Notes at a rate; velocities tell them apart. Some are held for long."""
    rng = random.Random(3)
    events = []
    free = {key: 0.0 for key in range(30, 100)}
    for i in range(seconds * rate):
        start = 0.3 + i / rate
        key = rng.choice([key for key, since in free.items() if since < start])
        end = start + (2 if i % 50 == 0 else rng.uniform(0.004, 0.08))
        free[key] = end + 0.001
        events.append((start, bytes([0x90, key, 1 + i % 127])))
        events.append((end, bytes([0x80, key, 64])))
    return sorted(events, key=lambda event: event[0])


def flood(seconds, rate, burst):
    """Events in bursts, as fast as they go; bends count, so that any loss shows."""
    rng = random.Random(4)
    events, held = [], []
    for i in range(seconds * rate):
        at = 0.3 + i // burst * burst / rate
        kind = i % 4
        if kind == 0 and len(held) < 8:
            key = rng.choice([key for key in range(21, 109) if key not in held])
            held.append(key)
            events.append((at, bytes([0x90, key, 1 + rng.randrange(127)])))
        elif kind == 1 and held:
            events.append((at, bytes([0x80, held.pop(0), rng.randrange(128)])))
        elif kind == 2:
            events.append((at, bytes([0xB0, 1 + rng.randrange(60), rng.randrange(128)])))
        else:
            events.append((at, bytes([0xE0, i % 128, i // 128 % 128])))
    end = events[-1][0] + 0.1
    return events + [(end, bytes([0x80, key, 0])) for key in held]


def sysex(length, piece):
    """One message, in pieces as drivers make them."""
    rng = random.Random(5)
    message = b"\xf0\x7d" + bytes(rng.randrange(128) for _ in range(length - 3)) + b"\xf7"
    pieces = [message[i:i + piece] for i in range(0, length, piece)]
    return [(0.3 + 0.004 * i, data) for i, data in enumerate(pieces)]


def main():
    build, folder = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])

    def audiogenrl(*arguments):
        subprocess.run([build / "tool/audiogenrl", *arguments], check=True)

    examples = build / "examples"
    model, played = folder / "piece.model", folder / "played.mid"
    audiogenrl("train", "-q", "--seed", "1", "-o", model, examples / PIECE)
    audiogenrl("errors", "-q", "slip:p=0.2", "--seed", "7", examples / PIECE, "-o", played)
    audiogenrl("correct", "-q", "--live", "-m", model, played, "-o", folder / "expected.mid")
    (folder / "other.mid").write_bytes((examples / OTHER).read_bytes())

    pieces = folder / "pieces"
    pieces.mkdir()
    own = sorted(examples.glob("*.mid"))
    for path in own:
        (pieces / path.name).write_bytes(path.read_bytes())
    for i in range(100 - len(own)):
        write_tune(pieces / f"tune{i:02}.mid", i)
    audiogenrl("train", "-q", "--seed", "1", "-o", folder / "hundred.model", pieces)

    write_script(folder / "chords.txt", chords())
    write_script(folder / "fast.txt", fast(16, 200))
    write_script(folder / "flood.txt", flood(10, 10000, 100))
    write_script(folder / "sysex.txt", sysex(65536, 256))
    write_script(folder / "short.txt", chord(0.5, 1, [60, 64, 67]) + chord(1.5, 2, [60, 65, 69]))
    # An organ, for a piano's notes end by themselves.
    write_script(folder / "held.txt", [(0.4, b"\xc0\x10")] + chord(0.5, 60, [60, 64, 67]))


main()
