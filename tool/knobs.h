/* The corrector's settings as options. */
#ifndef TOOL_KNOBS_H
#define TOOL_KNOBS_H

#include "correct/corrector.h"
#include "tool/command.h"

#include <float.h>

#define KNOBS_NOT_GIVEN (-DBL_MAX)

struct knobs {
    char *mode;
    double follow; /* KNOBS_NOT_GIVEN, or as given */
    double keep;
    struct correct_settings settings; /* filled by knobs_read */
};

#define KNOBS_UNSET                                                                                \
    {                                                                                              \
        .follow = KNOBS_NOT_GIVEN, .keep = KNOBS_NOT_GIVEN                                         \
    }

#define KNOBS_ENTRIES(knobs)                                                                       \
    {"mode",                                                                                       \
     0,                                                                                            \
     0,                                                                                            \
     G_OPTION_ARG_FILENAME,                                                                        \
     &(knobs).mode,                                                                                \
     "how to correct (correct)",                                                                   \
     "correct|generate|scale|off"},                                                                \
        KNOBS_VALUE_ENTRIES(knobs)

#define KNOBS_VALUE_ENTRIES(knobs)                                                                 \
    {"follow", 0, 0, G_OPTION_ARG_DOUBLE, &(knobs).follow, "trust in the player, 0 to 100", "X"},  \
        {"keep",                                                                                   \
         0,                                                                                        \
         0,                                                                                        \
         G_OPTION_ARG_DOUBLE,                                                                      \
         &(knobs).keep,                                                                            \
         "nats in favour of leaving a note as played, 0 to 100",                                   \
         "X"}

/* The defaults with what was given in their place. Returns COMMAND_GO_ON, or the
 * exit code of wrong usage of the command `name`. */
int knobs_read(struct knobs *knobs, const char *name);

void knobs_clear(struct knobs *knobs);

/* -1: no mode of this name. */
int knobs_mode(const char *name);
const char *knobs_mode_name(enum correct_mode mode);

#endif
