/* Parts and their shares. */
#include "correct/channel.h"

#include "follow/slip.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum part { ON_KEY, ONE, TWO, SLIP, ANYWHERE, OCTAVE };

/* Of notes that are wrong, the shares of the parts: keys beside, up to two of them or one;
 * slips; anywhere; some of each. How many players are of each kind. */
static const float kind[CHANNEL_KINDS][CHANNEL_PARTS] = {{0, .46f, .46f, .03f, .03f, .02f},
                                                         {0, .9f, .02f, .03f, .03f, .02f},
                                                         {0, .03f, .03f, .88f, .03f, .03f},
                                                         {0, .03f, .03f, .03f, .88f, .03f},
                                                         {0, .25f, .2f, .3f, .15f, .1f}};
static const float kinds[CHANNEL_KINDS] = {.25f, .05f, .3f, .1f, .3f};
/* Most players make few mistakes. */
static const float rate[CHANNEL_RATES] = {.001f, .005f, .01f, .03f, .06f, .1f,
                                          .15f,  .2f,   .3f,  .4f,  .5f};
static const float rates[CHANNEL_RATES] = {.25f, .25f,  .2f,   .13f,  .07f, .04f,
                                           .02f, .015f, .015f, .006f, .004f};
/* How much of the music is not expected at all: by a prior that is believed; by one that is
 * doubted. */
static const float odd[2][CHANNEL_ODDS] = {{.003f, .05f, .2f}, {.05f, .2f, .5f}};
static const float odds[CHANNEL_ODDS] = {.4f, .3f, .3f};
static const float change = .001f; /* of the player, a note */

static const float start[CHANNEL_PARTS] = {.97f, .0095f, .0075f, .0075f, .0035f, .002f};
static const float start_notes = 30; /* of a take: it counts as much as so many notes */
/* Wrong notes that are believed prove each other right, the more of them the more: of a share of
 * .3, .27 to .29 are found. What is found counts more by this times its share. */
static const float overlooked = .5f;

static void set_slips(struct channel *channel)
{
    for (int y = 0; y < 12; y++) {
        double landing[SLIP_WINDOW];
        slip_landing(y, landing);
        for (int k = 0; k < CHANNEL_SHIFTS; k++)
            channel->slip[y][k] = (float)landing[k];
    }
}

static float player_at_first(int o, int m, int r)
{
    return odds[o] * kinds[m] * rates[r];
}

/* What is to be expected of a player who may be any of them. (Kinds are added up side by side:
 * none has to wait for another.) */
static void set_mean(struct channel *channel)
{
    float *share = channel->share, wrong[CHANNEL_KINDS] = {0}, all = 0;
    for (int o = 0; o < CHANNEL_ODDS; o++)
        for (int r = 0; r < CHANNEL_RATES; r++)
            for (int m = 0; m < CHANNEL_KINDS; m++)
                wrong[m] += channel->player[o][m][r] * rate[r];
    memset(share, 0, sizeof channel->share);
    for (int m = 0; m < CHANNEL_KINDS; m++) {
        for (int p = 0; p < CHANNEL_PARTS; p++)
            share[p] += wrong[m] * kind[m][p];
        all += wrong[m];
    }
    share[ON_KEY] = 1 - all;
}

