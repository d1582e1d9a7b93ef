/* Folders of .mid files as a corpus to learn a style from.
 *
 * A file becomes a work with several songs: all of its voices together, and,
 * where it has more than one, each track by itself. */
#ifndef TOOL_CORPUS_H
#define TOOL_CORPUS_H

#include "style/corpus.h"
#include "tool/command.h"
#include "tool/signature.h"

struct corpus {
    char **folder;                    /* as named, without its path; [folders] */
    struct signature_mean *signature; /* [folders]; of one named again: nothing */
    uint32_t folders;
    struct style_work **all; /* owned; [files] */
    size_t files;
    struct style_corpus learned, held_out; /* borrow from `all` */
};

/* Loads every .mid below the paths; what cannot be read is told and left out, and how much of a
 * folder lies in the keys of its signatures (tool/signature.h) is told, too. A
 * path named twice counts twice when songs are drawn. `hold_out` (0: nothing) keeps every
 * so-manieth work apart: by the CRC-32 of the work's name, see corpus_work. -1:
 * error, nothing to free. */
int corpus_load(struct corpus *corpus, char *const *paths, uint32_t hold_out,
                const struct command_common *common, struct error *error);

void corpus_free(struct corpus *corpus);

/* The name of the work a file holds, so that its editions stay together: the
 * file's stem in lower case, what precedes the first '_' of catalogue numbers
 * ("pl-...") and what follows the last "__" left out; of a stem that begins
 * with digits, the digits. g_free. */
char *corpus_work(const char *path);

#endif
