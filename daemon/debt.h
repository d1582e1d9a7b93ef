/* Debt: note-offs that listeners may have missed, to be sent again when there is room.
 *
 * A full queue drops events and does not always say which. So the note-offs of the
 * last two turns are remembered; a turn is what is written until the port has been
 * asked for its news and had none. When something was dropped, all of them are
 * owed, but for pitches that were struck anew. A note-off too many ends nothing.
 *
 * They are paid few at a time, ever less often while the queue stays full.
 *
 * A plain struct without pointers; zeroed, nothing is owed. Times are nanoseconds of
 * any clock. For the real-time thread: nothing allocates or waits. */
#ifndef DAEMON_DEBT_H
#define DAEMON_DEBT_H

#include "midi/port.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { DEBT_WORDS = 16 * 128 / 64 };

struct debt {
    uint64_t owed[DEBT_WORDS]; /* bit: channel * 128 + pitch */
    uint64_t recent[2][DEBT_WORDS];
    bool any;      /* something is owed */
    uint64_t paid; /* when */
    uint64_t rest; /* before it is tried again */
};

/* An event was written; `delivered`: for all that is known. */
void debt_sent(struct debt *debt, const struct midi_event *event, bool delivered);

/* Something that was written since the last turn but one was dropped. */
void debt_missed(struct debt *debt);

/* A turn is over. */
void debt_turn(struct debt *debt);

/* Milliseconds until debt_pay is due; -1: nothing is owed. */
int debt_due(const struct debt *debt, uint64_t now);

/* Writes note-offs that are owed, stamped with `seconds`, and flushes. */
void debt_pay(struct debt *debt, struct port *port, double seconds, uint64_t now);

#endif
