/* What the parts of the server share: server.c has the loop and the clocks, handler.c what
 * browsers ask for, listeners.c the streams of events. */
#ifndef WEB_SERVER_PRIVATE_H
#define WEB_SERVER_PRIVATE_H

#include "web/server.h"

#include "web/folder.h"
#include "web/maker.h"
#include "web/request.h"
#include "web/stream.h"
#include "web/upstream.h"

#include <microhttpd.h>
#include <time.h>

/* A connection, from its begin to its end. */
struct guest {
    struct guest *next, **link;
    int fd;
    time_t deadline; /* when it is cut off; 0: never */
};

/* A stream of events. */
struct listener {
    struct server *server;
    struct listener *next, **link;
    struct MHD_Connection *connection;
    bool suspended;
    struct stream_reader reader;
    char *greeting; /* told before all else; NULL: it was */
    size_t greeted; /* bytes of it */
};

struct call;

struct server {
    const struct server_options *options;
    struct MHD_Daemon *daemon;
    struct upstream *upstream;
    struct guest *guests;
    struct listener *listeners;
    size_t listening;     /* listeners */
    bool watching;        /* the service was asked to tell what happens */
    bool asking;          /* for the status */
    bool wanting;         /* and has to be asked again at once */
    char *status;         /* the last one; NULL: the service is not there */
    bool uploading;       /* somebody is */
    struct maker *maker;  /* NULL: no report is being made */
    struct call *waiting; /* for the report */
    struct stream stream;
};

time_t server_seconds(void);

/* --- listeners.c --- */

enum MHD_Result listeners_add(struct server *server, struct MHD_Connection *connection);

/* Tells all of them. */
void listeners_tell(struct server *server, const char *name, const char *text, size_t length);

/* Asks the service for its status, to be told to all, and to tell what happens. */
void listeners_ask(struct server *server);

/* The service is gone. */
void listeners_lose(struct server *server, const char *why);

/* Ends all streams. */
void listeners_end(struct server *server);

/* What the service tells unasked; the context is the server. */
upstream_answer listeners_told;

/* --- handler.c --- */

enum MHD_Result handler_access(void *context, struct MHD_Connection *connection, const char *url,
                               const char *method, const char *version, const char *data,
                               size_t *size, void **call);
void handler_completed(void *context, struct MHD_Connection *connection, void **call,
                       enum MHD_RequestTerminationCode how);

/* The report's process has ended. */
void handler_report_made(struct server *server);

/* Ends it. */
void handler_stop_report(struct server *server);

#endif
