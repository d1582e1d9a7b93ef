/* The style expert: what it sees, what it is told, and what it does with notes that nobody
 * plays. */
#include "base/rng.h"
#include "correct/corrector.h"
#include "correct/expert.h"
#include "correct/prior.h"
#include "correct/repetition.h"
#include "correct/style.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct model *make_model(void)
{
    struct style_networks networks;
    struct model_origin origin = {.algorithm = "style", .policy = "relative"};
    assert_int_equal(style_networks_create(&networks, 1, NULL), 0);
    struct policy *all[STYLE_NETWORKS] = {networks.policy, networks.prior};
    struct model *model = model_create_networks(all, STYLE_NETWORKS, &origin, NULL);
    assert_non_null(model);
    return model;
}

static bool is_register(uint32_t feature)
{
    return feature >= STYLE_PLANES * STYLE_WINDOW + 16 + 8 &&
           feature < STYLE_PLANES * STYLE_WINDOW + 16 + 8 + 22;
}

/* Features stay in range, whatever is played, and views are the same transposed, but for
 * the register. */
static void test_views(void **state)
{
    (void)state;
    struct style *low = malloc(sizeof *low), *high = malloc(sizeof *high);
    struct style_view *a = malloc(sizeof *a), *b = malloc(sizeof *b);
    float told[STYLE_SHIFTS];
    struct rng rng;
    assert_true(low && high && a && b);
    struct repetition_votes votes;
    rng_seed(&rng, 1, 2);
    style_start(low);
    style_start(high);
    double slot = 3;
    for (int i = 0; i < 3000; i++) {
        uint8_t x = (uint8_t)(36 + rng_below(&rng, 48));
        slot += rng_below(&rng, 3) ? 0 : rng_below(&rng, 9);
        for (int k = 0; k < STYLE_SHIFTS; k++)
            told[k] = (float)(-8 * rng_double(&rng));
        style_advance(low, slot);
        style_advance(high, slot);
        repetition_vote(&low->repetition, 0, &votes);
        style_see(low, &votes, x, note_set_bit(x), told, told, a);
        assert_true(a->count >= 8 && a->count < STYLE_MOST);
        for (uint32_t k = 0; k < a->count; k++)
            assert_true(a->feature[k] < STYLE_FEATURES && isfinite(a->strength[k]));
        repetition_vote(&high->repetition, 0, &votes);
        style_see(high, &votes, (uint8_t)(x + 12), note_set_bit(x + 12), told, told, b);
        assert_int_equal(a->count, b->count);
        for (uint32_t k = 0; k < a->count; k++)
            assert_true(a->feature[k] == b->feature[k] || is_register(a->feature[k]));
        if (style_oldest(low) && rng_below(&rng, 2)) {
            style_revise(low, told);
            style_revise(high, told);
        }
        style_hear(low, x, told, true);
        style_hear(high, (uint8_t)(x + 12), told, true);
    }
    free(low);
    free(high);
    free(a);
    free(b);
}

static int by_feature(const void *a, const void *b)
{
    uint32_t one = *(const uint32_t *)a, other = *(const uint32_t *)b;
    return one < other ? -1 : one > other;
}

/* What the prior sees in common, but for the planes of fixed pitches, sorted. */
static uint32_t sorted_view(const struct style *style, uint8_t centre, struct prior_common *common,
                            uint32_t *feature)
{
    uint32_t first = (PRIOR_PLANES - PRIOR_ANCHORS) * STYLE_WINDOW, count = 0;
    prior_see(style, centre, note_set_bit(centre), NULL, common);
    assert_true(common->view.count > 20 && common->view.count < STYLE_MOST);
    for (uint32_t i = 0; i < common->view.count; i++) {
        uint32_t f = common->view.feature[i];
        assert_true(f < PRIOR_FEATURES && fabsf(common->view.strength[i]) <= 4);
        if (f < first || f >= PRIOR_PLANES * STYLE_WINDOW)
            feature[count++] = f;
    }
    qsort(feature, count, sizeof *feature, by_feature);
    return count;
}

