/* The agent that plays from rhythm: what it gets by hand, its gradient, the same
 * bytes for the same seed, and what it learns. */
#include "lesson.h"
#include "piece/model.h"
#include "piece/practice.h"
#include "plain.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define assert_near(a, b) assert_true(fabs((double)(a) - (double)(b)) < 1e-6)

/* One beat a letter. A, B, C, D have rhythms of their own, E to H the same again
 * at other pitches, and so on. */
static const struct rhythm rhythms[] = {
    {{1, 0, 0, 0}}, {{1, 0, 1, 0}}, {{1, 1, 1, 1}}, {{2, 0, 0, 1}}};

static struct song *song_of(const char *letters)
{
    struct song_note note[1024];
    size_t notes = 0;
    for (uint32_t b = 0; letters[b]; b++)
        for (uint32_t i = 0; i < SONG_SLOTS_A_BEAT; i++)
            for (uint32_t k = 0; k < rhythms[(letters[b] - 'A') % 4].struck[i]; k++)
                note[notes++] =
                    (struct song_note){4 * b + i, (uint8_t)(letters[b] - 'A' + 40 + 12 * (int)k)};
    struct song *song = song_create(letters, 0, note, notes, NULL);
    assert_non_null(song);
    return song;
}

/* A piece, its process and what agents share. */
struct setup {
    struct song *song;
    const struct song **songs;
    struct process *process;
    struct agent_task *task;
};

static struct setup setup_of(const char *letters, uint32_t context)
{
    struct setup setup = {.song = song_of(letters)};
    setup.songs = malloc(sizeof(const struct song *));
    assert_non_null(setup.songs);
    setup.songs[0] = setup.song;
    setup.process = beats_process(setup.songs, 1, context, NULL);
    assert_non_null(setup.process);
    setup.task = agent_task_open(setup.process, setup.songs, NULL);
    assert_non_null(setup.task);
    return setup;
}

static void setup_free(struct setup *setup)
{
    agent_task_close(setup->task);
    process_free(setup->process);
    song_free(setup->song);
    free(setup->songs);
}

static void fit_by_hand(void **state)
{
    (void)state;
    const struct rhythm meant = {{2, 0, 1, 0}};
    assert_near(rhythm_fit(&meant, &meant), 1);
    assert_near(rhythm_fit(&meant, &(struct rhythm){{1, 0, 1, 0}}), 0.3);
    assert_near(rhythm_fit(&meant, &(struct rhythm){{4, 0, 1, 0}}), 0.1);
    assert_near(rhythm_fit(&meant, &(struct rhythm){{2, 0, 0, 1}}), 0.05 * 0.05);
}

static uint32_t actions_seen(const struct agent *agent, struct agent_sight *sight)
{
    sight->seen.count = 0;
    agent_look(agent, sight);
    return sight->seen.first_logit[1] - sight->seen.first_logit[0];
}

/* A B A C: after A first B, then C. */
static void rewards_by_hand(void **state)
{
    (void)state;
    struct setup setup = setup_of("ABAC", 0);
    uint32_t a = setup.process->visited[0], b = setup.process->visited[1];
    uint32_t c = setup.process->visited[3], to_b = b < c ? 0 : 1;
    struct agent *agent = agent_open(setup.task, NULL);
    struct agent_sight sight;
    assert_int_equal(agent_sight_open(&sight, setup.task, 1, NULL), 0);
    agent_begin(agent, 0, 0);
    agent_hear(agent, &rhythms[0]);
    assert_int_equal(actions_seen(agent, &sight), 1);
    assert_near(agent_take(agent, 0), 0);
    assert_int_equal(agent_state(agent), a);
    agent_hear(agent, &rhythms[1]);
    assert_int_equal(actions_seen(agent, &sight), 2);
    assert_near(agent_take(agent, to_b), 1);
    agent_hear(agent, &rhythms[0]);
    assert_near(agent_take(agent, 0), 1);
    /* The second time the music goes to C; and who goes to B hears that it does not fit. */
    agent_hear(agent, &rhythms[1]);
    assert_near(agent_take(agent, to_b), 0);
    /* From B only A follows, but what is heard is C: the return leads there, for nothing. */
    agent_hear(agent, &rhythms[0]);
    agent_take(agent, 0);
    agent_hear(agent, &rhythms[2]);
    agent_take(agent, to_b);
    agent_hear(agent, &rhythms[2]);
    uint32_t actions = actions_seen(agent, &sight);
    assert_int_equal(actions, 2);
    assert_near(agent_take(agent, 1), 0);
    assert_int_equal(agent_state(agent), c);

    /* Who comes in the middle cannot count: R(s, a) of the process, half and half. */
    agent_begin(agent, 0, 1);
    agent_hear(agent, &rhythms[1]);
    assert_near(agent_take(agent, to_b), 0.5);
    agent_hear(agent, &(struct rhythm){{2, 0, 0, 0}});
    assert_near(agent_take(agent, 0), 0.3);
    agent_sight_close(&sight);
    agent_close(agent);
    /* Three of four beats can pay, one each. */
    assert_near(practice_best_reward(setup.task), 0.75);
    setup_free(&setup);
}

