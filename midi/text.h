/* Text out of files, made fit to be shown. */
#ifndef MIDI_TEXT_H
#define MIDI_TEXT_H

#include <stddef.h>
#include <stdint.h>

enum { MIDI_TEXT_BYTES = 255 }; /* longest result, without the closing 0 */

/* A copy that is valid UTF-8 without control characters (a space stands for
 * each) and spaces at its ends, at most MIDI_TEXT_BYTES long. Bytes that are not
 * UTF-8 as a whole are taken as Latin-1. To be freed; NULL: out of memory. */
char *midi_text(const uint8_t *bytes, size_t length);

#endif
