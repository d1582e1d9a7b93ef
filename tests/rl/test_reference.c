/* Adam, GAE, the PPO loss and relative networks against values by PyTorch and NumPy; reference.py
 * says how they were made. */
#include "plain.h"
#include "rl/adam.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { SEEN = 6, SAMPLES = 60 };

struct array {
    char name[64];
    size_t count;
    double *value;
};

static struct array arrays[64];
static size_t array_count;

static int read_arrays(void **state)
{
    FILE *file = fopen(TEST_DATA "/reference.txt", "r");
    struct array *array = arrays;
    (void)state;
    if (!file)
        return -1;
    for (; fscanf(file, "%63s %zu", array->name, &array->count) == 2; array++) {
        array->value = malloc(array->count * sizeof *array->value);
        for (size_t i = 0; array->value && i < array->count; i++)
            if (fscanf(file, "%lf", &array->value[i]) != 1)
                array->value[i] = NAN;
    }
    array_count = (size_t)(array - arrays);
    fclose(file);
    return 0;
}

static int free_arrays(void **state)
{
    (void)state;
    for (size_t i = 0; i < array_count; i++)
        free(arrays[i].value);
    return 0;
}

static const struct array *find(const char *name)
{
    for (size_t i = 0; i < array_count; i++)
        if (strcmp(arrays[i].name, name) == 0)
            return &arrays[i];
    fail_msg("no array %s in reference.txt", name);
    return NULL;
}

static void floats(const char *name, float *to, size_t count)
{
    const struct array *array = find(name);
    assert_int_equal(array->count, count);
    for (size_t i = 0; i < count; i++)
        to[i] = (float)array->value[i];
}

static void numbers(const char *name, uint32_t *to, size_t count)
{
    const struct array *array = find(name);
    assert_int_equal(array->count, count);
    for (size_t i = 0; i < count; i++)
        to[i] = (uint32_t)array->value[i];
}

static void assert_close(const char *name, const float *got, double relative, double absolute)
{
    const struct array *wanted = find(name);
    for (size_t i = 0; i < wanted->count; i++)
        if (!(fabs((double)got[i] - wanted->value[i]) <=
              absolute + relative * fabs(wanted->value[i])))
            fail_msg("%s[%zu]: got %.9g, wanted %.9g", name, i, (double)got[i], wanted->value[i]);
}

static void check_adam(const char *result, double decay)
{
    enum { PARAMETERS = 21, STEPS = 12 };
    float parameter[PARAMETERS], gradient[STEPS * PARAMETERS];
    struct adam adam;
    floats("adam_start", parameter, PARAMETERS);
    floats("adam_gradients", gradient, STEPS * PARAMETERS);
    assert_int_equal(adam_open(&adam, PARAMETERS, NULL), 0);
    adam.epsilon = 1e-5;
    adam.decay = decay;
    for (int t = 0; t < STEPS; t++)
        adam_step(&adam, parameter, gradient + t * PARAMETERS, 0.01);
    assert_close(result, parameter, 1e-6, 1e-7);
    adam_close(&adam);
}

static void test_adam(void **state)
{
    (void)state;
    check_adam("adam_result", 0);
    check_adam("adamw_result", 0.1);
}

static void test_gradient_clip(void **state)
{
    (void)state;
    float gradient[11] = {3, 0, 0, 0, 0, 0, 0, 0, 0, 0, -4};
    assert_true(fabs(gradient_clip(gradient, 11, 0) - 5) < 1e-12);
    assert_true(gradient[0] == 3 && gradient[10] == -4);
    assert_true(fabs(gradient_clip(gradient, 11, 1) - 5) < 1e-12);
    assert_true(fabs((double)gradient[0] - 0.6) < 1e-6 && fabs((double)gradient[10] + 0.8) < 1e-6);
}

