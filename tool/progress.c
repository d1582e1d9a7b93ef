/* The bar is redrawn in place; its line is erased at the end, so that what a
 * program printed reads the same with and without a terminal. */
#include "tool/progress.h"

#include <math.h>
#include <stdio.h>
#include <unistd.h>

enum { BAR_CELLS = 30 };

void progress_begin(struct progress *progress, const char *label, bool quiet)
{
    progress->label = label;
    progress->quiet = quiet;
    progress->terminal = isatty(STDERR_FILENO);
    progress->last = monotonic_seconds();
    progress->drawn = false;
}

static void draw_bar(const struct progress *progress, double done, const char *detail)
{
    char bar[BAR_CELLS + 1];
    int full = (int)lround(done * BAR_CELLS);
    for (int i = 0; i < BAR_CELLS; i++)
        bar[i] = i < full ? '#' : '.';
    bar[BAR_CELLS] = '\0';
    fprintf(stderr, "\r%s [%s] %3.0f %% %s\033[K", progress->label, bar, done * 100, detail);
    fflush(stderr);
}

void progress_show(struct progress *progress, double done, const char *detail)
{
    double now = monotonic_seconds();
    if (progress->quiet || now - progress->last < (progress->terminal ? 0.1 : 2.0))
        return;
    progress->last = now;
    progress->drawn = true;
    done = fmin(fmax(done, 0), 1);
    if (progress->terminal)
        draw_bar(progress, done, detail);
    else
        fprintf(stderr, "%s: %.0f %% %s\n", progress->label, done * 100, detail);
}

static bool show_share(void *context, double share)
{
    progress_show(context, share, "");
    return true;
}

const struct task *progress_watch(struct progress *progress, const char *label, size_t notes,
                                  bool quiet)
{
    progress_begin(progress, label, quiet);
    progress->task = (struct task){show_share, progress};
    return notes < PROGRESS_NOTES ? NULL : &progress->task;
}

void progress_end(struct progress *progress)
{
    if (progress->drawn && progress->terminal)
        fputs("\r\033[K", stderr);
    progress->drawn = false;
}
