/* Models out of files, as the service needs them: a model as it is, a piece of
 * music learned on the spot. */
#ifndef DAEMON_PIECE_LOADER_H
#define DAEMON_PIECE_LOADER_H

#include "base/task.h"
#include "piece/model.h"

#include <stdbool.h>

/* No music comes near it, and what is larger could not be stopped soon enough. */
enum { PIECE_LOADER_MAX_BYTES = 8 << 20 };

/* .mid, .midi or .model, whatever the case. */
bool piece_loader_takes(const char *name);

/* The piece's name: the file's without folder and ending. */
void piece_loader_name(const char *path, char *name, size_t size);

/* A model of a piece of music, learned by PPO in a table with the defaults and seed 1
 * of `audiogenrl train`, so that both make the same model of it. `path` is for
 * its name and messages. NULL: one sentence that names the file; also where `task`
 * stopped it, within a fraction of a second. */
struct model *piece_loader_learn(const void *bytes, size_t length, const char *path,
                                 const struct task *task, struct error *error);

#endif
