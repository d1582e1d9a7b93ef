/* What the corrector promises whatever it is given: an answer, the same one
 * every time, and none of another's business. */
#include "music.h"

#include "rl/policy.h"

#include <float.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const enum correct_mode modes[] = {CORRECT_OFF, CORRECT_SCALE, CORRECT_CORRECT,
                                          CORRECT_GENERATE};

enum { MODES = 4, GARBAGE = 4000 };

static double garbage_slot(struct rng *rng, double before)
{
    static const double odd[] = {
        NAN,   INFINITY,    -INFINITY,    DBL_MAX,      -DBL_MAX, 1e300, -1e300, 1e15,
        -1e15, 4294967296., -4294967296., 2147483647.5, DBL_MIN,  -0.,   .5,     -.5};
    switch (rng_below(rng, 4)) {
    case 0:
        return odd[rng_below(rng, 16)];
    case 1:
        return before - rng_below(rng, 100);
    case 2:
        return before + rng_below(rng, 3);
    default:
        return before + rng_double(rng) * pow(10, rng_below(rng, 12));
    }
}

static struct correct_note *garbage(uint64_t seed)
{
    struct correct_note *note = malloc(GARBAGE * sizeof *note);
    struct rng rng;
    double slot = 0;
    rng_seed(&rng, seed, 0);
    assert_non_null(note);
    for (int i = 0; i < GARBAGE; i++) {
        double next = garbage_slot(&rng, slot);
        slot = fabs(next) < 1e12 ? next : slot;
        note[i] = (struct correct_note){.seconds = next,
                                        .slot = next,
                                        .pitch = (uint8_t)rng_below(&rng, 256),
                                        .velocity = (uint8_t)rng_below(&rng, 256)};
    }
    return note;
}

/* A corrector on pieces of all sorts. */
static struct model *odd_model(void)
{
    static const struct song_note one[] = {{0, 0}};
    static const struct song_note late[] = {{999, 127}, {999, 127}, {999, 0}};
    struct song_note full[128];
    for (unsigned p = 0; p < 128; p++)
        full[p] = (struct song_note){p % 5, (uint8_t)(127 - p)};
    struct song *songs[] = {music_written(one, 1), music_written(late, 3), music_written(full, 128),
                            music_compose(MUSIC_PIANO, 1, 4)};
    return music_model(songs, 4);
}

static void any_input_gets_a_note_number(void **state)
{
    (void)state;
    struct model *model = odd_model();
    for (int m = 0; m < MODES; m++)
        for (uint64_t seed = 0; seed < 4; seed++) {
            struct correct_settings settings = correct_defaults();
            struct correct_note *note = garbage(seed);
            settings.mode = modes[m];
            settings.follow = (float)seed / 2;
            struct corrector *corrector =
                corrector_open((const struct model *[]){model}, 1, &settings, NULL);
            for (int i = 0; i < GARBAGE; i++) {
                uint8_t sent = corrector_note(corrector, &note[i]);
                assert_true(sent <= 127);
                if (modes[m] == CORRECT_OFF)
                    assert_int_equal(sent, note[i].pitch & 127);
                struct correct_place place = corrector_place(corrector);
                assert_true(place.piece >= -1 && place.piece < 4);
                assert_true(place.confidence >= 0 && place.confidence <= 1.001f);
                if (place.piece >= 0)
                    assert_true(place.onset < model_score(model, (size_t)place.piece)->onsets);
                corrector_release(corrector, (uint8_t)(seed ? sent : 255 - i % 256));
            }
            uint8_t pitches[GARBAGE];
            memset(pitches, 255, sizeof pitches);
            assert_int_equal(corrector_take(corrector, note, GARBAGE, pitches, NULL, NULL), 0);
            for (int i = 0; i < GARBAGE; i++)
                assert_true(pitches[i] <= 127);
            free(note);
            corrector_close(corrector);
        }
    model_free(model);
}

/* After nonsense, sense is followed again. */
static void garbage_is_survived(void **state)
{
    (void)state;
    struct model *model = music_model_of(MUSIC_MELODY, 1, 8);
    struct corrector *corrector = music_corrector(model, CORRECT_CORRECT);
    struct rng rng;
    struct playing playing = {0};
    rng_seed(&rng, 1, 0);
    for (int i = 0; i < 500; i++) {
        struct correct_note note = {i / 100., i % 50 ? i / 3. : (double)NAN,
                                    (uint8_t)rng_below(&rng, 256), 64, false};
        corrector_note(corrector, &note);
    }
    playing_rest(&playing, 200);
    playing_add(&playing, model_song(model, 0), 0, model_song(model, 0)->slots);
    playing_shift(&playing, &rng, .1, 2);
    playing_play(&playing, corrector);
    assert_true(playing_tally(&playing, 20).right > 97);
    playing_free(&playing);
    corrector_close(corrector);
    model_free(model);
}

