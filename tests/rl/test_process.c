/* The decision process on trajectories small enough to work out by hand. */
#include "chains.h"
#include "rl/policy.h"
#include "rl/rollout.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void assert_near(double got, double wanted, double by)
{
    if (!(fabs(got - wanted) <= by))
        fail_msg("got %.9g, wanted %.9g", got, wanted);
}

static void assert_arc(const struct process *process, uint32_t from, uint32_t to, uint32_t count,
                       double reward)
{
    uint32_t arc = process_find_arc(process, from, to);
    assert_int_not_equal(arc, UINT32_MAX);
    assert_int_equal(process->arc_next[arc], to);
    assert_int_equal(process->arc_count[arc], count);
    assert_near(process->arc_reward[arc], reward, 1e-7);
}

/* a b a c a b: states a 0, b 1, c 2. a is visited three times (b twice, c once),
 * b twice (a once, then the end, whence the entry to a which is observed too). */
static void test_counts(void **state)
{
    (void)state;
    struct process *process = process_of("abacab", 0);
    static const uint32_t states[] = {0, 1, 0, 2, 0, 1};
    assert_non_null(process);
    assert_int_equal(process->states, 3);
    assert_int_equal(process->arcs, 4);
    assert_int_equal(process->trajectories, 1);
    assert_memory_equal(process->visited, states, sizeof states);
    assert_arc(process, 0, 1, 2, 2 / 3.0);
    assert_arc(process, 0, 2, 1, 1 / 3.0);
    assert_arc(process, 1, 0, 1, 1 / 2.0);
    assert_arc(process, 2, 0, 1, 1);
    assert_int_equal(process_find_arc(process, 1, 2), UINT32_MAX);
    assert_int_equal(process_find_arc(process, 7, 0), UINT32_MAX);
    float probability[4];
    process_observed(process, probability);
    assert_near(probability[process_find_arc(process, 0, 1)], 2 / 3.0, 1e-7);
    assert_near(probability[process_find_arc(process, 1, 0)], 1, 1e-7);
    process_uniform(process, probability);
    assert_near(probability[process_find_arc(process, 0, 1)], 0.5, 1e-7);
    process_greedy(process, process->arc_reward, probability);
    assert_near(probability[process_find_arc(process, 0, 1)], 1, 0);
    assert_near(probability[process_find_arc(process, 0, 2)], 0, 0);
    process_free(process);
}

/* With one beat of context "a after nothing", "a after b" and "a after c" differ. */
static void test_context(void **state)
{
    (void)state;
    struct process *process = process_of("abacab", 1);
    static const uint32_t states[] = {0, 1, 2, 3, 4, 1};
    assert_int_equal(process->states, 5);
    assert_memory_equal(process->visited, states, sizeof states);
    assert_arc(process, 0, 1, 1, 1);
    assert_arc(process, 1, 2, 1, 0.5);
    assert_arc(process, 1, 0, 0, 0);
    assert_arc(process, 4, 1, 1, 1);
    process_free(process);
}

static void test_several(void **state)
{
    (void)state;
    static const char *const letters[] = {"ab", "cb", "b"};
    struct process *process = process_of_letters(letters, 3, 0, NULL);
    static const uint32_t starts[] = {0, 2, 4, 5};
    float probability[8];
    assert_int_equal(process->states, 3);
    assert_memory_equal(process->start, starts, sizeof starts);
    /* All three end with b, so b leads to every beginning: a, c and itself. */
    assert_int_equal(process->arcs, 5);
    assert_arc(process, 0, 1, 1, 1);
    assert_arc(process, 2, 1, 1, 1);
    assert_arc(process, 1, 0, 0, 0);
    assert_arc(process, 1, 1, 0, 0);
    assert_arc(process, 1, 2, 0, 0);
    process_observed(process, probability);
    assert_near(probability[process_find_arc(process, 1, 2)], 1 / 3.0, 1e-6);
    process_free(process);
}

static void test_one_step(void **state)
{
    (void)state;
    struct process *process = process_of("a", 8);
    assert_int_equal(process->states, 1);
    assert_int_equal(process->arcs, 1);
    assert_arc(process, 0, 0, 0, 0);
    assert_near(process_best_reward(process, 5), 0, 0);
    assert_true(process_best_reward(process, 0) < 0);
    process_free(process);
}

