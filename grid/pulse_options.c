/* The players that the beat tracker has figures for, and which figures it can work with. */
#include "grid/pulse.h"

enum { MAX_WIDTH = 4096 }; /* the index of a parent has 16 bits */

const struct pulse_options pulse_steady = {
    .period = 0.63,
    .period_spread = 0.27,
    .period_weight = 0.15,
    .period_low = 0.25,
    .period_high = 1.8,
    .timing = 0.015,
    .careless = 0.10,
    .drift = 0.03,
    .push = 0.02,
    .hesitation = 0.000001,
    .width = 192,
};

const struct pulse_options pulse_rubato = {
    .period = 0.63,
    .period_spread = 0.27,
    .period_weight = 0.15,
    .period_low = 0.25,
    .period_high = 1.8,
    .timing = 0.020,
    .careless = 0.10,
    .drift = 0.09,
    .push = 0.03,
    .hesitation = 0.0002,
    .width = 192,
};

int pulse_options_check(const struct pulse_options *o, struct error *error)
{
    if (!(o->period > 0 && o->period_spread > 0 && o->period_low > 0.05 &&
          o->period_high > o->period_low && o->period_high < 20 && o->period_weight >= 0))
        return error_set(error, "beat tracking: the range of tempi is empty or out of reach");
    if (!(o->timing > 0 && o->careless > 0 && o->drift > 0 && o->push >= 0 && o->hesitation > 0 &&
          o->hesitation < 1))
        return error_set(error, "beat tracking: deviations must be positive");
    if (o->width < 1 || o->width > MAX_WIDTH)
        return error_set(error, "beat tracking: width must be 1 to %d, not %zu", MAX_WIDTH,
                         o->width);
    return 0;
}
