/* The agent that plays a piece from its rhythm alone.
 *
 * It walks over the decision process of the pieces (rl/process.h). In every beat
 * it sees the rhythm that the player gives and takes one of the legal arcs; the
 * beat that the arc leads to is what sounds. It sees no pitch, and of the order
 * of the pieces no more than the process has.
 *
 * It remembers
 *   - how likely each state is after all the rhythm heard: the forward algorithm
 *     over the states (Rabiner 1989, "A tutorial on hidden Markov models",
 *     equation 20), moved on by the observed frequencies of the arcs;
 *   - how badly the last beats fitted the states it stood in;
 *   - where it began with a piece: the beats since, and how often it has left
 *     each of the states that have several arcs.
 *
 * Beside the legal arcs there is one more action, the return: to the state that
 * this memory finds likeliest, when no arc leads there. The pieces never moved
 * like that, so its reward is that of a transition never observed, 0. The reward
 * of an arc is the process's times the fit of the beat it leads to with the
 * rhythm heard.
 *
 * What the agent sees is features for a linear policy (rl/policy.h): a few
 * numbers an action that all states share, and a feature of its own for each arc
 * of a state with several and each time that the state is left. */
#ifndef PIECE_AGENT_H
#define PIECE_AGENT_H

#include "piece/player.h"
#include "rl/policy.h"
#include "rl/process.h"

#include <stdbool.h>

enum {
    AGENT_VISITS = 16,         /* to a state that are told apart; later ones count as the last */
    AGENT_ACTION_FEATURES = 5, /* of one action, at most */
    AGENT_FEATURES = 5,        /* of one observation, at most */
};

/* How likely it is that somebody who means one beat strikes another, in parts of
 * the likelihood of striking it as meant: 1 where both are the same. */
float rhythm_fit(const struct rhythm *meant, const struct rhythm *heard);

/* What all agents of a process share. Immutable. */
struct agent_score;

/* Borrows the process, which was made of these songs. NULL: out of memory. */
struct agent_score *agent_score_open(const struct process *process,
                                     const struct song *const *songs, struct error *error);
void agent_score_close(struct agent_score *score);
const struct process *agent_score_process(const struct agent_score *score);
uint32_t agent_score_most_actions(const struct agent_score *score);

/* A linear policy, before any learning: all arcs of a state are equally likely, the return hardly
 * ever taken. */
struct policy *agent_policy(const struct agent_score *score, struct error *error);

struct agent;

struct agent *agent_open(const struct agent_score *score, struct error *error);
void agent_close(struct agent *agent);

/* Stands at a state. `opening`: a piece is about to begin, so that beats and
 * visits can be counted. */
void agent_begin(struct agent *agent, uint32_t state, bool opening);

/* Hears the rhythm of the beat to be played next. */
void agent_hear(struct agent *agent, const struct rhythm *rhythm);

/* How many actions there are now: the arcs of the state, in their order, and the return. */
uint32_t agent_actions(const struct agent *agent);

/* Where an action leads. */
uint32_t agent_target(const struct agent *agent, uint32_t action);

/* Appends what the agent sees to observations that have room for it (a number of
 * features that AGENT_* bound): one more observation with its actions. */
struct agent_sight {
    struct observations seen; /* its arrays are those below */
    uint32_t *first_feature, *feature, *first_logit, *first_action, *first_of_logit,
        *action_feature;
    float *strength, *action_strength;
};

int agent_sight_open(struct agent_sight *sight, const struct agent_score *score, size_t observations,
                     struct error *error);
void agent_sight_close(struct agent_sight *sight);
void agent_look(const struct agent *agent, struct agent_sight *sight);

/* Takes an action; the reward. */
float agent_take(struct agent *agent, uint32_t action);

uint32_t agent_state(const struct agent *agent);

/* All that it remembers, to go on from: bytes of a fixed length a score. */
size_t agent_memory(const struct agent *agent);
void agent_save(const struct agent *agent, unsigned char *bytes);
int agent_restore(struct agent *agent, const unsigned char *bytes);

#endif
