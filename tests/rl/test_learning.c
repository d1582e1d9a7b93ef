/* Learning as a whole: the fast loss against the plain one and finite
 * differences, the same bytes for the same seed, and what is learned. */
#include "chains.h"
#include "lesson.h"
#include "plain.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { HORIZON = 64 };

/* A process, its environment, and a policy that a few updates have moved away
 * from the one that filled the rollout. */
struct stage {
    struct process *process;
    struct environment *environment;
    struct policy *policy;
    struct rollout rollout;
    struct ppo_loss_work work;
    uint32_t index[200];
};

static void stage_open(struct stage *stage, enum policy_kind kind)
{
    struct rng rng;
    stage->process = process_at_random(11, 8);
    stage->environment = environment_of_process(stage->process, 32, 20, 1, NULL);
    struct policy_shape shape = policy_shape_of_process(kind, stage->process);
    stage->policy = policy_create(&shape, 3, NULL);
    assert_true(stage->environment && stage->policy);
    assert_int_equal(rollout_open(&stage->rollout, stage->environment, stage->policy, 16, NULL), 0);
    assert_int_equal(ppo_loss_open(&stage->work, stage->environment, stage->policy, NULL), 0);
    rng_seed(&rng, 4, 4);
    rollout_collect(&stage->rollout, stage->environment, stage->policy, &rng);
    rollout_advantages(&stage->rollout, 0.9, 0.9, 1);
    rollout_normalise(&stage->rollout);
    for (size_t i = 0; i < stage->policy->parameters; i++)
        stage->policy->parameter[i] += (float)((kind == POLICY_MLP ? 0.1 : 0.3) * rng_normal(&rng));
    for (uint32_t i = 0; i < 200; i++)
        stage->index[i] = rng_below(&rng, 16 * 32);
}

static void stage_close(struct stage *stage)
{
    ppo_loss_close(&stage->work);
    rollout_close(&stage->rollout);
    policy_free(stage->policy);
    environment_free(stage->environment);
    process_free(stage->process);
}

static void assert_same(double got, double wanted, double relative, double absolute)
{
    if (!(fabs(got - wanted) <= absolute + relative * fabs(wanted)))
        fail_msg("got %.9g, wanted %.9g", got, wanted);
}

static void check_gradient(enum policy_kind kind, float value_clip, float anchor_weight)
{
    struct stage stage;
    stage_open(&stage, kind);
    struct policy *anchor = policy_create(&stage.policy->shape, 9, NULL);
    assert_non_null(anchor);
    for (size_t i = 0; kind == POLICY_TABLE && i < anchor->parameters; i++)
        anchor->parameter[i] = (float)(i % 7) * .2f;
    const struct ppo_loss_settings settings = {.clip_range = 0.2f,
                                               .clip_range_vf = value_clip,
                                               .vf_coef = 0.5f,
                                               .ent_coef = 0.03f,
                                               .anchor_weight = anchor_weight,
                                               .anchor = anchor_weight > 0 ? anchor : NULL};
    const struct observations *seen = &stage.environment->observations;
    const struct policy_shape *shape = &stage.policy->shape;
    size_t parameters = stage.policy->parameters;
    float *gradient = calloc(parameters, sizeof *gradient);
    double *parameter = malloc(parameters * sizeof *parameter);
    double *slope = calloc(parameters, sizeof *slope);
    assert_true(gradient && parameter && slope);
    for (size_t i = 0; i < parameters; i++)
        parameter[i] = stage.policy->parameter[i];
    struct ppo_losses fast = ppo_loss_forward(&stage.work, stage.policy, seen, &stage.rollout,
                                              stage.index, 200, &settings);
    ppo_loss_backward(&stage.work, stage.policy, seen, gradient);
    struct ppo_losses plain =
        plain_loss(shape, parameter, seen, &stage.rollout, stage.index, 200, &settings, slope);
    assert_same(fast.policy, plain.policy, 1e-4, 1e-6);
    assert_same(fast.value, plain.value, 1e-4, 1e-6);
    assert_same(fast.entropy, plain.entropy, 1e-4, 1e-6);
    assert_same(fast.total, plain.total, 1e-4, 1e-5);
    assert_same(fast.approx_kl, plain.approx_kl, 1e-3, 1e-6);
    assert_same(fast.clip_fraction, plain.clip_fraction, 0, 1e-9);
    assert_true(plain.clip_fraction > 0.01 && plain.clip_fraction < 0.9);
    size_t moved = 0;
    for (size_t i = 0; i < parameters; i++) {
        assert_same((double)gradient[i], slope[i], 2e-4, 1e-6);
        moved += gradient[i] != 0;
    }
    assert_true(moved > parameters / 4);
    /* Central differences of the plain loss, for parameters all over the array. */
    for (size_t i = 0; i < parameters; i += parameters / 97 + 1) {
        const double h = 1e-6;
        double keep = parameter[i];
        parameter[i] = keep + h;
        double above =
            plain_loss(shape, parameter, seen, &stage.rollout, stage.index, 200, &settings, NULL)
                .total;
        parameter[i] = keep - h;
        double below =
            plain_loss(shape, parameter, seen, &stage.rollout, stage.index, 200, &settings, NULL)
                .total;
        parameter[i] = keep;
        assert_same((double)gradient[i], (above - below) / (2 * h), 1e-3, 2e-6);
    }
    free(gradient);
    free(parameter);
    free(slope);
    policy_free(anchor);
    stage_close(&stage);
}

