/* What learning tells while it runs; the same for every algorithm. */
#ifndef RL_LEARNING_H
#define RL_LEARNING_H

#include <stdbool.h>
#include <stdint.h>

/* Means over the steps since the last report. What an algorithm does not have is NaN. */
struct learning_report {
    uint64_t steps;       /* environment steps so far, all lanes together */
    double reward;        /* a step */
    double entropy;       /* of the policy at the states visited, nats */
    double kl;            /* KL(old || new) of the last update, estimated, nats */
    double clip_fraction; /* share of samples whose ratio left the clip range */
    double policy_loss;
    double value_loss;         /* mean squared error, halved; sarsa: of the TD errors */
    double explained_variance; /* 1 - Var(target - value) / Var(target) */
    double gradient_length;    /* before clipping */
    double rate;               /* learning rate now */
    uint32_t updates;          /* optimiser steps */
};

/* Called after each update; false asks to stop: the run then ends at once,
 * ready to go on. */
typedef bool learning_watch(void *context, const struct learning_report *report);

#endif