static void test_refused(void **state)
{
    (void)state;
    static const char *const letters[] = {"ab", ""};
    struct error error;
    assert_null(process_of_letters(letters, 1, 9, &error));
    assert_non_null(strstr(error.text, "context"));
    assert_null(process_of_letters(letters, 0, 0, &error));
    assert_non_null(strstr(error.text, "trajectories"));
    assert_null(process_of_letters(letters, 2, 0, &error));
    assert_non_null(strstr(error.text, "trajectory 1 has no steps"));
}

/* The best sum of rewards from a state by trying every way there is. */
static double try_all(const struct process *process, uint32_t state, uint32_t steps)
{
    double best = 0;
    for (uint32_t a = process->first_arc[state]; steps > 0 && a < process->first_arc[state + 1];
         a++)
        best = fmax(best, (double)process->arc_reward[a] +
                              try_all(process, process->arc_next[a], steps - 1));
    return best;
}

static void test_best_reward(void **state)
{
    (void)state;
    static const char *const letters[] = {"abacab", "abcabdaeab", "aabbab", "abcdefgabcdxyg"};
    for (size_t k = 0; k < sizeof letters / sizeof *letters; k++) {
        struct process *process = process_of(letters[k], (uint32_t)k % 2);
        for (uint32_t horizon = 1; horizon <= 9; horizon++) {
            double sum = 0;
            for (uint32_t s = 0; s < process->states; s++)
                sum += try_all(process, s, horizon);
            assert_near(process_best_reward(process, horizon), sum / process->states / horizon,
                        1e-12);
        }
        process_free(process);
    }
}

/* The exact mean of a policy against walks that are drawn: within five standard
 * errors, which a wrong formula leaves by far. */
static void test_policy_reward(void **state)
{
    (void)state;
    enum { LANES = 512, HORIZON = 12, STEPS = 12 * 40 };
    struct process *process = process_at_random(3, 12);
    struct policy_shape shape = policy_shape_of_process(POLICY_TABLE, process);
    struct policy *policy = policy_create(&shape, 0, NULL);
    struct environment *environment = environment_of_process(process, LANES, HORIZON, 5, NULL);
    float *probability = malloc(process->arcs * sizeof *probability);
    struct rollout rollout;
    struct rng rng;
    assert_true(policy && environment && probability);
    for (uint32_t a = 0; a < process->arcs; a++)
        policy->parameter[a] = (float)(a % 3);
    assert_int_equal(policy_arc_probability(policy, process, probability, NULL), 0);
    assert_int_equal(rollout_open(&rollout, environment, policy, STEPS, NULL), 0);
    rng_seed(&rng, 1, 1);
    rollout_collect(&rollout, environment, policy, &rng);
    double sum = 0, squares = 0, episodes = 0;
    for (uint32_t i = 0; i < LANES; i++) {
        double reward = 0;
        uint32_t length = 0;
        for (uint32_t t = 0; t < STEPS; t++) {
            size_t at = (size_t)t * LANES + i;
            reward += (double)rollout.reward[at];
            length++;
            if (rollout.episode[at] == EPISODE_GOES_ON) {
                assert_int_equal(t + 1 < STEPS ? rollout.observation[at + LANES]
                                               : rollout.current[i],
                                 rollout.arrived[at]);
                continue;
            }
            if (length == HORIZON) { /* the first episodes of the lanes are shorter */
                sum += reward / HORIZON;
                squares += reward / HORIZON * (reward / HORIZON);
                episodes++;
            }
            reward = 0;
            length = 0;
        }
    }
    double mean = sum / episodes;
    double deviation = sqrt((squares / episodes - mean * mean) / episodes);
    assert_near(mean, process_policy_reward(process, probability, HORIZON), 5 * deviation);
    assert_true(deviation < 0.003);
    rollout_close(&rollout);
    environment_free(environment);
    policy_free(policy);
    free(probability);
    process_free(process);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_counts),        cmocka_unit_test(test_context),
        cmocka_unit_test(test_several),       cmocka_unit_test(test_one_step),
        cmocka_unit_test(test_refused),       cmocka_unit_test(test_best_reward),
        cmocka_unit_test(test_policy_reward),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
