/* A network that groups of playbacks teach together, on as many threads as are wanted.
 *
 * Every group adds to a gradient of its own; these are added up in the order of the
 * groups, so the result is the same for any number of threads. Owns its threads and
 * gradients, borrows the network. To be used from one thread. */
#ifndef STYLE_TRAINER_H
#define STYLE_TRAINER_H

#include "base/error.h"
#include "rl/policy.h"

#include <stdint.h>

enum { TRAINER_GROUPS = 4 };

/* Adds what the next notes of a group teach to gradient[parameters], which is zero
 * before; called on any thread, no two for one group at a time. -1: it failed. */
typedef int trainer_gradient(void *context, uint32_t group, float *gradient, struct error *error);

/* Tells what has been learned since the last report: so many notes in all, now at this
 * rate. Above 0: asks to stop; -1: it went wrong. */
typedef int trainer_report(void *context, uint64_t notes, double rate, struct error *error);

struct trainer;

/* decay: of the weights (rl/adam.h); threads: at most TRAINER_GROUPS are of use, and one
 * that cannot be started is done without. NULL: out of memory. */
struct trainer *trainer_open(struct policy *network, double decay, uint32_t threads,
                             trainer_gradient *teach, void *context, struct error *error);
void trainer_close(struct trainer *trainer);

struct trainer_schedule {
    uint64_t notes;   /* to learn from in all */
    uint32_t step;    /* notes a step, of all groups together */
    uint32_t rising;  /* steps in which the rate rises; it falls to 0 over all notes */
    uint32_t reports; /* steps from one report to the next; there is one at the end */
    double rate;
};

/* Takes steps: all groups teach, and the network takes one step of AdamW. -1: error. */
int trainer_learn(struct trainer *trainer, const struct trainer_schedule *course,
                  trainer_report *report, void *context, struct error *error);

#endif
