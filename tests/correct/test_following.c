/* Following composed pieces, played well and badly. The bounds lie well below
 * what is reached on average over the seeds; they are there to notice a follower
 * that has lost an ability. */
#include "music.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

enum { SEEDS = 6, SECTIONS = 8 };

static const enum music_kind kinds[] = {MUSIC_MELODY, MUSIC_PIANO};

/* What a test does to a playing of a song. */
typedef void spoil_function(struct playing *playing, const struct song *song, struct rng *rng);

/* The means over kinds and seeds, from note `first` on, of playings corrected
 * with the model of the piece. */
static struct tally play_all(spoil_function *spoil, size_t first)
{
    struct tally mean = {0};
    for (int k = 0; k < 2; k++)
        for (uint64_t seed = 1; seed <= SEEDS; seed++) {
            struct model *model = music_model_of(kinds[k], seed, SECTIONS);
            struct corrector *corrector = music_corrector(model, CORRECT_CORRECT);
            struct playing playing = {0};
            struct rng rng;
            rng_seed(&rng, seed, 7);
            spoil(&playing, model_song(model, 0), &rng);
            playing_play(&playing, corrector);
            struct tally tally = playing_tally(&playing, first);
            mean.right += tally.right / (2 * SEEDS);
            mean.kept += tally.kept / (2 * SEEDS);
            mean.as_played += tally.as_played / (2 * SEEDS);
            playing_free(&playing);
            corrector_close(corrector);
            model_free(model);
        }
    print_message("  right %.2f kept %.2f as played %.2f\n", mean.right, mean.kept, mean.as_played);
    return mean;
}

static void whole(struct playing *playing, const struct song *song, struct rng *rng)
{
    (void)rng;
    playing_add(playing, song, 0, song->slots);
}

static void clean_playing_is_kept(void **state)
{
    (void)state;
    assert_true(play_all(whole, 0).right > 99.999);
}

static void few_wrong(struct playing *playing, const struct song *song, struct rng *rng)
{
    whole(playing, song, rng);
    playing_shift(playing, rng, .1, 2);
}

static void half_wrong(struct playing *playing, const struct song *song, struct rng *rng)
{
    whole(playing, song, rng);
    playing_shift(playing, rng, .5, 2);
}

static void wide_wrong(struct playing *playing, const struct song *song, struct rng *rng)
{
    whole(playing, song, rng);
    playing_shift(playing, rng, .3, 12);
}

static void wrong_notes_are_repaired(void **state)
{
    (void)state;
    struct tally few = play_all(few_wrong, 0), half = play_all(half_wrong, 0);
    assert_true(few.right > 99 && few.kept > 99.5);
    assert_true(half.right > 99 && half.kept > 99);
    assert_true(play_all(wide_wrong, 0).right > 98);
}

static void loose(struct playing *playing, const struct song *song, struct rng *rng)
{
    few_wrong(playing, song, rng);
    playing_drop(playing, rng, .05);
    playing_brush(playing, rng, .05);
    playing_jitter(playing, rng, .05);
}

static void loose_playing_is_followed(void **state)
{
    (void)state;
    struct tally tally = play_all(loose, 0);
    assert_true(tally.right > 97 && tally.kept > 98.5);
}

/* 48 bars of a tune over chords broken in eighths, and the tune. */
static struct song *tune_over_chords(struct song **tune, uint64_t seed)
{
    static const int scale[] = {0, 2, 4, 5, 7, 9, 11};
    struct song_note both[48 * 24], alone[48 * 8];
    size_t notes = 0, tunes = 0;
    struct rng rng;
    rng_seed(&rng, seed, 3);
    int step = 7;
    for (uint32_t slot = 0; slot < 48 * MUSIC_BAR; slot++) {
        int root = (int)(slot / MUSIC_BAR * 3 % 7), degree = root + (int)(slot / 2 % 4) * 2;
        uint8_t low = (uint8_t)(48 + degree / 7 * 12 + scale[degree % 7]);
        if (slot % 2 == 0)
            both[notes++] = (struct song_note){slot, low};
        if (slot % 4 != 0 || rng_below(&rng, 4) == 0)
            continue;
        step += (int)rng_below(&rng, 5) - 2;
        step = step < 0 ? 0 : step > 12 ? 12 : step;
        alone[tunes] = (struct song_note){slot, (uint8_t)(72 + step / 7 * 12 + scale[step % 7])};
        both[notes++] = alone[tunes++];
    }
    *tune = music_written(alone, tunes);
    return music_written(both, notes);
}

