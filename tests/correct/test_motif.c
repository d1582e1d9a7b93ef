/* Where the last notes were heard before: by hand, and against a plain count. */
#include "base/rng.h"
#include "correct/motif.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { NOTES = 3000 };

static float share_of(const struct motif_votes *votes, int plane, uint8_t pitch)
{
    for (int i = 0; i < votes->count[plane]; i++)
        if (votes->pitch[plane][i] == pitch)
            return votes->share[plane][i];
    return 0;
}

static void hear_all(struct motif *motif, const uint8_t *pitch, size_t count)
{
    for (size_t i = 0; i < count; i++)
        motif_hear(motif, pitch[i], 255, motif_place((int64_t)(4 * i), 0));
}

static struct motif_votes ask(const struct motif *motif, const uint8_t last[MOTIF_CONTEXT])
{
    struct motif_notes notes = motif_notes(motif);
    struct motif_context context = {.place = motif_place(0, 0)};
    struct motif_votes votes;
    memcpy(context.pitch, last, MOTIF_CONTEXT);
    motif_vote(&notes, notes.count, &context, &votes);
    return votes;
}

/* c d e g a, and c d e again, now or a fourth higher. */
static void test_figure(void **state)
{
    (void)state;
    static const uint8_t figure[] = {40, 60, 62, 64, 67, 69, 50, 60, 62, 64};
    static const uint8_t moved[] = {40, 60, 62, 64, 67, 69, 50, 65, 67, 69};
    static const uint8_t last[] = {64, 62, 60, 50}, moved_last[] = {69, 67, 65, 50};
    struct motif *motif = calloc(1, sizeof *motif);
    assert_non_null(motif);
    hear_all(motif, figure, sizeof figure);
    struct motif_votes votes = ask(motif, last);
    for (int plane = 0; plane < 5; plane++) {
        if (plane == 3) /* one step up alike is other places, too */
            continue;
        assert_int_equal(votes.count[plane], 1);
        assert_int_equal(votes.pitch[plane][0], 67);
        assert_true(votes.share[plane][0] > .7f && votes.share[plane][0] < 1);
    }
    assert_true(votes.count[3] > 1 && share_of(&votes, 3, 67) > .2f);
    assert_int_equal(votes.count[5], 0);

    memset(motif, 0, sizeof *motif);
    hear_all(motif, moved, sizeof moved);
    votes = ask(motif, moved_last);
    assert_true(share_of(&votes, 0, 50) > .7f); /* what followed g a */
    assert_true(share_of(&votes, 1, 50) > .7f);
    assert_int_equal(votes.count[2], 0);
    assert_true(share_of(&votes, 4, 72) > .7f);

    /* In the middle of a chord nothing that began a slot is an answer. */
    struct motif_notes notes = motif_notes(motif);
    struct motif_context chord = {.place = motif_place(0, 1)};
    memcpy(chord.pitch, moved_last, MOTIF_CONTEXT);
    motif_vote(&notes, notes.count, &chord, &votes);
    for (int plane = 0; plane < MOTIF_PLANES; plane++)
        assert_int_equal(votes.count[plane], 0);
    free(motif);
}

static void test_belief(void **state)
{
    (void)state;
    static const uint8_t line[] = {40, 60, 62, 64, 65, 60, 62, 64, 67, 60, 62, 64};
    static const uint8_t last[] = {64, 62, 60, 67};
    struct motif *motif = calloc(1, sizeof *motif);
    assert_non_null(motif);
    hear_all(motif, line, sizeof line);
    struct motif_votes votes = ask(motif, last);
    assert_true(share_of(&votes, 2, 67) > share_of(&votes, 2, 65)); /* nearer */
    assert_true(share_of(&votes, 2, 65) > .3f);
    motif_revise(motif, 3, 67, 25);
    votes = ask(motif, last);
    assert_true(share_of(&votes, 2, 67) < .25f && share_of(&votes, 2, 65) > .5f);
    motif_revise(motif, 3, 65, 255);
    votes = ask(motif, last);
    assert_int_equal(votes.count[2], 1);
    motif_revise(motif, 12, 1, 255); /* older than all that is remembered */
    struct motif_votes again = ask(motif, last);
    assert_memory_equal(&again.share[2], &votes.share[2], sizeof votes.share[2][0]);
    free(motif);
}

static bool may_vote(const struct motif_notes *notes, size_t i, const struct motif_context *context)
{
    const uint8_t *p = notes->pitch + i;
    return !((notes->place[i] ^ context->place) & MOTIF_TOGETHER) &&
           (p[-1] == context->pitch[0] || p[-1] - p[-2] == context->pitch[0] - context->pitch[1]);
}

/* How many of a context's notes, or intervals, stand before note i. */
static int alike(const struct motif_notes *notes, size_t i, const struct motif_context *context,
                 bool intervals)
{
    const uint8_t *p = notes->pitch + i, *was = context->pitch;
    int n = 0;
    while (n < 3 &&
           (intervals ? p[-1 - n] - p[-2 - n] == was[n] - was[n + 1] : p[-1 - n] == was[n]))
        n++;
    bool before = !((notes->place[i] ^ context->place) & MOTIF_TOGETHER2);
    return before ? n : intervals ? 0 : n < 1 ? n : 1;
}

