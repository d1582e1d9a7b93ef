/* The belief's own data: shared by the files of follow/, private to them. */
#ifndef FOLLOW_BELIEF_H
#define FOLLOW_BELIEF_H

#include "follow/constants.h"
#include "follow/elsewhere.h"
#include "follow/follow.h"
#include "follow/rhythm.h"
#include "follow/slip.h"
#include "follow/timing.h"

enum {
    BELIEF_ONSETS = 4,  /* onsets of which is known what has come */
    BELIEF_ROOM = 4096, /* explanations of a note, at most */
    BELIEF_BUCKETS = 8192,
    BELIEF_AHEAD = 4,                     /* onsets that a step may lead over */
    BELIEF_BACK = 16,                     /* onsets that a step back may lead over */
    BELIEF_SHIFT = 24,                    /* semitones, at most, that a piece is transposed by */
    BELIEF_HELD = FOLLOW_HYPOTHESES + 16, /* hypotheses, with those that lines of notes lead to */
};

/* Which hands play, and beyond HANDS: both of them, that hand apart, which lies octaves off. */
enum { HANDS_APART = HANDS };

static inline int hands_apart(int hand)
{
    return HANDS_APART + hand - HANDS_RIGHT;
}

static inline int hands_playing(int hands)
{
    return hands < HANDS_APART ? hands : HANDS_BOTH;
}

/* Trust from which keys say where the player is. */
#define FOLLOW_TELLING .5f

/* P(x) where a key should not come at all: to the power of no trust it is as good as any. */
#define BELIEF_LEAST_KEY 1e-4f

struct hypothesis {
    uint32_t position;
    int8_t shift;                   /* semitones; of the hand apart, if there is one */
    uint8_t hands;                  /* that play, or the one apart */
    uint8_t steps;                  /* onsets gone through since the start or a jump */
    float weight;                   /* probability */
    float best;                     /* of the explanations that led here, the largest */
    float tempo;                    /* seconds a quarter; 0: unknown */
    float off_time;                 /* logarithm of the last step's time over the time due */
    double since;                   /* when the onset was begun, seconds */
    uint32_t struck[BELIEF_ONSETS]; /* notes of this onset, and of those before, that have come */
};

/* How a note is explained. */
enum explanation {
    EXPLAIN_CHORD, /* one of the onset's notes that were missing */
    EXPLAIN_LATE,  /* one that was missing of an onset before */
    EXPLAIN_AGAIN, /* an ornament, a note once more */
    EXPLAIN_EXTRA, /* in no score */
    EXPLAIN_STEP,  /* of the next onset */
    EXPLAIN_SKIP,  /* of one of those behind it */
    EXPLAIN_JUMP,  /* of any other */
    EXPLANATIONS,
};

/* Notes struck together, as the player meant them or not. */
struct group {
    double seconds;      /* of its first note */
    float log_elsewhere; /* of all its notes, if the player is elsewhere */
    float log_believed;  /* as they were expected, with time left out */
    uint8_t count, lowest, highest;
    uint8_t x[PIECES_MOST_NOTES];
};

/* Keys that this player struck at a position where they are not written: the player's own
 * edition, when they come again. Old ones are overwritten. */
enum { EDITION_NOTES = 4096 };

struct edition {
    uint32_t note[EDITION_NOTES]; /* position * 128 + pitch + 1; 0: none */
    double heard[EDITION_NOTES];  /* when, seconds */
};

struct lattice;

struct follow {
    const struct pieces *pieces;
    struct lattice *lattice;         /* of a whole take; NULL live */
    struct group group[PIECES_LINE]; /* the last ones, a ring */
    uint32_t groups;
    struct hypothesis now[BELIEF_HELD]; /* after the last settled note, the likeliest first */
    uint32_t count;
    struct hypothesis *next; /* [BELIEF_ROOM]: of the note being explained */
    uint32_t next_count;
    uint16_t *bucket; /* [BELIEF_BUCKETS]: index in `next` plus one */
    uint16_t *filled; /* [BELIEF_ROOM]: the bucket of each */
    float sum;        /* of the weights in `next` */
    float least;      /* weight below which an explanation is not looked at */
    float away;       /* probability of being elsewhere */
    struct elsewhere elsewhere;
    struct rhythm *rhythm;          /* where keys say little */
    uint32_t rhythm_groups;         /* `groups` that it has seen */
    float landing[12][SLIP_WINDOW]; /* slip_landing, by pitch class */
    struct slip slip;               /* of this player */
    struct slip_key key;            /* what the key being explained tells, untrusted */
    float likely[SLIP_WINDOW]; /* its probability to the power of the trust, 1 at most: evidence */
    float voted[SLIP_WINDOW];  /* to the power of the trust: what is meant */
    float likely_beyond, voted_beyond;
    float ratio; /* voted over likely, of the explanation being added */
    struct edition edition;
    float low, high; /* of the notes of an onset, the lowest, highest missing comes next */
    float extras;    /* relative to what is usual */
    struct evenness even;
    uint32_t sure; /* notes on end for which a piece was beyond doubt */
    double last;   /* seconds of the last note */
    bool started;
    /* The note being explained. */
    bool waiting;
    double seconds;
    uint8_t x;
    struct timing time;
    float trust, any_key;      /* P(x)^trust of an extra note */
    float beside_key, far_key; /* of a brushed one */
    float *vote;
    float explained[EXPLANATIONS], ordered, ordered_low, ordered_high;
    float as_played, next_away, right_weight, wrong_weight[SLIP_WAYS];
    float key_elsewhere;
};

/* Adds an explanation of the note by hypothesis `from`: it now stands at `to`, of which
 * only position, shift, hands and struck matter here. `note` is the bit of the onset's note that
 * has come, 0: none; y the pitch that is meant, -1: the key as played. */
void belief_add(struct follow *follow, const struct hypothesis *from, uint32_t position, int shift,
                int hands, enum explanation how, uint32_t onset, uint32_t note, int y,
                float weight);

/* Votes for the notes of an onset, those struck left out, and adds them as explanations. */
void explain_onset(struct follow *follow, const struct hypothesis *from, uint32_t onset,
                   uint32_t position, int shift, int hands, uint32_t struck, enum explanation how,
                   float weight);

/* Whether that key, untransposed, was struck at that position when it was played before. */
bool edition_knows(const struct follow *follow, uint32_t position, int pitch);

/* Remembers the key just taken in, where the position is sure and does not have it. */
void edition_hear(struct follow *follow);

/* All explanations by one hypothesis. */
void explain(struct follow *follow, const struct hypothesis *from);

/* What a whole take remembers of its notes (smooth.c). */
void lattice_arrive(struct lattice *lattice, const struct hypothesis *to);
void lattice_explain(struct lattice *lattice, const struct follow *follow,
                     const struct hypothesis *from, uint32_t to, enum explanation how, int y,
                     float weight);
void lattice_settle(struct lattice *lattice, const struct follow *follow, const uint16_t *kept,
                    float sum);

/* Beginnings and jumps. */
void jump_begin(struct follow *follow);
void jump_anywhere(struct follow *follow, float believed);
void jump_by_line(struct follow *follow);
void jump_by_rhythm(struct follow *follow);

#endif
