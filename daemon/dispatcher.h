/* The dispatcher: hands the entries of the event ring to its subscribers on the main
 * thread, a recording and clients that watch.
 *
 * It reads the ring every DISPATCHER_MS while there is a subscriber; without one nothing
 * is written to the ring and nothing wakes up. Nothing it does can delay a note. Main
 * thread only. */
#ifndef DAEMON_DISPATCHER_H
#define DAEMON_DISPATCHER_H

#include "daemon/ring.h"

#include <systemd/sd-event.h>

enum {
    DISPATCHER_MS = 25,
    DISPATCHER_BATCH = 256, /* entries at a time */
};

struct dispatcher;

/* At most DISPATCHER_BATCH entries in their order; `lost` more were dropped about here, for
 * the ring was full: what is held is then not known. May unsubscribe, but nobody may
 * subscribe. */
typedef void dispatcher_receive(void *context, const struct ring_entry *entries, size_t count,
                                uint64_t lost);

/* Borrows the loop and the ring. NULL: no timer, out of memory. */
struct dispatcher *dispatcher_open(sd_event *loop, struct ring *ring, struct error *error);
void dispatcher_close(struct dispatcher *dispatcher);

/* The caller's, as long as it is subscribed. */
struct subscriber {
    dispatcher_receive *receive;
    void *context;
    bool subscribed; /* the dispatcher's own, as the rest */
    struct subscriber *next;
};

/* To what is written from now on. One that is subscribed already stays so. */
void dispatcher_subscribe(struct dispatcher *dispatcher, struct subscriber *subscriber);
void dispatcher_unsubscribe(struct dispatcher *dispatcher, struct subscriber *subscriber);

/* Hands over all that waits, now. */
void dispatcher_flush(struct dispatcher *dispatcher);

#endif
