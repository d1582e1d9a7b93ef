/* Makes takes; see take.h. */
#include "take.h"

#include "base/rng.h"

#include <math.h>
#include <stdlib.h>

enum { MAX_NOTES_A_BEAT = 20 };

struct note {
    double seconds;
    uint32_t units;
    uint8_t pitch;
};

struct maker {
    struct take *take;
    struct note *notes;
    size_t count;
    struct rng rng;
};

static int by_time(const void *a, const void *b)
{
    const struct note *x = a, *y = b;
    if (x->seconds != y->seconds)
        return x->seconds < y->seconds ? -1 : 1;
    return (x->units > y->units) - (x->units < y->units);
}

static void beat_times(struct maker *m, const struct take_style *style, size_t beats)
{
    double time = 2, wander = 0;
    double end = style->tempo_end > 0 ? style->tempo_end : style->tempo;
    double pull = style->wander_limit > 0 ? style->wander / style->wander_limit : 0;

    for (size_t b = 0; b <= beats; b++) {
        if (style->pause_every && b && b % style->pause_every == 0)
            time += style->pause;
        m->take->beat[b] = time;
        wander = wander * sqrt(1 - pull * pull) + style->wander * rng_normal(&m->rng);
        double part = (double)b / (double)beats;
        double tempo = exp(log(style->tempo) * (1 - part) + log(end) * part + wander);
        time += 60 / tempo;
    }
}

static double time_of(const struct maker *m, const struct take_style *style, uint32_t units)
{
    size_t b = units / TAKE_UNITS;
    double part = (double)(units % TAKE_UNITS) / TAKE_UNITS;
    double next = m->take->beat[b + 1];

    if (style->pause_every && (b + 1) % style->pause_every == 0)
        next -= style->pause;
    return m->take->beat[b] + part * (next - m->take->beat[b]);
}

static void strike(struct maker *m, const struct take_style *style, uint32_t units, unsigned notes,
                   const uint8_t *pitch)
{
    double at = time_of(m, style, units) + style->jitter * rng_normal(&m->rng);

    for (unsigned i = 0; i < notes; i++) {
        double spread = style->spread * rng_normal(&m->rng);
        m->notes[m->count++] = (struct note){at + fmax(-0.04, fmin(spread, 0.04)), units, pitch[i]};
    }
}

static void one_beat(struct maker *m, const struct take_style *style, uint32_t b)
{
    static const uint8_t roots[4] = {36, 45, 41, 43};
    uint8_t root = roots[b / 4 % 4], third = root == 45 ? 15 : 16;
    uint8_t chord[4] = {root, (uint8_t)(root + 12), (uint8_t)(root + third), (uint8_t)(root + 31)};
    uint8_t tone = (uint8_t)(60 + rng_below(&m->rng, 16));
    uint32_t at = b * TAKE_UNITS;

    strike(m, style, at, b % 2 ? 3 : 4, b % 2 ? chord + 1 : chord);
    if (style->triplets && rng_below(&m->rng, 3) == 0) {
        strike(m, style, at + 8, 1, chord + 2);
        strike(m, style, at + 16, 1, chord + 3);
        return;
    }
    if (rng_below(&m->rng, 4) == 0)
        strike(m, style, at + 6, 1, &tone);
    if (rng_below(&m->rng, 5) != 0) {
        unsigned notes = 1 + rng_below(&m->rng, 2), from = 1 + rng_below(&m->rng, 2);
        strike(m, style, at + 12, notes, chord + from);
    }
    tone = (uint8_t)(60 + rng_below(&m->rng, 16));
    if (rng_below(&m->rng, 3) == 0)
        strike(m, style, at + 18, 1, &tone);
}

struct take take_make(const struct take_style *style, size_t beats, uint64_t seed)
{
    struct take take = {.beats = beats};
    struct maker m = {.take = &take};

    rng_seed(&m.rng, seed, 0);
    take.beat = malloc((beats + 1) * sizeof *take.beat);
    m.notes = malloc(beats * MAX_NOTES_A_BEAT * sizeof *m.notes);
    beat_times(&m, style, beats);
    for (size_t b = 0; b < beats; b++)
        one_beat(&m, style, (uint32_t)b);

    qsort(m.notes, m.count, sizeof *m.notes, by_time);
    take.count = m.count;
    take.seconds = malloc(m.count * sizeof *take.seconds);
    take.pitch = malloc(m.count);
    take.units = malloc(m.count * sizeof *take.units);
    for (size_t i = 0; i < m.count; i++) {
        take.seconds[i] = m.notes[i].seconds;
        take.pitch[i] = m.notes[i].pitch;
        take.units[i] = m.notes[i].units;
    }
    free(m.notes);
    return take;
}

void take_free(struct take *take)
{
    free(take->seconds);
    free(take->pitch);
    free(take->units);
    free(take->beat);
    *take = (struct take){0};
}
