/* Parts, their shares, and the measured slips. */
#include "correct/channel.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum part { ON_KEY, ONE, TWO, SLIP, ANYWHERE, OCTAVE };

static const float start[CHANNEL_PARTS] = {.97f, .0095f, .0075f, .0075f, .0035f, .002f};
static const float start_notes = 30; /* the start counts as much as so many notes */
static const float forget = .995f;   /* a note */

/* Substitutions in aligned performances of advanced pianists (Peter et al.,
 * TISMIR 2023) and of learners, both groups weighing the same: [colour meant]
 * [colour struck][-12 .. -1, 1 .. 12], each shared out among the keys it fits. */
static const uint16_t slips[2][2][24] = {
    {{115, 8,   10, 13,  17,  52, 21, 35, 158, 220, 1000, 756,
      782, 377, 82, 194, 216, 4,  53, 11, 10,  39,  17,   70},
     {0, 2, 0, 6, 13, 0, 5, 17, 38, 36, 63, 248, 263, 38, 98, 36, 8, 20, 8, 13, 3, 13, 8, 0}},
    {{0, 4, 0, 4, 8, 21, 6, 42, 32, 84, 63, 998, 1611, 110, 88, 32, 42, 25, 21, 18, 21, 5, 8, 0},
     {6, 0, 0, 5, 11, 11, 0, 42, 0, 53, 690, 0, 0, 735, 84, 42, 55, 0, 21, 11, 11, 11, 0, 17}},
};

static bool is_black(int pitch)
{
    return 0x54a >> (pitch + 120) % 12 & 1;
}

static void set_slips(struct channel *channel)
{
    for (int y = 0; y < 12; y++) {
        float sum = 0, *slip = channel->slip[y];
        for (int k = 0; k < CHANNEL_SHIFTS; k++) {
            int d = k - CHANNEL_RANGE;
            slip[k] = d ? slips[is_black(y)][is_black(y + d)][k - (d > 0)] : 0;
            sum += slip[k];
        }
        for (int k = 0; k < CHANNEL_SHIFTS; k++)
            slip[k] /= sum;
    }
}

void channel_start(struct channel *channel)
{
    memset(channel, 0, sizeof *channel);
    memcpy(channel->share, start, sizeof channel->share);
    set_slips(channel);
}

/* What each part gives to landing `up` semitones above y; the sum. */
static float parts_of(const struct channel *channel, int y, int up, float part[CHANNEL_PARTS])
{
    const float *share = channel->share;
    int distance = abs(up);
    part[ON_KEY] = distance == 0 ? share[ON_KEY] : 0;
    part[ONE] = distance == 1 ? share[ONE] / 2 : 0;
    part[TWO] = distance == 2 ? share[TWO] / 2 : 0;
    part[SLIP] = share[SLIP] * channel->slip[y % 12][up + CHANNEL_RANGE];
    part[ANYWHERE] = distance ? share[ANYWHERE] / (CHANNEL_SHIFTS - 1) : 0;
    part[OCTAVE] = distance == CHANNEL_RANGE ? share[OCTAVE] / 2 : 0;
    float sum = 0;
    for (int p = 0; p < CHANNEL_PARTS; p++)
        sum += part[p];
    return sum;
}

void channel_judge(const struct channel *channel, uint8_t x, float log_probability[CHANNEL_SHIFTS])
{
    float part[CHANNEL_PARTS];
    for (int k = 0; k < CHANNEL_SHIFTS; k++) {
        int y = x + k - CHANNEL_RANGE;
        log_probability[k] =
            y < 0 || y > 127 ? -INFINITY : logf(parts_of(channel, y, CHANNEL_RANGE - k, part));
    }
}

/* Adds to seen[] the parts that a note may have come about by. */
static void count_note(const struct channel *channel, uint8_t x, const float meant[CHANNEL_SHIFTS],
                       float seen[CHANNEL_PARTS])
{
    float part[CHANNEL_PARTS];
    for (int k = 0; k < CHANNEL_SHIFTS; k++) {
        int y = x + k - CHANNEL_RANGE;
        if (y < 0 || y > 127 || !(meant[k] > 1e-6f))
            continue;
        float all = parts_of(channel, y, CHANNEL_RANGE - k, part);
        for (int p = 0; p < CHANNEL_PARTS; p++)
            seen[p] += meant[k] * part[p] / all;
    }
}

static void set_shares(struct channel *channel)
{
    float sum = start_notes;
    for (int p = 0; p < CHANNEL_PARTS; p++)
        sum += channel->seen[p];
    for (int p = 0; p < CHANNEL_PARTS; p++)
        channel->share[p] = (channel->seen[p] + start_notes * start[p]) / sum;
}

void channel_hear(struct channel *channel, uint8_t x, const float meant[CHANNEL_SHIFTS])
{
    for (int p = 0; p < CHANNEL_PARTS; p++)
        channel->seen[p] *= forget;
    count_note(channel, x, meant, channel->seen);
    set_shares(channel);
}

void channel_fit(struct channel *channel, const struct correct_note *notes, size_t count,
                 const float (*meant)[CHANNEL_SHIFTS])
{
    memset(channel->seen, 0, sizeof channel->seen);
    for (size_t i = 0; i < count; i++)
        count_note(channel, notes[i].pitch & 127, meant[i], channel->seen);
    set_shares(channel);
}
