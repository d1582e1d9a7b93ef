/* A train of even pulses that may jitter, go missing, or change its tempo. */
#include "filter/clock_private.h"

#include <math.h>

enum {
    SURE = 4,     /* pulses before one can be missed */
    PATIENCE = 4, /* pulses late or early on end that mean another tempo */
    MOST_MISSED = 1 << 20,
};

/* Of a period: that much longer is late, that much shorter early. Jitter does it for a
 * pulse, but not for PATIENCE of them. */
static const double tolerance = 0.2;

void train_start(struct train *train, int memory, double low, double high, double period)
{
    *train = (struct train){.memory = memory, .low = low, .high = high, .period = period};
}

static double clamp(double x, double low, double high)
{
    return fmin(fmax(x, low), high);
}

/* Only the last `count` pulses are remembered. */
static void forget(struct train *train, int count)
{
    int from = train->known - count;
    if (from <= 0)
        return;
    for (int i = 0; i < count; i++) {
        train->pulse[i] = train->pulse[from + i];
        train->count[i] = train->count[from + i];
    }
    train->known = count;
}

static void remember(struct train *train, double seconds, int passed)
{
    if (train->known == train->memory)
        forget(train, train->memory - 1);
    int before = train->known > 0 ? train->count[train->known - 1] : 0;
    train->pulse[train->known] = seconds;
    train->count[train->known] = before + passed;
    train->known++;
}

/* The line through all that are remembered; a period that few pulses say is not believed
 * where there is one from before. */
static void fit(struct train *train, bool believed)
{
    int n = train->known;
    int last = n - 1;
    double x = 0, y = 0, xx = 0, xy = 0;
    for (int i = 0; i < n; i++) {
        double steps = train->count[i] - train->count[last];
        double seconds = train->pulse[i] - train->pulse[last];
        x += steps;
        y += seconds;
        xx += steps * steps;
        xy += steps * seconds;
    }
    if (n > 1 && believed)
        train->period = clamp((n * xy - x * y) / (n * xx - x * x), train->low, train->high);
    train->time = train->pulse[last] + (y - train->period * x) / n;
}

/* The last pulses all came at the same pace, so none was missed. How many were counted
 * as missed before the last. */
static int change_tempo(struct train *train)
{
    forget(train, PATIENCE + 1);
    int counted = train->count[PATIENCE - 1] - train->count[0];
    for (int i = 0; i <= PATIENCE; i++)
        train->count[i] = i;
    train->late = train->early = 0;
    fit(train, true);
    return counted - (PATIENCE - 1);
}

int train_pulse(struct train *train, double seconds)
{
    if (train->known == 0) {
        remember(train, seconds, 0);
        fit(train, false);
        return 0;
    }
    double gap = seconds - train->pulse[train->known - 1];
    bool begins = !train->sure && train->known < SURE;
    double steps = gap / train->period;
    int passed = begins ? 1 : (int)clamp(floor(steps + 0.5), 1, MOST_MISSED);
    train->late = !begins && steps > 1 + tolerance ? train->late + 1 : 0;
    train->early = !begins && steps < 1 - tolerance ? train->early + 1 : 0;
    if (passed > train->memory) {
        forget(train, 0);
        train->late = 0;
    }
    remember(train, seconds, passed);
    if (train->late == PATIENCE || train->early == PATIENCE)
        return 1 - change_tempo(train);
    fit(train, begins || train->known >= SURE);
    train->sure |= train->known >= SURE;
    return passed;
}
