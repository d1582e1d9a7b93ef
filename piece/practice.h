/* Practice: an agent and a simulated pianist, as an environment to learn in.
 *
 * An episode is a piece played to its end, half of them from its beginning and
 * half from any beat. How carelessly it is played is drawn anew for each, evenly
 * from not at all to twice the manner of practice_manner. */
#ifndef PIECE_PRACTICE_H
#define PIECE_PRACTICE_H

#include "piece/agent.h"
#include "rl/environment.h"

/* Of every twenty notes one is left out, one has a key brushed beside it and one
 * comes a slot early or late; the tempo walks. */
extern const struct pianist_manner practice_manner;

/* Borrows the task. `steps`: of each lane in the longest rollout. NULL: lanes or
 * steps 0, out of memory. */
struct environment *practice_open(const struct agent_task *task, uint32_t lanes, uint32_t steps,
                                  uint64_t seed, struct error *error);

/* An agent plays a song from its beginning: for every beat of the rhythm given
 * the state that it takes, drawn from the policy. Returns the mean reward a beat;
 * negative: out of memory. */
double practice_play(const struct agent_task *task, const struct policy *policy, size_t song,
                     const struct rhythm *played, uint32_t beats, struct rng *rng, uint32_t *state);

/* The mean reward a beat of a policy that plays every song `plays` times from its
 * beginning, to the rhythm as it is written. Negative: out of memory. */
double practice_reward(const struct agent_task *task, const struct policy *policy, uint32_t plays,
                       uint64_t seed);

/* What no policy's mean reward there can exceed: value iteration over states and
 * beats with all the rhythm known beforehand, every arc at the visit at which it
 * pays most. O(beats * arcs). NaN: too many of them, work for more than a few seconds.
 * Negative: out of memory. */
double practice_best_reward(const struct agent_task *task);

#endif
