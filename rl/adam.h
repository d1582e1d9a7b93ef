/* Adam (Kingma and Ba 2015, arXiv 1412.6980, algorithm 1), with weight decay
 * apart from the gradient where wanted (AdamW, arXiv 1711.05101). */
#ifndef RL_ADAM_H
#define RL_ADAM_H

#include "base/error.h"

#include <stddef.h>
#include <stdint.h>

struct adam {
    size_t parameters;
    uint64_t steps; /* taken so far; t of the paper */
    float *mean;    /* [parameters]: m of the paper */
    float *square;  /* [parameters]: v */
    double beta1, beta2, epsilon, decay;
};

/* beta1 .9, beta2 .999, epsilon 1e-8, decay 0; change the fields for others.
 * -1: out of memory. */
int adam_open(struct adam *adam, size_t parameters, struct error *error);
void adam_close(struct adam *adam);

/* One step: parameter[parameters] moves against gradient[parameters]. */
void adam_step(struct adam *adam, float *parameter, const float *gradient, double rate);

/* Scales the gradient down to Euclidean norm `most` where it is longer (0: never).
 * Returns its length before. */
double gradient_clip(float *gradient, size_t parameters, double most);

#endif
