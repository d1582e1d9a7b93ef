/* A part, bar by bar: notes with their times, and what the bars say of repeats,
 * tempo, time and key. */
#include "piece/musicxml_private.h"

#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { FORTE = 90, DEFAULT_VELOCITY = 80 };

struct reader {
    struct written *written;
    struct written_bar *bar;
    uint32_t bar_index;
    uint16_t part;
    double divisions; /* the file's, a quarter note */
    double position;  /* ticks from the start of the bar */
    double last_onset;
    double furthest;
    int transpose[WRITTEN_MAX_STAVES]; /* semitones */
    uint8_t velocity;
    uint8_t beats, unit;
    int8_t sharps;
    bool minor, key_known, meter_known;
};

static int fault(const struct reader *reader, const char *text)
{
    return error_set(reader->written->error, "%s: bar %s: %s", reader->written->name,
                     reader->bar->number, text);
}

static double ticks(const struct reader *reader, double duration)
{
    return floor(duration * reader->written->division / reader->divisions + .5);
}

static int move(struct reader *reader, double by)
{
    reader->position = fmax(0, reader->position + by);
    reader->furthest = fmax(reader->furthest, reader->position);
    if (reader->furthest > (double)WRITTEN_MAX_QUARTERS * reader->written->division)
        return fault(reader, "is longer than a bar can be");
    return 0;
}

/* --- What stands between the notes --- */

static void take_transpose(struct reader *reader, const xmlNode *node)
{
    char number[8];
    xml_attribute(node, "number", number, sizeof number);
    long only = strtol(number, NULL, 10);
    double by = xml_number(node, "chromatic", 0) + 12 * xml_number(node, "octave-change", 0);
    if (reader->written->concert || fabs(by) > 60)
        return;
    for (int s = 0; s < WRITTEN_MAX_STAVES; s++)
        if (only == 0 || only == s + 1)
            reader->transpose[s] = (int)by;
}

/* As it sounds: a semitone up is seven fifths. */
static void take_key(struct reader *reader, const xmlNode *node)
{
    double fifths = xml_number(node, "fifths", NAN);
    if (!(fabs(fifths) <= 7))
        return;
    int sharps = (int)fifths + 7 * (reader->transpose[0] % 12);
    while (sharps > 7)
        sharps -= 12;
    while (sharps < -7)
        sharps += 12;
    char mode[16];
    xml_child_text(node, "mode", mode, sizeof mode);
    reader->sharps = (int8_t)sharps;
    reader->minor = strcmp(mode, "minor") == 0;
    reader->key_known = true;
}

/* "3+2" is 5. */
static void take_time(struct reader *reader, const xmlNode *node)
{
    char text[24];
    int beats = 0;
    xml_child_text(node, "beats", text, sizeof text);
    for (char *at = text; *at;) {
        char *end;
        long more = strtol(at, &end, 10);
        if (end == at || more < 1 || more > 64)
            return;
        beats += (int)more;
        at = *end == '+' ? end + 1 : end;
    }
    int unit = (int)xml_number(node, "beat-type", 0);
    if (beats < 1 || beats > 255 || (unit & (unit - 1)) != 0 || unit < 1 || unit > 64)
        return;
    reader->beats = (uint8_t)beats;
    reader->unit = (uint8_t)unit;
    reader->meter_known = true;
}

static void take_attributes(struct reader *reader, const xmlNode *node)
{
    double divisions = xml_number(node, "divisions", 0);
    if (divisions > 0 && divisions <= 1e6)
        reader->divisions = divisions;
    /* Before the key, which is written for the instrument. */
    for (const xmlNode *child = node->children; child; child = child->next)
        if (xml_is(child, "transpose"))
            take_transpose(reader, child);
    for (const xmlNode *child = node->children; child; child = child->next) {
        if (xml_is(child, "key"))
            take_key(reader, child);
        else if (xml_is(child, "time"))
            take_time(reader, child);
    }
}

static int add_tempo(struct reader *reader, double bpm, double offset)
{
    struct written *written = reader->written;
    if (!(bpm >= 4 && bpm <= 1000))
        return 0;
    if (written_grow((void **)&written->tempo, written->tempos, &written->tempo_room,
                     sizeof *written->tempo) != 0)
        return fault(reader, "out of memory");
    double tick = fmax(0, reader->position + ticks(reader, offset));
    written->tempo[written->tempos++] =
        (struct written_tempo){reader->bar_index, (uint32_t)fmin(tick, INT32_MAX), bpm};
    return 0;
}

static bool take_label(const xmlNode *node, const char *attribute, char *label)
{
    char text[WRITTEN_LABEL];
    xml_attribute(node, attribute, text, sizeof text);
    if (text[0])
        memcpy(label, text, sizeof text);
    return text[0] != '\0';
}

