/* What clients that gave the command `watch` are told: every channel message
 * that was played or sent, as lines of JSON.
 *
 *     {"watch":"events","events":[[12.5,"played",144,61,64],[12.5,"sent",144,60,64]]}
 *     {"watch":"missed","events":40}
 *
 * An event is its time on the port's clock in seconds, what became of it, and the
 * bytes of the message; one that was sent stands behind the one it answers.
 * [12.5,"let go"] says that the input is gone and no key is held any more. The
 * second line says that events are missing before what follows: the client did
 * not read, or the ring was full. */
#ifndef DAEMON_WATCH_H
#define DAEMON_WATCH_H

#include "daemon/control.h"
#include "daemon/dispatcher.h"

/* A dispatcher_receive; its context is the struct control whose watching clients are told. */
void watch_receive(void *control, const struct ring_entry *entries, size_t count, uint64_t lost);

#endif
