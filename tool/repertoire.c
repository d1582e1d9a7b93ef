/* Without a service each file is read as it stands: nothing is learned. */
#include "tool/repertoire.h"

#include "config/config.h"
#include "load/folder.h"
#include "load/music.h"
#include "load/played.h"
#include "tool/client.h"
#include "tool/command.h"
#include "tool/files.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

bool repertoire_says(const json_t *object, const char *key, const char *text)
{
    const char *value = json_string_value(json_object_get(object, key));
    return value && strcmp(value, text) == 0;
}

static void add_song(json_t *names, const char *name, const struct score *score,
                     struct score_facts *facts)
{
    json_array_append_new(names, command_text(name));
    score_add_facts(score, facts);
}

/* -1: it cannot be used. */
static int add_pieces(const char *path, const void *bytes, size_t length, json_t *names,
                      struct score_facts *facts, struct error *error)
{
    const struct take_choice choice = {.grid = TAKE_GRID_DECIDE};
    if (filekind_of(bytes, length) == FILEKIND_MODEL) {
        struct model *model = model_load_memory(bytes, length, path, false, error);
        for (size_t i = 0; model && i < model_songs(model); i++)
            add_song(names, model_song(model, i)->name, model_score(model, i), facts);
        model_free(model);
        return model ? 0 : -1;
    }
    struct music *music = music_read(bytes, length, path, &choice, error);
    struct song *song = music ? music_song(music, error) : NULL;
    if (song)
        add_song(names, song->name, song->score, facts);
    bool usable = song != NULL;
    song_free(song);
    music_free(music);
    return usable ? 0 : -1;
}

static json_t *describe_played(const struct played *played, const json_t *names)
{
    const char *name = json_string_value(json_array_get(names, 0));
    const struct played_piece *piece = name ? played_find(played, name) : NULL;
    return piece ? json_pack("{s:I, s:I, s:I}", "last", (json_int_t)piece->last, "notes",
                             (json_int_t)piece->notes, "corrected", (json_int_t)piece->corrected)
                 : NULL;
}

static json_t *describe_file(const char *path, const struct played *played)
{
    struct error error;
    size_t length = 0;
    unsigned takes = 0;
    struct score_facts facts = {0};
    json_t *names = json_array();
    char *file = g_path_get_basename(path);
    void *bytes = files_read(path, &length, &error);
    json_t *described = json_pack("{s:o}", "file", command_text(file));
    if (!bytes || add_pieces(path, bytes, length, names, &facts, &error) != 0) {
        json_object_set_new(described, "state", json_string("unusable"));
        json_object_set_new(described, "why", command_text(error.text));
    } else {
        const char *from = folder_origin_name(folder_origin(bytes, length, &takes));
        json_object_update_new(described,
                               json_pack("{s:s, s:O, s:s, s:i, s:I, s:I, s:f, s:I}", "state",
                                         "ready", "names", names, "from", from, "takes", (int)takes,
                                         "notes", (json_int_t)facts.notes, "bars",
                                         (json_int_t)facts.bars, "doubt", score_facts_doubt(&facts),
                                         "doubtful", (json_int_t)facts.doubtful));
        json_t *last = describe_played(played, names);
        if (last)
            json_object_set_new(described, "played", last);
    }
    json_decref(names);
    g_free(bytes);
    g_free(file);
    return described;
}

