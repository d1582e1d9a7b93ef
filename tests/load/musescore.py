"""MusicXML scores against MuseScore's own export of them, note by note.

    AUDIOGENRL=build/tool/audiogenrl /usr/bin/python3 tests/load/musescore.py SCORE.mxl|FOLDER...
    /usr/bin/python3 tests/load/musescore.py --write GOLDEN.json SCORE.musicxml

MuseScore (package musescore3, offscreen) and `audiogenrl convert` write each score as MIDI;
onset, pitch and duration of every note are compared, in quarters. MuseScore plays signs out
(trills, arpeggios, tremolos, grace notes, staccato), where the program keeps the note that is
written. So each score is compared twice: as it is, and in a copy without these signs and
without cue notes. What differs only as it is, is put down to a sign. What differs in the copy is
put down to one of these, or is a difference that the program answers for:

    held      the key is struck again while another voice holds it: MuseScore leaves that out
    tie gap   tied to a later note over others: MuseScore plays the sum of the two lengths, the
              program to the end of the second
    tie       MuseScore strikes the second of two tied notes
    tremolo   of two notes: MuseScore plays it out
    twice     a part with several instruments: MuseScore writes its notes for each

Parts that have time signatures of their own in one bar are compared part by part, each in a copy
of its own: MuseScore gives such a bar the longer length for all. Lengths of the parts that are
not the keyboard's do not add up to their bars there, and what differs in them is "own time".

The second form writes MuseScore's notes of a score down, for a test that needs no MuseScore."""

import argparse
import copy
import json
import os
import shutil
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ElementTree
import zipfile
from collections import Counter

import mido

PROGRAM = os.environ.get("AUDIOGENRL", "audiogenrl")
MUSESCORE = shutil.which("mscore3") or shutil.which("musescore3")
SIGNS = {"ornaments", "arpeggiate", "non-arpeggiate", "articulations", "glissando", "slide"}
CLOSE = 0.02  # quarters: MuseScore lets go a tick or two before the end


def read(path):
    if path.endswith(".mxl"):
        with zipfile.ZipFile(path) as archive:
            container = ElementTree.fromstring(archive.read("META-INF/container.xml"))
            names = [e.get("full-path") for e in container.iter() if e.tag.endswith("rootfile")]
            return ElementTree.fromstring(archive.read(names[0]))
    return ElementTree.parse(path).getroot()


def write(root, path):
    ElementTree.ElementTree(root).write(path, encoding="utf-8", xml_declaration=True)
    return path


def plain(root):
    """A copy without signs that MuseScore plays out; a cue note becomes a rest."""
    root = copy.deepcopy(root)
    for measure in root.iter("measure"):
        for note in list(measure.findall("note")):
            if note.find("grace") is not None or (
                note.find("cue") is not None and note.find("chord") is not None
            ):
                measure.remove(note)
            elif note.find("cue") is not None:
                for tag in ("cue", "pitch", "tie", "notations"):
                    for element in note.findall(tag):
                        note.remove(element)
                note.insert(0, ElementTree.Element("rest"))
            for notations in note.findall("notations"):
                for sign in list(notations):
                    # A tremolo of two notes is in the lengths too, and stays.
                    if sign.tag == "ornaments" and sign.find("tremolo[@type='start']") is not None:
                        continue
                    if sign.tag == "ornaments" and sign.find("tremolo[@type='stop']") is not None:
                        continue
                    if sign.tag in SIGNS:
                        notations.remove(sign)
    return root


def has_own_times(root):
    """Whether parts count one bar in different lengths."""
    lengths = []
    for part in root.findall("part"):
        own, now = [], None
        for measure in part.findall("measure"):
            for time in measure.iter("time"):
                beats = sum(map(int, time.findtext("beats", "4").split("+")))
                now = beats / int(time.findtext("beat-type", "4"))
            own.append(now)
        lengths.append(own)
    return any(len({x for x in bar if x}) > 1 for bar in zip(*lengths))


def only_part(root, number):
    root = copy.deepcopy(root)
    parts, names = root.findall("part"), root.find("part-list").findall("score-part")
    for i, part in enumerate(parts):
        if i != number:
            root.remove(part)
    for name in names:
        if name.get("id") != parts[number].get("id"):
            root.find("part-list").remove(name)
    return root


