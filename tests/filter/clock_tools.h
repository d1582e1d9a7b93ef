/* What the tests of the clock share. */
#ifndef TESTS_FILTER_CLOCK_TOOLS_H
#define TESTS_FILTER_CLOCK_TOOLS_H

#include "filter/clock.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static inline struct clock *open_clock(enum clock_source source, double tempo)
{
    struct error error;
    struct clock_settings settings = {.source = source, .tempo = tempo};
    struct clock *clock = clock_open(&settings, &error);
    if (!clock)
        fail_msg("%s", error.text);
    return clock;
}

static inline double position(struct clock *clock, double seconds)
{
    return clock_state(clock, seconds).position;
}

static inline void near(double value, double expected, double tolerance)
{
    if (!(fabs(value - expected) <= tolerance))
        fail_msg("%g, expected %g +- %g", value, expected, tolerance);
}

/* Distance from the nearest beat, in slots. */
static inline double off_beat(double slots)
{
    return fabs(slots - 4 * floor(slots / 4 + 0.5));
}

static inline void send(struct clock *clock, double seconds, uint8_t status)
{
    clock_event(clock, &(struct midi_event){.seconds = seconds, .status = status});
}

#endif
