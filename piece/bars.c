/* Counting bars off, one after the other. */
#include "piece/bars.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>

/* Ticks are never finer than this part of a beat, so what is closer is the same place. */
static const double same_place = 1e-6;

static struct bar bar_of_meter(unsigned numerator, unsigned denominator)
{
    struct bar bar = {.length = 4, .pulse = 1, .beats = 4, .unit = 4};
    if (numerator == 0 || denominator == 0)
        return bar;
    double unit = 4.0 / denominator;
    bool compound = denominator >= 8 && numerator > 3 && numerator % 3 == 0;
    bar.length = numerator * unit;
    bar.beats = numerator;
    bar.unit = denominator;
    bar.pulse = compound ? 3 * unit : unit;
    return bar;
}

/* Room for twice as many, up to BARS_MAX. NULL: there is none; the bars are then freed. */
static struct bar *grow(struct bar *bars, size_t *room, struct error *error)
{
    struct bar *more = NULL;
    size_t wanted = *room ? 2 * *room : 64;
    if (wanted > BARS_MAX)
        error_set(error, "bars: more than %d of them", BARS_MAX);
    else if (!(more = realloc(bars, wanted * sizeof *bars)))
        error_set(error, "bars: out of memory");
    *room = wanted;
    if (!more)
        free(bars);
    return more;
}

struct bar *bars_create(const struct bars_meter *meters, size_t meter_count, double end,
                        size_t *count, struct error *error)
{
    struct bar *bars = NULL;
    struct bar shape = bar_of_meter(4, 4);
    double at = 0;
    size_t next = 0, room = 0;
    *count = 0;
    if (!isfinite(end) || end < 0) {
        error_set(error, "bars: the music has no end");
        return NULL;
    }
    do {
        for (; next < meter_count && meters[next].beat <= at + same_place; next++)
            shape = bar_of_meter(meters[next].numerator, meters[next].denominator);
        if (*count == room && !(bars = grow(bars, &room, error)))
            return NULL;
        struct bar bar = shape;
        bar.start = at;
        bar.number = (unsigned)*count + 1;
        if (next < meter_count && meters[next].beat < at + bar.length - same_place)
            bar.length = meters[next].beat - at;
        bars[(*count)++] = bar;
        at += bar.length;
    } while (at < end - same_place);
    return bars;
}

size_t bars_find(const struct bar *bars, size_t count, double beat)
{
    size_t low = 0;
    size_t high = count;
    while (high - low > 1) {
        size_t middle = low + (high - low) / 2;
        if (bars[middle].start <= beat + same_place)
            low = middle;
        else
            high = middle;
    }
    return low;
}
