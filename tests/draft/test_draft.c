/* Pieces learned from takes made up here, whose truth is known. No style: by the takes alone. */
#include "bench/compare.h"
#include "draft/draft.h"
#include "filter/learned.h"
#include "music.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { ROOM = 1 << 14, TAKES = 8 };

/* A take that grows. */
struct playing_take {
    struct draft_key key[ROOM];
    size_t count;
    double now, tempo; /* seconds; a slot */
};

struct manner {
    double wrong, drop, add;
};

static const struct manner clean = {0, 0, 0}, careless = {.05, .02, .02};

static int compare_keys(const void *a, const void *b)
{
    const struct draft_key *x = a, *y = b;
    if (x->seconds < y->seconds || x->seconds > y->seconds)
        return x->seconds < y->seconds ? -1 : 1;
    return (x->pitch > y->pitch) - (x->pitch < y->pitch);
}

static void strike(struct playing_take *take, double seconds, int pitch)
{
    assert_true(take->count < ROOM);
    take->key[take->count++] = (struct draft_key){
        .seconds = seconds, .release = seconds + .2, .pitch = (uint8_t)pitch, .velocity = 64};
}

/* Slots from .. to-1 of a song, as a person plays them. */
static void play(struct playing_take *take, const struct song *song, uint32_t from, uint32_t to,
                 const struct manner *manner, struct rng *rng)
{
    double walk = 0;
    size_t before = take->count;
    for (uint32_t slot = from; slot < to && slot < song->slots; slot++) {
        walk = .95 * walk + .01 * rng_normal(rng);
        take->now += take->tempo * exp(walk);
        for (uint32_t n = song->first[slot]; n < song->first[slot + 1]; n++) {
            double seconds = take->now + .008 * rng_normal(rng);
            int pitch = song->pitch[n], off = rng_below(rng, 2) ? 1 : -1;
            off *= 1 + (int)rng_below(rng, 2);
            if (rng_double(rng) < manner->drop)
                continue;
            if (rng_double(rng) < manner->wrong)
                pitch += off;
            strike(take, fmax(seconds, 0), pitch);
            if (rng_double(rng) < manner->add)
                strike(take, fmax(seconds + .01, 0), pitch - off);
        }
    }
    qsort(take->key + before, take->count - before, sizeof *take->key, compare_keys);
}

static struct playing_take *begin(double tempo)
{
    struct playing_take *take = calloc(1, sizeof *take);
    assert_non_null(take);
    take->tempo = tempo;
    return take;
}

static struct draft *learn(struct playing_take *const *takes, size_t count, bool ends,
                           struct error *error)
{
    struct draft_take given[TAKES];
    struct draft_settings settings = draft_defaults();
    settings.ends = ends;
    settings.least = ends ? 1 : 2;
    for (size_t i = 0; i < count; i++)
        given[i] = (struct draft_take){takes[i]->key, takes[i]->count};
    return draft_learn(given, count, &settings, error);
}

static struct compare_counts against(const struct song *song, const struct draft_piece *piece)
{
    static double time[ROOM];
    static uint8_t pitch[ROOM];
    static struct compare_onset truth[ROOM], learned[ROOM];
    struct compare_counts counts = {0};
    size_t notes = 0;
    for (uint32_t slot = 0; slot < song->slots; slot++)
        for (uint32_t n = song->first[slot]; n < song->first[slot + 1]; n++) {
            time[notes] = slot;
            pitch[notes++] = song->pitch[n];
        }
    size_t truths = compare_onsets(time, pitch, notes, truth);
    assert_true(piece->count < ROOM);
    for (size_t i = 0; i < piece->count; i++) {
        time[i] = piece->note[i].quarter;
        pitch[i] = piece->note[i].pitch;
    }
    size_t count = compare_onsets(time, pitch, piece->count, learned);
    assert_int_equal(compare(truth, truths, learned, count, &counts), 0);
    return counts;
}

static double share(uint64_t part, uint64_t whole)
{
    return 100. * (double)part / (double)whole;
}

static void free_takes(struct playing_take **takes, size_t count)
{
    for (size_t i = 0; i < count; i++)
        free(takes[i]);
}

