/* The beam and what it is made of: on small cases it is exact, what it answers does
 * not depend on what comes later, and whole takes are judged from both sides. */
#include "base/rng.h"
#include "correct/beam.h"
#include "correct/beam_private.h"
#include "correct/channel.h"
#include "correct/exponential.h"
#include "correct/trace.h"
#include "rl/quantised.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct policy *make_prior(double strength)
{
    struct policy_shape shape = prior_shape();
    struct policy *prior = policy_create(&shape, 5, NULL);
    struct rng rng;
    assert_non_null(prior);
    rng_seed(&rng, 9, 9);
    for (size_t i = 0; i < prior->parameters; i++)
        prior->parameter[i] = (float)(strength * rng_normal(&rng));
    assert_int_equal(policy_quantise(prior, NULL), 0);
    return prior;
}

static const struct beam_size all_ways = {{BEAM_MOST, BEAM_MOST}, {12, 12}};
static const struct beam_size spread = {{4, 16}, {12, 12}}, narrow = {{4, 16}, {0, 0}};

/* A trellis of two hypotheses a note against all its paths. */
static void test_trace(void **state)
{
    (void)state;
    enum { NOTES = 6, PATHS = 1 << NOTES };
    float probability[NOTES][TRACE_SHIFTS], weight[NOTES][2][2];
    double expected[NOTES][2] = {{0}}, all = 0;
    struct rng rng;
    rng_seed(&rng, 3, 1);
    struct trace *trace = trace_open(NOTES);
    assert_non_null(trace);
    for (int round = 0; round < 2; round++) {
        uint32_t edge[2][2];
        float forward[2] = {0, -INFINITY};
        trace_start(trace);
        for (int t = 0; t < NOTES; t++) {
            uint32_t count = t ? 2 : 1;
            float next[2] = {-INFINITY, -INFINITY};
            trace_step(trace, forward, count);
            for (uint32_t i = 0; i < count; i++)
                for (uint32_t k = 0; k < 2; k++) {
                    if (round == 0)
                        weight[t][i][k] = (float)log(rng_double(&rng) + .01);
                    edge[i][k] = trace_edge(trace, i, k, weight[t][i][k]);
                    float to = forward[i] + weight[t][i][k];
                    next[k] = logf(expf(next[k]) + expf(to));
                }
            for (uint32_t i = 0; i < count; i++)
                for (uint32_t k = 0; t + 1 < NOTES && k < 2; k++)
                    trace_lead(trace, edge[i][k], k);
            memcpy(forward, next, sizeof forward);
        }
    }
    for (int path = 0; path < PATHS; path++) {
        double sum = 0;
        for (int t = 0, at = 0; t < NOTES; at = path >> t++ & 1)
            sum += (double)weight[t][at][path >> t & 1];
        all += exp(sum);
        for (int t = 0; t < NOTES; t++)
            expected[t][path >> t & 1] += exp(sum);
    }
    assert_int_equal(trace_smooth(trace, probability), 0);
    for (int t = 0; t < NOTES; t++)
        for (int k = 0; k < 2; k++)
            assert_true(fabs((double)probability[t][k] - expected[t][k] / all) < 1e-5);
    trace_close(trace);
}

struct way {
    double weight;
    uint8_t pitch[8]; /* latest first */
};

/* Leaves only two pitches that can be meant: 60 and 61. One unit is for what is told by the fixed
 * pitch 64, the middle one of the last planes; it speaks against all others. */
static void allow_two(struct policy *prior)
{
    enum { C = 64, D = 32, SPAN = STYLE_WINDOW + STYLE_SHIFTS - 1, ANCHOR = 64 };
    const size_t others = PRIOR_FEATURES - PRIOR_PLANES * STYLE_WINDOW;
    const size_t plane = PRIOR_PLANES - PRIOR_ANCHORS + 1;
    float *kernel = prior->parameter + plane * SPAN * C;
    float *weight = prior->parameter + ((size_t)PRIOR_PLANES * SPAN + others + 1) * C;
    float *bias = weight + (size_t)C * D, *out = bias + D, *open = out + D;
    for (size_t i = 0; i < (size_t)PRIOR_PLANES * SPAN + others + 1; i++)
        prior->parameter[i * C] = 0;
    for (int i = 0; i < SPAN; i++) {
        int pitch = ANCHOR + STYLE_REACH + STYLE_RANGE - i;
        kernel[(size_t)i * C] = pitch == 60 || pitch == 61 ? -15 : 9;
    }
    for (size_t i = 0; i < others; i++)
        open[i * PRIOR_PLANES + plane] = 0;
    for (size_t c = 0; c < C; c++)
        weight[c * D] = c == 0;
    bias[0] = 0;
    out[0] = -10;
}

