/* The beat clock: each source by example and under jitter, and for all that a
 * position never falls back. bench/bench_clock measures it on real music. */
#include "base/rng.h"
#include "clock_tools.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void test_settings(void **state)
{
    (void)state;
    struct error error;
    const struct clock_settings wrong[] = {
        {.source = CLOCK_FIXED, .tempo = 19.9},
        {.source = CLOCK_FIXED, .tempo = 401},
        {.source = CLOCK_FIXED, .tempo = NAN},
        {.source = (enum clock_source)4, .tempo = 100},
    };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        memset(&error, 0, sizeof error);
        assert_null(clock_open(&wrong[i], &error));
        assert_true(strlen(error.text) > 10);
    }
    struct clock_settings right = clock_defaults();
    assert_int_equal(right.source, CLOCK_AUTO);
    assert_int_equal(clock_check(&right, &error), 0);
}

/* --- fixed --- */

static void test_fixed(void **state)
{
    (void)state;
    struct clock *clock = open_clock(CLOCK_FIXED, 120);
    near(clock_note(clock, 7, 60), 0, 1e-9);
    near(clock_note(clock, 7.5, 60), 4, 1e-9);
    near(clock_note(clock, 8.0625, 60), 8.5, 1e-9);
    assert_true(clock_state(clock, 9).locked);
    near(clock_state(clock, 9).tempo, 120, 1e-9);
    /* Another tempo: the position goes on from where it is. */
    struct clock_settings slower = {.source = CLOCK_FIXED, .tempo = 60};
    assert_int_equal(clock_set(clock, &slower, 9, NULL), 0);
    near(clock_note(clock, 10, 60), 16 + 4, 1e-9);
    /* A tap is a beat. */
    clock_tap(clock, 10.3);
    near(off_beat(position(clock, 10.3)), 0, 1e-9);
    near(off_beat(clock_note(clock, 11.3, 60)), 0, 1e-9);
    clock_close(clock);
}

/* --- tap --- */

static void test_tap(void **state)
{
    (void)state;
    struct rng rng;
    rng_seed(&rng, 3, 0);
    for (int tempo = 45; tempo <= 200; tempo += 31) {
        struct clock *clock = open_clock(CLOCK_TAP, 100);
        double period = 60.0 / tempo;
        double time = 2;
        assert_false(clock_state(clock, 0).locked);
        for (unsigned i = 0; i < 6; i++, time += period)
            clock_tap(clock, time + 0.01 * rng_double(&rng));
        assert_true(clock_state(clock, time).locked);
        near(clock_state(clock, time).tempo, tempo, 0.03 * tempo);
        for (unsigned i = 0; i < 8; i++)
            near(off_beat(clock_note(clock, time + i * period + 0.005, 60)), 0, 0.6);
        /* Another tempo after a pause. */
        time += 10;
        for (unsigned i = 0; i < 4; i++, time += 0.5)
            clock_tap(clock, time);
        near(clock_state(clock, time).tempo, 120, 1e-6);
        near(off_beat(clock_note(clock, time, 60)), 0, 1e-6);
        clock_close(clock);
    }
}

/* --- auto --- */

/* A tune with a bass on the beats: quarters, eighths, a dotted figure. */
static const unsigned tune[] = {0,  4,  8,  10, 12, 16, 18, 20, 22, 24, 28, 32,
                                35, 36, 40, 42, 44, 48, 50, 52, 54, 56, 58, 60};
enum { TUNE = sizeof tune / sizeof *tune, TUNE_SLOTS = 64 };

struct player {
    struct rng rng;
    double period, jitter, spread, start;
    unsigned wait_at; /* slot */
    double wait;
};

struct result {
    unsigned events, right, since_two_bars, right_since_two_bars;
    double last_step; /* slots over the wait */
};

