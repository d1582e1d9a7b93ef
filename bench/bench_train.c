/* How fast learning is: environment steps a second of whole PPO loops, updates
 * included, on one core, for a piece of about 400 states. Beside each figure
 * stands the same environment stepped by a uniform policy without learning,
 * the floor under all of it: the ratio says what learning adds.
 *
 *     bench_train [STEPS]      steps of each run, 2,000,000 where not said */
#include "piece/beats.h"
#include "rl/ppo.h"
#include "rl/rollout.h"
#include "rl/sarsa.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { SECTION = 16, SECTIONS = 40, HORIZON = 64, SEED = 1 };

struct setup {
    enum policy_kind kind;
    uint32_t lanes, rollout, epochs, minibatches;
};

static double seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

/* A beat of four notes that is told from others by its number. */
static size_t put_beat(struct song_note *note, size_t notes, uint32_t beat, uint32_t number)
{
    struct rng rng;
    rng_seed(&rng, SEED, 1000 + number);
    for (uint32_t i = 0; i < 4; i++)
        note[notes++] = (struct song_note){4 * beat + i, (uint8_t)(36 + rng_below(&rng, 48))};
    return notes;
}

/* Music as it goes: sections of 16 beats, a third of them played before, and
 * here and there in a new section a beat known from elsewhere. */
static struct song *compose(struct error *error)
{
    static struct song_note note[4 * SECTION * SECTIONS];
    static uint32_t content[SECTIONS][SECTION];
    struct rng rng;
    size_t notes = 0;
    uint32_t fresh = 0;
    rng_seed(&rng, SEED, 0);
    for (uint32_t k = 0; k < SECTIONS; k++) {
        uint32_t like = k > 0 && rng_below(&rng, 3) == 0 ? rng_below(&rng, k) : k;
        for (uint32_t i = 0; i < SECTION; i++) {
            if (like != k)
                content[k][i] = content[like][i];
            else
                content[k][i] =
                    fresh > 0 && rng_below(&rng, 8) == 0 ? rng_below(&rng, fresh) : fresh++;
            notes = put_beat(note, notes, SECTION * k + i, content[k][i]);
        }
    }
    return song_create("made up", 0, note, notes, error);
}

/* Steps alone: a table that is never updated, uniform over the legal arcs. */
static double floor_rate(const struct process *process, const struct setup *setup, uint64_t steps,
                         struct error *error)
{
    struct policy_shape shape = policy_shape_of_process(POLICY_TABLE, process);
    struct environment *environment =
        environment_of_process(process, setup->lanes, HORIZON, SEED, error);
    struct policy *policy = policy_create(&shape, SEED, error);
    struct rollout rollout = {0};
    double rate = -1;
    if (environment && policy &&
        rollout_open(&rollout, environment, policy, setup->rollout, error) == 0) {
        struct rng rng;
        rng_seed(&rng, SEED, 0);
        uint64_t batch = (uint64_t)setup->rollout * setup->lanes, done = 0;
        double start = seconds();
        for (; done < steps; done += batch)
            rollout_collect(&rollout, environment, policy, &rng);
        rate = (double)done / (seconds() - start);
    }
    rollout_close(&rollout);
    policy_free(policy);
    environment_free(environment);
    return rate;
}

static double share_of_best(const struct process *process, const struct policy *policy,
                            struct error *error)
{
    float *probability = malloc(process->arcs * sizeof *probability);
    double share = -1;
    if (probability && policy_arc_probability(policy, process, probability, error) == 0)
        share = process_policy_reward(process, probability, HORIZON) /
                process_best_reward(process, HORIZON);
    free(probability);
    return share;
}

