/* The slip model: distributions, and what is learned of a player. */
#include "follow/slip.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

static float landing[12][SLIP_WINDOW];

static void fill(void)
{
    for (int pitch = 0; pitch < 12; pitch++) {
        double of[SLIP_WINDOW];
        slip_landing(pitch, of);
        for (int k = 0; k < SLIP_WINDOW; k++)
            landing[pitch][k] = (float)of[k];
    }
}

/* Over the keys that a finger aiming at y can land on. */
static void probabilities_sum_to_one(void **state)
{
    (void)state;
    struct slip slip;
    fill();
    slip_start(&slip);
    for (int i = 0; i < 300; i++) {
        for (int y = 12; y < 116; y++) {
            double sum = 0;
            for (int x = y - SLIP_RANGE; x <= y + SLIP_RANGE; x++) {
                struct slip_key key;
                slip_ask(&slip, (const float(*)[SLIP_WINDOW])landing, x, &key);
                sum += (double)key.probability[x - y + SLIP_RANGE];
            }
            assert_true(fabs(sum - 1) < 1e-5);
        }
        slip_learn(&slip, .5, (const double[SLIP_WAYS]){.2, .1, .1});
    }
}

static void learning_follows_the_player(void **state)
{
    (void)state;
    struct slip slip;
    slip_start(&slip);
    for (int i = 0; i < 2000; i++)
        slip_learn(&slip, i % 2, (const double[SLIP_WAYS]){0, 0, !(i % 2)});
    assert_true(fabs(slip.wrong - .5) < .05);
    assert_true(slip.way[SLIP_ANY] > .9);
    assert_true(slip.way[SLIP_MEASURED] > 0);
    for (int i = 0; i < 20000; i++)
        slip_learn(&slip, 1, (const double[SLIP_WAYS]){0});
    assert_true(slip.wrong < .02 && slip.wrong > 0);
}

/* Two ratios worked out from the counts. From E, up to F (white; E and B share
 * that count) against down to E flat (black; shared by D, E, G, A and B). From
 * F sharp, up to G (white; all five black keys share) against down to E (white,
 * two below; shared by C sharp and F sharp). */
static void ratios_by_hand(void **state)
{
    (void)state;
    double missed[SLIP_WINDOW];
    double e = (73 / 1193. / 2 + 8 / 84. / 2) / (134 / 1193. / 5 + 1 / 84. / 5);
    slip_landing(64, missed);
    assert_true(fabs(missed[SLIP_RANGE + 1] / missed[SLIP_RANGE - 1] / e - 1) < 1e-9);
    double f = (291 / 952. / 5 + 7 / 14. / 5) / (12 / 952. / 2);
    slip_landing(66, missed);
    assert_true(fabs(missed[SLIP_RANGE + 1] / missed[SLIP_RANGE - 2] / f - 1) < 1e-9);
}

/* What misses lands somewhere, on another key. */
static void landings_are_distributions(void **state)
{
    (void)state;
    for (int pitch = 0; pitch < 128; pitch++) {
        double missed[SLIP_WINDOW], sum = 0;
        slip_landing(pitch, missed);
        for (int k = 0; k < SLIP_WINDOW; k++) {
            assert_true(missed[k] >= 0);
            sum += missed[k];
        }
        assert_true(fabs(sum - 1) < 1e-12);
        assert_true(missed[SLIP_RANGE] <= 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(probabilities_sum_to_one),
        cmocka_unit_test(learning_follows_the_player),
        cmocka_unit_test(ratios_by_hand),
        cmocka_unit_test(landings_are_distributions),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
