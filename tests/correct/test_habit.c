/* What habits promise: distributions that sum to one and follow the player. */
#include "base/rng.h"
#include "correct/habit.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

/* The keys in use: three and a half octaves, which all notes here come from. */
enum { LOWEST = 43, KEYS = 42 };

static double sum_of_keys(const struct habit *habit)
{
    double sum = 0;
    for (int x = LOWEST; x < LOWEST + KEYS; x++)
        sum += (double)habit_note(habit, (uint8_t)x);
    return sum;
}

static void notes_sum_to_one_over_the_keys_in_use(void **state)
{
    (void)state;
    struct habit habit;
    struct rng rng;
    habit_start(&habit);
    rng_seed(&rng, 1, 0);
    for (int i = 0; i < 5000; i++) {
        /* Each pitch class stands three or four times in the keys, 3.5 on average. */
        double sum = sum_of_keys(&habit);
        assert_true(sum > .75 && sum < 1.1);
        for (unsigned x = 0; x < 128; x++) {
            float p = habit_note(&habit, (uint8_t)x);
            assert_true(p > 0 && p < 1);
        }
        habit_hear(&habit, (uint8_t)(LOWEST + rng_below(&rng, KEYS)));
    }
}

static void what_was_heard_is_expected(void **state)
{
    (void)state;
    struct habit habit;
    habit_start(&habit);
    float before = habit_note(&habit, 60);
    for (int i = 0; i < 40; i++)
        habit_hear(&habit, 60);
    float same = habit_note(&habit, 60), octave = habit_note(&habit, 72),
          other = habit_note(&habit, 61);
    assert_true(same > octave && octave > other && other > 0);
    assert_true(same > 10 * before && other < before);
    for (int i = 0; i < 400; i++)
        habit_hear(&habit, 61);
    assert_true(habit_note(&habit, 61) > 10 * habit_note(&habit, 60));
}

/* habit_slot counts as it answers: each possibility is asked of a copy. */
static double sum_of_counts(const struct habit *habit, int64_t slot, uint32_t from)
{
    double sum = 0;
    for (uint32_t notes = from; notes <= HABIT_CHORD; notes++) {
        struct habit copy = *habit;
        float p = habit_slot(&copy, slot, notes);
        assert_true(p > 0 && p < 1);
        sum += (double)p;
    }
    return sum;
}

static void rests_and_strokes_sum_to_one(void **state)
{
    (void)state;
    struct habit habit;
    struct rng rng;
    habit_start(&habit);
    rng_seed(&rng, 2, 0);
    for (int64_t slot = -2000; slot < 2000; slot++) {
        assert_true(fabs(sum_of_counts(&habit, slot, 0) - 1) < 1e-5);
        habit_slot(&habit, slot, rng_below(&rng, 2) ? rng_below(&rng, 9) : 0);
    }
}

static void rhythm_is_learned(void **state)
{
    (void)state;
    struct habit habit;
    habit_start(&habit);
    /* Three notes on each beat, nothing between. */
    for (int64_t slot = 0; slot < 400; slot++)
        habit_slot(&habit, slot, slot % 4 == 0 ? 3 : 0);
    assert_true(sum_of_counts(&habit, 400, 1) > .97);
    assert_true(sum_of_counts(&habit, 401, 1) < .03);
    struct habit copy = habit;
    assert_true(habit_slot(&copy, 400, 3) > .9f);
    copy = habit;
    assert_true(habit_slot(&copy, 400, 1) < .1f);
}

static void more_notes_than_a_chord_count_as_one(void **state)
{
    (void)state;
    struct habit a, b;
    habit_start(&a);
    habit_start(&b);
    assert_true(habit_slot(&a, 0, HABIT_CHORD) == habit_slot(&b, 0, 4000000000u));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(notes_sum_to_one_over_the_keys_in_use),
        cmocka_unit_test(what_was_heard_is_expected),
        cmocka_unit_test(rests_and_strokes_sum_to_one),
        cmocka_unit_test(rhythm_is_learned),
        cmocka_unit_test(more_notes_than_a_chord_count_as_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