static void the_pianist_plays_what_is_written(void **state)
{
    (void)state;
    struct song *song = song_of("ABCD");
    struct rhythm played[4];
    struct rng rng;
    rng_seed(&rng, 1, 1);
    pianist_play(song, 0, 4, &(struct pianist_manner){0}, &rng, played);
    assert_memory_equal(played, rhythms, sizeof played);
    pianist_play(song, 2, 4, &(struct pianist_manner){0}, &rng, played);
    assert_memory_equal(played, rhythms + 2, 2 * sizeof *played);
    pianist_play(song, 0, 4, &(struct pianist_manner){.drop = 1}, &rng, played);
    for (int b = 0; b < 4; b++)
        assert_memory_equal(&played[b], &(struct rhythm){{0}}, sizeof *played);
    pianist_play(song, 0, 4, &(struct pianist_manner){.add = 1}, &rng, played);
    assert_memory_equal(played[3].struck, ((uint8_t[]){4, 0, 0, 2}), 4);
    song_free(song);
}

static const char piece[] = "ABCDABCEABFDGBCDABCDABCEABFDGBHHABCDABCEIJKLABCD";

static struct environment *practice_of(const struct setup *setup, uint64_t seed)
{
    struct environment *environment = practice_open(setup->task, 16, 128, seed, NULL);
    assert_non_null(environment);
    return environment;
}

/* The loss and gradient on what agents see, against those written out and finite differences. */
static void gradient(void **state)
{
    (void)state;
    enum { SAMPLES = 300 };
    struct setup setup = setup_of(piece, 1);
    struct environment *environment = practice_of(&setup, 3);
    struct policy *policy = agent_policy(setup.task, NULL);
    struct rollout rollout;
    struct ppo_loss_work work;
    struct rng rng;
    uint32_t index[SAMPLES];
    assert_int_equal(rollout_open(&rollout, environment, policy, 64, NULL), 0);
    assert_int_equal(ppo_loss_open(&work, environment, policy, NULL), 0);
    rng_seed(&rng, 4, 4);
    rollout_collect(&rollout, environment, policy, &rng);
    rollout_advantages(&rollout, 0.9, 0.9, 1);
    size_t n = policy->parameters;
    double *parameter = malloc(n * sizeof *parameter), *slope = calloc(n, sizeof *slope);
    float *fast = calloc(n, sizeof *fast);
    assert_true(parameter && slope && fast);
    for (size_t i = 0; i < n; i++) {
        policy->parameter[i] += 0.5f * (float)rng_normal(&rng);
        parameter[i] = policy->parameter[i];
    }
    for (uint32_t i = 0; i < SAMPLES; i++)
        index[i] = rng_below(&rng, 64 * 16);
    const struct ppo_loss_settings settings = {
        .clip_range = 0.2f, .vf_coef = 0.5f, .ent_coef = 0.03f};
    const struct observations *seen = &environment->observations;
    struct ppo_losses got =
        ppo_loss_forward(&work, policy, seen, &rollout, index, SAMPLES, &settings);
    ppo_loss_backward(&work, policy, seen, fast);
    double wanted =
        plain_loss(&policy->shape, parameter, seen, &rollout, index, SAMPLES, &settings, slope)
            .total;
    assert_true(fabs(got.total - wanted) < 1e-5 + 1e-4 * fabs(wanted));
    for (size_t i = 0; i < n; i++)
        assert_true(fabs((double)fast[i] - slope[i]) < 1e-5 + 5e-4 * fabs(slope[i]));
    for (size_t i = 0; i < n; i += i < AGENT_ARCS ? 1 : n / 50 + 1) {
        const double h = 1e-6;
        double loss[2];
        for (int k = 0; k < 2; k++) {
            parameter[i] = (double)policy->parameter[i] + (k ? h : -h);
            loss[k] = plain_loss(&policy->shape, parameter, seen, &rollout, index, SAMPLES,
                                 &settings, NULL)
                          .total;
        }
        parameter[i] = policy->parameter[i];
        assert_true(fabs((double)fast[i] - (loss[1] - loss[0]) / (2 * h)) <
                    2e-5 + 1e-3 * fabs((double)fast[i]));
    }
    free(parameter);
    free(slope);
    free(fast);
    ppo_loss_close(&work);
    rollout_close(&rollout);
    policy_free(policy);
    environment_free(environment);
    setup_free(&setup);
}

/* Learns, stopped and taken up again after `pause` steps (0: in one go). */
static struct policy *learn(const struct setup *setup, uint64_t seed, uint64_t steps,
                            uint64_t pause)
{
    struct policy *policy = agent_policy(setup->task, NULL);
    struct ppo_settings settings = ppo_defaults(POLICY_LINEAR);
    settings.seed = seed;
    settings.total_timesteps = steps;
    lesson_ppo(policy, &settings, practice_of(setup, seed), pause,
               pause ? practice_of(setup, seed + 99) : NULL);
    return policy;
}

