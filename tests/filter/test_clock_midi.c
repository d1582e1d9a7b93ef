/* The beat clock by MIDI clocks: tempo, beat, lost clocks, steps of the tempo, transport, and no
 * clock at all. */
#include "base/rng.h"
#include "clock_tools.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

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
    for (int step = 0; step <= 75; step++) {
        double ratio = 0.25 + 0.05 * step;
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_midi_tempo_and_beat),    cmocka_unit_test(test_midi_dropouts),
        cmocka_unit_test(test_midi_change_of_tempo),   cmocka_unit_test(test_midi_step),
        cmocka_unit_test(test_midi_missing),           cmocka_unit_test(test_midi_transport),
        cmocka_unit_test(test_midi_stop_and_continue),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
