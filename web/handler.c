/* A request is judged when its head is there, and refused before a byte of its body is read.
 * What the service or a report has to be waited for suspends the connection; libmicrohttpd
 * calls again when it is resumed. */
#include "web/server_private.h"

#include "web/answer.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { TAKE_BACK = 413, LENGTH_WANTED = 411, FULL = 507 };

/* A request, from its head to its end. */
struct call {
    struct server *server;
    struct MHD_Connection *connection;
    enum request_route route;
    const char *name; /* of the route; of the connection's memory */
    char body[REQUEST_COMMAND_BYTES];
    size_t length;         /* of the body that is there */
    struct upload *upload; /* NULL: none, or it is done */
    bool suspended;        /* waits for an answer or a report */
    bool answered;         /* the answer below is there */
    unsigned status;       /* of the answer */
    char *text;            /* its JSON */
    bool shows;            /* the report that was made is the answer */
};

static const char *header(struct MHD_Connection *connection, const char *name)
{
    return MHD_lookup_connection_value(connection, MHD_HEADER_KIND, name);
}

/* --- What is waited for --- */

static void wait_for(struct call *call)
{
    call->suspended = true;
    MHD_suspend_connection(call->connection);
}

static void go_on(struct call *call, unsigned status, char *text)
{
    call->answered = true;
    call->status = status;
    call->text = text;
    if (call->suspended)
        MHD_resume_connection(call->connection);
    call->suspended = false;
}

static void go_on_refused(struct call *call, unsigned status, const char *why)
{
    json_t *object = json_pack("{s:b, s:s}", "ok", 0, "error", why);
    go_on(call, status, object ? json_dumps(object, JSON_COMPACT) : NULL);
    json_decref(object);
}

static void on_answer(void *context, const char *line, size_t length, const char *why)
{
    struct call *call = context;
    json_t *answer = line ? json_loadb(line, length, 0, NULL) : NULL;
    if (!line)
        go_on_refused(call, MHD_HTTP_SERVICE_UNAVAILABLE, why);
    else
        go_on(call, json_is_true(json_object_get(answer, "ok")) ? MHD_HTTP_OK : MHD_HTTP_CONFLICT,
              strndup(line, length));
    json_decref(answer);
}

static enum MHD_Result ask(struct call *call, const char *line)
{
    struct error error;
    if (upstream_ask(call->server->upstream, line, on_answer, call, &error) != 0)
        return answer_refusal(call->connection, MHD_HTTP_SERVICE_UNAVAILABLE, error.text);
    wait_for(call);
    return MHD_YES;
}

static enum MHD_Result give_command(struct call *call)
{
    struct error error;
    char *line = request_command(call->body, call->length, &error);
    if (!line)
        return answer_refusal(call->connection, MHD_HTTP_BAD_REQUEST, error.text);
    enum MHD_Result result = ask(call, line);
    free(line);
    if (call->server->listening > 0)
        listeners_ask(call->server); /* everybody sees what it has changed */
    return result;
}

static enum MHD_Result ask_by_name(struct call *call)
{
    char line[64];
    snprintf(line, sizeof line, "{\"command\":\"%s\"}", call->name);
    return ask(call, line);
}

/* --- Files --- */

static enum MHD_Result refuse_file(struct call *call, const struct error *error)
{
    unsigned status = errno == ENOENT   ? MHD_HTTP_NOT_FOUND
                      : errno == EEXIST ? MHD_HTTP_CONFLICT
                      : errno == EINVAL ? MHD_HTTP_UNSUPPORTED_MEDIA_TYPE
                      : errno == ENOSPC ? FULL
                                        : MHD_HTTP_INTERNAL_SERVER_ERROR;
    return answer_refusal(call->connection, status, error->text);
}

static enum MHD_Result list_recordings(struct call *call)
{
    struct error error;
    char *list = folder_recordings(call->server->options->recordings, &error);
    return list ? answer_json(call->connection, MHD_HTTP_OK, list) : refuse_file(call, &error);
}

static enum MHD_Result give_recording(struct call *call)
{
    struct error error;
    size_t size;
    long long changed;
    int fd = folder_open(call->server->options->recordings, call->name, &size, &changed, &error);
    return fd >= 0 ? answer_file(call->connection, fd, size, "audio/midi", call->name)
                   : refuse_file(call, &error);
}

static enum MHD_Result remove_piece(struct call *call)
{
    struct error error;
    if (folder_remove(call->server->options->pieces, call->name, &error) != 0)
        return refuse_file(call, &error);
    return answer_json(call->connection, MHD_HTTP_OK, strdup("{\"ok\":true}"));
}

static enum MHD_Result take_piece(struct call *call)
{
    struct error error;
    struct upload *upload = call->upload;
    call->upload = NULL;
    call->server->uploading = false;
    if (upload_commit(upload, &error) != 0)
        return refuse_file(call, &error);
    return answer_json(call->connection, MHD_HTTP_CREATED, strdup("{\"ok\":true}"));
}

/* --- Reports --- */

