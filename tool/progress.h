/* How far a long job is: a bar on a terminal, a plain line now and then
 * elsewhere, nothing when quiet. All on standard error. */
#ifndef TOOL_PROGRESS_H
#define TOOL_PROGRESS_H

#include "base/monotonic.h"
#include "base/task.h"

#include <stdbool.h>

/* Below so many notes nothing is shown. */
enum { PROGRESS_NOTES = 20000 };

struct progress {
    const char *label;
    bool quiet;
    bool terminal;
    double last; /* when something was printed last, seconds of the monotonic clock */
    bool drawn;
    struct task task; /* of progress_watch */
};

void progress_begin(struct progress *progress, const char *label, bool quiet);

/* `done` from 0 to 1; `detail` stands behind the bar and may be "". Prints at
 * most ten times a second on a terminal, every two seconds elsewhere. */
void progress_show(struct progress *progress, double done, const char *detail);

/* Begins, and answers the task that shows how far it is; NULL for work on fewer than
 * PROGRESS_NOTES notes. Ended as every other. */
const struct task *progress_watch(struct progress *progress, const char *label, size_t notes,
                                  bool quiet);

/* Clears the bar's line. */
void progress_end(struct progress *progress);

#endif
