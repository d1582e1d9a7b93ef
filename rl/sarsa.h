/* SARSA(lambda) with linear function approximation (Sutton and Barto,
 * Reinforcement Learning, 2nd ed., 2018, section 12.7): action values learned on
 * the way, while mostly the best-looking action is taken. The baseline that PPO
 * is compared with, in the same environments and with the same features.
 *
 * The value of an action is the sum of the weights of its features and of those
 * of the observation (a linear policy's logit and value, rl/policy_linear.c).
 * Traces accumulate. A step is divided by the squared length of the features
 * where that is above 1, so that it means the same for any number of them.
 *
 * Borrows the environment, of a single copy. One thread. Same seed, environment
 * and settings: the same weights byte for byte. */
#ifndef RL_SARSA_H
#define RL_SARSA_H

#include "rl/environment.h"
#include "rl/learning.h"

struct sarsa_settings {
    uint64_t total_timesteps;                /* over which the rates fall; 1,000,000 */
    double learning_rate, learning_rate_end; /* alpha, falling linearly, 0 .. 10; 0.1, 0.01 */
    double gamma, lambda;                    /* discount and trace, 0 .. 1; 0.97, 0.8 */
    double epsilon, epsilon_end; /* share of random actions, falling linearly; 0.3, 0.01 */
    double temperature;          /* of the policy made from the values, above 0; 0.02 */
    uint64_t seed;
};

struct sarsa_settings sarsa_defaults(void);

struct sarsa;

enum { SARSA_STEPS = 256 }; /* that an environment must be made for */

/* The policy is linear and fits the environment; its parameters are what the weights start from,
 * times the temperature. Copied. NULL: settings out of range (the text says which), another kind of
 * policy, more than one copy, out of memory. */
struct sarsa *sarsa_open(struct environment *environment, const struct policy *policy,
                         const struct sarsa_settings *settings, struct error *error);
void sarsa_close(struct sarsa *sarsa);

/* Learns until `until` steps have been made in all or the watch (NULL: none),
 * called every 8192 steps, asks to stop. 0: done or stopped; -1: training
 * diverged. */
int sarsa_run(struct sarsa *sarsa, uint64_t until, learning_callback *watch, void *context,
              struct error *error);

uint64_t sarsa_steps(const struct sarsa *sarsa);

/* A linear policy: softmax of the action values over the temperature. NULL: out of memory. */
struct policy *sarsa_policy(const struct sarsa *sarsa, struct error *error);

/* All that going on needs; as ppo_export and ppo_import. */
unsigned char *sarsa_export(const struct sarsa *sarsa, size_t *length, struct error *error);
int sarsa_import(struct sarsa *sarsa, const unsigned char *bytes, size_t length,
                 struct error *error);

#endif
