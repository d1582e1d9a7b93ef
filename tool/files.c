/* Folders are walked with nftw, links followed to files but not into folders
 * above, so that a ring of links ends. */
#include "tool/files.h"

#include "base/infile.h"
#include "base/outfile.h"
#include "load/music.h"

#include <errno.h>
#include <ftw.h>
#include <glib.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static gint compare_paths(gconstpointer a, gconstpointer b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

bool files_are(const char *path, unsigned kinds)
{
    unsigned char head[FILEKIND_BYTES];
    size_t length = 0;
    if (infile_head(path, head, sizeof head, &length) != 0)
        return false;
    enum filekind kind = filekind_of(head, length);
    return (kinds & FILES_MUSIC && music_takes(kind)) ||
           (kinds & FILES_MODELS && kind == FILEKIND_MODEL);
}

/* nftw hands its visitor nothing of ours. */
static _Thread_local struct walk {
    GPtrArray *found;
    unsigned kinds;
} walk;

static int walk_visit(const char *path, const struct stat *status, int kind, struct FTW *place)
{
    (void)place;
    if (kind == FTW_F && S_ISREG(status->st_mode) && files_are(path, walk.kinds))
        g_ptr_array_add(walk.found, g_strdup(path));
    return 0;
}

/* Takes over the paths; of several that lead to one file, the first. */
static void add_once(GPtrArray *found, GPtrArray *paths)
{
    GHashTable *seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    for (guint i = 0; i < paths->len; i++) {
        char *path = g_ptr_array_index(paths, i);
        struct stat status = {0};
        stat(path, &status);
        if (g_hash_table_add(seen, g_strdup_printf("%llu:%llu", (unsigned long long)status.st_dev,
                                                   (unsigned long long)status.st_ino)))
            g_ptr_array_add(found, path);
        else
            g_free(path);
    }
    g_hash_table_destroy(seen);
}

static int expand_folder(GPtrArray *found, const char *folder, unsigned kinds, struct error *error)
{
    walk = (struct walk){g_ptr_array_new(), kinds};
    int bad = nftw(folder, walk_visit, 16, 0);
    int reason = errno;
    guint count = walk.found->len;
    g_ptr_array_sort(walk.found, compare_paths);
    add_once(found, walk.found);
    g_ptr_array_free(walk.found, TRUE);
    if (bad)
        return error_set(error, "%s: cannot read the folder: %s", folder, strerror(reason));
    if (count == 0)
        return error_set(error, "%s: no %s in this folder or below it", folder,
                         kinds == FILES_MUSIC    ? "MIDI file"
                         : kinds == FILES_MODELS ? "model"
                                                 : "MIDI file or model");
    return 0;
}

static int expand_path(GPtrArray *found, const char *path, unsigned kinds, struct error *error)
{
    struct stat status = {0};
    if (strcmp(path, "-") != 0 && stat(path, &status) != 0)
        return error_set(error, "%s: cannot read: %s", path, strerror(errno));
    if (S_ISDIR(status.st_mode))
        return expand_folder(found, path, kinds, error);
    g_ptr_array_add(found, g_strdup(path));
    return 0;
}

char **files_expand(char *const *paths, unsigned kinds, struct error *error)
{
    GPtrArray *found = g_ptr_array_new_with_free_func(g_free);
    for (size_t i = 0; paths[i]; i++)
        if (expand_path(found, paths[i], kinds, error) != 0) {
            g_ptr_array_free(found, TRUE);
            return NULL;
        }
    g_ptr_array_set_free_func(found, NULL);
    g_ptr_array_add(found, NULL);
    return (char **)g_ptr_array_free(found, FALSE);
}

void *files_read(const char *path, size_t *length, struct error *error)
{
    return infile_read(path, FILES_MAX_BYTES, length, error);
}

const char *files_name(const char *path)
{
    return infile_name(path);
}

bool files_same(const char *path, const struct stat *status)
{
    struct stat other;
    return stat(path, &other) == 0 && other.st_dev == status->st_dev &&
           other.st_ino == status->st_ino;
}

int files_check_there(char *const *paths, struct error *error)
{
    for (size_t i = 0; paths && paths[i]; i++)
        if (strcmp(paths[i], "-") != 0 && access(paths[i], F_OK) != 0)
            return error_set(error, "%s: cannot open: %s", paths[i], strerror(errno));
    return 0;
}

int files_check_output(const char *output, char *const *inputs, struct error *error)
{
    struct stat status;
    if (!output || strcmp(output, "-") == 0 || stat(output, &status) != 0 ||
        !S_ISREG(status.st_mode))
        return 0;
    for (; inputs && *inputs; inputs++)
        if (strcmp(*inputs, "-") != 0 && files_same(*inputs, &status))
            return error_set(error,
                             "%s: is the input %s, which would be overwritten; name another "
                             "file to write to",
                             output, strcmp(output, *inputs) == 0 ? "itself" : *inputs);
    return 0;
}

int files_check_writable(const char *output, char *const *inputs, struct error *error)
{
    if (!output)
        return 0;
    if (files_check_output(output, inputs, error) != 0)
        return -1;
    struct outfile *file = outfile_open(output, error);
    if (!file)
        return -1;
    outfile_abort(file);
    return 0;
}

char *files_replace_ending(const char *path, const char *ending)
{
    return g_strdup_printf("%.*s%s", (int)music_stem_length(path), path, ending);
}
