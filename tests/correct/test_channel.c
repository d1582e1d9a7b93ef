/* The channel: what it says of a key, how it follows a player, and what a take shows of one. */
#include "base/rng.h"
#include "correct/channel.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* P(x | y) sums to one over keys, is as the shares say, and follows the player. */
static void test_channel(void **state)
{
    (void)state;
    struct channel channel;
    channel_start(&channel, false);
    for (int y = 40; y < 52; y++) {
        double sum = 0;
        for (int x = y - CHANNEL_RANGE; x <= y + CHANNEL_RANGE; x++) {
            float judged[CHANNEL_SHIFTS];
            channel_judge(&channel, (uint8_t)x, judged);
            sum += exp((double)judged[y - x + CHANNEL_RANGE]);
        }
        assert_true(fabs(sum - 1) < 1e-5);
    }
    float judged[CHANNEL_SHIFTS], expected[CHANNEL_SHIFTS];
    channel_judge(&channel, 60, judged);
    float right = judged[CHANNEL_RANGE], wrong = judged[CHANNEL_RANGE + 1];
    assert_true(expf(right) > .9f && expf(right) < 1);
    channel_judge(&channel, 0, judged);
    assert_true(isinf(judged[0]) && judged[0] < 0 && isfinite(judged[CHANNEL_RANGE]));
    for (int k = 0; k < CHANNEL_SHIFTS; k++)
        expected[k] = k == CHANNEL_RANGE + 1;
    for (int i = 0; i < 100; i++)
        channel_hear(&channel, (uint8_t)(50 + i % 12), expected);
    channel_judge(&channel, 60, judged);
    assert_true(judged[CHANNEL_RANGE + 1] > wrong + 2 && judged[CHANNEL_RANGE] < right - .5f);
}

/* Hears notes of a player who misses by a semitone or two at a rate p, in music in which what
 * comes is expected with probability .8 and all else is as likely; the mean of the share of keys
 * meant over the last half. */
static double share_on_key(struct channel *channel, struct rng *rng, double p, int notes)
{
    static const int miss[4] = {-2, -1, 1, 2};
    double sum = 0;
    int counted = 0;
    for (int i = 0; i < notes; i++) {
        float expected[CHANNEL_SHIFTS];
        bool usual = rng_double(rng) < .8;
        int y = 48 + (int)rng_below(rng, 24), x = y;
        if (rng_double(rng) < p)
            x += miss[rng_below(rng, 4)];
        int best = usual ? y - x + CHANNEL_RANGE : (int)rng_below(rng, CHANNEL_SHIFTS);
        for (int k = 0; k < CHANNEL_SHIFTS; k++)
            expected[k] = k == best ? .8f : .2f / (CHANNEL_SHIFTS - 1);
        channel_hear(channel, (uint8_t)x, expected);
        if (i >= notes / 2) {
            sum += (double)channel->share[0];
            counted++;
        }
    }
    return sum / counted;
}

/* How often a player misses is found out; another player is noticed; nothing is learned where
 * nothing was expected. */
static void test_channel_follows(void **state)
{
    (void)state;
    static const double rate[] = {0, .1, .3};
    struct channel channel;
    struct rng rng;
    rng_seed(&rng, 5, 1);
    for (size_t i = 0; i < sizeof rate / sizeof *rate; i++) {
        channel_start(&channel, false);
        double share = share_on_key(&channel, &rng, rate[i], 1000);
        assert_true(fabs(share - (1 - rate[i])) < .04);
    }
    double after = share_on_key(&channel, &rng, 0, 200);
    assert_true(after > .95);
    after = share_on_key(&channel, &rng, .3, 200);
    assert_true(after < .8);
    float expected[CHANNEL_SHIFTS], before[CHANNEL_PARTS];
    for (int k = 0; k < CHANNEL_SHIFTS; k++)
        expected[k] = 1.f / CHANNEL_SHIFTS;
    channel_start(&channel, false);
    memcpy(before, channel.share, sizeof before);
    for (int i = 0; i < 50; i++)
        channel_hear(&channel, (uint8_t)(40 + i), expected);
    for (int p = 0; p < CHANNEL_PARTS; p++)
        assert_true(fabsf(channel.share[p] - before[p]) < .002f);
}

/* Shares as a take shows them: what was meant elsewhere counts as wrong, and somewhat more than
 * that where much was. */
static void test_fit(void **state)
{
    (void)state;
    enum { NOTES = 2000 };
    static float meant[NOTES][CHANNEL_SHIFTS];
    struct correct_note *note = calloc(NOTES, sizeof *note);
    assert_non_null(note);
    float least = 0;
    for (int wrong = 0; wrong <= 5; wrong++) {
        struct channel channel;
        channel_start(&channel, false);
        memset(meant, 0, sizeof meant);
        for (int i = 0; i < NOTES; i++) {
            note[i].pitch = (uint8_t)(40 + i % 41);
            meant[i][CHANNEL_RANGE + (i % 10 < wrong ? 1 + i % 2 : 0)] = 1;
        }
        channel_fit(&channel, note, NOTES, (const float(*)[CHANNEL_SHIFTS])meant);
        float sum = 0, share = 1 - channel.share[0], seen = (float)wrong / 10;
        for (int p = 0; p < CHANNEL_PARTS; p++)
            sum += channel.share[p];
        assert_true(fabsf(sum - 1) < 1e-5f);
        assert_true(share >= least && share >= seen - .01f && share < seen * 1.2f + .01f);
        if (wrong >= 3)
            assert_true(share > seen * 1.05f);
        assert_true(channel.share[1] + channel.share[2] + channel.share[3] > .95f * seen);
        least = share;
    }
    free(note);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_channel),
        cmocka_unit_test(test_channel_follows),
        cmocka_unit_test(test_fit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
