/* The network in whole numbers: near the one in floats that it was made of, and the same
 * by vectors as in plain C, to the last bit, also where sums end. */
#include "base/rng.h"
#include "rl/quantised.h"
#include "rl/quantised_wide.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { ACTIONS = 7, PLANES = 5, WINDOW = 31, OTHERS = 20, C = 32, D = 48 };

static const struct policy_shape shape = {.kind = POLICY_RELATIVE,
                                          .inputs = PLANES * WINDOW + OTHERS,
                                          .actions = ACTIONS,
                                          .layers = 2,
                                          .width = {16, 32, C, D, PLANES, WINDOW}};

static const struct policy_shape gated = {.kind = POLICY_RELATIVE,
                                          .inputs = PLANES * WINDOW + OTHERS,
                                          .actions = ACTIONS,
                                          .layers = 0,
                                          .width = {0, 0, C, D, PLANES, WINDOW}};

static struct policy *make_policy(const struct policy_shape *form, double strength)
{
    struct rng rng;
    struct policy *policy = policy_create(form, 3, NULL);
    assert_non_null(policy);
    rng_seed(&rng, 1, 1);
    for (size_t i = 0; i < policy->parameters; i++)
        policy->parameter[i] = (float)(strength * rng_normal(&rng));
    return policy;
}

static void draw_features(struct rng *rng, uint32_t count, uint32_t *feature, float *strength)
{
    for (uint32_t f = 0; f < count; f++) {
        feature[f] = rng_below(rng, shape.inputs);
        strength[f] = rng_below(rng, 2) ? 1 : (float)(4 * rng_double(rng) - 1);
    }
}

static void ask_policy(const struct policy *policy, const uint32_t *feature, const float *strength,
                       uint32_t count, float *logit)
{
    const uint32_t features[2] = {0, count}, logits[2] = {0, ACTIONS}, zero = 0;
    const struct observations seen = {.count = 1,
                                      .first_feature = features,
                                      .feature = feature,
                                      .strength = strength,
                                      .first_logit = logits,
                                      .first_action = &zero};
    float value, *scratch = malloc(policy_scratch(policy, 1) * sizeof *scratch);
    assert_non_null(scratch);
    policy_forward(policy, &seen, &zero, 1, scratch, logit, &value);
    free(scratch);
}

/* However features are shared out between what is common and what is not. Of a gated network
 * those that are not in planes have to be common. */
static double differ(const struct policy_shape *form, double strength_of_weights)
{
    enum { MOST = 60, ROUNDS = 200 };
    uint32_t feature[MOST];
    float strength[MOST], exact[ACTIONS], logit[ACTIONS];
    double square = 0, spread = 0;
    struct rng rng;
    struct policy *policy = make_policy(form, strength_of_weights);
    struct quantised *network = quantised_open(policy, NULL);
    assert_non_null(network);
    int16_t *sum = quantised_accumulators(network, 2),
            *all = sum + quantised_accumulator_length(network);
    assert_non_null(sum);
    rng_seed(&rng, 4, 4);
    for (int round = 0; round < ROUNDS; round++) {
        uint32_t count = rng_below(&rng, MOST), common = rng_below(&rng, count + 1);
        draw_features(&rng, count, feature, strength);
        for (uint32_t f = common; f < count && form->layers == 0; f++)
            feature[f] %= PLANES * WINDOW;
        ask_policy(policy, feature, strength, count, exact);
        const struct features own = {feature + common, strength + common, count - common};
        quantised_accumulate(network, NULL, &(struct features){feature, strength, common}, sum);
        for (int again = 0; again < 2; again++) {
            quantised_accumulate(network, sum, &own, all);
            quantised_evaluate(network, all, logit);
        }
        for (int a = 0; a < ACTIONS; a++) {
            square += pow((double)(logit[a] - exact[a]), 2);
            spread += pow((double)exact[a], 2);
        }
    }
    free(sum);
    quantised_close(network);
    policy_free(policy);
    assert_true(spread > 1);
    print_message("  differs by %.5f of what is answered\n", sqrt(square / spread));
    return sqrt(square / spread);
}

