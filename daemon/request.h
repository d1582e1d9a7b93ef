/* Requests to the service: a line of JSON from a client, checked.
 *
 *     {"command": "mode", "value": "scale"}
 *
 * ports, pieces, status, progress, watch, tap, panic, unlock, next, previous, reload and
 * forget-progress have no value; bypass, fade and record have on, off or toggle; mode a mode's
 * name; follow and keep a number from 0 to 100; tempo one from 20 to 400; transpose a whole one
 * from -48 to 48; lock and forget the name of a file in the repertoire; rename {"file": ...,
 * "name": ...}; input and output the name of a port, CLIENT:PORT, or auto. Anything else in the
 * line is an error. The answer is one line:
 * {"ok": true, ...}, or {"ok": false, "error": "a sentence"}. */
#ifndef DAEMON_REQUEST_H
#define DAEMON_REQUEST_H

#include "base/error.h"
#include "config/config.h"

#include <jansson.h>
#include <stddef.h>

enum {
    REQUEST_MAX_LINE = 4096, /* bytes, without the line feed */
    REQUEST_MAX_NAME = 255,  /* bytes of a file's name */
};

enum request_command {
    REQUEST_PORTS,
    REQUEST_PIECES,
    REQUEST_STATUS,
    REQUEST_WATCH,
    REQUEST_PROGRESS,
    REQUEST_FORGET_PROGRESS,
    REQUEST_BYPASS,
    REQUEST_FADE,
    REQUEST_MODE,
    REQUEST_FOLLOW,
    REQUEST_KEEP,
    REQUEST_TEMPO,
    REQUEST_TRANSPOSE,
    REQUEST_TAP,
    REQUEST_PANIC,
    REQUEST_INPUT,
    REQUEST_OUTPUT,
    REQUEST_LOCK,
    REQUEST_UNLOCK,
    REQUEST_NEXT,     /* piece is followed alone */
    REQUEST_PREVIOUS, /* the same */
    REQUEST_RECORD,
    REQUEST_RENAME,
    REQUEST_FORGET, /* a piece */
    REQUEST_RELOAD,
};

enum request_switch { REQUEST_OFF, REQUEST_ON, REQUEST_TOGGLE };

struct request {
    enum request_command command;
    union {
        enum request_switch turn; /* of bypass, fade and record */
        enum config_mode mode;
        double number;
        struct {
            char name[REQUEST_MAX_NAME + 1];  /* of a file */
            char other[REQUEST_MAX_NAME + 1]; /* that it is to have */
        };
    };
};

/* -1: one sentence. */
int request_read(const char *line, size_t length, struct request *request, struct error *error);

/* An answer that says why not; a new reference, NULL only out of memory. */
json_t *request_refuse(const char *why);

#endif
