/* What happens, for any number of browsers: one ring of text, and readers that stand at
 * places in it.
 *
 * The text is that of server-sent events (WHATWG HTML, 9.2). It is written once, whoever
 * reads; a reader that falls behind by more than the ring holds goes on at its end and is
 * told that it has missed something. A reader costs a few bytes and never holds anybody up.
 * One thread. */
#ifndef WEB_STREAM_H
#define WEB_STREAM_H

#include <stddef.h>
#include <stdint.h>

enum { STREAM_BYTES = 128 * 1024 };

struct stream {
    uint64_t end; /* bytes that were ever written */
    char ring[STREAM_BYTES];
};

struct stream_reader {
    uint64_t at;
};

/* One event. `name` may be NULL; the text must be one line, at most half of the ring: what
 * is longer is left out. */
void stream_write(struct stream *stream, const char *name, const char *text, size_t length);

/* From now on. */
void stream_begin(const struct stream *stream, struct stream_reader *reader);

/* Takes up to `room` bytes, at least STREAM_LEAST; 0: there is nothing new. */
enum { STREAM_LEAST = 64 };
size_t stream_read(const struct stream *stream, struct stream_reader *reader, char *to,
                   size_t room);

#endif
