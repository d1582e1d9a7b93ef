/* The relay: hands what is on the tape to those on the main thread who want it,
 * a recording and clients that watch.
 *
 * It reads the tape RELAY_MS apart while there is a hearer; without one the tape
 * stands still and nothing wakes up. Nothing it does can delay a note. Main thread only. */
#ifndef DAEMON_RELAY_H
#define DAEMON_RELAY_H

#include "daemon/tape.h"

#include <systemd/sd-event.h>

enum {
    RELAY_MS = 25,
    RELAY_BATCH = 256, /* entries at a time */
};

struct relay;

/* At most RELAY_BATCH entries in their order; `lost` more were dropped about here, for the
 * tape was full: what is held is then not known. May leave, but nobody may join. */
typedef void relay_hear(void *context, const struct tape_entry *entries, size_t count,
                        uint64_t lost);

/* Borrows the loop and the tape. NULL: no timer, out of memory. */
struct relay *relay_open(sd_event *loop, struct tape *tape, struct error *error);
void relay_close(struct relay *relay);

/* The caller's, as long as it has joined. */
struct hearer {
    relay_hear *hear;
    void *context;
    bool there; /* the relay's own, as the rest */
    struct hearer *next;
};

/* From now on. One that is there already stays. */
void relay_join(struct relay *relay, struct hearer *hearer);
void relay_leave(struct relay *relay, struct hearer *hearer);

/* Hands over all that waits, now. */
void relay_flush(struct relay *relay);

#endif
