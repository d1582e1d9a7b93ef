"""Writes study.musicxml, a score that asks for all that MuseScore and we must agree upon.

    python3 make_scores.py > study.musicxml
    /usr/bin/python3 ../musescore.py --write study.json study.musicxml"""

DIVISIONS = 12
STEPS = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}


def note(name, length, staff=1, voice=1, chord=False, tie="", tuplet=False):
    """name: "F#4", "-" a rest; length in twelfths of a quarter."""
    kinds = {48: "whole", 36: "half", 24: "half", 18: "quarter", 12: "quarter", 6: "eighth", 4: "eighth",
             3: "16th"}  # fmt: skip
    pitch = "<rest/>"
    if name != "-":
        alter = name.count("#") - name.count("b")
        pitch = f"<pitch><step>{name[0]}</step>" + (f"<alter>{alter}</alter>" if alter else "")
        pitch += f"<octave>{name[-1]}</octave></pitch>"
    ties = "".join(f'<tie type="{kind}"/>' for kind in tie.split())
    tied = "".join(f'<tied type="{kind}"/>' for kind in tie.split())
    return (
        f"<note>{'<chord/>' if chord else ''}{pitch}<duration>{length}</duration>{ties}"
        f"<voice>{voice}</voice><type>{kinds[length]}</type>"
        + ("<dot/>" if length in (36, 18) else "")
        + ("<time-modification><actual-notes>3</actual-notes><normal-notes>2</normal-notes>"
           "</time-modification>" if tuplet else "")
        + f"<staff>{staff}</staff>"
        + (f"<notations>{tied}</notations>" if tied else "")
        + "</note>"
    )  # fmt: skip


def notes(words, **options):
    """ "C4+E4:12 D4:6" """
    text = ""
    for word in words.split():
        names, _, length = word.partition(":")
        for i, name in enumerate(names.split("+")):
            text += note(name, int(length), chord=i > 0, **options)
    return text


BACK = "<backup><duration>48</duration></backup>"


def barline(where, inside):
    return f'<barline location="{where}">{inside}</barline>'


def ending(number, kind):
    return f'<ending number="{number}" type="{kind}"/>'


FORWARD = barline("left", '<repeat direction="forward"/>')


def direction(sound, words="", sign=""):
    kind = f"<words>{words}</words>" if words else sign
    return (f'<direction placement="above"><direction-type>{kind}</direction-type>'
            f"<sound {sound}/></direction>")  # fmt: skip


def piano():
    low = {"staff": 2, "voice": 5}
    triplet = {"tuplet": True}
    yield "", notes("D5:12") + "<backup><duration>12</duration></backup>" + notes("-:12", **low)
    # A chord of one staff with voices of different lengths; a tie over the bar.
    yield "", (
        FORWARD + notes("G4:12 A4:6 B4:6 C5:12") + note("D5", 12, tie="start") + BACK
        + notes("G2:12 D3:12 G2:12 D3:12", staff=2, voice=5) + BACK
        + notes("G3+B3:48", staff=2, voice=6)
    )  # fmt: skip
    yield "", (
        note("D5", 12, tie="stop") + notes("E5:4 F#5:4 G5:4", **triplet) + notes("F#5:24") + BACK
        + notes("A3:24 D3:24", **low)
    )  # fmt: skip
    yield "", (
        barline("left", ending(1, "start")) + notes("E5+G5:18 F#5:6 E5:24") + BACK
        + notes("C3+G3:24 -:12 E3:12", **low)
        + barline("right", ending(1, "stop") + '<repeat direction="backward"/>')
    )
    yield "", (
        barline("left", ending(2, "start")) + notes("D5:24 G4:24") + BACK
        + notes("B2+D3:24 G2:24", **low) + barline("right", ending(2, "discontinue"))
    )  # fmt: skip
    # Written for the eye an octave higher; accidentals; the left hand crosses over.
    yield "", (
        direction('segno="s"', sign="<segno/>")
        + '<direction><direction-type><octave-shift type="down" size="8"/></direction-type></direction>'
        + notes("Bb5:12 A5:12 G5:12 F5:12")
        + '<direction><direction-type><octave-shift type="stop" size="8"/></direction-type></direction>'
        + BACK + notes("G3:24", **low) + notes("D4:24", staff=1, voice=5)
    )  # fmt: skip
    yield "", notes("Eb5:48") + BACK + notes("C3:12 G3:12 C4:12 G3:12", **low) + direction(
        'tocoda="c"', "To Coda"
    )
    yield "", notes("D5:48") + BACK + notes("D3+A3:48", **low) + direction('dalsegno="s"', "D.S. al Coda")
    yield "", (
        direction('coda="c"', sign="<coda/>") + notes("G4+B4+G5:48") + BACK + notes("G2+D3:48", **low)
    )


def clarinet():
    """In B flat: written a tone higher than it sounds."""
    yield "", notes("-:12")
    bars = ["A4:24 B4:24", "E5:48", "D5:24 C#5:24", "A4:48", "F5:24 E5:24", "F5:48", "E5:48", "A4:48"]
    for bar in bars:
        yield "", notes(bar)


def part(name, bars, head):
    text = f'<part id="{name}">'
    for number, (_, content) in enumerate(bars):
        implicit = ' implicit="yes"' if number == 0 else ""
        text += f'<measure number="{number}"{implicit}>{head if number == 0 else ""}{content}</measure>\n'
    return text + "</part>\n"


def attributes(fifths, more):
    return (f"<attributes><divisions>{DIVISIONS}</divisions><key><fifths>{fifths}</fifths></key>"
            f"<time><beats>4</beats><beat-type>4</beat-type></time>{more}</attributes>")  # fmt: skip


CLEFS = ('<staves>2</staves><clef number="1"><sign>G</sign><line>2</line></clef>'
         '<clef number="2"><sign>F</sign><line>4</line></clef>')  # fmt: skip
DOWN = "<transpose><diatonic>-1</diatonic><chromatic>-2</chromatic></transpose>"

print('<?xml version="1.0" encoding="UTF-8"?>\n<score-partwise version="3.1">')
print("<work><work-title>Study</work-title></work><part-list>")
print('<score-part id="P1"><part-name>Clarinet</part-name></score-part>')
print('<score-part id="P2"><part-name>Piano</part-name></score-part></part-list>')
print(part("P1", clarinet(), attributes(3, DOWN)), end="")
print(part("P2", piano(), attributes(1, CLEFS)), end="")
print("</score-partwise>")
