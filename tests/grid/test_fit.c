/* Whether a given grid fits: scores, scores with triplets, takes with and without a click. */
#include "grid/grid.h"

#include "base/rng.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { COUNT = 400 };

static struct grid_fit fit(const double *slots, size_t count)
{
    struct grid_fit result;
    struct error error;
    assert_int_equal(grid_fit(slots, count, &result, &error), 0);
    return result;
}

static void scores_fit(void **state)
{
    (void)state;
    double slots[COUNT];

    for (int i = 0; i < COUNT; i++)
        slots[i] = i * 2;
    struct grid_fit eighths = fit(slots, COUNT);
    assert_true(eighths.fits);
    assert_true(eighths.on_grid > 1 - 1e-12);
    assert_int_equal(eighths.events, COUNT);

    for (int i = 0; i < COUNT; i++)
        slots[i] = i * 4.0 / 3;
    struct grid_fit triplets = fit(slots, COUNT);
    assert_true(triplets.fits);
    assert_true(triplets.on_grid > 1 - 1e-12);
    assert_true(triplets.score < eighths.score);
}

static void an_offset_grid_does_not_fit(void **state)
{
    (void)state;
    double slots[COUNT];

    for (int i = 0; i < COUNT; i++)
        slots[i] = i + 0.25;
    assert_false(fit(slots, COUNT).fits);
}

/* Playing at 97 beats a minute, written down with and without that tempo known. */
static void a_click_decides(void **state)
{
    (void)state;
    double with[COUNT], without[COUNT], period = 60 / 97.0;
    struct rng rng;
    size_t at = 0;

    rng_seed(&rng, 1, 0);
    for (int i = 0; i < COUNT; i++) {
        at += 1 + rng_below(&rng, 3);
        double seconds = fmax(0, (double)at * period / 4 + 0.02 * rng_normal(&rng));
        with[i] = seconds / period * 4;
        without[i] = seconds / 0.5 * 4;
        if (i && with[i] < with[i - 1])
            with[i] = with[i - 1], without[i] = without[i - 1];
    }
    assert_true(fit(with, COUNT).fits);
    assert_true(fit(with, COUNT).score > 0.2);
    assert_false(fit(without, COUNT).fits);
}

static void chords_count_once(void **state)
{
    (void)state;
    const double slots[] = {0, 0, 0, 0.01, 4, 4, 8.5};
    assert_int_equal(fit(slots, 7).events, 3);
}

static void few_are_trusted(void **state)
{
    (void)state;
    const double slots[] = {0.25, 1.25, 2.25, 3.25, 4.25, 5.25, 6.25, 7.25};
    assert_true(fit(slots, 0).fits);
    assert_true(fit(slots, 7).fits);
    assert_false(fit(slots, 8).fits);
}

static void bad_values_are_refused(void **state)
{
    (void)state;
    static const double bad[][2] = {{0, NAN}, {0, INFINITY}, {-1, 0}, {2, 1}};
    struct grid_fit result;
    struct error error;

    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        error.text[0] = '\0';
        assert_int_equal(grid_fit(bad[i], 2, &result, &error), -1);
        assert_non_null(strstr(error.text, "onset"));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(scores_fit),      cmocka_unit_test(an_offset_grid_does_not_fit),
        cmocka_unit_test(a_click_decides), cmocka_unit_test(chords_count_once),
        cmocka_unit_test(few_are_trusted), cmocka_unit_test(bad_values_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