void channel_start(struct channel *channel, bool doubt)
{
    channel->doubt = doubt;
    for (int o = 0; o < CHANNEL_ODDS; o++)
        for (int m = 0; m < CHANNEL_KINDS; m++)
            for (int r = 0; r < CHANNEL_RATES; r++)
                channel->player[o][m][r] = player_at_first(o, m, r);
    set_mean(channel);
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

void channel_land(const struct channel *channel, uint8_t x, float probability[CHANNEL_SHIFTS])
{
    float part[CHANNEL_PARTS];
    for (int k = 0; k < CHANNEL_SHIFTS; k++) {
        int y = x + k - CHANNEL_RANGE;
        probability[k] = y < 0 || y > 127 ? 0 : parts_of(channel, y, CHANNEL_RANGE - k, part);
    }
}

void channel_judge(const struct channel *channel, uint8_t x, float log_probability[CHANNEL_SHIFTS])
{
    channel_land(channel, x, log_probability);
    for (int k = 0; k < CHANNEL_SHIFTS; k++)
        log_probability[k] = log_probability[k] > 0 ? logf(log_probability[k]) : -INFINITY;
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

/* How likely the key is if the note came about by each part alone. */
static void weigh_parts(const struct channel *channel, uint8_t x,
                        const float expected[CHANNEL_SHIFTS], float part[CHANNEL_PARTS])
{
    const int end = CHANNEL_SHIFTS - 1, middle = CHANNEL_RANGE;
    float e[CHANNEL_SHIFTS], slip = 0, all = 0;
    for (int k = 0, y = x - middle, class = x % 12; k < CHANNEL_SHIFTS; k++, y++) {
        e[k] = y < 0 || y > 127 ? 0 : expected[k];
        slip += e[k] * channel->slip[class][end - k];
        all += e[k];
        class = class == 11 ? 0 : class + 1;
    }
    part[ON_KEY] = e[middle];
    part[ONE] = (e[middle - 1] + e[middle + 1]) / 2;
    part[TWO] = (e[middle - 2] + e[middle + 2]) / 2;
    part[SLIP] = slip;
    part[ANYWHERE] = (all - e[middle]) / (float)end;
    part[OCTAVE] = (e[0] + e[end]) / 2;
}

/* Multiplies the probability of each player by that of the key; the sum. */
static float judge_players(struct channel *channel, const float part[CHANNEL_PARTS])
{
    float sum = 0;
    for (int o = 0; o < CHANNEL_ODDS; o++) {
        float unexpected = odd[channel->doubt][o];
        float usual = 1 - unexpected, unusual = unexpected / CHANNEL_SHIFTS;
        float on = usual * part[ON_KEY] + unusual, beside[CHANNEL_KINDS];
        float own[CHANNEL_KINDS] = {0};
        for (int m = 0; m < CHANNEL_KINDS; m++) {
            beside[m] = unusual;
            for (int p = 0; p < CHANNEL_PARTS; p++)
                beside[m] += usual * kind[m][p] * part[p];
        }
        for (int r = 0; r < CHANNEL_RATES; r++)
            for (int m = 0; m < CHANNEL_KINDS; m++)
                own[m] += channel->player[o][m][r] *= on + rate[r] * (beside[m] - on);
        for (int m = 0; m < CHANNEL_KINDS; m++)
            sum += own[m];
    }
    return sum;
}

void channel_hear(struct channel *channel, uint8_t x, const float expected[CHANNEL_SHIFTS])
{
    float part[CHANNEL_PARTS];
    weigh_parts(channel, x, expected, part);
    float stay = (1 - change) / judge_players(channel, part);
    for (int o = 0; o < CHANNEL_ODDS; o++)
        for (int m = 0; m < CHANNEL_KINDS; m++)
            for (int r = 0; r < CHANNEL_RATES; r++) {
                float *player = &channel->player[o][m][r];
                *player = stay * *player + change * player_at_first(o, m, r);
            }
    set_mean(channel);
}

void channel_fit(struct channel *channel, const struct correct_note *notes, size_t count,
                 const float (*meant)[CHANNEL_SHIFTS])
{
    float seen[CHANNEL_PARTS], sum = 0;
    for (int p = 0; p < CHANNEL_PARTS; p++)
        seen[p] = start_notes * start[p];
    for (size_t i = 0; i < count; i++)
        count_note(channel, notes[i].pitch & 127, meant[i], seen);
    for (int p = 0; p < CHANNEL_PARTS; p++)
        sum += seen[p];
    float more = 1 + overlooked * (1 - seen[ON_KEY] / sum);
    for (int p = 0; p < CHANNEL_PARTS; p++)
        seen[p] *= p == ON_KEY ? 1 : more;
    sum = seen[ON_KEY] + more * (sum - seen[ON_KEY]);
    for (int p = 0; p < CHANNEL_PARTS; p++)
        channel->share[p] = seen[p] / sum;
}
