/* A decision process as an environment. */
#include "rl/environment.h"

#include <stdlib.h>
#include <string.h>

enum { STREAM = 0x656e76 }; /* of random numbers, apart from the learner's */

struct walk {
    struct environment environment; /* first, so that one is the other */
    const struct process *process;
    uint32_t horizon;
    struct rng rng;
    uint32_t *state; /* [n_envs] */
    uint32_t *left;  /* [n_envs]: steps to the end of the episode */
};

static void walk_begin(struct environment *environment, uint32_t *observation)
{
    const struct walk *walk = (const struct walk *)environment;
    memcpy(observation, walk->state, environment->n_envs * sizeof *observation);
}

static void walk_step(struct environment *environment, const uint32_t *action,
                      const struct transition *to)
{
    struct walk *walk = (struct walk *)environment;
    const struct process *process = walk->process;
    for (uint32_t i = 0; i < environment->n_envs; i++) {
        uint32_t state = process->arc_next[action[i]];
        to->reward[i] = process->arc_reward[action[i]];
        to->arrived[i] = state;
        to->episode[i] = EPISODE_GOES_ON;
        if (--walk->left[i] == 0) {
            walk->left[i] = walk->horizon;
            state = rng_below(&walk->rng, process->states);
            to->episode[i] = EPISODE_TRUNCATED;
        }
        walk->state[i] = to->observation[i] = state;
    }
}

static size_t walk_state_length(const struct environment *environment)
{
    return sizeof(struct rng) + (size_t)environment->n_envs * 2 * sizeof(uint32_t);
}

static void walk_save(const struct environment *environment, unsigned char *bytes)
{
    const struct walk *walk = (const struct walk *)environment;
    size_t size = environment->n_envs * sizeof *walk->state;
    memcpy(bytes, &walk->rng, sizeof walk->rng);
    memcpy(bytes + sizeof walk->rng, walk->state, size);
    memcpy(bytes + sizeof walk->rng + size, walk->left, size);
}

static int walk_restore(struct environment *environment, const unsigned char *bytes, size_t length)
{
    struct walk *walk = (struct walk *)environment;
    size_t size = environment->n_envs * sizeof *walk->state;
    if (length != walk_state_length(environment))
        return -1;
    memcpy(&walk->rng, bytes, sizeof walk->rng);
    memcpy(walk->state, bytes + sizeof walk->rng, size);
    memcpy(walk->left, bytes + sizeof walk->rng + size, size);
    for (uint32_t i = 0; i < environment->n_envs; i++)
        if (walk->state[i] >= walk->process->states || walk->left[i] == 0 ||
            walk->left[i] > walk->horizon)
            return -1;
    return 0;
}

static void walk_destroy(struct environment *environment)
{
    struct walk *walk = (struct walk *)environment;
    observations_release(&environment->observations);
    free(walk->state);
    free(walk->left);
    free(walk);
}

static const struct environment_ops walk_ops = {
    .begin = walk_begin,
    .step = walk_step,
    .state_length = walk_state_length,
    .save = walk_save,
    .restore = walk_restore,
    .destroy = walk_destroy,
};

struct environment *environment_of_process(const struct process *process, uint32_t n_envs,
                                           uint32_t horizon, uint64_t seed, struct error *error)
{
    if (n_envs == 0 || horizon == 0) {
        error_set(error, "environment: %u n_envs with episodes of %u steps, both must be above 0",
                  n_envs, horizon);
        return NULL;
    }
    struct walk *walk = calloc(1, sizeof *walk);
    if (!walk) {
        error_set(error, "environment: out of memory");
        return NULL;
    }
    walk->environment.ops = &walk_ops;
    walk->environment.n_envs = n_envs;
    walk->environment.max_observations = process->states;
    walk->environment.max_logits = process->arcs;
    walk->process = process;
    walk->horizon = horizon;
    walk->state = malloc(n_envs * sizeof *walk->state);
    walk->left = malloc(n_envs * sizeof *walk->left);
    if (!walk->state || !walk->left ||
        observations_of_process(&walk->environment.observations, process, error) != 0) {
        walk_destroy(&walk->environment);
        error_set(error, "environment: out of memory");
        return NULL;
    }
    rng_seed(&walk->rng, seed, STREAM);
    for (uint32_t i = 0; i < n_envs; i++) {
        walk->state[i] = rng_below(&walk->rng, process->states);
        walk->left[i] = 1 + (uint32_t)((uint64_t)i * horizon / n_envs);
    }
    return &walk->environment;
}

void environment_free(struct environment *environment)
{
    if (environment)
        environment->ops->destroy(environment);
}
