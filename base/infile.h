/* Input files: read whole, never mapped.
 *
 * Others may write, replace or cut a file while it is read. So a file is opened
 * once, without waiting and without becoming a terminal's owner; what it is gets
 * judged on that descriptor; its bytes are copied; and what changed meanwhile is
 * noticed. Only regular files are read by name: a FIFO, device or socket in their
 * place would block, or never end. "-", /dev/stdin and /dev/fd/N are descriptors
 * that the caller of the program opened: these are read to their end whatever
 * they are. Any thread. */
#ifndef BASE_INFILE_H
#define BASE_INFILE_H

#include "base/error.h"

#include <stddef.h>

/* The bytes of `path`, which may be up to `limit`; *length counts them. malloced,
 * also when it is empty, and a byte 0 stands behind the last. NULL: one sentence
 * that names the file (not there, not a regular file, a loop of links, larger
 * than `limit`, changed while it was read, not readable, out of memory); errno is
 * then ENOENT where there is no such file, and something else otherwise. */
void *infile_read(const char *path, size_t limit, size_t *length, struct error *error);

/* The first bytes of a regular file, up to `room` of them, as they are now; *length
 * counts them. -1: it cannot be opened, or is not a regular file. */
int infile_head(const char *path, void *bytes, size_t room, size_t *length);

/* What to call a file in messages: "standard input" for "-". */
const char *infile_name(const char *path);

#endif
