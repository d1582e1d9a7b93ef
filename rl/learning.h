/* What learning reports while it runs; the same for every algorithm. */
#ifndef RL_LEARNING_H
#define RL_LEARNING_H

#include <stdbool.h>
#include <stdint.h>

/* Means over the steps since the last report. What an algorithm does not have is NaN. */
struct learning_report {
    uint64_t steps;       /* environment steps so far, of all copies together */
    double reward;        /* a step */
    double entropy;       /* of the policy at the states visited, nats */
    double approx_kl;     /* KL(old || new) of the last update, estimated, nats */
    double clip_fraction; /* share of samples whose ratio left the clip range */
    double policy_loss;
    double value_loss;         /* mean squared error, halved; sarsa: of the TD errors */
    double explained_variance; /* 1 - Var(target - value) / Var(target) */
    double grad_norm;          /* before clipping */
    double learning_rate;      /* now */
    uint32_t updates;          /* optimiser steps */
};

/* `from` at the first of `total` steps, falling linearly to `to` at the last, and `to` after it. */
static inline double learning_schedule(double from, double to, uint64_t steps, uint64_t total)
{
    double done = (double)steps / (double)total;
    return done < 1 ? from + (to - from) * done : to;
}

/* Called after each update; false: stop. The run then ends at once, and can be resumed. */
typedef bool learning_callback(void *context, const struct learning_report *report);

#endif
