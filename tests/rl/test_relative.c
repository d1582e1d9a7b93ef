/* The network that sees every action from its own place: its answers against the
 * formula written out in double precision, its gradient against differences. */
#include "base/rng.h"
#include "rl/half.h"
#include "rl/policy.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum {
    ACTIONS = 5,
    PLANES = 2,
    WINDOW = 9,
    INPUTS = PLANES * WINDOW + 3,
    C = 16,
    D = 32,
    SEEN = 3
};

static const struct policy_shape shape = {.kind = POLICY_RELATIVE,
                                          .inputs = INPUTS,
                                          .actions = ACTIONS,
                                          .layers = 1,
                                          .width = {16, 0, C, D, PLANES, WINDOW}};

static const struct policy_shape gated = {.kind = POLICY_RELATIVE,
                                          .inputs = INPUTS,
                                          .actions = ACTIONS,
                                          .layers = 0,
                                          .width = {0, 0, C, D, PLANES, WINDOW}};

static const uint32_t first_feature[SEEN + 1] = {0, 3, 5, 9};
static const uint32_t feature[] = {0, 12, 18, 8, 20, 17, 4, 9, 19};
static const float strength[] = {1, .5f, 1, .25f, 2, 1, 1, .75f, 1};
static const uint32_t first_logit[SEEN + 1] = {0, 5, 10, 15}, first_action[SEEN];
static const struct observations seen = {.count = SEEN,
                                         .first_feature = first_feature,
                                         .feature = feature,
                                         .strength = strength,
                                         .first_logit = first_logit,
                                         .first_action = first_action};
static const uint32_t id[SEEN] = {0, 1, 2};

static struct policy *make_policy_of(const struct policy_shape *form)
{
    struct rng rng;
    struct policy *policy = policy_create(form, 3, NULL);
    assert_non_null(policy);
    rng_seed(&rng, 1, 1);
    for (size_t i = 0; i < policy->parameters; i++)
        policy->parameter[i] += (float)(.2 * rng_normal(&rng));
    return policy;
}

static struct policy *make_policy(void)
{
    return make_policy_of(&shape);
}

/* The second layer of an action, and what is made of it; weight[C][D] and what follows it. */
static double say_second(const double *h, const double *weight)
{
    const double *bias2 = weight + C * D, *vector = bias2 + D;
    double sum = 0;
    for (int d = 0; d < D; d++) {
        double z = bias2[d];
        for (int c = 0; c < C; c++)
            z += h[c] * weight[c * D + d];
        sum += fmax(z, 0) * vector[d];
    }
    return sum;
}

/* What a gated network says of one action, by the formula of policy_relative.c. */
static double say_gated(const double *p, uint32_t o, int action)
{
    const double *kernel = p, *row = kernel + PLANES * (WINDOW + ACTIONS - 1) * C;
    const double *bias = row + (INPUTS - PLANES * WINDOW) * C, *weight = bias + C;
    const double *open = weight + C * D + 2 * D;
    double gate[PLANES] = {1, 1}, h[C];
    for (uint32_t f = first_feature[o]; f < first_feature[o + 1]; f++)
        for (int i = 0; i < PLANES && feature[f] >= PLANES * WINDOW; i++)
            gate[i] += .3 * (double)strength[f] *
                       open[(feature[f] - PLANES * WINDOW) * PLANES + (uint32_t)i];
    for (int c = 0; c < C; c++) {
        h[c] = bias[c];
        for (uint32_t f = first_feature[o]; f < first_feature[o + 1]; f++) {
            int plane = (int)feature[f] / WINDOW, r = (int)feature[f] % WINDOW;
            int at = plane * (WINDOW + ACTIONS - 1) + r + ACTIONS - 1 - action;
            h[c] += (double)strength[f] * (plane < PLANES
                                               ? gate[plane] * kernel[at * C + c]
                                               : row[((int)feature[f] - PLANES * WINDOW) * C + c]);
        }
        h[c] = pow(fmax(h[c], 0), 2);
    }
    return say_second(h, weight);
}