/* A beam wide enough keeps every way that matters: what it says of each of a few
 * notes is what all ways together say. */
static void exhaust(struct policy *prior, double tolerance, int notes, const double *slot,
                    const uint8_t *key)
{
    enum { WAYS = STYLE_SHIFTS * STYLE_SHIFTS };
    struct beam *beam = beam_open(prior, &all_ways, NULL);
    struct style *style = calloc(1, sizeof *style);
    struct prior_common *common = malloc(sizeof *common);
    struct way *way = calloc(WAYS, sizeof *way), *next = calloc(WAYS, sizeof *next);
    int16_t *scratch = quantised_accumulators(prior->quantised, 1);
    struct channel channel;
    struct prior_motifs motifs;
    assert_true(beam && style && common && way && next && scratch);
    style_start(style);
    channel_start(&channel, false);
    size_t ways = 1;
    way->weight = 1;
    for (int t = 0; t < notes; t++) {
        float judged[STYLE_SHIFTS], struck[STYLE_SHIFTS], music[STYLE_SHIFTS] = {0}, whole = 0;
        double expected[STYLE_SHIFTS] = {0}, all = 0;
        beam_judge(beam, slot[t], key[t], 0, judged);
        style_advance(style, slot[t]);
        struct prior_span span = prior_span(style);
        struct motif_notes motif = motif_notes(&style->motif);
        channel_judge(&channel, key[t], struck);
        size_t made = 0;
        for (size_t w = 0; w < ways; w++) {
            float told[STYLE_SHIFTS];
            prior_see(style, key[t], 0, NULL, common);
            prior_see_own(common, &span, way[w].pitch, PRIOR_ALL, 0, &common->view);
            prior_see_motifs(style, &motif, motif.count, key[t], &span, way[w].pitch, &motifs,
                             &common->view);
            style_answer(prior, &common->view, scratch, told);
            whole += (float)way[w].weight;
            for (int k = 0; k < STYLE_SHIFTS; k++) {
                music[k] += (float)way[w].weight * expf(told[k]);
                double weight = way[w].weight * exp((double)told[k] + (double)struck[k]);
                expected[k] += weight;
                all += weight;
                if (t + 1 < notes && weight > 0) {
                    assert_true(made < WAYS);
                    next[made] = way[w];
                    next[made].weight = weight;
                    memmove(next[made].pitch + 1, next[made].pitch, sizeof way->pitch - 1);
                    next[made++].pitch[0] = (uint8_t)(key[t] + k - STYLE_RANGE);
                }
            }
        }
        double error = 0;
        for (int k = 0; k < STYLE_SHIFTS; k++) {
            error = fmax(error, fabs((double)expf(judged[k]) - expected[k] / all));
            music[k] /= whole;
        }
        assert_true(error < tolerance);
        channel_hear(&channel, key[t], music);
        beam_hear(beam, key[t], NULL);
        style_hear(style, key[t], judged, true);
        struct way *swap = way;
        way = next;
        next = swap;
        ways = made;
    }
    beam_close(beam);
    free(style);
    free(common);
    free(way);
    free(next);
    free(scratch);
}

static void test_exhaustive(void **state)
{
    (void)state;
    static const double slot[] = {0, 2, 3, 4, 4, 6, 7, 7};
    static const uint8_t key[] = {60, 64, 61, 61, 60, 61, 60, 61};
    for (int few = 0; few < 2; few++) {
        struct policy *prior = make_prior(.1);
        if (few)
            allow_two(prior);
        assert_int_equal(policy_quantise(prior, NULL), 0);
        exhaust(prior, few ? 1e-4 : 2e-3, few ? 8 : 3, slot, key);
        policy_free(prior);
    }
}

