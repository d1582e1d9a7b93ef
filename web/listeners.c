/* A listener whose connection has nothing to send is suspended, and resumed when there is. */
#include "web/server_private.h"

#include "web/answer.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

enum { RETRY = 1000 }; /* milliseconds after which a browser comes back */

void listeners_tell(struct server *server, const char *name, const char *text, size_t length)
{
    stream_write(&server->stream, name, text, length);
    for (struct listener *listener = server->listeners; listener; listener = listener->next)
        if (listener->suspended) {
            listener->suspended = false;
            MHD_resume_connection(listener->connection);
        }
}

/* --- The service --- */

void listeners_told(void *context, const char *line, size_t length, const char *why)
{
    struct server *server = context;
    if (line) {
        listeners_tell(server, NULL, line, length);
        return;
    }
    server->watching = server->asking = false;
    listeners_lose(server, why);
}

void listeners_lose(struct server *server, const char *why)
{
    json_t *sentence = json_string(why);
    char *text = sentence ? json_dumps(sentence, JSON_ENCODE_ANY | JSON_COMPACT) : NULL;
    json_decref(sentence);
    if (text)
        listeners_tell(server, "lost", text, strlen(text));
    free(text);
    free(server->status);
    server->status = NULL;
}

static void on_watching(void *context, const char *line, size_t length, const char *why)
{
    (void)context, (void)line, (void)length, (void)why; /* told again when the connection is lost */
}

static void on_status(void *context, const char *line, size_t length, const char *why)
{
    struct server *server = context;
    (void)why; /* told by listeners_told */
    if (!line)
        return;
    server->asking = false;
    free(server->status);
    server->status = strndup(line, length);
    listeners_tell(server, "status", line, length);
    if (server->wanting && server->listening > 0)
        listeners_ask(server);
}

void listeners_ask(struct server *server)
{
    struct error error;
    server->wanting = server->asking;
    if (server->asking)
        return;
    bool there = true;
    if (!server->watching) {
        there = upstream_ask(server->upstream, "{\"command\":\"watch\"}", on_watching, server,
                             &error) == 0;
        server->watching = there;
    }
    there = there && upstream_ask(server->upstream, "{\"command\":\"status\"}", on_status, server,
                                  &error) == 0;
    server->asking = there;
    if (!there)
        listeners_lose(server, error.text);
}

/* --- Streams --- */

/* What it finds when it comes: malloced. */
static char *greet(const struct server *server)
{
    char *text = NULL;
    int length = server->status ? asprintf(&text, "retry: %d\nevent: status\ndata: %s\n\n", RETRY,
                                           server->status)
                                : asprintf(&text, "retry: %d\n\n", RETRY);
    return length < 0 ? NULL : text;
}

static ssize_t on_read(void *context, uint64_t position, char *to, size_t room)
{
    struct listener *listener = context;
    (void)position;
    if (listener->greeting) {
        size_t rest = strlen(listener->greeting + listener->greeted);
        size_t length = rest < room ? rest : room;
        memcpy(to, listener->greeting + listener->greeted, length);
        listener->greeted += length;
        if (length == rest) {
            free(listener->greeting);
            listener->greeting = NULL;
        }
        return (ssize_t)length;
    }
    if (room < STREAM_LEAST)
        return MHD_CONTENT_READER_END_WITH_ERROR;
    size_t length = stream_read(&listener->server->stream, &listener->reader, to, room);
    if (length == 0) {
        listener->suspended = true;
        MHD_suspend_connection(listener->connection);
    }
    return (ssize_t)length;
}

static void on_end(void *context)
{
    struct listener *listener = context;
    if (listener->next)
        listener->next->link = listener->link;
    *listener->link = listener->next;
    listener->server->listening--;
    free(listener->greeting);
    free(listener);
}

enum MHD_Result listeners_add(struct server *server, struct MHD_Connection *connection)
{
    if (server->listening == SERVER_STREAMS)
        return answer_refusal(connection, MHD_HTTP_SERVICE_UNAVAILABLE,
                              "Too many phones are looking on");
    struct listener *listener = calloc(1, sizeof *listener);
    if (!listener)
        return MHD_NO;
    *listener = (struct listener){.server = server,
                                  .next = server->listeners,
                                  .link = &server->listeners,
                                  .connection = connection,
                                  .greeting = greet(server)};
    if (listener->next)
        listener->next->link = &listener->next;
    server->listeners = listener;
    server->listening++;
    stream_begin(&server->stream, &listener->reader);
    listeners_ask(server);
    return answer_events(connection, on_read, listener, on_end);
}

void listeners_end(struct server *server)
{
    for (struct listener *listener = server->listeners; listener; listener = listener->next)
        if (listener->suspended) {
            listener->suspended = false;
            MHD_resume_connection(listener->connection);
        }
}
