/* Two lists in order of name are merged: the files known and those that are there. */
#include "daemon/catalog_private.h"

#include "base/infile.h"
#include "daemon/log.h"
#include "daemon/piece_loader.h"
#include "load/music.h"
#include "load/notation.h"
#include "midi/smfcheck.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum {
    MOST_FILES = 1024,               /* a folder above that is a mistake */
    MOST_BYTES = SMFCHECK_MAX_BYTES, /* of a file */
    CACHE_FILES = 4 * MOST_FILES,
    CACHE_BYTES = 1 << 28,
};

struct catalog *catalog_open(struct cache *cache, struct error *error)
{
    struct catalog *catalog = calloc(1, sizeof *catalog);
    if (catalog)
        catalog->cache = cache;
    else
        error_set(error, "out of memory");
    return catalog;
}

static void entry_clear(struct entry *entry)
{
    shared_drop(entry->shared);
    free(entry->path);
    free(entry->why);
    *entry = (struct entry){0};
}

static void free_entries(struct entry *entry, size_t count)
{
    for (size_t i = 0; i < count; i++)
        entry_clear(&entry[i]);
    free(entry);
}

void catalog_close(struct catalog *catalog)
{
    if (!catalog)
        return;
    entry_clear(&catalog->style);
    free_entries(catalog->file, catalog->files);
    free(catalog);
}

/* --- One file --- */

static struct stat identify(const char *path)
{
    struct stat status;
    if (stat(path, &status) != 0)
        memset(&status, 0, sizeof status);
    return status;
}

static bool is_same(const struct stat *a, const struct stat *b)
{
    return a->st_dev == b->st_dev && a->st_ino == b->st_ino && a->st_size == b->st_size &&
           a->st_ctim.tv_sec == b->st_ctim.tv_sec && a->st_ctim.tv_nsec == b->st_ctim.tv_nsec;
}

/* Whether it is not the file's fault that it cannot be read. */
static bool is_short(int reason)
{
    return reason == EMFILE || reason == ENFILE || reason == ENOMEM;
}

/* Takes the model, NULL where there is none. Whether that changes anything. */
static bool set_model(struct entry *entry, struct model *model, const struct error *why)
{
    struct error error;
    struct shared *shared = model ? shared_create(model, &error) : NULL;
    bool before = entry->shared;
    shared_drop(entry->shared);
    entry->shared = shared;
    entry->wanted = false;
    free(entry->why);
    entry->why = shared ? NULL : strdup(model ? error.text : why->text);
    if (shared)
        log_say(LOG_INFO, "repertoire: %s has joined", entry->path);
    else
        log_say(LOG_WARNING, "repertoire: left out: %s", model ? error.text : why->text);
    return before || shared;
}

/* The piece may have had another name when it was learned. */
static struct model *find_kept(struct catalog *catalog, const struct entry *entry)
{
    struct model *model = cache_get(catalog->cache, &entry->key);
    char *name = model ? music_stem(entry->path) : NULL;
    if (model && (!name || model_name_song(model, 0, name, NULL) != 0)) {
        model_free(model);
        model = NULL;
    }
    free(name);
    return model;
}

static bool read_file(struct catalog *catalog, struct entry *entry)
{
    struct error error;
    size_t length;
    struct cache_key before = entry->key;
    bool known = entry->shared || entry->wanted;
    void *bytes = infile_read(entry->path, MOST_BYTES, &length, &error);
    if (!bytes && is_short(errno)) {
        catalog->unsure = true;
        entry->looked = false;
        return false;
    }
    if (!bytes) {
        entry->key = (struct cache_key){0};
        return set_model(entry, NULL, &error);
    }
    entry->key = cache_key(catalog->cache, bytes, length);
    if (known && memcmp(&before, &entry->key, sizeof before) == 0) {
        free(bytes);
        return false;
    }
    entry->origin = folder_origin(bytes, length, &entry->takes);
    enum filekind kind = filekind_of(bytes, length);
    bool taken = music_takes(kind) || music_is_score(bytes, length);
    struct model *model = NULL;
    if (kind == FILEKIND_MODEL)
        model = model_load_memory(bytes, length, entry->path, false, &error);
    else if (taken)
        model = find_kept(catalog, entry);
    else /* says what it is */
        midifile_free(music_read_file(bytes, length, NOTATION_ALL_PARTS, entry->path, &error));
    free(bytes);
    if (model || !taken)
        return set_model(entry, model, &error);
    entry->wanted = true;
    free(entry->why);
    entry->why = NULL;
    return false;
}

/* Looks at one file; whether its model is another than before. */
static bool look_at(struct catalog *catalog, struct entry *entry)
{
    struct stat now = identify(entry->path);
    if (entry->looked && is_same(&entry->status, &now))
        return false;
    entry->status = now;
    entry->looked = true;
    entry->changes++;
    return read_file(catalog, entry);
}

