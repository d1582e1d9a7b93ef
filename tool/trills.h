/* Trills in what was struck: two neighbouring keys in turn, fast.
 *
 * A trill has at least TRILL_STRIKES strikes of two keys at most two semitones apart, each at most
 * a quarter of a second after the one before. Other keys may be struck meanwhile. */
#ifndef TOOL_TRILLS_H
#define TOOL_TRILLS_H

#include <stddef.h>
#include <stdint.h>

enum { TRILL_STRIKES = 5 };

struct trill {
    size_t first;   /* of the notes */
    size_t strikes; /* how many */
    double seconds; /* from the first to the last */
    double uneven;  /* standard deviation of the times between them, per cent of their mean */
};

/* of[count] gets the trill that each note belongs to, from 1, or 0. seconds ascend. The trills;
 * g_free. */
struct trill *trills_find(const uint8_t *key, const double *seconds, size_t count, uint32_t *of,
                          size_t *trills);

#endif
