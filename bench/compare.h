/* A score against another: which notes it has, has not, and has too many. */
#ifndef BENCH_COMPARE_H
#define BENCH_COMPARE_H

#include <stddef.h>
#include <stdint.h>

/* Pitches that are struck together: bit p & 63 of word p >> 6. */
struct compare_onset {
    double time;
    uint64_t pitch[2];
};

struct compare_counts {
    uint64_t truth, learned;    /* notes */
    uint64_t right, wrong;      /* of the learned; wrong: one that is another in the truth */
    uint64_t missing, too_many; /* with nothing at their place on the other side */
};

/* Joins notes, in order of time, that have the same time. The onsets, [count]. */
size_t compare_onsets(const double *time, const uint8_t *pitch, size_t notes,
                      struct compare_onset *onset);

/* Aligns onsets so that fewest notes differ, times not looked at: one onset may be up to three on
 * the other side. Adds to the counts. -1: out of memory. */
int compare(const struct compare_onset *truth, size_t truths, const struct compare_onset *learned,
            size_t count, struct compare_counts *counts);

#endif
