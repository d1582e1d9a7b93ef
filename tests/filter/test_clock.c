/* The beat clock: each source by example and under jitter, and for all that a
 * position never falls back. bench/bench_clock measures it on real music. */
#include "base/rng.h"
#include "filter/clock.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct clock *open_clock(enum clock_source source, double tempo)
{
    struct error error;
    struct clock_settings settings = {.source = source, .tempo = tempo};
    struct clock *clock = clock_open(&settings, &error);
    if (!clock)
        fail_msg("%s", error.text);
    return clock;
}

static double position(struct clock *clock, double seconds)
{
    return clock_state(clock, seconds).position;
}

static void near(double value, double expected, double tolerance)
{
    if (!(fabs(value - expected) <= tolerance))
        fail_msg("%g, expected %g +- %g", value, expected, tolerance);
}

/* Distance from the nearest beat, in slots. */
static double off_beat(double slots)
{
    return fabs(slots - 4 * floor(slots / 4 + 0.5));
}

static void send(struct clock *clock, double seconds, uint8_t status)
{
    clock_event(clock, &(struct midi_event){.seconds = seconds, .status = status});
}

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

/* --- midi --- */

struct master {
    struct clock *clock;
    double seconds, period; /* of the last clock; of a clock */
    double jitter;
    struct rng rng;
};

static void clocks(struct master *master, unsigned count, unsigned lost)
{
    for (unsigned i = 0; i < count; i++) {
        master->seconds += master->period;
        if (i + lost < count)
            send(master->clock, master->seconds + master->jitter * rng_double(&master->rng), 0xF8);
    }
}

static struct master master_open(double tempo, double jitter)
{
    struct master master = {.clock = open_clock(CLOCK_MIDI, 100),
                            .seconds = 1,
                            .period = 60 / tempo / 24,
                            .jitter = jitter};
    rng_seed(&master.rng, 5, 0);
    return master;
}

static void test_midi_tempo_and_beat(void **state)
{
    (void)state;
    for (int tempo = 40; tempo <= 240; tempo += 25) {
        struct master master = master_open(tempo, 0.003);
        send(master.clock, 1, 0xFA);
        assert_true(clock_state(master.clock, 1).running);
        clocks(&master, 1, 0); /* the downbeat */
        double begin = position(master.clock, master.seconds);
        near(off_beat(begin), 0, 1e-6);
        clocks(&master, 24, 0);
        for (unsigned beat = 2; beat < 20; beat++) {
            clocks(&master, 24, 0);
            struct clock_state now = clock_state(master.clock, master.seconds + 0.0015);
            near(now.tempo, tempo, 0.05 * tempo);
            near(now.position - begin, 4 * beat, 0.1);
            assert_true(now.locked);
            /* Between clocks as well. */
            near(position(master.clock, master.seconds + 0.0015 + master.period / 2) - begin,
                 4 * beat + 1.0 / 12, 0.1);
        }
        clock_close(master.clock);
    }
}

static void test_midi_dropouts(void **state)
{
    (void)state;
    struct master master = master_open(110, 0.002);
    send(master.clock, 1, 0xFA);
    clocks(&master, 1, 0);
    double begin = position(master.clock, master.seconds);
    double clock = 0;
    for (unsigned lost = 0; lost < 60; lost += 3) {
        clocks(&master, 72, 0);
        clocks(&master, lost, lost);
        clocks(&master, 6, 0);
        clock += 78 + lost;
        near(position(master.clock, master.seconds + 0.001) - begin, clock / 6, 0.15);
        near(clock_state(master.clock, master.seconds).tempo, 110, 4);
    }
    clock_close(master.clock);
}

static void test_midi_change_of_tempo(void **state)
{
    (void)state;
    struct master master = master_open(100, 0.001);
    send(master.clock, 1, 0xFA);
    clocks(&master, 97, 0);
    double begin = position(master.clock, master.seconds);
    const double tempi[] = {120, 60, 150, 70, 200, 90};
    double beats = 0;
    for (size_t i = 0; i < sizeof tempi / sizeof *tempi; i++) {
        master.period = 60 / tempi[i] / 24;
        clocks(&master, 48, 0);
        near(clock_state(master.clock, master.seconds).tempo, tempi[i], 0.05 * tempi[i]);
        beats += 2;
        near(position(master.clock, master.seconds) - begin, 4 * beats, 0.5);
    }
    clock_close(master.clock);
}

/* Any step between a quarter and four times the tempo is followed within 24 clocks, and
 * no clock is counted as missed for it. */
static void test_midi_step(void **state)
{
    (void)state;
    for (double ratio = 0.25; ratio <= 4.001; ratio += 0.05) {
        for (int tempo = 60; tempo <= 180; tempo += 40) {
            struct master master = master_open(tempo, 0.001);
            send(master.clock, 1, 0xFA);
            clocks(&master, 97, 0);
            double begin = position(master.clock, master.seconds);
            master.period /= ratio;
            clocks(&master, 24, 0);
            struct clock_state now = clock_state(master.clock, master.seconds);
            near(now.tempo, tempo * ratio, 0.03 * tempo * ratio);
            near(now.position - begin, 4, 0.3);
            clocks(&master, 24, 0);
            near(position(master.clock, master.seconds) - begin, 8, 0.15);
            clock_close(master.clock);
        }
    }
}

/* Without a clock the beat is found, and the state says so; one that comes, or comes
 * back, puts the beat right. */
