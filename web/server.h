/* The page: a web server of one thread.
 *
 * It answers nobody without the token, reads and writes the folders of pieces and recordings,
 * and has all else from the service, over one connection (web/upstream.h). The service is
 * asked for events only while a browser listens, and all browsers share them (web/stream.h):
 * however many there are and however slowly they read, the service has one client that reads
 * at once.
 *
 * Whoever connects has SERVER_HEAD_SECONDS for a whole request without its body,
 * SERVER_BODY_SECONDS for the body, and SERVER_ANSWER_SECONDS to take the answer, whether
 * bytes trickle or not; a stream that takes nothing for SERVER_IDLE_SECONDS is ended. */
#ifndef WEB_SERVER_H
#define WEB_SERVER_H

#include "base/error.h"

#include <stdbool.h>

/* Tests do not wait for so long: theirs is built with times that are shorter by this factor. */
#ifndef SERVER_HASTE
#define SERVER_HASTE 1
#endif

enum {
    SERVER_CONNECTIONS = 96,
    SERVER_CONNECTIONS_EACH = 48,        /* of one address */
    SERVER_CONNECTION_BYTES = 16 * 1024, /* for headers, and for what waits to be sent */
    SERVER_STREAMS = 32,
    SERVER_IDLE_SECONDS = 20 / SERVER_HASTE,
    SERVER_HEAD_SECONDS = 20 / SERVER_HASTE,
    SERVER_BODY_SECONDS = 60 / SERVER_HASTE,
    SERVER_ANSWER_SECONDS = 120 / SERVER_HASTE,
    SERVER_REST_SECONDS = 600 / SERVER_HASTE, /* without a connection, after which it may end */
};

struct server_options {
    int listening; /* a socket that listens; taken */
    bool rests;    /* ends when nobody has been there for SERVER_REST_SECONDS */
    const char *token;
    const char *control; /* the service's socket */
    const char *pieces;  /* folders; NULL: none */
    const char *recordings;
    const char *reports; /* a folder to make practice reports in */
    const char *program; /* audiogenrl, which makes them */
};

/* Until SIGTERM or SIGINT, which the caller has blocked, or until it rests. Borrows the options'
 * strings. -1: it cannot serve. */
int server_run(const struct server_options *options, struct error *error);

#endif
