/* The loss of PPO written out sample by sample, in double precision, with
 * nothing shared between samples: what the fast version must equal. */
#ifndef TESTS_RL_PLAIN_H
#define TESTS_RL_PLAIN_H

#include "rl/ppo_loss.h"

/* Loss over the samples index[0 .. n-1]; parameters are given apart from the
 * policy, in double. Adds the gradient to gradient[parameters] unless NULL. */
struct ppo_losses plain_loss(const struct policy_shape *shape, const double *parameter,
                             const struct observations *seen, const struct rollout *rollout,
                             const uint32_t *index, uint32_t n,
                             const struct ppo_loss_settings *settings, double *gradient);

#endif
