/* Write beside, then rename. The temporary name ends in .XXXXXX (mkstemp).
 * There is no fsync: it would cost more than all other work on a file, and a
 * failed run, unlike a power cut, is covered by the rename alone. */
#include "base/outfile.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct outfile {
    FILE *stream;
    char *path;
    char *temporary; /* NULL: written in place */
};

static void outfile_free(struct outfile *file)
{
    free(file->path);
    free(file->temporary);
    free(file);
}

/* mkstemp makes the file private; the target keeps its mode, a new file follows the umask. */
static void set_mode(int fd, const struct stat *old)
{
    mode_t mask = umask(0);
    umask(mask);
    if (fchmod(fd, old ? old->st_mode & 07777 : 0666 & ~mask) != 0)
        return; /* a file system without modes; the content is what counts */
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
    if (asprintf(&file->temporary, "%s.XXXXXX", file->path) < 0) {
        file->temporary = NULL;
        error_set(error, "%s: out of memory", file->path);
        return NULL;
    }
    int fd = mkstemp(file->temporary);
    if (fd < 0) {
        error_set(error, "%s: cannot create: %s", file->path, strerror(errno));
        free(file->temporary);
        file->temporary = NULL;
        return NULL;
    }
    set_mode(fd, old);
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

int outfile_commit(struct outfile *file, struct error *error)
{
    int bad = fflush(file->stream) != 0 || ferror(file->stream);
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

int outfile_write(const char *path, const void *bytes, size_t length, struct error *error)
{
    struct outfile *file = outfile_open(path, error);
    if (!file)
        return -1;
    /* A short write leaves the stream's error flag for commit to find. */
    (void)!fwrite(bytes, 1, length, file->stream);
    return outfile_commit(file, error);
}
