/* The counted frequencies and the tables made of them; see rhythm.h. */
#include "grid/rhythm.h"

#include <math.h>
#include <string.h>

enum {
    PLACES = 12,
    DEPTHS = 5,
};

static const int place_unit[PLACES] = {0, 3, 4, 6, 8, 9, 12, 15, 16, 18, 20, 21};

/* Textures: under a sixteenth, a sixteenth, triplets, an eighth, dotted eighth,
 * a beat, longer, anything else. */
static const double onset_chance[PLACES][RHYTHM_TEXTURES] = {
    {0.767, 0.889, 0.758, 0.863, 0.909, 0.745, 0.515, 0.438},
    {0.341, 0.005, 0.024, 0.004, 0.034, 0.002, 0.006, 0.047},
    {0.036, 0.003, 0.120, 0.002, 0.012, 0.002, 0.003, 0.032},
    {0.459, 0.561, 0.044, 0.048, 0.430, 0.014, 0.031, 0.127},
    {0.018, 0.004, 0.465, 0.004, 0.007, 0.005, 0.005, 0.036},
    {0.409, 0.013, 0.027, 0.004, 0.037, 0.002, 0.003, 0.070},
    {0.639, 0.806, 0.289, 0.763, 0.605, 0.212, 0.188, 0.323},
    {0.335, 0.005, 0.023, 0.004, 0.015, 0.002, 0.004, 0.099},
    {0.034, 0.002, 0.554, 0.003, 0.022, 0.002, 0.004, 0.030},
    {0.571, 0.729, 0.077, 0.085, 0.273, 0.037, 0.028, 0.113},
    {0.024, 0.003, 0.156, 0.002, 0.005, 0.002, 0.002, 0.048},
    {0.485, 0.010, 0.041, 0.005, 0.009, 0.002, 0.009, 0.157},
};

static const double first_chance[PLACES] = {0.47, 0.005, 0.003, 0.08, 0.007, 0.005,
                                            0.31, 0.005, 0.007, 0.10, 0.003, 0.005};

/* Log ratios to the average onset at the beat, the half beat, the other
 * sixteenths and the rest: [level][1, 2, 3, more notes][depth][under the last three]. */
static const float accent[4][4][DEPTHS][2] = {
    {
        {{-0.59f, -0.05f}, {-0.87f, -0.45f}, {-0.86f, -0.75f}, {-0.96f, 0.08f}, {-0.59f, 0.53f}},
        {{0.13f, 0.10f}, {0.05f, 0.15f}, {0.18f, -0.00f}, {0.28f, 0.25f}, {0.37f, 0.42f}},
        {{0.33f, 0.46f}, {0.30f, 0.42f}, {0.45f, 0.41f}, {0.48f, 0.55f}, {0.54f, 0.58f}},
        {{0.48f, 0.54f}, {0.48f, 0.40f}, {0.59f, 0.52f}, {0.60f, 0.60f}, {0.61f, 0.67f}},
    },
    {
        {{0.02f, -0.31f}, {0.32f, 0.15f}, {0.46f, 0.15f}, {0.42f, -0.05f}, {-0.00f, -0.86f}},
        {{-0.11f, -0.02f}, {0.04f, 0.01f}, {0.00f, 0.11f}, {-0.09f, 0.01f}, {-0.39f, -0.26f}},
        {{-0.16f, -0.28f}, {-0.16f, -0.43f}, {-0.26f, -0.33f}, {-0.25f, -0.64f}, {-0.41f, -0.55f}},
        {{-0.29f, -0.32f}, {-0.34f, -0.37f}, {-0.67f, -0.55f}, {-0.65f, -0.81f}, {-0.60f, -1.01f}},
    },
    {
        {{0.56f, 0.37f}, {0.43f, 0.26f}, {0.21f, 0.54f}, {0.45f, -0.14f}, {0.55f, -0.95f}},
        {{-0.12f, -0.10f}, {-0.13f, -0.35f}, {-0.33f, -0.02f}, {-0.47f, -0.64f}, {-0.34f, -0.98f}},
        {{-0.69f, -1.24f}, {-0.59f, -0.55f}, {-1.15f, -0.72f}, {-1.68f, -1.05f}, {-1.94f, -2.13f}},
        {{-2.12f, -2.52f}, {-1.36f, -0.53f}, {-1.55f, -0.96f}, {-1.94f, -1.47f}, {-3.08f, -2.24f}},
    },
    {
        {{0.65f, 0.38f}, {0.46f, 0.76f}, {0.35f, 0.63f}, {-0.14f, 0.14f}, {0.79f, -0.02f}},
        {{-0.11f, -0.78f}, {-0.36f, -0.52f}, {-1.44f, -1.35f}, {-1.73f, -1.31f}, {-1.54f, -1.31f}},
        {{-0.71f, -2.25f}, {-0.47f, -1.33f}, {-2.25f, -1.42f}, {-2.14f, -2.00f}, {-1.92f, -1.91f}},
        {{-0.41f, -2.52f}, {-1.32f, -1.91f}, {-2.60f, -2.11f}, {-2.40f, -1.56f}, {-1.86f, -2.02f}},
    },
};

/* The same where pitches are not known. */
static const float size_accent[4][4] = {
    {-0.57f, 0.17f, 0.43f, 0.57f},
    {0.19f, -0.03f, -0.32f, -0.63f},
    {0.39f, -0.29f, -0.93f, -1.47f},
    {0.48f, -0.73f, -1.12f, -1.67f},
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

static void fill_accents(float *out, int at, int size)
{
    for (int depth = 0; depth < DEPTHS; depth++)
        for (int low = 0; low < 2; low++)
            *out++ = accent[at][size][depth][low];
    *out = size_accent[at][size];
}

/* How far the lowest note lies under the mean of the last seven lowest ones. */
static int depth_of(double under)
{
    return under > 12 ? 4 : under > 5 ? 3 : under > 0 ? 2 : under > -7 ? 1 : 0;
}

int rhythm_hear(struct rhythm_ear *ear, unsigned notes, int lowest)
{
    int size = notes > 4 ? 3 : notes ? (int)notes - 1 : 0;
    int base = size * (2 * DEPTHS + 1);
    if (lowest < 0)
        return base + 2 * DEPTHS;

    double sum = 0;
    int low = 1;
    for (unsigned i = 0; i < ear->count; i++) {
        sum += ear->lowest[i];
        if (i < 3 && ear->lowest[i] < lowest)
            low = 0;
    }
    int depth = depth_of(ear->count ? sum / ear->count - lowest : 0);
    if (ear->count < RHYTHM_MEMORY)
        ear->count++;
    memmove(ear->lowest + 1, ear->lowest, ear->count - 1);
    ear->lowest[0] = (uint8_t)lowest;
    return base + 2 * depth + low;
}

void rhythm_init(struct rhythm *rhythm)
{
    double chance[RHYTHM_UNITS][RHYTHM_TEXTURES] = {{0}};

    for (int u = 0; u < RHYTHM_UNITS; u++) {
        rhythm->start[u] = -INFINITY;
        for (int size = 0; size < 4; size++)
            fill_accents(&rhythm->accent[u][size * (2 * DEPTHS + 1)], level(u), size);
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
