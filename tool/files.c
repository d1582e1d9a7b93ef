/* Folders are walked with nftw, links followed to files but not into folders
 * above, so that a ring of links ends. */
#include "tool/files.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <glib.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

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

static void *read_all(int fd, const char *name, size_t guess, size_t *length, struct error *error)
{
    size_t room = guess + 1; /* one more, so that the end of a file is seen without growing */
    unsigned char *bytes = g_malloc(room);
    *length = 0;
    for (;;) {
        ssize_t got = read(fd, bytes + *length, room - *length);
        if (got == 0)
            return bytes;
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0) {
            error_set(error, "%s: cannot read: %s", name, strerror(errno));
            break;
        }
        *length += (size_t)got;
        if (*length > FILES_MAX_BYTES) {
            error_set(error, "%s: is larger than %d MiB", name, FILES_MAX_BYTES >> 20);
            break;
        }
        if (*length == room)
            bytes = g_realloc(bytes, room *= 2);
    }
    g_free(bytes);
    return NULL;
}

void *files_read(const char *path, size_t *length, struct error *error)
{
    if (strcmp(path, "-") == 0)
        return read_all(STDIN_FILENO, files_name(path), 65536, length, error);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    struct stat status;
    if (fd < 0 || fstat(fd, &status) != 0) {
        error_set(error, "%s: cannot read: %s", path, strerror(errno));
        if (fd >= 0)
            close(fd);
        return NULL;
    }
    void *bytes = NULL;
    if (S_ISDIR(status.st_mode))
        error_set(error, "%s: is a folder, expected a file", path);
    else if (status.st_size > FILES_MAX_BYTES)
        error_set(error, "%s: is larger than %d MiB", path, FILES_MAX_BYTES >> 20);
    else
        bytes = read_all(fd, path, (size_t)status.st_size, length, error);
    close(fd);
    return bytes;
}

const char *files_name(const char *path)
{
    return strcmp(path, "-") == 0 ? "standard input" : path;
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
