/* A snapshot: a corrector and the models it stands on.
 *
 * Models are shared by the snapshots that stand on them and counted, for one thread
 * frees a snapshot while another builds the next. */
#ifndef DAEMON_SNAPSHOT_H
#define DAEMON_SNAPSHOT_H

#include "correct/corrector.h"

#include <stdbool.h>
#include <stddef.h>

/* A model that several hold; each holder drops it. Any thread. */
struct shared;

/* Takes the model, also when it fails. NULL: out of memory. */
struct shared *shared_create(struct model *model, struct error *error);
struct shared *shared_hold(struct shared *shared);
void shared_drop(struct shared *shared); /* NULL is fine */
const struct model *shared_model(const struct shared *shared);

struct snapshot;

/* Holds the models. `files` are the names that they have in the repertoire, "" for none; copied.
 * `complete`: there is no more to come. NULL: out of memory. */
struct snapshot *snapshot_create(struct shared *const *models, const char *const *files,
                                 size_t count, bool complete, struct error *error);
void snapshot_free(struct snapshot *snapshot);

/* Owned by the snapshot. */
struct corrector *snapshot_corrector(const struct snapshot *snapshot);

size_t snapshot_pieces(const struct snapshot *snapshot);

/* The name of a piece as corrector_place counts them; "" beyond them. */
const char *snapshot_piece(const struct snapshot *snapshot, int piece);

/* The name of the file that it is in; "" beyond them. */
const char *snapshot_file(const struct snapshot *snapshot, int piece);

/* Its score, the model's; NULL beyond them. */
const struct score *snapshot_score(const struct snapshot *snapshot, int piece);

bool snapshot_is_complete(const struct snapshot *snapshot);

#endif