/* As one who practises a hand at a time does. */
static void one_hand_alone_is_followed(void **state)
{
    (void)state;
    double right = 0;
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        struct song *tune, *song = tune_over_chords(&tune, seed);
        struct model *model = music_model(&song, 1);
        struct corrector *corrector = music_corrector(model, CORRECT_CORRECT);
        struct playing playing = {0};
        struct rng rng;
        rng_seed(&rng, seed, 7);
        playing_add(&playing, tune, 0, tune->slots);
        playing_shift(&playing, &rng, .3, 2);
        playing_play(&playing, corrector);
        right += playing_tally(&playing, 0).right / SEEDS;
        playing_free(&playing);
        corrector_close(corrector);
        model_free(model);
        song_free(tune);
    }
    print_message("  right %.2f\n", right);
    assert_true(right > 85);
}

static void from_the_middle(struct playing *playing, const struct song *song, struct rng *rng)
{
    playing_add(playing, song, (2 + rng_below(rng, 20)) * MUSIC_BAR, song->slots);
    playing_shift(playing, rng, .1, 2);
}

static void a_start_in_the_middle_is_found(void **state)
{
    (void)state;
    assert_true(play_all(from_the_middle, 24).right > 98);
}

static void with_jumps(struct playing *playing, const struct song *song, struct rng *rng)
{
    for (int n = 0; n < 12; n++) {
        uint32_t bar = rng_below(rng, song->slots / MUSIC_BAR - 4);
        playing_add(playing, song, bar * MUSIC_BAR, (bar + 4) * MUSIC_BAR);
    }
    playing_shift(playing, rng, .05, 2);
}

/* A jump every four bars, some 30 notes, may cost the note that lands. */
static void jumps_are_followed(void **state)
{
    (void)state;
    struct tally tally = play_all(with_jumps, 0);
    assert_true(tally.right > 95 && tally.kept > 95.5);
}

/* A learner: each bar up to three times, or broken off and begun again. */
static void with_restarts(struct playing *playing, const struct song *song, struct rng *rng)
{
    for (uint32_t bar = 0; bar < 24; bar++) {
        for (uint32_t again = rng_below(rng, 3); again > 0; again--) {
            playing_add(playing, song, bar * MUSIC_BAR,
                        bar * MUSIC_BAR + 4 * (1 + rng_below(rng, 4)));
            playing_rest(playing, rng_below(rng, 3));
        }
        playing_add(playing, song, bar * MUSIC_BAR, (bar + 1) * MUSIC_BAR);
    }
    playing_shift(playing, rng, .05, 2);
}

static void restarts_are_followed(void **state)
{
    (void)state;
    struct tally tally = play_all(with_restarts, 0);
    assert_true(tally.right > 93 && tally.kept > 94);
}

static void with_pauses(struct playing *playing, const struct song *song, struct rng *rng)
{
    for (uint32_t bar = 0; bar < song->slots / MUSIC_BAR; bar++) {
        playing_add(playing, song, bar * MUSIC_BAR, (bar + 1) * MUSIC_BAR);
        if (rng_below(rng, 8) == 0)
            playing_rest(playing, 1 + rng_below(rng, 60));
    }
    playing_shift(playing, rng, .05, 2);
}

static void pauses_are_followed(void **state)
{
    (void)state;
    struct tally tally = play_all(with_pauses, 0);
    assert_true(tally.right > 97 && tally.kept > 99);
}

