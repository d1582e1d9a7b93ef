/* How far a player has come in each bar of the pieces, remembered over restarts: what help that
 * fades (correct/fade.h) stands upon.
 *
 * A file of JSON in a folder, written beside its place, fsynced and renamed, by a thread of its
 * own, so that a slow disk holds nothing up. A piece is known by its notes, and may be called and
 * stored otherwise; of more than PROGRESS_PIECES pieces, those that were not played for longest are
 * forgotten. All functions are for the main thread. */
#ifndef DAEMON_PROGRESS_H
#define DAEMON_PROGRESS_H

#include "correct/fade.h"
#include "daemon/snapshot.h"

#include <jansson.h>

enum {
    PROGRESS_PIECES = 500,
    PROGRESS_SAVE = 10,       /* seconds between two savings */
    PROGRESS_BYTES = 8 << 20, /* of the file */
};

struct progress;

/* Reads what is kept in the folder, made if need be; NULL: nothing is kept. What is damaged is put
 * aside, and the log says so. NULL: out of memory. */
struct progress *progress_open(const char *folder, struct error *error);

/* Saves what is new. */
void progress_close(struct progress *progress);

/* Tells a new corrector what is remembered of its pieces. */
void progress_fill(const struct progress *progress, struct corrector *corrector);

/* What has come of bars of a snapshot's pieces; the log names those that are known from now on. */
void progress_add(struct progress *progress, const struct snapshot *snapshot,
                  const struct fade_pass *passes, size_t count);

/* To be called every second or so: saves. */
void progress_look(struct progress *progress);

/* Forgets all pieces. */
void progress_forget(struct progress *progress);

/* For `status`: how many passes there were since the start, and the bar that became known last, or
 * null. A new reference; NULL: out of memory. */
json_t *progress_describe(const struct progress *progress);

/* The bars of a piece (-1: of none) that have notes, each with number, help, errors (null where it
 * was not played) and how often right in a row. A new reference; NULL: out of memory. */
json_t *progress_describe_bars(const struct progress *progress, const struct snapshot *snapshot,
                               int piece);

/* Takes the bytes of a file. -1: it is none, or out of memory; nothing is taken. */
int progress_parse(struct progress *progress, const char *text, size_t length, struct error *error);

/* The bytes of a file, malloced; NULL: out of memory. */
char *progress_text(const struct progress *progress);

#endif