static void test_gae(void **state)
{
    (void)state;
    enum { STEPS = 9, LANES = 4, ALL = STEPS * LANES };
    uint32_t here[ALL], arrived[ALL], ends[ALL], logit[ALL] = {0};
    float reward[ALL], value[6], advantage[ALL], target[ALL];
    unsigned char episode[ALL];
    struct sample sample[ALL] = {{0}};
    numbers("gae_here", here, ALL);
    numbers("gae_arrived", arrived, ALL);
    numbers("gae_ends", ends, ALL);
    floats("gae_reward", reward, ALL);
    floats("gae_value", value, 6);
    for (int i = 0; i < ALL; i++) {
        episode[i] = (unsigned char)ends[i];
        reward[i] *= 4; /* scaled back below */
    }
    struct rollout rollout = {
        .n_steps = STEPS,
        .n_envs = LANES,
        .observation = here,
        .logit = logit,
        .arrived = arrived,
        .reward = reward,
        .episode = episode,
        .sample = sample,
        .value = value,
    };
    rollout_advantages(&rollout, 0.9, 0.8, 0.25);
    for (int i = 0; i < ALL; i++) {
        advantage[i] = sample[i].advantage;
        target[i] = sample[i].target - value[here[i]];
    }
    assert_close("gae_advantage", advantage, 1e-5, 1e-6);
    assert_close("gae_advantage", target, 1e-5, 1e-6);
    /* The same straight from the definition, a sum for every step. */
    for (uint32_t t = 0; t < STEPS; t++)
        for (uint32_t i = 0; i < LANES; i++) {
            double sum = 0, weight = 1;
            for (uint32_t u = t; u < STEPS; u++, weight *= 0.9 * 0.8) {
                uint32_t at = u * LANES + i;
                double next = ends[at] == EPISODE_TERMINATED ? 0 : (double)value[arrived[at]];
                sum += weight * (0.25 * (double)reward[at] + 0.9 * next - (double)value[here[at]]);
                if (ends[at] != EPISODE_GOES_ON)
                    break;
            }
            assert_true(fabs(sum - (double)advantage[t * LANES + i]) < 1e-5);
        }
    rollout_normalise(&rollout);
    double sum = 0, squares = 0;
    for (int i = 0; i < ALL; i++) {
        sum += (double)sample[i].advantage;
        squares += (double)sample[i].advantage * (double)sample[i].advantage;
    }
    assert_true(fabs(sum / ALL) < 1e-6 && fabs(squares / ALL - 1) < 1e-5);
}

static void check_losses(const char *name, const struct ppo_losses *losses)
{
    float got[] = {(float)losses->policy, (float)losses->value, (float)losses->entropy,
                   (float)losses->total};
    assert_close(name, got, 2e-6, 1e-7);
}

static void check_ppo(const struct policy *policy, const struct observations *seen,
                      const struct rollout *rollout, float value_clip, const char *losses_name,
                      const char *gradient_name)
{
    const struct ppo_loss_settings settings = {
        .clip_range = 0.2f, .clip_range_vf = value_clip, .vf_coef = 0.5f, .ent_coef = 0.05f};
    struct environment sizes = {.max_observations = SEEN, .max_logits = seen->first_logit[SEEN]};
    struct ppo_loss_work work;
    uint32_t index[SAMPLES];
    float *gradient = calloc(policy->parameters, sizeof *gradient);
    double *parameter = malloc(policy->parameters * sizeof *parameter);
    double *slope = calloc(policy->parameters, sizeof *slope);
    assert_true(gradient && parameter && slope);
    assert_int_equal(ppo_loss_open(&work, &sizes, policy, NULL), 0);
    for (uint32_t i = 0; i < SAMPLES; i++)
        index[i] = i;
    struct ppo_losses losses =
        ppo_loss_forward(&work, policy, seen, rollout, index, SAMPLES, &settings);
    ppo_loss_backward(&work, policy, seen, gradient);
    check_losses(losses_name, &losses);
    assert_close(gradient_name, gradient, 2e-5, 1e-7);
    for (size_t i = 0; i < policy->parameters; i++)
        parameter[i] = policy->parameter[i];
    losses = plain_loss(&policy->shape, parameter, seen, rollout, index, SAMPLES, &settings, slope);
    check_losses(losses_name, &losses);
    for (size_t i = 0; i < policy->parameters; i++)
        gradient[i] = (float)slope[i];
    assert_close(gradient_name, gradient, 1e-6, 1e-8);
    ppo_loss_close(&work);
    free(gradient);
    free(parameter);
    free(slope);
}

