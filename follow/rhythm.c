#include "follow/rhythm.h"

#include "follow/constants.h"

#include <math.h>
#include <stdlib.h>

enum { PARTS = 3 }; /* of a mixture: steady, expressive and any playing */

enum { STEPS = 3 }; /* that a way goes on by: to the next position, or over one or two */

/* The best way to a position, its last group's number of notes left out. */
struct way {
    float nats;
    float tempo; /* logarithm of seconds a quarter; NAN: unknown */
};

struct rhythm {
    const struct pieces *pieces;
    uint32_t count;     /* positions; 0: too many */
    float *due[STEPS];  /* [count]: logarithm of the quarters since the position k + 1 before;
                           -inf: there is none */
    float *jump;        /* [count]: logarithm of the share of jumps that lead there */
    uint8_t *size;      /* [count]: notes written */
    struct way *way[2]; /* [count]: of the last group and of the one before */
    uint32_t now;       /* which of the two is the last group's */
    uint32_t groups;
    uint32_t notes; /* of the last group */
    double seconds;
};

/* The logarithm of a mixture of normal densities around 0, taken as that of its largest part. */
struct parts {
    float height[PARTS], narrow[PARTS];
};

static struct parts parts_of(const struct evenness *even, float passed)
{
    const struct follow_constants *c = &follow_constants;
    double steady = (double)even->variance;
    double jitter = c->jitter * c->jitter * steady / (c->tempo_core * c->tempo_core) /
                    (double)(passed * passed);
    double far = c->tempo_far_share + c->pause_share;
    double share[PARTS] = {1 - c->tempo_wide_share - far, c->tempo_wide_share, far};
    double variance[PARTS] = {steady, c->tempo_wide * c->tempo_wide, c->tempo_far * c->tempo_far};
    struct parts parts;
    for (int k = 0; k < PARTS; k++) {
        parts.height[k] = (float)log(share[k] * .39894228 / sqrt(variance[k] + jitter));
        parts.narrow[k] = (float)(-.5 / (variance[k] + jitter));
    }
    return parts;
}

static inline float part_largest(const struct parts *parts, float z)
{
    float best = parts->height[0] + parts->narrow[0] * z * z;
    for (int k = 1; k < PARTS; k++)
        best = fmaxf(best, parts->height[k] + parts->narrow[k] * z * z);
    return best;
}

/* Nats of striking a group of so many notes where that many are written: of a chord from which
 * notes are missing, the first one weighs most. */
static void weigh_numbers(uint32_t notes, float nats[PIECES_MOST_NOTES + 1])
{
    const struct follow_constants *c = &follow_constants;
    float missing = (float)log(1 - c->stay_missing), extra = (float)log(2 * c->extra);
    for (uint32_t written = 0; written <= PIECES_MOST_NOTES; written++)
        nats[written] = notes > written   ? extra * (float)(notes - written)
                        : notes < written ? missing * .5f * (float)(written - notes + 1)
                                          : 0;
}

/* Half of the jumps lead to the beginnings of bars. */
static void lay(struct rhythm *rhythm)
{
    const struct pieces *pieces = rhythm->pieces;
    uint32_t bars = pieces->bar_first[pieces->count];
    for (uint32_t at = 0; at < rhythm->count; at++) {
        uint32_t first = pieces->piece[pieces->piece_of[at]].first;
        for (uint32_t k = 0; k < STEPS; k++)
            rhythm->due[k][at] = at > first + k
                                     ? (float)log(pieces->time[at] - pieces->time[at - k - 1])
                                     : -INFINITY;
        rhythm->size[at] = (uint8_t)__builtin_popcount(pieces->notes[HANDS_BOTH][at]);
        rhythm->jump[at] = .5f / (float)rhythm->count;
    }
    for (uint32_t b = 0; b < bars && rhythm->count; b++)
        rhythm->jump[pieces->bar[b]] += .5f / (float)bars;
    for (uint32_t at = 0; at < rhythm->count; at++)
        rhythm->jump[at] = logf(rhythm->jump[at]);
}

struct rhythm *rhythm_open(const struct pieces *pieces, struct error *error)
{
    struct rhythm *rhythm = calloc(1, sizeof *rhythm);
    bool made = rhythm != NULL;
    size_t count = pieces->onsets <= RHYTHM_POSITIONS ? pieces->onsets : 0;
    for (int k = 0; made && k < STEPS; k++)
        made = (rhythm->due[k] = calloc(count + 1, sizeof(float))) != NULL;
    for (int k = 0; made && k < 2; k++)
        made = (rhythm->way[k] = calloc(count + 1, sizeof(struct way))) != NULL;
    made = made && (rhythm->jump = calloc(count + 1, sizeof(float))) != NULL;
    made = made && (rhythm->size = calloc(count + 1, 1)) != NULL;
    if (!made) {
        rhythm_close(rhythm);
        error_set(error, "out of memory");
        return NULL;
    }
    rhythm->pieces = pieces;
    rhythm->count = (uint32_t)count;
    lay(rhythm);
    return rhythm;
}

