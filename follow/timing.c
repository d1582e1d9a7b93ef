#include "follow/timing.h"

#include "follow/constants.h"

#include <math.h>

static const float least_passed = .004f; /* seconds; below it clocks say nothing */
static const float pause_fall = .35f;    /* of a hesitation's density with log time */

static float normal(float z, float variance)
{
    return expf(-.5f * z * z / variance) * .39894228f / sqrtf(variance);
}

static float steady_share(void)
{
    const struct follow_constants *c = &follow_constants;
    return (float)(1 - c->tempo_wide_share - c->tempo_far_share - c->pause_share);
}

static float within(float passed)
{
    return passed < least_passed ? least_passed : passed;
}

float timing_most(const struct evenness *even, float passed)
{
    return (normal(0, even->variance) + 1) / within(passed);
}

/* That of the jitter of a single onset, before a step due in so many seconds. */
static float jitter_of(const struct evenness *even, float due)
{
    const struct follow_constants *c = &follow_constants;
    double usual = c->tempo_core * c->tempo_core;
    return (float)(c->jitter * c->jitter / usual) * even->variance / (due * due);
}

float timing_step(const struct evenness *even, float passed, double quarters, float tempo)
{
    const struct follow_constants *c = &follow_constants;
    passed = within(passed);
    if (!(tempo > 0))
        return .5f / (passed + .05f);
    float due = tempo * (float)quarters, z = logf(passed / due), own = jitter_of(even, due);
    float density =
        steady_share() * normal(z, even->variance + own) +
        (float)c->tempo_wide_share * normal(z, (float)(c->tempo_wide * c->tempo_wide) + own) +
        (float)c->tempo_far_share * normal(z, (float)(c->tempo_far * c->tempo_far) + own);
    if (z > 0)
        density += (float)c->pause_share * pause_fall * expf(-pause_fall * z);
    return density / passed;
}

void timing_start(struct evenness *even)
{
    even->variance = (float)(follow_constants.tempo_core * follow_constants.tempo_core);
    even->steps = (float)follow_constants.even_prior;
}

void timing_learn(struct evenness *even, float z, float probability)
{
    const struct follow_constants *c = &follow_constants;
    float steady = steady_share() * normal(z, even->variance);
    float other = (float)c->tempo_wide_share * normal(z, (float)(c->tempo_wide * c->tempo_wide)) +
                  (float)(c->tempo_far_share + c->pause_share) *
                      normal(z, (float)(c->tempo_far * c->tempo_far));
    if (!(steady + other > 0)) /* hours late */
        return;
    even->steps += probability;
    float rate = fmaxf((float)c->even_rate, 1 / even->steps) * probability;
    even->variance += rate * steady / (steady + other) * (z * z - even->variance);
    even->variance = fmaxf(even->variance, (float)(c->even_least * c->even_least));
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

float timing_off(float tempo, double quarters, float passed)
{
    return tempo > 0 ? logf(within(passed) / (tempo * (float)quarters)) : 0;
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
