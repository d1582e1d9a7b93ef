/* Help that fades: the rule, on places that are given, and the corrector that follows it. */
#include "music.h"

#include "correct/fade.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

enum { BARS = 3, KEYS = 8 };

/* Three bars of eight notes, the last one of a bar with another below it. */
static struct model *model;
static struct corrector *corrector; /* for its pieces */
static struct fade *fade;

static uint8_t pitch_of(int bar, int key)
{
    static const uint8_t line[BARS * KEYS] = {60, 62, 64, 65, 67, 69, 71, 72, 74, 72, 71, 69,
                                              67, 65, 64, 62, 60, 64, 67, 72, 76, 72, 67, 64};
    return line[bar * KEYS + key];
}

static int set_up(void **state)
{
    struct song_note note[BARS * (KEYS + 1)];
    size_t count = 0;
    for (int bar = 0; bar < BARS; bar++)
        for (int key = 0; key < KEYS; key++) {
            uint32_t slot = (uint32_t)(bar * MUSIC_BAR + 2 * key);
            note[count++] = (struct song_note){slot, pitch_of(bar, key)};
            if (key == KEYS - 1)
                note[count++] = (struct song_note){slot, 48};
        }
    (void)state;
    struct song *song = music_written(note, count);
    model = music_model(&song, 1);
    corrector = music_corrector(model, CORRECT_CORRECT);
    fade = corrector_fade(corrector);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    corrector_close(corrector);
    model_free(model);
    return 0;
}

static double now;

/* A key at the place of a note of the piece. */
static void strike(int bar, int key, int pitch)
{
    struct follow_place place = {
        .piece = 0, .position = (uint32_t)(bar * KEYS + key), .onset_time = now};
    fade_note(fade, &place, (uint8_t)pitch);
    now += .3;
}

/* A bar, its first keys wrong. */
static void play(int bar, int wrong)
{
    for (int key = 0; key < KEYS; key++) {
        strike(bar, key, pitch_of(bar, key) + (key < wrong));
        if (key == KEYS - 1) {
            now -= .25;
            strike(bar, key, 48);
        }
    }
}

/* To the bar that follows, and back. */
static struct fade_bar played(int bar, int wrong)
{
    play(bar, wrong);
    strike(bar + 1, 0, pitch_of(bar + 1, 0));
    return fade_bar(fade, (uint32_t)bar);
}

static void steps_of_help(void **state)
{
    (void)state;
    assert_int_equal(fade_bar(fade, 0).help, FADE_ALL);
    assert_true(fade_bar(fade, 0).errors < 0);
    /* Down by one step a pass, however well it went. */
    assert_int_equal(played(0, 0).help, FADE_MUCH);
    assert_int_equal(played(0, 0).help, FADE_LITTLE);
    assert_int_equal(played(0, 0).help, FADE_NONE);
    assert_int_equal(fade_bar(fade, 0).right, 0); /* with help: these do not count */
    /* A slip brings some back, for one pass. */
    assert_int_equal(played(0, 1).help, FADE_LITTLE);
    assert_int_equal(played(0, 0).help, FADE_NONE);
    /* Up at once. */
    assert_int_equal(played(0, 6).help, FADE_ALL);
    assert_true(fabsf(fade_bar(fade, 0).errors - (6.f / 9 + 1.f / 36) / 2) < 1e-6f);
    assert_int_equal(fade_bar(fade, 1).help, FADE_ALL); /* one key of it is no pass */
    assert_true(fade_bar(fade, 1).errors < 0);
}

static void known_bars(void **state)
{
    (void)state;
    for (int pass = 0; pass < 3; pass++)
        played(0, 0);
    for (int pass = 1; pass <= FADE_KNOWN; pass++)
        assert_int_equal(played(0, 0).right, pass);
    assert_int_equal(played(0, 0).right, FADE_KNOWN);
    assert_int_equal(played(0, 1).right, 0);
}

static void a_note_left_out(void **state)
{
    (void)state;
    for (int pass = 0; pass < 4; pass++)
        played(0, 0);
    assert_int_equal(fade_bar(fade, 0).right, 1);
    for (int key = 0; key < KEYS; key++) /* without the lower one of the last two */
        strike(0, key, pitch_of(0, key));
    strike(1, 0, pitch_of(1, 0));
    assert_int_equal(fade_bar(fade, 0).right, 1);
    assert_int_equal(fade_bar(fade, 0).help, FADE_NONE);
    /* It comes late, when the next bar has begun: no wrong key. */
    play(0, 0);
    strike(1, 0, pitch_of(1, 0));
    strike(1, 0, 48);
    for (int key = 1; key < KEYS; key++)
        strike(1, key, pitch_of(1, key));
    strike(2, 0, pitch_of(2, 0));
    assert_true(fade_bar(fade, 1).errors >= 0 && fade_bar(fade, 1).errors < 1e-6f);
}