static int bench_ppo(const struct process *process, const struct setup *setup, uint64_t steps,
                     struct error *error)
{
    struct policy_shape shape = policy_shape_of_process(setup->kind, process);
    struct ppo_settings settings = ppo_defaults(setup->kind);
    settings.total_timesteps = steps;
    settings.n_steps = setup->rollout;
    settings.n_epochs = setup->epochs;
    settings.minibatches = setup->minibatches;
    settings.target_kl = 0; /* every update is made */
    settings.seed = SEED;
    struct environment *environment =
        environment_of_process(process, setup->lanes, HORIZON, SEED, error);
    struct policy *policy = policy_create(&shape, SEED, error);
    struct ppo *ppo =
        environment && policy ? ppo_open(environment, policy, &settings, error) : NULL;
    double least = floor_rate(process, setup, steps, error);
    int status = -1;
    double start = seconds();
    if (ppo && least > 0 && ppo_run(ppo, steps, NULL, NULL, error) == 0) {
        double rate = (double)ppo_steps(ppo) / (seconds() - start);
        printf("ppo   %-5s  %4u lanes x %3u steps, %2u epochs x %2u minibatches: %9.0f steps/s, "
               "%5.1f times a step alone, %5.1f %% of the best reward\n",
               policy_name(setup->kind), setup->lanes, setup->rollout, setup->epochs,
               setup->minibatches, rate, least / rate, 100 * share_of_best(process, policy, error));
        status = 0;
    }
    ppo_close(ppo);
    policy_free(policy);
    environment_free(environment);
    return status;
}

static int bench_sarsa(const struct process *process, uint64_t steps, struct error *error)
{
    struct sarsa_settings settings = sarsa_defaults();
    settings.total_timesteps = steps;
    settings.seed = SEED;
    struct policy_shape shape = policy_shape_of_process(POLICY_LINEAR, process);
    struct policy *zero = policy_create(&shape, SEED, error);
    struct environment *environment = environment_of_process(process, 1, HORIZON, SEED, error);
    struct sarsa *sarsa =
        zero && environment ? sarsa_open(environment, zero, &settings, error) : NULL;
    policy_free(zero);
    double start = seconds();
    if (!sarsa || sarsa_run(sarsa, steps, NULL, NULL, error) != 0) {
        sarsa_close(sarsa);
        environment_free(environment);
        return -1;
    }
    double rate = (double)sarsa_steps(sarsa) / (seconds() - start);
    struct policy *policy = sarsa_policy(sarsa, error);
    if (policy)
        printf("sarsa linear lambda %g, an update every step: %9.0f steps/s, %5.1f %% of the best "
               "reward\n",
               settings.lambda, rate, 100 * share_of_best(process, policy, error));
    policy_free(policy);
    sarsa_close(sarsa);
    environment_free(environment);
    return policy ? 0 : -1;
}

int main(int argc, char **argv)
{
    static const struct setup setups[] = {
        {POLICY_TABLE, 256, 128, 4, 4},  {POLICY_TABLE, 64, 128, 4, 4},
        {POLICY_TABLE, 64, 128, 10, 16}, {POLICY_MLP, 256, 128, 4, 4},
        {POLICY_MLP, 64, 128, 4, 4},     {POLICY_MLP, 8, 128, 10, 4},
    };
    struct error error;
    long long wanted = argc > 1 ? atoll(argv[1]) : 2000000;
    uint64_t steps = wanted > 0 ? (uint64_t)wanted : 2000000;
    struct song *song = compose(&error);
    const struct song *songs[] = {song};
    struct process *process = song ? beats_process(songs, 1, 0, &error) : NULL;
    int status = process ? 0 : -1;
    if (process)
        printf("a piece of %u beats: %u states, %u arcs; episodes of %d steps, %llu steps a run\n",
               song_beats(song), process->states, process->arcs, HORIZON,
               (unsigned long long)steps);
    for (size_t i = 0; status == 0 && i < sizeof setups / sizeof *setups; i++)
        status = bench_ppo(process, &setups[i], steps, &error);
    if (status == 0)
        status = bench_sarsa(process, steps, &error);
    if (status != 0)
        fprintf(stderr, "bench_train: %s\n", error.text);
    process_free(process);
    song_free(song);
    return status == 0 ? 0 : 1;
}
