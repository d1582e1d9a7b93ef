/* Bytes are read to the end of a buffer that grows; lines are taken from its front. */
#include "tool/stream.h"

#include "tool/client.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    PATIENCE_MS = 200, /* for the connecting alone */
    LINE = 256,        /* that is sent, with its line feed */
    STEP = 16 * 1024,
    MOST = 1 << 20, /* bytes that are kept: a line longer than that is none of ours */
};

struct stream {
    int fd;
    char *bytes;
    size_t room;
    size_t begin, end;
};

struct stream *stream_open(struct error *error)
{
    struct stream *stream = calloc(1, sizeof *stream);
    if (!stream) {
        error_set(error, "out of memory");
        return NULL;
    }
    stream->fd = client_connect(PATIENCE_MS, error);
    if (stream->fd >= 0)
        return stream;
    free(stream);
    return NULL;
}

void stream_close(struct stream *stream)
{
    if (!stream)
        return;
    close(stream->fd);
    free(stream->bytes);
    free(stream);
}

int stream_descriptor(const struct stream *stream)
{
    return stream->fd;
}

int stream_send(struct stream *stream, const char *line, struct error *error)
{
    char text[LINE];
    int length = snprintf(text, sizeof text, "%s\n", line);
    /* Far shorter than what a socket takes: with one that reads it goes through whole. */
    if (length < LINE &&
        send(stream->fd, text, (size_t)length, MSG_DONTWAIT | MSG_NOSIGNAL) == length)
        return 0;
    return error_set(error, "the service does not listen any more");
}

static int make_room(struct stream *stream, struct error *error)
{
    memmove(stream->bytes, stream->bytes + stream->begin, stream->end - stream->begin);
    stream->end -= stream->begin;
    stream->begin = 0;
    if (stream->room - stream->end >= STEP)
        return 0;
    char *grown = stream->room < MOST ? realloc(stream->bytes, stream->room + STEP) : NULL;
    if (!grown)
        return error_set(error, "the service says more than can be understood");
    stream->bytes = grown;
    stream->room += STEP;
    return 0;
}

int stream_read(struct stream *stream, struct error *error)
{
    for (bool more = true; more;) {
        if ((!stream->bytes && !(stream->bytes = malloc(stream->room = STEP))) ||
            make_room(stream, error) != 0)
            return -1;
        size_t wanted = stream->room - stream->end;
        ssize_t got = recv(stream->fd, stream->bytes + stream->end, wanted, MSG_DONTWAIT);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0 && errno == EAGAIN)
            return 0;
        if (got <= 0)
            return error_set(error, "the service has ended");
        stream->end += (size_t)got;
        more = (size_t)got == wanted && stream->end < MOST / 2;
    }
    return 0;
}

const char *stream_line(struct stream *stream, size_t *length)
{
    const char *line = stream->bytes + stream->begin;
    const char *feed = stream->bytes ? memchr(line, '\n', stream->end - stream->begin) : NULL;
    if (!feed)
        return NULL;
    *length = (size_t)(feed - line);
    stream->begin += *length + 1;
    return line;
}
