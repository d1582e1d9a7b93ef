/* Proximal policy optimisation (Schulman et al. 2017, arXiv 1707.06347): a
 * rollout of all copies, advantages, then a few epochs of minibatches of the
 * clipped loss (rl/ppo_loss.h) with Adam. Actions that are not legal do not
 * exist for it: the softmax runs over the legal ones only.
 *
 * Owns its memory; borrows the environment and the policy, whose parameters it
 * changes in place. One thread. Same seed, environment, policy and settings:
 * the same parameters byte for byte, in one run or continued through
 * ppo_export and ppo_import. */
#ifndef RL_PPO_H
#define RL_PPO_H

#include "rl/environment.h"
#include "rl/learning.h"

/* Names as in Stable-Baselines3, where it has the setting; NAME_end: it falls linearly to this. The
 * last number of each comment is the default. */
struct ppo_settings {
    uint32_t n_steps;         /* of each copy between updates, 1 .. 65536; 128 */
    uint32_t n_epochs;        /* passes over a rollout, 1 .. 100; 4 */
    uint32_t minibatches;     /* a pass, 1 .. steps of a rollout; 4 */
    uint64_t total_timesteps; /* over which rates fall; 2,000,000, linear 1,000,000 */
    double learning_rate, learning_rate_end; /* Adam's; linear 0.1, table 0.03, networks 0.001; 0 */
    double gamma;                            /* discount, 0 .. 1; 0.97 */
    double reward_scale; /* 0: 1 - gamma, so that values are means of rewards a step; 0 */
    double gae_lambda;   /* 0 .. 1; 0.95 */
    double clip_range, clip_range_end; /* of the ratio, above 0; 0.2, 0.2 */
    double clip_range_vf;              /* 0: the value is not clipped; 0 */
    double vf_coef;                    /* weight of the value's loss; 0.5 */
    double ent_coef, ent_coef_end;     /* weight of the entropy bonus; 0.01, 0 */
    double max_grad_norm;              /* 0: any; 0.5 */
    double target_kl;         /* a rollout's updates stop above 1.5 times this KL; 0: never; 0.02 */
    double anchor_weight;     /* of KL(policy || anchor), nats; 0 */
    bool normalize_advantage; /* to mean 0, deviation 1 over the rollout; true */
    uint64_t seed;
};

/* The defaults named above, for a kind of policy. */
struct ppo_settings ppo_defaults(enum policy_kind kind);

struct ppo;

/* Keeps the policy near another of its shape, usually what it started as: adds
 * settings.anchor_weight * KL(policy || anchor) at the observations visited to
 * the loss. Borrows it. */
void ppo_set_anchor(struct ppo *ppo, const struct policy *anchor);

/* NULL: settings out of range (the text says which), a policy of another shape
 * than the observations, out of memory. */
struct ppo *ppo_open(struct environment *environment, struct policy *policy,
                     const struct ppo_settings *settings, struct error *error);
void ppo_close(struct ppo *ppo);

/* Learns by whole rollouts until at least `until` steps have been made in all
 * (a rollout is n_envs * n_steps steps), or the watch (NULL: none) asks
 * to stop. 0: done or stopped; -1: training diverged. */
int ppo_run(struct ppo *ppo, uint64_t until, learning_callback *watch, void *context,
            struct error *error);

/* Environment steps so far. */
uint64_t ppo_steps(const struct ppo *ppo);

/* Everything but the policy's parameters that going on needs: the optimiser,
 * random numbers, the environment's state. Bytes to be freed by the caller; NULL: out of
 * memory. Import into one opened with the same settings and policy; -1: the
 * bytes are of another environment, policy or machine. */
unsigned char *ppo_export(const struct ppo *ppo, size_t *length, struct error *error);
int ppo_import(struct ppo *ppo, const unsigned char *bytes, size_t length, struct error *error);

#endif