static void brushed_keys_end_on_a_note_of_the_piece(void **state)
{
    (void)state;
    size_t extra = 0, harmless = 0;
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        struct model *model = music_model_of(MUSIC_PIANO, seed, SECTIONS);
        struct corrector *corrector = music_corrector(model, CORRECT_CORRECT);
        const struct song *song = model_song(model, 0);
        struct playing playing = {0};
        struct rng rng;
        rng_seed(&rng, seed, 8);
        playing_add(&playing, song, 0, song->slots);
        playing_brush(&playing, &rng, .05);
        playing_play(&playing, corrector);
        for (size_t i = 0; i < playing.count; i++) {
            if (!playing.extra[i])
                continue;
            uint64_t set[2];
            song_slot_set(song, (uint32_t)playing.note[i].slot, set);
            extra++;
            harmless += set[playing.sent[i] >> 6] >> (playing.sent[i] & 63) & 1;
        }
        assert_true(playing_tally(&playing, 0).kept > 98.5);
        playing_free(&playing);
        corrector_close(corrector);
        model_free(model);
    }
    print_message("  harmless %zu of %zu\n", harmless, extra);
    assert_true(extra > 100 && harmless * 100 > extra * 93);
}

static void unknown_music_is_left_alone(void **state)
{
    (void)state;
    double worst = 100, mean = 0;
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        struct song *songs[20];
        for (uint64_t k = 0; k < 20; k++)
            songs[k] = music_compose(kinds[k % 2], 1000 * seed + k, 4);
        struct model *model = music_model(songs, 20);
        struct corrector *corrector = music_corrector(model, CORRECT_CORRECT);
        struct song *other = music_compose(kinds[seed % 2], seed, SECTIONS);
        struct playing playing = {0};
        playing_add(&playing, other, 0, other->slots);
        playing_play(&playing, corrector);
        double same = playing_tally(&playing, 0).as_played;
        worst = same < worst ? same : worst;
        mean += same / SEEDS;
        playing_free(&playing);
        song_free(other);
        corrector_close(corrector);
        model_free(model);
    }
    print_message("  as played: mean %.2f worst %.2f\n", mean, worst);
    assert_true(mean > 98.5 && worst > 95);
}

static void the_piece_played_is_recognised(void **state)
{
    (void)state;
    enum { PIECES = 40 };
    struct song *songs[PIECES];
    for (uint64_t k = 0; k < PIECES; k++)
        songs[k] = music_compose(kinds[k % 2], 50 + k, 2);
    struct model *model = music_model(songs, PIECES);
    struct correct_settings settings = correct_defaults();
    size_t in_time = 0, correct = 0, sections = 0;
    for (uint32_t k = 0; k < PIECES; k++)
        for (uint32_t bar = 0; bar < 8; bar += 5) {
            struct corrector *corrector =
                corrector_open((const struct model *[]){model}, 1, &settings, NULL);
            const struct song *song = model_song(model, k);
            struct playing playing = {0};
            playing_add(&playing, song, bar * MUSIC_BAR, (bar + 4) * MUSIC_BAR);
            assert_int_equal(corrector_place(corrector).piece, -1);
            bool early = false;
            for (size_t i = 0; i < playing.count; i++) {
                corrector_note(corrector, &playing.note[i]);
                struct correct_place place = corrector_place(corrector);
                assert_true(place.piece >= -1 && place.piece < PIECES);
                assert_true(place.confidence >= 0 && place.confidence <= 1.001f);
                if (place.piece >= 0)
                    assert_true(place.onset < model_score(model, (size_t)place.piece)->onsets);
                early = early || (place.piece == (int)k && playing.note[i].slot < 2 * MUSIC_BAR);
            }
            /* The second of two equal sections sounds like the first. */
            struct correct_place place = corrector_place(corrector);
            uint32_t at = bar * MUSIC_BAR + (uint32_t)playing.note[playing.count - 1].slot;
            correct += place.piece == (int)k &&
                       (uint32_t)(4 * place.quarter) % (8 * MUSIC_BAR) == at % (8 * MUSIC_BAR);
            in_time += early;
            sections++;
            playing_free(&playing);
            corrector_close(corrector);
        }
    print_message("  within two bars %zu, in the end %zu of %zu\n", in_time, correct, sections);
    assert_true(in_time * 100 >= sections * 80);
    assert_true(correct * 100 >= sections * 95);
    model_free(model);
}