static size_t make_take(struct correct_note *note, size_t count, uint64_t seed)
{
    struct rng rng;
    double slot = 5;
    rng_seed(&rng, seed, 0);
    for (size_t i = 0; i < count; i++) {
        slot += rng_below(&rng, 3) ? 0 : rng_below(&rng, 20) ? rng_below(&rng, 5) : 1500;
        note[i] = (struct correct_note){
            .slot = slot, .pitch = (uint8_t)rng_below(&rng, 128), .velocity = 80};
    }
    return count;
}

/* Whatever a prior says, and were it that nothing within reach can be, something is believed. */
static void test_extremes(void **state)
{
    (void)state;
    enum { NOTES = 300 };
    struct correct_note *note = calloc(NOTES, sizeof *note);
    assert_non_null(note);
    make_take(note, NOTES, 4);
    bool lost = false;
    for (int strength = 1; strength <= 1000; strength *= 10) {
        struct policy *prior = make_prior((double)strength);
        struct beam *beam = beam_open(prior, &beam_live, NULL);
        assert_non_null(beam);
        for (int i = 0; i < NOTES; i++) {
            float judged[STYLE_SHIFTS];
            double sum = 0;
            uint8_t key = note[i].pitch % 3 ? note[i].pitch : note[i].pitch % 2 ? 0 : 127;
            beam_judge(beam, note[i].slot, key, 0, judged);
            for (int k = 0; k < STYLE_SHIFTS; k++)
                sum += exp((double)judged[k]);
            assert_true(fabs(sum - 1) < 1e-4);
            lost = lost || beam_evidence(beam) < 1e-30f;
            beam_hear(beam, key, NULL);
        }
        beam_close(beam);
        policy_free(prior);
    }
    assert_true(lost);
    free(note);
}

/* What is answered to a note does not depend on what comes after it, nor on what was
 * played before a new start; probabilities are some, for any keys. */
static void test_causal(void **state)
{
    (void)state;
    enum { NOTES = 600 };
    struct policy *prior = make_prior(.1);
    struct beam *beam = beam_open(prior, &beam_live, NULL);
    struct correct_note *one = calloc(NOTES, sizeof *one), *two = calloc(NOTES, sizeof *two);
    float(*first)[STYLE_SHIFTS] = calloc(NOTES, sizeof *first), judged[STYLE_SHIFTS];
    assert_true(beam && one && two && first);
    make_take(one, NOTES, 1);
    for (int i = 0; i < NOTES; i++) {
        beam_judge(beam, one[i].slot, one[i].pitch, 0, first[i]);
        beam_hear(beam, one[i].pitch, NULL);
        double sum = 0;
        for (int k = 0; k < STYLE_SHIFTS; k++) {
            int pitch = one[i].pitch + k - STYLE_RANGE;
            sum += exp((double)first[i][k]);
            assert_true((pitch >= 0 && pitch <= 127) || first[i][k] < -20);
        }
        assert_true(fabs(sum - 1) < 1e-4);
    }
    for (int common = 1; common < NOTES; common += 150) {
        beam_start(beam);
        make_take(two, NOTES, 2);
        memcpy(two, one, (size_t)common * sizeof *two);
        for (int i = 0; i < common; i++) {
            beam_judge(beam, two[i].slot, two[i].pitch, 0, judged);
            beam_hear(beam, two[i].pitch, NULL);
            assert_memory_equal(judged, first[i], sizeof judged);
        }
    }
    beam_close(beam);
    policy_free(prior);
    free(one);
    free(two);
    free(first);
}

/* Whole takes: the same twice, probabilities for every note, empty ones too. */
static void test_take(void **state)
{
    (void)state;
    enum { NOTES = 300 };
    struct policy *prior = make_prior(.1);
    struct beam *beam = beam_open(prior, &(struct beam_size){{8, 8}, {12, 12}}, NULL);
    struct correct_note *note = calloc(NOTES, sizeof *note);
    float(*meant)[STYLE_SHIFTS] = calloc(NOTES, sizeof *meant);
    float(*again)[STYLE_SHIFTS] = calloc(NOTES, sizeof *again);
    assert_true(beam && note && meant && again);
    make_take(note, NOTES, 7);
    assert_int_equal(beam_take(beam, NULL, note, NOTES, meant, NULL, NULL), 0);
    assert_int_equal(beam_take(beam, NULL, note, NOTES, again, NULL, NULL), 0);
    assert_memory_equal(meant, again, NOTES * sizeof *meant);
    for (int i = 0; i < NOTES; i++) {
        double sum = 0;
        for (int k = 0; k < STYLE_SHIFTS; k++)
            sum += (double)meant[i][k];
        assert_true(fabs(sum - 1) < 1e-4);
    }
    assert_int_equal(beam_take(beam, NULL, note, 0, meant, NULL, NULL), 0);
    assert_int_equal(beam_take(beam, NULL, note, 1, meant, NULL, NULL), 0);
    beam_close(beam);
    policy_free(prior);
    free(note);
    free(meant);
    free(again);
}

