/* A rollout: a number of steps of every lane under one fixed policy, and the
 * advantages that follow from it. */
#ifndef RL_ROLLOUT_H
#define RL_ROLLOUT_H

#include "rl/environment.h"

/* One step of one lane, as the loss wants it. */
struct sample {
    uint32_t observation;
    uint32_t logit; /* of the action taken */
    float advantage;
    float target; /* of the value: advantage + value */
};

/* [steps][lanes] where not said otherwise. */
struct rollout {
    uint32_t steps, lanes;
    uint32_t *current; /* [lanes]: observation to act on next */
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
                 const struct policy *policy, uint32_t steps, struct error *error);
void rollout_close(struct rollout *rollout);

/* Draws actions from the policy and steps the environment. The policy looks at
 * each observation once: for a decision process that is once a rollout,
 * not once a step. */
void rollout_collect(struct rollout *rollout, struct environment *environment,
                     const struct policy *policy, struct rng *rng);

/* Generalised advantage estimation (Schulman et al. 2016, arXiv 1506.02438,
 * equation 16) of a collected rollout; fills `sample`. The sum stops where an
 * episode ends; after EPISODE_OVER nothing follows, otherwise the value of the
 * observation arrived at does. Rewards count times `scale`. */
void rollout_advantages(struct rollout *rollout, double gamma, double lambda, double scale);

/* Shifts and scales the advantages to mean 0 and deviation 1 over the rollout. */
void rollout_normalise(struct rollout *rollout);

#endif
