/* A train of even pulses that may jitter, go missing, or change its tempo. */
#include "filter/clock_private.h"

#include <math.h>

enum {
    SURE = 4,     /* pulses before one can be missed */
    PATIENCE = 3, /* pulses astray or late on end that mean another tempo */
    MOST_MISSED = 240,
};

void train_start(struct train *train, int memory, double low, double high, double period)
{
    *train = (struct train){.memory = memory, .low = low, .high = high, .period = period};
}

static double clamp(double x, double low, double high)
{
    return fmin(fmax(x, low), high);
}

/* The tempo has changed: the line begins again at this pulse. */
static void restart(struct train *train, double seconds, double period)
{
    train->time = seconds;
    train->period = clamp(period, train->low, train->high);
    train->known = 2;
    train->astray = 0;
    train->late = 0;
    train->skipped = 0;
}

static int count_pulses(const struct train *train, double gap)
{
    if (train->known < SURE)
        return 1;
    return (int)clamp(floor(gap / train->period + 0.5), 1, MOST_MISSED);
}

int train_pulse(struct train *train, double seconds)
{
    if (!train->started) {
        train->started = true;
        train->time = seconds;
        train->known = 1;
        return 0;
    }
    double gap = seconds - train->time;
    if (train->known == 1) {
        restart(train, seconds, gap);
        return 1;
    }
    int passed = count_pulses(train, gap);
    if (passed > train->memory) {
        restart(train, seconds, train->period);
        return passed;
    }
    train->late = passed > 1 ? train->late + 1 : 0;
    train->skipped = passed > 1 ? train->skipped + passed - 1 : 0;
    if (train->late == PATIENCE) {
        int none = train->skipped;
        restart(train, seconds, gap);
        return passed - none;
    }
    double error = gap - passed * train->period;
    train->astray = fabs(error) > 0.3 * train->period ? train->astray + 1 : 0;
    if (train->astray == PATIENCE) {
        restart(train, seconds, train->known > 2 ? gap / passed : train->period);
        return passed;
    }
    if (train->known < train->memory)
        train->known++;
    double n = train->known;
    double time_gain = 2 * (2 * n - 1) / (n * (n + 1));
    double period_gain = 6 / (n * (n + 1));
    train->time += passed * train->period + time_gain * error;
    train->period = clamp(train->period + period_gain * error / passed, train->low, train->high);
    return passed;
}
