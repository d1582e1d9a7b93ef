/* Environments of simulated tasks: what a step tells, limits of time, stopping and resuming. The
 * task: a walk on 0 .. 9 from 5, by -1 or 1, which terminates at both ends and pays at the upper.
 */
#include "rl/simulation.h"
#include "tests/rl/lesson.h"

#include <math.h>
#include <string.h>

enum { TOP = 9, START = 5, N_ENVS = 4, N_STEPS = 16, LIMIT = 30 };

struct walk {
    int place;
};

static void reset(void *state, struct rng *rng)
{
    (void)rng;
    ((struct walk *)state)->place = START;
}

/* One step in ten goes the other way. */
static bool step(void *state, uint32_t action, struct rng *rng, float *reward)
{
    struct walk *walk = state;
    bool up = (action == 1) != (rng_below(rng, 10) == 0);
    walk->place += up ? 1 : -1;
    *reward = walk->place == TOP ? 1 : 0;
    return walk->place == 0 || walk->place == TOP;
}

static void observe(const void *state, float *observation)
{
    int place = ((const struct walk *)state)->place;
    for (int i = 0; i <= TOP; i++)
        observation[i] = i == place ? 1 : 0;
}

static const struct simulation walk = {TOP + 1, 2,    LIMIT,  sizeof(struct walk),
                                       reset,   step, observe};

static const struct policy_shape shape = {
    .kind = POLICY_MLP, .inputs = TOP + 1, .actions = 2, .layers = 1, .width = {16}};

static int place_of(const struct environment *environment, uint32_t observation)
{
    const struct observations *seen = &environment->observations;
    for (uint32_t f = seen->first_feature[observation]; f < seen->first_feature[observation + 1];
         f++)
        if (seen->strength[f] > 0)
            return (int)seen->feature[f];
    return -1;
}

/* Steps left and right in turn, and looks at every transition. */
static void test_transitions(void **state)
{
    (void)state;
    uint32_t current[N_ENVS] = {0}, arrived[N_ENVS] = {0}, action[N_ENVS], elapsed[N_ENVS] = {0};
    float reward[N_ENVS] = {0};
    unsigned char episode[N_ENVS] = {0};
    int place[N_ENVS], ends[3] = {0};
    struct environment *environment = environment_of_simulation(&walk, N_ENVS, N_STEPS, 1, NULL);
    assert_non_null(environment);
    for (int i = 0; i < N_ENVS; i++)
        place[i] = START;
    for (uint32_t t = 0; t < 20 * N_STEPS; t++) {
        if (t % N_STEPS == 0)
            environment->ops->begin(environment, current);
        for (uint32_t i = 0; i < N_ENVS; i++) {
            assert_int_equal(place_of(environment, current[i]), place[i]);
            action[i] = (t + i) % 2;
        }
        environment->ops->step(environment, action,
                               &(struct transition){reward, arrived, current, episode});
        assert_true(environment->observations.count <= environment->max_observations);
        for (int i = 0; i < N_ENVS; i++) {
            int to = place_of(environment, arrived[i]);
            bool terminated = to == 0 || to == TOP;
            assert_int_equal(abs(to - place[i]), 1);
            assert_true((reward[i] > 0) == (to == TOP));
            elapsed[i]++;
            assert_int_equal(episode[i], terminated            ? EPISODE_TERMINATED
                                         : elapsed[i] == LIMIT ? EPISODE_TRUNCATED
                                                               : EPISODE_GOES_ON);
            ends[episode[i]]++;
            place[i] = episode[i] == EPISODE_GOES_ON ? to : START;
            elapsed[i] = episode[i] == EPISODE_GOES_ON ? elapsed[i] : 0;
        }
    }
    assert_true(ends[EPISODE_TERMINATED] > 5 && ends[EPISODE_TRUNCATED] > 5);
    environment_free(environment);
}

static struct policy *learned(uint64_t pause)
{
    struct ppo_settings settings = ppo_defaults(POLICY_MLP);
    struct policy *policy = policy_create(&shape, 1, NULL);
    settings.n_steps = N_STEPS;
    settings.total_timesteps = 20000;
    settings.seed = 1;
    lesson_ppo(policy, &settings, environment_of_simulation(&walk, N_ENVS, N_STEPS, 1, NULL), pause,
               pause ? environment_of_simulation(&walk, N_ENVS, N_STEPS, 99, NULL) : NULL);
    return policy;
}

/* Learns to go up, the same whether it was interrupted or not. */
static void test_learns_and_resumes(void **state)
{
    (void)state;
    struct policy *fresh = policy_create(&shape, 1, NULL);
    struct policy *whole = learned(0), *resumed = learned(5000);
    assert_memory_equal(whole->parameter, resumed->parameter,
                        whole->parameters * sizeof *whole->parameter);
    double before = simulation_evaluate(&walk, fresh, 200, 3, NULL);
    double after = simulation_evaluate(&walk, whole, 200, 3, NULL);
    assert_true(before < .9 && after > .97);
    policy_free(fresh);
    policy_free(whole);
    policy_free(resumed);
}

static void test_refused(void **state)
{
    (void)state;
    struct error error = {""};
    struct simulation none = walk;
    struct policy_shape narrow = shape;
    none.time_limit = 0;
    assert_null(environment_of_simulation(&none, 1, 1, 1, &error));
    assert_non_null(strstr(error.text, "time limit"));
    assert_null(environment_of_simulation(&walk, 0, 1, 1, &error));
    assert_null(environment_of_simulation(&walk, 1u << 31, 1u << 31, 1, &error));
    assert_non_null(strstr(error.text, "too many"));
    narrow.inputs = TOP;
    struct policy *policy = policy_create(&narrow, 1, NULL);
    assert_true(isnan(simulation_evaluate(&walk, policy, 1, 1, &error)));
    assert_non_null(strstr(error.text, "expected a network of 10 and 2"));
    policy_free(policy);
    struct environment *environment = environment_of_simulation(&walk, 1, SARSA_STEPS, 1, NULL);
    struct sarsa_settings sarsa = sarsa_defaults();
    narrow = (struct policy_shape){.kind = POLICY_LINEAR, .inputs = TOP + 1, .actions = 2};
    policy = policy_create(&narrow, 1, NULL);
    assert_null(sarsa_open(environment, policy, &sarsa, &error));
    assert_non_null(strstr(error.text, "features of actions"));
    policy_free(policy);
    environment_free(environment);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_transitions),
        cmocka_unit_test(test_learns_and_resumes),
        cmocka_unit_test(test_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