static struct result play(struct player *player, struct clock *clock)
{
    struct result result = {0};
    double last = 0;
    unsigned last_slot = 0;
    for (unsigned i = 0; i < 3 * TUNE; i++) {
        unsigned slot = i / TUNE * TUNE_SLOTS + tune[i % TUNE];
        double time = player->start + slot * player->period / 4 +
                      player->jitter * rng_normal(&player->rng) +
                      (slot >= player->wait_at ? player->wait : 0);
        double at = clock_note(clock, time, 72);
        if (slot % 8 == 0)
            near(clock_note(clock, time + player->spread * rng_double(&player->rng), 40), at, 1e-9);
        clock_settle(clock);
        bool right = fabs(at - last - (slot - last_slot)) < 0.5;
        if (i > 0) {
            result.events++;
            result.right += right;
        }
        if (slot > 32) {
            result.since_two_bars++;
            result.right_since_two_bars += right;
        }
        if (slot >= player->wait_at && last_slot < player->wait_at)
            result.last_step = at - last;
        last = at;
        last_slot = slot;
    }
    return result;
}

static void test_auto_locks_in_two_bars(void **state)
{
    (void)state;
    for (int tempo = 66; tempo <= 114; tempo += 6) {
        struct clock *clock = open_clock(CLOCK_AUTO, 100);
        struct player player = {
            .period = 60.0 / tempo, .jitter = 0.008, .spread = 0.03, .start = 4};
        rng_seed(&player.rng, 1, (uint64_t)tempo);
        struct result result = play(&player, clock);
        assert_true(result.right_since_two_bars >= 0.95 * result.since_two_bars);
        struct clock_state now = clock_state(clock, 0);
        near(now.tempo, tempo, 0.06 * tempo);
        assert_true(now.locked);
        clock_close(clock);
    }
}

/* A wait is a step of the music: neither the slots that would have passed nor a
 * new tempo. */
static void test_auto_waits(void **state)
{
    (void)state;
    for (int times = 1; times <= 16; times *= 2) {
        double wait = 1.5 * times;
        struct clock *clock = open_clock(CLOCK_AUTO, 100);
        struct player player = {
            .period = 0.6, .jitter = 0.008, .spread = 0.03, .wait_at = TUNE_SLOTS, .wait = wait};
        rng_seed(&player.rng, 2, (uint64_t)(10 * wait));
        struct result result = play(&player, clock);
        assert_true(result.last_step > 0.5);
        assert_true(wait < 4 || result.last_step <= 8);
        assert_true(result.right >= 0.9 * result.events);
        near(clock_state(clock, 0).tempo, 100, 6);
        clock_close(clock);
    }
}

/* --- all --- */

static void test_never_back(void **state)
{
    (void)state;
    static const uint8_t status[] = {0xF8, 0xF8, 0xF8, 0xFA, 0xFB, 0xFC, 0xF2, 0xFE};
    for (unsigned source = 0; source < 4; source++) {
        struct rng rng;
        rng_seed(&rng, 7, source);
        struct clock *clock = open_clock(source, 100);
        double time = 0, highest = -1;
        for (unsigned i = 0; i < 60000; i++) {
            double rest = 0.001 * exp(9 * rng_double(&rng));
            time += rng_below(&rng, 3) ? rest : 0;
            double told = rng_below(&rng, 50) ? time : time - rest;
            uint8_t data[2] = {(uint8_t)rng_below(&rng, 128), (uint8_t)rng_below(&rng, 2)};
            struct clock_settings settings = {.source = source,
                                              .tempo = 20 + 380 * rng_double(&rng)};
            switch (rng_below(&rng, 8)) {
            case 0:
                clock_tap(clock, told);
                break;
            case 1:
                clock_event(clock, &(struct midi_event){.status = 0xF8, .seconds = told});
                break;
            case 2:
                clock_settle(clock);
                break;
            case 3:
                if (rng_below(&rng, 30) == 0)
                    clock_set(clock, &settings, told, NULL);
                break;
            case 4:
                clock_event(clock, &(struct midi_event){.seconds = told,
                                                        .status = status[rng_below(&rng, 8)],
                                                        .data = data,
                                                        .length = 2});
                break;
            default: {
                double at = clock_note(clock, told, (uint8_t)rng_below(&rng, 128));
                assert_true(isfinite(at) && at >= highest - 0.5 - 1e-9);
                highest = fmax(highest, at);
                struct clock_state now = clock_state(clock, told);
                assert_true(now.tempo > 9 && now.tempo < 1001 && isfinite(now.position));
            }
            }
        }
        clock_close(clock);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_settings),   cmocka_unit_test(test_fixed),
        cmocka_unit_test(test_tap),        cmocka_unit_test(test_auto_locks_in_two_bars),
        cmocka_unit_test(test_auto_waits), cmocka_unit_test(test_never_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
