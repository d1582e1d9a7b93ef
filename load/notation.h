/* A score (piece/musicxml.h) as a Standard MIDI File: what all that takes a piece can read.
 *
 * Type 1: a track of tempo, time and key, then a track for each staff that has
 * notes, named after its part and, of two staves of a keyboard, its hand. A bar of
 * another length than its time signature says, such as a pick-up, gets one of its
 * own, so that bars begin where the score's do. Times are
 * the score's, exactly, and so are lengths, but for a note whose key is struck again
 * before it ends: it ends there. Grace notes come just before the beat of their note,
 * which keeps its own; at the very beginning, where there is no time before, they
 * come on it, and their note after them. Ornaments are not played out. */
#ifndef LOAD_NOTATION_H
#define LOAD_NOTATION_H

#include "piece/musicxml.h"

enum { NOTATION_ALL_PARTS = -1, NOTATION_KEYBOARD = -2 };

/* `part`: one of the score's, from 0, or one of the two above. The bytes, malloced;
 * NULL: no such part, no note in it, out of memory. */
uint8_t *notation_smf(const struct musicxml *score, int part, const char *name, size_t *length,
                      struct error *error);

#endif