/* Whether it says where to go on. */
static bool take_jumps(struct reader *reader, const xmlNode *sound)
{
    struct written_bar *bar = reader->bar;
    char text[WRITTEN_LABEL];
    bool dacapo = xml_attribute_is(sound, "dacapo", "yes");
    bar->dacapo |= dacapo;
    xml_attribute(sound, "fine", text, sizeof text);
    bool fine = text[0] != '\0';
    bar->fine |= fine;
    if (xml_attribute_is(sound, "forward-repeat", "yes"))
        bar->forward = true;
    bool segno = take_label(sound, "segno", bar->segno);
    bool coda = take_label(sound, "coda", bar->coda);
    bool dalsegno = take_label(sound, "dalsegno", bar->dalsegno);
    bool tocoda = take_label(sound, "tocoda", bar->tocoda);
    return dacapo || fine || segno || coda || dalsegno || tocoda;
}

static int take_sound(struct reader *reader, const xmlNode *sound, double offset, bool *tempo)
{
    char text[24];
    xml_attribute(sound, "dynamics", text, sizeof text);
    if (text[0])
        reader->velocity = (uint8_t)fmin(127, fmax(1, strtod(text, NULL) * FORTE / 100 + .5));
    xml_attribute(sound, "tempo", text, sizeof text);
    if (!text[0])
        return 0;
    *tempo = true;
    return add_tempo(reader, strtod(text, NULL), offset);
}

/* Quarter notes of a metronome's beat. */
static double beat_of(const xmlNode *metronome)
{
    static const struct {
        const char *name;
        double quarters;
    } units[] = {{"whole", 4},   {"half", 2},   {"quarter", 1},
                 {"eighth", .5}, {"16th", .25}, {"32nd", .125}};
    char text[16];
    xml_child_text(metronome, "beat-unit", text, sizeof text);
    double quarters = 0, dot = 0;
    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++)
        if (strcmp(text, units[i].name) == 0)
            quarters = dot = units[i].quarters;
    for (const xmlNode *child = metronome->children; child; child = child->next)
        if (xml_is(child, "beat-unit-dot"))
            quarters += dot /= 2;
    return quarters;
}

/* Where no sound element says it, words do. */
static void take_words(struct reader *reader, const char *words)
{
    struct written_bar *bar = reader->bar;
    if (strncasecmp(words, "D.C.", 4) == 0 || strncasecmp(words, "D. C.", 5) == 0 ||
        strncasecmp(words, "Da capo", 7) == 0)
        bar->dacapo = true;
    else if (strncasecmp(words, "D.S.", 4) == 0 || strncasecmp(words, "D. S.", 5) == 0 ||
             strncasecmp(words, "Dal segno", 9) == 0)
        memcpy(bar->dalsegno, "segno", 6);
    else if (strncasecmp(words, "To coda", 7) == 0)
        memcpy(bar->tocoda, "coda", 5);
    else if (strcasecmp(words, "Fine") == 0)
        bar->fine = true;
}

static int take_direction(struct reader *reader, const xmlNode *node)
{
    const xmlNode *sound = xml_child(node, "sound");
    double offset = xml_number(node, "offset", 0);
    bool tempo = false, jump = sound && take_jumps(reader, sound);
    if (sound && take_sound(reader, sound, offset, &tempo) != 0)
        return -1;
    for (const xmlNode *type = node->children; type; type = type->next) {
        if (!xml_is(type, "direction-type"))
            continue;
        for (const xmlNode *child = type->children; child; child = child->next) {
            char text[64];
            if (xml_is(child, "words") && !jump) {
                xml_text(child, text, sizeof text);
                take_words(reader, text);
            } else if (xml_is(child, "segno") && !jump && !reader->bar->segno[0]) {
                memcpy(reader->bar->segno, "segno", 6);
            } else if (xml_is(child, "coda") && !jump && !reader->bar->coda[0]) {
                memcpy(reader->bar->coda, "coda", 5);
            } else if (xml_is(child, "metronome") && !tempo) {
                double bpm = xml_number(child, "per-minute", 0) * beat_of(child);
                if (bpm > 0 && add_tempo(reader, bpm, offset) != 0)
                    return -1;
            }
        }
    }
    return 0;
}

/* "1, 2" or "1.2." as bits. */
static uint32_t read_endings(const char *text)
{
    uint32_t bits = 0;
    while (*text) {
        char *end;
        long number = strtol(text, &end, 10);
        if (end == text) {
            text++;
            continue;
        }
        if (number >= 1 && number <= 30)
            bits |= 1u << number;
        text = end;
    }
    return bits;
}