static void test_gradient(void **state)
{
    (void)state;
    check_gradient(POLICY_TABLE, 0, 0);
    check_gradient(POLICY_TABLE, 0.05f, 0);
    check_gradient(POLICY_MLP, 0, 0);
    check_gradient(POLICY_MLP, 0.05f, 0);
    check_gradient(POLICY_TABLE, 0, 0.3f);
    check_gradient(POLICY_MLP, 0, 0.3f);
    check_gradient(POLICY_LINEAR, 0, 0);
}

static void test_softmax(void **state)
{
    (void)state;
    static const uint32_t first[] = {0, 3, 4, 6, 8}, id[] = {0, 1, 2, 3};
    const struct observations seen = {.count = 4, .first_logit = first};
    const float logit[] = {1, 2, 3, -50, 1000, 999, -3e38f, 3e38f};
    float logs[8], probability[8];
    policy_softmax(&seen, id, 4, logit, logs, probability);
    assert_same((double)probability[2], exp(3) / (exp(1) + exp(2) + exp(3)), 1e-6, 0);
    assert_same((double)logs[0], 1 - log(exp(1) + exp(2) + exp(3)), 1e-6, 0);
    assert_true(probability[3] == 1 && logs[3] == 0);
    assert_same((double)probability[5], 1 / (1 + exp(1)), 1e-5, 0);
    assert_true(probability[6] == 0 && probability[7] == 1);
}

struct learned {
    float *parameter;
    size_t parameters;
    double sampled, greedy; /* shares of the best reward */
};

/* Judges and closes the policy. */
static struct learned judge(const struct process *process, struct policy *policy)
{
    struct learned learned = {.parameters = policy->parameters};
    float *probability = malloc(process->arcs * sizeof *probability);
    learned.parameter = malloc(policy->parameters * sizeof *learned.parameter);
    assert_true(probability && learned.parameter);
    memcpy(learned.parameter, policy->parameter, policy->parameters * sizeof *policy->parameter);
    double best = process_best_reward(process, HORIZON);
    assert_int_equal(policy_arc_probability(policy, process, probability, NULL), 0);
    learned.sampled = process_policy_reward(process, probability, HORIZON) / best;
    process_greedy(process, probability, probability);
    learned.greedy = process_policy_reward(process, probability, HORIZON) / best;
    free(probability);
    policy_free(policy);
    return learned;
}

