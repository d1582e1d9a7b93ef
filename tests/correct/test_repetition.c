/* The repetition tracker: which lags it notices, how it votes, and what it forgets. */
#include "base/rng.h"
#include "correct/repetition.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

static struct repetition_note sure(uint8_t pitch)
{
    return (struct repetition_note){.pitch = {pitch}, .share = {255}};
}

/* A tune of 16 slots, a note every other slot, over and over. */
static uint8_t tune(int64_t slot)
{
    static const uint8_t pitch[] = {60, 64, 67, 72, 71, 67, 65, 62};
    return pitch[(slot / 2) % 8];
}

static void play_tune(struct repetition *repetition, int64_t from, int64_t to)
{
    for (int64_t s = from; s < to; s += 2) {
        repetition_advance(repetition, s);
        repetition_hear(repetition, tune(s));
        struct repetition_note note = sure(tune(s));
        repetition_remember(repetition, &note);
    }
}

static struct repetition *begin(void)
{
    struct repetition *repetition = malloc(sizeof *repetition);
    assert_non_null(repetition);
    repetition_start(repetition);
    return repetition;
}

static void test_lag(void **state)
{
    (void)state;
    struct repetition *repetition = begin();
    struct repetition_votes votes;
    repetition_vote(repetition, 0, &votes);
    assert_int_equal(votes.count, 0);
    play_tune(repetition, 0, 64);
    /* Sixteen slots are four beats: that lag and its multiples are good, others are not. */
    assert_true(repetition->score[3] > 5);
    assert_true(repetition->score[7] > 4);
    assert_true(repetition->score[0] < 0 && repetition->score[2] < 0);
    for (int64_t s = 64; s < 96; s += 2) {
        repetition_advance(repetition, s);
        repetition_vote(repetition, 0, &votes);
        assert_true(votes.vote[tune(s)] > .95f);
        /* What came two slots before is remembered, too. */
        repetition_vote(repetition, 2, &votes);
        assert_true(votes.vote[tune(s - 2)] > .95f);
        play_tune(repetition, s, s + 2);
    }
    free(repetition);
}

/* A mistake in one of the rounds is outvoted by a belief, not copied. */
static void test_belief(void **state)
{
    (void)state;
    struct repetition *repetition = begin();
    struct repetition_votes votes;
    play_tune(repetition, 0, 48);
    repetition_advance(repetition, 48);
    repetition_hear(repetition, tune(48) + 1);
    struct repetition_note unsure = {.pitch = {tune(48), tune(48) + 1}, .share = {180, 75}};
    repetition_remember(repetition, &unsure);
    play_tune(repetition, 50, 64);
    repetition_advance(repetition, 64);
    repetition_vote(repetition, 0, &votes);
    assert_true(votes.vote[tune(48)] > .8f);
    assert_true(votes.vote[tune(48) + 1] > 0 && votes.vote[tune(48) + 1] < .2f);
    struct repetition_slot slot = *repetition_ago(repetition, 16);
    assert_int_equal(slot.count, 1);
    slot.note[0] = sure(tune(48));
    repetition_revise(repetition, 16, &slot, true);
    repetition_vote(repetition, 0, &votes);
    assert_true(votes.vote[tune(48) + 1] <= 0);
    free(repetition);
}

/* Of the votes for a pitch, what came from a note struck on the same key as now and taken for that
 * pitch; nothing where other keys were struck, or the key was believed. */
