/* The known pieces laid end to end, made ready for the follower.
 *
 * Places are slots counted over all pieces of all models, with TIMELINE_GAP
 * empty slots around each piece. Built once when a corrector is opened, then
 * read-only and shareable between threads. Copies what it needs; the models may
 * go after timeline_open only if nothing else uses them.
 *
 * The pair index finds where in the pieces a note b follows a note a at a
 * distance of 0 .. TIMELINE_REACH slots: it is how a player who starts anywhere
 * or jumps is found in a large repertoire without looking at every place. */
#ifndef CORRECT_TIMELINE_H
#define CORRECT_TIMELINE_H

#include "base/error.h"
#include "correct/slip.h"
#include "piece/model.h"

#include <stddef.h>
#include <stdint.h>

enum {
    TIMELINE_GAP = 32,  /* slots; a multiple of a beat */
    TIMELINE_REACH = 8, /* slots */
};

struct timeline_piece {
    uint32_t start; /* first place; a multiple of a beat */
    uint32_t slots;
    uint32_t onset; /* place of the first note */
    uint32_t model; /* index of the model it came from */
    uint32_t song;  /* index in that model */
};

/* A way on that the policy proposes after a beat, other than the next beat. */
struct timeline_turn {
    uint32_t place;    /* first slot of the beat it leads to */
    float probability; /* the policy's, divided evenly over equal places */
};

struct timeline {
    uint32_t places;         /* length in slots, gaps included */
    note_set *set;           /* [places]: note numbers struck there */
    uint32_t *first;         /* [places + 1]: the notes of a place are pitch[first[place] ..] */
    uint8_t *pitch;          /* in the pieces' own order */
    uint32_t *onsets_before; /* [places + 1]: places with notes below this one */
    uint32_t *onset;         /* [notes]: the places with notes, ascending */
    uint32_t pieces;
    struct timeline_piece *piece;
    uint32_t *turn_first; /* [places / 4 + 1]: turns after beat b are turn[turn_first[b] ..] */
    struct timeline_turn *turn;
    uint32_t notes;       /* places with notes, the number of ways to enter */
    uint32_t pair_mask;   /* buckets - 1 */
    uint32_t *pair_first; /* [buckets + 1] */
    uint32_t *pair_place; /* places of b, bucket by bucket */
};

/* Builds from all songs of the models. No models gives an empty timeline. NULL: out of memory, or
 * more music than is kept (some 67 million pairs of notes within TIMELINE_REACH). */
struct timeline *timeline_open(const struct model *const *models, size_t count,
                               struct error *error);

void timeline_close(struct timeline *timeline);

/* The piece a place lies in, or -1 in a gap. O(log pieces). */
int timeline_find_piece(const struct timeline *timeline, uint32_t place);

static inline uint32_t timeline_bucket(const struct timeline *timeline, unsigned a, unsigned b,
                                       unsigned distance)
{
    uint32_t key = (a << 16 | b << 8 | distance) * 0x9e3779b1u;
    return (key ^ key >> 15) & timeline->pair_mask;
}

/* Notes struck at a place. */
static inline uint32_t timeline_count(const struct timeline *timeline, int64_t place)
{
    return timeline->first[place + 1] - timeline->first[place];
}

#endif
