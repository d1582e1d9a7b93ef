/* Output files that are whole or not there.
 *
 * A file is written under a temporary name beside its target and renamed over
 * it on commit; a run that fails or is interrupted leaves the old file as it
 * was. "-" is standard output, /dev paths and other special files are written
 * in place, for they cannot be renamed over. */
#ifndef BASE_OUTFILE_H
#define BASE_OUTFILE_H

#include "base/error.h"

#include <stdio.h>

struct outfile;

/* Opens for writing; NULL on failure. The stream is taken from outfile_stream. */
struct outfile *outfile_open(const char *path, struct error *error);

/* The stream to write to; owned by the outfile. */
FILE *outfile_stream(struct outfile *file);

/* Flushes, checks every write, renames, frees. -1: the target is as before. */
int outfile_commit(struct outfile *file, struct error *error);

/* Removes the temporary file and frees. */
void outfile_abort(struct outfile *file);

/* The three calls in one, for bytes at hand. */
int outfile_write(const char *path, const void *bytes, size_t length, struct error *error);

/* The same for what cannot be made again: it is on the disk before it takes the target's
 * place, so that a power cut leaves the old file or the new one. May take as long as the
 * disk does. */
int outfile_write_durable(const char *path, const void *bytes, size_t length, struct error *error);

/* The same, for the eyes of this user alone: at no time may others read the file, unless they might
 * read the one that is there. */
int outfile_write_private(const char *path, const void *bytes, size_t length, struct error *error);

#endif
