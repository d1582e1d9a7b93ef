/* Everything is opened below the folder's own descriptor. */
#include "web/folder.h"

#include "base/filekind.h"
#include "base/outfile.h"
#include "web/request.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

static int fail(int reason, struct error *error, const char *what)
{
    error_set(error, "%s", what);
    errno = reason;
    return -1;
}

/* --- Recordings --- */

struct recording {
    char name[REQUEST_NAME_BYTES + 1];
    long long changed;
    long long bytes;
};

/* By name, which begins with the date. */
static int newest_first(const void *a, const void *b)
{
    return strcmp(((const struct recording *)b)->name, ((const struct recording *)a)->name);
}

/* Keeps the newest of those that were found. */
static void keep(struct recording *kept, size_t *count, const struct recording *found)
{
    kept[(*count)++] = *found;
    if (*count < 2 * FOLDER_LISTED)
        return;
    qsort(kept, *count, sizeof *kept, newest_first);
    *count = FOLDER_LISTED;
}

static size_t look_through(DIR *folder, struct recording *kept)
{
    const struct dirent *file;
    size_t count = 0;
    while ((file = readdir(folder))) {
        struct recording found;
        struct stat status;
        if (!request_is_recording(file->d_name) ||
            fstatat(dirfd(folder), file->d_name, &status, AT_SYMLINK_NOFOLLOW) != 0 ||
            !S_ISREG(status.st_mode))
            continue;
        strcpy(found.name, file->d_name);
        found.changed = status.st_mtim.tv_sec;
        found.bytes = status.st_size;
        keep(kept, &count, &found);
    }
    qsort(kept, count, sizeof *kept, newest_first);
    return count < FOLDER_LISTED ? count : FOLDER_LISTED;
}

char *folder_recordings(const char *path, struct error *error)
{
    DIR *folder = path ? opendir(path) : NULL;
    if (!folder && path && errno != ENOENT) {
        (void)fail(EIO, error, "The folder of the recordings cannot be read");
        return NULL;
    }
    struct recording *kept = calloc(2 * (size_t)FOLDER_LISTED, sizeof *kept);
    size_t count = folder && kept ? look_through(folder, kept) : 0;
    json_t *list = kept ? json_array() : NULL;
    for (size_t i = 0; i < count; i++)
        json_array_append_new(list, json_pack("{s:s, s:I, s:I}", "name", kept[i].name, "bytes",
                                              (json_int_t)kept[i].bytes, "time",
                                              (json_int_t)kept[i].changed));
    char *text = list ? json_dumps(list, JSON_COMPACT) : NULL;
    if (!text)
        (void)fail(EIO, error, "out of memory");
    json_decref(list);
    free(kept);
    if (folder)
        closedir(folder);
    return text;
}

/* --- One file --- */

static int open_folder(const char *path, struct error *error)
{
    int folder = path ? open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
    return folder >= 0 ? folder : fail(ENOENT, error, "The folder is not there");
}

