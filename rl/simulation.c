/* Copies of a simulation, and the observations they have made since the rollout began. */
#include "rl/simulation.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { STREAM = 0x73696d }; /* of random numbers, apart from the learner's */

struct copies {
    struct environment environment; /* first, so that one is the other */
    const struct simulation *simulation;
    struct rng rng;
    unsigned char *state; /* [n_envs][state_size] */
    uint32_t *elapsed;    /* [n_envs]: steps of the episode */
    float *strength;      /* [max_observations][features] */
    uint32_t *index;      /* what the observations' other arrays are made of */
};

static void *state_of(const struct copies *copies, uint32_t copy)
{
    return copies->state + copy * copies->simulation->state_size;
}

/* Adds what a copy observes; returns its number. */
static uint32_t observe(struct copies *copies, uint32_t copy)
{
    const struct simulation *simulation = copies->simulation;
    uint32_t id = copies->environment.observations.count++;
    simulation->observe(state_of(copies, copy),
                        copies->strength + (size_t)id * simulation->features);
    return id;
}

static void begin_episode(struct copies *copies, uint32_t copy)
{
    copies->elapsed[copy] = 0;
    copies->simulation->reset(state_of(copies, copy), &copies->rng);
}

static void copies_begin(struct environment *environment, uint32_t *observation)
{
    struct copies *copies = (struct copies *)environment;
    environment->observations.count = 0;
    for (uint32_t i = 0; i < environment->n_envs; i++)
        observation[i] = observe(copies, i);
}

static void copies_step(struct environment *environment, const uint32_t *action,
                        const struct transition *to)
{
    struct copies *copies = (struct copies *)environment;
    const struct simulation *simulation = copies->simulation;
    for (uint32_t i = 0; i < environment->n_envs; i++) {
        bool terminated =
            simulation->step(state_of(copies, i), action[i], &copies->rng, &to->reward[i]);
        bool truncated = ++copies->elapsed[i] >= simulation->time_limit;
        to->arrived[i] = to->observation[i] = observe(copies, i);
        to->episode[i] = terminated  ? EPISODE_TERMINATED
                         : truncated ? EPISODE_TRUNCATED
                                     : EPISODE_GOES_ON;
        if (terminated || truncated) {
            begin_episode(copies, i);
            to->observation[i] = observe(copies, i);
        }
    }
}

static size_t copies_state_length(const struct environment *environment)
{
    const struct copies *copies = (const struct copies *)environment;
    return sizeof copies->rng +
           environment->n_envs * (copies->simulation->state_size + sizeof *copies->elapsed);
}

static void copies_save(const struct environment *environment, unsigned char *bytes)
{
    const struct copies *copies = (const struct copies *)environment;
    size_t states = environment->n_envs * copies->simulation->state_size;
    memcpy(bytes, &copies->rng, sizeof copies->rng);
    memcpy(bytes + sizeof copies->rng, copies->state, states);
    memcpy(bytes + sizeof copies->rng + states, copies->elapsed,
           environment->n_envs * sizeof *copies->elapsed);
}

static int copies_restore(struct environment *environment, const unsigned char *bytes,
                          size_t length)
{
    struct copies *copies = (struct copies *)environment;
    size_t states = environment->n_envs * copies->simulation->state_size;
    if (length != copies_state_length(environment))
        return -1;
    memcpy(&copies->rng, bytes, sizeof copies->rng);
    memcpy(copies->state, bytes + sizeof copies->rng, states);
    memcpy(copies->elapsed, bytes + sizeof copies->rng + states,
           environment->n_envs * sizeof *copies->elapsed);
    return 0;
}

static void copies_destroy(struct environment *environment)
{
    struct copies *copies = (struct copies *)environment;
    free(copies->state);
    free(copies->elapsed);
    free(copies->strength);
    free(copies->index);
    free(copies);
}

static const struct environment_ops copies_ops = {
    .begin = copies_begin,
    .step = copies_step,
    .state_length = copies_state_length,
    .save = copies_save,
    .restore = copies_restore,
    .destroy = copies_destroy,
};

