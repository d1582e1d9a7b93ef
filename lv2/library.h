/* The library: the pieces and the style that a plugin was told to use, and the snapshots
 * of a corrector that stands on them.
 *
 * Files are read and pieces are learned step by step, on a thread of the host that may take
 * its time; pieces that were learned before come from the user's cache. A step learns one
 * piece at most, and ends early where other paths are asked for meanwhile. */
#ifndef LV2_LIBRARY_H
#define LV2_LIBRARY_H

#include "daemon/log.h"
#include "daemon/snapshot.h"

#include <limits.h>

struct library_paths {
    char repertoire[PATH_MAX]; /* a folder of pieces and models, or one of them; "": none */
    char style[PATH_MAX];      /* the model of unknown music; "": none */
};

struct library;

/* What the library has to say goes to `say`, NULL: to nobody. NULL: out of memory. */
struct library *library_open(const struct library_paths *paths, log_take *say, void *context,
                             struct error *error);
void library_close(struct library *library);

/* The audio thread: asks for other paths, or for another look at the same. Copies them, and
 * neither allocates nor waits. False: what was asked before is not taken yet; try again. */
bool library_ask(struct library *library, const struct library_paths *paths);

/* Any other thread: the same at once, in place of what was asked before; and what was asked or
 * chosen last. */
void library_choose(struct library *library, const struct library_paths *paths);
void library_chosen(struct library *library, struct library_paths *paths);

/* A bit of the work, one thread at a time; *snapshot is a new one, the caller's, or NULL. Whether
 * there is more to do. */
bool library_step(struct library *library, struct snapshot **snapshot);

/* The last snapshot was lost on its way: the next step builds it again. For whoever takes
 * the steps. */
void library_again(struct library *library);

#endif
