/* Following at its limits: the ends of the keyboard, times that are none, pieces alike. */
#include "follow/follow.h"
#include "tests/correct/music.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

struct following {
    struct model *model;
    struct pieces *pieces;
    struct follow *follow;
};

static struct following open_pieces(struct song **songs, size_t count)
{
    struct following f = {.model = music_model(songs, count)};
    f.pieces = pieces_open((const struct model *[]){f.model}, 1, NULL);
    assert_non_null(f.pieces);
    f.follow = follow_open(f.pieces, NULL);
    assert_non_null(f.follow);
    return f;
}

static void close_pieces(struct following *f)
{
    follow_close(f->follow);
    pieces_close(f->pieces);
    model_free(f->model);
}

/* Up and down between two keys. */
static struct song *wave(int low, int high)
{
    struct song_note notes[64];
    int pitch = low, step = 1;
    for (uint32_t n = 0; n < 64; n++) {
        notes[n] = (struct song_note){2 * n, (uint8_t)pitch};
        step = pitch == high ? -1 : pitch == low ? 1 : step;
        pitch += step;
    }
    return music_written(notes, 64);
}

/* A piece an octave higher or lower than written, so that the keyboard ends before the piece does:
 * the last key, struck where it is not due, may be a slip of one beyond. */
static void stays_on_the_keyboard(int low, int high, int shift)
{
    enum { KNOWN = 26, ENDS = 8 };
    float room[130];
    struct song *song = wave(low, high);
    struct following f = open_pieces(&song, 1);
    const struct song *written = model_song(f.model, 0);
    double seconds = 0;
    for (uint32_t n = 0; n < KNOWN + ENDS; n++) {
        int key = n < KNOWN ? written->pitch[n] + shift : shift > 0 ? 127 : 0;
        key = key < 0 ? 0 : key > 127 ? 127 : key;
        seconds += n < KNOWN ? .25 : .06;
        room[0] = room[129] = 7;
        follow_note(f.follow, seconds, (uint8_t)key, .5f, room + 1);
        assert_true(room[0] <= 7 && room[0] >= 7 && room[129] <= 7 && room[129] >= 7);
        if (n + 1 == KNOWN)
            assert_int_equal(follow_place(f.follow).shift, shift);
    }
    close_pieces(&f);
}

static void the_keyboard_ends(void **state)
{
    (void)state;
    stays_on_the_keyboard(104, 117, 12);
    stays_on_the_keyboard(10, 23, -12);
}

static void what_is_no_time_is_that_of_the_note_before(void **state)
{
    (void)state;
    static const double none[] = {NAN, INFINITY, -INFINITY, -5};
    struct song *song = wave(60, 72);
    struct following f = open_pieces(&song, 1);
    const struct song *written = model_song(f.model, 0);
    float vote[128];
    for (size_t k = 0; k < sizeof none / sizeof *none; k++) {
        follow_start(f.follow);
        for (uint32_t n = 0; n < 32; n++) {
            bool odd = n == 0 || n == 13;
            struct follow_rest rest =
                follow_note(f.follow, odd ? none[k] : n * .25, written->pitch[n], 1, vote);
            assert_true(isfinite(rest.as_played) && isfinite(rest.elsewhere));
            for (int y = 0; y < 128; y++)
                assert_true(isfinite(vote[y]));
        }
        struct follow_place place = follow_place(f.follow);
        assert_int_equal(place.position % 24, 31 % 24); /* the wave's length */
        assert_int_equal(place.piece, 0);
    }
    close_pieces(&f);
}

/* Other keys at the same times, of a piece played with a jitter and an ornament now and then. */
static void without_trust_no_key_says_anything(void **state)
{
    (void)state;
    enum { NOTES = 120 };
    struct song *song = music_compose(MUSIC_PIANO, 5, 4);
    struct following f[2] = {open_pieces(&song, 1)};
    f[1] = f[0];
    f[1].follow = follow_open(f[0].pieces, NULL);
    assert_non_null(f[1].follow);
    struct rng rng;
    rng_seed(&rng, 9, 1);
    float vote[2][128];
    double seconds = 1;
    for (int n = 0; n < NOTES; n++) {
        uint32_t key = rng_below(&rng, 128);
        follow_note(f[0].follow, seconds, (uint8_t)key, 0, vote[0]);
        follow_note(f[1].follow, seconds, (uint8_t)((key + 37) % 128), 0, vote[1]);
        assert_memory_equal(vote[0], vote[1], sizeof vote[0]);
        seconds += rng_below(&rng, 3) ? .25 + .02 * rng_double(&rng) : .06 * rng_double(&rng);
    }
    assert_true(follow_place(f[0].follow).piece == 0);
    follow_close(f[1].follow);
    close_pieces(&f[0]);
}

/* A long piece of quarters and eighths at random, begun anywhere: the rhythm alone finds the place.
 */
