/* What each mode and knob promises. */
#include "correct/key.h"
#include "music.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct corrector *open_with(const struct model *model, struct correct_settings settings)
{
    struct corrector *corrector = corrector_open(&model, model ? 1 : 0, &settings, NULL);
    assert_non_null(corrector);
    return corrector;
}

/* The piece of a model with half of the notes wrong. */
static struct playing half_wrong(const struct model *model, uint64_t seed)
{
    struct playing playing = {0};
    struct rng rng;
    rng_seed(&rng, seed, 3);
    playing_add(&playing, model_song(model, 0), 0, model_song(model, 0)->slots);
    playing_shift(&playing, &rng, .5, 12);
    return playing;
}

/* How a playing with half of the notes wrong fares with these settings. */
static struct tally fare(const struct model *model, struct correct_settings settings)
{
    struct corrector *corrector = open_with(model, settings);
    struct playing playing = half_wrong(model, 1);
    playing_play(&playing, corrector);
    struct tally tally = playing_tally(&playing, 0);
    playing_free(&playing);
    corrector_close(corrector);
    return tally;
}

static void off_sends_what_is_played(void **state)
{
    (void)state;
    struct model *model = music_model_of(MUSIC_PIANO, 1, 4);
    struct correct_settings settings = correct_defaults();
    settings.mode = CORRECT_OFF;
    assert_true(fare(model, settings).as_played >= 100);
    model_free(model);
}

static void without_a_model_nothing_changes(void **state)
{
    (void)state;
    static const enum correct_mode modes[] = {CORRECT_OFF, CORRECT_CORRECT, CORRECT_GENERATE};
    for (int m = 0; m < 3; m++) {
        struct corrector *corrector = music_corrector(NULL, modes[m]);
        struct song *song = music_compose(MUSIC_PIANO, 4, 2);
        struct playing playing = {0};
        playing_add(&playing, song, 0, song->slots);
        playing_play(&playing, corrector);
        assert_true(playing_tally(&playing, 0).as_played >= 100);
        assert_int_equal(corrector_place(corrector).piece, -1);
        playing_free(&playing);
        song_free(song);
        corrector_close(corrector);
    }
}

static void much_trust_changes_nothing(void **state)
{
    (void)state;
    struct model *model = music_model_of(MUSIC_PIANO, 1, 4);
    struct correct_settings settings = correct_defaults();
    settings.follow = 100;
    assert_true(fare(model, settings).as_played >= 100);
    settings = correct_defaults();
    settings.keep = 100;
    assert_true(fare(model, settings).as_played >= 100);
    model_free(model);
}

static void knobs_turn_gradually(void **state)
{
    (void)state;
    struct model *model = music_model_of(MUSIC_PIANO, 2, 4);
    static const float turns[] = {0, .5f, 1, 2, 4, 8};
    double follow_before = 0, keep_before = 0;
    for (int k = 0; k < 6; k++) {
        struct correct_settings settings = correct_defaults();
        settings.follow = turns[k];
        double follow = fare(model, settings).as_played;
        settings = correct_defaults();
        settings.keep = turns[k];
        double keep = fare(model, settings).as_played;
        assert_true(follow >= follow_before - .5 && keep >= keep_before - .5);
        follow_before = follow;
        keep_before = keep;
    }
    assert_true(follow_before > 90 && keep_before > 90);
    model_free(model);
}

/* With no trust in the player at all the piece itself sounds. */
static void no_trust_plays_the_piece(void **state)
{
    (void)state;
    struct model *model = music_model_of(MUSIC_MELODY, 3, 8);
    struct correct_settings settings = correct_defaults();
    settings.follow = 0;
    assert_true(fare(model, settings).right > 96);
    model_free(model);
}

static void settings_out_of_range_are_refused(void **state)
{
    (void)state;
    struct correct_settings bad[6];
    for (int k = 0; k < 6; k++)
        bad[k] = correct_defaults();
    bad[0].follow = -.1f;
    bad[1].follow = 100.5f;
    bad[2].follow = NAN;
    bad[3].keep = -1;
    bad[4].keep = INFINITY;
    bad[5].mode = (enum correct_mode)17;
    struct corrector *corrector = music_corrector(NULL, CORRECT_SCALE);
    for (int k = 0; k < 6; k++) {
        struct error error = {""};
        assert_null(corrector_open(NULL, 0, &bad[k], &error));
        assert_true(strlen(error.text) > 10);
        error.text[0] = '\0';
        assert_int_equal(corrector_set(corrector, &bad[k], &error), -1);
        assert_true(strlen(error.text) > 10);
    }
    corrector_close(corrector);
    corrector_close(NULL);
}