/* What the readings of a take come to is told of the notes it was found out about: of keys at the
 * ends nothing is believed that is not on the keyboard, though chords are read both ways and the
 * take from both ends. */
static void test_take_order(void **state)
{
    (void)state;
    enum { NOTES = 300 };
    struct policy *prior = make_prior(.1);
    struct beam *beam = beam_open(prior, &(struct beam_size){{32, 32}, {12, 12}}, NULL);
    struct correct_note note[NOTES];
    float(*meant)[STYLE_SHIFTS] = calloc(NOTES, sizeof *meant);
    assert_true(beam && meant);
    make_take(note, NOTES, 3);
    int chords = 0, ends = 0;
    float beyond = 0;
    for (int i = 0; i < NOTES; i++) {
        note[i].pitch = (uint8_t)(note[i].pitch % 3 ? 40 + note[i].pitch % 50 : note[i].pitch % 2);
        chords += i > 0 && note[i].slot == note[i - 1].slot && note[i].pitch != note[i - 1].pitch;
    }
    assert_true(chords > 50);
    assert_int_equal(beam_take(beam, NULL, note, NOTES, meant, NULL, NULL), 0);
    for (int i = 0; i < NOTES; i++)
        for (int k = 0; k < STYLE_RANGE - 1; k++) {
            bool end = note[i].pitch < 2;
            ends += end && k == 0;
            if (end)
                assert_true(meant[i][k] <= 0);
            else
                beyond += meant[i][k];
        }
    assert_true(ends > 50 && beyond > 1e-3f);
    beam_close(beam);
    policy_free(prior);
    free(meant);
}

static void test_range(void **state)
{
    (void)state;
    struct policy *prior = make_prior(.1);
    struct error error;
    const struct beam_size none = {{0, 12}, {12, 12}}, one = {{1, 1}, {12, 12}};
    const struct beam_size more = {{1, BEAM_MOST + 1}, {12, 12}}, falls = {{8, 4}, {12, 12}};
    assert_null(beam_open(prior, &none, &error));
    assert_null(beam_open(prior, &more, &error));
    assert_null(beam_open(prior, &falls, &error));
    struct beam *beam = beam_open(prior, &one, NULL);
    float judged[STYLE_SHIFTS];
    assert_non_null(beam);
    for (int i = 0; i < 50; i++) {
        beam_judge(beam, i, (uint8_t)(60 + i % 7), 0, judged);
        beam_hear(beam, (uint8_t)(60 + i % 7), NULL);
    }
    beam_close(beam);
    policy_free(prior);
}

/* One who knows better is believed by memory, and what the music leads to expect is a
 * distribution. */
static void test_belief(void **state)
{
    (void)state;
    struct policy *prior = make_prior(.1);
    struct beam *alone = beam_open(prior, &beam_live, NULL);
    struct beam *told = beam_open(prior, &beam_live, NULL);
    float judged[STYLE_SHIFTS], belief[STYLE_SHIFTS], expected[STYLE_SHIFTS];
    assert_true(alone && told);
    for (int k = 0; k < STYLE_SHIFTS; k++)
        belief[k] = k == STYLE_RANGE + 1 ? 0 : -20;
    for (int i = 0; i < 40; i++) {
        uint8_t key = (uint8_t)(60 + i * 5 % 7);
        double sum = 0;
        beam_judge(alone, i, key, 0, judged);
        beam_judge(told, i, key, 0, judged);
        beam_expected(told, expected);
        for (int k = 0; k < STYLE_SHIFTS; k++)
            sum += exp((double)expected[k]);
        assert_true(fabs(sum - 1) < 1e-4);
        beam_hear(alone, key, NULL);
        beam_hear(told, key, belief);
        assert_int_equal(beam_memory(told)->pitch[0], key + 1);
    }
    assert_int_equal(beam_memory(alone)->pitch[0], 60 + 39 * 5 % 7);
    beam_close(alone);
    beam_close(told);
    policy_free(prior);
}

