/* Models out of files, as the service needs them: a model as it is, a piece of
 * music learned on the spot. */
#ifndef DAEMON_LESSON_H
#define DAEMON_LESSON_H

#include "piece/model.h"
#include "rl/learning.h"

/* .mid, .midi or .model, whatever the case. */
bool lesson_is_music(const char *name);
bool lesson_is_model(const char *name);

/* A model file is loaded; a piece is learned by PPO in a table with the defaults
 * and seed 1 of `audiogenrl train`, so that both make the same model of it.
 * `watch` may stop that: then NULL too. NULL: one sentence that names the file. */
struct model *lesson_learn(const char *path, learning_watch *watch, void *context,
                           struct error *error);

#endif
