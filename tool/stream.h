/* A connection to the service that stays: lines out, lines in, never waiting. */
#ifndef TOOL_STREAM_H
#define TOOL_STREAM_H

#include "base/error.h"

#include <stddef.h>

struct stream;

/* NULL: the service is not there; the sentence says why. */
struct stream *stream_open(struct error *error);
void stream_close(struct stream *stream); /* NULL is fine */

/* Readable when stream_read has something to do. */
int stream_descriptor(const struct stream *stream);

/* A line of less than 255 bytes, without its line feed. -1: the service is gone, or does not
 * listen. */
int stream_send(struct stream *stream, const char *line, struct error *error);

/* Takes what has come. -1: the service is gone. */
int stream_read(struct stream *stream, struct error *error);

/* The next whole line, without its line feed; lives until the next call of stream_read.
 * NULL: none yet. */
const char *stream_line(struct stream *stream, size_t *length);

#endif
