/* A piece of music in slots, as the learner sees it.
 *
 * Time is counted in slots (sixteenth notes); four slots are a beat (a quarter
 * note). Only onsets count: a slot holds the note numbers struck in it, in
 * the order in which the piece lists them; a note number struck twice in one
 * slot stands there twice. Songs are immutable after
 * song_create and may be read from any thread. Nothing here knows of MIDI
 * files: callers bring slots and note numbers. */
#ifndef PIECE_SONG_H
#define PIECE_SONG_H

#include "base/error.h"

#include <stddef.h>
#include <stdint.h>

enum {
    SONG_SLOTS_A_BEAT = 4,
    SONG_MAX_SLOTS = 1 << 20, /* more than 72 hours at 60 beats a minute */
    SONG_MAX_NOTES = 1 << 22,
};

struct score; /* piece/score.h */

struct song_note {
    uint32_t slot;
    uint8_t pitch; /* MIDI note number, 0 .. 127 */
};

struct song {
    char *name;        /* for people: usually the file's name without folder and ending */
    uint32_t checksum; /* CRC-32 of the bytes it was read from; 0 where there are none */
    uint32_t slots;    /* a multiple of SONG_SLOTS_A_BEAT, at least 4 */
    uint32_t notes;
    uint32_t *first;     /* [slots + 1]: notes of slot s are pitch[first[s] .. first[s + 1] - 1] */
    uint8_t *pitch;      /* [notes] */
    struct score *score; /* the piece as it is written, with as many notes; may be NULL until
                            a model is made of the song */
};

/* Builds a song from notes given in order of onset. They are sorted by slot;
 * inside a slot the given order is kept. Copies all. NULL: no notes, more than
 * SONG_MAX_*, a pitch above 127, out of memory. */
struct song *song_create(const char *name, uint32_t checksum, const struct song_note *notes,
                         size_t count, struct error *error);

/* A copy with a copy of the score. NULL: out of memory. */
struct song *song_copy(const struct song *song, struct error *error);

/* Frees the score too. */
void song_free(struct song *song);

/* Copies of several; free the array as well. NULL: out of memory. */
struct song **song_copy_all(struct song *const *songs, size_t count, struct error *error);

/* Frees the songs and the array; NULL, or songs that are NULL, are nothing. */
void song_free_all(struct song **songs, size_t count);

static inline uint32_t song_beats(const struct song *song)
{
    return song->slots / SONG_SLOTS_A_BEAT;
}

/* The set of note numbers struck in a slot, as 128 bits: bit p & 63 of word p >> 6. */
void song_slot_set(const struct song *song, uint32_t slot, uint64_t set[2]);

#endif