/* --- The folder --- */

/* Hidden files are other programs' own. A folder is told of where its name says music. */
static int wanted(const struct dirent *file)
{
    bool ends = music_stem_length(file->d_name) < strlen(file->d_name);
    return file->d_name[0] != '.' && !music_is_copy(file->d_name) &&
           (file->d_type != DT_DIR || ends);
}

static int by_name(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}

/* The files of the folder in order of name, `*count` of them. NULL: none, or the folder
 * cannot be read. */
static struct dirent **list_folder(struct catalog *catalog, const char *folder, size_t *count)
{
    struct dirent **file = NULL;
    int found = scandir(folder, &file, wanted, by_name);
    catalog->unsure = found < 0 && is_short(errno);
    if (found < 0 && !catalog->unsure && !catalog->missing)
        log_say(LOG_WARNING, "repertoire: %s: cannot read the folder: %s", folder, strerror(errno));
    catalog->missing = found < 0;
    if (found > MOST_FILES)
        log_say(LOG_WARNING, "repertoire: %s: holds %d pieces, the first %d are taken", folder,
                found, MOST_FILES);
    *count = found < 0 ? 0 : (size_t)found;
    return file;
}

/* The files that are there, in order of path, as entries without models. NULL: they
 * cannot be told now. */
static struct entry *list_entries(struct catalog *catalog, const char *folder, const char *style,
                                  size_t *count)
{
    size_t found = 0;
    struct dirent **file = folder ? list_folder(catalog, folder, &found) : NULL;
    struct entry *entry = calloc(found + 1, sizeof *entry);
    bool short_of_memory = !entry;
    *count = 0;
    for (size_t i = 0; i < found; i++) {
        char *path = NULL;
        if (entry && *count < MOST_FILES && asprintf(&path, "%s/%s", folder, file[i]->d_name) < 0) {
            path = NULL;
            short_of_memory = true;
        }
        if (path && (!style || strcmp(path, style) != 0))
            entry[(*count)++].path = path;
        else
            free(path);
        free(file[i]);
    }
    free(file);
    if (!short_of_memory && !catalog->unsure)
        return entry;
    catalog->unsure = true;
    free_entries(entry, *count);
    return NULL;
}

static bool is_file(const char *path)
{
    struct stat status;
    return stat(path, &status) == 0 && S_ISREG(status.st_mode);
}

/* The same, where the folder is one file. */
static struct entry *list_file(struct catalog *catalog, const char *path, const char *style,
                               size_t *count)
{
    struct entry *entry = calloc(1, sizeof *entry);
    if (entry && style && strcmp(path, style) == 0)
        return entry;
    if (entry && (entry->path = strdup(path))) {
        *count = 1;
        return entry;
    }
    free(entry);
    catalog->unsure = true;
    return NULL;
}

static void forget(struct entry *entry, bool *changed)
{
    if (entry->shared) {
        log_say(LOG_INFO, "repertoire: %s has left", entry->path);
        *changed = true;
    }
    entry_clear(entry);
}

/* Puts the files that are there in the place of those known. */
static void merge(struct catalog *catalog, struct entry *file, size_t files, bool *changed)
{
    size_t old = 0;
    for (size_t i = 0; i < files; i++) {
        int order = 1;
        for (; old < catalog->files; old++) {
            order = strcmp(catalog->file[old].path, file[i].path);
            if (order >= 0)
                break;
            forget(&catalog->file[old], changed);
        }
        if (order == 0) {
            free(file[i].path);
            file[i] = catalog->file[old++];
        }
    }
    for (; old < catalog->files; old++)
        forget(&catalog->file[old], changed);
    free(catalog->file);
    catalog->file = file;
    catalog->files = files;
}

static void choose_style(struct catalog *catalog, const char *style, bool *changed)
{
    struct entry *entry = &catalog->style;
    if (entry->path && (!style || strcmp(entry->path, style) != 0))
        forget(entry, changed);
    if (style && !entry->path)
        entry->path = strdup(style);
    if (entry->path && look_at(catalog, entry))
        *changed = true;
}

bool catalog_look(struct catalog *catalog, const char *folder, const char *style, bool again,
                  const struct task *task)
{
    bool changed = false;
    size_t files = 0;
    catalog->unsure = false;
    struct entry *file = folder && is_file(folder) ? list_file(catalog, folder, style, &files)
                                                   : list_entries(catalog, folder, style, &files);
    if (!file)
        return false;
    merge(catalog, file, files, &changed);
    for (size_t i = 0; again && i < files; i++)
        file[i].looked &= file[i].shared || file[i].wanted;
    choose_style(catalog, style, &changed);
    for (size_t i = 0; i < files && task_step(task, (double)i / (double)files, NULL) == 0; i++)
        if (look_at(catalog, &catalog->file[i]))
            changed = true;
    return changed;
}