int folder_open(const char *path, const char *name, size_t *size, long long *changed,
                struct error *error)
{
    struct stat status;
    int folder = open_folder(path, error);
    if (folder < 0)
        return -1;
    int fd = openat(folder, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    close(folder);
    if (fd >= 0 && fstat(fd, &status) == 0 && S_ISREG(status.st_mode)) {
        *size = (size_t)status.st_size;
        *changed = status.st_mtim.tv_sec * 1000000000LL + status.st_mtim.tv_nsec;
        return fd;
    }
    if (fd >= 0)
        close(fd);
    return fail(ENOENT, error, "There is no such file any more");
}

int folder_remove(const char *path, const char *name, struct error *error)
{
    int folder = open_folder(path, error);
    if (folder < 0)
        return -1;
    int status = unlinkat(folder, name, 0);
    int reason = errno;
    close(folder);
    if (status == 0)
        return 0;
    return reason == ENOENT ? fail(ENOENT, error, "There is no such piece any more")
                            : fail(EIO, error, strerror(reason));
}

/* --- Uploads --- */

struct upload {
    struct outfile *file;
    char *path;
    size_t taken;
    unsigned char head[FILEKIND_BYTES];
};

static size_t count_files(const char *path)
{
    DIR *folder = opendir(path);
    const struct dirent *file;
    size_t count = 0;
    while (folder && (file = readdir(folder)))
        count += strcmp(file->d_name, ".") != 0 && strcmp(file->d_name, "..") != 0;
    if (folder)
        closedir(folder);
    return count;
}

/* -1: there is no room for one more. */
static int look_for_room(const char *path, size_t length, struct error *error)
{
    struct statvfs disk;
    if (statvfs(path, &disk) != 0)
        return fail(ENOENT, error, "The folder of the pieces is not there");
    if ((double)disk.f_bavail * (double)disk.f_frsize <
        FOLDER_SPARE_MIB * 1048576.0 + (double)length)
        return fail(ENOSPC, error, "The disk of the box is full");
    if (count_files(path) >= FOLDER_PIECES)
        return fail(ENOSPC, error, "The folder is full: remove a piece first");
    return 0;
}

static bool exists(const char *path)
{
    struct stat status;
    return lstat(path, &status) == 0;
}

struct upload *upload_open(const char *path, const char *name, size_t length, struct error *error)
{
    struct upload *upload = NULL;
    if (!path || look_for_room(path, length, error) != 0) {
        if (!path)
            (void)fail(ENOENT, error, "The service has no folder for pieces");
        return NULL;
    }
    if (!(upload = calloc(1, sizeof *upload)) || asprintf(&upload->path, "%s/%s", path, name) < 0) {
        free(upload);
        (void)fail(EIO, error, "out of memory");
        return NULL;
    }
    struct error why;
    if (exists(upload->path))
        (void)fail(EEXIST, error, "There is a piece of this name already. Remove it first.");
    else if ((upload->file = outfile_open(upload->path, &why)))
        return upload;
    else
        (void)fail(EIO, error, why.text);
    free(upload->path);
    free(upload);
    return NULL;
}

void upload_add(struct upload *upload, const void *bytes, size_t length)
{
    if (upload->taken < sizeof upload->head) {
        size_t room = sizeof upload->head - upload->taken;
        memcpy(upload->head + upload->taken, bytes, length < room ? length : room);
    }
    upload->taken += length;
    /* A short write leaves the stream's error flag for the commit to find. */
    (void)!fwrite(bytes, 1, length, outfile_stream(upload->file));
}

void upload_abort(struct upload *upload)
{
    if (!upload)
        return;
    if (upload->file)
        outfile_abort(upload->file);
    free(upload->path);
    free(upload);
}

static bool is_music(const struct upload *upload)
{
    size_t length = upload->taken < sizeof upload->head ? upload->taken : sizeof upload->head;
    enum filekind kind = filekind_of(upload->head, length);
    return kind == FILEKIND_MIDI || kind == FILEKIND_MUSICXML || kind == FILEKIND_MXL;
}

int upload_commit(struct upload *upload, struct error *error)
{
    struct error why;
    int status = 0;
    FILE *stream = outfile_stream(upload->file);
    if (!is_music(upload)) {
        status = fail(EINVAL, error, "This is neither a MIDI file nor a MusicXML score");
    } else if (exists(upload->path)) {
        status = fail(EEXIST, error, "There is a piece of this name already. Remove it first.");
    } else if (fflush(stream) == 0 && fsync(fileno(stream)) == 0) {
        status = outfile_commit(upload->file, &why);
        upload->file = NULL;
        if (status != 0)
            (void)fail(EIO, error, why.text);
    } else {
        status = errno == ENOSPC || errno == EDQUOT
                     ? fail(ENOSPC, error, "The disk of the box is full")
                     : fail(EIO, error, "The piece cannot be written");
    }
    int reason = errno;
    upload_abort(upload);
    errno = reason;
    return status;
}