/* Of a player known for few mistakes a few hypotheses are kept, of others more; the heaviest
 * come first. */
static void test_width(void **state)
{
    (void)state;
    static const struct {
        float right;
        uint32_t most;
    } player[] = {{.99f, 4}, {.95f, 4}, {.875f, 10}, {.8f, 16}, {.5f, 16}};
    struct policy *prior = make_prior(.1);
    for (size_t p = 0; p < sizeof player / sizeof *player; p++) {
        struct beam *beam = beam_open(prior, &spread, NULL);
        float judged[STYLE_SHIFTS];
        assert_non_null(beam);
        for (int i = 0; i < 30; i++) {
            beam->channel.share[0] = player[p].right;
            beam_judge(beam, i, (uint8_t)(60 + i * 5 % 7), 0, judged);
            if (i >= 3)
                assert_int_equal(beam->count, player[p].most);
            for (uint32_t h = 1; h < beam->count; h++)
                assert_true(beam->hypothesis[h].weight <= beam->hypothesis[h - 1].weight);
            beam_hear(beam, (uint8_t)(60 + i * 5 % 7), NULL);
        }
        beam_close(beam);
    }
    policy_free(prior);
}

/* A narrower spread keeps fewer hypotheses, never none, and changes the answers little. */
static void test_spread(void **state)
{
    (void)state;
    enum { NOTES = 120 };
    struct policy *prior = make_prior(.14);
    struct beam *wide = beam_open(prior, &spread, NULL);
    struct beam *live = beam_open(prior, &beam_live, NULL);
    struct beam *single = beam_open(prior, &narrow, NULL);
    struct correct_note *note = calloc(NOTES, sizeof *note);
    double far = 0, farther = 0;
    assert_true(wide && live && single && note);
    make_take(note, NOTES, 3);
    for (int i = 0; i < NOTES; i++) {
        float a[STYLE_SHIFTS], b[STYLE_SHIFTS], c[STYLE_SHIFTS];
        beam_judge(wide, note[i].slot, note[i].pitch, 0, a);
        beam_judge(live, note[i].slot, note[i].pitch, 0, b);
        beam_judge(single, note[i].slot, note[i].pitch, 0, c);
        for (int k = 0; k < STYLE_SHIFTS; k++) {
            far += fabs(exp((double)a[k]) - exp((double)b[k]));
            farther += fabs(exp((double)a[k]) - exp((double)c[k]));
        }
        beam_hear(wide, note[i].pitch, NULL);
        beam_hear(live, note[i].pitch, NULL);
        beam_hear(single, note[i].pitch, NULL);
    }
    print_message("  away from a spread of 12: %.4f a note, single %.4f\n", far / NOTES,
                  farther / NOTES);
    assert_true(farther > 0 && 5 * far < farther);
    beam_close(wide);
    beam_close(live);
    beam_close(single);
    policy_free(prior);
    free(note);
}

static void test_exponential(void **state)
{
    (void)state;
    double error = 0;
    for (int i = -87 * 4096; i <= 88 * 4096; i++) {
        float x = (float)i / 4096;
        double right = exp((double)x);
        error = fmax(error, fabs((double)exponential(x) - right) / right);
    }
    print_message("  wrong by %.3g of e^x\n", error);
    assert_true(error < 1. / (1 << 22));
    assert_true(exponential(0) >= 1 && exponential(0) <= 1);
    const float nothing[2] = {-INFINITY, -88};
    float to[2];
    exponentials(nothing, 2, to);
    assert_true(to[0] >= 0 && to[0] <= 0 && to[1] >= 0 && to[1] <= 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_trace),       cmocka_unit_test(test_exhaustive),
        cmocka_unit_test(test_extremes),    cmocka_unit_test(test_causal),
        cmocka_unit_test(test_take),        cmocka_unit_test(test_take_order),
        cmocka_unit_test(test_range),       cmocka_unit_test(test_belief),
        cmocka_unit_test(test_width),       cmocka_unit_test(test_spread),
        cmocka_unit_test(test_exponential),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