static void take_barline(struct reader *reader, const xmlNode *node, uint32_t *ending)
{
    struct written_bar *bar = reader->bar;
    char text[32];
    const xmlNode *repeat = xml_child(node, "repeat"), *end = xml_child(node, "ending");
    if (repeat && xml_attribute_is(repeat, "direction", "forward"))
        bar->forward = true;
    if (repeat && xml_attribute_is(repeat, "direction", "backward")) {
        xml_attribute(repeat, "times", text, sizeof text);
        long times = strtol(text, NULL, 10);
        bar->backward = (uint8_t)(times >= 2 && times <= 30 ? times : 2);
    }
    if (xml_child(node, "segno") && !bar->segno[0])
        memcpy(bar->segno, "segno", 6);
    if (xml_child(node, "coda") && !bar->coda[0])
        memcpy(bar->coda, "coda", 5);
    if (!end)
        return;
    xml_attribute(end, "number", text, sizeof text);
    if (xml_attribute_is(end, "type", "start")) {
        *ending = read_endings(text);
        bar->ending_start = *ending != 0;
        bar->endings |= *ending;
    } else {
        *ending = 0;
    }
}

/* --- Notes --- */

static uint8_t ornament_of(const xmlNode *ornaments)
{
    static const struct {
        const char *name;
        enum musicxml_ornament ornament;
    } known[] = {{"trill-mark", MUSICXML_TRILL},
                 {"wavy-line", MUSICXML_TRILL},
                 {"turn", MUSICXML_TURN},
                 {"inverted-turn", MUSICXML_TURN},
                 {"delayed-turn", MUSICXML_TURN},
                 {"mordent", MUSICXML_MORDENT},
                 {"inverted-mordent", MUSICXML_INVERTED_MORDENT},
                 {"tremolo", MUSICXML_TREMOLO}};
    uint8_t ornament = MUSICXML_PLAIN;
    for (const xmlNode *child = ornaments->children; child; child = child->next) {
        if (child->type != XML_ELEMENT_NODE || xml_is(child, "accidental-mark"))
            continue;
        ornament = MUSICXML_OTHER_ORNAMENT;
        for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
            if (xml_is(child, known[i].name))
                return (uint8_t)known[i].ornament;
    }
    return ornament;
}

static void take_notations(struct written_note *note, const xmlNode *node)
{
    for (const xmlNode *child = node->children; child; child = child->next) {
        if (xml_is(child, "ornaments")) {
            uint8_t ornament = ornament_of(child);
            if (ornament != MUSICXML_PLAIN)
                note->note.ornament = ornament;
        } else if (xml_is(child, "technical")) {
            double finger = xml_number(child, "fingering", 0);
            if (finger >= 1 && finger <= 5)
                note->note.fingering = (uint8_t)finger;
        } else if (xml_is(child, "tied")) {
            note->tie_start |= xml_attribute_is(child, "type", "start");
            note->tie_stop |= xml_attribute_is(child, "type", "stop");
        } else if (xml_is(child, "arpeggiate")) {
            note->note.arpeggio = true;
        } else if (xml_is(child, "articulations")) {
            note->note.staccato = xml_child(child, "staccato") || xml_child(child, "staccatissimo");
        }
    }
}

/* -1: the note has no pitch that a keyboard could play. */
static int pitch_of(const struct reader *reader, const xmlNode *node, int staff)
{
    static const int steps[] = {9, 11, 0, 2, 4, 5, 7}; /* A .. G */
    char step[4];
    const xmlNode *pitch = xml_child(node, "pitch");
    xml_child_text(pitch, "step", step, sizeof step);
    if (!pitch || step[0] < 'A' || step[0] > 'G')
        return -1;
    double key = 12 * (xml_number(pitch, "octave", 4) + 1) + steps[step[0] - 'A'] +
                 floor(xml_number(pitch, "alter", 0) + .5) + reader->transpose[staff];
    return key >= 0 && key <= 127 ? (int)key : -1;
}

static void take_ties(struct written_note *note, const xmlNode *node)
{
    for (const xmlNode *child = node->children; child; child = child->next)
        if (xml_is(child, "tie")) {
            note->tie_start |= xml_attribute_is(child, "type", "start");
            note->tie_stop |= xml_attribute_is(child, "type", "stop");
        }
}

static uint32_t measure_of(const struct reader *reader)
{
    return reader->meter_known ? 4 * reader->written->division * reader->beats / reader->unit : 0;
}