/* What the layers beside the mlp say of one action, by the formula of policy_relative.c. */
static double say(const double *p, uint32_t o, int action)
{
    const double *kernel = p, *row = kernel + PLANES * (WINDOW + ACTIONS - 1) * C;
    const double *bias = row + (INPUTS - PLANES * WINDOW) * ACTIONS * C, *weight = bias + C;
    double h[C];
    for (int c = 0; c < C; c++) {
        h[c] = bias[c];
        for (uint32_t f = first_feature[o]; f < first_feature[o + 1]; f++) {
            int plane = (int)feature[f] / WINDOW, r = (int)feature[f] % WINDOW;
            int j = ACTIONS - 1 - action;
            const double *from =
                plane < PLANES ? kernel + (plane * (WINDOW + ACTIONS - 1) + r + j) * C
                               : row + (((int)feature[f] - PLANES * WINDOW) * ACTIONS + j) * C;
            h[c] += (double)strength[f] * from[c];
        }
        h[c] = fmax(h[c], 0);
    }
    return say_second(h, weight);
}

static void answer(const struct policy *policy, float *logit, float *value)
{
    float *scratch = calloc(policy_scratch(policy, SEEN), sizeof *scratch);
    assert_non_null(scratch);
    policy_forward(policy, &seen, id, SEEN, scratch, logit, value);
    free(scratch);
}

static void test_formula(void **state)
{
    (void)state;
    struct policy *policy = make_policy();
    struct policy_shape plain = {
        .kind = POLICY_MLP, .inputs = INPUTS, .actions = ACTIONS, .layers = 1, .width = {16}};
    struct policy *mlp = policy_create(&plain, 0, NULL);
    assert_non_null(mlp);
    memcpy(mlp->parameter, policy->parameter, mlp->parameters * sizeof *mlp->parameter);
    size_t rest = policy->parameters - mlp->parameters;
    double *p = malloc(rest * sizeof *p);
    assert_non_null(p);
    for (size_t i = 0; i < rest; i++)
        p[i] = policy->parameter[mlp->parameters + i];
    float logit[SEEN * ACTIONS], value[SEEN], only[SEEN * ACTIONS], only_value[SEEN];
    answer(policy, logit, value);
    answer(mlp, only, only_value);
    for (uint32_t o = 0; o < SEEN; o++)
        for (int a = 0; a < ACTIONS; a++) {
            double said = say(p, o, a);
            assert_true(fabs(said) > 1e-3);
            assert_true(fabs((double)only[o * ACTIONS + (uint32_t)a] + said -
                             (double)logit[o * ACTIONS + (uint32_t)a]) < 1e-4);
        }
    free(p);
    policy_free(mlp);
    policy_free(policy);
}

static void test_gated(void **state)
{
    (void)state;
    struct policy *policy = make_policy_of(&gated);
    double *p = malloc(policy->parameters * sizeof *p);
    assert_non_null(p);
    for (size_t i = 0; i < policy->parameters; i++)
        p[i] = policy->parameter[i];
    float logit[SEEN * ACTIONS], value[SEEN];
    answer(policy, logit, value);
    for (uint32_t o = 0; o < SEEN; o++) {
        assert_true(value[o] == 0);
        for (int a = 0; a < ACTIONS; a++) {
            double said = say_gated(p, o, a);
            assert_true(fabs(said) > 1e-3);
            assert_true(fabs(said - (double)logit[o * ACTIONS + (uint32_t)a]) < 1e-4);
        }
    }
    free(p);
    policy_free(policy);
}

/* A note moved by a semitone is the same to an action a semitone further. */
static void test_places(void **state)
{
    (void)state;
    struct policy *policy = make_policy();
    size_t mlp;
    struct policy_shape plain = shape;
    plain.kind = POLICY_MLP;
    memset(plain.width + 1, 0, sizeof plain.width - sizeof *plain.width);
    mlp = policy_parameters(&plain);
    memset(policy->parameter, 0, mlp * sizeof *policy->parameter);
    for (uint32_t r = 0; r + 1 < WINDOW; r++) {
        const uint32_t one[] = {0, 1, 2}, moved[] = {r, r + 1}, logits[] = {0, 5, 10};
        const struct observations two = {.count = 2,
                                         .first_feature = one,
                                         .feature = moved,
                                         .first_logit = logits,
                                         .first_action = first_action};
        float scratch[4096], logit[2 * ACTIONS], value[2];
        assert_true(policy_scratch(policy, 2) <= 4096);
        policy_forward(policy, &two, id, 2, scratch, logit, value);
        for (int a = 0; a + 1 < ACTIONS; a++)
            assert_float_equal(logit[a], logit[ACTIONS + a + 1], 1e-6);
    }
    policy_free(policy);
}

