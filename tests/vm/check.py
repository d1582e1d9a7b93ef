"""Reads what a machine brought back: check.py WORK MACHINE TEST...

Prints a line `ok NAME` or `not ok NAME: why` for every check; exit status 1 if
one is not ok or a machine did not come to its end.
"""

import json
import pathlib
import statistics
import sys

import mido

# Seconds by which onsets may be off: other programs of the machine have their turns.
ONSET_TYPICAL = 0.005
ONSET_WORST = 0.05
# Pitches that may be others than those of the file, for the same reason.
MAY_DIFFER = 0.01

failures = 0


def report(good, name, why=""):
    global failures
    failures += not good
    print(f"ok {name}" if good else f"not ok {name}: {why}")


def read_lines(path):
    """(seconds, bytes) of a recording or a script."""
    events = []
    for line in path.read_text(encoding="ascii").splitlines():
        if line and not line.startswith("#"):
            seconds, *data = line.split()
            if data:
                events.append((float(seconds), bytes(int(byte, 16) for byte in data)))
    return events


def is_strike(data):
    return data[0] & 0xF0 == 0x90 and data[2] > 0


def is_release(data):
    return data[0] & 0xF0 == 0x80 or (data[0] & 0xF0 == 0x90 and data[2] == 0)


def strikes(events):
    return [(seconds, data) for seconds, data in events if is_strike(data)]


def unmatched(events):
    """Notes without a release and releases without a note, one by one."""
    held, stray = {}, 0
    for _, data in events:
        key = (data[0] & 0x0F, data[1]) if len(data) > 1 else None
        if is_strike(data):
            held[key] = held.get(key, 0) + 1
        elif is_release(data):
            if held.get(key, 0) == 0:
                stray += 1
            else:
                held[key] -= 1
    return sum(held.values()), stray


def read_midi(path):
    """The same of a Standard MIDI File, by another reader than the project's."""
    events, now = [], 0.0
    for message in mido.MidiFile(path):
        now += message.time
        if not message.is_meta:
            events.append((now, bytes(message.bytes())))
    return events


def first_difference(a, b):
    for i, (x, y) in enumerate(zip(a, b)):
        if x != y:
            return f"number {i}: {x} instead of {y}"
    return f"{len(a)} instead of {len(b)}"


