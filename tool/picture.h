/* A correction as a picture (picture/roll.h). */
#ifndef TOOL_PICTURE_H
#define TOOL_PICTURE_H

#include "picture/canvas.h"
#include "tool/music.h"

/* Written out under temporary names, to be put in place by canvas_commit and
 * ended by canvas_free. sent[take->count] are the pitches sent,
 * doubtful[take->count] the notes to be hatched (NULL: none). NULL: error. */
struct canvas *picture_write(const char *path, const struct music *music, const uint8_t *sent,
                             const bool *doubtful, struct error *error);

#endif
