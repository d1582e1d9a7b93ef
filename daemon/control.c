/* Each client has a buffer for its line and one for what it has not read yet. */
#include "daemon/control.h"

#include "base/monotonic.h"
#include "daemon/listener.h"
#include "daemon/log.h"
#include "daemon/request.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* Microseconds. */
#define ACCEPT_AGAIN UINT64_C(100000)

struct client {
    struct control *control;
    struct client *next;
    sd_event_source *source;
    int fd;
    bool skipping; /* the rest of a line that was too long */
    size_t filled;
    char line[REQUEST_MAX_LINE];
    char *unread; /* malloced answers */
    size_t unread_length;
    bool trusted; /* root, or our own user */
    bool watches;
    bool gone;        /* closed when the loop comes to it */
    uint64_t missed;  /* events, not told yet */
    double active;    /* when it came or said its last line, seconds */
    double allowance; /* lines */
    double refilled;  /* when, seconds */
};

struct control {
    sd_event *loop;
    sd_event_source *source;
    sd_event_source *timer; /* until connections are taken again */
    bool waiting;           /* no descriptor was left for the last one */
    int fd;
    char *path;
    struct control_handlers handlers;
    struct client *clients;
    int count;
    struct control_watch watch;
};

static void client_free(struct client *client)
{
    sd_event_source_disable_unref(client->source);
    close(client->fd);
    free(client->unread);
    free(client);
}

static void client_watch(struct client *client, bool watches)
{
    struct control *control = client->control;
    if (client->watches == watches)
        return;
    client->watches = watches;
    if (watches)
        control->watch.clients++;
    else
        control->watch.clients--;
    control->handlers.watched(control->handlers.context, control->watch.clients);
}

/* Where it may be in use: while its line is answered, or all are gone through. */
static void client_give_up(struct client *client)
{
    client->gone = true;
    client_watch(client, false);
    shutdown(client->fd, SHUT_RDWR); /* the loop sees that */
}

static void client_close(struct client *client)
{
    struct client **at = &client->control->clients;
    while (*at != client)
        at = &(*at)->next;
    *at = client->next;
    client->control->count--;
    client_watch(client, false);
    client_free(client);
}

/* --- Answers --- */

/* Sends what it takes now. -1: it is gone. */
static int client_flush(struct client *client)
{
    while (client->unread_length > 0) {
        ssize_t sent =
            send(client->fd, client->unread, client->unread_length, MSG_DONTWAIT | MSG_NOSIGNAL);
        if (sent < 0 && errno == EINTR)
            continue;
        if (sent < 0 && errno != EAGAIN)
            return -1;
        if (sent < 0)
            break;
        client->unread_length -= (size_t)sent;
        memmove(client->unread, client->unread + sent, client->unread_length);
    }
    sd_event_source_set_io_events(client->source,
                                  client->unread_length > 0 ? EPOLLIN | EPOLLOUT : EPOLLIN);
    return 0;
}

/* malloced, with a line feed; NULL: out of memory. */
static char *text_of(const json_t *line, size_t precision, size_t *length)
{
    char *text = line ? json_dumps(line, JSON_COMPACT | JSON_REAL_PRECISION(precision)) : NULL;
    *length = text ? strlen(text) : 0;
    if (text)
        text[(*length)++] = '\n'; /* in the place of the 0 */
    return text;
}

/* -1: the client is not worth more. */
static int client_add(struct client *client, const char *text, size_t length)
{
    size_t whole = client->unread_length + length;
    char *grown = text && whole <= CONTROL_UNREAD ? realloc(client->unread, whole) : NULL;
    if (!grown)
        return -1;
    memcpy(grown + client->unread_length, text, length);
    client->unread = grown;
    client->unread_length = whole;
    return 0;
}

/* Takes the reference. -1: the client is not worth more. */
static int client_answer(struct client *client, json_t *answer)
{
    size_t length = 0;
    char *text = text_of(answer, 9, &length);
    json_decref(answer);
    int status = client_add(client, text, length);
    free(text);
    return status;
}

/* --- Those who watch --- */

static void client_miss(struct client *client, uint64_t events)
{
    client->missed += events;
    client->control->watch.missed += events;
}

/* How much it missed, when it has read the rest. -1: the client is not worth more. */
static int client_tell_missed(struct client *client)
{
    char line[64];
    if (client->missed == 0)
        return 0;
    int size = snprintf(line, sizeof line, "{\"watch\":\"missed\",\"events\":%" PRIu64 "}\n",
                        client->missed);
    client->missed = 0;
    return client_add(client, line, (size_t)size);
}