/* Every observation has the features 0, 1 ... and the actions 0, 1 ... -1: out of memory. */
static int lay_out(struct copies *copies, size_t most)
{
    const struct simulation *simulation = copies->simulation;
    size_t features = most * simulation->features;
    uint32_t *feature = calloc(features + 3 * (most + 1), sizeof *feature);
    copies->index = feature;
    copies->strength = malloc(features * sizeof *copies->strength);
    if (!feature || !copies->strength)
        return -1;
    uint32_t *first_feature = feature + features, *first_logit = first_feature + most + 1;
    for (size_t i = 0; i < features; i++)
        feature[i] = (uint32_t)(i % simulation->features);
    for (uint32_t o = 0; o <= most; o++) {
        first_feature[o] = o * simulation->features;
        first_logit[o] = o * simulation->actions;
    }
    copies->environment.observations = (struct observations){
        .first_feature = first_feature,
        .feature = feature,
        .strength = copies->strength,
        .first_logit = first_logit,
        .first_action = first_logit + most + 1,
    };
    copies->environment.max_observations = (uint32_t)most;
    copies->environment.max_logits = (uint32_t)(most * simulation->actions);
    return 0;
}

struct environment *environment_of_simulation(const struct simulation *simulation, uint32_t n_envs,
                                              uint32_t n_steps, uint64_t seed, struct error *error)
{
    /* A rollout begins with one observation a copy; a step that ends an episode makes two. */
    uint64_t most = (uint64_t)n_envs * (2 * (uint64_t)n_steps + 1);
    uint64_t widest =
        simulation->features > simulation->actions ? simulation->features : simulation->actions;
    struct copies *copies = NULL;
    if (n_envs == 0 || n_steps == 0 || simulation->features == 0 || simulation->actions == 0 ||
        simulation->time_limit == 0 || simulation->state_size == 0)
        error_set(error, "simulation: copies, steps, features, actions, time limit and size of the "
                         "state must be above 0");
    else if (most >= UINT32_MAX || most * widest >= UINT32_MAX)
        error_set(error, "simulation: %u copies of %u steps are too many", n_envs, n_steps);
    else if (!(copies = calloc(1, sizeof *copies)))
        error_set(error, "simulation: out of memory");
    if (!copies)
        return NULL;
    copies->environment.ops = &copies_ops;
    copies->environment.n_envs = n_envs;
    copies->simulation = simulation;
    copies->state = calloc(n_envs, simulation->state_size);
    copies->elapsed = calloc(n_envs, sizeof *copies->elapsed);
    if (!copies->state || !copies->elapsed || lay_out(copies, (size_t)most) != 0) {
        copies_destroy(&copies->environment);
        error_set(error, "simulation: out of memory for %u copies of %u steps", n_envs, n_steps);
        return NULL;
    }
    rng_seed(&copies->rng, seed, STREAM);
    for (uint32_t i = 0; i < n_envs; i++)
        begin_episode(copies, i);
    return &copies->environment;
}

/* The first of the likeliest actions. */
static uint32_t likeliest(const float *logit, uint32_t actions)
{
    uint32_t best = 0;
    for (uint32_t a = 1; a < actions; a++)
        if (logit[a] > logit[best])
            best = a;
    return best;
}

double simulation_evaluate(const struct simulation *simulation, const struct policy *policy,
                           uint32_t episodes, uint64_t seed, struct error *error)
{
    struct environment *environment = environment_of_simulation(simulation, 1, 1, seed, error);
    if (!environment)
        return (double)NAN;
    float *logit = malloc(environment->max_logits * sizeof *logit);
    float *scratch = malloc(policy_scratch(policy, 1) * sizeof *scratch);
    float reward, value[3]; /* of the observations that one step makes */
    double sum = 0;
    uint32_t ended = 0;
    if (policy->shape.kind == POLICY_TABLE || policy->shape.kind == POLICY_LINEAR ||
        policy->shape.inputs < simulation->features || policy->shape.actions < simulation->actions)
        error_set(error,
                  "simulation: the policy has %u inputs and %u actions, expected a network "
                  "of %u and %u",
                  policy->shape.inputs, policy->shape.actions, simulation->features,
                  simulation->actions);
    else if (!logit || !scratch)
        error_set(error, "simulation: out of memory");
    else
        while (ended < episodes) {
            uint32_t observation, arrived, action;
            unsigned char episode;
            environment->ops->begin(environment, &observation);
            policy_forward(policy, &environment->observations, &observation, 1, scratch, logit,
                           value);
            action = likeliest(logit, simulation->actions);
            environment->ops->step(environment, &action,
                                   &(struct transition){&reward, &arrived, &observation, &episode});
            sum += (double)reward;
            ended += episode != EPISODE_GOES_ON;
        }
    free(logit);
    free(scratch);
    environment_free(environment);
    return ended && ended == episodes ? sum / episodes : (double)NAN;
}