/* What was heard in one mode is known in the next. */
static void modes_change_while_playing(void **state)
{
    (void)state;
    struct model *model = music_model_of(MUSIC_MELODY, 4, 8);
    struct correct_settings settings = correct_defaults();
    settings.mode = CORRECT_OFF;
    struct corrector *corrector = open_with(model, settings);
    struct playing playing = half_wrong(model, 2);
    size_t half = playing.count / 2, right = 0;
    for (size_t i = 0; i < playing.count; i++) {
        if (i == half) {
            settings.mode = CORRECT_CORRECT;
            assert_int_equal(corrector_set(corrector, &settings, NULL), 0);
        }
        uint8_t sent = corrector_note(corrector, &playing.note[i]);
        corrector_release(corrector, sent);
        if (i < half)
            assert_int_equal(sent, playing.note[i].pitch);
        else if (i < half + 20)
            right += sent == playing.meant[i];
    }
    assert_true(right >= 18);
    playing_free(&playing);
    corrector_close(corrector);
    model_free(model);
}

static void scale_play(struct corrector *corrector, const uint8_t *played, uint8_t *sent, int notes)
{
    for (int i = 0; i < notes; i++) {
        struct correct_note note = {i / 4., 2 * i, played[i], 90, false};
        sent[i] = corrector_note(corrector, &note);
        corrector_release(corrector, sent[i]);
    }
}

/* The estimate may pass through a neighbouring key for a few notes. */
static void scale_moves_what_is_outside_the_key(void **state)
{
    (void)state;
    enum { NOTES = 600, HEARD = 100 };
    static const int major[] = {0, 2, 4, 5, 7, 9, 11, 0, 4, 7};
    for (int tonic = 0; tonic < 12; tonic++) {
        uint8_t played[NOTES], sent[NOTES];
        struct rng rng;
        uint16_t key = key_pitch_classes(tonic);
        int outside = 0, moved = 0, kept = 0;
        rng_seed(&rng, 1, (uint64_t)tonic);
        for (int i = 0; i < NOTES; i++) {
            played[i] =
                (uint8_t)(48 + tonic + major[rng_below(&rng, 10)] + 12 * (int)rng_below(&rng, 2));
            if (i >= HEARD && i % 10 == 0)
                played[i]++;
        }
        struct corrector *corrector = music_corrector(NULL, CORRECT_SCALE);
        scale_play(corrector, played, sent, NOTES);
        corrector_close(corrector);
        for (int i = HEARD; i < NOTES; i++) {
            bool inside = key >> played[i] % 12 & 1;
            assert_true(abs(sent[i] - played[i]) <= 1);
            outside += !inside;
            moved += !inside && (key >> sent[i] % 12 & 1);
            kept += inside && sent[i] == played[i];
        }
        assert_true(outside > 20 && moved >= outside * 9 / 10);
        assert_true(kept >= (NOTES - HEARD - outside) * 97 / 100);
    }
}

static void scale_leaves_the_first_notes_alone(void **state)
{
    (void)state;
    static const uint8_t played[] = {60, 61, 62, 63, 64, 60, 66, 67, 72, 60};
    uint8_t sent[10];
    struct corrector *corrector = music_corrector(NULL, CORRECT_SCALE);
    scale_play(corrector, played, sent, 8);
    assert_memory_equal(sent, played, 8);
    corrector_close(corrector);
    /* Not for ever. */
    static const uint8_t plain[] = {60, 62, 64, 65, 67, 72, 60, 67, 61, 60};
    corrector = music_corrector(NULL, CORRECT_SCALE);
    scale_play(corrector, plain, sent, 10);
    assert_int_not_equal(sent[8], 61);
    corrector_close(corrector);
}

static void scale_stays_on_the_keyboard(void **state)
{
    (void)state;
    for (int tonic = 0; tonic < 12; tonic++) {
        struct corrector *corrector = music_corrector(NULL, CORRECT_SCALE);
        static const int major[] = {0, 2, 4, 5, 7, 9, 11, 12};
        uint16_t key = key_pitch_classes(tonic);
        for (int i = 0; i < 64; i++) {
            struct correct_note note = {i, i, (uint8_t)(48 + tonic + major[i % 8]), 90, false};
            corrector_note(corrector, &note);
        }
        for (int edge = 0; edge <= 127; edge += 127) {
            struct correct_note note = {100, 100, (uint8_t)edge, 90, false};
            uint8_t sent = corrector_note(corrector, &note);
            assert_true(key >> sent % 12 & 1);
            assert_true(abs(sent - edge) <= 1);
        }
        corrector_close(corrector);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(off_sends_what_is_played),
        cmocka_unit_test(without_a_model_nothing_changes),
        cmocka_unit_test(much_trust_changes_nothing),
        cmocka_unit_test(knobs_turn_gradually),
        cmocka_unit_test(no_trust_plays_the_piece),
        cmocka_unit_test(settings_out_of_range_are_refused),
        cmocka_unit_test(modes_change_while_playing),
        cmocka_unit_test(scale_moves_what_is_outside_the_key),
        cmocka_unit_test(scale_leaves_the_first_notes_alone),
        cmocka_unit_test(scale_stays_on_the_keyboard),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
