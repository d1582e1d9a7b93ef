/* Long work, as seen by whoever waits for it: it tells how far it is, and may be
 * stopped. A NULL task is nobody's. Work that was stopped fails with the error
 * "stopped". */
#ifndef BASE_TASK_H
#define BASE_TASK_H

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>

/* `share` of the work is done, 0 .. 1; false: stop. Called often, also from other threads. */
struct task {
    bool (*goes_on)(void *context, double share);
    void *context;
};

/* 0: go on; -1: stop. */
static inline int task_step(const struct task *task, double share, struct error *error)
{
    if (!task || task->goes_on(task->context, share))
        return 0;
    return error_set(error, "stopped");
}

/* A stretch of a task's work, as a task of its own: share 0 of it is `from`, 1 is `to`. */
struct task_part {
    const struct task *whole; /* may be NULL */
    double from, to;
};

static inline bool task_part_goes_on(void *context, double share)
{
    const struct task_part *part = context;
    return task_step(part->whole, part->from + (part->to - part->from) * share, NULL) == 0;
}

#endif
