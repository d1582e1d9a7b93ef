/* Practice: the agent and a simulated player, as an environment to learn in.
 *
 * An episode is a piece played to its end: every other one from its beginning, the rest from
 * any beat. The agent stands at the state before the first beat that
 * is played. How carelessly it is played is drawn anew each time, evenly up to
 * the manner given. */
#ifndef PIECE_PRACTICE_H
#define PIECE_PRACTICE_H

#include "piece/agent.h"
#include "rl/environment.h"

/* Borrows score and songs. `steps`: the longest rollout, of each lane. NULL: out of memory. */
struct environment *practice_open(const struct agent_score *score, const struct song *const *songs,
                                  const struct player_manner *manner, uint32_t lanes,
                                  uint32_t steps, uint64_t seed, struct error *error);

#endif
