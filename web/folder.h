/* The folders of pieces and of recordings, by the names of the files in them.
 *
 * Names are checked before they come here (web/request.h). Links are not followed, and only
 * regular files are opened. A function that fails sets errno: ENOENT there is no such file,
 * EEXIST there is one already, EINVAL it is no piece, ENOSPC there is no room for it, EIO
 * anything else; the error is a sentence for whoever holds the phone. One thread. */
#ifndef WEB_FOLDER_H
#define WEB_FOLDER_H

#include "base/error.h"

#include <stddef.h>

enum {
    FOLDER_PIECES = 500,   /* in the folder; more are not added */
    FOLDER_LISTED = 200,   /* recordings, the newest */
    FOLDER_SPARE_MIB = 64, /* of the disk that an upload leaves free */
};

/* [{"name": "2025-06-30_18-05-59.mid", "bytes": 1234, "time": 1751299559}], the newest first;
 * malloced. No folder: an empty list. NULL: out of memory, or it cannot be read. */
char *folder_recordings(const char *path, struct error *error);

/* A descriptor to read from, the caller's; *size is that of the file, *changed when it was
 * changed, in nanoseconds since 1970. -1: errno. */
int folder_open(const char *path, const char *name, size_t *size, long long *changed,
                struct error *error);

/* -1: errno. */
int folder_remove(const char *path, const char *name, struct error *error);

/* A piece that comes in parts. It is there when it is whole, and only if it is a MIDI file or
 * a MusicXML score by its bytes; never in the place of another one. */
struct upload;

/* `length` is that of all of it. NULL: errno. */
struct upload *upload_open(const char *path, const char *name, size_t length, struct error *error);

/* More of it; what cannot be written is told by upload_commit. */
void upload_add(struct upload *upload, const void *bytes, size_t length);

/* Both free it. -1: errno. */
int upload_commit(struct upload *upload, struct error *error);
void upload_abort(struct upload *upload); /* NULL is fine */

#endif
