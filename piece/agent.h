/* The agent that plays a piece from its rhythm alone.
 *
 * It walks over the decision process of the pieces (piece/beats.h). In every beat
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
 * this memory finds likeliest, when no arc leads there.
 *
 * The reward of an arc is the average, over the visits of the pieces to the state
 * that the agent cannot tell from this one, of the indicator that the music went
 * on by this arc; times the fit of the beat it leads to with the rhythm heard.
 * Visits that cannot be told apart are all those to the state, which makes
 * R(s, a) of the process, and where visits are counted since the beginning of a
 * piece those of the same number. The return has the reward of an arc that was
 * never observed, 0.
 *
 * What the agent sees is features for a linear policy (rl/policy.h): a few
 * numbers an action that all states share, and a feature of its own for each arc
 * of a state with several and each time that the state is left. The numbers are
 * logarithms of shares, so that the policy is a product of powers of them. */
#ifndef PIECE_AGENT_H
#define PIECE_AGENT_H

#include "piece/beats.h"
#include "piece/pianist.h"
#include "rl/policy.h"

#include <stdbool.h>

enum {
    AGENT_VISITS = 16,         /* to a state that are told apart; later ones count as the last */
    AGENT_ACTION_FEATURES = 4, /* of one action, at most */
    AGENT_FEATURES = 5,        /* of one observation, at most */
};

/* Features that all actions share; strengths are a quarter a nat. */
enum {
    AGENT_OBSERVED, /* of arcs: log of how often the pieces took it */
    AGENT_FIT,      /* log fit of the beat it leads to with what is heard */
    AGENT_LIKELY,   /* log likelihood of the state it leads to, over that of the likeliest */
    AGENT_RETURN,   /* 1 for the return */
    AGENT_MISFIT,   /* of the return: how badly the last beats fitted */
    AGENT_ARCS,     /* from here on: AGENT_VISITS for each arc of states with several */
};

/* How likely it is that somebody who means one beat strikes another, in parts of
 * the likelihood of striking it as meant: 1 where both are the same. */
float rhythm_fit(const struct rhythm *meant, const struct rhythm *heard);

/* What all agents of a process share. Immutable. */
struct agent_task;

/* Borrows the process and the songs it was made of. NULL: out of memory. */
struct agent_task *agent_task_open(const struct process *process, const struct song *const *songs,
                                   struct error *error);
void agent_task_close(struct agent_task *task);
const struct process *agent_task_process(const struct agent_task *task);
const struct song *agent_task_song(const struct agent_task *task, size_t index);

/* States of one rhythm are a class. */
uint32_t agent_task_classes(const struct agent_task *task);
uint32_t agent_task_class(const struct agent_task *task, uint32_t state);

/* fit[class]: how well the rhythm of each class is the one that is heard. */
void agent_task_hear(const struct agent_task *task, const struct rhythm *heard, float *fit);

/* The most that an arc pays at whatever visit, where the rhythm heard is that of its end. */
float agent_task_most(const struct agent_task *task, uint32_t arc);

/* A linear policy before any learning: all arcs of a state are equally likely,
 * and the return is taken once in some hundred beats. */
struct policy *agent_policy(const struct agent_task *task, struct error *error);

/* Whether a policy is one for this task. */
bool agent_policy_fits(const struct agent_task *task, const struct policy *policy);

/* What such a policy thinks of the arcs of the process where no rhythm is heard
 * and nothing remembered, [arcs]; sums to 1 over the arcs of a state. */
void agent_arc_probability(const struct agent_task *task, const struct policy *policy,
                           float *probability);

/* Room for what agents see. */
struct agent_sight {
    struct observations seen; /* its arrays are those below */
    uint32_t *first_feature, *feature, *first_logit, *first_action, *first_of_logit,
        *action_feature;
    float *strength, *action_strength;
    size_t most_observations, most_logits;
};

int agent_sight_open(struct agent_sight *sight, const struct agent_task *task, size_t observations,
                     struct error *error);
void agent_sight_close(struct agent_sight *sight);

struct agent;

struct agent *agent_open(const struct agent_task *task, struct error *error);
void agent_close(struct agent *agent);

/* Stands before a beat of a song and has heard nothing. Before beat 0 any piece
 * may begin: the actions are the first states of all, with reward 0, and visits
 * are counted from there. */
void agent_begin(struct agent *agent, size_t song, uint32_t beat);

/* Hears the rhythm of the beat to be played next. */
void agent_hear(struct agent *agent, const struct rhythm *rhythm);

/* Adds an observation to those seen. */
void agent_look(const struct agent *agent, struct agent_sight *sight);

/* Takes an action, counted from 0, and gives the reward. */
float agent_take(struct agent *agent, uint32_t action);

uint32_t agent_state(const struct agent *agent);

/* All that it remembers, to go on from: agent_memory bytes. -1: no such memory. */
size_t agent_memory(const struct agent_task *task);
void agent_save(const struct agent *agent, unsigned char *bytes);
int agent_restore(struct agent *agent, const unsigned char *bytes);

#endif