/* -1: the client is not worth more. */
static int client_tell(struct client *client, const char *text, size_t length, uint64_t events)
{
    if (client->unread_length + length > CONTROL_UNTOLD) {
        client_miss(client, events);
        return 0;
    }
    if (client_tell_missed(client) != 0)
        return -1;
    return client_add(client, text, length);
}

/* --- Lines --- */

/* May this client say one more line now? */
static bool client_is_allowed(struct client *client)
{
    double now = monotonic_seconds();
    client->allowance += CONTROL_RATE * (now - client->refilled);
    client->refilled = now;
    if (client->allowance > CONTROL_RATE)
        client->allowance = CONTROL_RATE;
    if (client->allowance < 1)
        return false;
    client->allowance -= 1;
    return true;
}

static int client_line(struct client *client, const char *line, size_t length)
{
    struct control *control = client->control;
    client->active = monotonic_seconds();
    if (client->skipping) {
        client->skipping = false;
        return client_answer(client, request_refuse("the line is too long"));
    }
    if (!client_is_allowed(client))
        return client_answer(client, request_refuse("too many commands a second"));
    bool watches = client->watches;
    json_t *answer = control->handlers.answer(control->handlers.context, line, length, &watches);
    if (client->gone) {
        json_decref(answer);
        return -1;
    }
    client_watch(client, watches);
    return client_answer(client, answer);
}

/* Hands over whole lines; keeps the rest. */
static int client_lines(struct client *client)
{
    size_t begin = 0;
    char *feed;
    while ((feed = memchr(client->line + begin, '\n', client->filled - begin))) {
        size_t end = (size_t)(feed - client->line);
        if (client_line(client, client->line + begin, end - begin) != 0)
            return -1;
        begin = end + 1;
    }
    client->filled -= begin;
    memmove(client->line, client->line + begin, client->filled);
    if (client->filled == sizeof client->line) {
        client->skipping = true;
        client->filled = 0;
    }
    return 0;
}

static int client_read(struct client *client)
{
    ssize_t got = recv(client->fd, client->line + client->filled,
                       sizeof client->line - client->filled, MSG_DONTWAIT);
    if (got < 0)
        return errno == EAGAIN || errno == EINTR ? 0 : -1;
    if (got == 0)
        return -1;
    client->filled += (size_t)got;
    return client_lines(client);
}

static int on_client(sd_event_source *source, int fd, uint32_t events, void *context)
{
    struct client *client = context;
    (void)source;
    (void)fd;
    int status = 0;
    if (client->gone)
        status = -1;
    else if (events & (EPOLLIN | EPOLLHUP | EPOLLERR))
        status = client_read(client);
    /* Also to one that will say no more. */
    if (!client->gone && client_flush(client) != 0)
        status = -1;
    if (status == 0 && client->unread_length == 0 && client->missed > 0)
        status = client_tell_missed(client) == 0 ? client_flush(client) : -1;
    if (status != 0)
        client_close(client);
    return 0;
}

/* --- Connections --- */

static bool is_trusted(int fd)
{
    struct ucred peer;
    socklen_t length = sizeof peer;
    return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &length) == 0 &&
           (peer.uid == 0 || peer.uid == geteuid());
}

/* Is the place of `a` to be had rather than that of `b`? */
static bool goes_first(const struct client *a, const struct client *b)
{
    if (a->trusted != b->trusted)
        return b->trusted;
    if (a->watches != b->watches)
        return b->watches;
    return a->active < b->active;
}

static void make_room(struct control *control)
{
    struct client *idlest = control->clients;
    for (struct client *client = idlest; client; client = client->next)
        if (goes_first(client, idlest))
            idlest = client;
    if (client_answer(idlest, request_refuse("too many clients; this one was the idlest")) == 0)
        (void)client_flush(idlest);
    client_close(idlest);
}

static void take_client(struct control *control, int fd, bool trusted)
{
    struct client *client = calloc(1, sizeof *client);
    if (client) {
        *client = (struct client){.control = control,
                                  .fd = fd,
                                  .next = control->clients,
                                  .trusted = trusted,
                                  .active = monotonic_seconds(),
                                  .allowance = CONTROL_RATE,
                                  .refilled = monotonic_seconds()};
        if (sd_event_add_io(control->loop, &client->source, fd, EPOLLIN, on_client, client) >= 0) {
            control->clients = client;
            control->count++;
            return;
        }
    }
    free(client);
    close(fd);
}

