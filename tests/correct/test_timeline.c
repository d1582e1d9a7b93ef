/* The timeline against what plain reading of the songs finds. */
#include "correct/timeline.h"
#include "music.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

enum { A = 60, B = 62, C = 64, D = 65 };

/* A chord whose order is not by pitch, a rest at the start of the second piece. */
static struct model *two_pieces(void)
{
    static const struct song_note one[] = {{0, C}, {0, A}, {2, B}, {5, A}};
    static const struct song_note two[] = {{7, D}, {8, 0}, {8, 127}};
    struct song *songs[] = {music_written(one, 4), music_written(two, 3)};
    return music_model(songs, 2);
}

static void no_models_make_an_empty_one(void **state)
{
    (void)state;
    struct timeline *timeline = timeline_open(NULL, 0, NULL);
    assert_non_null(timeline);
    assert_int_equal(timeline->pieces, 0);
    assert_int_equal(timeline->notes, 0);
    for (uint32_t p = 0; p < timeline->places; p++) {
        assert_true(timeline->set[p] == 0);
        assert_int_equal(timeline_find_piece(timeline, p), -1);
    }
    timeline_close(timeline);
    timeline_close(NULL);
}

static void pieces_lie_between_gaps(void **state)
{
    (void)state;
    const struct model *models[] = {two_pieces(), two_pieces()};
    struct timeline *timeline = timeline_open(models, 2, NULL);
    assert_int_equal(timeline->pieces, 4);
    uint32_t place = 0;
    for (uint32_t k = 0; k < 4; k++) {
        const struct timeline_piece *piece = &timeline->piece[k];
        const struct song *song = model_song(models[k / 2], k % 2);
        assert_int_equal(piece->start, place + TIMELINE_GAP);
        assert_int_equal(piece->start % SONG_SLOTS_A_BEAT, 0);
        assert_int_equal(piece->slots, song->slots);
        assert_int_equal(piece->model, k / 2);
        assert_int_equal(piece->song, k % 2);
        assert_int_equal(piece->onset, piece->start + (k % 2 ? 7 : 0));
        for (; place < piece->start; place++) {
            assert_true(timeline->set[place] == 0);
            assert_int_equal(timeline_find_piece(timeline, place), -1);
        }
        for (; place < piece->start + piece->slots; place++)
            assert_int_equal(timeline_find_piece(timeline, place), k);
    }
    assert_int_equal(timeline->places, place + TIMELINE_GAP);
    for (; place < timeline->places; place++)
        assert_int_equal(timeline_find_piece(timeline, place), -1);
    assert_int_equal(timeline_find_piece(timeline, UINT32_MAX), -1);
    timeline_close(timeline);
    model_free((struct model *)models[0]);
    model_free((struct model *)models[1]);
}

static void notes_stand_at_their_places(void **state)
{
    (void)state;
    const struct model *model = two_pieces();
    struct timeline *timeline = timeline_open(&model, 1, NULL);
    uint32_t one = timeline->piece[0].start, two = timeline->piece[1].start;
    assert_true(timeline->set[one] == (note_set_bit(A) | note_set_bit(C)));
    assert_int_equal(timeline_count(timeline, one), 2);
    /* The piece's own order. */
    assert_int_equal(timeline->pitch[timeline->first[one]], C);
    assert_int_equal(timeline->pitch[timeline->first[one] + 1], A);
    assert_true(timeline->set[one + 1] == 0);
    assert_int_equal(timeline_count(timeline, one + 1), 0);
    assert_true(timeline->set[two + 8] == (note_set_bit(0) | note_set_bit(127)));
    assert_int_equal(timeline->first[timeline->places], 7);
    assert_int_equal(timeline->notes, 5);
    uint32_t before = 0;
    for (uint32_t p = 0; p < timeline->places; p++) {
        assert_int_equal(timeline->onsets_before[p], before);
        if (timeline->set[p])
            assert_int_equal(timeline->onset[before++], p);
    }
    assert_int_equal(timeline->onsets_before[timeline->places], before);
    timeline_close(timeline);
    model_free((struct model *)model);
}

/* How often a place stands in the bucket of a pair. */
static int times_indexed(const struct timeline *timeline, unsigned a, unsigned b, unsigned distance,
                         uint32_t place)
{
    uint32_t bucket = timeline_bucket(timeline, a, b, distance);
    int times = 0;
    for (uint32_t i = timeline->pair_first[bucket]; i < timeline->pair_first[bucket + 1]; i++)
        times += timeline->pair_place[i] == place;
    return times;
}

