/* Who is corrected, what the corrector is told, and the rules of the note map by example. */
#include "desk.h"
#include "filter/notemap.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void test_who_is_corrected(void **state)
{
    struct desk *desk = *state;
    desk->corrector.shift = 1;
    desk->settings.channels = 1U << 0 | 1U << 15;
    desk->settings.lowest = 40;
    desk->settings.highest = 60;
    desk_set(desk);
    const struct {
        unsigned channel, key;
        bool moved;
    } cases[] = {{0, 40, true},  {0, 60, true},  {0, 39, false}, {0, 61, false},
                 {1, 50, false}, {15, 50, true}, {9, 50, false}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        unsigned told = desk->corrector.notes;
        char expected[32];
        snprintf(expected, sizeof expected, "%02x %u 80", 0x90 | cases[i].channel,
                 cases[i].key + cases[i].moved);
        in(desk, 0x90 | cases[i].channel, cases[i].key, 80);
        sent(desk, expected);
        assert_int_equal(desk->corrector.notes - told, cases[i].moved);
    }
}

static void test_corrector_is_told(void **state)
{
    struct desk *desk = *state;
    desk->corrector.shift = 3;
    desk->settings.clock = (struct clock_settings){.source = CLOCK_FIXED, .tempo = 150};
    desk_set(desk);
    in(desk, 0x92, 60, 33);
    assert_false(desk->corrector.last.found);
    assert_int_equal(desk->corrector.last.pitch, 60);
    assert_int_equal(desk->corrector.last.velocity, 33);
    assert_float_equal(desk->corrector.last.seconds, desk->seconds, 1e-12);
    assert_float_equal(desk->corrector.last.slot, 0, 1e-9);
    in(desk, 0x92, 62, 33);
    assert_float_equal(desk->corrector.last.slot, 1, 1e-9); /* 0.1 s at 150 beats a minute */
    assert_int_equal(desk->corrector.holds[63], 1);
    in(desk, 0x82, 60, 5);
    assert_int_equal(desk->corrector.holds[63], 0);
    assert_int_equal(desk->corrector.holds[65], 1);
    filter_release_all(desk->filter, desk->seconds);
    assert_int_equal(desk->corrector.holds[65], 0);
    assert_int_equal(filter_status(desk->filter).corrected, 2);
    assert_int_equal(filter_status(desk->filter).notes, 2);
    desk->settings.clock.source = CLOCK_AUTO;
    desk_set(desk);
    in(desk, 0x92, 64, 33);
    assert_true(desk->corrector.last.found);
}

/* A bypassed corrector goes on listening, after the note was sent. */
static void test_bypass(void **state)
{
    struct desk *desk = *state;
    desk->corrector.shift = 1;
    in(desk, 0x90, 60, 80);
    filter_set_bypass(desk->filter, true);
    assert_int_equal(desk->corrector.settings.mode, CORRECT_OFF);
    in(desk, 0x90, 62, 80);
    sent(desk, "90 61 80, 90 62 80");
    assert_int_equal(desk->corrector.notes, 1);
    filter_settle(desk->filter);
    assert_int_equal(desk->corrector.notes, 2);
    assert_int_equal(desk->corrector.last.pitch, 62);
    filter_set_bypass(desk->filter, false);
    assert_int_equal(desk->corrector.settings.mode, CORRECT_CORRECT);
    in(desk, 0x90, 62, 0);
    in(desk, 0x80, 60, 9);
    sent(desk, "90 62 0, 80 61 9");
    assert_int_equal(desk->corrector.holds[61], 0);
    assert_int_equal(desk->corrector.holds[62], 0);
}

