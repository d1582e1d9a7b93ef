/* What a file is, by its bytes. Names and endings of files say nothing: a piece is
 * a piece whatever it is called, and what is none is called by its kind. */
#ifndef BASE_FILEKIND_H
#define BASE_FILEKIND_H

#include <stddef.h>

enum filekind {
    FILEKIND_OTHER,    /* nothing that is read here */
    FILEKIND_MIDI,     /* a Standard MIDI File, also in an RMID or MacBinary wrapper */
    FILEKIND_MODEL,    /* an AudioGenRL model */
    FILEKIND_MUSICXML, /* a MusicXML score, */
    FILEKIND_MXL,      /* also compressed (.mxl) */
};

enum { FILEKIND_BYTES = 4096 }; /* from the beginning of a file, enough to tell its kind */

enum filekind filekind_of(const void *bytes, size_t length);

/* With its article, such as "an MP3 recording"; NULL: not known. */
const char *filekind_name(const void *bytes, size_t length);

#endif
