/* A deterministic decision process, observed in trajectories.
 *
 * A state is the observation just made together with the `context` observations
 * before it; two steps with the same ones are the same state. An action is the
 * next state: an arc from state to state. Legal are the arcs observed, and one
 * arc from the last state of each trajectory to the first state of every
 * trajectory (an entry, reward 0), so that no state is a dead end.
 *
 * Reward of an arc: the average, over all visits to the state, of the indicator
 * that the trajectory went on by this arc: R(s, a) = N(s, a) / N(s).
 *
 * Immutable after process_create; may be read from any thread. */
#ifndef RL_PROCESS_H
#define RL_PROCESS_H

#include "base/error.h"

#include <stddef.h>
#include <stdint.h>

enum {
    PROCESS_MAX_CONTEXT = 8,
    PROCESS_MAX_TRAJECTORIES = 1024, /* entries are the square of it */
    PROCESS_MAX_STEPS = 1 << 22,     /* over all trajectories */
};

/* What was observed: `width` bytes a step; equal bytes are the same observation. */
struct trajectories {
    const void *observation; /* [start[count]][width] */
    size_t width;            /* above 0 */
    const uint32_t *start;   /* [count + 1], from 0, each above the one before: steps of
                                trajectory k are start[k] .. start[k + 1] - 1 */
    uint32_t count;
};

struct process {
    uint32_t context; /* observations before the current one that belong to a state */
    uint32_t states;
    uint32_t arcs;
    uint32_t
        *first_arc;     /* [states + 1]: arcs of state s are first_arc[s] .. first_arc[s + 1] - 1 */
    uint32_t *arc_next; /* [arcs]: the state it leads to; ascending within a state */
    uint32_t *arc_count; /* [arcs]: times observed; 0 for an entry */
    float *arc_reward;   /* [arcs] */
    uint32_t trajectories;
    uint32_t *start;   /* [trajectories + 1]: place of trajectory k's first step in `visited` */
    uint32_t *visited; /* [start[trajectories]]: the state after each step of each trajectory */
};

/* Costs O(steps log steps + count^2 log count). NULL: out of memory, no
 * trajectory or one without a step, more than PROCESS_MAX_*. */
struct process *process_create(const struct trajectories *observed, uint32_t context,
                               struct error *error);

void process_free(struct process *process);

/* The arc from one state to another, or UINT32_MAX where there is none. O(log arcs). */
uint32_t process_find_arc(const struct process *process, uint32_t from, uint32_t to);

/* Value iteration with a finite horizon: the best mean reward a step over
 * `horizon` steps, averaged over starts drawn evenly from all states
 * (Bellman 1957). O(horizon * arcs). Negative: out of memory or horizon 0. */
double process_best_reward(const struct process *process, uint32_t horizon);

/* The same mean of a policy given as the probability of every arc, [arcs], by
 * iterating its Bellman equation: exact, nothing is drawn (Sutton and Barto,
 * 2nd ed., equation 4.5). Negative: out of memory or horizon 0. */
double process_policy_reward(const struct process *process, const float *probability,
                             uint32_t horizon);

/* Policies without learning, to compare with; each fills probability[arcs].
 * Uniform: evenly over the legal arcs. Observed: as often as the arc was
 * observed; a visit that ended a trajectory goes evenly to the first states of all.
 * Greedy: all on the arc with the largest score, the first among equals; score
 * may be the rewards (the greedy loop), the probabilities of a policy, or
 * `probability` itself. */
void process_uniform(const struct process *process, float *probability);
void process_observed(const struct process *process, float *probability);
void process_greedy(const struct process *process, const float *score, float *probability);

#endif
