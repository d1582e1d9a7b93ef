/* Environments: independent copies of a task, stepped together (a vectorised environment).
 *
 * Every copy has a current observation, named by its number in the environment's observations. One
 * call steps all copies. When an episode ends, the copy begins a new one at once; the transition
 * then has two observations, the one that the action led to and the first of the new episode. An
 * episode is terminated when nothing comes after it. It is truncated at a limit of time, after
 * which the task would have gone on; the value of its last observation then still counts (Pardo et
 * al. 2018, "Time Limits in Reinforcement Learning", arXiv 1712.00378).
 *
 * One thread at a time. Same seed and actions: same transitions. */
#ifndef RL_ENVIRONMENT_H
#define RL_ENVIRONMENT_H

#include "base/rng.h"
#include "rl/policy.h"

enum episode {
    EPISODE_GOES_ON,
    EPISODE_TERMINATED, /* nothing comes after it */
    EPISODE_TRUNCATED,  /* by the limit of time */
};

/* What a step brought, each [n_envs]; arrays of the caller. */
struct transition {
    float *reward;
    uint32_t *arrived;      /* observation the action led to */
    uint32_t *observation;  /* observation to act on next; other than arrived after an end */
    unsigned char *episode; /* enum episode */
};

struct environment;

/* The table of functions that makes an environment. */
struct environment_ops {
    /* A rollout begins: all observations but the current ones may be dropped, and these
     * renumbered. Writes observation[n_envs]. */
    void (*begin)(struct environment *environment, uint32_t *observation);
    /* Steps every copy by its action (a number as in observations). May add observations; keeps
     * those there are. */
    void (*step)(struct environment *environment, const uint32_t *action,
                 const struct transition *to);
    /* The state of all copies and of the random numbers, to resume from: `length` bytes. */
    size_t (*state_length)(const struct environment *environment);
    void (*save)(const struct environment *environment, unsigned char *bytes);
    int (*restore)(struct environment *environment, const unsigned char *bytes, size_t length);
    void (*destroy)(struct environment *environment);
};

struct environment {
    const struct environment_ops *ops;
    uint32_t n_envs;
    uint32_t max_observations;        /* bounds within one rollout of any length the */
    uint32_t max_logits;              /*   environment was made for */
    struct observations observations; /* valid until the next begin or step */
};

/* A decision process: the observation is the state. An episode has
 * `horizon` steps and starts at a state drawn evenly from all (as in
 * process_best_reward); it is truncated then. The first episodes of
 * the copies are truncated at even distances, so that copies do not end together.
 * Borrows the process. NULL: out of memory, n_envs or horizon 0. */
struct environment *environment_of_process(const struct process *process, uint32_t n_envs,
                                           uint32_t horizon, uint64_t seed, struct error *error);

void environment_free(struct environment *environment);

#endif
