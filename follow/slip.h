/* The slip model P(x | y): how a finger that aims at note y lands on note x.
 *
 * A player misses a share of the notes, and misses in a mixture of ways: as was measured of
 * players (the table in slip.c), on the keys around, anywhere within an octave. The share
 * and the mixture follow the player (online expectation maximisation with forgetting, Cappé and
 * Moulines 2009), so that one who hits every second key wrong is not taken for
 * one who plays something else. */
#ifndef FOLLOW_SLIP_H
#define FOLLOW_SLIP_H

#include <stdint.h>

enum {
    SLIP_RANGE = 12,
    SLIP_WINDOW = 2 * SLIP_RANGE + 1,
};

enum slip_way {
    SLIP_MEASURED,
    SLIP_AROUND, /* one or two semitones, evenly */
    SLIP_ANY,    /* 1 to 12 semitones, evenly */
    SLIP_WAYS,
};

/* Of one player. A plain value. */
struct slip {
    double wrong;          /* share of notes missed */
    double way[SLIP_WAYS]; /* shares of the ways, sum to 1 */
    double notes;          /* that these stand on */
};

/* What a key tells of the notes around it. */
struct slip_key {
    float probability[SLIP_WINDOW];    /* [k]: P(x | y) of y = x - (k - SLIP_RANGE) */
    float way[SLIP_WAYS][SLIP_WINDOW]; /* the same by ways, 0 at k = SLIP_RANGE */
    float beyond;                      /* of a note farther off */
};

/* Where a finger lands that misses the key it aims at, as it was measured: landing[k] is the
 * probability of k - SLIP_RANGE semitones up, of the distances within an octave, before limits of
 * the keyboard; 0 at 0. It depends on the pitch class meant: of which colour keys are. The counts
 * and where they come from are in slip.c. */
void slip_landing(int meant, double landing[SLIP_WINDOW]);

/* A player of whom nothing is known. */
void slip_start(struct slip *slip);

/* For key x, 0 .. 127. landing[c] is slip_landing of pitch class c, as floats. */
void slip_ask(const struct slip *slip, const float landing[12][SLIP_WINDOW], int x,
              struct slip_key *key);

/* A note was right and wrong, the latter by these ways, with these probabilities, which sum to at
 * most 1. */
void slip_learn(struct slip *slip, double right, const double wrong[SLIP_WAYS]);

#endif