static void all_notes_in_one_slot(void **state)
{
    (void)state;
    struct model *model = music_model_of(MUSIC_PIANO, 1, 2);
    for (int m = 0; m < MODES; m++) {
        struct corrector *corrector = music_corrector(model, modes[m]);
        for (int i = 0; i < 50000; i++) {
            struct correct_note note = {0, 0, (uint8_t)(i % 128), 64, false};
            assert_true(corrector_note(corrector, &note) <= 127);
        }
        corrector_close(corrector);
    }
    model_free(model);
}

static struct playing loose_playing(const struct song *song, uint64_t seed)
{
    struct playing playing = {0};
    struct rng rng;
    rng_seed(&rng, seed, 5);
    playing_add(&playing, song, 0, song->slots);
    playing_shift(&playing, &rng, .3, 3);
    playing_brush(&playing, &rng, .05);
    playing_jitter(&playing, &rng, .05);
    return playing;
}

static void the_same_playing_gets_the_same_answers(void **state)
{
    (void)state;
    struct model *model = odd_model();
    for (int m = 0; m < MODES; m++) {
        struct playing one = loose_playing(model_song(model, 3), 1),
                       two = loose_playing(model_song(model, 3), 1);
        struct corrector *a = music_corrector(model, modes[m]),
                         *b = music_corrector(model, modes[m]);
        playing_play(&one, a);
        playing_play(&two, b);
        assert_memory_equal(one.sent, two.sent, one.count);
        playing_free(&one);
        playing_free(&two);
        corrector_close(a);
        corrector_close(b);
    }
    model_free(model);
}

static void correctors_do_not_disturb_one_another(void **state)
{
    (void)state;
    struct model *model = music_model_of(MUSIC_PIANO, 2, 4);
    for (int m = 0; m < MODES; m++) {
        struct playing one = loose_playing(model_song(model, 0), 1),
                       two = loose_playing(model_song(model, 0), 2);
        struct corrector *a = music_corrector(model, modes[m]),
                         *b = music_corrector(model, modes[m]);
        playing_play(&one, a);
        playing_play(&two, b);
        corrector_close(a);
        corrector_close(b);
        /* The same once more, in turn. */
        a = music_corrector(model, modes[m]);
        b = music_corrector(model, modes[m]);
        size_t held_a = 0, held_b = 0;
        for (size_t i = 0; i < one.count || i < two.count; i++) {
            if (i < one.count) {
                for (; one.note[held_a].slot < one.note[i].slot; held_a++)
                    corrector_release(a, one.sent[held_a]);
                assert_int_equal(corrector_note(a, &one.note[i]), one.sent[i]);
            }
            if (i < two.count) {
                for (; two.note[held_b].slot < two.note[i].slot; held_b++)
                    corrector_release(b, two.sent[held_b]);
                assert_int_equal(corrector_note(b, &two.note[i]), two.sent[i]);
            }
        }
        playing_free(&one);
        playing_free(&two);
        corrector_close(a);
        corrector_close(b);
    }
    model_free(model);
}

static double take_right(struct playing *playing, struct corrector *corrector)
{
    assert_int_equal(corrector_take(corrector, playing->note, playing->count, playing->sent, NULL, NULL),
                     0);
    return playing_tally(playing, 0).right;
}

/* Knowing all of a take is worth something where the start is in doubt, and
 * costs nothing elsewhere. */
static void whole_takes_are_at_least_as_good(void **state)
{
    (void)state;
    enum { SEEDS = 6 };
    double live[2] = {0, 0}, take[2] = {0, 0};
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        struct model *model = music_model_of(seed % 2 ? MUSIC_MELODY : MUSIC_PIANO, seed, 8);
        const struct song *song = model_song(model, 0);
        for (int k = 0; k < 2; k++) {
            struct corrector *corrector = music_corrector(model, CORRECT_CORRECT);
            struct playing playing = {0};
            struct rng rng;
            rng_seed(&rng, seed, 6);
            if (k == 0)
                playing_add(&playing, song, 0, song->slots);
            for (int n = 0; k == 1 && n < 10; n++) {
                uint32_t bar = rng_below(&rng, song->slots / MUSIC_BAR - 4);
                playing_add(&playing, song, bar * MUSIC_BAR, (bar + 4) * MUSIC_BAR);
            }
            playing_shift(&playing, &rng, .3, 2);
            playing_play(&playing, corrector);
            live[k] += playing_tally(&playing, 0).right / SEEDS;
            take[k] += take_right(&playing, corrector) / SEEDS;
            playing_free(&playing);
            corrector_close(corrector);
        }
        model_free(model);
    }
    print_message("  from start to end: live %.2f take %.2f; with jumps: live %.2f take %.2f\n",
                  live[0], take[0], live[1], take[1]);
    assert_true(take[0] > live[0] - .3);
    assert_true(take[1] > live[1] + 2.2);
}

