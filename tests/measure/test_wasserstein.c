/* Against SciPy (make_wasserstein.py wrote the data), and IM by hand. */
#include "measure/wasserstein.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void read_counts(char *text, uint64_t counts[WASSERSTEIN_PITCHES])
{
    memset(counts, 0, WASSERSTEIN_PITCHES * sizeof *counts);
    for (char *pair = strtok(text, " "); pair; pair = strtok(NULL, " ")) {
        char *rest;
        unsigned long pitch = strtoul(pair, &rest, 10);
        assert_true(pitch < WASSERSTEIN_PITCHES && *rest == ':');
        counts[pitch] = strtoul(rest + 1, NULL, 10);
    }
}

static void distances_are_scipys(void **state)
{
    (void)state;
    FILE *file = fopen(TEST_DATA "/wasserstein.csv", "r");
    assert_non_null(file);
    char line[16384];
    int cases = 0;
    while (fgets(line, sizeof line, file)) {
        char *rest = line, *name = strsep(&rest, ";"), *a = strsep(&rest, ";");
        char *b = strsep(&rest, ";");
        assert_non_null(rest);
        uint64_t left[WASSERSTEIN_PITCHES], right[WASSERSTEIN_PITCHES];
        read_counts(a, left);
        read_counts(b, right);
        double expected = strtod(rest, NULL), distance = wasserstein_distance(left, right);
        if (fabs(distance - expected) > 1e-9)
            fail_msg("%s: %.12g, SciPy %.12g", name, distance, expected);
        assert_true(fabs(wasserstein_distance(right, left) - expected) <= 1e-9);
        cases++;
    }
    fclose(file);
    assert_int_equal(cases, 25);
}

static void nothing_has_no_distance(void **state)
{
    (void)state;
    uint64_t none[WASSERSTEIN_PITCHES] = {0}, one[WASSERSTEIN_PITCHES] = {[60] = 1};
    assert_true(isnan(wasserstein_distance(none, one)));
    assert_true(isnan(wasserstein_distance(one, none)));
}

static void improvement_by_hand(void **state)
{
    (void)state;
    assert_true(fabs(wasserstein_improvement(8, 2) - 75) < 1e-12);
    assert_true(fabs(wasserstein_improvement(4, 6) + 50) < 1e-12);
    assert_true(wasserstein_improvement(4, 0) == 100);
    assert_true(isnan(wasserstein_improvement(0, 1)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(distances_are_scipys),
        cmocka_unit_test(nothing_has_no_distance),
        cmocka_unit_test(improvement_by_hand),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
