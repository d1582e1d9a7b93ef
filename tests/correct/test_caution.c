/* Caution: what opens and closes it, and that the shipped model leaves alone what it does not
 * understand. */
#include "correct/caution.h"
#include "correct/corrector.h"
#include "tests/correct/music.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

enum { LOOPS = 24, ROUNDS = 4, ROUND_SLOTS = 32, MELODY = 16, CHORD = 3 };

/* A belief in the key and in the key above it, the second so many nats likelier. */
static void believe(float nats, float log_meant[STYLE_SHIFTS])
{
    for (int k = 0; k < STYLE_SHIFTS; k++)
        log_meant[k] = -30;
    log_meant[STYLE_RANGE] = -logf(1 + expf(nats));
    log_meant[STYLE_RANGE + 1] = nats - logf(1 + expf(nats));
}

static void hear(struct caution *caution, float nats, int notes)
{
    float log_meant[STYLE_SHIFTS];
    believe(nats, log_meant);
    for (int i = 0; i < notes; i++)
        caution_hear(caution, log_meant);
}

/* Half believed mistakes make cautious, sure ones bold, and very many cautious again. */
static void test_ratio(void **state)
{
    (void)state;
    struct caution caution;
    caution_start(&caution, false);
    float first = caution_favour(&caution);
    assert_true(first > .9f && first < 1.1f);
    hear(&caution, 0, 20);
    assert_true(caution_favour(&caution) > 2.9f);
    hear(&caution, 4, 8);
    hear(&caution, -12, 200);
    assert_float_equal(caution_favour(&caution), 0, 1e-6);
    hear(&caution, 4, 400);
    float many = caution_favour(&caution);
    assert_true(many > .5f && many < 1);
    hear(&caution, -12, 2000);
    assert_true(fabsf(caution_favour(&caution) - first) < .05f);
}

/* Of a whole take the ratio counts as much at its end as at its beginning, and there must be more
 * of what is sure. */
static void test_whole(void **state)
{
    (void)state;
    struct caution caution;
    caution_start(&caution, true);
    hear(&caution, 0, 20);
    hear(&caution, -12, 2000);
    assert_float_equal(caution_favour(&caution), 6, 1e-6);
    hear(&caution, 4, 8);
    float some = caution_favour(&caution);
    assert_true(some > 1 && some < 2);
    hear(&caution, 4, 20);
    assert_float_equal(caution_favour(&caution), 0, 1e-6);
}

static struct model *load_style(void)
{
    struct error error;
    struct model *model = model_load(SHIPPED_STYLE, &error);
    if (!model)
        fail_msg("%s", error.text);
    return model;
}

static struct corrector *open_corrector(const struct model *style)
{
    struct correct_settings settings = correct_defaults();
    struct corrector *corrector = corrector_open(&style, 1, &settings, NULL);
    assert_non_null(corrector);
    return corrector;
}

/* --- Loops of two bars, one note of which is foreign to the key --- */

struct loop {
    int key, root[2], foreign;
    uint8_t melody[MELODY];
};

static bool in_key(int semitones)
{
    return 0xAB5 >> (semitones % 12 + 12) % 12 & 1;
}

static bool make_loop(uint64_t seed, struct loop *loop)
{
    static const int step[] = {-2, -1, -1, 0, 1, 1, 2}, scale[] = {0, 2, 4, 5, 7, 9, 11};
    static const int roots[][2] = {{0, 5}, {0, 7}, {0, 0}};
    struct rng rng;
    rng_seed(&rng, seed, 7);
    loop->key = (int)rng_below(&rng, 12) - 6;
    const int *root = roots[rng_below(&rng, 3)];
    int degree = 4 + (int)rng_below(&rng, 6);
    for (int i = 0; i < MELODY; i++) {
        degree += step[rng_below(&rng, 7)];
        degree = degree < 2 ? 2 : degree > 14 ? 14 : degree;
        loop->melody[i] = (uint8_t)(60 + loop->key + 12 * (degree / 7) + scale[degree % 7]);
    }
    loop->root[0] = root[0];
    loop->root[1] = root[1];
    loop->foreign = 5 + (int)rng_below(&rng, 9);
    uint8_t *pitch = &loop->melody[loop->foreign];
    for (int up = -1; up <= 1; up += 2)
        if (!in_key(*pitch + up - 60 - loop->key)) {
            *pitch = (uint8_t)(*pitch + up);
            return true;
        }
    return false;
}