/* The connection stays where it is, and would wake the loop at once again. */
static void wait_for_descriptors(struct control *control)
{
    if (!control->waiting)
        log_say(LOG_WARNING, "control socket: cannot take a connection: %s; it has to wait",
                strerror(errno));
    control->waiting = true;
    sd_event_source_set_enabled(control->source, SD_EVENT_OFF);
    sd_event_source_set_time_relative(control->timer, ACCEPT_AGAIN);
    sd_event_source_set_enabled(control->timer, SD_EVENT_ONESHOT);
}

static int on_accept_again(sd_event_source *source, uint64_t when, void *context)
{
    struct control *control = context;
    (void)source;
    (void)when;
    return sd_event_source_set_enabled(control->source, SD_EVENT_ON);
}

static int on_connection(sd_event_source *source, int listening, uint32_t events, void *context)
{
    static const char full[] = "{\"ok\":false,\"error\":\"too many clients\"}\n";
    struct control *control = context;
    (void)source;
    (void)events;
    int fd = accept4(listening, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (fd < 0) {
        if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM)
            wait_for_descriptors(control);
        return 0;
    }
    control->waiting = false;
    bool trusted = is_trusted(fd);
    if (control->count == CONTROL_CLIENTS && trusted)
        make_room(control);
    if (control->count < CONTROL_CLIENTS) {
        take_client(control, fd, trusted);
        return 0;
    }
    if (send(fd, full, sizeof full - 1, MSG_DONTWAIT | MSG_NOSIGNAL) < 0) {
        /* Then it sees only that it was cut off. */
    }
    close(fd);
    return 0;
}

/* --- Those who watch, again --- */

void control_tell(struct control *control, const json_t *line, uint64_t events)
{
    size_t length = 0;
    /* Times to the microsecond, however long the machine has been up. */
    char *text = text_of(line, 15, &length);
    if (!text) {
        control_miss(control, events);
        return;
    }
    for (struct client *client = control->clients; client; client = client->next)
        if (client->watches &&
            (client_tell(client, text, length, events) != 0 || client_flush(client) != 0))
            client_give_up(client);
    free(text);
}

void control_miss(struct control *control, uint64_t events)
{
    for (struct client *client = control->clients; client; client = client->next)
        if (client->watches)
            client_miss(client, events);
}

struct control_watch control_watch(const struct control *control)
{
    return control->watch;
}

/* --- Start and end --- */

static int add_sources(struct control *control, struct error *error)
{
    int code = sd_event_add_io(control->loop, &control->source, control->fd, EPOLLIN, on_connection,
                               control);
    if (code >= 0)
        code = sd_event_add_time_relative(control->loop, &control->timer, CLOCK_MONOTONIC, 0, 0,
                                          on_accept_again, control);
    if (code >= 0)
        code = sd_event_source_set_enabled(control->timer, SD_EVENT_OFF);
    return code >= 0 ? 0
                     : error_set(error, "%s: cannot wait on the control socket: %s", control->path,
                                 strerror(-code));
}

struct control *control_open(sd_event *loop, const char *path,
                             const struct control_handlers *handlers, struct error *error)
{
    struct control *control = calloc(1, sizeof *control);
    if (!control) {
        error_set(error, "out of memory");
        return NULL;
    }
    *control =
        (struct control){.loop = loop, .fd = -1, .path = strdup(path), .handlers = *handlers};
    if (!control->path)
        error_set(error, "out of memory");
    else
        control->fd = listener_open(path, CONTROL_CLIENTS, error);
    if (control->fd >= 0 && add_sources(control, error) == 0)
        return control;
    control_close(control);
    return NULL;
}

int control_move(struct control *control, const char *path, struct error *error)
{
    if (strcmp(path, control->path) == 0)
        return 0;
    char *copy = strdup(path);
    if (!copy)
        return error_set(error, "out of memory");
    int fd = listener_open(path, CONTROL_CLIENTS, error);
    int code = fd >= 0 ? sd_event_source_set_io_fd(control->source, fd) : -1;
    if (fd >= 0 && code < 0)
        error_set(error, "%s: cannot wait on the control socket: %s", path, strerror(-code));
    if (code >= 0) {
        int old = control->fd;
        control->fd = fd;
        fd = old;
        char *before = control->path;
        control->path = copy;
        copy = before;
    }
    if (fd >= 0) {
        close(fd);
        unlink(copy);
    }
    free(copy);
    return code >= 0 ? 0 : -1;
}

void control_close(struct control *control)
{
    if (!control)
        return;
    for (struct client *client = control->clients, *next; client; client = next) {
        next = client->next;
        client_watch(client, false);
        client_free(client);
    }
    sd_event_source_disable_unref(control->timer);
    sd_event_source_disable_unref(control->source);
    if (control->fd >= 0) {
        close(control->fd);
        unlink(control->path);
    }
    free(control->path);
    free(control);
}