/* The name of the page, in `room`. */
static void name_page(const char *recording, char *room, size_t size)
{
    snprintf(room, size, "%.*s.html", (int)strlen(recording) - 4, recording);
}

/* The report that was made just now, or before, where the recording has not gone on since. */
static int open_report(struct call *call, size_t *size, struct error *error)
{
    const struct server_options *options = call->server->options;
    char page[REQUEST_NAME_BYTES + 8];
    size_t bytes;
    long long recorded, made;
    int recording = folder_open(options->recordings, call->name, &bytes, &recorded, error);
    if (recording < 0)
        return -1;
    close(recording);
    name_page(call->name, page, sizeof page);
    int fd = folder_open(options->reports, page, size, &made, error);
    if (fd >= 0 && (made > recorded || call->shows))
        return fd;
    if (fd >= 0)
        close(fd);
    errno = EAGAIN;
    return -1;
}

static int make_report(struct call *call, struct error *error)
{
    struct server *server = call->server;
    const struct server_options *options = server->options;
    char page[REQUEST_NAME_BYTES + 8];
    char *recording = NULL;
    char *to = NULL;
    name_page(call->name, page, sizeof page);
    if (asprintf(&recording, "%s/%s", options->recordings, call->name) < 0)
        recording = NULL;
    if (asprintf(&to, "%s/%s", options->reports, page) < 0)
        to = NULL;
    if (!options->pieces)
        error_set(error, "The service has no folder for pieces");
    else if (recording && to)
        server->maker = maker_start(options->program, options->pieces, recording, to, error);
    else
        error_set(error, "out of memory");
    free(recording);
    free(to);
    return server->maker ? 0 : -1;
}

static enum MHD_Result give_report(struct call *call)
{
    struct server *server = call->server;
    struct error error;
    size_t size;
    int fd = open_report(call, &size, &error);
    if (fd >= 0)
        return answer_file(call->connection, fd, size, "text/html; charset=utf-8", NULL);
    if (errno != EAGAIN)
        return refuse_file(call, &error);
    if (call->shows || server->maker)
        return answer_refusal(call->connection, MHD_HTTP_SERVICE_UNAVAILABLE,
                              "Another report is being made; try again in a moment");
    if (make_report(call, &error) != 0)
        return answer_refusal(call->connection, MHD_HTTP_INTERNAL_SERVER_ERROR, error.text);
    server->waiting = call;
    wait_for(call);
    return MHD_YES;
}

void handler_report_made(struct server *server)
{
    struct error error;
    struct call *call = server->waiting;
    int status = maker_end(server->maker, &error);
    server->maker = NULL;
    server->waiting = NULL;
    if (!call)
        return;
    call->shows = status == 0;
    if (status != 0) {
        go_on_refused(call, MHD_HTTP_INTERNAL_SERVER_ERROR, error.text);
        return;
    }
    call->suspended = false;
    MHD_resume_connection(call->connection);
}

void handler_stop_report(struct server *server)
{
    struct call *call = server->waiting;
    maker_stop(server->maker);
    server->maker = NULL;
    server->waiting = NULL;
    if (call)
        go_on_refused(call, MHD_HTTP_SERVICE_UNAVAILABLE, "The page is being stopped");
}

/* --- Requests --- */

static enum MHD_Result give_asset(struct call *call, const char *path)
{
    const char *token = call->server->options->token;
    if (strcmp(path, "/manifest.webmanifest") == 0)
        return answer_manifest(call->connection, token);
    const struct asset *asset = asset_find(path);
    const char *has = MHD_lookup_connection_value(call->connection, MHD_COOKIE_KIND, "audiogenrl");
    if (!asset)
        return answer_refusal(call->connection, MHD_HTTP_NOT_FOUND, "There is no such page");
    return answer_asset(call->connection, asset, request_same(has, token) ? NULL : token);
}

static enum MHD_Result answer(struct call *call, const char *path)
{
    if (call->answered) {
        char *text = call->text;
        call->text = NULL;
        return answer_json(call->connection, call->status, text);
    }
    switch (call->route) {
    case REQUEST_ASSET:
        return give_asset(call, path);
    case REQUEST_EVENTS:
        return listeners_add(call->server, call->connection);
    case REQUEST_ASK:
        return ask_by_name(call);
    case REQUEST_COMMAND:
        return give_command(call);
    case REQUEST_ADD:
        return take_piece(call);
    case REQUEST_REMOVE:
        return remove_piece(call);
    case REQUEST_RECORDINGS:
        return list_recordings(call);
    case REQUEST_RECORDING:
        return give_recording(call);
    case REQUEST_REPORT:
        return give_report(call);
    default:
        return MHD_NO;
    }
}

/* --- The head of a request --- */

/* Of the body; -1: the browser does not say, or it is none. A Transfer-Encoding makes the
 * Content-Length void (RFC 9112, 6.3). */
static long long body_length(struct MHD_Connection *connection)
{
    const char *text = header(connection, "Content-Length");
    char *end = NULL;
    if (header(connection, "Transfer-Encoding"))
        return -1;
    if (!text)
        return 0;
    if (*text < '0' || *text > '9')
        return -1;
    errno = 0;
    long long length = strtoll(text, &end, 10);
    return errno == 0 && *end == '\0' ? length : -1;
}

