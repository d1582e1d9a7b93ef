/* What is asked of the learning thread from others. */
#include "daemon/repertoire_private.h"

#include "base/outfile.h"
#include "load/folder.h"
#include "load/music.h"
#include "midi/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

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

/* With the lock: whether a file is there to be changed, and the folder it is in. */
static const char *folder_of(const struct repertoire *repertoire, const char *file,
                             struct error *error)
{
    bool there = false;
    for (size_t i = 0; i < json_array_size(repertoire->files); i++) {
        const json_t *known = json_object_get(json_array_get(repertoire->files, i), "file");
        there |= strcmp(json_string_value(known), file) == 0;
    }
    if (!there || !repertoire->folder)
        error_set(error, "there is no piece '%.200s'; the command pieces lists them", file);
    else if (repertoire->locked && strcmp(repertoire->locked, file) == 0)
        error_set(error, "'%.200s' is locked; unlock it first", file);
    else
        return repertoire->folder;
    return NULL;
}

/* With the lock. What was played is known by the piece's name. */
static void name_played(struct repertoire *repertoire, const char *file, const char *other)
{
    char *before = music_stem(file), *after = other ? music_stem(other) : NULL;
    if (before && (after || !other) && played_rename(&repertoire->played, before, after) == 0)
        repertoire->unsaved = true;
    free(before);
    free(after);
}

int repertoire_rename(struct repertoire *repertoire, const char *file, const char *name,
                      struct error *error)
{
    pthread_mutex_lock(&repertoire->lock);
    const char *folder = folder_of(repertoire, file, error);
    char *made = folder ? folder_rename(folder, file, name, error) : NULL;
    if (made)
        name_played(repertoire, file, made);
    pthread_mutex_unlock(&repertoire->lock);
    free(made);
    return made ? 0 : -1;
}

int repertoire_forget(struct repertoire *repertoire, const char *file, struct error *error)
{
    pthread_mutex_lock(&repertoire->lock);
    const char *folder = folder_of(repertoire, file, error);
    int status = folder ? folder_forget(folder, file, repertoire->store, error) : -1;
    if (status == 0)
        name_played(repertoire, file, NULL);
    pthread_mutex_unlock(&repertoire->lock);
    return status;
}

/* --- What was played --- */

void repertoire_note_played(struct repertoire *repertoire, const char *name, uint64_t notes,
                            uint64_t corrected)
{
    pthread_mutex_lock(&repertoire->lock);
    if (played_add(&repertoire->played, name, time(NULL), notes, corrected) == 0)
        repertoire->unsaved = true;
    pthread_mutex_unlock(&repertoire->lock);
}

void repertoire_load_played(struct repertoire *repertoire)
{
    struct error error;
    struct played kept = {0};
    char *path = NULL;
    if (!repertoire->store || asprintf(&path, "%s/" PLAYED_FILE, repertoire->store) < 0)
        return;
    if (played_read(&kept, path, &error) != 0)
        log_say(LOG_NOTICE, "learning: %s", error.text);
    for (size_t i = 0; i < repertoire->played.count; i++) {
        const struct played_piece *piece = &repertoire->played.piece[i];
        (void)played_rename(&kept, piece->name, NULL);
        (void)played_add(&kept, piece->name, piece->last, piece->notes, piece->corrected);
    }
    played_clear(&repertoire->played);
    repertoire->played = kept;
    free(path);
}

void repertoire_save_played(struct repertoire *repertoire)
{
    struct error error;
    char *path = NULL;
    size_t length = 0;
    if (!repertoire->unsaved || !repertoire->store ||
        asprintf(&path, "%s/" PLAYED_FILE, repertoire->store) < 0)
        return;
    char *text = played_text(&repertoire->played, &length);
    repertoire->unsaved = text == NULL;
    pthread_mutex_unlock(&repertoire->lock);
    int status = text ? outfile_write_private(path, text, length, &error) : 0;
    free(text);
    free(path);
    if (status != 0 && !repertoire->played_lost)
        log_say(LOG_NOTICE, "learning: when pieces were played will not be remembered: %s",
                error.text);
    repertoire->played_lost = status != 0;
    pthread_mutex_lock(&repertoire->lock);
}

/* Of all pieces of a file the one played last. */
static json_t *played_of(const struct repertoire *repertoire, const json_t *names)
{
    const struct played_piece *last = NULL;
    for (size_t i = 0; i < json_array_size(names); i++) {
        const struct played_piece *piece =
            played_find(&repertoire->played, json_string_value(json_array_get(names, i)));
        if (piece && (!last || piece->last > last->last))
            last = piece;
    }
    return last ? json_pack("{s:I, s:I, s:I}", "last", (json_int_t)last->last, "notes",
                            (json_int_t)last->notes, "corrected", (json_int_t)last->corrected)
                : NULL;
}

json_t *repertoire_describe(struct repertoire *repertoire)
{
    pthread_mutex_lock(&repertoire->lock);
    json_t *files = repertoire->files ? json_deep_copy(repertoire->files) : json_array();
    for (size_t i = 0; i < json_array_size(files); i++) {
        json_t *file = json_array_get(files, i);
        json_t *played = played_of(repertoire, json_object_get(file, "names"));
        if (played)
            json_object_set_new(file, "played", played);
    }
    const char *path = repertoire->folder;
    char *folder = path ? midi_text((const uint8_t *)path, strlen(path)) : NULL;
    json_t *described = json_pack("{s:s?, s:s?, s:o}", "locked", repertoire->locked, "folder",
                                  folder, "pieces", files);
    pthread_mutex_unlock(&repertoire->lock);
    free(folder);
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
