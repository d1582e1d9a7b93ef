/* The study: what is played and is in no known piece becomes a piece.
 *
 * Recordings of what was played lie in a folder of their own, the store, readable for nobody else
 * (daemon/recorder.h writes them). When one of them has changed and has been quiet for
 * STUDY_QUIET seconds, all of them are looked through together (draft/draft.h): known pieces are
 * left out, and what was heard often enough is written into the repertoire, as a file that says
 * "learned from"; there it is found and joins as any other. The same music heard again replaces
 * that file, under whatever name it has now, as long as it begins so; a part of it does not. Only
 * keys are learned from, never what was sent.
 *
 * The store holds STUDY_FILES recordings and STUDY_BYTES at most; the oldest go first, but only
 * files that are readable for the service alone: others are not its own. Whoever deletes a
 * recording has it forgotten. Music in the folder `forgotten` of the store is not learned again.
 *
 * All functions are for the thread that learns, but study_describe, which is for any. */
#ifndef DAEMON_STUDY_H
#define DAEMON_STUDY_H

#include "base/task.h"
#include "piece/model.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

enum {
    STUDY_QUIET = 30,       /* seconds that a recording has not changed */
    STUDY_FILES = 128,      /* recordings that are kept */
    STUDY_BYTES = 32 << 20, /* of all of them */
    STUDY_NOTES = 60000,    /* that are learned from together, the newest */
};

struct study;

/* NULL: out of memory. */
struct study *study_open(struct error *error);
void study_close(struct study *study);

/* The store (NULL: nothing is learned), how often a piece must have been heard, and the folder
 * that pieces are written to. Copied. -1: out of memory. */
int study_choose(struct study *study, const char *store, unsigned takes, const char *repertoire,
                 struct error *error);

/* Whether recordings have changed and are quiet. Looks at the names, sizes and times of files. */
bool study_wants(struct study *study);

/* Learns from all of them. Models of known pieces, and of the style (algorithm "style"), are
 * borrowed; those that were learned here are not counted as known. Ends early when `task` says so.
 */
void study_work(struct study *study, const struct model *const *models, size_t count,
                const struct task *task);

/* For `status`: a new reference, null where nothing is learned. NULL: out of memory. */
json_t *study_describe(struct study *study);

#endif
