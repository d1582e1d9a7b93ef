/* What the parts of audiogenrl evaluate share: corrections against the truth
 * (evaluate.c), real playing (real.c), and a policy at the stages of its training
 * (snapshots.c). */
#ifndef TOOL_EVALUATE_H
#define TOOL_EVALUATE_H

#include "tool/assess.h"
#include "tool/knobs.h"

#include <limits.h>

enum {
    EVALUATE_NO_REPEAT = INT_MIN, /* not given */
    EVALUATE_NO_STEPS = -1,       /* the same */
    EVALUATE_REPEAT = 1,
    EVALUATE_REPEAT_SNAPSHOTS = 20,
};

struct evaluate_options {
    char **models, **real;
    char *snapshots, *mode_list, *start, *plot, *csv;
    char **error_list, **constants;
    gboolean own_models, alone, live;
    gint repeat, threads;
    gint64 own_steps;
    struct knobs knobs;
    struct music_options music;
    struct command_common common;

    enum correct_mode *modes;
    size_t mode_count;
    struct inject_spec *specs;
    size_t spec_count;
};

/* The IM experiment; paths are NULL-terminated. Returns an exit code. */
int evaluate_snapshots(const struct evaluate_options *options, char *const *paths,
                       const struct take_choice *choice);

/* The cases in the folders of --real. Returns an exit code. */
int evaluate_real(const struct evaluate_options *options, const struct take_choice *choice);

#endif
