/* What the agent and its task share; private to them. */
#ifndef PIECE_AGENT_PRIVATE_H
#define PIECE_AGENT_PRIVATE_H

#include "piece/agent.h"

#include <math.h>

/* Features of observations; states and beats follow. */
enum { WORTH_ALWAYS, WORTH_MISFIT, WORTH_LIKELY, WORTH_STATES };

enum { NO_ROW = UINT32_MAX, BEATS_A_STEP = 4 };

static const float AGENT_LEAST_LOG = -12; /* below this, likelihoods are all alike */

struct agent_task {
    const struct process *process;
    const struct song *const *songs;
    uint32_t classes, rows, steps, entries;
    uint32_t most_actions;
    struct rhythm *rhythm; /* [classes] */
    uint32_t *class_of;    /* [states] */
    float *moved;          /* [arcs]: observed frequency */
    uint32_t *row;         /* [arcs]: of those observed, in states with several, or NO_ROW */
    bool *branches;        /* [states]: whether visits are counted */
    float *turned;         /* [rows][AGENT_VISITS]: reward of an arc at a visit; -1: none came */
    uint32_t *entry;       /* [entries]: first states of the pieces, ascending */
};

static inline uint32_t agent_visit(uint32_t left)
{
    return left < AGENT_VISITS ? left : AGENT_VISITS - 1;
}

/* A quarter of the logarithm, so that weights are of one size. */
static inline float agent_log(float likelihood)
{
    float value = likelihood > 0 ? logf(likelihood) : AGENT_LEAST_LOG;
    return 0.25f * (value > AGENT_LEAST_LOG ? value : AGENT_LEAST_LOG);
}

#endif
