/* Files as commands are given them: names, folders, standard input. */
#ifndef TOOL_FILES_H
#define TOOL_FILES_H

#include "base/error.h"

#include <stddef.h>

enum { FILES_MAX_BYTES = 1 << 28 }; /* no music or model comes near 256 MiB */

/* The .mid and .midi files that `paths` (NULL-terminated) stand for: a file as
 * it is, a folder as all of those below it, sorted by path; no file twice in a
 * folder. NULL-terminated, freed with g_strfreev. NULL: a path that is not
 * there, or a folder without any. */
char **files_expand(char *const *paths, struct error *error);

/* The whole of a file as base/infile.h reads it, up to FILES_MAX_BYTES; g_free. */
void *files_read(const char *path, size_t *length, struct error *error);

/* What to call a file in messages: "standard input" for "-". */
const char *files_name(const char *path);

/* The name without folder and ending; g_free. */
char *files_stem(const char *path);

/* `path` with its .mid or .midi ending, if it has one, replaced by `ending`; g_free. */
char *files_replace_ending(const char *path, const char *ending);

#endif