static void test_ppo_loss(void **state)
{
    (void)state;
    uint32_t first_feature[SEEN + 1], first_logit[SEEN + 1], first_action[SEEN];
    uint32_t observation[SAMPLES], taken[SAMPLES];
    float advantage[SAMPLES], target[SAMPLES], old_value[SEEN];
    numbers("first_feature", first_feature, SEEN + 1);
    numbers("first_logit", first_logit, SEEN + 1);
    numbers("first_action", first_action, SEEN);
    uint32_t *feature = calloc(first_feature[SEEN], sizeof *feature);
    float *strength = calloc(first_feature[SEEN], sizeof *strength);
    float *old = calloc(first_logit[SEEN], sizeof *old);
    assert_true(feature && strength && old);
    numbers("feature", feature, first_feature[SEEN]);
    floats("strength", strength, first_feature[SEEN]);
    floats("ppo_old_log_probability", old, first_logit[SEEN]);
    floats("ppo_old_value", old_value, SEEN);
    floats("ppo_advantage", advantage, SAMPLES);
    floats("ppo_target", target, SAMPLES);
    numbers("ppo_observation", observation, SAMPLES);
    numbers("ppo_taken", taken, SAMPLES);
    struct sample sample[SAMPLES];
    for (int i = 0; i < SAMPLES; i++)
        sample[i] = (struct sample){observation[i], first_logit[observation[i]] + taken[i],
                                    advantage[i], target[i]};
    const struct observations seen = {.count = SEEN,
                                      .first_feature = first_feature,
                                      .feature = feature,
                                      .strength = strength,
                                      .first_logit = first_logit,
                                      .first_action = first_action};
    const struct rollout rollout = {.sample = sample, .log_probability = old, .value = old_value};
    const struct policy_shape shape = {
        .kind = POLICY_MLP, .inputs = 11, .actions = 9, .layers = 2, .width = {16, 32}};
    struct policy *policy = policy_create(&shape, 0, NULL);
    assert_non_null(policy);
    floats("ppo_parameter", policy->parameter, policy->parameters);
    check_ppo(policy, &seen, &rollout, 0, "ppo_free_losses", "ppo_free_gradient");
    check_ppo(policy, &seen, &rollout, 0.25f, "ppo_clipped_losses", "ppo_clipped_gradient");
    policy_free(policy);
    free(feature);
    free(strength);
    free(old);
}

/* Logits, values, and the gradient of a sum of them with drawn weights. */
static void check_relative(const char *kind, uint32_t layers)
{
    enum { STOOD = 3, FEATURES = 5, FINGERS = 5 };
    static const uint32_t first_feature[STOOD + 1] = {0, 5, 10, 15}, id[STOOD] = {0, 1, 2};
    static const uint32_t first_logit[STOOD + 1] = {0, 5, 10, 15}, first_action[STOOD];
    const struct policy_shape shape = {
        .kind = POLICY_RELATIVE,
        .inputs = 17,
        .actions = FINGERS,
        .layers = layers,
        .width = {layers ? 16 : 0, [POLICY_CHANNELS] = 16, [POLICY_CHANNELS2] = 16,
                  [POLICY_PLANES] = 2, [POLICY_WINDOW] = 7}};
    char name[8][64];
    static const char *const what[8] = {"feature",      "strength", "parameter", "wanted",
                                        "wanted_value", "logit",    "value",     "gradient"};
    for (int i = 0; i < 8; i++)
        snprintf(name[i], sizeof name[i], "%s_%s", kind, what[i]);
    uint32_t feature[STOOD * FEATURES];
    float strength[STOOD * FEATURES], wanted[STOOD * FINGERS], wanted_value[STOOD];
    float logit[STOOD * FINGERS], value[STOOD];
    struct policy *policy = policy_create(&shape, 0, NULL);
    assert_non_null(policy);
    numbers(name[0], feature, STOOD * FEATURES);
    floats(name[1], strength, STOOD * FEATURES);
    floats(name[2], policy->parameter, policy->parameters);
    floats(name[3], wanted, STOOD * FINGERS);
    floats(name[4], wanted_value, STOOD);
    const struct observations seen = {.count = STOOD,
                                      .first_feature = first_feature,
                                      .feature = feature,
                                      .strength = strength,
                                      .first_logit = first_logit,
                                      .first_action = first_action};
    float *scratch = malloc(policy_scratch(policy, STOOD) * sizeof *scratch);
    float *gradient = calloc(policy->parameters, sizeof *gradient);
    assert_true(scratch && gradient);
    policy_forward(policy, &seen, id, STOOD, scratch, logit, value);
    assert_close(name[5], logit, 1e-4, 1e-5);
    assert_close(name[6], value, 1e-4, 1e-5);
    policy_backward(policy, &seen, id, STOOD, scratch, wanted, wanted_value, gradient);
    assert_close(name[7], gradient, 1e-4, 1e-5);
    free(scratch);
    free(gradient);
    policy_free(policy);
}

static void test_relative(void **state)
{
    (void)state;
    check_relative("relative", 1);
    check_relative("gated", 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_adam),     cmocka_unit_test(test_gradient_clip),
        cmocka_unit_test(test_gae),      cmocka_unit_test(test_ppo_loss),
        cmocka_unit_test(test_relative),
    };
    return cmocka_run_group_tests(tests, read_arrays, free_arrays);
}