/* The prior sees the same of music that is moved by five semitones. */
static void test_prior_views(void **state)
{
    (void)state;
    struct style *low = malloc(sizeof *low), *high = malloc(sizeof *high);
    struct prior_common *common = malloc(sizeof *common);
    uint32_t a[STYLE_MOST] = {0}, b[STYLE_MOST] = {0};
    float told[STYLE_SHIFTS];
    struct rng rng;
    assert_true(low && high && common);
    rng_seed(&rng, 3, 2);
    style_start(low);
    style_start(high);
    double slot = 3;
    for (int i = 0; i < 1000; i++) {
        uint8_t x = (uint8_t)(48 + 2 * rng_below(&rng, 12));
        slot += rng_below(&rng, 3) ? 0 : rng_below(&rng, 9);
        for (int k = 0; k < STYLE_SHIFTS; k++)
            told[k] = (float)(-8 * rng_double(&rng));
        style_advance(low, slot);
        style_advance(high, slot);
        uint32_t count = sorted_view(low, x, common, a);
        assert_int_equal(sorted_view(high, (uint8_t)(x + 5), common, b), count);
        assert_memory_equal(a, b, count * sizeof *a);
        style_hear(low, x, told, true);
        style_hear(high, (uint8_t)(x + 5), told, true);
    }
    free(low);
    free(high);
    free(common);
}

/* Which votes were right of late is known, of first notes and of others apart: a tune of a bar over
 * and over, with a drawn note to each of its notes. */
static void test_hits(void **state)
{
    (void)state;
    static const uint8_t tune[] = {60, 64, 67, 72, 71, 67, 65, 62};
    enum { BAR_AGO = MOTIF_PLANES + 2 };
    struct style *style = malloc(sizeof *style);
    float told[STYLE_SHIFTS];
    struct rng rng;
    assert_non_null(style);
    for (int k = 0; k < STYLE_SHIFTS; k++)
        told[k] = k == STYLE_RANGE ? 0 : -30;
    rng_seed(&rng, 5, 2);
    style_start(style);
    for (int64_t slot = 0; slot < 800; slot += 2) {
        style_advance(style, (double)slot);
        style_hear(style, tune[slot / 2 % 8], told, true);
        style_hear(style, (uint8_t)(80 + rng_below(&rng, 24)), told, true);
    }
    for (int h = 0; h < 2; h++) {
        assert_true(style->hit[0][h][MOTIF_PLANES] > .8f && style->hit[1][h][MOTIF_PLANES] < .3f);
        assert_true(style->hit[0][h][BAR_AGO] > .99f && style->hit[1][h][BAR_AGO] < .3f);
    }
    free(style);
}

/* Any slot, any pitch, long rests, a thousand notes at once. */
static void test_anything(void **state)
{
    (void)state;
    struct model *model = make_model();
    struct correct_settings settings = correct_defaults();
    const struct model *const models[] = {model};
    struct corrector *corrector = corrector_open(models, 1, &settings, NULL);
    struct rng rng;
    assert_non_null(corrector);
    rng_seed(&rng, 5, 5);
    double slot = -40;
    for (int i = 0; i < 20000; i++) {
        uint32_t kind = rng_below(&rng, 1000);
        slot += kind < 600 ? 0 : kind < 990 ? rng_double(&rng) * 4 : rng_double(&rng) * 3000;
        struct correct_note note = {.seconds = slot,
                                    .slot = slot - (kind & 1 ? .4 : 0),
                                    .pitch = (uint8_t)rng_below(&rng, 128),
                                    .velocity = 64};
        uint8_t y = corrector_note(corrector, &note);
        assert_true(y < 128);
        if (rng_below(&rng, 3))
            corrector_release(corrector, y);
    }
    corrector_close(corrector);
    model_free(model);
}

/* The likeliest, the key itself first. */
static int likeliest(const float meant[STYLE_SHIFTS])
{
    int best = STYLE_RANGE;
    for (int k = 0; k < STYLE_SHIFTS; k++)
        best = meant[k] > meant[best] ? k : best;
    return best;
}

/* The expert is told of the pitches that sound when a key is struck: those that were sent for keys
 * still held, the key's own not yet. One who is told otherwise answers otherwise. (The player is
 * not trusted at all, so that networks that learned nothing have a say.) */