def check_play(work, recording, name, may_differ):
    """may_differ: the share of pitches that may be others, for onsets that came late."""
    heard = read_lines(recording)
    expected = strikes(read_midi(work / "data/expected.mid"))
    played = strikes(read_midi(work / "data/played.mid"))
    got = strikes(heard)
    velocities = [(data[0], data[2]) for _, data in got]
    wanted = [(data[0], data[2]) for _, data in expected]
    report(velocities == wanted, f"{name}: every note-on, in order, with its velocity",
           first_difference(velocities, wanted))
    if len(got) == len(expected):
        shift = statistics.median(a - b for (a, _), (b, _) in zip(got, expected))
        off = sorted(abs(a - b - shift) for (a, _), (b, _) in zip(got, expected))
        report(off[len(off) // 2] < ONSET_TYPICAL and off[-1] < ONSET_WORST, f"{name}: spacing of onsets",
               f"half of them off by {off[len(off) // 2]:.4f} s, one by {off[-1]:.4f} s")
        print(f"# {name}: onsets off by {1000 * off[len(off) // 2]:.2f} ms (half), "
              f"{1000 * off[len(off) * 99 // 100]:.2f} (99 %), {1000 * off[-1]:.2f} (worst)")
    pitches = [data[1] for _, data in got]
    right = [data[1] for _, data in expected]
    changed = sum(a[1][1] != b[1][1] for a, b in zip(expected, played))
    differ = sum(a != b for a, b in zip(pitches, right))
    report(len(pitches) == len(right) and differ <= may_differ * len(right),
           f"{name}: pitches those of correct --live",
           f"{differ} of {len(right)} differ; {first_difference(pitches, right)}")
    print(f"# {name}: {differ} of {len(right)} pitches are not those of correct --live")
    report(changed > 20, f"{name}: the file has wrong notes to repair", f"only {changed}")
    left, stray = unmatched(heard)
    report(left == 0 and stray == 0, f"{name}: all releases match", f"{left} notes, {stray} releases left over")


def check_reload(work, out):
    sent = read_lines(work / "data/fast.txt")
    heard = read_lines(out / "reload.txt")
    a = [data[2] for _, data in strikes(heard)]
    b = [data[2] for _, data in strikes(sent)]
    report(a == b, "reload: no note lost", first_difference(a, b))
    left, _ = unmatched(heard)
    report(left == 0, "reload: none hanging", f"{left} held")
    status = json.loads((out / "reload.json").read_text())
    report(status["corrected"] > 0, "reload: notes were corrected meanwhile", json.dumps(status))


def is_hush(data):
    """Sustain off, all notes off, all sound off: what whoever connects is greeted with."""
    return data[0] & 0xF0 == 0xB0 and data[1] in (64, 120, 123) and data[2] == 0


def without_greeting(events):
    first = next((i for i, data in enumerate(events) if not is_hush(data)), len(events))
    last = next((i for i in range(len(events), first, -1) if not is_hush(events[i - 1])), first)
    return events[first:last]


def lost_of(sent, heard):
    """How many of `sent` are missing in `heard`, where the rest is in order; None: it is not.

    Where input was lost everything is released; those events are passed over."""
    at, lost = 0, 0
    for event in heard:
        try:
            found = sent.index(event, at)
        except ValueError:
            found = None
        if found is None or (found > at and (is_hush(event) or is_release(event))):
            if is_hush(event) or is_release(event):
                continue
            return None
        lost += found - at
        at = found + 1
    return lost + len(sent) - at


def check_state(before, greeting):
    """Whoever connects is told the controllers and the bend as they were heard last."""
    last = {}
    for data in before:
        if data[0] & 0xF0 in (0xB0, 0xE0) and not is_hush(data):
            last[data[:2] if data[0] & 0xF0 == 0xB0 else data[:1]] = data
    strange = [data for data in greeting if data not in last.values()]
    report(greeting and not strange, "flood: who connects after it is told the state it left",
           f"{len(greeting)} events, not heard last: {strange[:4]}")


def check_flood(work, out):
    sent = [data for _, data in read_lines(work / "data/flood.txt")]
    recording = read_lines(out / "flood.txt")
    heard = without_greeting([data for _, data in recording])
    status = json.loads((out / "flood.json").read_text())
    print(f"# flood: {len(heard)} of {len(sent)} in {recording[-1][0] - recording[0][0]:.1f} s; "
          f"status: {status['events']}, recorder lost {(out / 'flood.txt').read_text().count('# lost')}")
    if heard == sent:
        report(True, "flood: nothing lost, nothing reordered")
    else:
        lost = lost_of(sent, heard)
        counted = status["events"]["dropped"] + status["events"]["overruns"]
        report(lost is not None and counted > 0, "flood: in order, and losses are counted",
               f"{first_difference(heard, sent)}; lost {lost}, counted {counted}")
    before = heard
    heard = [data for _, data in read_lines(out / "sysex.txt")]
    start = next((i for i, data in enumerate(heard) if data[0] == 0xF0), len(heard))
    check_state(before, [data for data in heard[:start] if not is_hush(data)])
    sent = b"".join(data for _, data in read_lines(work / "data/sysex.txt"))
    heard = b"".join(without_greeting(heard[start:]))
    if heard == sent:
        report(True, "sysex: 64 KiB unchanged")
    else:
        status = json.loads((out / "sysex.json").read_text())
        report(False, "sysex: 64 KiB unchanged", f"{len(heard)} of {len(sent)} bytes; {status['events']}")


def check_record(work, out):
    """The service's own recording, against what was played and what a recorder heard."""
    (path,) = (out / "recordings").glob("*.mid")
    file = mido.MidiFile(path)
    sent = read_lines(work / "data/fast.txt")[:400]
    report([track.name for track in file.tracks] == ["played", "sent"], "record: two tracks",
           f"{[track.name for track in file.tracks]}")
    for track, wanted in zip(file.tracks, (sent, read_lines(out / "record.txt"))):
        events, now = [], 0.0
        for message in track:
            now += mido.tick2second(message.time, file.ticks_per_beat, 500000)
            if not message.is_meta:
                events.append((now, bytes(message.bytes())))
        a, b = strikes(events), strikes(wanted)
        report([data for _, data in a] == [data for _, data in b],
               f"record: every note {track.name}",
               first_difference([data for _, data in a], [data for _, data in b]))
        off = [(x - a[0][0]) - (y - b[0][0]) for (x, _), (y, _) in zip(a, b)]
        report(max(map(abs, off)) < ONSET_WORST, f"record: onsets {track.name}", f"{off}")
        left, stray = unmatched(events)
        report(left == 0 and stray == 0, f"record: releases {track.name}", f"{left}, {stray}")


def read_table(path):
    """Label: p50, p99 and greatest, in microseconds, as bench_latency prints them."""
    rows = {}
    for line in path.read_text().splitlines()[1:]:
        print(f"# latency: {line}")
        label, *figures = line.rsplit(None, 5 if rows else 3)
        rows[label.strip()] = [float(figure) for figure in figures[:3]]
    return rows


def check_latency(share):
    service, other = read_table(share / "service"), read_table(share / "midish")
    least, midish = service["passthrough"], other["midish"]
    off, correct = service["service, mode off"], service["service, mode correct"]
    report(off[0] <= 1.3 * least[0] and off[1] <= 1.3 * least[1],
           "latency: mode off at most 1.3 times the least possible",
           f"p50 {off[0] / least[0]:.2f}, p99 {off[1] / least[1]:.2f}")
    report(off[0] < midish[0] and off[1] < midish[1], "latency: mode off below midish",
           f"p50 {off[0]} and {midish[0]}, p99 {off[1]} and {midish[1]}")
    report(correct[1] <= 200, "latency: mode correct, 100 pieces, p99 at most 200 us", f"{correct[1]}")
    status = json.loads((share / "status.json").read_text())
    report(status["repertoire"]["pieces"] == 100 and status["corrected"] > 0,
           "latency: 100 pieces, and notes were corrected",
           f"{status['repertoire']}, corrected {status['corrected']}")


def console(work, name):
    """The results a machine brought back; its console where it did not come to its end."""
    results = work / f"share-{name}" / "results"
    lines = results.read_text(errors="replace").splitlines() if results.exists() else []
    for line in lines:
        if line.startswith("# "):
            print(line)
        elif line.startswith(("ok ", "not ok ")):
            word, _, rest = line.partition("ok ")
            what, _, why = rest.partition(": ")
            report(word == "", rest if word == "" else what, why)
    whole = "done" in lines
    report(whole, f"the {name} machine came to its end", "it did not; its console ends:")
    if not whole:
        text = work / f"{name}.console"
        print("\n".join(text.read_text(errors="replace").splitlines()[-30:]))


def check_one(name, check, *arguments):
    try:
        check(*arguments)
    except (OSError, KeyError, IndexError, ValueError) as error:
        report(False, name, f"nothing to compare: {error!r}")


def main():
    work, name, tests = pathlib.Path(sys.argv[1]), sys.argv[2], sys.argv[3:]
    share = work / f"share-{name}"
    out = share / "out"
    console(work, name)
    comparisons = {
        "latency": [
            ("exact play", check_play, work, share / "play.txt", "exact play", 0),
            ("latency", check_latency, share),
        ],
        "play": [("play", check_play, work, out / "play.txt", "play", MAY_DIFFER)],
        "reload": [("reload", check_reload, work, out)],
        "flood": [("flood", check_flood, work, out)],
        "record": [("record", check_record, work, out)],
    }
    for test in tests:
        for comparison in comparisons.get(test, []):
            check_one(*comparison)
    print(f"# {name}: {failures} failures")
    return failures > 0


sys.exit(main())