static void test_midi_missing(void **state)
{
    (void)state;
    struct master master = master_open(120, 0);
    struct clock *clock = master.clock;
    struct clock_settings settings = {.source = CLOCK_AUTO, .tempo = 100};
    struct clock *found = clock_open(&settings, NULL);
    assert_true(clock_state(clock, 0).missing && clock_finds(clock));
    assert_false(clock_state(found, 0).missing);
    for (int i = 0; i < 24; i++) {
        double seconds = 1 + 0.4 * i;
        near(clock_note(clock, seconds, 60), clock_note(found, seconds, 60), 1e-9);
        clock_settle(clock);
        clock_settle(found);
    }
    near(clock_state(clock, 12).tempo, clock_state(found, 12).tempo, 1e-9);
    master.seconds = 11;
    send(clock, 11, 0xFA);
    clocks(&master, 49, 0);
    assert_false(clock_state(clock, master.seconds + 1.9).missing || clock_finds(clock));
    near(clock_state(clock, master.seconds).tempo, 120, 0.1);
    double beat = position(clock, master.seconds);
    near(off_beat(beat), 0, 1e-6);
    assert_true(clock_state(clock, master.seconds + 2.1).missing);
    /* It stays away: at first the position goes on, then the beat is found. */
    near(position(clock, master.seconds + 1) - beat, 8, 1e-6);
    for (int i = 0; i < 24; i++) {
        clock_note(clock, master.seconds + 3 + 0.4 * i, 60);
        clock_settle(clock);
    }
    assert_true(clock_finds(clock));
    double last = position(clock, master.seconds + 3 + 0.4 * 23);
    assert_true(last > beat + 30);
    /* It comes back where the song would be by now. */
    master.seconds += 3 + 0.4 * 23;
    double missed = floor((master.seconds - 12) / master.period);
    master.seconds = 12 + missed * master.period;
    clocks(&master, 1, 0);
    assert_false(clock_finds(clock));
    double back = position(clock, master.seconds);
    double song = (missed + 48) / 6;
    near(back - 4 * floor(back / 4), song - 4 * floor(song / 4), 1e-6);
    clock_close(clock);
    clock_close(found);
}

static void test_midi_transport(void **state)
{
    (void)state;
    struct master master = master_open(120, 0);
    struct clock *clock = master.clock;
    assert_false(clock_state(clock, 0).running);
    /* Before the start time goes on at the tempo that was set. */
    near(clock_note(clock, 0.2, 60), 0, 1e-9);
    near(clock_note(clock, 0.5, 60), 2, 1e-9);
    send(clock, 1, 0xFA);
    clocks(&master, 1 + 24 * 4 + 6, 0); /* a bar and a slot */
    double stopped = position(clock, master.seconds);
    near(stopped - 4 * floor(stopped / 4), 1, 0.02);
    send(clock, master.seconds, 0xFC);
    assert_false(clock_state(clock, master.seconds).running);
    double gap = master.seconds += 3.3;
    assert_true(position(clock, gap) > stopped + 20);
    /* To slot 6 of the song: two slots behind a beat. */
    const uint8_t data[] = {6, 0};
    clock_event(clock,
                &(struct midi_event){.seconds = gap, .status = 0xF2, .data = data, .length = 2});
    send(clock, gap, 0xFB);
    clocks(&master, 1, 0);
    double resumed = position(clock, master.seconds);
    near(resumed - 4 * floor(resumed / 4), 2, 1e-6);
    assert_true(resumed > stopped);
    /* Continue without a position takes up where it stopped. */
    clocks(&master, 8, 0);
    send(clock, master.seconds, 0xFC);
    send(clock, master.seconds + 1, 0xFB);
    master.seconds += 1;
    clocks(&master, 4, 0); /* clocks 6 * 6 + 9 to + 12 */
    double after = position(clock, master.seconds);
    near(off_beat(after), 0, 0.2);
    clock_close(clock);
}

/* Continue takes the song up with the clock after the last before the stop, whether the
 * clocks went on in between or not. */
static void test_midi_stop_and_continue(void **state)
{
    (void)state;
    for (unsigned between = 0; between <= 10; between += 10) {
        struct master master = master_open(120, 0);
        send(master.clock, 1, 0xFA);
        clocks(&master, 31, 0); /* of the song: 0 to 30 */
        send(master.clock, master.seconds, 0xFC);
        clocks(&master, between, 0);
        send(master.clock, master.seconds, 0xFB);
        clocks(&master, 1, 0);
        double resumed = position(master.clock, master.seconds);
        near(resumed - 4 * floor(resumed / 4), 31.0 / 6 - 4, 1e-6);
        clock_close(master.clock);
    }
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
        cmocka_unit_test(test_settings),
        cmocka_unit_test(test_fixed),
        cmocka_unit_test(test_midi_tempo_and_beat),
        cmocka_unit_test(test_midi_dropouts),
        cmocka_unit_test(test_midi_change_of_tempo),
        cmocka_unit_test(test_midi_step),
        cmocka_unit_test(test_midi_missing),
        cmocka_unit_test(test_midi_transport),
        cmocka_unit_test(test_midi_stop_and_continue),
        cmocka_unit_test(test_tap),
        cmocka_unit_test(test_auto_locks_in_two_bars),
        cmocka_unit_test(test_auto_waits),
        cmocka_unit_test(test_never_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
