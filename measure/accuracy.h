/* How good a correction is: what was sent, against what was meant.
 *
 * Everything is counted, nothing averaged, so that the scores of several files
 * add up to the score of all of them; figures are taken from the counts at the
 * end. Beside what was sent, the same is counted for what was played, which is
 * the score of doing nothing. */
#ifndef MEASURE_ACCURACY_H
#define MEASURE_ACCURACY_H

#include "base/error.h"
#include "measure/take.h"
#include "measure/wasserstein.h"

enum {
    ACCURACY_PITCHES = WASSERSTEIN_PITCHES,
    /* Times in nanoseconds: exact below 64, then 64 steps an octave, up to 2^40. */
    ACCURACY_TIMES = 64 * 36,
};

/* Counts over one of the two: the pitches played, or those sent. */
struct accuracy_tally {
    uint64_t right;       /* notes that were meant, on the pitch that was meant */
    uint64_t sets_right;  /* slots, see score.sets */
    uint64_t sets_same;   /* slots whose set is the truth's, see score.slots */
    uint64_t added_right; /* added notes on a pitch that the truth has in their slot, or on the
                             one that they were brushed beside */
    uint64_t off;         /* notes that are neither of the above right ones */
    uint64_t harmless;    /* of those: on another pitch that the truth has in the slot; or in key
                             and not a semitone beside a note of the truth in this slot or
                             sounding (the note meant, which it replaces, not counted) */
    uint64_t pitches[ACCURACY_PITCHES]; /* of the notes that were meant */
};

struct accuracy {
    uint64_t files; /* calls of accuracy_take */
    uint64_t truth; /* notes of the truth */
    uint64_t meant; /* notes struck that were meant: the truth without what was left out */
    uint64_t added; /* notes struck that were not */
    /* Slots in which something was struck. The set of pitches in one is right when
     * it holds the pitch meant by every note struck there (wherever jitter moved
     * it) and beyond them nothing but pitches that the truth has there or that an
     * added note was brushed beside. Without drop, add and jitter that is equality
     * with the truth; with them it asks for no note that was never struck. */
    uint64_t sets;
    /* Slots in which something was struck or meant: for strict equality with the
     * truth as it is written, whatever was left out, added or moved. */
    uint64_t slots;
    struct accuracy_tally played, sent;
    uint64_t repaired; /* wrong as played, right as sent; of meant - played.right */
    uint64_t kept;     /* right as played, right as sent; of played.right */
    uint64_t truth_pitches[ACCURACY_PITCHES];     /* of the notes that were meant */
    uint64_t reference_pitches[ACCURACY_PITCHES]; /* sent by the untrained policy, where given */
    uint64_t timed, longest;                      /* notes with a time; nanoseconds */
    uint64_t times[ACCURACY_TIMES];
};

/* The figures, in per cent unless said; NaN where there is nothing to count. */
struct accuracy_figures {
    double exact_played, exact;       /* notes that were meant on the pitch meant */
    double sets_played, sets;         /* slots with the right set */
    double same_played, same;         /* slots with exactly the truth's set */
    double repaired;                  /* of the notes wrong as played */
    double kept;                      /* of the notes right as played */
    double net_change;                /* of the number of wrong notes: -100 all gone, 100 doubled */
    double added_played, added;       /* added notes on a pitch of the piece */
    double harmless_played, harmless; /* notes struck that are right or harmless */
    double harmless_wrong;            /* of the notes sent that are not right */
    double distance_played, distance; /* Wasserstein distance to the truth, semitones */
    double improvement;               /* IM against the reference */
    double p50, p99, longest;         /* microseconds a note */
};

/* Adds one take: sent[count] are the pitches sent for its notes; reference (the
 * pitches an untrained policy sent) and nanoseconds (what each note took) may be
 * NULL. Truth and take are in order of position. Distances and IM count onsets
 * of the notes that were meant, on all sides: always the same number. The key is
 * estimated from the truth, 16 beats to either side. -1: an index or pitch out
 * of range or notes out of order; the score is then unchanged. */
int accuracy_take(struct accuracy *score, const struct take_note *truth, size_t truth_count,
                  const struct take_played *take, size_t count, const uint8_t *sent,
                  const uint8_t *reference, const uint64_t *nanoseconds, struct error *error);

/* Adds one score to another. */
void accuracy_add(struct accuracy *total, const struct accuracy *score);

struct accuracy_figures accuracy_figures(const struct accuracy *score);

#endif