static struct policy *learn_sarsa(const struct setup *setup, uint64_t seed, uint64_t steps)
{
    struct environment *environment = practice_open(setup->task, 1, SARSA_STEPS, seed, NULL);
    struct policy *fresh = agent_policy(setup->task, NULL);
    struct sarsa_settings settings = sarsa_defaults();
    settings.seed = seed;
    settings.total_timesteps = steps;
    struct policy *policy = lesson_sarsa(fresh, settings, environment, 0, NULL);
    policy_free(fresh);
    return policy;
}

static void same_bytes(void **state)
{
    (void)state;
    struct setup setup = setup_of(piece, 1);
    const uint64_t steps = 2048 * 6, pause = 2048 * 2;
    struct policy *one = learn(&setup, 7, steps, 0), *again = learn(&setup, 7, steps, 0);
    struct policy *paused = learn(&setup, 7, steps, pause), *other = learn(&setup, 8, steps, 0);
    size_t length = one->parameters * sizeof *one->parameter;
    assert_memory_equal(one->parameter, again->parameter, length);
    assert_memory_equal(one->parameter, paused->parameter, length);
    assert_memory_not_equal(one->parameter, other->parameter, length);
    policy_free(one);
    policy_free(again);
    policy_free(paused);
    policy_free(other);
    setup_free(&setup);
}

/* The share of beats at which a policy stands where the piece is. */
static double right_beats(const struct setup *setup, const struct policy *policy)
{
    uint32_t beats = song_beats(setup->song), right = 0, state[64];
    struct rhythm played[64];
    struct rng rng;
    rng_seed(&rng, 5, 5);
    for (int i = 0; i < 20; i++) {
        pianist_play(setup->song, 0, beats, &(struct pianist_manner){0}, &rng, played);
        assert_true(practice_play(setup->task, policy, 0, played, beats, &rng, state) >= 0);
        for (uint32_t b = 0; b < beats; b++)
            right += state[b] == setup->process->visited[b];
    }
    return right / (20.0 * beats);
}

/* Half of the piece's letters look alike to an agent that hears only the rhythm. */
static void learns(void **state)
{
    (void)state;
    for (uint32_t context = 0; context <= 2; context++) {
        struct setup setup = setup_of(piece, context);
        struct policy *fresh = agent_policy(setup.task, NULL);
        struct policy *ppo = learn(&setup, 1, 400000, 0), *sarsa = learn_sarsa(&setup, 1, 400000);
        double best = practice_best_reward(setup.task);
        double untrained = practice_reward(setup.task, fresh, 50, 1);
        assert_true(untrained < 0.8 * best);
        assert_true(right_beats(&setup, fresh) < 0.6);
        assert_true(practice_reward(setup.task, ppo, 50, 1) > 0.97 * best);
        assert_true(practice_reward(setup.task, ppo, 50, 1) < best + 1e-6);
        assert_true(right_beats(&setup, ppo) > 0.97);
        assert_true(practice_reward(setup.task, sarsa, 50, 1) > 0.95 * best);
        policy_free(fresh);
        policy_free(ppo);
        policy_free(sarsa);
        setup_free(&setup);
    }
}

/* In a model the policy also says how the pieces go on where nothing is heard. */
static void in_a_model(void **state)
{
    (void)state;
    struct setup setup = setup_of("ABACAB", 0), other = setup_of(piece, 0);
    struct policy *policy = agent_policy(setup.task, NULL);
    struct process *process = beats_process((const struct song *const *)&setup.song, 1, 0, NULL);
    struct model_origin origin = {.algorithm = "ppo", .policy = "linear"};
    float observed[16];
    policy->parameter[AGENT_OBSERVED] = 4;
    process_observed(process, observed);
    struct song *song = song_copy(setup.song, NULL);
    struct model *model = model_create(&song, 1, process, policy, &origin, NULL);
    assert_non_null(model);
    for (uint32_t a = 0; a < process->arcs; a++)
        assert_true(fabsf(model_arc_probability(model)[a] - observed[a]) < 1e-5f);
    model_free(model);

    struct error error;
    song = song_copy(setup.song, NULL);
    process = beats_process((const struct song *const *)&song, 1, 0, NULL);
    assert_null(model_create(&song, 1, process, agent_policy(other.task, NULL), &origin, &error));
    assert_non_null(strstr(error.text, "not one for these pieces"));
    setup_free(&setup);
    setup_free(&other);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fit_by_hand),
        cmocka_unit_test(rewards_by_hand),
        cmocka_unit_test(the_pianist_plays_what_is_written),
        cmocka_unit_test(gradient),
        cmocka_unit_test(same_bytes),
        cmocka_unit_test(learns),
        cmocka_unit_test(in_a_model),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
