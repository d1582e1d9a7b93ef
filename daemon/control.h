/* The control socket: clients that write a line and are answered with one.
 *
 * A stream socket in the file system, mode 0660 and group audio where that may
 * be set. Runs on the main thread's event loop, never waits for a client, and
 * nothing that clients do reaches the real-time thread but orders, one at a
 * time. At most CONTROL_CLIENTS at once, CONTROL_RATE lines a second each, lines of
 * REQUEST_MAX_LINE; a client that does not read its answers is cut off. Where all
 * places are taken, root and the service's own user get that of the idlest client
 * (of other users first, of those that watch last); others are refused. Where no
 * descriptor is left, connections wait.
 *
 * A client that watches is also told what happens, unasked. What it does not read
 * in time is not kept for it but counted, and it is told how much it missed. */
#ifndef DAEMON_CONTROL_H
#define DAEMON_CONTROL_H

#include "base/error.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <systemd/sd-event.h>

enum {
    CONTROL_CLIENTS = 16,
    CONTROL_RATE = 100,          /* lines a second */
    CONTROL_UNREAD = 256 * 1024, /* bytes of answers that wait for a client */
    CONTROL_UNTOLD = 64 * 1024,  /* bytes that wait above which it misses what it watches */
};

struct control;

struct control_handlers {
    /* Answers a line: a new reference; NULL: out of memory. May set that its client
     * watches from now on. */
    json_t *(*answer)(void *context, const char *line, size_t length, bool *watches);

    /* The number of clients that watch has changed; also told while they are cut off. */
    void (*watched)(void *context, size_t clients);

    void *context;
};

/* NULL: the socket cannot be made, or another service answers on it. */
struct control *control_open(sd_event *loop, const char *path,
                             const struct control_handlers *handlers, struct error *error);

/* Listens at another path, if it is one; the clients there are stay. -1: nothing changed. */
int control_move(struct control *control, const char *path, struct error *error);

/* Tells clients that watch a line, which stands for so many events. */
void control_tell(struct control *control, const json_t *line, uint64_t events);

/* Counts events that nobody could be told of. */
void control_miss(struct control *control, uint64_t events);

struct control_watch {
    size_t clients;  /* that watch */
    uint64_t missed; /* events, summed over clients, gone ones too */
};
struct control_watch control_watch(const struct control *control);

/* Cuts everybody off and removes the socket. NULL is fine. */
void control_close(struct control *control);

#endif
