/* Following composed pieces, played well and badly. The bounds lie well below
 * what is reached on average over the seeds; they are there to notice a follower
 * that has lost an ability. */
#include "correct/follow.h"
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
                    assert_true(place.slot < model_song(model, (size_t)place.piece)->slots);
                early = early || (place.piece == (int)k && playing.note[i].slot < 2 * MUSIC_BAR);
            }
            /* The second of two equal sections sounds like the first. */
            struct correct_place place = corrector_place(corrector);
            uint32_t at = bar * MUSIC_BAR + (uint32_t)playing.note[playing.count - 1].slot;
            correct +=
                place.piece == (int)k && place.slot % (8 * MUSIC_BAR) == at % (8 * MUSIC_BAR);
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

/* Every distance between the player's count of slots and the piece's can be
 * found: the piece is begun after 0 to 80 slots of something else. */
static void no_offset_is_missed(void **state)
{
    (void)state;
    struct model *model = music_model_of(MUSIC_MELODY, 9, 1);
    struct song *other = music_compose(MUSIC_MELODY, 10, 1);
    const struct song *song = model_song(model, 0);
    for (uint32_t before = 0; before <= 80; before++) {
        struct corrector *corrector = music_corrector(model, CORRECT_CORRECT);
        struct playing playing = {0};
        playing_add(&playing, other, 0, before);
        playing_add(&playing, song, 0, song->slots);
        playing_play(&playing, corrector);
        struct correct_place place = corrector_place(corrector);
        double last = playing.note[playing.count - 1].slot;
        assert_int_equal(place.piece, 0);
        assert_int_equal(place.slot, (uint32_t)last - before);
        playing_free(&playing);
        corrector_close(corrector);
    }
    song_free(other);
    model_free(model);
}

/* The weight that a place has, 0 where it is not held. */
static float weight_of(const struct follow *follow, uint32_t place)
{
    for (uint32_t i = 0; i < follow->count; i++)
        if (follow->slot + follow->hypothesis[i].diagonal == (int64_t)place)
            return follow->hypothesis[i].weight;
    return 0;
}

/* The beginning of a piece is thought of whatever the player's count of slots. */
static void beginnings_are_thought_of_at_any_time(void **state)
{
    (void)state;
    static struct follow follow;
    struct model *model = music_model_of(MUSIC_MELODY, 9, 1);
    struct timeline *timeline = timeline_open((const struct model *[]){model}, 1, NULL);
    uint32_t onset = timeline->piece[0].onset;
    uint8_t first = timeline->pitch[0];
    for (int before = 0; before <= 80; before++) {
        follow_start(&follow, timeline);
        for (int slot = 0; slot < before; slot++) {
            uint8_t noise = (uint8_t)(slot % 2 ? 20 : 100);
            follow_advance(&follow, slot);
            follow_enter(&follow, noise);
            follow_weigh(&follow, noise, NULL);
            follow_sent(&follow, noise, noise);
        }
        follow_advance(&follow, before);
        follow_enter(&follow, first);
        assert_true(weight_of(&follow, onset) > 0);
    }
    timeline_close(timeline);
    model_free(model);
}

/* Of many pieces those that begin with the note struck. */
static void the_right_beginnings_are_thought_of(void **state)
{
    (void)state;
    enum { PIECES = 60 };
    static struct follow follow;
    struct song *songs[PIECES];
    for (uint32_t k = 0; k < PIECES; k++)
        songs[k] = music_written((const struct song_note[]){{0, (uint8_t)(30 + k)}}, 1);
    struct model *model = music_model(songs, PIECES);
    struct timeline *timeline = timeline_open((const struct model *[]){model}, 1, NULL);
    for (uint32_t k = 0; k < PIECES; k++) {
        follow_start(&follow, timeline);
        follow_advance(&follow, 0);
        follow_enter(&follow, (uint8_t)(30 + k));
        assert_true(weight_of(&follow, timeline->piece[k].onset) > 0);
    }
    timeline_close(timeline);
    model_free(model);
}

/* A piece that begins on the last sixteenth of a beat is most likely begun there. */
static void the_beat_tells_where_a_piece_begins(void **state)
{
    (void)state;
    static struct follow follow;
    struct song *song = music_written((const struct song_note[]){{3, 60}, {4, 62}}, 2);
    struct model *model = music_model(&song, 1);
    struct timeline *timeline = timeline_open((const struct model *[]){model}, 1, NULL);
    float weight[8];
    for (int slot = 0; slot < 8; slot++) {
        follow_start(&follow, timeline);
        follow_advance(&follow, slot);
        follow_enter(&follow, 60);
        weight[slot] = weight_of(&follow, timeline->piece[0].onset);
    }
    for (int slot = 0; slot < 8; slot++)
        if (slot % 4 == 3)
            assert_true(weight[slot] >= weight[3]);
        else
            assert_true(weight[slot] < weight[3]);
    timeline_close(timeline);
    model_free(model);
}

/* Two keys missed in one chord are taken for its two notes: 62 is as near to the
 * one as to the other, but what was sent already is not meant again. */
static void a_note_sent_is_not_meant_again(void **state)
{
    (void)state;
    enum { LEAD = 32 };
    struct song_note note[LEAD + 2];
    for (uint32_t i = 0; i < LEAD; i++)
        note[i] = (struct song_note){i, (uint8_t)(50 + i * 7 % 24)};
    note[LEAD] = (struct song_note){LEAD, 60};
    note[LEAD + 1] = (struct song_note){LEAD, 64};
    struct song *song = music_written(note, LEAD + 2);
    struct model *model = music_model(&song, 1);
    struct corrector *corrector = music_corrector(model, CORRECT_CORRECT);
    struct playing playing = {0};
    playing_add(&playing, model_song(model, 0), 0, LEAD + 1);
    playing.note[LEAD].pitch = playing.note[LEAD + 1].pitch = 62;
    playing_play(&playing, corrector);
    assert_int_equal(playing.sent[LEAD], 60);
    assert_int_equal(playing.sent[LEAD + 1], 64);
    playing_free(&playing);
    corrector_close(corrector);
    model_free(model);
}

/* Where the player's slots begin makes no difference. */
static void counting_from_elsewhere_is_the_same(void **state)
{
    (void)state;
    static const double offsets[] = {-1e9, -7, 3, 1e6 + 1, 4e12};
    struct model *model = music_model_of(MUSIC_PIANO, 3, 4);
    const struct song *song = model_song(model, 0);
    for (int k = 0; k < 5; k++) {
        struct corrector *here = music_corrector(model, CORRECT_CORRECT),
                         *there = music_corrector(model, CORRECT_CORRECT);
        struct playing playing = {0};
        struct rng rng;
        rng_seed(&rng, 4, 0);
        playing_add(&playing, song, 0, song->slots);
        playing_shift(&playing, &rng, .2, 2);
        playing_play(&playing, here);
        size_t differ = 0;
        for (size_t i = 0; i < playing.count; i++) {
            struct correct_note note = playing.note[i];
            note.slot += 4 * offsets[k];
            differ += corrector_note(there, &note) != playing.sent[i];
        }
        assert_int_equal(differ, 0);
        playing_free(&playing);
        corrector_close(here);
        corrector_close(there);
    }
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
        cmocka_unit_test(no_offset_is_missed),
        cmocka_unit_test(beginnings_are_thought_of_at_any_time),
        cmocka_unit_test(the_right_beginnings_are_thought_of),
        cmocka_unit_test(the_beat_tells_where_a_piece_begins),
        cmocka_unit_test(a_note_sent_is_not_meant_again),
        cmocka_unit_test(counting_from_elsewhere_is_the_same),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