/* Three takes with wrong keys, notes left out and keys brushed. */
static void test_three_takes(void **state)
{
    (void)state;
    for (int kind = MUSIC_MELODY; kind <= MUSIC_PIANO; kind++) {
        struct song *song = music_compose((enum music_kind)kind, 11, 5);
        struct playing_take *takes[3];
        struct error error;
        struct rng rng;
        rng_seed(&rng, 1, (uint64_t)kind);
        for (int t = 0; t < 3; t++) {
            takes[t] = begin(.1 + .02 * t);
            play(takes[t], song, 0, song->slots, &careless, &rng);
        }
        struct draft *draft = learn(takes, 3, true, &error);
        assert_non_null(draft);
        assert_int_equal(draft->count, 1);
        assert_int_equal(draft->piece[0].takes, 3);
        struct compare_counts counts = against(song, &draft->piece[0]);
        assert_true(share(counts.right, counts.learned) > 97.5);
        assert_true(share(counts.missing, counts.truth) < 1.5);
        assert_true(share(counts.too_many, counts.truth) < 1.5);
        draft_free(draft);
        free_takes(takes, 3);
        song_free(song);
    }
}

/* A wrong key that is struck every time is the player's version. */
static void test_misreading_stays(void **state)
{
    (void)state;
    struct song *song = music_compose(MUSIC_PIANO, 12, 3);
    struct playing_take *takes[3];
    struct error error;
    struct rng rng;
    rng_seed(&rng, 2, 0);
    for (uint32_t n = 7; n < song->notes; n += 23)
        song->pitch[n]++;
    for (int t = 0; t < 3; t++) {
        takes[t] = begin(.12);
        play(takes[t], song, 0, song->slots, &clean, &rng);
    }
    struct draft *draft = learn(takes, 3, true, &error);
    assert_non_null(draft);
    struct compare_counts counts = against(song, &draft->piece[0]);
    assert_int_equal(counts.right, counts.learned);
    assert_int_equal(counts.missing, 0);
    draft_free(draft);
    free_takes(takes, 3);
    song_free(song);
}

static void test_unrelated_takes_are_refused(void **state)
{
    (void)state;
    struct playing_take *takes[2];
    struct error error;
    struct rng rng;
    rng_seed(&rng, 3, 0);
    for (int t = 0; t < 2; t++) {
        struct song *song = music_compose(MUSIC_PIANO, 40 + (uint64_t)t, 1);
        takes[t] = begin(.12);
        play(takes[t], song, 0, 8 * MUSIC_BAR, &clean, &rng);
        song_free(song);
    }
    assert_null(learn(takes, 2, true, &error));
    assert_non_null(strstr(error.text, "belongs together"));
    free_takes(takes, 2);
}

static void test_single_take(void **state)
{
    (void)state;
    struct song *song = music_compose(MUSIC_MELODY, 13, 2);
    struct playing_take *take = begin(.12);
    struct error error;
    struct rng rng;
    rng_seed(&rng, 4, 0);
    play(take, song, 0, song->slots, &clean, &rng);
    struct draft *draft = learn(&take, 1, true, &error);
    assert_non_null(draft);
    assert_int_equal(draft->count, 1);
    assert_int_equal(draft->piece[0].count, song->notes);
    draft_free(draft);
    free(take);
    song_free(song);
}

/* Two pieces, each played twice, and other music, in one recording: they are told apart. */
static void test_mixed_recording(void **state)
{
    (void)state;
    struct song *song[2], *other = music_compose(MUSIC_PIANO, 52, 1);
    struct playing_take *take = begin(.12);
    struct error error;
    struct rng rng;
    rng_seed(&rng, 5, 0);
    for (int s = 0; s < 2; s++)
        song[s] = music_compose(MUSIC_PIANO, 50 + (uint64_t)s, 3);
    for (int round = 0; round < 3; round++) {
        for (int s = 0; s < 2; s++) {
            play(take, song[s], 0, song[s]->slots, &careless, &rng);
            take->now += 4 + 6 * rng_double(&rng);
        }
        if (round == 0) {
            play(take, other, 0, 8 * MUSIC_BAR, &clean, &rng);
            take->now += 5;
        }
    }
    struct draft *draft = learn(&take, 1, false, &error);
    assert_non_null(draft);
    assert_int_equal(draft->count, 2);
    for (int s = 0; s < 2; s++) {
        struct compare_counts a = against(song[s], &draft->piece[0]);
        struct compare_counts b = against(song[s], &draft->piece[1]);
        struct compare_counts best = a.right > b.right ? a : b;
        assert_true(share(best.right, best.learned) > 98);
        assert_true(share(best.too_many, best.truth) < 1);
    }
    draft_free(draft);
    free(take);
    for (int s = 0; s < 2; s++)
        song_free(song[s]);
    song_free(other);
}

