/* The slip model's lookups against plain loops over the 128 notes. */
#include "base/rng.h"
#include "correct/slip.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

static note_set random_set(struct rng *rng)
{
    note_set set = (note_set)rng_next(rng) << 64 | rng_next(rng);
    for (uint32_t thin = rng_below(rng, 6); thin > 0; thin--)
        set &= (note_set)rng_next(rng) << 64 | rng_next(rng);
    return set;
}

static int has(note_set set, int pitch)
{
    return (int)(set >> pitch & 1);
}

static void sets_are_counted(void **state)
{
    (void)state;
    struct rng rng;
    rng_seed(&rng, 1, 0);
    for (int trial = 0; trial < 20000; trial++) {
        note_set set = trial == 0 ? ~(note_set)0 : random_set(&rng);
        int count = 0, lowest = -1;
        for (int p = 127; p >= 0; p--) {
            count += has(set, p);
            lowest = has(set, p) ? p : lowest;
            assert_int_equal(note_set_has(&set, (unsigned)p), has(set, p));
        }
        assert_int_equal(note_set_count(set), count);
        if (set)
            assert_int_equal(note_set_lowest(set), lowest);
    }
    for (unsigned p = 0; p < 128; p++) {
        assert_int_equal(note_set_count(note_set_bit(p)), 1);
        assert_int_equal(note_set_lowest(note_set_bit(p)), p);
    }
}

static void windows_show_the_neighbours(void **state)
{
    (void)state;
    struct rng rng;
    rng_seed(&rng, 2, 0);
    for (int trial = 0; trial < 500; trial++) {
        note_set set = random_set(&rng);
        for (int x = 0; x < 128; x++) {
            uint32_t window = slip_window(set, (unsigned)x);
            for (int k = 0; k < 32; k++) {
                int y = x - SLIP_RANGE + k;
                int expected = k < SLIP_WINDOW && y >= 0 && y < 128 && has(set, y);
                assert_int_equal(window >> k & 1, expected);
            }
        }
    }
}

static void sums_are_those_of_the_notes(void **state)
{
    (void)state;
    static struct slip slip;
    struct rng rng;
    rng_seed(&rng, 3, 0);
    slip_init(&slip);
    for (int trial = 0; trial < 2000; trial++) {
        note_set set = trial == 0 ? ~(note_set)0 : random_set(&rng);
        const float *p = trial % 2 ? slip.brush : slip.probability;
        for (int x = 0; x < 128; x++) {
            double sum = 0;
            for (int y = 0; y < 128; y++)
                if (has(set, y))
                    sum += (double)p[slip_class_of((unsigned)x, (unsigned)y)];
            float found = slip_sum(&slip, p, set, note_set_count(set), (unsigned)x);
            assert_true(fabs((double)found - sum) <= 1e-5 * sum + 1e-9);
        }
    }
}

static void classes_are_distances(void **state)
{
    (void)state;
    for (int x = 0; x < 128; x++)
        for (int y = 0; y < 128; y++) {
            int d = abs(x - y);
            int expected = d == 0    ? SLIP_RIGHT
                           : d == 1  ? SLIP_ONE
                           : d == 2  ? SLIP_TWO
                           : d < 12  ? SLIP_FAR
                           : d == 12 ? SLIP_OCTAVE
                                     : SLIP_BEYOND;
            assert_int_equal(slip_class_of((unsigned)x, (unsigned)y), expected);
        }
}

/* Over the keys in reach of a hand: 25, and 40 of those beyond. */
static double whole(const float p[SLIP_CLASSES])
{
    double sum = 0;
    for (int d = -12; d <= 12; d++)
        sum += (double)p[slip_class_of(64, (unsigned)(64 + d))];
    return sum + 40 * (double)p[SLIP_BEYOND];
}

static void probabilities_sum_to_one(void **state)
{
    (void)state;
    static struct slip slip;
    slip_init(&slip);
    assert_true(fabs(whole(slip.probability) - 1) < 1e-5);
    assert_true(fabs(whole(slip.brush) - 1) < 1e-5);
    for (int i = 0; i < 300; i++) {
        slip_learn(&slip, (const float[SLIP_CLASSES]){.5f, .2f, 0, .3f, 0, 0});
        assert_true(fabs(whole(slip.probability) - 1) < 1e-5);
    }
}

static void learning_follows_the_player(void **state)
{
    (void)state;
    static struct slip slip;
    slip_init(&slip);
    float right = slip.probability[SLIP_RIGHT];
    for (int i = 0; i < 1000; i++) {
        float share[SLIP_CLASSES] = {0};
        share[i % 2 ? SLIP_TWO : SLIP_RIGHT] = 1;
        slip_learn(&slip, share);
    }
    assert_true(slip.probability[SLIP_RIGHT] < .7f * right);
    assert_true(fabsf(2 * slip.probability[SLIP_TWO] - .45f) < .1f);
    /* What was never seen stays possible. */
    for (int c = 0; c < SLIP_CLASSES; c++)
        assert_true(slip.probability[c] > 1e-6f);
}

/* Two ratios worked out from the counts. From E, up to F (white; E and B share
 * that count) against down to E flat (black; shared by D, E, G, A and B). From
 * F sharp, up to G (white; all five black keys share) against down to E (white,
 * two below; shared by C sharp and F sharp). */
static void ratios_by_hand(void **state)
{
    (void)state;
    double landing[SLIP_WINDOW];
    double e = (73 / 1193. / 2 + 8 / 84. / 2) / (134 / 1193. / 5 + 1 / 84. / 5);
    slip_landing(64, landing);
    assert_true(fabs(landing[SLIP_RANGE + 1] / landing[SLIP_RANGE - 1] / e - 1) < 1e-9);
    double f = (291 / 952. / 5 + 7 / 14. / 5) / (12 / 952. / 2);
    slip_landing(66, landing);
    assert_true(fabs(landing[SLIP_RANGE + 1] / landing[SLIP_RANGE - 2] / f - 1) < 1e-9);
}

/* What misses lands somewhere, on another key. */
static void landings_are_distributions(void **state)
{
    (void)state;
    for (int pitch = 0; pitch < 128; pitch++) {
        double landing[SLIP_WINDOW], sum = 0;
        slip_landing(pitch, landing);
        for (int k = 0; k < SLIP_WINDOW; k++) {
            assert_true(landing[k] >= 0);
            sum += landing[k];
        }
        assert_true(fabs(sum - 1) < 1e-12);
        assert_true(landing[SLIP_RANGE] <= 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sets_are_counted),
        cmocka_unit_test(windows_show_the_neighbours),
        cmocka_unit_test(sums_are_those_of_the_notes),
        cmocka_unit_test(classes_are_distances),
        cmocka_unit_test(probabilities_sum_to_one),
        cmocka_unit_test(learning_follows_the_player),
        cmocka_unit_test(ratios_by_hand),
        cmocka_unit_test(landings_are_distributions),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