/* Time runs at another rate, and unevenly. */
static void stretch(struct playing *playing, struct rng *rng, double rate, double uneven)
{
    double from = 0, to = 0;
    for (size_t i = 0; i < playing->count; i++) {
        double step = playing->note[i].seconds - from;
        from = playing->note[i].seconds;
        to += step * rate * (1 + uneven * (2 * rng_double(rng) - 1));
        playing->note[i].seconds = to;
    }
}

static void slow(struct playing *playing, const struct song *song, struct rng *rng)
{
    whole(playing, song, rng);
    playing_shift(playing, rng, .1, 2);
    stretch(playing, rng, 3, .3);
}

static void any_tempo_is_followed(void **state)
{
    (void)state;
    struct tally tally = play_all(slow, 8);
    assert_true(tally.right > 99 && tally.kept > 99.7);
}

static void high(struct playing *playing, const struct song *song, struct rng *rng)
{
    whole(playing, song, rng);
    for (size_t i = 0; i < playing->count; i++) {
        playing->note[i].pitch = (uint8_t)(playing->note[i].pitch + 5);
        playing->meant[i] = (uint8_t)(playing->meant[i] + 5);
    }
    playing_shift(playing, rng, .1, 2);
}

static void a_piece_is_followed_in_another_key(void **state)
{
    (void)state;
    struct tally tally = play_all(high, 16);
    assert_true(tally.right > 99 && tally.kept > 99.7);
}

/* The same deviation for the second time is meant. */
static void the_players_own_version_stays(void **state)
{
    (void)state;
    struct model *model = music_model_of(MUSIC_MELODY, 4, 2);
    struct corrector *corrector = music_corrector(model, CORRECT_CORRECT);
    struct playing playing = {0};
    const struct song *song = model_song(model, 0);
    enum { TIMES = 4 };
    for (int time = 0; time < TIMES; time++) {
        playing_add(&playing, song, 0, song->slots);
        playing_rest(&playing, 32);
    }
    size_t each = playing.count / TIMES, own = each / 2;
    for (size_t i = own; i < playing.count; i += each)
        playing.note[i].pitch++;
    playing_play(&playing, corrector);
    for (size_t i = own + each; i < playing.count; i += each)
        assert_int_equal(playing.sent[i], playing.note[i].pitch);
    playing_free(&playing);
    corrector_close(corrector);
    model_free(model);
}

/* A whole take is read at least as well as live. */
static void what_comes_after_helps(void **state)
{
    (void)state;
    struct model *model = music_model_of(MUSIC_PIANO, 2, 4);
    struct corrector *corrector = music_corrector(model, CORRECT_CORRECT);
    struct playing playing = {0};
    struct rng rng;
    rng_seed(&rng, 2, 9);
    whole(&playing, model_song(model, 0), &rng);
    playing_shift(&playing, &rng, .3, 2);
    playing_play(&playing, corrector);
    double live = playing_tally(&playing, 0).right;
    assert_int_equal(corrector_take(corrector, playing.note, playing.count, playing.sent, NULL, NULL), 0);
    double taken = playing_tally(&playing, 0).right;
    print_message("  live %.2f whole %.2f\n", live, taken);
    assert_true(taken >= live && taken > 99);
    playing_free(&playing);
    corrector_close(corrector);
    model_free(model);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(clean_playing_is_kept),
        cmocka_unit_test(wrong_notes_are_repaired),
        cmocka_unit_test(loose_playing_is_followed),
        cmocka_unit_test(one_hand_alone_is_followed),
        cmocka_unit_test(a_start_in_the_middle_is_found),
        cmocka_unit_test(jumps_are_followed),
        cmocka_unit_test(restarts_are_followed),
        cmocka_unit_test(pauses_are_followed),
        cmocka_unit_test(brushed_keys_end_on_a_note_of_the_piece),
        cmocka_unit_test(unknown_music_is_left_alone),
        cmocka_unit_test(the_piece_played_is_recognised),
        cmocka_unit_test(any_tempo_is_followed),
        cmocka_unit_test(a_piece_is_followed_in_another_key),
        cmocka_unit_test(the_players_own_version_stays),
        cmocka_unit_test(what_comes_after_helps),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
