/* Each client has a buffer for its line and one for what it has not read yet. */
#include "daemon/control.h"

#include "daemon/log.h"
#include "daemon/request.h"

#include <errno.h>
#include <grp.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

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
    bool watches;
    uint64_t missed;  /* events, not told yet */
    double allowance; /* lines */
    double refilled;  /* when, seconds */
};

struct control {
    sd_event *loop;
    sd_event_source *source;
    int fd;
    char path[sizeof((struct sockaddr_un){0}.sun_path)];
    struct control_handlers handlers;
    struct client *clients;
    int count;
    struct control_watch watch;
};

static double seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

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
    double now = seconds();
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
    if (client->skipping) {
        client->skipping = false;
        return client_answer(client, request_refuse("the line is too long"));
    }
    if (!client_is_allowed(client))
        return client_answer(client, request_refuse("too many commands a second"));
    bool watches = client->watches;
    json_t *answer = control->handlers.answer(control->handlers.context, line, length, &watches);
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
    if (events & (EPOLLIN | EPOLLHUP | EPOLLERR))
        status = client_read(client);
    /* Also to one that will say no more. */
    if (client_flush(client) != 0)
        status = -1;
    if (status == 0 && client->unread_length == 0 && client->missed > 0)
        status = client_tell_missed(client) == 0 ? client_flush(client) : -1;
    if (status != 0)
        client_close(client);
    return 0;
}

static void take_client(struct control *control, int fd)
{
    struct client *client = calloc(1, sizeof *client);
    if (client) {
        *client = (struct client){.control = control,
                                  .fd = fd,
                                  .next = control->clients,
                                  .allowance = CONTROL_RATE,
                                  .refilled = seconds()};
        if (sd_event_add_io(control->loop, &client->source, fd, EPOLLIN, on_client, client) >= 0) {
            control->clients = client;
            control->count++;
            return;
        }
    }
    free(client);
    close(fd);
}

static int on_connection(sd_event_source *source, int listening, uint32_t events, void *context)
{
    static const char full[] = "{\"ok\":false,\"error\":\"too many clients\"}\n";
    struct control *control = context;
    (void)source;
    (void)events;
    int fd = accept4(listening, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (fd < 0)
        return 0;
    if (control->count < CONTROL_CLIENTS) {
        take_client(control, fd);
        return 0;
    }
    if (send(fd, full, sizeof full - 1, MSG_DONTWAIT | MSG_NOSIGNAL) < 0) {
        /* Then it sees only that it was cut off. */
    }
    close(fd);
    return 0;
}

void control_tell(struct control *control, const json_t *line, uint64_t events)
{
    size_t length = 0;
    /* Times to the microsecond, however long the machine has been up. */
    char *text = text_of(line, 15, &length);
    if (!text) {
        control_miss(control, events);
        return;
    }
    for (struct client *client = control->clients; client;) {
        struct client *next = client->next;
        if (client->watches &&
            (client_tell(client, text, length, events) != 0 || client_flush(client) != 0))
            client_close(client);
        client = next;
    }
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

/* --- The socket --- */

/* Removes what a service that was killed has left; -1: one is alive there. */
static int remove_stale(const struct sockaddr_un *address, struct error *error)
{
    struct stat status;
    if (lstat(address->sun_path, &status) != 0)
        return 0;
    if (!S_ISSOCK(status.st_mode))
        return error_set(error, "%s: is there and no socket", address->sun_path);
    int probe = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    int code = probe < 0 ? -1 : connect(probe, (const struct sockaddr *)address, sizeof *address);
    bool alive = code == 0 || errno == EAGAIN;
    if (probe >= 0)
        close(probe);
    if (alive)
        return error_set(error, "%s: another audiogenrld answers here", address->sun_path);
    unlink(address->sun_path);
    return 0;
}

/* Under a unit that runs in the group it is the group's already. */
static void give_to_group(const char *path)
{
    const struct group *audio = getgrnam("audio");
    struct stat status;
    if (audio && stat(path, &status) == 0 && status.st_gid == audio->gr_gid)
        return;
    if (!audio || chown(path, (uid_t)-1, audio->gr_gid) != 0)
        log_say(LOG_NOTICE,
                "%s: cannot be given to the group audio: only this user and root can give "
                "commands",
                path);
}

static int make_socket(struct control *control, struct error *error)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    memcpy(address.sun_path, control->path, sizeof address.sun_path);
    if (remove_stale(&address, error) != 0)
        return -1;
    control->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    /* Nobody may come in before mode and group are as they should be. */
    mode_t before = umask(0117);
    int code =
        control->fd < 0 ? -1 : bind(control->fd, (const struct sockaddr *)&address, sizeof address);
    umask(before);
    if (code != 0)
        return error_set(error,
                         "%s: cannot make the control socket: %s; another place may be named in "
                         "AUDIOGENRL_SOCKET",
                         control->path, strerror(errno));
    give_to_group(control->path);
    if (listen(control->fd, CONTROL_CLIENTS) != 0)
        return error_set(error, "%s: cannot listen: %s", control->path, strerror(errno));
    return 0;
}

struct control *control_open(sd_event *loop, const char *path,
                             const struct control_handlers *handlers, struct error *error)
{
    struct control *control = calloc(1, sizeof *control);
    if (!control) {
        error_set(error, "out of memory");
        return NULL;
    }
    *control = (struct control){.loop = loop, .fd = -1, .handlers = *handlers};
    if (strlen(path) >= sizeof control->path) {
        error_set(error, "%s: is too long for a socket, of at most %zu bytes", path,
                  sizeof control->path - 1);
        free(control);
        return NULL;
    }
    strcpy(control->path, path);
    if (make_socket(control, error) == 0) {
        if (sd_event_add_io(loop, &control->source, control->fd, EPOLLIN, on_connection, control) >=
            0)
            return control;
        error_set(error, "%s: cannot wait on the control socket", path);
    }
    if (control->fd >= 0)
        close(control->fd);
    free(control);
    return NULL;
}

void control_close(struct control *control)
{
    if (!control)
        return;
    for (struct client *client = control->clients; client;) {
        struct client *next = client->next;
        client_free(client);
        client = next;
    }
    sd_event_source_disable_unref(control->source);
    close(control->fd);
    unlink(control->path);
    free(control);
}
