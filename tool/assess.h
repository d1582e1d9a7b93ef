/* Evaluation of many files: errors injected, corrected in every mode, scored.
 *
 * Files are worked on by several threads. Everything that is added up is
 * counted in whole numbers, and random numbers belong to a file, an error model
 * and a repeat, so that the figures do not depend on the number of threads. */
#ifndef TOOL_ASSESS_H
#define TOOL_ASSESS_H

#include "load/learn.h"
#include "measure/accuracy.h"
#include "measure/inject.h"
#include "tool/decide.h"

struct assess_settings {
    const enum correct_mode *modes; /* [mode_count] */
    size_t mode_count;
    const struct inject_spec *specs; /* [spec_count] */
    size_t spec_count;
    unsigned repeats; /* takes of a file with one error model */
    enum decide_way way;
    bool random_start;  /* playing begins at a bar drawn evenly */
    bool own_models;    /* each file is followed with a model of itself alone */
    uint64_t own_steps; /* that such a model is trained for; 0: observed frequencies */
    bool by_file;       /* keep the scores of each file */
    unsigned threads;
    struct correct_settings correct; /* its mode is not looked at */
    struct take_choice choice;
    struct command_common common;
};

/* How soon the piece was recognised, over the takes of one error model: bars
 * from the first note to the first from which on the right piece was named for a
 * bar at least. */
struct assess_recognition {
    size_t takes;
    size_t recognised;
    double median; /* bars; takes never recognised count as infinitely many. NaN: none */
    double worst;
};

struct assessment {
    size_t files, modes, specs;
    char **names;                           /* [files] */
    struct accuracy *total;                 /* [specs * modes] */
    struct accuracy **file;                 /* [files]: [specs * modes] */
    struct assess_recognition *recognition; /* [specs], for mode correct, live; else takes is 0 */
};

/* paths: NULL-terminated. NULL: error; of several the first file's. */
struct assessment *assess(char *const *paths, const struct assess_settings *settings,
                          const struct models *models, struct error *error);
void assessment_free(struct assessment *assessment);

#endif
