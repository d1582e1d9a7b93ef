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

static bool is_inside(uint16_t classes, int pitch)
{
    return pitch >= 0 && pitch <= 127 && classes >> pitch % 12 & 1;
}

static uint16_t estimate(const struct scale *scale)
{
    return scale->notes < FIRST_NOTES ? 0 : key_pitch_classes(key_estimate(scale->weight));
}

uint8_t scale_decide(const struct scale *scale, uint16_t classes, uint8_t x)
{
    if (classes == 0)
        classes = estimate(scale);
    for (int away = 0; away < 12; away++) {
        bool below = is_inside(classes, x - away), above = is_inside(classes, x + away);
        if (below && above)
            above = abs(x + away - scale->last) < abs(x - away - scale->last);
        if (below || above)
            return (uint8_t)(above ? x + away : x - away);
    }
    return x;
}

void scale_sent(struct scale *scale, uint8_t x, uint8_t pitch)
{
    for (int c = 0; c < 12; c++)
        scale->weight[c] = scale->weight[c] * forget + trace;
    scale->weight[x % 12] += 1;
    scale->last = pitch;
    scale->notes++;
}
