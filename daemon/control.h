/* The control socket: clients that write a line and are answered with one.
 *
 * A stream socket in the file system, mode 0660 and group audio where that may
 * be set. Runs on the main thread's event loop, never waits for a client, and
 * nothing that clients do reaches the real-time thread but orders, one at a
 * time. At most CONTROL_CLIENTS at once, CONTROL_RATE lines a second each, lines of
 * REQUEST_MAX_LINE; a client that does not read its answers is cut off. */
#ifndef DAEMON_CONTROL_H
#define DAEMON_CONTROL_H

#include "base/error.h"

#include <jansson.h>
#include <stddef.h>
#include <systemd/sd-event.h>

enum {
    CONTROL_CLIENTS = 16,
    CONTROL_RATE = 100,          /* lines a second */
    CONTROL_UNREAD = 256 * 1024, /* bytes of answers that wait for a client */
};

struct control;

/* Answers a line: a new reference; NULL: out of memory. */
typedef json_t *control_answer(void *context, const char *line, size_t length);

/* NULL: the socket cannot be made, or another service answers on it. */
struct control *control_open(sd_event *loop, const char *path, control_answer *answer,
                             void *context, struct error *error);

/* Cuts everybody off and removes the socket. */
void control_close(struct control *control);

#endif
