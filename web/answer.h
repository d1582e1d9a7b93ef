/* Answers: what is common to all of them are the headers that keep other pages out.
 *
 * Each queues a whole response for the connection and answers what libmicrohttpd is to be told
 * by an access handler. */
#ifndef WEB_ANSWER_H
#define WEB_ANSWER_H

#include "web/asset.h"

#include <microhttpd.h>

/* A JSON text, which is taken and freed; NULL stands for out of memory. */
enum MHD_Result answer_json(struct MHD_Connection *connection, unsigned status, char *text);

/* {"ok": false, "error": why} */
enum MHD_Result answer_refusal(struct MHD_Connection *connection, unsigned status, const char *why);

/* 401, with a page to write the token into. */
enum MHD_Result answer_door(struct MHD_Connection *connection);

/* A file of the page, or 304 where the browser has it. `cookie`: the token that it is to
 * keep; NULL: none. */
enum MHD_Result answer_asset(struct MHD_Connection *connection, const struct asset *asset,
                             const char *cookie);

/* The page as an app: its address has the token in it, for an app on the home screen has
 * cookies of its own. */
enum MHD_Result answer_manifest(struct MHD_Connection *connection, const char *token);

/* A file, whose descriptor is taken. Without a name it is shown, and may do nothing at all: no
 * script, no request. */
enum MHD_Result answer_file(struct MHD_Connection *connection, int fd, size_t size,
                            const char *type, const char *name);

/* Server-sent events, from a function (see MHD_create_response_from_callback). */
enum MHD_Result answer_events(struct MHD_Connection *connection, MHD_ContentReaderCallback read,
                              void *context, MHD_ContentReaderFreeCallback end);

#endif
