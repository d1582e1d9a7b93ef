/* Files of short pieces, for tests; what cannot be written ends the test. */
#ifndef TESTS_DAEMON_PIECE_FILES_H
#define TESTS_DAEMON_PIECE_FILES_H

#include <stddef.h>

enum { PIECE_FILE_MOST = 1 << 16 }; /* bytes */

void write_file(const char *path, const void *bytes, size_t length);

/* bytes: [PIECE_FILE_MOST]. Returns how many there are. */
size_t read_file(const char *path, unsigned char *bytes);

/* A piece of `notes` notes, one after the other, `ticks` of 480 a beat apart (and a
 * little more each time where they are to be `off` the grid). bytes: [PIECE_FILE_MOST];
 * returns how many of them it takes. */
size_t make_piece(unsigned char *bytes, int notes, int first_pitch, int ticks, int off);

void write_piece(const char *path, int notes, int first_pitch);

#endif