static void every_pair_is_found(void **state)
{
    (void)state;
    struct song *songs[] = {music_compose(MUSIC_PIANO, 5, 2), music_compose(MUSIC_MELODY, 6, 2)};
    const struct model *model = music_model(songs, 2);
    struct timeline *timeline = timeline_open(&model, 1, NULL);
    size_t pairs = 0;
    for (uint32_t place = TIMELINE_GAP; place < timeline->places; place++)
        for (unsigned distance = 0; distance <= TIMELINE_REACH; distance++)
            for (unsigned b = 0; b < 128; b++)
                for (unsigned a = 0; a < 128 && timeline->set[place] >> b & 1; a++)
                    if (timeline->set[place - distance] >> a & 1 && (distance > 0 || a != b)) {
                        assert_true(times_indexed(timeline, a, b, distance, place) >= 1);
                        pairs++;
                    }
    /* Nothing but pairs is in the index. */
    assert_int_equal(timeline->pair_first[timeline->pair_mask + 1], pairs);
    assert_true(pairs > 1000);
    timeline_close(timeline);
    model_free((struct model *)model);
}

/* Beats A B A C A B: after an A the music went on with B twice and with C once. */
static void turns_follow_the_policy(void **state)
{
    (void)state;
    static const struct song_note notes[] = {{0, A}, {4, B}, {8, A}, {12, C}, {16, A}, {20, B}};
    struct song *song = music_written(notes, 6);
    const struct model *model = music_model(&song, 1);
    struct timeline *timeline = timeline_open(&model, 1, NULL);
    uint32_t start = timeline->piece[0].start, beat = start / SONG_SLOTS_A_BEAT;
    const double to_c = 1. / 3, to_b = 2. / 3;
    /* From the first A: to what followed the second (C) and the third (B) of three. */
    uint32_t at = timeline->turn_first[beat];
    assert_int_equal(timeline->turn_first[beat + 1] - at, 2);
    assert_int_equal(timeline->turn[at].place, start + 12);
    assert_true(fabs((double)timeline->turn[at].probability - to_c / 3) < 1e-5);
    assert_int_equal(timeline->turn[at + 1].place, start + 20);
    assert_true(fabs((double)timeline->turn[at + 1].probability - to_b / 3) < 1e-5);
    /* From the first B: the last one ends the piece, so there is nowhere to turn. */
    assert_int_equal(timeline->turn_first[beat + 2], timeline->turn_first[beat + 1]);
    /* From the last B: to what followed the first. */
    at = timeline->turn_first[beat + 5];
    assert_int_equal(timeline->turn_first[beat + 6] - at, 1);
    assert_int_equal(timeline->turn[at].place, start + 8);
    /* C came once only. */
    assert_int_equal(timeline->turn_first[beat + 4], timeline->turn_first[beat + 3]);
    timeline_close(timeline);
    model_free((struct model *)model);
}

static void turns_stay_in_pieces(void **state)
{
    (void)state;
    struct song *songs[] = {music_compose(MUSIC_PIANO, 1, 8), music_compose(MUSIC_PIANO, 1, 5),
                            music_compose(MUSIC_MELODY, 2, 8)};
    const struct model *model = music_model(songs, 3);
    struct timeline *timeline = timeline_open(&model, 1, NULL);
    assert_true(timeline->turn_first[timeline->places / SONG_SLOTS_A_BEAT] > 100);
    for (uint32_t b = 0; b < timeline->places / SONG_SLOTS_A_BEAT; b++) {
        double sum = 0;
        assert_true(timeline->turn_first[b] <= timeline->turn_first[b + 1]);
        for (uint32_t i = timeline->turn_first[b]; i < timeline->turn_first[b + 1]; i++) {
            sum += (double)timeline->turn[i].probability;
            assert_true(timeline_find_piece(timeline, timeline->turn[i].place) >= 0);
            assert_int_equal(timeline->turn[i].place % SONG_SLOTS_A_BEAT, 0);
        }
        assert_true(sum <= 1.0001);
    }
    timeline_close(timeline);
    model_free((struct model *)model);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_models_make_an_empty_one), cmocka_unit_test(pieces_lie_between_gaps),
        cmocka_unit_test(notes_stand_at_their_places), cmocka_unit_test(every_pair_is_found),
        cmocka_unit_test(turns_follow_the_policy),     cmocka_unit_test(turns_stay_in_pieces),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
