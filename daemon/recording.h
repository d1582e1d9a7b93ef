/* A recording: a Standard MIDI File that grows while it is played.
 *
 * Of type 1, with the tracks `played` and `sent`. A tick is a tenth of a
 * millisecond; the tempo says so and no more, for a recording knows no beats. What is held at its
 * end is released there, so that the file is a proper one at any time. A release whose strike it
 * does not hold is left out. One thread. */
#ifndef DAEMON_RECORDING_H
#define DAEMON_RECORDING_H

#include "base/error.h"
#include "daemon/ring.h"

#include <stddef.h>
#include <stdint.h>

struct recording;

/* Begins at `seconds` of the entries' clock. NULL: out of memory. */
struct recording *recording_open(double seconds, struct error *error);
void recording_free(struct recording *recording);

/* An entry earlier than the one before in its track is put beside it. -1: out of
 * memory; the entry is left out. */
int recording_add(struct recording *recording, const struct ring_entry *entry);

/* Releases all that is held, in both tracks, where each ends: entries were lost. -1: out of
 * memory. */
int recording_let_go(struct recording *recording);

/* Note-ons that were played. */
size_t recording_notes(const struct recording *recording);

/* Bytes that the file would have, nearly. */
size_t recording_size(const struct recording *recording);

/* The whole file, malloc'd. NULL: out of memory. */
uint8_t *recording_file(const struct recording *recording, size_t *length);

#endif
