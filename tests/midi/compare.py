"""Files before and after midifile, as mido and midicsv read them.

Usage: compare.py SMF_TOOL WORK_FOLDER [--seeds N] [FILE.mid ...]

Every file (random ones, and those named) is copied without a change and with
every note's number changed. Two readers that know nothing of this project must
then see the same events, at the same times, in the same order; of note and
aftertouch events the number alone may differ, and in the second copy must, for
each note struck. The notes listed by SMF_TOOL must be mido's.

Then each kind of fault that is mended is put into the random files. What
SMF_TOOL reads of such a file must be what it reads of the file without the
fault, it must name the fault, and what a reader makes of the faulty file, where
it reads it, must be what it makes of the mended copy.
"""
import argparse
import pathlib
import random
import struct
import subprocess
import sys

import mido


def run(*command):
    return subprocess.run([str(c) for c in command], capture_output=True)


def read_mido(path):
    """A list a track of (time, message), or None where mido refuses the file."""
    try:
        return [[(m.time, m) for m in track] for track in mido.MidiFile(path).tracks]
    except (OSError, ValueError, EOFError, KeyError, IndexError, TypeError):
        return None


def read_csv(path):
    """Lines of fields, or None where midicsv does not understand all of it."""
    done = run("midicsv", path)
    if done.returncode != 0 or done.stderr:
        return None
    return [line.split(b", ") for line in done.stdout.splitlines()]


def masked_message(entry):
    time, message = entry
    if message.type in ("note_on", "note_off", "polytouch"):
        return (time, message.copy(note=0))
    return (time, message)


def before_end(track):
    """mido goes on after End of Track, where players stop."""
    for place, (_, message) in enumerate(track):
        if message.type == "end_of_track":
            return track[:place]
    return track


PITCHED = (b"Note_on_c", b"Note_off_c", b"Poly_aftertouch_c")


def masked_line(fields):
    if len(fields) > 4 and fields[2] in PITCHED:
        return fields[:4] + [b"*"] + fields[5:]
    return fields


def fail(path, text):
    sys.exit(f"{path}: {text}")


def compare_readers(path, before, same, changed):
    """1 for each reader that could read the file."""
    count = 0
    reading = [read_mido(p) for p in (before, same, changed)]
    if reading[0] is not None:
        count += 1
        if reading[0] != reading[1]:
            fail(path, "the unchanged copy differs to mido")
        if [[masked_message(e) for e in t] for t in reading[0]] != [
            [masked_message(e) for e in t] for t in reading[2] or []
        ]:
            fail(path, "the copy with new pitches differs to mido in more than pitches")
        for old, new in zip(map(before_end, reading[0]), map(before_end, reading[2])):
            for (_, a), (_, b) in zip(old, new):
                if a.type == "note_on" and a.velocity > 0 and a.note == b.note:
                    fail(path, "a note kept its pitch")
    # midicsv reads past the end of faulty files, so of a repaired one it is shown the copies.
    repaired = before.read_bytes() != same.read_bytes()
    reading = [read_csv(p) for p in (same if repaired else before, same, changed)]
    if reading[0] is not None:
        count += 1
        if reading[0] != reading[1]:
            fail(path, "the unchanged copy differs to midicsv")
        if [masked_line(f) for f in reading[0]] != [masked_line(f) for f in reading[2] or []]:
            fail(path, "the copy with new pitches differs to midicsv in more than pitches")
    return count


def compare_notes(path, tool, ticks_a_beat, tracks):
    wanted, tempos = [], []
    for number, track in enumerate(tracks):
        tick = 0
        for place, message in enumerate(track):
            tick += message.time
            if message.type == "end_of_track":
                break
            if message.type == "note_on" and message.velocity > 0:
                wanted.append(
                    (tick, number, place, message.channel, message.note, message.velocity)
                )
            elif message.type == "set_tempo" and message.tempo > 0:
                tempos.append((tick, number, place, message.tempo))
    wanted.sort()
    tempos.sort()
    listed = run(tool, "notes", path).stdout.decode().splitlines()
    if len(listed) != len(wanted):
        fail(path, f"{len(listed)} notes listed, mido has {len(wanted)}")
    at, now, seconds, tempo = 0, 0, 0.0, 500000
    for line, want in zip(listed, wanted):
        while at < len(tempos) and tempos[at][0] <= want[0]:
            seconds += mido.tick2second(tempos[at][0] - now, ticks_a_beat, tempo)
            now, tempo = tempos[at][0], tempos[at][3]
            at += 1
        track, channel, pitch, velocity, tick = (int(f) for f in line.split()[:5])
        if (tick, track, channel, pitch, velocity) != (want[0], want[1], *want[3:]):
            fail(path, f"note {line} listed, mido has {want}")
        there = seconds + mido.tick2second(want[0] - now, ticks_a_beat, tempo)
        if abs(float(line.split()[5]) - there) > 1e-6 * max(1, there):
            fail(path, f"note {line}, mido's time is {there}")


def compare(path, tool, folder):
    same, changed = folder / "same.mid", folder / "changed.mid"
    for verb, copy in (("copy", same), ("pitches", changed)):
        done = run(tool, verb, path, copy)
        if done.returncode != 0 or done.stderr:
            fail(path, done.stderr.decode(errors="replace"))
    count = compare_readers(path, path, same, changed)
    try:
        file = mido.MidiFile(path)
        compare_notes(path, tool, file.ticks_per_beat, file.tracks)
    except (OSError, ValueError, EOFError, KeyError, IndexError, TypeError):
        pass
    return count