def tremolo_pitches(root):
    """Pitches of notes of two-note tremolos, and of ties over a gap."""
    steps = dict(zip("CDEFGAB", (0, 2, 4, 5, 7, 9, 11)))
    tremolo, gap = set(), set()
    for part in root.findall("part"):
        shift, divisions, start = 0, 1.0, 0.0
        open_ties, shaken = {}, False
        for measure in part.findall("measure"):
            at, last, furthest = 0.0, 0.0, 0.0
            for node in measure:
                divisions = float(node.findtext("divisions", divisions)) if node.tag == "attributes" else divisions
                if node.tag == "attributes" and node.find("transpose") is not None:
                    shift = int(float(node.findtext("transpose/chromatic", "0")))
                    shift += 12 * int(float(node.findtext("transpose/octave-change", "0")))
                length = float(node.findtext("duration", "0")) / divisions
                if node.tag == "backup":
                    at -= length
                elif node.tag == "forward":
                    at += length
                elif node.tag == "note":
                    if node.find("chord") is None:
                        last = at
                        at += length
                    if node.find("pitch") is None or node.find("grace") is not None:
                        continue
                    pitch = 12 * (int(node.findtext("pitch/octave")) + 1) + shift
                    pitch += steps[node.findtext("pitch/step")]
                    pitch += int(float(node.findtext("pitch/alter", "0")))
                    ties = {tie.get("type") for tie in node.findall("tie")}
                    if node.find("chord") is None:  # the sign stands at the first note of a chord
                        shaken = any(
                            node.find(f".//tremolo[@type='{kind}']") is not None
                            for kind in ("start", "stop")
                        )
                    if shaken:
                        tremolo.add(pitch)
                    if "stop" in ties and pitch in open_ties:
                        if abs(open_ties[pitch] - (start + last)) > CLOSE:
                            gap.add(pitch)
                    if "start" in ties:
                        open_ties[pitch] = start + last + length
                furthest = max(furthest, at)
            start += furthest
    return tremolo, gap


