/* Places are counted in bytes since the beginning, and never wrap: 64 bits. */
#include "web/stream.h"

#include <string.h>

static void put(struct stream *stream, const char *text, size_t length)
{
    size_t at = stream->end % STREAM_BYTES;
    size_t first = length < STREAM_BYTES - at ? length : STREAM_BYTES - at;
    memcpy(stream->ring + at, text, first);
    memcpy(stream->ring, text + first, length - first);
    stream->end += length;
}

void stream_write(struct stream *stream, const char *name, const char *text, size_t length)
{
    if (length > STREAM_BYTES / 2 || memchr(text, '\n', length) || memchr(text, '\r', length))
        return;
    if (name) {
        put(stream, "event: ", 7);
        put(stream, name, strlen(name));
        put(stream, "\n", 1);
    }
    put(stream, "data: ", 6);
    put(stream, text, length);
    put(stream, "\n\n", 2);
}

void stream_begin(const struct stream *stream, struct stream_reader *reader)
{
    reader->at = stream->end;
}

size_t stream_read(const struct stream *stream, struct stream_reader *reader, char *to, size_t room)
{
    /* The first line feeds end the event of which the rest is lost. */
    static const char missed[] = "\n\nevent: missed\ndata: {}\n\n";
    _Static_assert(sizeof missed <= STREAM_LEAST, "it must fit");
    if (stream->end - reader->at > STREAM_BYTES) {
        reader->at = stream->end;
        memcpy(to, missed, sizeof missed - 1);
        return sizeof missed - 1;
    }
    size_t at = reader->at % STREAM_BYTES;
    size_t length = (size_t)(stream->end - reader->at);
    if (length > room)
        length = room;
    if (length > STREAM_BYTES - at)
        length = STREAM_BYTES - at;
    memcpy(to, stream->ring + at, length);
    reader->at += length;
    return length;
}
