/* How long notes take: densities of the seconds since the last onset or note.
 *
 * The time to the next onset is log-normal around tempo times score time, a mixture of
 * steady, expressive and any playing, and a hesitation with a long tail; a single onset's
 * own jitter adds to it, which is what counts in fast notes. Shares and deviations:
 * docs/following.md. */
#include "follow/belief.h"

#include <math.h>

static const float least_passed = .004f; /* seconds; below it clocks say nothing */
static const float pause_fall = .35f;    /* of a hesitation's density with log time */

static float normal(float z, float variance)
{
    return expf(-.5f * z * z / variance) * .39894228f / sqrtf(variance);
}

static float within(float passed)
{
    return passed < least_passed ? least_passed : passed;
}

float timing_most(const struct follow *follow, float passed)
{
    return (normal(0, follow->uneven) + 1) / within(passed);
}

float timing_step(const struct follow *follow, float passed, double quarters, float tempo)
{
    const struct follow_constants *c = &follow_constants;
    passed = within(passed);
    if (!(tempo > 0))
        return .5f / (passed + .05f);
    float due = tempo * (float)quarters, z = logf(passed / due);
    float even = follow->uneven / (float)(c->tempo_core * c->tempo_core);
    float own = (float)(c->jitter * c->jitter) * even / (due * due);
    float core = (float)(1 - c->tempo_wide_share - c->tempo_far_share - c->pause_share);
    float density =
        core * normal(z, follow->uneven + own) +
        (float)c->tempo_wide_share * normal(z, (float)(c->tempo_wide * c->tempo_wide) + own) +
        (float)c->tempo_far_share * normal(z, (float)(c->tempo_far * c->tempo_far) + own);
    if (z > 0)
        density += (float)c->pause_share * pause_fall * expf(-pause_fall * z);
    return density / passed;
}

/* A time after which each moment is as likely, of this mean. */
static float fall(float since, double mean)
{
    return expf(-since / (float)mean) / (float)mean;
}

struct timing timing_since(float since)
{
    const struct follow_constants *c = &follow_constants;
    return (struct timing){.since = since,
                           .any = .5f / (since + .05f),
                           .chord = (float)(1 - c->spread_share) * fall(since, c->chord) +
                                    (float)c->spread_share * fall(since, c->spread),
                           .again = fall(since, c->again_time),
                           .brush = fall(since, c->brush_time)};
}

float timing_follow(float tempo, unsigned steps, double quarters, float passed)
{
    static const float slowest = 6, fastest = .1f; /* seconds a quarter */
    float now = passed / (float)quarters;
    if (!(now > .02f && now < 20))
        return tempo;
    if (!(tempo > 0))
        return fminf(fmaxf(now, fastest), slowest);
    float rate = (float)follow_constants.tempo_rate * fminf(1, (float)quarters / .5f + .2f);
    float most = 1 / ((float)steps + 1), change = logf(now / tempo);
    if (rate < most)
        rate = most;
    return tempo * expf(rate * fminf(fmaxf(change, -.5f), .5f));
}
