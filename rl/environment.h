/* Environments: many independent copies ("lanes") of a task, stepped together.
 *
 * Every lane stands at an observation, named by its number in the
 * environment's observations. One call moves all lanes. An episode that ends
 * starts anew at once; a lane then tells two observations: the one it arrived
 * at and the one it stands at now. An end may be a real one (nothing comes
 * after it) or the limit of time, after which the task would have gone on: then
 * the value of what it arrived at still counts (Pardo et al. 2018, "Time Limits
 * in Reinforcement Learning", arXiv 1712.00378).
 *
 * One thread at a time. Same seed and actions: same course. */
#ifndef RL_ENVIRONMENT_H
#define RL_ENVIRONMENT_H

#include "base/rng.h"
#include "rl/policy.h"

enum episode {
    EPISODE_GOES_ON,
    EPISODE_OVER,      /* nothing comes after it */
    EPISODE_CUT_SHORT, /* by the limit of time */
};

/* What a step brought, each [lanes]; arrays of the caller. */
struct transition {
    float *reward;
    uint32_t *arrived;      /* observation the action led to */
    uint32_t *observation;  /* observation to act on next; other than arrived after an end */
    unsigned char *episode; /* enum episode */
};

struct environment;

/* The table of functions that makes an environment. */
struct environment_ops {
    /* A rollout begins: observations that no lane stands at may be dropped and
     * the others renumbered. Writes observation[lanes]. */
    void (*begin)(struct environment *environment, uint32_t *observation);
    /* Moves every lane by its action (a number as in observations). May add
     * observations; keeps those there are. */
    void (*step)(struct environment *environment, const uint32_t *action,
                 const struct transition *to);
    /* State of lanes and random numbers, for going on later: `length` bytes. */
    size_t (*state_length)(const struct environment *environment);
    void (*save)(const struct environment *environment, unsigned char *bytes);
    int (*restore)(struct environment *environment, const unsigned char *bytes, size_t length);
    void (*destroy)(struct environment *environment);
};

struct environment {
    const struct environment_ops *ops;
    uint32_t lanes;
    uint32_t most_observations; /* bounds within one rollout of any length the */
    uint32_t most_logits;       /*   environment was made for */
    struct observations seen;   /* valid until the next begin or step */
};

/* A decision process: the observation is the state. An episode has
 * `horizon` steps and starts at a state drawn evenly from all (as in
 * process_best_reward); its end is the limit of time. The first episodes of
 * the lanes are cut at even distances, so that lanes do not end together.
 * Borrows the process. NULL: out of memory, lanes or horizon 0. */
struct environment *environment_of_process(const struct process *process, uint32_t lanes,
                                           uint32_t horizon, uint64_t seed, struct error *error);

void environment_free(struct environment *environment);

#endif
