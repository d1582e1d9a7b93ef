/* What is asked of the learning thread from others. */
#include "daemon/repertoire_private.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

char *repertoire_copy(const char *text)
{
    return text ? strdup(text) : NULL;
}

/* Whether the main thread was told of a file of this name that can be used. */
static bool has_file(const json_t *files, const char *name)
{
    for (size_t i = 0; i < json_array_size(files); i++) {
        const json_t *file = json_array_get(files, i);
        if (strcmp(json_string_value(json_object_get(file, "file")), name) == 0)
            return json_object_get(file, "names");
    }
    return false;
}

int repertoire_lock(struct repertoire *repertoire, const char *name, struct error *error)
{
    char *copy = repertoire_copy(name);
    if (name && !copy)
        return error_set(error, "out of memory");
    pthread_mutex_lock(&repertoire->lock);
    bool known = !name || has_file(repertoire->files, name);
    if (known) {
        char *before = repertoire->locked;
        repertoire->locked = copy;
        repertoire->relocked = true;
        copy = before;
        pthread_cond_signal(&repertoire->notified);
    }
    pthread_mutex_unlock(&repertoire->lock);
    free(copy);
    return known ? 0
                 : error_set(error,
                             "there is no piece '%.200s' that can be used; the command "
                             "pieces lists them",
                             name);
}

static const char *file_at(const json_t *files, int at)
{
    return json_string_value(json_object_get(json_array_get(files, (size_t)at), "file"));
}

/* The next file that can be used, going round once; NULL: none. */
static const char *find_next(const json_t *files, int by, const char *from)
{
    int count = (int)json_array_size(files), at = by > 0 ? -1 : count;
    for (int i = 0; i < count; i++)
        if (strcmp(file_at(files, i), from) == 0)
            at = i;
    for (int i = 0; i < count; i++) {
        at = (at + by + count) % count;
        if (json_object_get(json_array_get(files, (size_t)at), "names"))
            return file_at(files, at);
    }
    return NULL;
}

int repertoire_step(struct repertoire *repertoire, int by, const char *from, char *name,
                    size_t size, struct error *error)
{
    pthread_mutex_lock(&repertoire->lock);
    const char *next =
        find_next(repertoire->files, by, repertoire->locked ? repertoire->locked : from);
    snprintf(name, size, "%s", next ? next : "");
    pthread_mutex_unlock(&repertoire->lock);
    return next ? repertoire_lock(repertoire, name, error)
                : error_set(error, "there is no piece that can be used");
}

bool repertoire_is_locked(struct repertoire *repertoire)
{
    pthread_mutex_lock(&repertoire->lock);
    bool locked = repertoire->locked != NULL;
    pthread_mutex_unlock(&repertoire->lock);
    return locked;
}

json_t *repertoire_describe(struct repertoire *repertoire)
{
    pthread_mutex_lock(&repertoire->lock);
    json_t *described =
        json_pack("{s:s?, s:o}", "locked", repertoire->locked, "pieces",
                  repertoire->files ? json_deep_copy(repertoire->files) : json_array());
    pthread_mutex_unlock(&repertoire->lock);
    return described;
}

int repertoire_study(struct repertoire *repertoire, const char *store, unsigned takes,
                     struct error *error)
{
    char *copy = repertoire_copy(store);
    if (store && !copy)
        return error_set(error, "out of memory");
    pthread_mutex_lock(&repertoire->lock);
    free(repertoire->store);
    repertoire->store = copy;
    repertoire->takes = takes;
    repertoire->restudy = true;
    repertoire->studied = 0;
    pthread_cond_signal(&repertoire->notified);
    pthread_mutex_unlock(&repertoire->lock);
    return 0;
}

json_t *repertoire_describe_study(struct repertoire *repertoire)
{
    return study_describe(repertoire->study);
}
