/* Bars: where they begin and what they are called, from time signatures.
 *
 * Time is in beats, a beat being a quarter note, from the start of the music.
 * Bars are numbered from 1. */
#ifndef PIECE_BARS_H
#define PIECE_BARS_H

#include "base/error.h"

#include <stddef.h>

enum { BARS_MAX = 1 << 18 };

struct bars_meter {
    double beat; /* where it begins to count */
    unsigned numerator, denominator;
};

struct bar {
    double start;  /* beats */
    double length; /* beats */
    double pulse;  /* beats from one count to the next: 1 in 3/4, 1.5 in 6/8 */
    unsigned number;
    unsigned beats, unit; /* the time signature that counts: 6 and 8 in 6/8 */
};

/* The bars that cover 0 .. end, at least one, malloced. Meters are in order; 4/4
 * counts before the first of them and where one makes no sense (a part of 0). A
 * new meter begins a bar, cutting one short that is not over. NULL: out of
 * memory, end not finite or below 0, more than BARS_MAX. */
struct bar *bars_create(const struct bars_meter *meters, size_t meter_count, double end,
                        size_t *count, struct error *error);

/* Index of the bar that a beat lies in; before the first: 0, after the last: the
 * last. O(log count). */
size_t bars_find(const struct bar *bars, size_t count, double beat);

#endif
