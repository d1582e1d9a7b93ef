/* Names come from users and from a socket: each is checked before it becomes a path. */
#include "load/folder.h"

#include "base/infile.h"
#include "base/outfile.h"
#include "filter/learned.h"
#include "load/music.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { MOST_COPIES = 1000 }; /* of one name among what was forgotten */

enum folder_origin folder_origin(const void *bytes, size_t length, unsigned *takes)
{
    *takes = 0;
    if (filekind_of(bytes, length) == FILEKIND_MODEL)
        return FOLDER_MODEL;
    if (music_is_score(bytes, length))
        return FOLDER_SCORE;
    *takes = learned_takes(bytes, length);
    return *takes ? FOLDER_TAKES : FOLDER_MIDI;
}

const char *folder_origin_name(enum folder_origin origin)
{
    static const char *const names[] = {[FOLDER_MIDI] = "midi",
                                        [FOLDER_SCORE] = "score",
                                        [FOLDER_TAKES] = "takes",
                                        [FOLDER_MODEL] = "model"};
    return names[origin];
}

/* A file of the folder: no way out of it, nothing hidden, nothing that steers a terminal. */
static bool is_name(const char *name, size_t length)
{
    if (length == 0 || length > NAME_MAX || name[0] == '.')
        return false;
    for (size_t i = 0; i < length; i++)
        if (name[i] == '/' || (unsigned char)name[i] < ' ' || name[i] == 127)
            return false;
    return true;
}

static char *join(const char *folder, const char *file, struct error *error)
{
    char *path = NULL;
    if (!is_name(file, strlen(file)))
        error_set(error, "'%.200s' is not the name of a file", file);
    else if (asprintf(&path, "%s/%s", folder, file) < 0) {
        error_set(error, "out of memory");
        path = NULL;
    }
    return path;
}

/* Where the file system cannot do both at once, a file that comes between is lost. */
static int move(const char *from, const char *to)
{
    if (renameat2(AT_FDCWD, from, AT_FDCWD, to, RENAME_NOREPLACE) == 0)
        return 0;
    if (errno != EINVAL)
        return -1;
    struct stat status;
    if (lstat(to, &status) == 0) {
        errno = EEXIST;
        return -1;
    }
    return rename(from, to);
}

char *folder_rename(const char *folder, const char *file, const char *name, struct error *error)
{
    size_t stem = music_stem_length(name);
    const char *ending = file + music_stem_length(file);
    char *made = NULL, *from = join(folder, file, error), *to = NULL;
    if (from && asprintf(&made, "%.*s%s", (int)stem, name, ending) < 0) {
        made = NULL;
        error_set(error, "out of memory");
    }
    if (made)
        to = join(folder, made, error);
    if (to && move(from, to) != 0) {
        if (errno == EEXIST)
            error_set(error, "%s: there is a file of this name already", to);
        else
            error_set(error, "%s: cannot be renamed: %s", from, strerror(errno));
        free(to);
        to = NULL;
    }
    if (!to) {
        free(made);
        made = NULL;
    }
    free(from);
    free(to);
    return made;
}

static int check_learned(const char *path, struct error *error)
{
    char head[LEARNED_HEAD];
    size_t length = 0;
    unsigned takes = 0;
    if (infile_head(path, head, sizeof head, &length) != 0)
        return error_set(error, "%s: cannot be read: %s", path, strerror(errno));
    if (folder_origin(head, length, &takes) != FOLDER_TAKES)
        return error_set(error, "%s: was not learned from takes; it is yours to move or delete",
                         path);
    return 0;
}

/* To another file system. */
static int copy(const char *from, const char *to, struct error *error)
{
    size_t length = 0;
    void *bytes = infile_read(from, MUSIC_MAX_BYTES, &length, error);
    int status = bytes ? outfile_write_durable(to, bytes, length, error) : -1;
    free(bytes);
    if (status == 0 && unlink(from) != 0)
        status = error_set(error, "%s: cannot be deleted: %s", from, strerror(errno));
    return status;
}

/* Under a name that is free there. */
static int put_away(const char *path, const char *file, const char *folder, struct error *error)
{
    size_t stem = music_stem_length(file);
    for (int i = 1; i < MOST_COPIES; i++) {
        char *to = NULL, number[16] = "";
        if (i > 1)
            snprintf(number, sizeof number, " %d", i);
        if (asprintf(&to, "%s/%.*s%s%s", folder, (int)stem, file, number, file + stem) < 0)
            return error_set(error, "out of memory");
        int status = move(path, to), reason = errno;
        if (status != 0 && reason == EXDEV && access(to, F_OK) != 0)
            status = copy(path, to, error);
        else if (status != 0)
            error_set(error, "%s: cannot be moved to %s: %s", path, to, strerror(reason));
        free(to);
        if (status == 0 || reason != EEXIST)
            return status;
    }
    return -1;
}

int folder_forget(const char *folder, const char *file, const char *store, struct error *error)
{
    char *path = join(folder, file, error), *forgotten = NULL;
    int status = path ? check_learned(path, error) : -1;
    if (status == 0 && store && asprintf(&forgotten, "%s/forgotten", store) < 0) {
        forgotten = NULL;
        status = error_set(error, "out of memory");
    }
    if (status == 0 && forgotten && mkdir(forgotten, 0770) != 0 && errno != EEXIST)
        status = error_set(error, "%s: cannot be made: %s", forgotten, strerror(errno));
    if (status == 0 && forgotten)
        status = put_away(path, file, forgotten, error);
    else if (status == 0 && unlink(path) != 0)
        status = error_set(error, "%s: cannot be deleted: %s", path, strerror(errno));
    free(path);
    free(forgotten);
    return status;
}
