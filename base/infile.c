/* The size that fstat tells is not believed: reading goes on to the end of the file or
 * one byte beyond the size, whichever comes first. */
#include "base/infile.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct reading {
    int fd;
    const char *name;
    size_t limit;
    unsigned char *bytes;
    size_t room;
    size_t length;
};

const char *infile_name(const char *path)
{
    return strcmp(path, "-") == 0 ? "standard input" : path;
}

/* The descriptor that the path names, one of the caller's; -1: it names a file. */
static int find_descriptor(const char *path)
{
    if (strcmp(path, "-") == 0 || strcmp(path, "/dev/stdin") == 0)
        return STDIN_FILENO;
    if (strncmp(path, "/dev/fd/", 8) != 0 || path[8] < '0' || path[8] > '9')
        return -1;
    char *end;
    long number = strtol(path + 8, &end, 10);
    return *end == 0 && number < 1 << 20 ? (int)number : -1;
}

/* Reads until `most` bytes are there or the file ends; 1: the file has ended. */
static int read_until(struct reading *reading, size_t most, struct error *error)
{
    while (reading->length < most) {
        if (reading->length + 1 >= reading->room) {
            size_t room = reading->room < most / 2 ? 2 * reading->room : most + 1;
            unsigned char *grown = realloc(reading->bytes, room);
            if (!grown)
                return error_set(error, "%s: out of memory", reading->name);
            reading->bytes = grown;
            reading->room = room;
        }
        size_t wanted = reading->room - 1 - reading->length;
        ssize_t got = read(reading->fd, reading->bytes + reading->length, wanted);
        if (got == 0)
            return 1;
        if (got > 0) {
            reading->length += (size_t)got;
        } else if (errno == EAGAIN) {
            struct pollfd wait = {.fd = reading->fd, .events = POLLIN};
            poll(&wait, 1, -1);
        } else if (errno != EINTR) {
            return error_set(error, "%s: cannot read: %s", reading->name, strerror(errno));
        }
    }
    return 0;
}

static int refuse_size(const struct reading *reading, struct error *error)
{
    return error_set(error, "%s: is larger than %zu MiB, the most that is read", reading->name,
                     reading->limit >> 20);
}

static const char *kind_name(mode_t mode)
{
    switch (mode & S_IFMT) {
    case S_IFDIR:
        return "folder";
    case S_IFIFO:
        return "FIFO";
    case S_IFSOCK:
        return "socket";
    default:
        return "device";
    }
}

/* What others open is not waited for; what they change in it meanwhile is an error. */
static int read_regular(struct reading *reading, struct error *error)
{
    struct stat before, after;
    if (fstat(reading->fd, &before) != 0)
        return error_set(error, "%s: cannot read: %s", reading->name, strerror(errno));
    if (!S_ISREG(before.st_mode))
        return error_set(error, "%s: is a %s, expected a file", reading->name,
                         kind_name(before.st_mode));
    size_t size = (size_t)before.st_size;
    if (size > reading->limit)
        return refuse_size(reading, error);
    reading->room = size + 2;
    reading->bytes = malloc(reading->room);
    if (!reading->bytes)
        return error_set(error, "%s: out of memory", reading->name);
    int ended = read_until(reading, size + 1, error);
    if (ended < 0)
        return -1;
    if (!ended)
        return error_set(error, "%s: grew while it was read", reading->name);
    if (reading->length < size)
        return error_set(error, "%s: became shorter while it was read", reading->name);
    if (fstat(reading->fd, &after) != 0 || after.st_size != before.st_size ||
        after.st_mtim.tv_sec != before.st_mtim.tv_sec ||
        after.st_mtim.tv_nsec != before.st_mtim.tv_nsec)
        return error_set(error, "%s: was written to while it was read", reading->name);
    return 0;
}

static int read_descriptor(struct reading *reading, struct error *error)
{
    enum { FIRST = 1 << 16 };
    reading->room = FIRST;
    reading->bytes = malloc(reading->room);
    if (!reading->bytes)
        return error_set(error, "%s: out of memory", reading->name);
    int ended = read_until(reading, reading->limit + 1, error);
    if (ended < 0)
        return -1;
    return ended ? 0 : refuse_size(reading, error);
}

static int open_file(const char *path, struct error *error)
{
    int fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (fd >= 0)
        return fd;
    int reason = errno;
    if (reason == ELOOP)
        error_set(error, "%s: is a loop of symbolic links, expected a file", path);
    else if (reason == ENXIO)
        error_set(error, "%s: is a socket or a device, expected a file", path);
    else
        error_set(error, "%s: cannot open: %s", path, strerror(reason));
    errno = reason;
    return -1;
}

void *infile_read(const char *path, size_t limit, size_t *length, struct error *error)
{
    int given = find_descriptor(path);
    struct reading reading = {
        .fd = given >= 0 ? given : open_file(path, error),
        .name = infile_name(path),
        .limit = limit,
    };
    if (reading.fd < 0)
        return NULL;
    int status = given >= 0 ? read_descriptor(&reading, error) : read_regular(&reading, error);
    if (given < 0)
        close(reading.fd);
    if (status != 0 || !reading.bytes) {
        free(reading.bytes);
        errno = EINVAL;
        return NULL;
    }
    reading.bytes[reading.length] = 0;
    *length = reading.length;
    return reading.bytes;
}

int infile_head(const char *path, void *bytes, size_t room, size_t *length)
{
    struct stat about;
    int fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (fd < 0)
        return -1;
    *length = 0;
    ssize_t got = fstat(fd, &about) == 0 && S_ISREG(about.st_mode) ? 1 : -1;
    while (got > 0 && *length < room) {
        got = read(fd, (unsigned char *)bytes + *length, room - *length);
        if (got < 0 && errno == EINTR)
            got = 1;
        else if (got > 0)
            *length += (size_t)got;
    }
    close(fd);
    return got < 0 ? -1 : 0;
}