/* Whether the body may come. Otherwise it is refused: *result is what to answer. */
static bool accept_body(struct call *call, enum MHD_Result *result)
{
    struct error error;
    long long length = body_length(call->connection);
    long long most = call->route == REQUEST_ADD       ? REQUEST_UPLOAD_BYTES
                     : call->route == REQUEST_COMMAND ? REQUEST_COMMAND_BYTES
                                                      : 0;
    if (length < 0) {
        *result = answer_refusal(call->connection, LENGTH_WANTED, "Say how long the body is");
    } else if (length > most) {
        *result = answer_refusal(call->connection, TAKE_BACK,
                                 most == REQUEST_UPLOAD_BYTES ? "A piece has at most 8 MiB"
                                                              : "The request is too long");
    } else if (call->route == REQUEST_ADD && call->server->uploading) {
        *result = answer_refusal(call->connection, MHD_HTTP_SERVICE_UNAVAILABLE,
                                 "Another piece is being added; try again in a moment");
    } else if (call->route == REQUEST_ADD) {
        call->upload =
            upload_open(call->server->options->pieces, call->name, (size_t)length, &error);
        call->server->uploading = call->upload != NULL;
        if (call->upload)
            return true;
        *result = refuse_file(call, &error);
    } else {
        return true;
    }
    return false;
}

/* Whether the request is to go on. Otherwise it is refused: *result is what to answer. */
static bool accept_head(struct call *call, const char *method, const char *path,
                        enum MHD_Result *result)
{
    struct MHD_Connection *connection = call->connection;
    const struct request_head head = {
        .method = method,
        .path = path,
        .host = header(connection, "Host"),
        .origin = header(connection, "Origin"),
        .site = header(connection, "Sec-Fetch-Site"),
        .cookie = MHD_lookup_connection_value(connection, MHD_COOKIE_KIND, "audiogenrl"),
        .query = MHD_lookup_connection_value(connection, MHD_GET_ARGUMENT_KIND, "token")};
    switch (request_judge(&head, call->server->options->token)) {
    case REQUEST_UNKNOWN:
        *result = answer_door(connection);
        return false;
    case REQUEST_FOREIGN:
        *result = answer_refusal(connection, MHD_HTTP_FORBIDDEN, "Another page has asked for this");
        return false;
    default:
        break;
    }
    call->route = request_route(method, path, &call->name);
    if (call->route > REQUEST_NOT_SO)
        return accept_body(call, result);
    bool nowhere = call->route == REQUEST_NOWHERE;
    *result = answer_refusal(connection, nowhere ? MHD_HTTP_NOT_FOUND : MHD_HTTP_METHOD_NOT_ALLOWED,
                             nowhere ? "There is no such page" : "That cannot be done here");
    return false;
}

static void take_data(struct call *call, const char *data, size_t size)
{
    if (call->upload) {
        upload_add(call->upload, data, size);
    } else if (size <= sizeof call->body - call->length) {
        memcpy(call->body + call->length, data, size);
        call->length += size;
    }
}

/* The times in which parts of a request are to come. */
static void allow(struct MHD_Connection *connection, int seconds)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    struct guest *guest = info ? info->socket_context : NULL;
    if (guest)
        guest->deadline = seconds ? server_seconds() + seconds : 0;
}

static enum MHD_Result begin(struct server *server, struct MHD_Connection *connection,
                             const char *method, const char *path, void **context)
{
    struct call *call = calloc(1, sizeof *call);
    enum MHD_Result result = MHD_YES;
    if (!call)
        return MHD_NO;
    *context = call;
    call->server = server;
    call->connection = connection;
    bool goes_on = accept_head(call, method, path, &result);
    allow(connection, goes_on ? SERVER_BODY_SECONDS : SERVER_HEAD_SECONDS);
    return result;
}

enum MHD_Result handler_access(void *context, struct MHD_Connection *connection, const char *url,
                               const char *method, const char *version, const char *data,
                               size_t *size, void **calls)
{
    struct call *call = *calls;
    (void)version;
    if (!call)
        return begin(context, connection, method, url, calls);
    if (*size > 0) {
        take_data(call, data, *size);
        *size = 0;
        return MHD_YES;
    }
    enum MHD_Result result = answer(call, url);
    bool forever = call->suspended || call->route == REQUEST_EVENTS;
    allow(connection, forever ? 0 : SERVER_ANSWER_SECONDS);
    return result;
}

void handler_completed(void *context, struct MHD_Connection *connection, void **calls,
                       enum MHD_RequestTerminationCode how)
{
    struct server *server = context;
    struct call *call = *calls;
    (void)how;
    allow(connection, SERVER_HEAD_SECONDS);
    if (!call)
        return;
    if (call->upload) {
        upload_abort(call->upload);
        server->uploading = false;
    }
    if (server->waiting == call)
        server->waiting = NULL;
    free(call->text);
    free(call);
    *calls = NULL;
}