static uint8_t play(struct corrector *corrector, double slot, uint8_t pitch)
{
    struct correct_note note = {.seconds = slot / 8, .slot = slot, .pitch = pitch, .velocity = 70};
    uint8_t sent = corrector_note(corrector, &note);
    corrector_release(corrector, sent);
    return sent;
}

/* One round; whether the foreign note was changed. `others` counts the others that were. */
static bool play_round(struct corrector *corrector, const struct loop *loop, int round,
                       unsigned *others)
{
    static const int triad[CHORD] = {0, 4, 7};
    bool changed = false;
    for (int i = 0; i < MELODY; i++) {
        double slot = round * ROUND_SLOTS + 2 * i;
        for (int c = 0; i % 8 == 0 && c < CHORD; c++) {
            uint8_t pitch = (uint8_t)(48 + loop->key + loop->root[i / 8] + triad[c]);
            *others += play(corrector, slot, pitch) != pitch;
        }
        bool now = play(corrector, slot, loop->melody[i]) != loop->melody[i];
        changed |= i == loop->foreign && now;
        *others += i != loop->foreign && now;
    }
    return changed;
}

static void test_loops(void **state)
{
    (void)state;
    struct model *style = load_style();
    unsigned changed[ROUNDS] = {0}, others = 0, loops = 0;
    for (uint64_t seed = 0; loops < LOOPS; seed++) {
        struct loop loop;
        if (!make_loop(seed, &loop))
            continue;
        loops++;
        struct corrector *corrector = open_corrector(style);
        for (int round = 0; round < ROUNDS; round++)
            changed[round] += play_round(corrector, &loop, round, &others);
        corrector_close(corrector);
    }
    model_free(style);
    assert_true(changed[0] <= LOOPS / 10);
    for (int round = 1; round < ROUNDS; round++)
        assert_int_equal(changed[round], 0);
    assert_true(others <= LOOPS / 10);
}

/* --- Music without a key, all of it known --- */

static void test_foreign_takes(void **state)
{
    (void)state;
    enum { NOTES = 240, TAKES = 4 };
    struct model *style = load_style();
    unsigned changed = 0;
    for (uint64_t seed = 1; seed <= TAKES; seed++) {
        struct correct_note note[NOTES];
        uint8_t sent[NOTES];
        struct rng rng;
        rng_seed(&rng, seed, 2);
        int pitch = 64;
        for (int i = 0; i < NOTES; i++) {
            pitch += (int)rng_below(&rng, 7) - 3;
            pitch = pitch < 52 ? 53 : pitch > 80 ? 79 : pitch;
            note[i] = (struct correct_note){
                .seconds = i / 4., .slot = 2 * i, .pitch = (uint8_t)pitch, .velocity = 70};
        }
        struct corrector *corrector = open_corrector(style);
        assert_int_equal(corrector_take(corrector, note, NOTES, sent, NULL, NULL), 0);
        for (int i = 0; i < NOTES; i++)
            changed += sent[i] != note[i].pitch;
        corrector_close(corrector);
    }
    model_free(style);
    assert_true(changed <= TAKES * NOTES / 100);
}

/* --- Playing half of which is wrong --- */

static void test_run_away(void **state)
{
    (void)state;
    struct model *style = load_style();
    double least = 100;
    int longest = 0;
    for (uint64_t seed = 1; seed <= 12; seed++) {
        struct song *song = music_compose(MUSIC_MELODY, seed, 6);
        struct playing playing = {0};
        struct rng rng;
        rng_seed(&rng, seed, 1);
        playing_add(&playing, song, 0, 6 * 8 * MUSIC_BAR);
        playing_shift(&playing, &rng, .5, 2);
        struct corrector *corrector = open_corrector(style);
        playing_play(&playing, corrector);
        least = fmin(least, playing_tally(&playing, 0).kept);
        for (size_t i = 1, run = 1; i < playing.count; i++) {
            int by = playing.sent[i] - playing.note[i].pitch;
            run = by && by == playing.sent[i - 1] - playing.note[i - 1].pitch ? run + 1 : 1;
            longest = (int)run > longest ? (int)run : longest;
        }
        corrector_close(corrector);
        playing_free(&playing);
        song_free(song);
    }
    model_free(style);
    assert_true(least > 90);
    assert_true(longest <= 5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ratio),    cmocka_unit_test(test_whole),
        cmocka_unit_test(test_loops),    cmocka_unit_test(test_foreign_takes),
        cmocka_unit_test(test_run_away),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
