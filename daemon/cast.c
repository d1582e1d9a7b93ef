/* The corrector borrows the models; holding them is all a cast adds. */
#include "daemon/cast.h"

#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>

struct shared {
    atomic_int holders;
    struct model *model;
};

struct cast {
    struct corrector *corrector;
    struct shared **shared;     /* [count] */
    const struct model **model; /* [count]: of the same */
    size_t count;
    size_t pieces;
    bool complete;
};

struct shared *shared_create(struct model *model, struct error *error)
{
    struct shared *shared = malloc(sizeof *shared);
    if (!shared) {
        error_set(error, "out of memory");
        model_free(model);
        return NULL;
    }
    atomic_init(&shared->holders, 1);
    shared->model = model;
    return shared;
}

struct shared *shared_hold(struct shared *shared)
{
    atomic_fetch_add_explicit(&shared->holders, 1, memory_order_relaxed);
    return shared;
}

void shared_drop(struct shared *shared)
{
    if (shared && atomic_fetch_sub_explicit(&shared->holders, 1, memory_order_acq_rel) == 1) {
        model_free(shared->model);
        free(shared);
    }
}

struct cast *cast_create(struct shared *const *models, size_t count, bool complete,
                         struct error *error)
{
    const struct correct_settings settings = correct_defaults();
    struct cast *cast = calloc(1, sizeof *cast);
    if (!cast || !(cast->shared = calloc(count + 1, sizeof(struct shared *))) ||
        !(cast->model = calloc(count + 1, sizeof(struct model *)))) {
        error_set(error, "out of memory");
        cast_free(cast);
        return NULL;
    }
    for (; cast->count < count; cast->count++) {
        cast->shared[cast->count] = shared_hold(models[cast->count]);
        cast->model[cast->count] = models[cast->count]->model;
        cast->pieces += model_songs(models[cast->count]->model);
    }
    cast->complete = complete;
    cast->corrector = corrector_open(cast->model, count, &settings, error);
    if (cast->corrector)
        return cast;
    cast_free(cast);
    return NULL;
}

void cast_free(struct cast *cast)
{
    if (!cast)
        return;
    corrector_close(cast->corrector);
    for (size_t i = 0; i < cast->count; i++)
        shared_drop(cast->shared[i]);
    free(cast->shared);
    free(cast->model);
    free(cast);
}

struct corrector *cast_corrector(const struct cast *cast)
{
    return cast->corrector;
}

size_t cast_pieces(const struct cast *cast)
{
    return cast->pieces;
}

bool cast_is_complete(const struct cast *cast)
{
    return cast->complete;
}

const char *cast_piece(const struct cast *cast, int piece)
{
    size_t at = piece < 0 ? SIZE_MAX : (size_t)piece;
    for (size_t i = 0; i < cast->count && at != SIZE_MAX; i++) {
        size_t songs = model_songs(cast->model[i]);
        if (at < songs)
            return model_song(cast->model[i], at)->name;
        at -= songs;
    }
    return "";
}
