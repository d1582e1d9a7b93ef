/* Write beside, then rename. The temporary name ends in .PROCESS-NUMBER. Without fsync,
 * which would cost more than all other work on a file, a failed run is covered by the
 * rename, a power cut is not.
 *
 * The umask belongs to the whole process, so it is never changed, not even to read it:
 * open applies it. */
#include "base/outfile.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { MOST_NAMES = 1000 };

struct outfile {
    FILE *stream;
    char *path;
    char *temporary; /* NULL: written in place */
    bool durable;
};

static void outfile_free(struct outfile *file)
{
    free(file->path);
    free(file->temporary);
    free(file);
}

/* A new file under a temporary name. -1: errno. */
static int create_beside(struct outfile *file)
{
    static atomic_uint number;
    for (int i = 0; i < MOST_NAMES; i++) {
        free(file->temporary);
        if (asprintf(&file->temporary, "%s.%d-%u", file->path, (int)getpid(),
                     atomic_fetch_add(&number, 1)) < 0) {
            file->temporary = NULL;
            errno = ENOMEM;
            return -1;
        }
        int fd = open(file->temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
        if (fd >= 0 || errno != EEXIST)
            return fd;
    }
    return -1;
}

static FILE *open_beside(struct outfile *file, const struct stat *old, struct error *error)
{
    if (old && access(file->path, W_OK) != 0) {
        error_set(error, "%s: cannot write: %s", file->path, strerror(errno));
        return NULL;
    }
    /* Rename onto what a link points at, so that the link stays a link. */
    char *real = old ? realpath(file->path, NULL) : NULL;
    if (real) {
        free(file->path);
        file->path = real;
    }
    int fd = create_beside(file);
    if (fd < 0) {
        error_set(error, "%s: cannot create: %s", file->path, strerror(errno));
        return NULL;
    }
    /* On a file system without modes it fails; the content is what counts. */
    if (old)
        (void)!fchmod(fd, old->st_mode & 07777);
    FILE *stream = fdopen(fd, "wb");
    if (!stream) {
        error_set(error, "%s: %s", file->path, strerror(errno));
        close(fd);
        unlink(file->temporary);
    }
    return stream;
}

struct outfile *outfile_open(const char *path, struct error *error)
{
    struct outfile *file = calloc(1, sizeof *file);
    if (!file || !(file->path = strdup(path))) {
        free(file);
        error_set(error, "%s: out of memory", path);
        return NULL;
    }
    if (strcmp(path, "-") == 0) {
        file->stream = stdout;
        return file;
    }
    struct stat old;
    int exists = stat(path, &old) == 0;
    if (exists && S_ISDIR(old.st_mode)) {
        error_set(error, "%s: is a directory, expected a file to write", path);
    } else if (exists && !S_ISREG(old.st_mode)) {
        file->stream = fopen(path, "wb");
        if (!file->stream)
            error_set(error, "%s: cannot write: %s", path, strerror(errno));
    } else {
        file->stream = open_beside(file, exists ? &old : NULL, error);
    }
    if (!file->stream) {
        outfile_free(file);
        return NULL;
    }
    return file;
}

FILE *outfile_stream(struct outfile *file)
{
    return file->stream;
}

/* Has the disk know the new name. Where a folder cannot be synchronised the name may be
 * the old one after a power cut; the file is whole all the same. */
static void sync_folder(const char *path)
{
    const char *slash = strrchr(path, '/');
    char *folder = !slash ? strdup(".") : strndup(path, slash == path ? 1 : (size_t)(slash - path));
    int fd = folder ? open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
    if (fd >= 0) {
        (void)!fsync(fd);
        close(fd);
    }
    free(folder);
}

int outfile_commit(struct outfile *file, struct error *error)
{
    int bad = fflush(file->stream) != 0 || ferror(file->stream) ||
              (file->durable && file->temporary && fsync(fileno(file->stream)) != 0);
    int reason = errno;
    if (file->stream != stdout && fclose(file->stream) != 0 && !bad) {
        bad = 1;
        reason = errno;
    }
    if (!bad && file->temporary && rename(file->temporary, file->path) != 0) {
        bad = 1;
        reason = errno;
    }
    if (bad) {
        error_set(error, "%s: cannot write: %s", file->path, strerror(reason));
        if (file->temporary)
            unlink(file->temporary);
    } else if (file->durable && file->temporary) {
        sync_folder(file->path);
    }
    outfile_free(file);
    return bad ? -1 : 0;
}

void outfile_abort(struct outfile *file)
{
    if (file->stream != stdout)
        fclose(file->stream);
    if (file->temporary)
        unlink(file->temporary);
    outfile_free(file);
}

static int write_all(const char *path, const void *bytes, size_t length, bool durable,
                     struct error *error)
{
    struct outfile *file = outfile_open(path, error);
    if (!file)
        return -1;
    file->durable = durable;
    /* A short write leaves the stream's error flag for commit to find. */
    (void)!fwrite(bytes, 1, length, file->stream);
    return outfile_commit(file, error);
}

int outfile_write(const char *path, const void *bytes, size_t length, struct error *error)
{
    return write_all(path, bytes, length, false, error);
}

int outfile_write_durable(const char *path, const void *bytes, size_t length, struct error *error)
{
    return write_all(path, bytes, length, true, error);
}

int outfile_write_private(const char *path, const void *bytes, size_t length, struct error *error)
{
    /* A file that is there keeps its mode when it is replaced. */
    int made = open(path, O_CREAT | O_WRONLY | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (made < 0)
        return error_set(error, "%s: cannot be made: %s", path, strerror(errno));
    close(made);
    return outfile_write_durable(path, bytes, length, error);
}
