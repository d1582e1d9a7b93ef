/* Scale correction; see scale.h. */
#include "correct/scale.h"
#include "correct/key.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

static const double forget = .99; /* a note */

enum { FIRST_NOTES = 8 }; /* nothing is moved before so many were heard */

void scale_start(struct scale *scale)
{
    memset(scale, 0, sizeof *scale);
}

static bool is_inside(int key, int pitch)
{
    return pitch >= 0 && pitch <= 127 && key_pitch_classes(key) >> pitch % 12 & 1;
}

uint8_t scale_decide(const struct scale *scale, uint8_t x)
{
    if (scale->notes < FIRST_NOTES)
        return x;
    int key = key_estimate(scale->weight);
    if (key < 0 || is_inside(key, x))
        return x;
    /* Scales have no gap wider than three semitones. */
    for (int distance = 1; distance <= 2; distance++) {
        bool below = is_inside(key, x - distance), above = is_inside(key, x + distance);
        if (below && above)
            return (uint8_t)(x + (abs(x + distance - scale->last) < abs(x - distance - scale->last)
                                      ? distance
                                      : -distance));
        if (below || above)
            return (uint8_t)(above ? x + distance : x - distance);
    }
    return x;
}

void scale_sent(struct scale *scale, uint8_t x, uint8_t pitch)
{
    for (int c = 0; c < 12; c++)
        scale->weight[c] *= forget;
    scale->weight[x % 12] += 1;
    scale->last = pitch;
    scale->notes++;
}
