/* SARSA(lambda) (Sutton and Barto, Reinforcement Learning, 2nd ed., 2018,
 * section 12.7, with the replacing traces of section 12.6 and one feature an
 * arc) on a decision process: action values learned on the way, while
 * mostly the best-looking arc is taken. The baseline that PPO is compared with.
 *
 * Episodes are those of environment_of_process; at the limit of time the value
 * of what would have come next still counts. Borrows the process. One thread.
 * Same seed and settings: the same values byte for byte. */
#ifndef RL_SARSA_H
#define RL_SARSA_H

#include "rl/learning.h"
#include "rl/policy.h"

struct sarsa_settings {
    uint64_t total_steps;        /* over which the rates fall; 1,000,000 */
    uint32_t horizon;            /* steps an episode, above 0; 64 */
    double rate, rate_end;       /* step size, falling linearly, 0 .. 1; 0.5, 0.05 */
    double gamma, lambda;        /* discount and trace, 0 .. 1; 0.97, 0.8 */
    double explore, explore_end; /* share of moves drawn evenly, falling linearly; 0.3, 0.01 */
    double temperature;          /* of the policy made from the values, above 0; 0.02 */
    uint64_t seed;
};

struct sarsa_settings sarsa_defaults(void);

struct sarsa;

/* NULL: settings out of range (the text says which), out of memory. */
struct sarsa *sarsa_open(const struct process *process, const struct sarsa_settings *settings,
                         struct error *error);
void sarsa_close(struct sarsa *sarsa);

/* Learns until `until` steps have been made in all or the watch (NULL: none),
 * called every 8192 steps, asks to stop. 0: done or stopped; -1: the numbers
 * ran away. */
int sarsa_run(struct sarsa *sarsa, uint64_t until, learning_watch *watch, void *context,
              struct error *error);

uint64_t sarsa_steps(const struct sarsa *sarsa);

/* Action values, [arcs]. */
const float *sarsa_values(const struct sarsa *sarsa);

/* A table: softmax of the action values over the temperature, and as the value
 * of a state its best action value. NULL: out of memory. */
struct policy *sarsa_policy(const struct sarsa *sarsa, struct error *error);

/* All that going on needs; as ppo_export and ppo_import. */
unsigned char *sarsa_export(const struct sarsa *sarsa, size_t *length, struct error *error);
int sarsa_import(struct sarsa *sarsa, const unsigned char *bytes, size_t length,
                 struct error *error);

#endif
