/* Two sums and their ratio. */
#include "correct/caution.h"

#include <math.h>

/* Chosen on works that docs/style.md tells of: every other one live, six of a folder whole. Live,
 * with slips, the ratio is .2 and more in music that is understood, and .03 to .05 in what is not.
 */
static const struct rule {
    float forget, understood, slope, most;
} live = {.995f, .25f, 2, 3}, whole = {1, .5f, 6, 6};

static const float sure_odds = 2; /* nats */
static const float sure_at_first = .3f, wrong_at_first = 2;
static const float many = .1f, more = 1.5f; /* share of wrong notes; what exceeds it counts so */

void caution_start(struct caution *caution, bool of_whole)
{
    /* Live, what is left of endless playing. */
    *caution = (struct caution){.whole = of_whole, .notes = of_whole ? 0 : 1 / (1 - live.forget)};
}

float caution_favour(const struct caution *caution)
{
    const struct rule *rule = caution->whole ? &whole : &live;
    float ratio = (caution->sure + sure_at_first) / (caution->wrong + wrong_at_first);
    float share = caution->wrong / fmaxf(caution->notes, 1);
    float needed = rule->understood + more * fmaxf(share - many, 0);
    return fminf(fmaxf(rule->slope * logf(needed / ratio), 0), rule->most);
}

void caution_hear(struct caution *caution, const float log_meant[STYLE_SHIFTS])
{
    float forget = caution->whole ? whole.forget : live.forget;
    float key = log_meant[STYLE_RANGE], other = -INFINITY;
    for (int k = 0; k < STYLE_SHIFTS; k++)
        if (k != STYLE_RANGE)
            other = fmaxf(other, log_meant[k]);
    caution->sure = forget * caution->sure + (other - key > sure_odds ? 1.f : 0.f);
    caution->wrong = forget * caution->wrong + 1 - expf(key);
    caution->notes = forget * caution->notes + 1;
}
