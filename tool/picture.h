/* A correction as a picture (picture/roll.h). */
#ifndef TOOL_PICTURE_H
#define TOOL_PICTURE_H

#include "base/outfile.h"
#include "picture/canvas.h"
#include "tool/music.h"

/* Written out under temporary names, to be put in place by canvas_commit and
 * ended by canvas_free. sent[take->count] are the pitches sent,
 * doubtful[take->count] the notes to be hatched (NULL: none). NULL: error. */
struct canvas *picture_write(const char *path, const struct music *music, const uint8_t *sent,
                             const bool *doubtful, struct error *error);

/* The same of a piece as it stands, hatched where it is in doubt. */
struct canvas *picture_write_piece(const char *path, const struct music *music,
                                   const bool *doubtful, struct error *error);

/* The same as staves (picture/engrave.h), one SVG, to be put in place by outfile_commit or given up
 * by outfile_abort. NULL: error; abcm2ps is not there, or the music has a rhythm that is not
 * written as notes. */
struct outfile *picture_write_staff(const char *path, const struct music *music,
                                    const uint8_t *sent, struct error *error);

#endif