static void test_near(void **state)
{
    (void)state;
    assert_true(differ(&shape, .2) < .01);
    assert_true(differ(&gated, .2) < .02);
}

/* More features than are listed at a time, strengths and weights beyond what counts. */
static void test_many(void **state)
{
    (void)state;
    enum { MOST = 1000 };
    uint32_t feature[MOST];
    float strength[MOST], logit[2][ACTIONS];
    struct policy *policy = make_policy(&shape, .01);
    assert_int_equal(policy_quantise(policy, NULL), 0);
    assert_int_equal(policy_quantise(policy, NULL), 0);
    const struct quantised *network = policy->quantised;
    int16_t *sum = quantised_accumulators(network, 1);
    assert_non_null(sum);
    for (uint32_t f = 0; f < MOST; f++) {
        feature[f] = f % shape.inputs;
        strength[f] = f % 3 ? 1 : -2.5f;
    }
    ask_policy(policy, feature, strength, MOST, logit[0]);
    quantised_accumulate(network, NULL, &(struct features){feature, strength, MOST}, sum);
    quantised_evaluate(network, sum, logit[1]);
    for (int a = 0; a < ACTIONS; a++)
        assert_true(fabsf(logit[0][a] - logit[1][a]) < .01f * (1 + fabsf(logit[0][a])));
    for (int i = 0; i < 2; i++) {
        strength[0] = i ? 100 : 4;
        quantised_accumulate(network, NULL, &(struct features){feature, strength, 1}, sum);
        quantised_evaluate(network, sum, logit[i]);
    }
    assert_memory_equal(logit[0], logit[1], sizeof logit[0]);
    free(sum);
    policy_free(policy);
}

/* Rows that together are more than a sum can be: it stays at its end, and comes back from there. */
static void test_ends(void **state)
{
    (void)state;
    enum { KERNELS = PLANES * (WINDOW + ACTIONS - 1) * C, ROWS_GIVEN = 9 };
    struct policy *policy = make_policy(&gated, 0);
    size_t weight = KERNELS + (size_t)OTHERS * C + C, out = weight + (size_t)C * D + D;
    for (size_t i = 0; i < KERNELS; i++)
        policy->parameter[i] = 10;
    for (size_t i = weight; i < weight + (size_t)C * D; i++)
        policy->parameter[i] = .1f;
    for (size_t i = out; i < out + D; i++)
        policy->parameter[i] = .1f;
    struct quantised *network = quantised_open(policy, NULL);
    assert_non_null(network);
    int16_t *sum = quantised_accumulators(network, 1);
    assert_non_null(sum);
    uint32_t feature[ROWS_GIVEN];
    float strength[ROWS_GIVEN], one = 0;
    for (uint32_t f = 0; f < ROWS_GIVEN; f++) {
        feature[f] = f;
        strength[f] = 3;
    }
    for (uint32_t count = 1; count <= ROWS_GIVEN; count++) {
        float logit[ACTIONS];
        quantised_accumulate(network, NULL, &(struct features){feature, strength, 0}, sum);
        quantised_accumulate(network, sum, &(struct features){feature, strength, count}, sum);
        quantised_evaluate(network, sum, logit);
        one = count == 1 ? logit[0] : one;
        assert_true(one > 1 && logit[0] <= one && logit[0] >= one);
    }
    /* What was over the end is lost: taking half as much away again leaves less than 0. */
    for (uint32_t f = 6; f < 9; f++)
        strength[f] = -3;
    float logit[ACTIONS];
    quantised_accumulate(network, NULL, &(struct features){feature, strength, 0}, sum);
    quantised_accumulate(network, sum, &(struct features){feature, strength, 9}, sum);
    quantised_evaluate(network, sum, logit);
    assert_true(logit[0] == 0);
    free(sum);
    quantised_close(network);
    policy_free(policy);
}

static int16_t any(struct rng *rng, int most)
{
    return (int16_t)((int)rng_below(rng, 2 * (uint32_t)most + 1) - most);
}

