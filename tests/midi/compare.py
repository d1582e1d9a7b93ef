"""Files before and after midifile, as mido and midicsv read them.

Usage: compare.py SMF_TOOL WORK_FOLDER [--seeds N] [FILE.mid ...]

Every file (random ones, and those named) is copied without a change and with
every note's number changed. Two readers that know nothing of this project must
then see the same events, at the same times, in the same order; of note and
aftertouch events the number alone may differ, and in the second copy must, for
each note struck. The notes listed by SMF_TOOL must be mido's.
"""
import argparse
import pathlib
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


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("tool")
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("files", nargs="*", type=pathlib.Path)
    parser.add_argument("--seeds", type=int, default=0)
    options = parser.parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)
    made = options.folder / "made.mid"
    plain = odd = 0
    for seed in range(options.seeds):
        for verb in ("make", "odd"):
            done = run(options.tool, verb, seed, made)
            if done.returncode != 0:
                fail(made, done.stderr.decode(errors="replace"))
            count = compare(made, options.tool, options.folder)
            plain, odd = (plain + count, odd) if verb == "make" else (plain, odd + count)
    named = sum(compare(path, options.tool, options.folder) for path in options.files)
    print(f"readings compared: plain {plain}, odd {odd}, named {named}")
    if odd < options.seeds // 3:
        sys.exit("the readers refused nearly all odd files: nothing was compared")
    if plain < 2 * options.seeds or named < 2 * len(options.files):
        sys.exit("a reader refused a plain file")


main()