/* Another corrector hears nothing of the notes that the one before answered. */
static void test_exchange(void **state)
{
    struct desk *desk = *state;
    struct corrector other = {.to = -1, .shift = -2};
    desk->corrector.shift = 2;
    in(desk, 0x90, 60, 80);
    filter_set_corrector(desk->filter, &other);
    assert_int_equal(other.settings.mode, CORRECT_CORRECT);
    in(desk, 0x90, 64, 80);
    in(desk, 0x80, 60, 0);
    in(desk, 0x80, 64, 0);
    sent(desk, "90 62 80, 90 62 80, 80 62 0, 80 62 0");
    assert_int_equal(desk->corrector.holds[62], 1);
    assert_int_equal(other.holds[62], 0);
    assert_int_equal(other.notes, 1);
    filter_set_corrector(desk->filter, NULL);
    in(desk, 0x90, 64, 80);
    in(desk, 0x90, 64, 0);
    sent(desk, "90 64 80, 90 64 0");
    assert_int_equal(other.notes, 1);
}

static void test_two_keys_on_one_pitch(void **state)
{
    struct desk *desk = *state;
    desk->corrector.to = 70;
    in(desk, 0x90, 60, 80);
    in(desk, 0x90, 62, 81);
    in(desk, 0x91, 60, 82);
    in(desk, 0xA0, 62, 5);
    sent(desk, "90 70 80, 90 70 81, 91 70 82, a0 70 5");
    in(desk, 0x80, 60, 1);
    sent(desk, "");
    in(desk, 0x80, 62, 2);
    sent(desk, "80 70 2, 80 70 2");
    in(desk, 0x91, 60, 0);
    sent(desk, "91 70 0");
}

/* What a key holds ends when it is struck again on another pitch; on the same one, one
 * release ends all strikes, and what comes of the others goes the same way. */
static void test_same_key_again(void **state)
{
    struct desk *desk = *state;
    for (int i = 0; i < 3; i++) {
        desk->corrector.to = 70 + i;
        in(desk, 0x90, 60, 80);
    }
    assert_int_equal(filter_status(desk->filter).sounding, 1);
    assert_int_equal(desk->corrector.holds[72], 1);
    in(desk, 0xA0, 60, 9);
    in(desk, 0x80, 60, 0);
    assert_int_equal(filter_status(desk->filter).sounding, 0);
    for (int pitch = 70; pitch < 73; pitch++)
        assert_int_equal(desk->corrector.holds[pitch], 0);
    sent(desk, "90 70 80, 80 70 64, 90 71 80, 80 71 64, 90 72 80, a0 72 9, 80 72 0");
    /* One whose release was lost is over with the next. */
    in(desk, 0x90, 60, 80);
    in(desk, 0x90, 60, 80);
    in(desk, 0x80, 60, 0);
    desk->corrector.to = 75;
    in(desk, 0x90, 60, 80);
    in(desk, 0x80, 60, 0);
    in(desk, 0x80, 60, 0);
    sent(desk, "90 72 80, 90 72 80, 80 72 0, 90 75 80, 80 75 0, 80 60 0");
}

/* Out equals in, whatever releases were lost. */
static void test_same_key_again_as_played(void **state)
{
    struct desk *desk = *state;
    desk->corrector.shift = 1;
    for (int off = 0; off < 2; off++) {
        filter_set_mode(desk->filter, off ? CORRECT_OFF : CORRECT_CORRECT);
        filter_set_bypass(desk->filter, !off);
        in(desk, 0x90, 60, 80);
        in(desk, 0x90, 60, 81);
        in(desk, 0x80, 60, 1);
        assert_int_equal(filter_status(desk->filter).sounding, 0);
        in(desk, 0x90, 60, 82);
        in(desk, 0x80, 60, 2);
        in(desk, 0x80, 60, 3);
        sent(desk, "90 60 80, 90 60 81, 80 60 1, 90 60 82, 80 60 2, 80 60 3");
        filter_settle(desk->filter);
        assert_int_equal(desk->corrector.holds[60], 0);
    }
    /* What was corrected before is over before the key sounds as played. */
    filter_set_bypass(desk->filter, false);
    filter_set_mode(desk->filter, CORRECT_CORRECT);
    in(desk, 0x90, 60, 80);
    filter_set_bypass(desk->filter, true);
    in(desk, 0x90, 60, 81);
    in(desk, 0x80, 60, 1);
    sent(desk, "90 61 80, 80 61 64, 90 60 81, 80 60 1");
}