static gint compare_names(gconstpointer a, gconstpointer b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* The files that the service would take, in its order; free with g_ptr_array_unref. */
static GPtrArray *list_files(const char *folder, struct error *error)
{
    GDir *dir = g_dir_open(folder, 0, NULL);
    const char *name;
    if (!dir) {
        error_set(error, "%s: the repertoire cannot be read", folder);
        return NULL;
    }
    GPtrArray *paths = g_ptr_array_new_with_free_func(g_free);
    while ((name = g_dir_read_name(dir))) {
        char *path = g_build_filename(folder, name, NULL);
        if (name[0] == '.' || music_is_copy(name) || !g_file_test(path, G_FILE_TEST_IS_REGULAR))
            g_free(path);
        else
            g_ptr_array_add(paths, path);
    }
    g_dir_close(dir);
    g_ptr_array_sort(paths, compare_names);
    return paths;
}

/* What cannot be read by this user was not played. */
static void read_played(struct played *played, const char *store)
{
    struct error error;
    char *path = store ? g_build_filename(store, PLAYED_FILE, NULL) : NULL;
    if (!path || played_read(played, path, &error) != 0)
        *played = (struct played){0};
    g_free(path);
}

static int read_folder(struct repertoire *repertoire, struct error *error)
{
    GPtrArray *paths = list_files(repertoire->folder, error);
    struct played played = {0};
    if (!paths)
        return -1;
    read_played(&played, repertoire->store);
    json_t *pieces = json_array();
    for (guint i = 0; i < paths->len; i++)
        json_array_append_new(pieces, describe_file(g_ptr_array_index(paths, i), &played));
    repertoire->answer = json_pack("{s:n, s:o, s:o}", "locked", "folder",
                                   command_text(repertoire->folder), "pieces", pieces);
    played_clear(&played);
    g_ptr_array_unref(paths);
    return 0;
}

/* The user's settings where they name a repertoire or its folder is there, else the system's. */
static int choose_folder(struct repertoire *repertoire, struct error *error)
{
    struct config *config = geteuid() == 0 ? NULL : config_load_user(NULL, NULL, NULL, error);
    if (config && !(config->correct.repertoire &&
                    g_file_test(config->correct.repertoire, G_FILE_TEST_IS_DIR))) {
        config_free(config);
        config = NULL;
    }
    if (!config)
        config = config_load(NULL, NULL, NULL, error);
    if (!config)
        return -1;
    repertoire->folder = g_strdup(config->correct.repertoire);
    repertoire->store = g_strdup(config->learn.folder);
    config_free(config);
    return repertoire->folder ? 0 : error_set(error, "the settings name no repertoire");
}

static int ask_service(struct repertoire *repertoire, struct error *error)
{
    repertoire->answer = client_ask("pieces", NULL, error);
    if (!repertoire->answer)
        return -1;
    json_object_del(repertoire->answer, "ok");
    const char *folder = json_string_value(json_object_get(repertoire->answer, "folder"));
    repertoire->folder = g_strdup(folder);
    return 0;
}

int repertoire_read(struct repertoire *repertoire, const char *folder, struct error *error)
{
    enum { PATIENCE = 10000 }; /* milliseconds */
    *repertoire = (struct repertoire){.folder = g_strdup(folder)};
    int fd = folder ? -1 : client_connect(PATIENCE, error), reason = errno;
    repertoire->running = fd >= 0;
    if (fd >= 0)
        close(fd);
    if (repertoire->running)
        return ask_service(repertoire, error);
    if (!folder && reason != ENOENT && reason != ECONNREFUSED)
        return -1;
    if (!folder && choose_folder(repertoire, error) != 0)
        return -1;
    return read_folder(repertoire, error);
}

void repertoire_clear(struct repertoire *repertoire)
{
    g_free(repertoire->folder);
    g_free(repertoire->store);
    json_decref(repertoire->answer);
}

static bool is_called(const json_t *file, const char *name)
{
    const char *path = json_string_value(json_object_get(file, "file"));
    const json_t *names = json_object_get(file, "names");
    size_t stem = music_stem_length(path);
    bool called = strcmp(path, name) == 0 || (strlen(name) == stem && !strncmp(path, name, stem));
    for (size_t i = 0; i < json_array_size(names) && !called; i++)
        called = strcmp(json_string_value(json_array_get(names, i)), name) == 0;
    return called;
}

const json_t *repertoire_find(const struct repertoire *repertoire, const char *name,
                              struct error *error)
{
    const json_t *pieces = json_object_get(repertoire->answer, "pieces"), *found = NULL;
    for (size_t i = 0; i < json_array_size(pieces); i++) {
        const json_t *file = json_array_get(pieces, i);
        if (repertoire_says(file, "file", name))
            return file;
        if (!is_called(file, name))
            continue;
        if (found) {
            error_set(error, "several files are called '%.200s'; name the file with its ending",
                      name);
            return NULL;
        }
        found = file;
    }
    if (!found)
        error_set(error, "there is no piece '%.200s'; audiogenrl pieces lists them", name);
    return found;
}