static void takes_start_from_nothing_known(void **state)
{
    (void)state;
    struct model *model = odd_model();
    for (int m = 0; m < MODES; m++) {
        struct corrector *corrector = music_corrector(model, modes[m]);
        struct playing one = loose_playing(model_song(model, 3), 3),
                       two = loose_playing(model_song(model, 3), 3);
        take_right(&one, corrector);
        struct correct_note *note = garbage(9);
        for (int i = 0; i < GARBAGE; i++)
            corrector_note(corrector, &note[i]);
        take_right(&two, corrector);
        assert_memory_equal(one.sent, two.sent, one.count);
        free(note);
        playing_free(&one);
        playing_free(&two);
        corrector_close(corrector);
    }
    model_free(model);
}

/* A model of networks has no piece to follow, and does not hide those of others. */
static void models_without_pieces_are_passed_over(void **state)
{
    (void)state;
    struct policy_shape shape = {
        .kind = POLICY_MLP, .inputs = 4, .actions = 3, .layers = 1, .width = {16}};
    struct policy *network = policy_create(&shape, 1, NULL);
    struct model_origin origin = {.algorithm = "ppo", .policy = "mlp"};
    struct model *empty = model_create_networks(&network, 1, &origin, NULL);
    assert_non_null(empty);
    struct model *pieces = music_model_of(MUSIC_MELODY, 1, 4);
    for (int m = 0; m < MODES; m++) {
        struct correct_settings settings = correct_defaults();
        settings.mode = modes[m];
        struct playing one = loose_playing(model_song(pieces, 0), 1),
                       two = loose_playing(model_song(pieces, 0), 1);
        struct corrector *alone = music_corrector(pieces, modes[m]);
        struct corrector *both =
            corrector_open((const struct model *[]){empty, pieces}, 2, &settings, NULL);
        struct corrector *none = music_corrector(empty, modes[m]);
        assert_non_null(both);
        playing_play(&one, alone);
        playing_play(&two, both);
        assert_memory_equal(one.sent, two.sent, one.count);
        playing_play(&two, none);
        if (modes[m] != CORRECT_SCALE)
            assert_true(playing_tally(&two, 0).as_played >= 100);
        playing_free(&one);
        playing_free(&two);
        corrector_close(alone);
        corrector_close(both);
        corrector_close(none);
    }
    model_free(empty);
    model_free(pieces);
}

static void short_takes(void **state)
{
    (void)state;
    struct model *model = music_model_of(MUSIC_PIANO, 2, 2);
    for (int m = 0; m < MODES; m++) {
        struct corrector *corrector = music_corrector(model, modes[m]);
        struct correct_note note = {0, 5, 60, 1, false};
        uint8_t pitch = 255;
        assert_int_equal(corrector_take(corrector, NULL, 0, NULL, NULL, NULL), 0);
        assert_int_equal(corrector_take(corrector, &note, 1, &pitch, NULL, NULL), 0);
        assert_true(pitch <= 127);
        corrector_close(corrector);
    }
    model_free(model);
}

/* Playing goes on after a take as after the same notes live. */
static void playing_goes_on_after_a_take(void **state)
{
    (void)state;
    struct model *model = music_model_of(MUSIC_MELODY, 5, 8);
    const struct song *song = model_song(model, 0);
    struct corrector *corrector = music_corrector(model, CORRECT_CORRECT);
    struct playing first = {0}, rest = {0};
    struct rng rng;
    rng_seed(&rng, 1, 0);
    playing_add(&first, song, 0, song->slots / 2);
    take_right(&first, corrector);
    playing_rest(&rest, first.end);
    playing_add(&rest, song, song->slots / 2, song->slots);
    playing_shift(&rest, &rng, .1, 2);
    playing_play(&rest, corrector);
    assert_true(playing_tally(&rest, 0).right > 97);
    playing_free(&first);
    playing_free(&rest);
    corrector_close(corrector);
    model_free(model);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(any_input_gets_a_note_number),
        cmocka_unit_test(garbage_is_survived),
        cmocka_unit_test(all_notes_in_one_slot),
        cmocka_unit_test(the_same_playing_gets_the_same_answers),
        cmocka_unit_test(correctors_do_not_disturb_one_another),
        cmocka_unit_test(whole_takes_are_at_least_as_good),
        cmocka_unit_test(takes_start_from_nothing_known),
        cmocka_unit_test(models_without_pieces_are_passed_over),
        cmocka_unit_test(short_takes),
        cmocka_unit_test(playing_goes_on_after_a_take),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
