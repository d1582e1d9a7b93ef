/* The tape: what was played and what was sent, from the real-time thread to the
 * main one.
 *
 * A ring for one writer and one reader, without locks or system calls: writing
 * is a few stores, and a reader that is late or stands still never holds the
 * writer up. What does not fit is dropped and counted. Channel messages only,
 * and only while somebody wants them. An event that was sent stands behind the
 * one that was played and that it answers. */
#ifndef DAEMON_TAPE_H
#define DAEMON_TAPE_H

#include "base/error.h"
#include "midi/event.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { TAPE_ENTRIES = 16384 }; /* that can wait for the reader */

enum tape_kind {
    TAPE_PLAYED,
    TAPE_SENT,
    TAPE_LET_GO, /* the input is gone, and releases with it: no key is held any more */
};

struct tape_entry {
    double seconds; /* on the port's clock */
    uint8_t kind;   /* enum tape_kind */
    uint8_t status; /* of TAPE_LET_GO all 0 */
    uint8_t data[2];
};

struct tape;

/* It does not run yet. NULL: out of memory. */
struct tape *tape_open(struct error *error);
void tape_close(struct tape *tape);

/* --- The real-time thread --- */

/* Other than channel messages is passed over. */
void tape_write(struct tape *tape, enum tape_kind kind, const struct midi_event *event);
void tape_let_go(struct tape *tape, double seconds);

/* --- The main thread --- */

/* Stopped, nothing is written, and what waits stays to be read. */
void tape_run(struct tape *tape, bool on);

/* The oldest entries, at most `most`; how many. */
size_t tape_read(struct tape *tape, struct tape_entry *entries, size_t most);

/* How many were dropped since this was last called. */
uint64_t tape_lost(struct tape *tape);

#endif