/* Learns, stopped and taken up again after `pause` steps (0: in one go). */
static struct learned learn_ppo(const struct process *process, enum policy_kind kind, uint64_t seed,
                                uint64_t steps, uint64_t pause)
{
    struct policy_shape shape = policy_shape_of_process(kind, process);
    struct ppo_settings settings = ppo_defaults(kind);
    settings.seed = seed;
    settings.total_timesteps = steps;
    struct policy *policy = policy_create(&shape, seed, NULL);
    lesson_ppo(policy, &settings, environment_of_process(process, 64, HORIZON, seed, NULL), pause,
               pause ? environment_of_process(process, 64, HORIZON, seed + 99, NULL) : NULL);
    return judge(process, policy);
}

static struct learned learn_sarsa(const struct process *process, uint64_t seed, uint64_t steps,
                                  uint64_t pause)
{
    struct policy_shape shape = policy_shape_of_process(POLICY_LINEAR, process);
    struct sarsa_settings settings = sarsa_defaults();
    settings.seed = seed;
    settings.total_timesteps = steps;
    struct policy *zero = policy_create(&shape, 0, NULL);
    struct policy *policy =
        lesson_sarsa(zero, settings, environment_of_process(process, 1, HORIZON, seed, NULL), pause,
                     pause ? environment_of_process(process, 1, HORIZON, seed + 99, NULL) : NULL);
    policy_free(zero);
    return judge(process, policy);
}

static bool equal(struct learned a, struct learned b)
{
    bool same = a.parameters == b.parameters &&
                memcmp(a.parameter, b.parameter, a.parameters * sizeof *a.parameter) == 0;
    free(a.parameter);
    free(b.parameter);
    return same;
}

static void test_same_bytes(void **state)
{
    (void)state;
    struct process *process = process_at_random(2, 10);
    const uint64_t steps = 8192 * 6, pause = 8192 * 2;
    static const enum policy_kind kinds[] = {POLICY_TABLE, POLICY_LINEAR, POLICY_MLP};
    for (size_t i = 0; i < 3; i++) {
        enum policy_kind k = kinds[i];
        assert_true(equal(learn_ppo(process, k, 7, steps, 0), learn_ppo(process, k, 7, steps, 0)));
        assert_true(
            equal(learn_ppo(process, k, 7, steps, 0), learn_ppo(process, k, 7, steps, pause)));
        assert_false(equal(learn_ppo(process, k, 7, steps, 0), learn_ppo(process, k, 8, steps, 0)));
    }
    assert_true(equal(learn_sarsa(process, 7, 50000, 0), learn_sarsa(process, 7, 50000, 0)));
    assert_true(equal(learn_sarsa(process, 7, 50000, 0), learn_sarsa(process, 7, 50000, 12345)));
    assert_false(equal(learn_sarsa(process, 7, 50000, 0), learn_sarsa(process, 8, 50000, 0)));
    process_free(process);
}

static void assert_good(struct learned learned, const char *what, uint64_t seed)
{
    free(learned.parameter);
    if (learned.sampled < 0.97 || learned.greedy < 0.97)
        fail_msg("%s, seed %llu: %.4f of the best reward, greedy %.4f", what,
                 (unsigned long long)seed, learned.sampled, learned.greedy);
}

/* Where taking any legal arc, or the likeliest, is far from the best. */
static void test_learns(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 4; seed++) {
        struct process *process = process_at_random(100 + seed, 24);
        float *probability = malloc(process->arcs * sizeof *probability);
        assert_non_null(probability);
        process_uniform(process, probability);
        double best = process_best_reward(process, HORIZON);
        assert_true(process_policy_reward(process, probability, HORIZON) < 0.93 * best);
        free(probability);
        assert_good(learn_ppo(process, POLICY_TABLE, seed, 1000000, 0), "table", seed);
        assert_good(learn_ppo(process, POLICY_MLP, seed, 500000, 0), "mlp", seed);
        assert_good(learn_sarsa(process, seed, 1000000, 0), "sarsa", seed);
        process_free(process);
    }
}

