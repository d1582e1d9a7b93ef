/* A network that groups of lanes teach together, on as many threads as are wanted.
 *
 * Every group adds to a gradient of its own; these are added up in the order of the
 * groups, so the result is the same for any number of threads. Owns its threads and
 * gradients, borrows the network. To be used from one thread. */
#ifndef STYLE_PUPIL_H
#define STYLE_PUPIL_H

#include "base/error.h"
#include "rl/policy.h"

#include <stdint.h>

enum { PUPIL_GROUPS = 4 };

/* Adds what the next notes of a group teach to gradient[parameters], which is zero
 * before; called on any thread, no two for one group at a time. -1: it failed. */
typedef int pupil_teach(void *context, uint32_t group, float *gradient, struct error *error);

/* Tells what has been learned since the last report: so many notes in all, now at this
 * rate. Above 0: asks to stop; -1: it went wrong. */
typedef int pupil_report(void *context, uint64_t notes, double rate, struct error *error);

struct pupil;

/* decay: of the weights (rl/adam.h); threads: at most PUPIL_GROUPS are of use, and one
 * that cannot be started is done without. NULL: out of memory. */
struct pupil *pupil_open(struct policy *network, double decay, uint32_t threads, pupil_teach *teach,
                         void *context, struct error *error);
void pupil_close(struct pupil *pupil);

struct pupil_course {
    uint64_t notes;   /* to learn from in all */
    uint32_t step;    /* notes a step, of all groups together */
    uint32_t rising;  /* steps in which the rate rises; it falls to 0 over all notes */
    uint32_t reports; /* steps from one report to the next; there is one at the end */
    double rate;
};

/* Takes steps: all groups teach, and the network takes one step of AdamW. -1: error. */
int pupil_learn(struct pupil *pupil, const struct pupil_course *course, pupil_report *report,
                void *context, struct error *error);

#endif
