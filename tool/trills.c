#include "tool/trills.h"

#include <glib.h>
#include <math.h>
#include <stdlib.h>

static const double longest = .25; /* seconds from strike to strike */
enum { WIDEST = 2 };               /* semitones */

/* The next strike of `key`, or, where that is -1, of a neighbour of `beside`. count: none in time.
 */
static size_t find_next(const uint8_t *struck, const double *seconds, size_t count, size_t at,
                        int key, int beside)
{
    for (size_t i = at + 1; i < count && seconds[i] - seconds[at] <= longest; i++) {
        int apart = abs(struck[i] - beside);
        if (key >= 0 ? struck[i] == key : apart > 0 && apart <= WIDEST)
            return i;
        if (apart == 0) /* the same key again: no turn */
            return count;
    }
    return count;
}

/* The strikes of a trill that begins at a note, in `strike`; how many. */
static size_t follow(const uint8_t *key, const double *seconds, size_t count, size_t at,
                     const uint32_t *of, size_t *strike)
{
    size_t strikes = 1;
    strike[0] = at;
    for (;;) {
        size_t last = strike[strikes - 1];
        size_t next = find_next(key, seconds, count, last,
                                strikes >= 2 ? key[strike[strikes - 2]] : -1, key[last]);
        if (next == count || of[next])
            return strikes;
        strike[strikes++] = next;
    }
}

static double unevenness(const double *seconds, const size_t *strike, size_t strikes)
{
    double mean = (seconds[strike[strikes - 1]] - seconds[strike[0]]) / (double)(strikes - 1);
    double squares = 0;
    for (size_t i = 1; i < strikes; i++) {
        double off = (seconds[strike[i]] - seconds[strike[i - 1]]) / mean - 1;
        squares += off * off;
    }
    return mean > 0 ? 100 * sqrt(squares / (double)(strikes - 1)) : 0;
}

struct trill *trills_find(const uint8_t *key, const double *seconds, size_t count, uint32_t *of,
                          size_t *trills)
{
    GArray *list = g_array_new(FALSE, FALSE, sizeof(struct trill));
    size_t *strike = g_new(size_t, count + 1);
    for (size_t i = 0; i < count; i++)
        of[i] = 0;
    for (size_t i = 0; i < count; i++) {
        if (of[i])
            continue;
        size_t strikes = follow(key, seconds, count, i, of, strike);
        if (strikes < TRILL_STRIKES)
            continue;
        struct trill trill = {.first = i,
                              .strikes = strikes,
                              .seconds = seconds[strike[strikes - 1]] - seconds[i],
                              .uneven = unevenness(seconds, strike, strikes)};
        g_array_append_val(list, trill);
        for (size_t k = 0; k < strikes; k++)
            of[strike[k]] = list->len;
    }
    g_free(strike);
    *trills = list->len;
    return (void *)g_array_free(list, FALSE);
}
