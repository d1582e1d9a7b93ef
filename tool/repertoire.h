/* The repertoire, as the running service tells of it, or as its folder shows it. */
#ifndef TOOL_REPERTOIRE_H
#define TOOL_REPERTOIRE_H

#include "base/error.h"

#include <jansson.h>
#include <stdbool.h>

struct repertoire {
    bool running;   /* the service is asked; else the folder is looked at */
    char *folder;   /* g_free */
    char *store;    /* the folder that pieces are learned from, where no service runs; NULL: none */
    json_t *answer; /* {"locked": ..., "folder": ..., "pieces": [...]} (daemon/repertoire.h) */
};

/* folder NULL: the service's; where none runs, the one of the user's settings, else of the
 * system's. -1: it is not there. */
int repertoire_read(struct repertoire *repertoire, const char *folder, struct error *error);
void repertoire_clear(struct repertoire *repertoire);

/* The file that is meant: by its name, with or without ending, or by a name of a piece in it.
 * Borrowed. NULL: there is none, or several. */
const json_t *repertoire_find(const struct repertoire *repertoire, const char *name,
                              struct error *error);

/* Whether a string member of an object says so. */
bool repertoire_says(const json_t *object, const char *key, const char *text);

#endif
