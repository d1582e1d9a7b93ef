/* A piece of the repertoire as a picture, with the notes that are in doubt. */
#ifndef TOOL_PIECES_SHOW_H
#define TOOL_PIECES_SHOW_H

#include "tool/command.h"

/* Draws the file at `path` to `output` (NULL: NAME.svg in the working directory) and lists the
 * notes in doubt. Returns an exit code. */
int pieces_show(const char *path, const char *output, const struct command_common *common);

#endif
