/* Training of an agent that plays some pieces from their rhythm (piece/practice.h),
 * whichever algorithm. The defaults stand here, so that `audiogenrl train` and the
 * service make the same model of a piece. */
#ifndef LOAD_LEARN_H
#define LOAD_LEARN_H

#include "piece/model.h"
#include "rl/learning.h"
#include "rl/policy.h"

#include <stdbool.h>

enum {
    LEARN_ENVIRONMENTS = 64, /* environments that ppo steps together */
    LEARN_CONTEXT = 2,       /* beats of context */
    LEARN_PLAYS = 16,        /* of every piece of few, for the rewards that are compared */
};

struct learn_settings {
    bool sarsa;     /* else ppo */
    uint64_t steps; /* over which rates fall; 0: the default */
    double rate;    /* learning rate at first; 0: the algorithm's default */
    uint64_t seed;
};

/* PPO, seed 1. */
struct learn_settings learn_defaults(void);

struct learner;

/* Borrows the process and the songs that it was made of. `resume` (NULL: start
 * anew) is a model of the same pieces and settings whose training goes on. NULL:
 * settings out of range, out of memory, or the model carries no state of training
 * that fits. */
struct learner *learn_open(const struct process *process, struct song *const *songs,
                           const struct learn_settings *settings, const struct model *resume,
                           struct error *error);
void learn_close(struct learner *learner);

/* The steps that the settings came to. */
uint64_t learn_total(const struct learner *learner);

/* Steps made so far. */
uint64_t learn_steps(const struct learner *learner);

/* Learns until `until` steps have been made, or the watch asks to stop. */
int learn_run(struct learner *learner, uint64_t until, learning_callback *watch, void *context,
              struct error *error);

/* A model of what has been learned so far, with copies of the songs; `whole`: with
 * the state that training can go on from. */
struct model *learn_model(const struct learner *learner, bool whole, struct error *error);

/* Models in one go: songs to trained model, without the state of training. Takes
 * nothing over. `watch` (NULL: none) may stop it: then NULL, and the error is
 * "stopped". */
struct model *learn_songs(struct song *const *songs, size_t count, uint32_t context,
                          const struct learn_settings *settings, learning_callback *watch,
                          void *watch_context, struct error *error);

/* Mean rewards a beat of playing the pieces from their beginnings. */
struct learn_rewards {
    double policy, untrained, best; /* best: none can be above it; NaN: as
                                        practice_best_reward */
};

/* -1: the model's policy is of another kind, out of memory. */
int learn_rewards(const struct model *model, struct learn_rewards *rewards, struct error *error);

#endif
