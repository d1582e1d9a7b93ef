/* A cast: a corrector and the models it stands on.
 *
 * Models are shared by the casts that stand on them and counted, for one thread
 * frees a cast while another builds the next. */
#ifndef DAEMON_CAST_H
#define DAEMON_CAST_H

#include "correct/corrector.h"

#include <stdbool.h>
#include <stddef.h>

/* A model that several hold; each holder drops it. Any thread. */
struct shared;

/* Takes the model, also when it fails. NULL: out of memory. */
struct shared *shared_create(struct model *model, struct error *error);
struct shared *shared_hold(struct shared *shared);
void shared_drop(struct shared *shared); /* NULL is fine */

struct cast;

/* Holds the models. `complete`: there is no more to come. NULL: out of memory. */
struct cast *cast_create(struct shared *const *models, size_t count, bool complete,
                         struct error *error);
void cast_free(struct cast *cast);

/* Owned by the cast. */
struct corrector *cast_corrector(const struct cast *cast);

size_t cast_pieces(const struct cast *cast);

/* The name of a piece as corrector_place counts them; "" beyond them. */
const char *cast_piece(const struct cast *cast, int piece);

bool cast_is_complete(const struct cast *cast);

#endif