static void test_held(void **state)
{
    (void)state;
    struct model *model = make_model();
    const struct model *const models[] = {model};
    struct correct_settings settings = correct_defaults();
    settings.follow = 0;
    struct corrector *corrector = corrector_open(models, 1, &settings, NULL);
    struct expert *told, *untold;
    assert_non_null(corrector);
    assert_int_equal(expert_open(&told, models, 1, NULL), 0);
    assert_int_equal(expert_open(&untold, models, 1, NULL), 0);
    struct rng rng;
    rng_seed(&rng, 3, 1);
    uint8_t sounding[128] = {0}, sent[400] = {0};
    int otherwise = 0, next = 0;
    for (int i = 0; i < 400; i++) {
        /* Keys are let go in order, some of them at once, some late. */
        for (int until = i - 1 - (int)rng_below(&rng, 5); next < until; next++) {
            sounding[sent[next]]--;
            corrector_release(corrector, sent[next]);
        }
        note_set held = 0;
        for (unsigned p = 0; p < 128; p++)
            held |= sounding[p] ? note_set_bit(p) : 0;
        uint8_t x = (uint8_t)(50 + rng_below(&rng, 24));
        int slot = i / 2;
        struct correct_note note = {.seconds = i, .slot = slot, .pitch = x, .velocity = 64};
        float meant[STYLE_SHIFTS], without[STYLE_SHIFTS];
        expert_judge(told, slot, false, x, held, 0, meant);
        expert_judge(untold, slot, false, x, 0, 0, without);
        sent[i] = corrector_note(corrector, &note);
        assert_int_equal(sent[i], x + likeliest(meant) - STYLE_RANGE);
        otherwise += likeliest(without) != likeliest(meant);
        expert_hear(told, x);
        expert_hear(untold, x);
        sounding[sent[i]]++;
    }
    assert_true(otherwise > 20);
    expert_close(told);
    expert_close(untold);
    corrector_close(corrector);
    model_free(model);
}

/* Networks are told of each note whether its slot is known: two that learned nothing answer
 * otherwise. */
static void test_guesses(void **state)
{
    (void)state;
    struct model *model = make_model();
    const struct model *const models[] = {model};
    struct expert *known, *guessed;
    float one[STYLE_SHIFTS], other[STYLE_SHIFTS];
    assert_int_equal(expert_open(&known, models, 1, NULL), 0);
    assert_int_equal(expert_open(&guessed, models, 1, NULL), 0);
    for (int i = 0; i < 60; i++) {
        uint8_t x = (uint8_t)(50 + i * 7 % 24);
        bool guess = i >= 20 && i < 40;
        expert_judge(known, i, false, x, 0, 1, one);
        expert_judge(guessed, i, guess, x, 0, 1, other);
        float apart = 0;
        for (int k = 0; k < STYLE_SHIFTS; k++)
            apart += fabsf(one[k] - other[k]);
        assert_true(i < 20 ? apart <= 0 : !guess || apart > 0);
        expert_hear(known, x);
        expert_hear(guessed, x);
    }
    expert_close(known);
    expert_close(guessed);
    model_free(model);
}

/* follow = 100 trusts the player, whatever the networks say; beliefs sum to one. */
static void test_trust(void **state)
{
    (void)state;
    struct model *model = make_model();
    const struct model *const models[] = {model};
    struct expert *expert;
    float meant[STYLE_SHIFTS];
    assert_int_equal(expert_open(&expert, models, 1, NULL), 0);
    assert_non_null(expert);
    for (int i = 0; i < 200; i++) {
        uint8_t x = (uint8_t)(i * 7 % 128);
        float trust = i % 2 ? 1 : 100;
        expert_judge(expert, i * 1.5, false, x, 0, trust, meant);
        float sum = 0;
        for (int k = 0; k < STYLE_SHIFTS; k++) {
            int y = x + k - STYLE_RANGE;
            assert_true(meant[k] >= 0 && (meant[k] <= 0 || (y >= 0 && y < 128)));
            sum += meant[k];
        }
        assert_float_equal(sum, 1, 1e-4);
        if (trust > 1)
            assert_float_equal(meant[STYLE_RANGE], 1, 1e-4);
        expert_hear(expert, x);
    }
    expert_close(expert);
    model_free(model);
}

/* A model that calls itself a style and is none is refused; no style is no expert. */
static void test_foreign(void **state)
{
    (void)state;
    struct error error;
    struct policy_shape shape = {
        .kind = POLICY_MLP, .inputs = 4, .actions = 3, .layers = 1, .width = {16}};
    struct policy *network = policy_create(&shape, 1, NULL);
    struct model_origin origin = {.algorithm = "style", .policy = "mlp"};
    struct model *model = model_create_networks(&network, 1, &origin, NULL);
    const struct model *const models[] = {model};
    struct correct_settings settings = correct_defaults();
    assert_non_null(model);
    assert_null(corrector_open(models, 1, &settings, &error));
    assert_non_null(strstr(error.text, "style"));
    struct expert *expert;
    assert_int_equal(expert_open(&expert, NULL, 0, &error), 0);
    assert_null(expert);
    model_free(model);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_views),   cmocka_unit_test(test_prior_views),
        cmocka_unit_test(test_hits),    cmocka_unit_test(test_anything),
        cmocka_unit_test(test_trust),   cmocka_unit_test(test_guesses),
        cmocka_unit_test(test_foreign), cmocka_unit_test(test_held),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
