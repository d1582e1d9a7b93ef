/* Compressed MusicXML (.mxl): a zip archive whose META-INF/container.xml names the
 * score in it. */
#ifndef PIECE_MXL_H
#define PIECE_MXL_H

#include "base/error.h"

#include <stddef.h>

/* The score's XML, malloced, at most `most` bytes. An archive that unpacks to more
 * than that is refused before it is unpacked. NULL: error. */
char *mxl_unpack(const void *bytes, size_t length, size_t most, const char *name, size_t *size,
                 struct error *error);

#endif
