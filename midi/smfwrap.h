/* Where in a file's bytes the Standard MIDI File stands. */
#ifndef MIDI_SMFWRAP_H
#define MIDI_SMFWRAP_H

#include "base/error.h"
#include "midi/smfmend.h"

/* Sets *begin to the "MThd" and *end to one past what belongs to it: all bytes,
 * or the content of an RMID file (the chunk "data") or of a MacBinary file (its
 * data fork). -1: another kind of file, which the sentence names if it can. */
int smfwrap_find(const uint8_t *bytes, size_t length, const char *name, size_t *begin, size_t *end,
                 struct smfmend_list *mended, struct error *error);

#endif