static void bars_again_and_again(void **state)
{
    (void)state;
    struct fade_pass pass[FADE_PASSES];
    while (fade_take(fade, pass, FADE_PASSES) > 0)
        ;
    fade_forget(fade);
    assert_int_equal(fade_bar(fade, 0).help, FADE_ALL);
    for (int i = 0; i < 4; i++) /* one bar, back to its begin; the last one, to its end */
        play(0, 0);
    play(2, 0);
    assert_int_equal(fade_take(fade, pass, FADE_PASSES), 5);
    assert_int_equal(pass[0].bar, 0);
    assert_int_equal(pass[3].now.help, FADE_NONE);
    assert_int_equal(pass[4].bar, 2);
    strike(2, KEYS - 1, 1); /* after the end */
    strike(0, 0, 60);
    assert_int_equal(fade_take(fade, pass, FADE_PASSES), 0);
    /* Where the player is lost, what was begun does not count. */
    play(1, 0);
    fade_leave(fade);
    strike(2, 0, 60);
    assert_int_equal(fade_take(fade, pass, FADE_PASSES), 0);
    /* Of too many, the last ones. */
    for (int i = 0; i < FADE_PASSES + 5; i++)
        played(0, i == FADE_PASSES + 4 ? 8 : 0);
    assert_int_equal(fade_take(fade, pass, FADE_PASSES), FADE_PASSES);
    assert_true(pass[FADE_PASSES - 1].now.errors > .3f);
}

static void what_is_put(void **state)
{
    (void)state;
    fade_put(fade, 1, (struct fade_bar){.errors = 7, .help = 9, .right = 200});
    struct fade_bar bar = fade_bar(fade, 1);
    assert_true(bar.errors >= 1 && bar.errors <= 1);
    assert_int_equal(bar.help, FADE_ALL);
    assert_int_equal(bar.right, FADE_KNOWN);
    fade_put(fade, 1, (struct fade_bar){.errors = NAN});
    assert_true(fade_bar(fade, 1).errors < 0);
}

/* The whole piece; one key of its second bar is wrong (KEYS: none). Whether it sounded as struck.
 */
static bool play_piece(int wrong)
{
    bool as_struck = false;
    now += 5;
    for (int bar = 0; bar < BARS; bar++)
        for (int key = 0; key < KEYS; key++) {
            uint8_t struck = (uint8_t)(pitch_of(bar, key) + (bar == 1 && key == wrong ? 1 : 0));
            struct correct_note note = {.seconds = now, .pitch = struck, .velocity = 64};
            uint8_t sent = corrector_note(corrector, &note);
            as_struck |= bar == 1 && key == wrong && sent == struck;
            corrector_release(corrector, sent);
            corrector_settle(corrector);
            if (key == KEYS - 1) {
                note.pitch = 48;
                corrector_release(corrector, corrector_note(corrector, &note));
            }
            now += .3;
        }
    return as_struck;
}

static void without_help_keys_sound_as_struck(void **state)
{
    (void)state;
    struct correct_settings settings = correct_defaults();
    play_piece(KEYS);
    assert_false(play_piece(KEYS - 3));
    settings.fade = true;
    assert_int_equal(corrector_set(corrector, &settings, NULL), 0);
    for (int pass = 0; pass < 6; pass++)
        assert_false(play_piece(KEYS));
    assert_int_equal(fade_bar(fade, 1).help, FADE_NONE);
    assert_true(play_piece(KEYS - 3));
    assert_true(fade_bar(fade, 1).help > FADE_NONE);
    settings.fade = false; /* then there is full help again */
    assert_int_equal(corrector_set(corrector, &settings, NULL), 0);
    assert_false(play_piece(KEYS - 4));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(steps_of_help, set_up, tear_down),
        cmocka_unit_test_setup_teardown(known_bars, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_note_left_out, set_up, tear_down),
        cmocka_unit_test_setup_teardown(bars_again_and_again, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_is_put, set_up, tear_down),
        cmocka_unit_test_setup_teardown(without_help_keys_sound_as_struck, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