static void test_again(void **state)
{
    (void)state;
    struct repetition *repetition = begin();
    struct repetition_votes votes;
    float part[2 * REPETITION_REACH + 1];
    const uint8_t right = tune(48), struck = right + 1;
    const int at = right - struck + REPETITION_REACH;
    play_tune(repetition, 0, 48);
    repetition_advance(repetition, 48);
    struct repetition_note changed = {.pitch = {right, struck}, .share = {180, 75}, .key = struck};
    repetition_remember(repetition, &changed);
    play_tune(repetition, 50, 64);
    repetition_advance(repetition, 64);
    repetition_vote(repetition, 0, &votes);
    uint32_t v = 0;
    while (v + 1 < votes.voters && votes.voter[v] != repetition_ago(repetition, 16))
        v++;
    assert_ptr_equal(votes.voter[v], repetition_ago(repetition, 16));
    float wanted = 75.f / 255 * (votes.share[v] * 180 / 255) / votes.vote[right];
    assert_true(repetition_again(&votes, struck, .02f, part));
    for (int k = 0; k <= 2 * REPETITION_REACH; k++)
        assert_true(fabsf(part[k] - (k == at ? wanted : 0)) < 1e-6f);
    assert_true(repetition_again(&votes, struck, .5f, part));
    assert_true(fabsf(part[at] - wanted / 75 * 255 * .5f) < 1e-6f);
    assert_false(repetition_again(&votes, right, .02f, part));
    assert_false(repetition_again(&votes, (uint8_t)(struck + 1), .02f, part));
    struct repetition_slot slot = {
        .count = 1, .note = {{.pitch = {struck, right}, .share = {180, 75}, .key = struck}}};
    repetition_revise(repetition, 16, &slot, true);
    repetition_vote(repetition, 0, &votes);
    assert_false(repetition_again(&votes, struck, .02f, part));
    free(repetition);
}

/* A note that is sure counts for the keys around as one does that is said in two halves. */
static void test_around(void **state)
{
    (void)state;
    struct repetition *whole = begin(), *halves = begin();
    for (int y = 0; y < 128; y++) {
        struct repetition_note one = sure((uint8_t)y);
        struct repetition_note two = {.pitch = {(uint8_t)y, (uint8_t)y}, .share = {128, 127}};
        repetition_start(whole);
        repetition_start(halves);
        repetition_remember(whole, &one);
        repetition_remember(halves, &two);
        for (int x = 0; x < 128; x++)
            assert_true(abs(whole->level[x][0][0] - halves->level[x][0][0]) <= 1);
        assert_true(whole->level[y][0][0] > 90 && whole->level[(y + 20) % 128][0][0] < -70);
    }
    free(whole);
    free(halves);
}

/* What is older than the longest lag is forgotten, and nothing else. */
static void test_memory(void **state)
{
    (void)state;
    struct repetition *repetition = begin();
    struct repetition_note note = sure(60);
    repetition_advance(repetition, 7);
    repetition_remember(repetition, &note);
    repetition_advance(repetition, 7 + 4 * REPETITION_LAGS);
    assert_int_equal(repetition_ago(repetition, 4 * REPETITION_LAGS)->count, 1);
    assert_int_equal(repetition_ago(repetition, 4 * REPETITION_LAGS - 1)->count, 0);
    repetition_advance(repetition, 7 + 4 * REPETITION_BEATS + 3);
    for (uint32_t ago = 0; ago < 4 * (REPETITION_BEATS - 1); ago++)
        assert_int_equal(repetition_ago(repetition, ago)->count, 0);
    assert_null(repetition_ago(repetition, 8 * REPETITION_BEATS));
    free(repetition);
}

/* Slots with notes are known by their bits, whatever the steps and revisions. */
static void test_struck(void **state)
{
    (void)state;
    struct repetition *repetition = begin();
    struct repetition_note note = sure(60);
    struct rng rng;
    rng_seed(&rng, 5, 5);
    for (int round = 0; round < 400; round++) {
        const uint32_t longest = round % 50 ? 6 : 300;
        repetition_advance(repetition, repetition->slot + rng_below(&rng, longest));
        if (rng_below(&rng, 3))
            repetition_remember(repetition, &note);
        const struct repetition_slot none = {.count = 0};
        if (rng_below(&rng, 5) == 0)
            repetition_revise(repetition, rng_below(&rng, 140), &none, true);
        for (uint32_t ago = 1; ago <= REPETITION_STRUCK; ago++)
            assert_int_equal(note_set_has(&repetition->struck, ago - 1),
                             repetition_ago(repetition, ago)->count > 0);
    }
    free(repetition);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lag),    cmocka_unit_test(test_belief), cmocka_unit_test(test_again),
        cmocka_unit_test(test_around), cmocka_unit_test(test_memory), cmocka_unit_test(test_struck),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
