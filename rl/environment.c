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
    uint32_t *state; /* [lanes] */
    uint32_t *left;  /* [lanes]: steps to the end of the episode */
};

static void walk_begin(struct environment *environment, uint32_t *observation)
{
    const struct walk *walk = (const struct walk *)environment;
    memcpy(observation, walk->state, environment->lanes * sizeof *observation);
}

static void walk_step(struct environment *environment, const uint32_t *action,
                      const struct transition *to)
{
    struct walk *walk = (struct walk *)environment;
    const struct process *process = walk->process;
    for (uint32_t i = 0; i < environment->lanes; i++) {
        uint32_t state = process->arc_next[action[i]];
        to->reward[i] = process->arc_reward[action[i]];
        to->arrived[i] = state;
        to->episode[i] = EPISODE_GOES_ON;
        if (--walk->left[i] == 0) {
            walk->left[i] = walk->horizon;
            state = rng_below(&walk->rng, process->states);
            to->episode[i] = EPISODE_CUT_SHORT;
        }
        walk->state[i] = to->observation[i] = state;
    }
}

static size_t walk_state_length(const struct environment *environment)
{
    return sizeof(struct rng) + (size_t)environment->lanes * 2 * sizeof(uint32_t);
}

static void walk_save(const struct environment *environment, unsigned char *bytes)
{
    const struct walk *walk = (const struct walk *)environment;
    size_t size = environment->lanes * sizeof *walk->state;
    memcpy(bytes, &walk->rng, sizeof walk->rng);
    memcpy(bytes + sizeof walk->rng, walk->state, size);
    memcpy(bytes + sizeof walk->rng + size, walk->left, size);
}

static int walk_restore(struct environment *environment, const unsigned char *bytes, size_t length)
{
    struct walk *walk = (struct walk *)environment;
    size_t size = environment->lanes * sizeof *walk->state;
    if (length != walk_state_length(environment))
        return -1;
    memcpy(&walk->rng, bytes, sizeof walk->rng);
    memcpy(walk->state, bytes + sizeof walk->rng, size);
    memcpy(walk->left, bytes + sizeof walk->rng + size, size);
    for (uint32_t i = 0; i < environment->lanes; i++)
        if (walk->state[i] >= walk->process->states || walk->left[i] == 0 ||
            walk->left[i] > walk->horizon)
            return -1;
    return 0;
}

static void walk_destroy(struct environment *environment)
{
    struct walk *walk = (struct walk *)environment;
    observations_release(&environment->seen);
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

struct environment *environment_of_process(const struct process *process, uint32_t lanes,
                                           uint32_t horizon, uint64_t seed, struct error *error)
{
    if (lanes == 0 || horizon == 0) {
        error_set(error, "environment: %u lanes with episodes of %u steps, both must be above 0",
                  lanes, horizon);
        return NULL;
    }
    struct walk *walk = calloc(1, sizeof *walk);
    if (!walk) {
        error_set(error, "environment: out of memory");
        return NULL;
    }
    walk->environment.ops = &walk_ops;
    walk->environment.lanes = lanes;
    walk->environment.most_observations = process->states;
    walk->environment.most_logits = process->arcs;
    walk->process = process;
    walk->horizon = horizon;
    walk->state = malloc(lanes * sizeof *walk->state);
    walk->left = malloc(lanes * sizeof *walk->left);
    if (!walk->state || !walk->left ||
        observations_of_process(&walk->environment.seen, process, error) != 0) {
        walk_destroy(&walk->environment);
        error_set(error, "environment: out of memory");
        return NULL;
    }
    rng_seed(&walk->rng, seed, STREAM);
    for (uint32_t i = 0; i < lanes; i++) {
        walk->state[i] = rng_below(&walk->rng, process->states);
        walk->left[i] = 1 + (uint32_t)((uint64_t)i * horizon / lanes);
    }
    return &walk->environment;
}

void environment_free(struct environment *environment)
{
    if (environment)
        environment->ops->destroy(environment);
}