void rhythm_close(struct rhythm *rhythm)
{
    if (!rhythm)
        return;
    for (int k = 0; k < STEPS; k++)
        free(rhythm->due[k]);
    for (int k = 0; k < 2; k++)
        free(rhythm->way[k]);
    free(rhythm->jump);
    free(rhythm->size);
    free(rhythm);
}

void rhythm_start(struct rhythm *rhythm)
{
    rhythm->groups = 0;
}

static void begin_first(struct rhythm *rhythm)
{
    const struct pieces *pieces = rhythm->pieces;
    float share = (float)follow_constants.begin_share;
    for (uint32_t at = 0; at < rhythm->count; at++) {
        bool begins = pieces->piece[pieces->piece_of[at]].first == at;
        float elsewhere = rhythm->jump[at] + logf(1 - share);
        rhythm->way[rhythm->now][at] = (struct way){
            .nats = begins ? logf(share / (float)pieces->count) : elsewhere, .tempo = NAN};
    }
}

/* The number of the last group's notes is known: the best position. Its way has 0 nats. */
static uint32_t end_group(struct rhythm *rhythm)
{
    struct way *way = rhythm->way[rhythm->now];
    float number[PIECES_MOST_NOTES + 1];
    uint32_t best = 0;
    weigh_numbers(rhythm->notes, number);
    for (uint32_t at = 0; at < rhythm->count; at++) {
        way[at].nats += number[rhythm->size[at]];
        if (way[at].nats > way[best].nats)
            best = at;
    }
    float most = way[best].nats;
    for (uint32_t at = 0; at < rhythm->count; at++)
        way[at].nats -= most;
    return best;
}

/* A step's way on, if its time is known to be `seen`, the logarithm of its seconds a quarter. */
static struct way step(const struct way *from, const struct parts *parts, float seen, float nats)
{
    if (isnan(from->tempo)) /* a tempo for free, worth that of expressive playing */
        return (struct way){from->nats + nats + part_largest(parts, 1), seen};
    float z = seen - from->tempo;
    return (struct way){from->nats + nats + part_largest(parts, z),
                        from->tempo +
                            (float)follow_constants.tempo_rate * fminf(fmaxf(z, -.5f), .5f)};
}

/* The ways to each position from the last group's. */
static void go_on(struct rhythm *rhythm, float passed, const struct evenness *even)
{
    const struct follow_constants *c = &follow_constants;
    const float skip[STEPS] = {0, logf((float)c->skip_one), logf((float)c->skip_two)};
    const struct way *before = rhythm->way[rhythm->now], *best = &before[end_group(rhythm)];
    struct way *after = rhythm->way[!rhythm->now];
    const struct parts parts = parts_of(even, passed);
    const float log_passed = logf(passed), beside = logf((float)c->extra * .5f);
    const float leave = best->nats + logf((float)(c->leave * c->rhythm_jump));
    for (uint32_t at = 0; at < rhythm->count; at++) {
        struct way most = {before[at].nats + beside, before[at].tempo};
        for (uint32_t k = 0; k < STEPS && rhythm->due[k][at] > -INFINITY; k++) {
            struct way way =
                step(&before[at - k - 1], &parts, log_passed - rhythm->due[k][at], skip[k]);
            most = way.nats > most.nats ? way : most;
        }
        if (leave + rhythm->jump[at] > most.nats)
            most = (struct way){leave + rhythm->jump[at], best->tempo};
        after[at] = most;
    }
    rhythm->now = !rhythm->now;
}

void rhythm_begin(struct rhythm *rhythm, double seconds, const struct evenness *even)
{
    static const double least = .004; /* seconds; below it clocks say nothing */
    if (rhythm->groups++ == 0)
        begin_first(rhythm);
    else if (rhythm->count)
        go_on(rhythm, (float)fmax(seconds - rhythm->seconds, least), even);
    rhythm->seconds = seconds;
    rhythm->notes = 1;
}

uint32_t rhythm_find(struct rhythm *rhythm, uint32_t notes, uint32_t believed, float gain,
                     struct rhythm_found found[RHYTHM_FOUND])
{
    const struct way *way = rhythm->way[rhythm->now];
    float number[PIECES_MOST_NOTES + 1];
    uint32_t count = 0, last = 0;
    rhythm->notes = notes;
    if (!rhythm->count || !rhythm->groups)
        return 0;
    weigh_numbers(notes, number);
    float here = way[believed].nats + number[rhythm->size[believed]], least = here + gain;
    for (uint32_t at = 0; at < rhythm->count; at++) {
        float its = way[at].nats + number[rhythm->size[at]];
        if (!(its > least))
            continue;
        float tempo = isnan(way[at].tempo) ? 0 : expf(way[at].tempo);
        found[count < RHYTHM_FOUND ? count++ : last] = (struct rhythm_found){at, its - here, tempo};
        if (count < RHYTHM_FOUND)
            continue;
        for (uint32_t k = last = 0; k < count; k++)
            if (found[k].gain < found[last].gain)
                last = k;
        least = here + found[last].gain;
    }
    return count;
}