def chunks_of(data):
    """The header's content, then the content of each track."""
    at, found = 0, []
    while at < len(data):
        length = struct.unpack(">I", data[at + 4 : at + 8])[0]
        found.append(data[at + 8 : at + 8 + length])
        at += 8 + length
    return found[0], found[1:]


def chunk(name, content, length=None):
    return name + struct.pack(">I", len(content) if length is None else length) + content


def file_of(header, tracks, between=b""):
    return chunk(b"MThd", header) + b"".join(between + chunk(b"MTrk", t) for t in tracks)


def with_length(header, tracks, which, change):
    parts = [
        chunk(b"MTrk", t, max(0, len(t) + (change if n == which else 0)))
        for n, t in enumerate(tracks)
    ]
    return chunk(b"MThd", header) + b"".join(parts)


def fault_each(header, tracks, dice):
    """(what it is, the words that name it, the file, its notes are all there)"""
    which = dice.randrange(len(tracks))
    last = len(tracks) - 1

    def into(first):
        return [first + t if n == which else t for n, t in enumerate(tracks)]

    plain = file_of(header, tracks)
    yield "volume of 168", "data byte above 127 set to 127", file_of(
        header, into(b"\0\xb0\x07\xa8")
    ), True
    yield "clock", "real-time or common message", file_of(header, into(b"\0\xf8\0\xfe")), True
    yield "five bytes", "five bytes or more", file_of(header, into(b"\x80\x80\x80\x80")), True
    yield "padding", "padding between chunks", file_of(
        header, tracks, bytes([dice.choice(b"\0 \xff")]) * dice.randint(1, 9)
    ), True
    yield "two files", "several files in one", plain + plain, True
    mac = bytearray(128)
    mac[1:5], mac[65:73], mac[83:87] = b"\3abc", b"Midittxt", struct.pack(">I", len(plain))
    yield "MacBinary", "MacBinary", bytes(mac) + plain + bytes(-len(plain) % 128), True
    riff = b"RMID" + b"data" + struct.pack("<I", len(plain)) + plain
    yield "RMID", "RMID", b"RIFF" + struct.pack("<I", len(riff)) + riff, True
    if len(tracks) == 1:
        yield "type 2", "type 2", file_of(b"\0\2" + header[2:], tracks), True
    too_long = dice.randint(1, 8) if which < last else dice.randint(1, 100000)
    yield "too long", "wrong track length", with_length(header, tracks, which, too_long), True
    too_short = -dice.randint(1, len(tracks[which]))
    yield "too short", "wrong track length", with_length(header, tracks, which, too_short), True
    yield "cut", "cut at the end", plain[: -dice.randint(1, len(tracks[last]) - 1)], False


def read_notes(tool, path):
    return [line.split()[:5] for line in run(tool, "notes", path).stdout.decode().splitlines()]


def read_clipped(path):
    """The notes of each track as mido reads them with data bytes above 127 as 127."""
    try:
        file = mido.MidiFile(path, clip=True)
    except (OSError, ValueError, EOFError, KeyError, IndexError, TypeError):
        return None
    wanted = []
    for track in file.tracks:
        tick, notes = 0, []
        for _, message in before_end([(m.time, m) for m in track]):
            tick += message.time
            if message.type == "note_on":
                notes.append((tick, message.channel, message.note, message.velocity))
        wanted.append(notes)
    return wanted


def compare_faults(tool, made, folder, dice):
    """How many faulty files mido read as we did."""
    faulty, mended, agreed = folder / "faulty.mid", folder / "mended.mid", 0
    notes = read_notes(tool, made)
    for kind, words, data, complete in fault_each(*chunks_of(made.read_bytes()), dice):
        faulty.write_bytes(data)
        done = run(tool, "copy", faulty, mended)
        if done.returncode != 0 or done.stderr:
            fail(faulty, f"{kind}: {done.stderr.decode(errors='replace')}")
        warning = run(tool, "warning", faulty).stdout.decode()
        if words not in warning:
            fail(faulty, f"{kind}: not named in '{warning}'")
        read = read_notes(tool, faulty)
        if read != notes if complete else any(note not in notes for note in read):
            fail(faulty, f"{kind}: {len(read)} notes read, {len(notes)} there, or others")
        theirs, ours = read_clipped(faulty), read_clipped(mended)
        if ours is None:
            fail(mended, f"{kind}: mido cannot read the mended file")
        # Of a track that is longer than it says mido reads no more than it says.
        if theirs is not None and len(theirs) == len(ours) and kind != "too short":
            agreed += 1
            if theirs != ours:
                fail(faulty, f"{kind}: mido reads other notes")
    return agreed


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("tool")
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("files", nargs="*", type=pathlib.Path)
    parser.add_argument("--seeds", type=int, default=0)
    options = parser.parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)
    made = options.folder / "made.mid"
    plain = odd = faulty = 0
    for seed in range(options.seeds):
        for verb in ("make", "odd"):
            done = run(options.tool, verb, seed, made)
            if done.returncode != 0:
                fail(made, done.stderr.decode(errors="replace"))
            count = compare(made, options.tool, options.folder)
            plain, odd = (plain + count, odd) if verb == "make" else (plain, odd + count)
            if verb == "make":
                faulty += compare_faults(
                    options.tool, made, options.folder, random.Random(seed)
                )
    named = sum(compare(path, options.tool, options.folder) for path in options.files)
    print(f"readings compared: plain {plain}, odd {odd}, faulty {faulty}, named {named}")
    if odd < options.seeds // 3:
        sys.exit("the readers refused nearly all odd files: nothing was compared")
    if faulty < 3 * options.seeds:
        sys.exit("mido refused nearly all faulty files: nothing was compared")
    if plain < 2 * options.seeds or named < 2 * len(options.files):
        sys.exit("a reader refused a plain file")


main()
