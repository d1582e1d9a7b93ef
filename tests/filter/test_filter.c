/* The filter beside a corrector of straw, which moves every note as it is told and
 * keeps what it hears: who is corrected, what the corrector is told, and the rules
 * of the note map by example. */
#include "filter/filter.h"
#include "filter/notemap.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* --- The corrector of straw: stands in for the real one at linking --- */

struct corrector {
    int shift; /* of every note, unless `to` */
    int to;    /* pitch of every note; -1: by shift */
    struct correct_settings settings;
    unsigned notes;
    struct correct_note last;
    int holds[128]; /* notes answered less notes released */
};

uint8_t corrector_note(struct corrector *corrector, const struct correct_note *note)
{
    int pitch = corrector->to >= 0 ? corrector->to : note->pitch + corrector->shift;
    if (corrector->settings.mode == CORRECT_OFF)
        pitch = note->pitch;
    corrector->notes++;
    corrector->last = *note;
    corrector->holds[pitch]++;
    return (uint8_t)pitch;
}

void corrector_release(struct corrector *corrector, uint8_t pitch)
{
    corrector->holds[pitch]--;
}

int corrector_set(struct corrector *corrector, const struct correct_settings *settings,
                  struct error *error)
{
    (void)error;
    corrector->settings = *settings;
    return 0;
}

struct correct_place corrector_place(struct corrector *corrector)
{
    (void)corrector;
    return (struct correct_place){.piece = -1};
}

struct correct_settings correct_defaults(void)
{
    return (struct correct_settings){.mode = CORRECT_CORRECT, .follow = 1};
}

/* --- A filter whose events are written down --- */

struct desk {
    struct filter *filter;
    struct corrector corrector;
    struct filter_settings settings;
    double seconds;
    unsigned sends;
    char sent[1 << 14]; /* "90 60 80, ..." */
};

static void write_down(void *context, const struct midi_event *event)
{
    struct desk *desk = context;
    size_t at = strlen(desk->sent);
    desk->sends++;
    snprintf(desk->sent + at, sizeof desk->sent - at, "%s%02x", at ? ", " : "", event->status);
    for (uint32_t i = 0; i < event->length && event->data; i++) {
        at = strlen(desk->sent);
        snprintf(desk->sent + at, sizeof desk->sent - at, " %d", event->data[i]);
    }
}

static void desk_open(struct desk *desk)
{
    *desk = (struct desk){.settings = filter_defaults(), .corrector = {.to = -1}};
    desk->filter = filter_open(&desk->settings, write_down, desk, NULL);
    assert_non_null(desk->filter);
    filter_set_corrector(desk->filter, &desk->corrector);
}

static void desk_set(struct desk *desk)
{
    assert_int_equal(filter_set(desk->filter, &desk->settings, NULL), 0);
}

static void in(struct desk *desk, unsigned status, unsigned first, unsigned second)
{
    uint8_t data[2] = {(uint8_t)first, (uint8_t)second};
    struct midi_event event = {
        .seconds = desk->seconds += 0.1, .status = (uint8_t)status, .data = data};
    event.length = status < 0xF0 ? midi_channel_length(event.status) : 0;
    filter_event(desk->filter, &event);
}

/* What was sent since the last call. */
static void sent(struct desk *desk, const char *expected)
{
    assert_string_equal(desk->sent, expected);
    desk->sent[0] = '\0';
}

static int desk_new(void **state)
{
    struct desk *desk = malloc(sizeof *desk);
    if (!desk)
        return -1;
    desk_open(desk);
    *state = desk;
    return 0;
}

static int desk_free(void **state)
{
    struct desk *desk = *state;
    filter_close(desk->filter);
    free(desk);
    return 0;
}

/* --- Tests --- */

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
    filter_tell_patch(desk->filter, desk->seconds, write_down, desk);
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
    filter_tell_patch(desk->filter, 1, write_down, desk);
    sent(desk, "b0 0 1, b0 32 2, c0 19, b0 7 90, b0 64 100, b0 101 0, b0 100 0, b0 6 12, b0 38 1, "
               "b0 101 0, b0 100 0, b0 99 1, b0 98 8, d0 33, e0 0 70, b3 10 20, b3 67 127");
    /* A synth that goes takes nothing of it along, nor does panic; a keyboard does. */
    filter_release_all(desk->filter, desk->seconds);
    desk->sent[0] = '\0';
    filter_tell_patch(desk->filter, 1, write_down, desk);
    assert_non_null(strstr(desk->sent, "b0 64 100"));
    filter_lose_input(desk->filter, desk->seconds);
    desk->sent[0] = '\0';
    filter_tell_patch(desk->filter, 1, write_down, desk);
    assert_null(strstr(desk->sent, "b0 64"));
    assert_null(strstr(desk->sent, "b3 67"));
    assert_non_null(strstr(desk->sent, "c0 19"));
    in(desk, 0xFF, 0, 0);
    desk->sent[0] = '\0';
    filter_tell_patch(desk->filter, 1, write_down, desk);
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
        assert_null(filter_open(&wrong[i], write_down, desk, &error));
        assert_memory_equal(filter_settings(desk->filter), &good, sizeof good);
    }
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
        cmocka_unit_test_setup_teardown(test_active_sensing, desk_new, desk_free),
        cmocka_unit_test_setup_teardown(test_patch, desk_new, desk_free),
        cmocka_unit_test_setup_teardown(test_drum_kits, desk_new, desk_free),
        cmocka_unit_test_setup_teardown(test_switches, desk_new, desk_free),
        cmocka_unit_test_setup_teardown(test_settings, desk_new, desk_free),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
