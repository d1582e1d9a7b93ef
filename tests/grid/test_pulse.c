/* The causal tracker: quick to lock, bounded, and its rhythm prior a distribution. */
#include "grid/pulse.h"
#include "grid/rhythm.h"

#include "take.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* From every place and texture, what may come next has chances that sum to no more than 1. */
static void steps_are_a_distribution(void **state)
{
    (void)state;
    static struct rhythm rhythm;

    rhythm_init(&rhythm);
    for (int unit = 0; unit < RHYTHM_UNITS; unit++)
        for (int texture = 0; texture < RHYTHM_TEXTURES; texture++) {
            double sum = 0;
            for (long step = 0; step <= RHYTHM_SPAN; step++)
                sum += exp((double)rhythm_step(&rhythm, unit, texture, step));
            assert_true(sum <= 1 + 1e-5);
            assert_true(sum > 0.5);
        }
}

static void cues_stay_in_range(void **state)
{
    (void)state;
    struct rhythm_history history = {0};

    for (int i = 0; i < 1000; i++) {
        int cue = rhythm_cue(&history, (unsigned)(i % 7), i % 11 ? i * 37 % 128 : -1);
        assert_in_range(cue, 0, RHYTHM_CUES - 1);
    }
}

/* With two bars heard, the best guess has the tempo and the phase. */
static void locks_in_two_bars(void **state)
{
    (void)state;
    int locked = 0;

    for (uint64_t seed = 1; seed <= 20; seed++) {
        struct take take = take_make(
            &(struct take_style){.tempo = 70 + 3 * (double)seed, .jitter = 0.012}, 12, seed);
        struct error error;
        struct pulse *pulse = pulse_create(NULL, &error);
        assert_non_null(pulse);
        size_t i = 0, count;
        while (i < take.count && take.units[i] < 8 * TAKE_UNITS) {
            size_t first = i;
            int lowest = 127;
            for (; i < take.count && take.units[i] == take.units[first]; i++)
                lowest = take.pitch[i] < lowest ? take.pitch[i] : lowest;
            pulse_event(pulse, take.seconds[first], (unsigned)(i - first), lowest);
        }
        const struct pulse_state *best = pulse_states(pulse, &count);
        double period = 60 / (70 + 3 * (double)seed);
        locked += fabs(best->period / period - 1) < 0.05 &&
                  (take.units[i - 1] - best->units) % TAKE_UNITS == 0;
        pulse_free(pulse);
        take_free(&take);
    }
    print_message("locked in two bars: %d of 20\n", locked);
    assert_true(locked >= 15);
}

static void states_are_ranked_and_bounded(void **state)
{
    (void)state;
    struct pulse_options options = pulse_rubato;
    struct error error;
    struct take take = take_make(&(struct take_style){.tempo = 100, .jitter = 0.02}, 40, 2);

    options.width = 10;
    struct pulse *pulse = pulse_create(&options, &error);
    assert_non_null(pulse);
    for (size_t i = 0; i < take.count; i++) {
        size_t before, count;
        pulse_states(pulse, &before);
        pulse_event(pulse, take.seconds[i], 1, take.pitch[i]);
        const struct pulse_state *states = pulse_states(pulse, &count);
        assert_in_range(count, 1, 10);
        assert_true(fabs(states[0].score) < 1e-12);
        for (size_t s = 0; s < count; s++) {
            assert_true(s == 0 || states[s].score <= states[s - 1].score);
            assert_true(i == 0 || states[s].parent < before);
            assert_true(states[s].period > 0 && isfinite(states[s].time));
            assert_true(states[s].cov[0] > 0 && states[s].cov[2] > 0);
        }
    }
    pulse_free(pulse);
    take_free(&take);
}

static void reset_forgets(void **state)
{
    (void)state;
    struct error error;
    struct pulse *pulse = pulse_create(NULL, &error);
    size_t count;

    pulse_event(pulse, 5, 1, 60);
    pulse_event(pulse, 6, 1, 60);
    struct pulse_state first = *pulse_states(pulse, &count);
    pulse_reset(pulse);
    pulse_states(pulse, &count);
    assert_int_equal(count, 0);
    pulse_event(pulse, 5, 1, 60);
    pulse_event(pulse, 6, 1, 60);
    struct pulse_state again = *pulse_states(pulse, &count);
    assert_true(first.period == again.period && first.units == again.units);
    pulse_free(pulse);
}

static void bad_options_are_refused(void **state)
{
    (void)state;
    struct pulse_options bad[5];
    struct error error;

    for (int i = 0; i < 5; i++)
        bad[i] = pulse_steady;
    bad[0].width = 0;
    bad[1].width = 100000;
    bad[2].period_high = bad[2].period_low;
    bad[3].timing = NAN;
    bad[4].hesitation = 1;
    for (int i = 0; i < 5; i++) {
        error.text[0] = '\0';
        assert_null(pulse_create(&bad[i], &error));
        assert_non_null(strstr(error.text, "beat tracking"));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(steps_are_a_distribution),
        cmocka_unit_test(cues_stay_in_range),
        cmocka_unit_test(locks_in_two_bars),
        cmocka_unit_test(states_are_ranked_and_bounded),
        cmocka_unit_test(reset_forgets),
        cmocka_unit_test(bad_options_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
