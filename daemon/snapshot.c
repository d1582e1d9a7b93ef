/* The corrector borrows the models; holding them is all a snapshot adds. */
#include "daemon/snapshot.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

struct shared {
    atomic_int holders;
    struct model *model;
};

struct snapshot {
    struct corrector *corrector;
    struct shared **shared;     /* [count] */
    const struct model **model; /* [count]: of the same */
    char **file;                /* [count] */
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

const struct model *shared_model(const struct shared *shared)
{
    return shared->model;
}

struct snapshot *snapshot_create(struct shared *const *models, const char *const *files,
                                 size_t count, bool complete, struct error *error)
{
    const struct correct_settings settings = correct_defaults();
    struct snapshot *snapshot = calloc(1, sizeof *snapshot);
    if (!snapshot || !(snapshot->shared = calloc(count + 1, sizeof(struct shared *))) ||
        !(snapshot->model = calloc(count + 1, sizeof(struct model *))) ||
        !(snapshot->file = calloc(count + 1, sizeof(char *)))) {
        error_set(error, "out of memory");
        snapshot_free(snapshot);
        return NULL;
    }
    for (; snapshot->count < count; snapshot->count++) {
        if (!(snapshot->file[snapshot->count] = strdup(files[snapshot->count]))) {
            error_set(error, "out of memory");
            snapshot_free(snapshot);
            return NULL;
        }
        snapshot->shared[snapshot->count] = shared_hold(models[snapshot->count]);
        snapshot->model[snapshot->count] = models[snapshot->count]->model;
        snapshot->pieces += model_songs(models[snapshot->count]->model);
    }
    snapshot->complete = complete;
    snapshot->corrector = corrector_open(snapshot->model, count, &settings, error);
    if (snapshot->corrector)
        return snapshot;
    snapshot_free(snapshot);
    return NULL;
}

void snapshot_free(struct snapshot *snapshot)
{
    if (!snapshot)
        return;
    corrector_close(snapshot->corrector);
    for (size_t i = 0; i < snapshot->count; i++) {
        shared_drop(snapshot->shared[i]);
        free(snapshot->file[i]);
    }
    free(snapshot->file);
    free(snapshot->shared);
    free(snapshot->model);
    free(snapshot);
}

struct corrector *snapshot_corrector(const struct snapshot *snapshot)
{
    return snapshot->corrector;
}

size_t snapshot_pieces(const struct snapshot *snapshot)
{
    return snapshot->pieces;
}

bool snapshot_is_complete(const struct snapshot *snapshot)
{
    return snapshot->complete;
}

/* Which model has the piece, counted over all of them; *piece becomes its number there.
 * -1: none. */
static int find_model(const struct snapshot *snapshot, int *piece)
{
    for (size_t i = 0; *piece >= 0 && i < snapshot->count; i++) {
        int songs = (int)model_songs(snapshot->model[i]);
        if (*piece < songs)
            return (int)i;
        *piece -= songs;
    }
    return -1;
}

const char *snapshot_piece(const struct snapshot *snapshot, int piece)
{
    int model = find_model(snapshot, &piece);
    return model >= 0 ? model_song(snapshot->model[model], (size_t)piece)->name : "";
}

const char *snapshot_file(const struct snapshot *snapshot, int piece)
{
    int model = find_model(snapshot, &piece);
    return model >= 0 ? snapshot->file[model] : "";
}

const struct score *snapshot_score(const struct snapshot *snapshot, int piece)
{
    int model = find_model(snapshot, &piece);
    return model >= 0 ? model_score(snapshot->model[model], (size_t)piece) : NULL;
}
