/* Following a known piece: a belief over the places of the repertoire.
 *
 * The belief is a forward filter of a hidden Markov model (Rabiner 1989) in the
 * spirit of score followers that allow arbitrary repeats and skips at a cost
 * that does not grow with the score (Nakamura et al., "Outer-product hidden
 * Markov model and polyphonic MIDI score following", arXiv:1404.2313): every
 * jump goes through one extra state, `away` (the player is at no known place),
 * so only places that the playing supports need weights.
 *
 * A hypothesis is a diagonal: place = slot played + diagonal, so that time
 * passing costs nothing. At most FOLLOW_HYPOTHESES of them live at a time; new
 * ones enter where pairs of notes just played occur in the pieces, near the
 * likeliest place (a note replayed, a bar begun again), at the beginnings of
 * pieces, and where the policy would turn after a beat.
 *
 * All memory is taken at opening. Work a note: O(FOLLOW_HYPOTHESES +
 * FOLLOW_LOOKS), whatever the repertoire and the length of the playing; the first
 * note of all looks at up to 4096 beginnings, and while no piece is believed the
 * first note of a slot at 96 places more, for other tempi. One thread at a time. */
#ifndef CORRECT_FOLLOW_H
#define CORRECT_FOLLOW_H

#include "correct/corrector.h"
#include "correct/habit.h"
#include "correct/slip.h"
#include "correct/timeline.h"

#include <stdbool.h>
#include <stdint.h>

enum {
    FOLLOW_HYPOTHESES = 128,
    FOLLOW_LOOKS = 256, /* places looked at for new hypotheses, a note */
    FOLLOW_HEARD = 8,   /* last notes by which a place just thought of is judged */
    FOLLOW_MEMORY = 32, /* ... where the clock is thought to be at another tempo */
};

/* How a note comes about at a place the player is at. */
enum follow_part {
    FOLLOW_NEXT,  /* the first of the place's notes not sent yet, in the piece's order */
    FOLLOW_LOW,   /* the lowest of them: chords often arrive from low to high */
    FOLLOW_OWN,   /* any of them */
    FOLLOW_AGAIN, /* one of its notes once more, or a key brushed beside it */
    FOLLOW_NEAR,  /* a note of the slot before or after, played early or late */
    FOLLOW_STRAY, /* anything */
    FOLLOW_PARTS,
};

struct follow_hypothesis {
    int32_t diagonal;
    float weight; /* probability */
};

struct follow_heard {
    double fine; /* slots, with their fractions */
    int32_t slot;
    float expected; /* probability of the note when away */
    uint8_t pitch;
};

struct follow {
    const struct timeline *timeline;
    struct slip slip;
    float part[FOLLOW_PARTS]; /* their shares, following the player as the slips do */
    float part_seen[FOLLOW_PARTS];
    struct follow_hypothesis hypothesis[FOLLOW_HYPOTHESES];
    uint32_t count;
    struct habit habit; /* what being away would sound like */
    float away;         /* probability of being at no known place */
    float left_share;   /* the part of it that left a place in the last advance */
    int32_t best;       /* diagonal of the likeliest hypothesis */
    float best_weight;
    uint32_t sure;     /* notes on end for which it was beyond doubt */
    float sparse;      /* 0: the player plays all of the piece; 1: leaves out most of it */
    float off_time;    /* share of onsets at which the player's time and the piece's part */
    int32_t late_best; /* the diagonal of `best` with its next onset now, or `best` itself */
    uint32_t lost;     /* notes on end for which nothing was */
    bool believed;     /* the player is known to be playing a piece */
    bool anchored;     /* some place was believed since the start */
    int32_t anchor;    /* the last such place's diagonal */
    int32_t phase;     /* diagonals equal to it modulo a beat keep the player's beat */
    bool started;
    double origin;        /* slot of the first note, so that diagonals stay small */
    double realigned;     /* see corrector_realign */
    double fine;          /* slot of the last note, with its fraction */
    int32_t slot;         /* of the notes being struck, from the origin */
    uint32_t struck;      /* notes in this slot */
    note_set sent;        /* pitches sent in this slot */
    note_set sent_before; /* in the slot before it */
    struct follow_heard heard[FOLLOW_MEMORY];
    uint32_t heard_count;
    uint32_t notes; /* since the start */
};

/* Forgets all playing. The timeline must outlive it. */
void follow_start(struct follow *follow, const struct timeline *timeline);

/* Time passes up to the slot (in sixteenths) of a note about to be judged. */
void follow_advance(struct follow *follow, double slot);

/* Finds new places that could explain pitch x and the notes before it. */
void follow_enter(struct follow *follow, uint8_t x);

/* Whether nothing was heard yet. Where a player begins, the first note says; later,
 * places may as well be searched for after a note was sent: one that enters with a
 * note weighs too little to decide it. */
static inline bool follow_is_first(const struct follow *follow)
{
    return follow->heard_count == 0;
}

/* For every pitch y: prior(y) * P(x | y)^trust, up to a common factor, as far as
 * places explain x. What counts for "nothing known fits" is returned, to be added
 * by follow_spread. */
float follow_score(const struct follow *follow, uint8_t x, float trust, float score[128]);

/* Adds what nothing known explains: to y = x, or, where meant is not NULL, to the
 * pitches x - SLIP_RANGE .. x + SLIP_RANGE by these shares [SLIP_WINDOW], which sum to 1. */
void follow_spread(float played, const float *meant, uint8_t x, float score[128]);

/* Whether it could matter to follow_choose how `played` is spread. */
bool follow_is_open(const float score[128], float played, float keep, uint8_t x);

/* The pitch with the largest score, that of x being raised by `keep` nats. */
uint8_t follow_choose(const float score[128], float keep, uint8_t x);

/* Takes x as evidence; likelihood[i], where not NULL, receives what each
 * hypothesis gave it, and the return value what `away` gave. */
float follow_weigh(struct follow *follow, uint8_t x, float *likelihood);

/* Tells what was sent for the note just weighed. */
void follow_sent(struct follow *follow, uint8_t x, uint8_t pitch);

/* The likeliest piece and place; piece -1 while none is likelier than all else. */
struct correct_place follow_place(const struct follow *follow);

/* What stands after the likeliest place, and how well it explains pitch x. */
struct correct_ahead follow_ahead(const struct follow *follow, uint8_t x);

/* For whole takes, which bring their own belief: keeps what was learned of the
 * player and forgets where they were; moves to a slot without a change of
 * belief; the likelihood of x at a place of which nothing was sent yet. */
void follow_rewind(struct follow *follow);
void follow_move(struct follow *follow, double slot);
float follow_likelihood(const struct follow *follow, int64_t place, uint8_t x);

#endif
