/* Pieces as the commands take them: a .mid with the notes chosen from it. */
#ifndef TOOL_MUSIC_H
#define TOOL_MUSIC_H

#include "load/music.h"
#include "measure/take.h"
#include "tool/command.h"

/* As given on the command line; g_free each. */
struct music_options {
    char *channels;
    char *tracks;
    char *grid;
    gint part;
};

#define MUSIC_ENTRIES(options)                                                                     \
    {"channels",                                                                                   \
     0,                                                                                            \
     0,                                                                                            \
     G_OPTION_ARG_FILENAME,                                                                        \
     &(options).channels,                                                                          \
     "channels to take, such as 1-9,11 (all but 10, the drums)",                                   \
     "LIST"},                                                                                      \
        {"tracks",                                                                                 \
         0,                                                                                        \
         0,                                                                                        \
         G_OPTION_ARG_FILENAME,                                                                    \
         &(options).tracks,                                                                        \
         "tracks to take, by number from 1 or by name (all)",                                      \
         "LIST"},                                                                                  \
        {"part",                                                                                   \
         0,                                                                                        \
         0,                                                                                        \
         G_OPTION_ARG_INT,                                                                         \
         &(options).part,                                                                          \
         "part of a score to take, from 1 (the keyboard's)",                                       \
         "N"},                                                                                     \
    {                                                                                              \
        "grid", 0, 0, G_OPTION_ARG_FILENAME, &(options).grid,                                      \
            "sixteenths as in the file, or found from the onsets (whichever fits)", "file|auto"    \
    }

void music_options_clear(struct music_options *options);

/* What the options say; the choice borrows their strings. Returns
 * COMMAND_GO_ON, or the exit code of wrong usage of the command `name`. */
int music_choice(const struct music_options *options, const char *name, struct take_choice *choice);

/* As music_open; says on standard error what was mended, and when the grid had to be
 * found. NULL: error. */
struct music *music_load(const char *path, const struct take_choice *choice,
                         const struct command_common *common, struct error *error);

/* What music_load says. */
void music_tell(const struct music *music, const struct take_choice *choice,
                const struct command_common *common);

/* The take's notes for measuring, in its order, [take->count]; g_free. */
struct take_note *music_truth(const struct music *music);

#endif
