/* Scores in MusicXML, plain (.musicxml, .xml) and compressed (.mxl), as lists of
 * notes in the order of playing.
 *
 * Time is in ticks, `division` of them a quarter note: the least common multiple
 * of the file's own divisions, so that every time of the file is exact (where it
 * would exceed MUSICXML_MAX_DIVISION, times are rounded to that). Repeats with
 * their endings, D.C., D.S., coda and fine are unfolded for playing; each bar that
 * is played names the bar of the score that it is.
 *
 * Pitches are those that sound: transposing instruments are transposed, and
 * octave lines, which MusicXML writes for the eye only, change nothing. Tied
 * notes are one note; so is a pitch that two voices of a part strike at once, as
 * long as the longer of them. Grace notes have no length and stand at the onset of the
 * note that they lean on, before it. Ornaments are one note with its sign. Notes
 * of a bar may cross the staves: `staff` is where a note is written.
 *
 * Bytes from outside: nothing is loaded but the bytes given, entities are
 * refused, depth and sizes are bounded. Memory: some 20 times the size of the XML.
 * No state; any number of threads. */
#ifndef PIECE_MUSICXML_H
#define PIECE_MUSICXML_H

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    MUSICXML_MAX_BYTES = 32 << 20, /* of XML, unpacked */
    MUSICXML_MAX_DIVISION = 30240, /* a multiple of all that is in use */
    MUSICXML_MAX_NOTES = 1 << 20,  /* played */
    MUSICXML_MAX_BARS = 1 << 16,   /* played */
    MUSICXML_NUMBER = 12,          /* characters of a bar's number, with the NUL */
};

enum musicxml_ornament {
    MUSICXML_PLAIN,
    MUSICXML_TRILL,
    MUSICXML_TURN,
    MUSICXML_MORDENT,          /* with the note below */
    MUSICXML_INVERTED_MORDENT, /* with the note above */
    MUSICXML_TREMOLO,
    MUSICXML_OTHER_ORNAMENT,
};

struct musicxml_note {
    uint32_t tick;
    uint32_t length; /* 0: a grace note */
    uint32_t bar;    /* in bar[], where it begins */
    uint16_t part;   /* in part[] */
    uint8_t staff;   /* from 0, the upper one */
    uint8_t voice;   /* from 1, as the score counts them */
    uint8_t pitch;   /* 0 .. 127 */
    uint8_t velocity;
    uint8_t ornament;  /* enum musicxml_ornament */
    uint8_t fingering; /* 1 .. 5; 0: none */
    bool grace;
    bool chord;    /* of a grace note: struck with the one before it */
    bool slash;    /* of a grace note */
    bool arpeggio; /* belongs to a chord that is rolled */
    bool staccato;
};

struct musicxml_bar {
    uint32_t tick;
    uint32_t length;
    uint32_t written;             /* the bar of the score, from 0 */
    char number[MUSICXML_NUMBER]; /* as printed; "0" or "X1" where the score says so */
    uint8_t pass;                 /* 1: played for the first time */
};

struct musicxml_tempo {
    uint32_t tick;
    double bpm; /* quarter notes a minute */
};

struct musicxml_meter {
    uint32_t tick;
    uint8_t beats, unit;
};

struct musicxml_key {
    uint32_t tick;
    int8_t sharps; /* as it sounds; below 0: flats */
    bool minor;
};

struct musicxml_part {
    char *name;
    uint8_t staves;
    uint8_t program; /* General MIDI, from 0 */
    bool keyboard;   /* two staves, or an instrument with keys */
};

struct musicxml {
    char *title; /* "" where there is none; so is the composer */
    char *composer;
    uint32_t division;
    uint16_t parts;
    struct musicxml_part *part;
    uint32_t written_bars;
    uint32_t repeats; /* signs that send the player back */
    uint32_t bars;
    struct musicxml_bar *bar; /* [bars], one after the other */
    size_t notes;
    struct musicxml_note *note; /* [notes] by bar, tick, part, staff, grace notes first, pitch */
    uint32_t tempos, meters, keys;
    struct musicxml_tempo *tempo; /* may be none; so may the others */
    struct musicxml_meter *meter;
    struct musicxml_key *key;
};

/* Reads a score from the bytes of either form. `name` is for messages. NULL: error. */
struct musicxml *musicxml_read(const void *bytes, size_t length, const char *name,
                               struct error *error);

void musicxml_free(struct musicxml *score);

/* Whether the program was built with what reads scores; without, musicxml_read fails. */
bool musicxml_available(void);

/* The part that a keyboard plays: the first that is marked so, else the first. */
uint16_t musicxml_keyboard(const struct musicxml *score);

#endif
