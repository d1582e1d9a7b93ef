/* The counted frequencies and the tables made of them; see rhythm.h. */
#include "grid/rhythm.h"

#include <math.h>
#include <string.h>

enum {
    PLACES = 12,
    SIZES = 5,
    DEPTHS = 5,
    UNKNOWN_DEPTH = 2 * DEPTHS,
    CUES_A_SIZE = 2 * DEPTHS + 1,
};

static const int place_unit[PLACES] = {0, 3, 4, 6, 8, 9, 12, 15, 16, 18, 20, 21};

/* Textures: under a sixteenth, a sixteenth, triplets, an eighth, dotted eighth,
 * a beat, longer, anything else. */
static const double onset_chance[PLACES][RHYTHM_TEXTURES] = {
    {0.856, 0.911, 0.826, 0.901, 0.955, 0.827, 0.546, 0.543},
    {0.387, 0.004, 0.030, 0.005, 0.039, 0.002, 0.008, 0.046},
    {0.019, 0.002, 0.184, 0.002, 0.006, 0.002, 0.003, 0.028},
    {0.538, 0.566, 0.056, 0.054, 0.615, 0.018, 0.046, 0.163},
    {0.011, 0.003, 0.503, 0.002, 0.002, 0.004, 0.006, 0.030},
    {0.490, 0.016, 0.033, 0.004, 0.054, 0.002, 0.004, 0.061},
    {0.744, 0.802, 0.363, 0.804, 0.665, 0.226, 0.174, 0.396},
    {0.376, 0.004, 0.027, 0.005, 0.011, 0.002, 0.005, 0.138},
    {0.016, 0.002, 0.602, 0.002, 0.003, 0.002, 0.002, 0.025},
    {0.640, 0.745, 0.124, 0.098, 0.311, 0.061, 0.042, 0.122},
    {0.013, 0.002, 0.186, 0.002, 0.004, 0.002, 0.002, 0.042},
    {0.561, 0.011, 0.052, 0.006, 0.009, 0.002, 0.013, 0.211},
};

static const double first_chance[PLACES] = {0.47, 0.005, 0.003, 0.08, 0.007, 0.005,
                                            0.31, 0.005, 0.007, 0.10, 0.003, 0.005};

/* Weights of a logistic model of the place given the event, at the beat, the
 * half beat, the other sixteenths and the rest; what no place has of its own is
 * left out. By the notes struck together against the mean of the last seven
 * events: well under, under, about, over, well over it. */
static const float size_accent[4][SIZES] = {
    {-0.51f, -0.57f, 0.23f, 0.76f, 1.16f},
    {0.27f, -0.09f, 0.04f, 0.15f, 0.00f},
    {0.10f, 0.19f, 0.14f, -0.37f, -0.47f},
    {0.13f, 0.48f, -0.42f, -0.54f, -0.69f},
};

/* By how deep the lowest note lies [depth_of] and [whether under the last three]. */
static const float depth_accent[4][DEPTHS][2] = {
    {{-0.18f, 0.52f}, {-0.23f, 0.16f}, {0.04f, -0.09f}, {0.28f, 0.43f}, {0.22f, 0.74f}},
    {{-0.18f, -0.36f}, {0.09f, -0.11f}, {0.22f, 0.01f}, {0.33f, 0.16f}, {-0.03f, 0.15f}},
    {{0.24f, -0.07f}, {0.05f, -0.20f}, {-0.10f, 0.07f}, {0.04f, -0.22f}, {-0.20f, -0.69f}},
    {{0.13f, -0.09f}, {0.09f, 0.15f}, {-0.15f, 0.00f}, {-0.65f, -0.37f}, {0.01f, -0.20f}},
};

static const double same_place_chance = 0.05;

static int level(int unit)
{
    if (unit % 6)
        return 3;
    return unit == 0 ? 0 : unit == 12 ? 1 : 2;
}