bool catalog_is_unsure(const struct catalog *catalog)
{
    return catalog->unsure;
}

/* --- Learning --- */

static const struct entry *next_wanted(const struct catalog *catalog)
{
    const struct entry *next = catalog->style.wanted ? &catalog->style : NULL;
    for (size_t i = 0; i < catalog->files; i++) {
        const struct entry *entry = &catalog->file[i];
        if (entry->wanted && (!next || entry->changes < next->changes))
            next = entry;
    }
    return next;
}

bool catalog_wants(const struct catalog *catalog)
{
    return next_wanted(catalog) != NULL;
}

bool catalog_is_complete(const struct catalog *catalog)
{
    return !catalog->unsure && !catalog_wants(catalog);
}

bool catalog_is_stale(const struct catalog *catalog)
{
    if (!catalog->learning)
        return false;
    struct stat now = identify(catalog->learning->path);
    return !is_same(&catalog->learning->status, &now);
}

static void keep(struct catalog *catalog, const struct entry *entry, const struct model *model)
{
    struct error error;
    bool kept = cache_put(catalog->cache, &entry->key, model, &error) == 0;
    if (!kept && !catalog->loses)
        log_say(LOG_NOTICE, "repertoire: pieces will be learned again at the next start: %s",
                error.text);
    catalog->loses = !kept;
    catalog->learned = true;
}

static struct model *learn(struct catalog *catalog, struct entry *entry, const struct task *task,
                           struct error *error)
{
    size_t length;
    void *bytes = infile_read(entry->path, MOST_BYTES, &length, error);
    if (!bytes && is_short(errno))
        catalog->unsure = true;
    if (!bytes)
        return NULL;
    struct cache_key key = cache_key(catalog->cache, bytes, length);
    struct model *model = NULL;
    if (memcmp(&key, &entry->key, sizeof key) != 0)
        error_set(error, "%s: has changed", entry->path);
    else if (!(model = find_kept(catalog, entry)))
        model = piece_loader_learn(bytes, length, entry->path, task, error);
    free(bytes);
    return model;
}

bool catalog_learn(struct catalog *catalog, const struct task *task)
{
    struct error error;
    struct entry *entry = (struct entry *)next_wanted(catalog);
    catalog->learning = entry;
    struct model *model = learn(catalog, entry, task, &error);
    bool stale = !model && (catalog->unsure || catalog_is_stale(catalog));
    catalog->learning = NULL;
    if (stale) {
        entry->wanted = entry->looked = false;
        entry->key = (struct cache_key){0};
        return false;
    }
    if (!model && task_step(task, 0, NULL) != 0)
        return false;
    if (model)
        keep(catalog, entry, model);
    bool changed = set_model(entry, model, &error);
    if (catalog->learned && !catalog_wants(catalog)) {
        cache_trim(catalog->cache, CACHE_FILES, CACHE_BYTES);
        catalog->learned = false;
    }
    return changed;
}

const struct model **catalog_models(const struct catalog *catalog, size_t *count)
{
    const struct model **models = calloc(catalog->files + 2, sizeof(struct model *));
    *count = 0;
    if (models && catalog->style.shared)
        models[(*count)++] = shared_model(catalog->style.shared);
    for (size_t i = 0; models && i < catalog->files; i++)
        if (catalog->file[i].shared)
            models[(*count)++] = shared_model(catalog->file[i].shared);
    return models;
}

/* --- What there is --- */

static bool is_usable(const struct entry *entry, const char *name)
{
    return entry->shared && strcmp(catalog_name_of(entry), name) == 0;
}

bool catalog_has(const struct catalog *catalog, const char *name)
{
    for (size_t i = 0; i < catalog->files; i++)
        if (is_usable(&catalog->file[i], name))
            return true;
    return false;
}

struct snapshot *catalog_snapshot(const struct catalog *catalog, const char *only,
                                  struct error *error)
{
    bool alone = only && catalog_has(catalog, only);
    struct shared **models = calloc(catalog->files + 2, sizeof(struct shared *));
    const char **files = calloc(catalog->files + 2, sizeof *files);
    struct snapshot *snapshot = NULL;
    size_t count = 0;
    if (models && files) {
        files[0] = "";
        if (catalog->style.shared)
            models[count++] = catalog->style.shared;
        for (size_t i = 0; i < catalog->files; i++)
            if (catalog->file[i].shared && (!alone || is_usable(&catalog->file[i], only))) {
                files[count] = catalog_name_of(&catalog->file[i]);
                models[count++] = catalog->file[i].shared;
            }
        snapshot = snapshot_create(models, files, count, catalog_is_complete(catalog), error);
    } else {
        error_set(error, "out of memory");
    }
    free(files);
    free(models);
    return snapshot;
}
