/* Simulated tasks as environments: an observation is a vector of numbers, every action is legal
 * everywhere (the Discrete action space of Gymnasium), and copies are stepped together. */
#ifndef RL_SIMULATION_H
#define RL_SIMULATION_H

#include "rl/environment.h"

#include <stdbool.h>
#include <stddef.h>

struct simulation {
    uint32_t features;   /* numbers in an observation, above 0 */
    uint32_t actions;    /* numbered from 0; above 0 */
    uint32_t time_limit; /* steps, after which an episode is truncated; above 0 */
    size_t state_size;   /* bytes of a copy's state: plain data, without pointers */

    /* Begins an episode. */
    void (*reset)(void *state, struct rng *rng);

    /* Takes an action; whether the episode has terminated. */
    bool (*step)(void *state, uint32_t action, struct rng *rng, float *reward);

    /* Writes observation[features]; networks learn best from numbers of about 1. */
    void (*observe)(const void *state, float *observation);
};

/* `n_envs` copies, for rollouts of up to `n_steps` steps. Borrows the simulation. Its policy has
 * `features` inputs and `actions` actions; a table or a linear policy does not fit. NULL: one of
 * the numbers is 0, out of memory. */
struct environment *environment_of_simulation(const struct simulation *simulation, uint32_t n_envs,
                                              uint32_t n_steps, uint64_t seed, struct error *error);

/* The mean return (sum of rewards) of `episodes` episodes, in which the policy takes its likeliest
 * action. NAN: the policy does not fit, out of memory. */
double simulation_evaluate(const struct simulation *simulation, const struct policy *policy,
                           uint32_t episodes, uint64_t seed, struct error *error);

#endif