static void test_vectors(void **state)
{
    (void)state;
    enum { N = 16 * 61, ROWS_GIVEN = 40 };
    static int16_t row[ROWS_GIVEN][N], from[N], to[3][N], weight[C * D];
    int32_t bias[D];
    float out[D], logit[3][11];
    struct rng rng;
    rng_seed(&rng, 7, 7);
    bool ended = false;
    for (int round = 0; round < 60; round++) {
        struct quantised_rows rows = {.count = rng_below(&rng, ROWS_GIVEN)};
        for (int i = 0; i < ROWS_GIVEN; i++)
            for (int j = 0; j < N; j++)
                row[i][j] = any(&rng, 1 << 14);
        for (uint32_t i = 0; i < rows.count; i++) {
            rows.row[i] = row[i];
            /* Four products fit together; those behind the last group need not. */
            bool alone = i >= rows.count / QUANTISED_GROUP * QUANTISED_GROUP;
            rows.share[i] = !alone  ? any(&rng, INT16_MAX / 2 - 1)
                            : i % 2 ? any(&rng, INT16_MAX)
                                    : INT16_MIN;
        }
        for (int j = 0; j < N; j++)
            from[j] = any(&rng, 1 << 14);
        for (int i = 0; i < 3; i++)
            memcpy(to[i], from, sizeof from);
        quantised_add_plain(to[0], &rows, N);
        quantised_add_narrow(to[1], &rows, N);
        assert_memory_equal(to[0], to[1], sizeof to[0]);
#ifdef __x86_64__
        if (dense_wide()) {
            quantised_add_avx2(to[2], &rows, N);
            assert_memory_equal(to[0], to[2], sizeof to[0]);
        }
        if (quantised_avx512()) {
            memcpy(to[2], from, sizeof from);
            quantised_add_avx512(to[2], &rows, N);
            assert_memory_equal(to[0], to[2], sizeof to[0]);
        }
#endif
        for (int j = 0; j < N; j++)
            ended = ended || to[0][j] == INT16_MAX;
        for (int j = 0; j < N; j++)
            to[0][j] = to[0][j] < 0 ? 0 : to[0][j];
        for (int q = 0; q < C * D; q++)
            weight[q] = any(&rng, 1 << 9);
        for (int l = 0; l < D; l++) {
            bias[l] = any(&rng, INT16_MAX);
            out[l] = (float)rng_normal(&rng);
        }
        for (int i = 0; i < 3; i++)
            for (int j = 0; j < 11; j++)
                logit[i][j] = (float)j;
        quantised_output_plain(to[0], 11, C, D, weight, bias, out, logit[0]);
        quantised_output_narrow(to[0], 11, C, D, weight, bias, out, logit[1]);
        assert_memory_equal(logit[0], logit[1], sizeof logit[0]);
#ifdef __x86_64__
        if (dense_wide()) {
            quantised_output_avx2(to[0], 11, C, D, weight, bias, out, logit[2]);
            assert_memory_equal(logit[0], logit[2], sizeof logit[0]);
        }
        if (quantised_avx512()) {
            for (int j = 0; j < 11; j++)
                logit[2][j] = (float)j;
            quantised_output_avx512(to[0], 11, C, D, weight, bias, out, logit[2]);
            assert_memory_equal(logit[0], logit[2], sizeof logit[0]);
        }
#endif
    }
    assert_true(ended);
}

static void test_kind(void **state)
{
    (void)state;
    struct error error;
    const struct policy_shape mlp = {
        .kind = POLICY_MLP, .inputs = 4, .actions = 3, .layers = 1, .width = {16}};
    struct policy *policy = policy_create(&mlp, 1, NULL);
    assert_non_null(policy);
    assert_int_equal(policy_quantise(policy, &error), -1);
    assert_non_null(strstr(error.text, "relative"));
    policy_free(policy);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_near),    cmocka_unit_test(test_many), cmocka_unit_test(test_ends),
        cmocka_unit_test(test_vectors), cmocka_unit_test(test_kind),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
