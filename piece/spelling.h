/* Names of notes as they are written: a letter, its sign and an octave.
 *
 * A key signature stands on the line of fifths (… B♭ F C G D A E B F♯ …). A pitch is spelled
 * by the one of its names that lies within three fifths below and eight above the
 * signature's own C: all notes of the major key and of the three minor scales, and the
 * usual chromatic ones (in C: C C♯ D E♭ E F F♯ G G♯ A B♭ B). */
#ifndef PIECE_SPELLING_H
#define PIECE_SPELLING_H

#include <stdbool.h>
#include <stdint.h>

struct spelling {
    uint8_t letter; /* C 0 .. B 6 */
    int8_t alter;   /* sharps; below 0: flats */
    int8_t octave;  /* 4: from middle C */
};

/* sharps: of the key signature, -7 .. 7. */
struct spelling spelling_of(int pitch, int sharps);

/* A key that was struck in place of a written note: a white key by its own name, a black
 * one next to the note by the note's letter, where that has one sign. */
struct spelling spelling_beside(int pitch, int written, int sharps);

/* The sign that a signature gives a letter: 1, 0 or -1. */
int spelling_signature(int letter, int sharps);

/* Steps of the staff, upwards: C4 is 28. */
static inline int spelling_step(struct spelling spelling)
{
    return 7 * spelling.octave + spelling.letter;
}

#endif