/* All halves are read and written back; floats go to the nearest. */
static void test_half(void **state)
{
    (void)state;
    for (uint32_t bits = 0; bits < 0x10000; bits++) {
        float value = half_read((uint16_t)bits);
        if (!isfinite(value))
            continue;
        assert_int_equal(half_write(value), bits);
        assert_true(half_holds(value));
        uint32_t above = bits + 1;
        float next = half_read((uint16_t)above);
        if ((above & 0x7fff) == 0 || !isfinite(next))
            continue;
        assert_int_equal(half_write(value + .49f * (next - value)), bits);
        assert_int_equal(half_write(value + .51f * (next - value)), above);
        assert_int_equal(half_write(value + .5f * (next - value)), bits & 1 ? above : bits);
    }
    assert_false(half_holds(.1f));
    assert_false(half_holds(70000));
    assert_true(half_read(0x3c00) == 1 && half_read(0xc000) == -2 && half_read(1) == 0x1p-24f);
}

static double loss(const struct policy *policy)
{
    float logit[SEEN * ACTIONS], value[SEEN];
    double sum = 0;
    answer(policy, logit, value);
    for (int i = 0; i < SEEN * ACTIONS; i++)
        sum += (i % 4 - 1.3) * (double)logit[i];
    for (int i = 0; i < SEEN; i++)
        sum += .7 * (double)value[i];
    return sum;
}

static void check_gradient(const struct policy_shape *form, float step)
{
    struct policy *policy = make_policy_of(form);
    float *scratch = calloc(policy_scratch(policy, SEEN), sizeof *scratch);
    float *gradient = calloc(policy->parameters, sizeof *gradient);
    float logit[SEEN * ACTIONS], value[SEEN], logit_gradient[SEEN * ACTIONS], value_gradient[SEEN];
    assert_true(scratch && gradient);
    for (int i = 0; i < SEEN * ACTIONS; i++)
        logit_gradient[i] = (float)(i % 4) - 1.3f;
    for (int i = 0; i < SEEN; i++)
        value_gradient[i] = .7f;
    policy_forward(policy, &seen, id, SEEN, scratch, logit, value);
    policy_backward(policy, &seen, id, SEEN, scratch, logit_gradient, value_gradient, gradient);
    size_t moved = 0, wrong = 0;
    for (size_t i = 0; i < policy->parameters; i++) {
        float was = policy->parameter[i];
        policy->parameter[i] = was + step;
        double above = loss(policy);
        policy->parameter[i] = was - step;
        double below = loss(policy), slope = (above - below) / (2 * (double)step);
        policy->parameter[i] = was;
        moved += gradient[i] != 0;
        /* A unit may switch between the two points, now and then. */
        wrong += fabs(slope - (double)gradient[i]) > .02 * fabs(slope) + .02;
    }
    assert_true(moved > policy->parameters / 4);
    assert_true(wrong < policy->parameters / 100);
    free(scratch);
    free(gradient);
    policy_free(policy);
}

static void test_gradient(void **state)
{
    (void)state;
    check_gradient(&shape, .002f);
    check_gradient(&gated, .001f);
}

static void test_range(void **state)
{
    (void)state;
    struct policy_shape bad = shape;
    bad.width[POLICY_CHANNELS] = 24;
    assert_int_equal(policy_parameters(&bad), 0);
    bad = shape;
    bad.width[POLICY_PLANES] = 3;
    assert_int_equal(policy_parameters(&bad), 0);
    bad = shape;
    bad.layers = 3;
    assert_int_equal(policy_parameters(&bad), 0);
    bad = gated;
    bad.kind = POLICY_MLP;
    assert_int_equal(policy_parameters(&bad), 0);
    assert_true(policy_parameters(&shape) > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_formula), cmocka_unit_test(test_gated),
        cmocka_unit_test(test_places),  cmocka_unit_test(test_gradient),
        cmocka_unit_test(test_range),   cmocka_unit_test(test_half),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
