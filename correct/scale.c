/* Scale correction; see scale.h. */
#include "correct/scale.h"
#include "correct/key.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

static const double forget = .99;  /* a note */
static const double trace = 1e-20; /* left of what was heard long ago: denormal numbers are slow */

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
    /* Both neighbours are inside, for scales have no gap wider than two semitones;
     * at the ends of the keyboard one is missing. */
    bool below = is_inside(key, x - 1), above = is_inside(key, x + 1);
    if (below && above)
        return (uint8_t)(abs(x + 1 - scale->last) < abs(x - 1 - scale->last) ? x + 1 : x - 1);
    return (uint8_t)(above ? x + 1 : x - 1);
}

void scale_sent(struct scale *scale, uint8_t x, uint8_t pitch)
{
    for (int c = 0; c < 12; c++)
        scale->weight[c] = scale->weight[c] * forget + trace;
    scale->weight[x % 12] += 1;
    scale->last = pitch;
    scale->notes++;
}
