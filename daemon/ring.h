/* The event ring: what was played and what was sent, from the real-time thread to the
 * main one.
 *
 * It has one writer and one reader, without locks or system calls: writing
 * is a few stores, and a reader that is late or stands still never holds the
 * writer up. What does not fit is dropped and counted. Channel messages only,
 * and only while somebody wants them. An event that was sent stands behind the
 * one that was played and that it answers. */
#ifndef DAEMON_RING_H
#define DAEMON_RING_H

#include "base/error.h"
#include "midi/event.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { RING_ENTRIES = 16384 }; /* that can wait for the reader */

enum ring_kind {
    RING_PLAYED,
    RING_SENT,
    RING_LET_GO, /* the input is gone, and releases with it: no key is held any more */
};

struct ring_entry {
    double seconds; /* on the port's clock */
    uint8_t kind;   /* enum ring_kind */
    uint8_t status; /* of RING_LET_GO all 0 */
    uint8_t data[2];
};

struct ring;

/* It does not run yet. NULL: out of memory. */
struct ring *ring_open(struct error *error);
void ring_close(struct ring *ring);

/* --- The real-time thread --- */

/* Other than channel messages is passed over. */
void ring_write(struct ring *ring, enum ring_kind kind, const struct midi_event *event);
void ring_let_go(struct ring *ring, double seconds);

/* --- The main thread --- */

/* Stopped, nothing is written, and what waits stays to be read. */
void ring_run(struct ring *ring, bool on);

/* The oldest entries, at most `most`; how many. */
size_t ring_read(struct ring *ring, struct ring_entry *entries, size_t most);

/* How many were dropped since this was last called. */
uint64_t ring_lost(struct ring *ring);

#endif
