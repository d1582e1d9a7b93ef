/* A folder of pieces: where a piece comes from, another name for it, forgetting it.
 *
 * Files are named without their folder. They are changed in one step each; nothing is replaced.
 * Any thread. */
#ifndef LOAD_FOLDER_H
#define LOAD_FOLDER_H

#include "base/error.h"

#include <stddef.h>

enum folder_origin {
    FOLDER_MIDI,
    FOLDER_SCORE, /* MusicXML */
    FOLDER_TAKES, /* learned from takes (draft/draft.h) */
    FOLDER_MODEL,
};

/* By the bytes of the file, or the first LEARNED_HEAD (filter/learned.h) of them. *takes: from how
 * many it was learned, else 0. */
enum folder_origin folder_origin(const void *bytes, size_t length, unsigned *takes);

/* "midi", "score", "takes", "model". */
const char *folder_origin_name(enum folder_origin origin);

/* Gives the file `file` the name `name`; its ending stays, whether `name` has it or not. The new
 * name, malloced. NULL: it is none that a file may have, it is taken, or the system refuses. */
char *folder_rename(const char *folder, const char *file, const char *name, struct error *error);

/* Takes a piece that was learned out of the folder: into the folder `forgotten` of `store`, where
 * the service looks for what it is not to learn again; NULL: deletes it. -1: it was not learned, so
 * it is not for programs to delete, or the system refuses. */
int folder_forget(const char *folder, const char *file, const char *store, struct error *error);

#endif
