/* The filter and what is at its ends: keyboards that go, synths that come, drum kits, switches,
 * settings. */
#include "desk.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* A device that sends active sensing and falls silent is gone 330 ms later. */
static void test_active_sensing(void **state)
{
    struct desk *desk = *state;
    assert_true(filter_deadline(desk->filter) > 1e9);
    in(desk, 0x90, 60, 80);
    desk->seconds += 100;
    in(desk, 0xB0, 64, 127);
    in(desk, 0xFE, 0, 0);
    assert_true(fabs(filter_deadline(desk->filter) - (desk->seconds + 0.33)) <= 1e-9);
    desk->seconds += 0.2;
    in(desk, 0x90, 62, 80); /* anything is a sign of life */
    sent(desk, "90 60 80, b0 64 127, fe, 90 62 80");
    filter_wait(desk->filter, desk->seconds + 0.3299);
    sent(desk, "");
    filter_wait(desk->filter, desk->seconds + 0.3301);
    sent(desk, "80 60 64, 80 62 64, b0 64 0, b0 123 0, b0 120 0");
    assert_true(filter_deadline(desk->filter) > 1e9);
    filter_tell_patch(desk->filter, desk->seconds, desk_write_down, desk);
    sent(desk, ""); /* nobody holds the pedal */
    /* Not asked in time: the next event finds it out, and is a life of its own. */
    in(desk, 0xFE, 0, 0);
    in(desk, 0x90, 60, 80);
    desk->seconds += 1;
    in(desk, 0x90, 64, 80);
    sent(desk, "fe, 90 60 80, 80 60 64, b0 64 0, b0 123 0, b0 120 0, 90 64 80");
    desk->seconds += 1;
    in(desk, 0x80, 64, 0);
    sent(desk, "80 64 0");
}

/* What a synth is told that comes in between. */
static void test_patch(void **state)
{
    struct desk *desk = *state;
    const uint8_t events[][3] = {
        {0xB0, 0, 1},   {0xB0, 32, 2},  {0xC0, 19, 0},   {0xB0, 7, 90},  {0xB0, 64, 100},
        {0xE0, 0, 70},  {0xD0, 33, 0},  {0xB0, 101, 0},  {0xB0, 100, 0}, {0xB0, 6, 12},
        {0xB0, 38, 1},  {0xB0, 99, 1},  {0xB0, 98, 8},   {0xB0, 6, 55},  {0xB3, 11, 99},
        {0xB3, 121, 0}, {0xB3, 10, 20}, {0xB3, 67, 127}, {0xB3, 96, 0},  {0xB3, 122, 0},
        {0x90, 60, 80}, {0x80, 60, 80},
    };
    for (size_t i = 0; i < sizeof events / sizeof *events; i++)
        in(desk, events[i][0], events[i][1], events[i][2]);
    desk->sent[0] = '\0';
    filter_tell_patch(desk->filter, 1, desk_write_down, desk);
    sent(desk, "b0 0 1, b0 32 2, c0 19, b0 7 90, b0 64 100, b0 101 0, b0 100 0, b0 6 12, b0 38 1, "
               "b0 101 0, b0 100 0, b0 99 1, b0 98 8, d0 33, e0 0 70, b3 10 20, b3 67 127");
    /* A synth that goes takes nothing of it along, nor does panic; a keyboard does. */
    filter_release_all(desk->filter, desk->seconds);
    desk->sent[0] = '\0';
    filter_tell_patch(desk->filter, 1, desk_write_down, desk);
    assert_non_null(strstr(desk->sent, "b0 64 100"));
    filter_lose_input(desk->filter, desk->seconds);
    desk->sent[0] = '\0';
    filter_tell_patch(desk->filter, 1, desk_write_down, desk);
    assert_null(strstr(desk->sent, "b0 64"));
    assert_null(strstr(desk->sent, "b3 67"));
    assert_non_null(strstr(desk->sent, "c0 19"));
    in(desk, 0xFF, 0, 0);
    desk->sent[0] = '\0';
    filter_tell_patch(desk->filter, 1, desk_write_down, desk);
    sent(desk, "");
}