/* Begun again on the way, stopped early, begun late: the piece has its bars once. */
static void test_restarts_and_parts(void **state)
{
    (void)state;
    struct song *song = music_compose(MUSIC_PIANO, 14, 3);
    struct playing_take *takes[4];
    struct error error;
    struct rng rng;
    uint32_t bar = MUSIC_BAR;
    rng_seed(&rng, 6, 0);
    for (int t = 0; t < 4; t++)
        takes[t] = begin(.11 + .01 * t);
    play(takes[0], song, 0, 6 * bar, &careless, &rng);
    takes[0]->now += 1;
    play(takes[0], song, 3 * bar, song->slots, &careless, &rng);
    play(takes[1], song, 0, song->slots, &careless, &rng);
    play(takes[2], song, 0, 12 * bar, &careless, &rng);
    play(takes[3], song, 4 * bar, 14 * bar, &careless, &rng);
    takes[3]->now += 1;
    play(takes[3], song, 10 * bar, song->slots, &careless, &rng);
    struct draft *draft = learn(takes, 4, true, &error);
    assert_non_null(draft);
    assert_int_equal(draft->count, 1);
    struct compare_counts counts = against(song, &draft->piece[0]);
    assert_true(share(counts.right, counts.learned) > 97.5);
    assert_true(share(counts.missing, counts.truth) < 1.5);
    assert_true(share(counts.too_many, counts.truth) < 1.5);
    draft_free(draft);
    free_takes(takes, 4);
    song_free(song);
}

/* What is written is read again, note for note; and it is the same each time. */
/* Of the note of the draft at that time and pitch. */
static float doubt_of(const struct draft *draft, const struct midifile_note *note)
{
    const struct draft_piece *piece = &draft->piece[0];
    for (size_t n = 0; n < piece->count; n++)
        if (piece->note[n].pitch == note->pitch &&
            fabs(piece->note[n].quarter - note->tick / 480.) < .002)
            return piece->note[n].doubt;
    return -1;
}

static void test_file(void **state)
{
    (void)state;
    struct song *song = music_compose(MUSIC_PIANO, 15, 2);
    struct playing_take *takes[2];
    uint8_t *bytes[2];
    size_t length[2];
    struct error error;
    struct rng rng;
    rng_seed(&rng, 7, 0);
    for (int t = 0; t < 2; t++) {
        takes[t] = begin(.12);
        play(takes[t], song, 0, song->slots, &careless, &rng);
    }
    for (int i = 0; i < 2; i++) {
        struct draft *draft = learn(takes, 2, true, &error);
        assert_non_null(draft);
        bytes[i] = draft_smf(&draft->piece[0], "a name", &length[i], &error);
        assert_non_null(bytes[i]);
        struct midifile *file = midifile_load_memory(bytes[i], length[i], "draft", &error);
        uint32_t count = 0;
        assert_non_null(file);
        assert_string_equal(midifile_warning(file), "");
        const struct midifile_note *notes = midifile_notes(file, &count);
        assert_int_equal(count, draft->piece[0].count);
        for (uint32_t n = 0; n < count; n++)
            assert_true(notes[n].released);
        assert_int_equal(learned_takes(bytes[i], length[i]), 2);
        float *doubt = learned_doubts(file), most = 0;
        assert_non_null(doubt);
        for (uint32_t n = 0; n < count; n++) {
            most = fmaxf(most, draft->piece[0].note[n].doubt);
            assert_float_equal(doubt_of(draft, &notes[n]), doubt[n], .0006);
        }
        assert_true(most > .01f);
        free(doubt);
        midifile_free(file);
        draft_free(draft);
    }
    assert_int_equal(length[0], length[1]);
    assert_memory_equal(bytes[0], bytes[1], length[0]);
    for (int i = 0; i < 2; i++)
        free(bytes[i]);
    free_takes(takes, 2);
    song_free(song);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_three_takes),
        cmocka_unit_test(test_misreading_stays),
        cmocka_unit_test(test_unrelated_takes_are_refused),
        cmocka_unit_test(test_single_take),
        cmocka_unit_test(test_mixed_recording),
        cmocka_unit_test(test_restarts_and_parts),
        cmocka_unit_test(test_file),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
