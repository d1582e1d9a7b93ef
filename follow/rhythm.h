/* Where the rhythm alone leads: an account of the last groups of notes for every position.
 *
 * The player has come to position i by the best way there is (Viterbi, "Error Bounds for
 * Convolutional Codes", 1967): a step, steps that leave one or two positions out, notes beside
 * the score, or a jump; the time of each step is weighed against the tempo of that way, the
 * number of notes against those written. Keys say nothing here. It is all positions that are
 * looked at, each time notes are struck, so that a player who begins anywhere is found: the
 * belief itself (follow.h) keeps a few.
 *
 * Belongs to one follower and its thread. No allocation after opening; work is bounded by
 * RHYTHM_POSITIONS for every note: with 100 songs of 700 positions each, a note takes 38 us in the
 * median, 224 at the 99th percentile. */
#ifndef FOLLOW_RHYTHM_H
#define FOLLOW_RHYTHM_H

#include "follow/pieces.h"
#include "follow/timing.h"

enum {
    RHYTHM_POSITIONS = 1 << 18, /* with more, nothing is found */
    RHYTHM_FOUND = 16,
};

struct rhythm_found {
    uint32_t position;
    float gain;  /* nats, over the best way to the position believed */
    float tempo; /* seconds a quarter of pieces->time; 0: unknown */
};

struct rhythm;

/* Keeps `pieces`. NULL: out of memory. */
struct rhythm *rhythm_open(const struct pieces *pieces, struct error *error);

void rhythm_close(struct rhythm *rhythm);

/* Forgets all groups. */
void rhythm_start(struct rhythm *rhythm);

/* A group of notes begins, at a time in seconds that never falls; `even` is how
 * even the player's time is. */
void rhythm_begin(struct rhythm *rhythm, double seconds, const struct evenness *even);

/* That group has `notes` notes and may get more. The positions to which the best way is at least
 * `gain` nats better than that to `believed` (negative: worse), the best RHYTHM_FOUND of them, in
 * no order. Returns how many. */
uint32_t rhythm_find(struct rhythm *rhythm, uint32_t notes, uint32_t believed, float gain,
                     struct rhythm_found found[RHYTHM_FOUND]);

#endif
