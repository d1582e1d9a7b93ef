/* When each piece was played last, and how it went: kept by the service, shown by `pieces`.
 *
 * A plain list, newest last, PLAYED_MOST at most; the oldest goes. As text it is a line a piece,
 *
 *     1764594000 412 7 Minuet in G
 *
 * the time of its last note, seconds since 1970, and the notes of that session, how many of them
 * were corrected, and the piece's name. One thread. */
#ifndef LOAD_PLAYED_H
#define LOAD_PLAYED_H

#include "base/error.h"

#include <stddef.h>
#include <stdint.h>

enum {
    PLAYED_MOST = 1024,
    PLAYED_PAUSE = 300, /* seconds without a note that end a session */
};

#define PLAYED_FILE "played" /* its name in the folder that the service learns from */

struct played_piece {
    char *name; /* without line feed */
    int64_t last;
    uint64_t notes, corrected;
};

struct played {
    struct played_piece *piece; /* [count] */
    size_t count;
};

/* Lines that are not understood are left out; a file that is not there is empty. -1: it cannot be
 * read. */
int played_read(struct played *played, const char *path, struct error *error);

/* The text, malloced. NULL: out of memory. */
char *played_text(const struct played *played, size_t *length);

void played_clear(struct played *played);

/* NULL: it was not played. */
const struct played_piece *played_find(const struct played *played, const char *name);

/* Notes that were played of a piece at a time. -1: out of memory. */
int played_add(struct played *played, const char *name, int64_t now, uint64_t notes,
               uint64_t corrected);

/* The piece has another name; NULL: it is forgotten. -1: out of memory. */
int played_rename(struct played *played, const char *name, const char *other);

#endif
