/* The repertoire: a folder of pieces and models, watched, and the corrector that
 * stands on what is in it.
 *
 * A thread of low priority looks through the folder when it has changed, at most
 * 1 s after the first change however long the changes go on, learns what is new
 * (daemon/catalog.h), and builds a snapshot: a corrector and the models it borrows.
 * While there is much to learn it builds one every 2 s. The main thread takes a
 * snapshot over, gives the corrector to the engine, and frees the snapshot before it. All
 * functions are for the main thread. */
#ifndef DAEMON_REPERTOIRE_H
#define DAEMON_REPERTOIRE_H

#include "daemon/snapshot.h"

#include <jansson.h>

struct repertoire;

/* Starts the thread. folder and style may be NULL; copied. The folder need not
 * exist: it is looked for. `cache` is the folder of what was learned before
 * (daemon/cache.h), or NULL. NULL: out of memory or threads. */
struct repertoire *repertoire_open(const char *folder, const char *style, const char *cache,
                                   struct error *error);

/* Whatever the thread is at, it ends within a fraction of a second. */
void repertoire_close(struct repertoire *repertoire);

/* Another folder or style model, and a look at everything again. -1: out of memory. */
int repertoire_choose(struct repertoire *repertoire, const char *folder, const char *style,
                      struct error *error);

/* Has one file, by its name in the folder, followed alone from the next snapshot on, or all of
 * them where it is NULL. It holds until it is changed or the file can no longer be used.
 * -1: there is no file of this name that can be used. */
int repertoire_lock(struct repertoire *repertoire, const char *name, struct error *error);

/* As repertoire_lock, with the file before (`by` is -1) or behind (1) the one that is followed
 * alone, in the order of their names and from the last on to the first. Where all are followed it
 * goes from `from` on, the name of a file; "": from the end. Says which it has become, in `name`
 * of `size` bytes. -1: there is no file that can be used. */
int repertoire_step(struct repertoire *repertoire, int by, const char *from, char *name,
                    size_t size, struct error *error);

/* True: one file is followed alone. */
bool repertoire_is_locked(struct repertoire *repertoire);

/* Another name for a file of the folder, and a piece that was learned taken out of it
 * (load/folder.h). -1: it is not there, or locked, or cannot be. */
int repertoire_rename(struct repertoire *repertoire, const char *file, const char *name,
                      struct error *error);
int repertoire_forget(struct repertoire *repertoire, const char *file, struct error *error);

/* Notes that were played just now of the piece `name`. Kept over restarts where pieces are learned,
 * with the recordings (load/played.h). */
void repertoire_note_played(struct repertoire *repertoire, const char *name, uint64_t notes,
                            uint64_t corrected);

/* {"locked": null, "folder": "...", "pieces": [...]}, the files as catalog_describe has them, and
 * of those that were played "played": {"last": SECONDS, "notes": N, "corrected": N}: a new
 * reference, NULL: out of memory. */
json_t *repertoire_describe(struct repertoire *repertoire);

/* Learns pieces from the recordings in a folder (daemon/study.h), when there is nothing else to do;
 * NULL: no longer. -1: out of memory. */
int repertoire_study(struct repertoire *repertoire, const char *store, unsigned takes,
                     struct error *error);

/* For `status`: study_describe. */
json_t *repertoire_describe_study(struct repertoire *repertoire);

/* Readable when the folder has changed: call repertoire_notify. -1: not watched. */
int repertoire_watch_descriptor(const struct repertoire *repertoire);

/* Has the folder looked through when it has been quiet for a moment. */
void repertoire_notify(struct repertoire *repertoire);

/* To be called now and then: a folder that was not there may be. */
void repertoire_look_for_folder(struct repertoire *repertoire);

/* Readable when there is a snapshot to take. */
int repertoire_descriptor(const struct repertoire *repertoire);

/* The newest snapshot, the caller's; NULL: none since the last call. */
struct snapshot *repertoire_accept(struct repertoire *repertoire);

#endif