static int add_note(struct reader *reader, const xmlNode *node, double onset, double length)
{
    struct written *written = reader->written;
    char text[24];
    int staff = (int)xml_number(node, "staff", 1) - 1;
    if (staff < 0 || staff >= WRITTEN_MAX_STAVES)
        staff = 0;
    int pitch = pitch_of(reader, node, staff);
    const xmlNode *grace = xml_child(node, "grace");
    if (pitch < 0 || xml_child(node, "cue") || (!grace && length < 1))
        return 0;
    if (written->notes == WRITTEN_MAX_NOTES ||
        written_grow((void **)&written->note, written->notes, &written->note_room,
                     sizeof *written->note) != 0)
        return fault(reader, "more notes than can be held");
    struct written_note *note = &written->note[written->notes++];
    double voice = xml_number(node, "voice", 1);
    *note =
        (struct written_note){.note = {.tick = (uint32_t)onset,
                                       .length = grace ? 0 : (uint32_t)length,
                                       .bar = reader->bar_index,
                                       .part = reader->part,
                                       .staff = (uint8_t)staff,
                                       .voice = voice >= 1 && voice <= 255 ? (uint8_t)voice : 1,
                                       .pitch = (uint8_t)pitch,
                                       .velocity = reader->velocity,
                                       .grace = grace,
                                       .chord = grace && xml_child(node, "chord"),
                                       .slash = grace && xml_attribute_is(grace, "slash", "yes")}};
    if (staff >= written->part[reader->part].staves)
        written->part[reader->part].staves = (uint8_t)(staff + 1);
    xml_attribute(node, "time-only", text, sizeof text);
    note->passes = read_endings(text);
    note->measure = measure_of(reader);
    take_ties(note, node);
    for (const xmlNode *child = node->children; child; child = child->next)
        if (xml_is(child, "notations"))
            take_notations(note, child);
    return 0;
}

static int take_note(struct reader *reader, const xmlNode *node)
{
    double length = ticks(reader, fmax(0, xml_number(node, "duration", 0)));
    bool grace = xml_child(node, "grace");
    if (xml_child(node, "chord"))
        return add_note(reader, node, reader->last_onset, length);
    reader->last_onset = reader->position;
    if (!grace && move(reader, length) != 0)
        return -1;
    return xml_child(node, "rest") ? 0 : add_note(reader, node, reader->last_onset, length);
}

static int take_child(struct reader *reader, const xmlNode *node, uint32_t *ending)
{
    bool tempo = false;
    if (xml_is(node, "note"))
        return take_note(reader, node);
    if (xml_is(node, "backup"))
        return move(reader, -ticks(reader, fmax(0, xml_number(node, "duration", 0))));
    if (xml_is(node, "forward"))
        return move(reader, ticks(reader, fmax(0, xml_number(node, "duration", 0))));
    if (xml_is(node, "attributes"))
        take_attributes(reader, node);
    else if (xml_is(node, "direction"))
        return take_direction(reader, node);
    else if (xml_is(node, "barline"))
        take_barline(reader, node, ending);
    else if (xml_is(node, "sound")) {
        take_jumps(reader, node);
        return take_sound(reader, node, 0, &tempo);
    }
    return 0;
}

/* Time and key of a bar are the first part's that says them. */
static void settle_bar(struct reader *reader)
{
    struct written_bar *bar = reader->bar;
    if (reader->meter_known && bar->meter_known &&
        reader->beats * bar->unit != bar->beats * reader->unit)
        bar->mixed = true;
    if (reader->written->part[reader->part].staves > 1 && !bar->keyboard) {
        bar->keyboard = (uint32_t)reader->furthest;
        bar->meter_known = false; /* the keyboard's counts */
    }
    if (reader->meter_known && !bar->meter_known) {
        bar->beats = reader->beats;
        bar->unit = reader->unit;
        bar->meter_known = true;
    }
    if (reader->key_known && !bar->key_known) {
        bar->sharps = reader->sharps;
        bar->minor = reader->minor;
        bar->key_known = true;
    }
    if (reader->furthest > bar->length)
        bar->length = (uint32_t)reader->furthest;
}

int written_read_part(struct written *written, uint16_t part, xmlNode *const *measure)
{
    struct reader reader = {
        .written = written, .part = part, .divisions = 1, .velocity = DEFAULT_VELOCITY};
    uint32_t ending = 0;
    for (uint32_t b = 0; b < written->bars; b++) {
        reader.bar = &written->bar[b];
        reader.bar_index = b;
        reader.position = reader.last_onset = reader.furthest = 0;
        if (!measure[b])
            continue;
        if (!reader.bar->number[0])
            xml_attribute(measure[b], "number", reader.bar->number, sizeof reader.bar->number);
        /* The ending that is open, before this bar can close it. */
        reader.bar->endings |= ending;
        for (const xmlNode *node = measure[b]->children; node; node = node->next)
            if (take_child(&reader, node, &ending) != 0)
                return -1;
        settle_bar(&reader);
    }
    return 0;
}
