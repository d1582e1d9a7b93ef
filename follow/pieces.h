/* The known pieces, laid end to end and made ready for following.
 *
 * A position is an onset, or onsets so close that they come in any order, counted over
 * all pieces of all models. Built once when a
 * corrector is opened, then read-only and shareable between threads. Copies what
 * it needs of the models. */
#ifndef FOLLOW_PIECES_H
#define FOLLOW_PIECES_H

#include "base/error.h"
#include "piece/model.h"

#include <stddef.h>
#include <stdint.h>

enum {
    PIECES_MOST_NOTES = 32, /* of an onset; the rest is not followed */
    PIECES_LINE = 4,        /* onsets in a pattern by which a place is found */
    PIECES_TURNS = 8,       /* ways on from a beat, at most */
};

/* Which hands play. */
enum { HANDS_BOTH, HANDS_RIGHT, HANDS_LEFT, HANDS };

struct pieces_piece {
    uint32_t first;  /* position of its first onset */
    uint32_t onsets; /* positions, at least 1 */
    uint32_t score_onsets;
    uint32_t model; /* index of the model it came from */
    uint32_t song;  /* index in that model */
    bool hands;     /* both hands are told apart in it */
};

/* Another way on after an onset, proposed by the policy: the first onset of a beat. */
struct pieces_turn {
    uint32_t position;
    float probability; /* the policy's, divided evenly over equal beats */
};

struct pieces {
    uint32_t count;
    struct pieces_piece *piece;
    uint32_t onsets;          /* positions */
    uint32_t *piece_of;       /* [onsets] */
    uint32_t *onset;          /* [onsets]: of the score, the first that belongs to the position */
    double *quarter;          /* [onsets]: score time in its piece */
    double *time;             /* [onsets]: by the tempos that the piece has written, in quarters
                                 of their mean; ascending */
    uint32_t *first;          /* [onsets + 1]: notes of position i are pitch[first[i] ..] */
    uint8_t *pitch;           /* [notes], different pitches of an onset ascending */
    float *doubt;             /* [notes]: probability that another pitch is meant */
    uint32_t *notes[HANDS];   /* [onsets]: bit k: note first[i] + k is of that hand */
    uint32_t *next[HANDS];    /* [onsets + 1]: the next position of the piece in which that hand
                                 plays; `onsets` where there is none */
    uint32_t *by_pitch;       /* [notes]: positions of a piece's notes, by piece, then pitch */
    uint32_t *by_pitch_first; /* [count * 128 + 1] */
    uint32_t *bar;            /* positions at which bars begin, ascending */
    uint32_t *bar_first;      /* [count + 1]: those of piece k */
    uint32_t *turn_first;     /* [onsets + 1] */
    struct pieces_turn *turn;
    uint32_t line_mask;   /* buckets - 1 */
    uint32_t *line_first; /* [buckets + 1] */
    uint32_t *line;       /* last positions of patterns of the highest (even buckets) and
                             lowest notes */
};

/* NULL: out of memory, or more than 2^26 notes. No models give no pieces. */
struct pieces *pieces_open(const struct model *const *models, size_t count, struct error *error);

void pieces_close(struct pieces *pieces);

/* The bucket of PIECES_LINE successive highest (low: lowest) pitches, by their
 * intervals alone: the same in every transposition. */
uint32_t pieces_bucket(const struct pieces *pieces, const uint8_t line[PIECES_LINE], bool low);

/* The last onset of the score that belongs to a position. */
static inline uint32_t pieces_last_onset(const struct pieces *pieces, uint32_t position)
{
    const struct pieces_piece *piece = &pieces->piece[pieces->piece_of[position]];
    return position + 1 < piece->first + piece->onsets ? pieces->onset[position + 1] - 1
                                                       : piece->score_onsets - 1;
}

/* What a written tempo makes of a quarter there: its length over that of the piece's mean. */
double pieces_stretch(const struct pieces *pieces, uint32_t position);

static inline uint32_t pieces_end(const struct pieces *pieces, uint32_t position)
{
    const struct pieces_piece *piece = &pieces->piece[pieces->piece_of[position]];
    return piece->first + piece->onsets;
}

#endif
