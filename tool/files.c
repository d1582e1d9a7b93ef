/* Folders are walked with nftw, links followed to files but not into folders
 * above, so that a ring of links ends. */
#include "tool/files.h"

#include "base/infile.h"

#include <errno.h>
#include <ftw.h>
#include <glib.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>

static bool is_music(const char *path)
{
    const char *dot = strrchr(path, '.');
    return dot && (g_ascii_strcasecmp(dot, ".mid") == 0 || g_ascii_strcasecmp(dot, ".midi") == 0);
}

static gint compare_paths(gconstpointer a, gconstpointer b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* nftw hands its visitor nothing of ours. */
static _Thread_local GPtrArray *walk_found;

static int walk_visit(const char *path, const struct stat *status, int kind, struct FTW *walk)
{
    (void)walk;
    if (kind == FTW_F && S_ISREG(status->st_mode) && is_music(path))
        g_ptr_array_add(walk_found, g_strdup(path));
    return 0;
}

static int expand_folder(GPtrArray *found, const char *folder, struct error *error)
{
    walk_found = g_ptr_array_new();
    int bad = nftw(folder, walk_visit, 16, 0);
    int reason = errno;
    guint count = walk_found->len;
    g_ptr_array_sort(walk_found, compare_paths);
    for (guint i = 0; i < count; i++)
        g_ptr_array_add(found, g_ptr_array_index(walk_found, i));
    g_ptr_array_free(walk_found, TRUE);
    if (bad)
        return error_set(error, "%s: cannot read the folder: %s", folder, strerror(reason));
    if (count == 0)
        return error_set(error, "%s: no .mid or .midi file in this folder or below it", folder);
    return 0;
}

static int expand_path(GPtrArray *found, const char *path, struct error *error)
{
    struct stat status = {0};
    if (strcmp(path, "-") != 0 && stat(path, &status) != 0)
        return error_set(error, "%s: cannot read: %s", path, strerror(errno));
    if (S_ISDIR(status.st_mode))
        return expand_folder(found, path, error);
    g_ptr_array_add(found, g_strdup(path));
    return 0;
}

char **files_expand(char *const *paths, struct error *error)
{
    GPtrArray *found = g_ptr_array_new_with_free_func(g_free);
    for (size_t i = 0; paths[i]; i++)
        if (expand_path(found, paths[i], error) != 0) {
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

char *files_replace_ending(const char *path, const char *ending)
{
    size_t length = is_music(path) ? (size_t)(strrchr(path, '.') - path) : strlen(path);
    return g_strdup_printf("%.*s%s", (int)length, path, ending);
}

char *files_stem(const char *path)
{
    char *base = g_path_get_basename(path);
    char *stem = files_replace_ending(base, "");
    g_free(base);
    return stem;
}