static void the_rhythm_tells_where_it_is(void **state)
{
    (void)state;
    enum { NOTES = 600, PLAYED = 48, PLACES = 20 };
    struct song_note notes[NOTES];
    struct rng rng;
    rng_seed(&rng, 4, 1);
    for (uint32_t n = 0, slot = 0; n < NOTES; n++) {
        notes[n] = (struct song_note){slot, (uint8_t)(48 + rng_below(&rng, 36))};
        slot += rng_below(&rng, 2) ? 2 : 4;
    }
    struct song *song = music_written(notes, NOTES);
    struct following f = open_pieces(&song, 1);
    float vote[128];
    uint32_t found = 0;
    for (uint32_t place = 0; place < PLACES; place++) {
        uint32_t from = 20 + 25 * place;
        follow_start(f.follow);
        for (uint32_t n = from; n < from + PLAYED; n++)
            follow_note(f.follow, .15 * notes[n].slot, 60, 0, vote);
        found += follow_place(f.follow).position == from + PLAYED - 1;
    }
    assert_true(found >= PLACES - 1);
    close_pieces(&f);
}

/* More pieces than are held, of which the first key says nothing. */
static void pieces_that_begin_alike_are_held(void **state)
{
    (void)state;
    enum { PIECES = FOLLOW_HYPOTHESES + 8 };
    struct song *songs[PIECES];
    for (int k = 0; k < PIECES; k++)
        songs[k] = wave(60, 62 + k % 20);
    struct following f = open_pieces(songs, PIECES);
    float vote[128];
    follow_note(f.follow, 0, 60, 0, vote);
    assert_true(follow_place(f.follow).sure > 0);
    close_pieces(&f);
}

/* The second half is the first with every note a semitone off, up and down in turn. */
static struct song *two_alike(void)
{
    enum { HALF = 64 };
    struct song_note notes[2 * HALF];
    struct rng rng;
    rng_seed(&rng, 5, 0);
    for (uint32_t n = 0; n < HALF; n++) {
        int pitch = 48 + (int)rng_below(&rng, 24);
        notes[n] = (struct song_note){2 * n, (uint8_t)pitch};
        notes[HALF + n] = (struct song_note){2 * (HALF + n), (uint8_t)(pitch + (n % 2 ? 1 : -1))};
    }
    return music_written(notes, 2 * HALF);
}

/* Who makes many mistakes is not thought to make more where the music is another passage. */
static void a_line_leads_away_from_where_it_does_not_fit(void **state)
{
    (void)state;
    enum { HALF = 64, WRONG = 24, FOUND = 6, ENDS = 24 };
    struct song *song = two_alike();
    struct following f = open_pieces(&song, 1);
    const struct song *written = model_song(f.model, 0);
    float vote[128];
    for (uint32_t n = 0; n < WRONG; n++)
        follow_note(f.follow, n * .25, (uint8_t)(written->pitch[n] + (n % 2 ? 2 : 0)), 1, vote);
    for (uint32_t n = WRONG; n < WRONG + ENDS; n++) {
        follow_note(f.follow, n * .25, written->pitch[HALF + n], 1, vote);
        if (n >= WRONG + FOUND)
            assert_int_equal(follow_place(f.follow).position, HALF + n);
    }
    close_pieces(&f);
}

/* What a key two semitones above a note says, in the midst of the piece: weights of the note, of
 * the key. */
static void ask_beside(struct following *f, const struct song *written, float *note, float *key)
{
    enum { AT = 30 };
    float vote[128];
    follow_start(f->follow);
    for (uint32_t n = 0; n < AT; n++)
        follow_note(f->follow, n * .25, written->pitch[n], 1, vote);
    int pitch = written->pitch[AT];
    struct follow_rest rest = follow_note(f->follow, AT * .25, (uint8_t)(pitch + 2), 1, vote);
    *note = vote[pitch];
    *key = vote[pitch + 2] + rest.as_played;
}

static void the_key_counts_where_a_note_is_in_doubt(void **state)
{
    (void)state;
    static const float doubts[] = {0, .002f, .5f};
    for (size_t k = 0; k < 3; k++) {
        float note, key;
        struct song *song = two_alike();
        struct following f = open_pieces(&song, 1);
        for (uint32_t n = 0; n < 128; n++)
            f.pieces->doubt[n] = doubts[k];
        ask_beside(&f, model_song(f.model, 0), &note, &key);
        assert_true(k == 2 ? key > note : note > 2 * key);
        close_pieces(&f);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_keyboard_ends),
        cmocka_unit_test(what_is_no_time_is_that_of_the_note_before),
        cmocka_unit_test(without_trust_no_key_says_anything),
        cmocka_unit_test(the_rhythm_tells_where_it_is),
        cmocka_unit_test(pieces_that_begin_alike_are_held),
        cmocka_unit_test(the_key_counts_where_a_note_is_in_doubt),
        cmocka_unit_test(a_line_leads_away_from_where_it_does_not_fit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