static void count_plainly(const struct motif_notes *notes, size_t now,
                          const struct motif_context *context, double share[MOTIF_PLANES][128])
{
    double sum[MOTIF_PLANES] = {0};
    memset(share, 0, sizeof(double[MOTIF_PLANES][128]));
    for (int side = -1; side <= 1; side += 2) {
        int places = 0;
        for (size_t away = side < 0 ? 1 : MOTIF_CONTEXT + 1;
             away < (side < 0 ? MOTIF_REACH + 1 : MOTIF_REACH + MOTIF_CONTEXT + 1) &&
             places < MOTIF_PLACES;
             away++) {
            if (side < 0 ? now < away + MOTIF_CONTEXT : now + away >= notes->count)
                break;
            size_t i = side < 0 ? now - away : now + away;
            if (!may_vote(notes, i, context))
                continue;
            places++;
            bool phase = !((notes->place[i] ^ context->place) & MOTIF_PHASE);
            double weight = notes->share[i] / 255. * (phase ? 2 : 1) * 128 / (128 + (double)away);
            for (int plane = 0; plane < MOTIF_PLANES; plane++) {
                int moved =
                    notes->pitch[i] + (plane < 3 ? 0 : context->pitch[0] - notes->pitch[i - 1]);
                if (alike(notes, i, context, plane >= 3) <= plane % 3 || moved < 0 || moved > 127)
                    continue;
                share[plane][moved] += weight;
                sum[plane] += weight;
            }
        }
    }
    for (int plane = 0; plane < MOTIF_PLANES; plane++)
        for (int pitch = 0; pitch < 128; pitch++)
            share[plane][pitch] /= sum[plane] + .5;
}

static void compare(const struct motif_notes *notes, size_t now,
                    const struct motif_context *context)
{
    double plain[MOTIF_PLANES][128];
    struct motif_votes votes;
    motif_vote(notes, now, context, &votes);
    count_plainly(notes, now, context, plain);
    for (int plane = 0; plane < MOTIF_PLANES; plane++) {
        int many = 0;
        for (int pitch = 0; pitch < 128; pitch++)
            many += plain[plane][pitch] >= .12;
        assert_int_equal(votes.count[plane], many < MOTIF_VOTED ? many : MOTIF_VOTED);
        for (int i = 0; i < votes.count[plane]; i++) {
            double expected = plain[plane][votes.pitch[plane][i]];
            assert_true(fabs((double)votes.share[plane][i] - expected) < 1e-5);
            assert_true(i == 0 || votes.share[plane][i] <= votes.share[plane][i - 1]);
        }
    }
}

struct notes {
    uint8_t pitch[NOTES], share[NOTES], place[NOTES];
};

/* Chords and lines of so few pitches that much comes back, some at the ends of the keyboard. */
static void compose(struct notes *music, struct rng *rng)
{
    int64_t slot = 0;
    uint32_t struck = 0, pitches = 3 + rng_below(rng, 12), low = rng_below(rng, 128 - pitches);
    for (size_t i = 0; i < NOTES; i++) {
        struck = rng_below(rng, 3) ? 0 : struck + 1;
        slot += struck ? 0 : 1 + rng_below(rng, 3);
        music->pitch[i] = (uint8_t)(low + rng_below(rng, pitches));
        music->share[i] = (uint8_t)(100 + rng_below(rng, 156));
        music->place[i] = motif_place(slot, struck);
    }
}

static struct motif_context context_at(const struct notes *music, size_t now)
{
    struct motif_context context = {.place = music->place[now]};
    for (size_t i = 0; i < MOTIF_CONTEXT; i++)
        context.pitch[i] = music->pitch[now - 1 - i];
    return context;
}

static void test_plain_count(void **state)
{
    (void)state;
    struct rng rng;
    rng_seed(&rng, 5, 1);
    struct notes *music = malloc(sizeof *music);
    struct motif *motif = malloc(sizeof *motif);
    assert_true(music && motif);
    for (int round = 0; round < 20; round++) {
        compose(music, &rng);
        memset(motif, 0, sizeof *motif);
        for (size_t now = 0; now < NOTES; now++) {
            struct motif_notes live = motif_notes(motif),
                               whole = {music->pitch, music->share, music->place, NOTES};
            if (now >= MOTIF_CONTEXT && rng_below(&rng, 40) == 0) {
                struct motif_context context = context_at(music, now);
                size_t known = live.count < MOTIF_REACH ? live.count : MOTIF_REACH;
                assert_true(known == (now < MOTIF_REACH ? now : MOTIF_REACH));
                compare(&live, live.count, &context);
                compare(&whole, now, &context);
            }
            motif_hear(motif, music->pitch[now], music->share[now], music->place[now]);
        }
    }
    free(music);
    free(motif);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_figure),
        cmocka_unit_test(test_belief),
        cmocka_unit_test(test_plain_count),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
