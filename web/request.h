/* What a browser may ask of the page, judged before anything is done.
 *
 * libmicrohttpd reads HTTP; here stands all that is ours to read: the token, where a request
 * comes from, paths and the names of files in them, and the body of a command. No function
 * here touches a file, or keeps anything. Any thread. */
#ifndef WEB_REQUEST_H
#define WEB_REQUEST_H

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>

enum {
    REQUEST_COMMAND_BYTES = 1024,   /* of a command */
    REQUEST_UPLOAD_BYTES = 8 << 20, /* of a piece: the service takes none that is larger */
    REQUEST_NAME_BYTES = 200,       /* of a file's name */
    REQUEST_TOKEN_LEAST = 16,       /* characters of a token */
    REQUEST_TOKEN_MOST = 128,
};

enum request_route {
    REQUEST_NOWHERE,    /* 404 */
    REQUEST_NOT_SO,     /* 405: the path is there, the method is not */
    REQUEST_ASSET,      /* a file of the page, named by the path */
    REQUEST_EVENTS,     /* the stream of events */
    REQUEST_ASK,        /* what the service knows: `name` is its command */
    REQUEST_COMMAND,    /* a command to the service, in the body */
    REQUEST_ADD,        /* a piece, in the body */
    REQUEST_REMOVE,     /* a piece */
    REQUEST_RECORDINGS, /* the list of them */
    REQUEST_RECORDING,  /* one of them */
    REQUEST_REPORT,     /* the practice report on one of them */
};

/* Borrowed strings; NULL where the browser said nothing. */
struct request_head {
    const char *method;
    const char *path;   /* decoded */
    const char *host;   /* Host */
    const char *origin; /* Origin */
    const char *site;   /* Sec-Fetch-Site */
    const char *cookie; /* the token in the cookie */
    const char *query;  /* the token in the address */
};

enum request_verdict {
    REQUEST_WELCOME,
    REQUEST_UNKNOWN, /* 401: no token, or not this one */
    REQUEST_FOREIGN, /* 403: another page has sent it */
};

/* Only requests with the token are welcome. Those that change something must also say that
 * they come from the page itself, and none may come from another one but to open the page. */
enum request_verdict request_judge(const struct request_head *head, const char *token);

/* In a time that depends on the length of the second alone. */
bool request_same(const char *said, const char *token);

/* Whether a token is one: letters and digits, of a length within the limits. */
bool request_is_token(const char *token);

/* Where a request goes. *name is the rest of a path that names a file, or the command of
 * REQUEST_ASK; a part of the path, or static. Names that are none lead nowhere. */
enum request_route request_route(const char *method, const char *path, const char **name);

/* Whether it names a file in a folder, and never anything else: no path, not hidden, no
 * control characters, UTF-8. */
bool request_is_name(const char *name);

/* The same, and its ending is that of a piece: .mid, .midi, .kar, .rmi, .mxl, .musicxml, .xml. */
bool request_is_piece(const char *name);

/* The same, and its ending is .mid, as the service writes it. */
bool request_is_recording(const char *name);

/* The line to send to the service for the body of a command, malloced, without a line feed:
 * {"command": "mode", "value": "scale"}. Only the commands that the page has are taken:
 * bypass, mode, follow, keep, fade, forget, tempo, tap, panic, lock, unlock, input and output.
 * NULL: one sentence. */
char *request_command(const char *body, size_t length, struct error *error);

#endif
