/* A rollout: a number of steps of every copy under one policy, and the
 * advantages that follow from it. */
#ifndef RL_ROLLOUT_H
#define RL_ROLLOUT_H

#include "rl/environment.h"

/* One step of one copy, as the loss wants it. */
struct sample {
    uint32_t observation;
    uint32_t logit; /* of the action taken */
    float advantage;
    float target; /* of the value: advantage + value */
};

/* [n_steps][n_envs] where not said otherwise. */
struct rollout {
    uint32_t n_steps, n_envs;
    uint32_t *current; /* [n_envs]: observation to act on next */
    uint32_t *observation;
    uint32_t *logit;
    uint32_t *arrived;
    float *reward;
    unsigned char *episode;
    struct sample *sample;
    float *log_probability; /* [most logits]: of the policy that acts */
    float *probability;     /* [most logits] */
    float *value;           /* [most observations] */
    float *scratch;
    uint32_t *id, *action;
};

/* -1: out of memory. */
int rollout_open(struct rollout *rollout, const struct environment *environment,
                 const struct policy *policy, uint32_t n_steps, struct error *error);
void rollout_close(struct rollout *rollout);

/* Draws actions from the policy and steps the environment. The policy evaluates
 * each observation once: for a decision process that is once a rollout,
 * not once a step. */
void rollout_collect(struct rollout *rollout, struct environment *environment,
                     const struct policy *policy, struct rng *rng);

/* Generalised advantage estimation (Schulman et al. 2016, arXiv 1506.02438,
 * equation 16) of a collected rollout; fills `sample`. The sum stops where an
 * episode ends; after EPISODE_TERMINATED nothing follows, otherwise the value of the
 * observation arrived at does. Rewards count times `scale`. */
void rollout_advantages(struct rollout *rollout, double gamma, double lambda, double scale);

/* Shifts and scales the advantages to mean 0 and deviation 1 over the rollout. */
void rollout_normalise(struct rollout *rollout);

#endif