static void fill_steps(struct rhythm *rhythm, const double chance[RHYTHM_UNITS][RHYTHM_TEXTURES],
                       int unit, int texture)
{
    float *out = rhythm->step[unit][texture];
    double passed = log(1 - same_place_chance);

    out[0] = (float)log(same_place_chance);
    for (int step = 1; step <= RHYTHM_SPAN; step++) {
        double c = chance[(unit + step) % RHYTHM_UNITS][texture];
        out[step] = c > 0 ? (float)(passed + log(c)) : -INFINITY;
        passed += log(1 - c);
    }
}

static void fill_accents(float *out, int at)
{
    for (int size = 0; size < SIZES; size++) {
        for (int depth = 0; depth < DEPTHS; depth++)
            for (int low = 0; low < 2; low++)
                *out++ = size_accent[at][size] + depth_accent[at][depth][low];
        *out++ = size_accent[at][size];
    }
}

/* How far the lowest note lies under the mean of the last seven lowest ones. */
static int depth_of(double under)
{
    return under > 12 ? 4 : under > 5 ? 3 : under > 0 ? 2 : under > -7 ? 1 : 0;
}

static int size_of(double over)
{
    return over < -0.75 ? 0 : over < -0.1 ? 1 : over < 0.5 ? 2 : over < 1.5 ? 3 : 4;
}

int rhythm_cue(struct rhythm_history *history, unsigned notes, int lowest)
{
    double notes_sum = 0, lowest_sum = 0;
    unsigned pitched = 0;
    int low = 1;

    for (unsigned i = 0; i < history->count; i++) {
        notes_sum += history->notes[i];
        if (history->lowest[i] < 0)
            continue;
        lowest_sum += history->lowest[i];
        pitched++;
        if (i < 3 && history->lowest[i] < lowest)
            low = 0;
    }
    int size = size_of(history->count ? notes - notes_sum / history->count : 0);
    int depth = depth_of(pitched ? lowest_sum / pitched - lowest : 0);

    if (history->count < RHYTHM_MEMORY)
        history->count++;
    memmove(history->lowest + 1, history->lowest, (history->count - 1u) * sizeof *history->lowest);
    memmove(history->notes + 1, history->notes, (history->count - 1u) * sizeof *history->notes);
    history->lowest[0] = (int16_t)lowest;
    history->notes[0] = (uint16_t)(notes < UINT16_MAX ? notes : UINT16_MAX);
    return size * CUES_A_SIZE + (lowest < 0 ? UNKNOWN_DEPTH : 2 * depth + low);
}

void rhythm_init(struct rhythm *rhythm)
{
    double chance[RHYTHM_UNITS][RHYTHM_TEXTURES] = {{0}};

    for (int u = 0; u < RHYTHM_UNITS; u++) {
        rhythm->start[u] = -INFINITY;
        fill_accents(rhythm->accent[u], level(u));
    }
    for (int p = 0; p < PLACES; p++) {
        rhythm->start[place_unit[p]] = (float)log(first_chance[p]);
        for (int t = 0; t < RHYTHM_TEXTURES; t++)
            chance[place_unit[p]][t] = onset_chance[p][t];
    }
    for (int u = 0; u < RHYTHM_UNITS; u++)
        for (int t = 0; t < RHYTHM_TEXTURES; t++)
            fill_steps(rhythm, chance, u, t);
}

float rhythm_step(const struct rhythm *rhythm, int unit, int texture, long step)
{
    if (step <= RHYTHM_SPAN)
        return rhythm->step[unit][texture][step];
    if ((unit + step) % RHYTHM_SLOT)
        return -INFINITY;
    /* A rest of many beats: neither texture nor place tells much any more. */
    static const float far[4] = {-4.5f, -6.5f, -5.2f, -6.5f};
    return far[(unit + step) % RHYTHM_UNITS / RHYTHM_SLOT] -
           0.25f * (float)(step - RHYTHM_SPAN) / RHYTHM_UNITS;
}

int rhythm_texture(long step)
{
    switch (step) {
    case 6:
        return 1;
    case 2:
    case 4:
    case 8:
    case 16:
    case 20:
    case 28:
    case 32:
        return 2;
    case 12:
        return 3;
    case 18:
        return 4;
    case 24:
        return 5;
    default:
        return step > 24 ? 6 : step < 6 ? 0 : 7;
    }
}
