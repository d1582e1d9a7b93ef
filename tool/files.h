/* Files as commands are given them: names, folders, standard input. */
#ifndef TOOL_FILES_H
#define TOOL_FILES_H

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>

enum { FILES_MAX_BYTES = 1 << 28 }; /* no music or model comes near 256 MiB */

/* What is looked for in folders, by the bytes of files and not by their names. */
enum files_kind { FILES_MUSIC = 1, FILES_MODELS = 2 };

/* 0 where each of `paths` is there, or is "-"; -1 and a sentence that names the first that is
 * missing. */
int files_check_there(char *const *paths, struct error *error);

/* Whether a file that is there is of one of these kinds. */
bool files_are(const char *path, unsigned kinds);

/* The files that `paths` (NULL-terminated) stand for: a file as it is, whatever it
 * is, a folder as all files of these kinds in it and below it, sorted by path; no
 * file twice in a folder. NULL-terminated, freed with g_strfreev. NULL: a path that
 * is not there, or a folder without any. */
char **files_expand(char *const *paths, unsigned kinds, struct error *error);

/* The whole of a file as base/infile.h reads it, up to FILES_MAX_BYTES; g_free. */
void *files_read(const char *path, size_t *length, struct error *error);

/* Whether a path that is there leads to the file that `status` is of, by whatever name. */
bool files_same(const char *path, const struct stat *status);

/* Whether writing `output` (NULL: nothing is written) would lose one of the inputs, each
 * a path or "-": 0, or -1 and a sentence. */
int files_check_output(const char *output, char *const *inputs, struct error *error);

/* The same before work that takes long, and whether there is a place to write to: the file is
 * opened and given up again. */
int files_check_writable(const char *output, char *const *inputs, struct error *error);

/* What to call a file in messages: "standard input" for "-". */
const char *files_name(const char *path);

/* `path` with its ending, if it has one that says it is music (load/music.h), replaced by
 * `ending`; g_free. */
char *files_replace_ending(const char *path, const char *ending);

#endif
