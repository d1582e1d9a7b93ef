/* Bars from time signatures. */
#include "piece/bars.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

static void same(double a, double b)
{
    assert_true(fabs(a - b) < 1e-9);
}

static void without_a_meter_they_are_fours(void **state)
{
    (void)state;
    size_t count = 0;
    struct bar *bars = bars_create(NULL, 0, 9, &count, NULL);
    assert_int_equal(count, 3);
    for (size_t i = 0; i < count; i++) {
        same(bars[i].start, 4.0 * (double)i);
        same(bars[i].length, 4);
        same(bars[i].pulse, 1);
        assert_int_equal(bars[i].number, i + 1);
    }
    free(bars);
}

static void meters_change_and_cut_short(void **state)
{
    (void)state;
    const struct bars_meter meters[] = {{0, 3, 4}, {6, 6, 8}, {10, 2, 2}};
    size_t count = 0;
    struct bar *bars = bars_create(meters, 3, 14, &count, NULL);
    const double start[] = {0, 3, 6, 9, 10};
    const double length[] = {3, 3, 3, 1, 4};
    const double pulse[] = {1, 1, 1.5, 1.5, 2};
    assert_int_equal(count, 5);
    for (size_t i = 0; i < count; i++) {
        same(bars[i].start, start[i]);
        same(bars[i].length, length[i]);
        same(bars[i].pulse, pulse[i]);
    }
    free(bars);
}

static void a_beat_is_in_its_bar(void **state)
{
    (void)state;
    const struct bars_meter meters[] = {{0, 3, 4}};
    size_t count = 0;
    struct bar *bars = bars_create(meters, 1, 30, &count, NULL);
    assert_int_equal(count, 10);
    for (int beat = 0; beat < 30; beat++)
        assert_int_equal(bars_find(bars, count, beat), beat / 3);
    assert_int_equal(bars_find(bars, count, -1), 0);
    assert_int_equal(bars_find(bars, count, 99), 9);
    free(bars);
}

static void nonsense_is_refused_or_read_as_four(void **state)
{
    (void)state;
    struct error error;
    size_t count = 0;
    assert_null(bars_create(NULL, 0, NAN, &count, &error));
    assert_null(bars_create(NULL, 0, -1, &count, &error));
    assert_null(bars_create(NULL, 0, 1e9, &count, &error));
    const struct bars_meter meters[] = {{0, 0, 4}};
    struct bar *bars = bars_create(meters, 1, 0, &count, &error);
    assert_int_equal(count, 1);
    same(bars[0].length, 4);
    free(bars);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_a_meter_they_are_fours),
        cmocka_unit_test(meters_change_and_cut_short),
        cmocka_unit_test(a_beat_is_in_its_bar),
        cmocka_unit_test(nonsense_is_refused_or_read_as_four),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
