/* The decision process of a piece or a repertoire.
 *
 * A state is the content of the beat just played together with the content of
 * `context` beats before it; two places of the music with the same contents are
 * the same state. The content of a beat is its four slots' sets of note
 * numbers. An action is the next beat; the process is deterministic: the action
 * taken is the next state, so an action is an arc from state to state. Legal
 * are the arcs observed in the pieces, and one arc from the last beat of each
 * piece to the first beat of every piece (an entry, reward 0), so that no state
 * is a dead end.
 *
 * Reward of an arc: the average, over all visits to the state in the training
 * pieces, of the indicator that the music went on by this arc:
 * R(s, a) = N(s, a) / N(s).
 *
 * Immutable after process_create; may be read from any thread. */
#ifndef RL_PROCESS_H
#define RL_PROCESS_H

#include "rl/song.h"

enum {
    PROCESS_MAX_CONTEXT = 8,
    PROCESS_MAX_SONGS = 1024,    /* entries are the square of it */
    PROCESS_MAX_BEATS = 1 << 22, /* over all songs */
};

struct process {
    uint32_t context; /* beats before the current one that belong to a state */
    uint32_t states;
    uint32_t arcs;
    uint32_t
        *first_arc;     /* [states + 1]: arcs of state s are first_arc[s] .. first_arc[s + 1] - 1 */
    uint32_t *arc_next; /* [arcs]: the state it leads to; ascending within a state */
    uint32_t *arc_count; /* [arcs]: times observed; 0 for an entry */
    float *arc_reward;   /* [arcs] */
    uint32_t songs;
    uint32_t *song_start; /* [songs + 1]: place of song k's first beat in beat_state */
    uint32_t *beat_state; /* [song_start[songs]]: the state after each beat of each song */
};

/* Builds the process of songs[0 .. count-1]. Costs O(beats log beats +
 * count^2 log count). NULL: out of memory, no songs, more than PROCESS_MAX_*. */
struct process *process_create(const struct song *const *songs, size_t count, uint32_t context,
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
 * Uniform: evenly over the legal arcs. Observed: as often as the pieces took the
 * arc; a visit that ended a piece goes evenly to the beginnings of all pieces.
 * Greedy: all on the arc with the largest score, the first among equals; score
 * may be the rewards (the greedy loop), the probabilities of a policy, or
 * `probability` itself. */
void process_uniform(const struct process *process, float *probability);
void process_observed(const struct process *process, float *probability);
void process_greedy(const struct process *process, const float *score, float *probability);

#endif
