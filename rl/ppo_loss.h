/* The loss of proximal policy optimisation over a minibatch, and its gradient.
 *
 * With r = pi(a|s) / pi_old(a|s), A the advantage, R the target of the value
 * and means over the n samples (Schulman et al. 2017, arXiv 1707.06347,
 * equations 7 and 9):
 *
 *     L = - mean min(r A, clip(r, 1 - clip_range, 1 + clip_range) A)
 *         + vf_coef * mean (V - R)^2 / 2
 *         - ent_coef * mean H(pi(.|s))
 *         + anchor_weight * mean KL(pi(.|s) || anchor(.|s)), where there is one
 *
 * With clip_range_vf > 0 the squared error is the larger one of that of V and that
 * of V kept within clip_range_vf of the old value.
 *
 * Within a minibatch many samples share an observation, and all samples of an
 * action there share one ratio. So the advantages are summed first, apart by
 * sign, for each action of each observation; ratio, clipping, softmax, forward
 * and backward are then worked out once an observation, not once a sample. The
 * loss and the gradient are exactly those of the samples one by one. */
#ifndef RL_PPO_LOSS_H
#define RL_PPO_LOSS_H

#include "rl/rollout.h"

struct ppo_loss_settings {
    float clip_range, clip_range_vf, vf_coef, ent_coef, anchor_weight;
    const struct policy *anchor; /* NULL: none */
};

struct ppo_losses {
    double policy, value, entropy; /* means; value without its weight, halved */
    double total;
    double approx_kl;     /* mean of (r - 1) - log r, which estimates KL(old || new) */
    double clip_fraction; /* samples whose r is outside of 1 +- clip */
};

/* Memory for minibatches over up to so many observations and logits. */
struct ppo_loss_work {
    struct action_sums *action; /* [logits] */
    struct value_sums *value;   /* [observations] */
    uint32_t *id, ids;          /* [observations]: those of this minibatch, and how many */
    float *logit, *log_probability, *probability, *logit_gradient, *anchored; /* [logits] */
    float *predicted, *value_gradient;                                        /* [observations] */
    float *scratch;
};

/* -1: out of memory. */
int ppo_loss_open(struct ppo_loss_work *work, const struct environment *environment,
                  const struct policy *policy, struct error *error);
void ppo_loss_close(struct ppo_loss_work *work);

/* The loss of the samples rollout->sample[index[0 .. n-1]], whose old
 * log-probabilities and values are the rollout's. Leaves in the work what
 * ppo_loss_backward needs. */
struct ppo_losses ppo_loss_forward(struct ppo_loss_work *work, const struct policy *policy,
                                   const struct observations *observations,
                                   const struct rollout *rollout, const uint32_t *index, uint32_t n,
                                   const struct ppo_loss_settings *settings);

/* Adds the gradient of that loss to gradient[policy->parameters]. */
void ppo_loss_backward(struct ppo_loss_work *work, const struct policy *policy,
                       const struct observations *observations, float *gradient);

#endif