/* Releases that were held back until they are too many go to the pitch that they are
 * owed on. */
static void test_backlog(void **state)
{
    struct desk *desk = *state;
    desk->corrector.to = 70;
    in(desk, 0x90, 64, 80);
    for (int i = 0; i < NOTEMAP_BACKLOG; i++) {
        in(desk, 0x90, 60, 80);
        in(desk, 0x80, 60, 0);
        desk->sent[0] = '\0';
    }
    desk->sends = 0;
    in(desk, 0x90, 60, 80);
    assert_int_equal(desk->sends, NOTEMAP_BACKLOG + 1);
    assert_memory_equal(desk->sent, "80 70 64, 80 70 64, ", 20);
    assert_null(strstr(desk->sent, "80 60"));
    desk->sent[0] = '\0';
    in(desk, 0x80, 60, 1);
    in(desk, 0x80, 64, 2);
    sent(desk, "80 70 2, 80 70 2");
}

static void test_release_without_strike(void **state)
{
    struct desk *desk = *state;
    in(desk, 0x80, 60, 3);
    in(desk, 0x90, 61, 0);
    sent(desk, "80 60 3, 90 61 0");
    /* But it does not cut another key's note. */
    desk->corrector.to = 60;
    in(desk, 0x90, 64, 80);
    in(desk, 0x80, 60, 3);
    sent(desk, "90 60 80");
    in(desk, 0x80, 64, 3);
    sent(desk, "80 60 3");
}

static void test_all_notes_off(void **state)
{
    struct desk *desk = *state;
    desk->corrector.shift = 5;
    in(desk, 0x90, 60, 80);
    in(desk, 0x90, 64, 80);
    in(desk, 0x91, 64, 80);
    in(desk, 0xB0, 123, 0);
    sent(desk, "90 65 80, 90 69 80, 91 69 80, 80 65 64, 80 69 64, b0 123 0");
    in(desk, 0x80, 60, 0);
    sent(desk, "");
    in(desk, 0x90, 64, 80);
    in(desk, 0x80, 64, 0);
    in(desk, 0x81, 64, 0);
    sent(desk, "90 69 80, 80 69 0, 81 69 0");
    /* These say nothing of notes. */
    in(desk, 0x90, 60, 80);
    in(desk, 0xB0, 121, 0);
    in(desk, 0xB0, 122, 0);
    sent(desk, "90 65 80, b0 121 0, b0 122 0");
    in(desk, 0xFF, 0, 0);
    sent(desk, "80 65 64, ff");
}

static void test_release_all(void **state)
{
    struct desk *desk = *state;
    in(desk, 0x90, 60, 80);
    in(desk, 0xB3, 64, 127);
    desk->sent[0] = '\0';
    filter_release_all(desk->filter, desk->seconds);
    sent(desk, "80 60 64, b0 64 0, b0 123 0, b0 120 0, b3 64 0, b3 123 0, b3 120 0");
    filter_release_all(desk->filter, desk->seconds);
    sent(desk, "");
    in(desk, 0x80, 60, 0);
    sent(desk, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_who_is_corrected, desk_new, desk_free),
        cmocka_unit_test_setup_teardown(test_corrector_is_told, desk_new, desk_free),
        cmocka_unit_test_setup_teardown(test_bypass, desk_new, desk_free),
        cmocka_unit_test_setup_teardown(test_exchange, desk_new, desk_free),
        cmocka_unit_test_setup_teardown(test_two_keys_on_one_pitch, desk_new, desk_free),
        cmocka_unit_test_setup_teardown(test_same_key_again, desk_new, desk_free),
        cmocka_unit_test_setup_teardown(test_same_key_again_as_played, desk_new, desk_free),
        cmocka_unit_test_setup_teardown(test_backlog, desk_new, desk_free),
        cmocka_unit_test_setup_teardown(test_release_without_strike, desk_new, desk_free),
        cmocka_unit_test_setup_teardown(test_all_notes_off, desk_new, desk_free),
        cmocka_unit_test_setup_teardown(test_release_all, desk_new, desk_free),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
