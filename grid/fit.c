/* How well onsets sit on a given grid; the measure is told in grid.h. */
#include "grid/grid.h"

#include <math.h>

static const double deviation = 0.1;   /* slots */
static const double floor_share = 0.1; /* of onsets that are nowhere */
static const double chord = 0.02;      /* slots: closer onsets are one event */

/* Places of the beat, in slots, and their share: sixteenths, triplets and
 * sextuplets, thirty-seconds. */
static const struct {
    double place, share;
} places[] = {
    {0, 0.36},       {1, 0.10},        {2, 0.26},   {3, 0.11},   {4.0 / 3, 0.03}, {8.0 / 3, 0.03},
    {2.0 / 3, 0.01}, {10.0 / 3, 0.01}, {0.5, 0.02}, {1.5, 0.02}, {2.5, 0.02},     {3.5, 0.03},
};

static const double tolerance = 0.125;

static double distance(double a, double b)
{
    return fabs(remainder(a - b, GRID_SLOTS_A_BEAT));
}

/* Log of the density of a place in the beat, over that of an even one. */
static double log_ratio(double place, bool *near)
{
    double density = floor_share / GRID_SLOTS_A_BEAT;

    *near = false;
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        double z = distance(place, places[i].place) / deviation;
        density +=
            (1 - floor_share) * places[i].share * exp(-0.5 * z * z) / (deviation * sqrt(2 * M_PI));
        /* Thirty-seconds would make nearly every place a good one. */
        if (places[i].share != 0.01 && distance(places[i].place, floor(places[i].place)) != 0.5)
            *near |= distance(place, places[i].place) <= tolerance;
    }
    return log(density * GRID_SLOTS_A_BEAT);
}

int grid_fit(const double *slots, size_t count, struct grid_fit *fit, struct error *error)
{
    double sum = 0, last = -1;
    size_t events = 0, hits = 0;

    for (size_t i = 0; i < count; i++) {
        if (!isfinite(slots[i]) || slots[i] < 0)
            return error_set(error, "onset %zu: position %g is not a finite number from 0", i,
                             slots[i]);
        if (i && slots[i] < slots[i - 1])
            return error_set(error, "onset %zu: position %g lies before the last one, %g", i,
                             slots[i], slots[i - 1]);
        if (slots[i] - last <= chord)
            continue;
        bool near;
        last = slots[i];
        sum += log_ratio(last, &near);
        hits += near;
        events++;
    }
    fit->events = events;
    fit->score = events ? sum / (double)events : 0;
    fit->on_grid = events ? (double)hits / (double)events : 0;
    fit->fits = events < GRID_FIT_ENOUGH || fit->score >= GRID_FIT_THRESHOLD;
    return 0;
}