static void in_sysex(struct desk *desk, const char *bytes, unsigned length, unsigned first)
{
    struct midi_event event = {.seconds = desk->seconds += 0.1,
                               .status = MIDI_SYSEX,
                               .data = (const uint8_t *)bytes,
                               .length = first};
    filter_event(desk->filter, &event);
    event.status = MIDI_SYSEX_ESCAPE;
    event.data += first;
    event.length = length - first;
    filter_event(desk->filter, &event);
}

/* Whether a note of the channel is corrected. */
static bool is_kit(struct desk *desk, unsigned channel)
{
    desk->sent[0] = '\0';
    in(desk, 0x90 | channel, 60, 80);
    bool kit = strncmp(desk->sent + 3, "60 ", 3) == 0;
    in(desk, 0x80 | channel, 60, 80);
    desk->sent[0] = '\0';
    return kit;
}

static void test_drum_kits(void **state)
{
    struct desk *desk = *state;
    desk->corrector.shift = 1;
    for (unsigned channel = 0; channel < 16; channel++)
        assert_int_equal(is_kit(desk, channel), channel == 9); /* without a word */
    /* By bank: XG, its effects, General MIDI 2; melodic again with the next program. */
    const uint8_t banks[] = {127, 126, 120};
    for (size_t i = 0; i < sizeof banks; i++) {
        unsigned told = desk->corrector.notes;
        in(desk, 0xB1, 0, banks[i]);
        in(desk, 0xC1, 0, 0);
        assert_true(is_kit(desk, 1));
        assert_int_equal(desk->corrector.notes, told); /* nor is the corrector told */
        assert_false(is_kit(desk, 2));
        in(desk, 0xB1, 0, i == 0 ? 121 : 0);
        assert_true(is_kit(desk, 1));
        in(desk, 0xC1, 0, 0);
        assert_false(is_kit(desk, 1));
    }
    /* By SysEx, in chunks of any size. */
    for (unsigned first = 0; first < 10; first++) {
        in_sysex(desk, "\x41\x10\x42\x12\x40\x1A\x15\x01\x10\xF7", 10, first);
        assert_true(is_kit(desk, 10)); /* the parts' order has channel 10 first */
        in(desk, 0xCA, 0, 0);
        assert_true(is_kit(desk, 10));
        in_sysex(desk, "\x41\x10\x42\x12\x40\x1A\x15\x00\x11\xF7", 10, first);
        assert_false(is_kit(desk, 10));
    }
    in_sysex(desk, "\x41\x10\x42\x12\x40\x13\x15\x02\x16\xF7", 10, 4);
    in_sysex(desk, "\x43\x10\x4C\x08\x05\x07\x01\xF7", 8, 4);
    in(desk, 0xB7, 0, 127);
    assert_true(is_kit(desk, 2) && is_kit(desk, 5) && is_kit(desk, 7));
    /* Another parameter of a part, another maker, a message that is longer or cut short. */
    in_sysex(desk, "\x41\x10\x42\x12\x40\x14\x16\x02\x16\xF7", 10, 4);
    in_sysex(desk, "\x42\x10\x42\x12\x40\x14\x15\x02\x16\xF7", 10, 4);
    in_sysex(desk, "\x41\x10\x42\x12\x40\x14\x15\x02\x16\x00\xF7", 11, 4);
    in_sysex(desk, "\x41\x10\x42\x12\x40\x14\x15\x02\xF7", 9, 4);
    in_sysex(desk, "\x43\x10\x4C\x08\x03\x07\x01", 7, 4);
    assert_false(is_kit(desk, 3));
    assert_true(desk->settings.channels >> 3 & 1);
    /* What sets the device up anew ends them. */
    in_sysex(desk, "\x7E\x7F\x09\x01\xF7", 5, 2);
    assert_false(is_kit(desk, 2) || is_kit(desk, 5) || is_kit(desk, 7));
    in(desk, 0xB7, 0, 127);
    in_sysex(desk, "\x41\x10\x42\x12\x40\x00\x7F\x00\x41\xF7", 10, 2);
    assert_false(is_kit(desk, 7));
    in(desk, 0xB7, 0, 127);
    in_sysex(desk, "\x43\x10\x4C\x00\x00\x7E\x00\xF7", 8, 2);
    assert_false(is_kit(desk, 7));
    in(desk, 0xB7, 0, 127);
    in(desk, 0xFF, 0, 0);
    assert_false(is_kit(desk, 7));
    /* Unless they are asked for. */
    in(desk, 0xB7, 0, 127);
    desk->settings.kits = true;
    desk_set(desk);
    assert_false(is_kit(desk, 7));
}

