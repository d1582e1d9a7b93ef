/* The one connection to the service: its control socket.
 *
 * Lines are asked and answered in their order, while what the service tells those who watch
 * comes between. Nothing here waits: what is not answered within UPSTREAM_PATIENCE seconds
 * is given up, together with the connection. One thread. */
#ifndef WEB_UPSTREAM_H
#define WEB_UPSTREAM_H

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>

enum {
    UPSTREAM_WAITING = 64,         /* questions at once */
    UPSTREAM_PATIENCE = 5,         /* seconds */
    UPSTREAM_LONGEST = 512 * 1024, /* bytes of a line */
};

struct upstream;

/* The line without its line feed; NULL: the connection was lost, `why` says how. */
typedef void upstream_answer(void *context, const char *line, size_t length, const char *why);

/* `path` is copied; nothing is connected yet. `told` gets what comes unasked, and NULL when the
 * connection is lost. NULL: out of memory. */
struct upstream *upstream_open(const char *path, upstream_answer *told, void *context,
                               struct error *error);

/* Gives up whatever waits. NULL is fine. */
void upstream_close(struct upstream *upstream);

/* Asks a line, without its line feed; connects where there is no connection. -1: the service
 * is not there, or too much waits already; `answer` is then not called. */
int upstream_ask(struct upstream *upstream, const char *line, upstream_answer *answer,
                 void *context, struct error *error);

bool upstream_is_connected(const struct upstream *upstream);
bool upstream_waits(const struct upstream *upstream); /* for an answer */

/* Ends the connection; what waits is told why. */
void upstream_lose(struct upstream *upstream, const char *why);

/* For poll: -1 where there is no connection; then what poll has found. */
int upstream_descriptor(const struct upstream *upstream);
short upstream_events(const struct upstream *upstream);
void upstream_ready(struct upstream *upstream, short events);

/* To be called now and then. */
void upstream_tick(struct upstream *upstream);

#endif