def export(score, out):
    subprocess.run(
        [MUSESCORE, "-o", out, score], check=True, timeout=300,
        env={**os.environ, "QT_QPA_PLATFORM": "offscreen", "XDG_RUNTIME_DIR": tempfile.gettempdir()},
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    return notes_of(out)


def convert(score, out):
    subprocess.run([PROGRAM, "convert", "-q", score, out], check=True, timeout=60)
    return notes_of(out)


def notes_of(path):
    """All notes: (onset, pitch, duration), sorted."""
    music, found = mido.MidiFile(path), []
    for track in music.tracks:
        tick, down = 0, {}
        for message in track:
            tick += message.time
            if message.type == "note_on" and message.velocity:
                down.setdefault((message.channel, message.note), []).append(tick)
            elif message.type in ("note_on", "note_off"):
                begun = down.get((message.channel, message.note))
                if begun:
                    start = begun.pop(0)
                    found.append((round(start / music.ticks_per_beat, 3), message.note,
                                  round((tick - start) / music.ticks_per_beat, 3)))  # fmt: skip
    return sorted(found)


def over(notes, note):
    """Whether one of the notes holds this pitch while it is struck."""
    onset, pitch, _ = note
    return any(p == pitch and o < onset - 0.1 and o + d > onset + CLOSE for o, p, d in notes)


def differences(theirs, ours):
    """What one has and the other has not, by onset and pitch; and pairs that differ in length."""
    theirs, ours = list(theirs), list(ours)
    left, pairs = [], []
    for note in theirs:
        same = [o for o in ours if abs(o[0] - note[0]) < 2e-3 and o[1] == note[1]]
        if same:
            best = min(same, key=lambda o: abs(o[2] - note[2]))
            ours.remove(best)
            if abs(best[2] - note[2]) > CLOSE:
                pairs.append((note, best))
        else:
            left.append(note)
    return left, ours, pairs


def explain(theirs, ours, tremolo, gap):
    """Counter of classes, and what none of them explains."""
    left, more, pairs = differences(theirs, ours)
    classes, rest = Counter(), []
    known = {(round(o, 2), p) for o, p, _ in theirs}
    for note in left:
        if any(abs(o - note[0]) < 2e-3 and p == note[1] for o, p, _ in ours):
            classes["twice"] += 1
        elif note[1] in tremolo:
            classes["tremolo"] += 1
        elif over(ours, note):
            again = any(p == note[1] and note[0] - 0.3 <= o < note[0] - 1e-3 for o, p, _ in theirs)
            classes["tremolo" if again else "tie"] += 1
        else:
            rest.append(("MuseScore", note))
    for note in more:
        if over(theirs, note) or (round(note[0], 2), note[1]) in known:
            classes["held"] += 1
        elif note[1] in tremolo:
            classes["tremolo"] += 1
        else:
            rest.append(("audiogenrl", note))
    for note, own in pairs:
        end = note[0] + max(note[2], own[2]) + CLOSE
        if any(p == note[1] and note[0] + 1e-3 < o < end for o, p, _ in ours):
            classes["held"] += 1
        elif any(p == note[1] and note[0] + 1e-3 < o < end for o, p, _ in theirs):
            classes["tremolo" if note[2] < 0.3 else "tie"] += 1
        elif note[1] in gap and own[2] > note[2]:
            classes["tie gap"] += 1
        elif note[1] in tremolo:
            classes["tremolo"] += 1
        else:
            rest.append(("length", note, own))
    return classes, rest


def compare(path, folder):
    """(notes, classes, unexplained) of a score."""
    root = read(path)
    tremolo, gap = tremolo_pitches(root)
    own_times = has_own_times(root)
    ours = convert(path, f"{folder}/ours.mid")
    theirs = export(path, f"{folder}/theirs.mid")
    as_it_is = sum(map(len, differences(theirs, ours))) if not own_times else None
    copies = [plain(root)]
    if own_times:
        copies = [only_part(copies[0], i) for i in range(len(root.findall("part")))]
    total, classes, rest = 0, Counter(), []
    for one in copies:
        name = write(one, f"{folder}/plain.musicxml")
        try:
            ours = convert(name, f"{folder}/ours.mid")
        except subprocess.CalledProcessError:
            continue  # a part without notes
        theirs = export(name, f"{folder}/theirs.mid")
        more, unexplained = explain(theirs, ours, tremolo, gap)
        if own_times and one.find(".//staves") is None:
            more["own time"] += len(unexplained)
            unexplained = []
        classes += more
        rest += unexplained
        total += len(ours)
    if as_it_is is not None:
        classes["sign"] = max(0, as_it_is - sum(classes.values()) - len(rest))
    return total, classes, rest


def write_golden(out, path):
    with tempfile.TemporaryDirectory() as folder:
        theirs = export(path, f"{folder}/theirs.mid")
    with open(out, "w", encoding="utf-8") as file:
        file.write("[" + ",\n ".join(json.dumps(note) for note in theirs) + "]\n")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--write", metavar="GOLDEN.json")
    parser.add_argument("scores", nargs="+")
    options = parser.parse_args()
    if not MUSESCORE:
        sys.exit("needs MuseScore 3 (package musescore3)")
    if options.write:
        return write_golden(options.write, options.scores[0])
    paths = []
    for path in options.scores:
        inside = [os.path.join(path, n) for n in sorted(os.listdir(path))] if os.path.isdir(path) else [path]
        paths += [p for p in inside if p.endswith((".mxl", ".musicxml", ".xml"))]
    notes, classes, open_ones = 0, Counter(), 0
    with tempfile.TemporaryDirectory() as folder:
        for path in paths:
            count, found, rest = compare(path, folder)
            words = ", ".join(f"{name} {n}" for name, n in sorted(found.items()) if n)
            print(f"{os.path.basename(path)}: {count} notes; {words or 'equal'}")
            for what in rest:
                print("   ", *what)
            notes, classes, open_ones = notes + count, classes + found, open_ones + len(rest)
    print(f"{len(paths)} scores, {notes} notes: {dict(classes)}, not explained {open_ones}")
    return 1 if open_ones else 0


if __name__ == "__main__":
    sys.exit(main())