static void test_switches(void **state)
{
    struct desk *desk = *state;
    desk->settings.toggle_bypass = (struct filter_trigger){FILTER_BY_CONTROL, 66};
    desk->settings.next_mode = (struct filter_trigger){FILTER_BY_PROGRAM, 5};
    desk->settings.panic = (struct filter_trigger){FILTER_BY_KEY, 21};
    desk_set(desk);
    in(desk, 0xB0, 66, 63);
    assert_false(filter_settings(desk->filter)->bypass);
    in(desk, 0xB5, 66, 64);
    assert_true(filter_settings(desk->filter)->bypass);
    in(desk, 0xB5, 66, 127);
    in(desk, 0xB5, 66, 0);
    assert_true(filter_settings(desk->filter)->bypass);
    in(desk, 0xB5, 66, 100);
    assert_false(filter_settings(desk->filter)->bypass);
    const enum correct_mode modes[] = {CORRECT_GENERATE, CORRECT_SCALE, CORRECT_CORRECT};
    for (int i = 0; i < 3; i++) {
        in(desk, 0xC0, 5, 0);
        assert_int_equal(filter_settings(desk->filter)->correct.mode, modes[i]);
        assert_int_equal(desk->corrector.settings.mode, modes[i]);
    }
    sent(desk, "");
    in(desk, 0xC0, 6, 0);
    in(desk, 0x90, 60, 80);
    in(desk, 0x90, 21, 80);
    in(desk, 0x80, 21, 80);
    sent(desk, "c0 6, 90 60 80, 80 60 64, b0 64 0, b0 123 0, b0 120 0");
    /* A key struck as a note is released as one. */
    in(desk, 0x90, 50, 80);
    desk->settings.panic.number = 50;
    desk_set(desk);
    in(desk, 0xA0, 50, 8);
    in(desk, 0x80, 50, 4);
    sent(desk, "90 50 80, a0 50 8, 80 50 4");
}

static void test_settings(void **state)
{
    struct desk *desk = *state;
    struct error error = {""};
    const struct filter_settings good = desk->settings;
    struct filter_settings wrong[7] = {good, good, good, good, good, good, good};
    wrong[0].lowest = 61;
    wrong[0].highest = 60;
    wrong[1].highest = 128;
    wrong[2].correct.follow = -1;
    wrong[3].correct.keep = 101;
    wrong[4].correct.mode = (enum correct_mode)4;
    wrong[5].clock.tempo = 5;
    wrong[6].panic = (struct filter_trigger){FILTER_BY_KEY, 128};
    for (size_t i = 0; i < 7; i++) {
        error.text[0] = '\0';
        assert_int_equal(filter_set(desk->filter, &wrong[i], &error), -1);
        assert_true(strlen(error.text) > 10);
        assert_null(filter_open(&wrong[i], desk_write_down, desk, &error));
        assert_memory_equal(filter_settings(desk->filter), &good, sizeof good);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_active_sensing, desk_new, desk_free),
        cmocka_unit_test_setup_teardown(test_patch, desk_new, desk_free),
        cmocka_unit_test_setup_teardown(test_drum_kits, desk_new, desk_free),
        cmocka_unit_test_setup_teardown(test_switches, desk_new, desk_free),
        cmocka_unit_test_setup_teardown(test_settings, desk_new, desk_free),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
