/* Another program, run over text: its standard input is given, its standard output taken.
 *
 * No shell. What it says on standard error is dropped. It ends with the call: one that takes
 * longer than the time given, or says more than PROGRAM_MAX_BYTES, is killed. Any number of
 * threads. */
#ifndef BASE_PROGRAM_H
#define BASE_PROGRAM_H

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>

enum { PROGRAM_MAX_BYTES = 32 << 20 };

/* What argv[0], looked for in PATH, writes; malloced, with a NUL behind [*length]. NULL: it is
 * not there, fails (does not exit with 0), says too much, or takes longer than `seconds`. */
char *program_run(const char *const *argv, const char *input, size_t input_length, int seconds,
                  size_t *length, struct error *error);

/* Whether PATH has a program of that name. */
bool program_exists(const char *name);

#endif
