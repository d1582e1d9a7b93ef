/* The slip model P(x | y): how a finger that aims at note y lands on note x.
 *
 * Only the distance |x - y| in semitones counts, in classes: right, 1, 2, 3 to
 * 11, an octave, farther. The shares of the classes start from measured playing
 * and then follow the player: every note that a known place explains is counted
 * (online expectation maximisation with forgetting, Cappé and Moulines 2009), so
 * that one who hits every second key wrong is not taken for one who plays
 * something else. Measured substitutions: advanced pianists slip by 1, 2, 3, 4,
 * 5 semitones in 47, 22, 10, 5, 5 %, learners by 1, 2 in 27, 43 % and by an
 * octave in 9 %. Half of their extra notes are a second key brushed within two
 * semitones of the right one, and half of learners' repeat a pitch just heard:
 * the fixed distribution `brush`.
 *
 * The sum of P(x | y) over a set of candidates y is a lookup: the 25 bits of the
 * set around x are two table indices that give the number of candidates in each
 * class. The tables are the same in every struct slip and fixed by slip_init. */
#ifndef CORRECT_SLIP_H
#define CORRECT_SLIP_H

#include "correct/noteset.h"

#include <stdint.h>

enum slip_class {
    SLIP_RIGHT,
    SLIP_ONE,
    SLIP_TWO,
    SLIP_FAR,
    SLIP_OCTAVE,
    SLIP_BEYOND,
    SLIP_CLASSES,
};

enum {
    SLIP_RANGE = 12,
    SLIP_WINDOW = 2 * SLIP_RANGE + 1,
    SLIP_LOW_BITS = 13,
    SLIP_HIGH_BITS = 12,
    SLIP_FIELD = 5, /* bits a class in the packed counts */
};

struct slip {
    float probability[SLIP_CLASSES]; /* of one note y at that distance */
    float brush[SLIP_CLASSES];       /* of a key brushed beside y, or y struck once more */
    float seen[SLIP_CLASSES];        /* notes of each class, forgotten slowly */
    uint32_t low[1 << SLIP_LOW_BITS];
    uint32_t high[1 << SLIP_HIGH_BITS];
};

/* Where a finger lands that misses the key it aims at, as it was measured: landing[k] is the
 * probability of k - SLIP_RANGE semitones up, of the distances within an octave, before limits of
 * the keyboard; 0 at 0. It depends on the pitch class meant: of which colour keys are. The counts
 * and where they come from are in slip.c. */
void slip_landing(int meant, double landing[SLIP_WINDOW]);

void slip_init(struct slip *slip);

/* Counts a note of known meaning: share[c] is the probability that it was of
 * class c; they sum to at most 1. */
void slip_learn(struct slip *slip, const float share[SLIP_CLASSES]);

static inline enum slip_class slip_class_of(unsigned x, unsigned y)
{
    unsigned distance = x > y ? x - y : y - x;
    if (distance <= 2)
        return (enum slip_class)distance;
    return distance < SLIP_RANGE ? SLIP_FAR : distance == SLIP_RANGE ? SLIP_OCTAVE : SLIP_BEYOND;
}

/* The candidates within SLIP_RANGE of x: bit k is set when the set holds x - SLIP_RANGE + k. */
static inline uint32_t slip_window(note_set set, unsigned x)
{
    note_set shifted = x >= SLIP_RANGE ? set >> (x - SLIP_RANGE) : set << (SLIP_RANGE - x);
    return (uint32_t)shifted & ((1u << SLIP_WINDOW) - 1);
}

/* The sum of P(x | y) over the y of a set of `count` notes, p being the
 * probability of one note by class: slip->probability or slip->brush. */
static inline float slip_sum(const struct slip *slip, const float p[SLIP_CLASSES], note_set set,
                             int count, unsigned x)
{
    uint32_t window = slip_window(set, x);
    uint32_t packed =
        slip->low[window & ((1u << SLIP_LOW_BITS) - 1)] + slip->high[window >> SLIP_LOW_BITS];
    enum { MASK = (1 << SLIP_FIELD) - 1 };
    int right = packed & MASK, one = packed >> SLIP_FIELD & MASK,
        two = packed >> 2 * SLIP_FIELD & MASK, far = packed >> 3 * SLIP_FIELD & MASK,
        octave = packed >> 4 * SLIP_FIELD & MASK;
    int beyond = count - right - one - two - far - octave;
    return p[SLIP_RIGHT] * (float)right + p[SLIP_ONE] * (float)one + p[SLIP_TWO] * (float)two +
           p[SLIP_FAR] * (float)far + p[SLIP_OCTAVE] * (float)octave +
           p[SLIP_BEYOND] * (float)beyond;
}

#endif