static bool stop_at_once(void *context, const struct learning_report *report)
{
    *(struct learning_report *)context = *report;
    return false;
}

static void test_watch(void **state)
{
    (void)state;
    struct process *process = process_at_random(5, 8);
    struct policy_shape shape = policy_shape_of_process(POLICY_TABLE, process);
    struct policy *policy = policy_create(&shape, 0, NULL);
    struct environment *environment = environment_of_process(process, 16, HORIZON, 1, NULL);
    struct ppo_settings settings = ppo_defaults(POLICY_TABLE);
    struct ppo *ppo = ppo_open(environment, policy, &settings, NULL);
    struct learning_report report = {0};
    assert_non_null(ppo);
    assert_int_equal(ppo_run(ppo, 1000000, stop_at_once, &report, NULL), 0);
    assert_int_equal(report.steps, 16 * settings.n_steps);
    assert_int_equal(ppo_steps(ppo), report.steps);
    assert_true(report.reward > 0 && report.reward < 1 && report.entropy > 0);
    assert_int_equal(report.updates, settings.n_epochs * settings.minibatches);
    ppo_close(ppo);
    environment_free(environment);
    policy_free(policy);
    process_free(process);
}

static void test_refused(void **state)
{
    (void)state;
    struct error error;
    struct process *process = process_of("abacab", 0), *smaller = process_of("ab", 0);
    struct policy_shape shape = policy_shape_of_process(POLICY_TABLE, smaller);
    struct policy *policy = policy_create(&shape, 0, NULL);
    struct environment *environment = environment_of_process(process, 4, 8, 1, NULL);
    struct ppo_settings settings = ppo_defaults(POLICY_TABLE);
    assert_null(ppo_open(environment, policy, &settings, &error));
    assert_non_null(strstr(error.text, "does not fit"));
    settings.gamma = 1.5;
    assert_null(ppo_open(environment, policy, &settings, &error));
    assert_non_null(strstr(error.text, "gamma"));
    settings.gamma = NAN;
    assert_null(ppo_open(environment, policy, &settings, &error));
    assert_null(environment_of_process(process, 0, 8, 1, &error));
    struct sarsa_settings sarsa = sarsa_defaults();
    assert_null(sarsa_open(environment, policy, &sarsa, &error));
    assert_non_null(strstr(error.text, "one copy and a linear policy"));
    shape.actions = 0;
    assert_null(policy_create(&shape, 0, &error));
    shape = policy_shape_of_process(POLICY_MLP, process);
    shape.width[1] = 60;
    assert_null(policy_create(&shape, 0, &error));
    policy_free(policy);
    environment_free(environment);
    process_free(process);
    process_free(smaller);
}

/* A step far too large must end in a sentence, not in nonsense. */
static void test_runs_away(void **state)
{
    (void)state;
    struct error error = {{0}};
    struct process *process = process_at_random(5, 8);
    struct policy_shape shape = policy_shape_of_process(POLICY_MLP, process);
    struct policy *policy = policy_create(&shape, 0, NULL);
    struct environment *environment = environment_of_process(process, 16, HORIZON, 1, NULL);
    struct ppo_settings settings = ppo_defaults(POLICY_MLP);
    assert_true(policy && environment);
    policy->parameter[0] = INFINITY;
    struct ppo *ppo = ppo_open(environment, policy, &settings, NULL);
    assert_int_equal(ppo_run(ppo, 1000000, NULL, NULL, &error), -1);
    assert_non_null(strstr(error.text, "diverged"));
    ppo_close(ppo);
    environment_free(environment);
    policy_free(policy);
    process_free(process);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_softmax),    cmocka_unit_test(test_gradient),
        cmocka_unit_test(test_same_bytes), cmocka_unit_test(test_watch),
        cmocka_unit_test(test_refused),    cmocka_unit_test(test_runs_away),
        cmocka_unit_test(test_learns),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
