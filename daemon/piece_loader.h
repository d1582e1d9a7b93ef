/* Pieces learned on the spot, as the service needs them. */
#ifndef DAEMON_PIECE_LOADER_H
#define DAEMON_PIECE_LOADER_H

#include "base/task.h"
#include "piece/model.h"

/* No music comes near it, and what is larger could not be stopped soon enough. */
enum { PIECE_LOADER_MAX_BYTES = 8 << 20 };

/* A model of a piece of music (load/music.h), byte for byte the one that `audiogenrl
 * train` makes of it without options, but for the state of training. `path` is for its
 * name and messages. NULL: one sentence that names the file; also where `task`
 * stopped it, within a fraction of a second. */
struct model *piece_loader_learn(const void *bytes, size_t length, const char *path,
                                 const struct task *task, struct error *error);

#endif
