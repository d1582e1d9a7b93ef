/* Lines of those who watch begin with {"watch":" and no answer does. */
#include "web/upstream.h"

#include "base/monotonic.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

enum {
    OUT_BYTES = 64 * 1024, /* that wait to be sent */
    IN_BYTES = 8 * 1024,   /* that are kept for lines; more while one is longer */
};

struct question {
    upstream_answer *answer;
    void *context;
    time_t asked;
};

struct upstream {
    char *path;
    upstream_answer *told;
    void *context;
    int fd; /* -1: none */
    struct question waiting[UPSTREAM_WAITING];
    size_t first, count; /* of those that wait, a ring */
    char out[OUT_BYTES];
    size_t out_length;
    char *in;
    size_t in_length, in_room;
    bool broken; /* lost as soon as the lines at hand are handed out */
};

static time_t seconds(void)
{
    return (time_t)monotonic_seconds();
}

struct upstream *upstream_open(const char *path, upstream_answer *told, void *context,
                               struct error *error)
{
    struct upstream *upstream = calloc(1, sizeof *upstream);
    if (upstream && (upstream->path = strdup(path)) && (upstream->in = malloc(IN_BYTES))) {
        upstream->in_room = IN_BYTES;
        upstream->told = told;
        upstream->context = context;
        upstream->fd = -1;
        return upstream;
    }
    error_set(error, "out of memory");
    if (upstream)
        free(upstream->path);
    free(upstream);
    return NULL;
}

void upstream_close(struct upstream *upstream)
{
    if (!upstream)
        return;
    upstream_lose(upstream, "the page is being stopped");
    free(upstream->in);
    free(upstream->path);
    free(upstream);
}

void upstream_lose(struct upstream *upstream, const char *why)
{
    if (upstream->fd < 0)
        return;
    close(upstream->fd);
    upstream->fd = -1;
    upstream->out_length = upstream->in_length = 0;
    upstream->broken = false;
    /* Those who are told may ask anew, on a new connection. */
    struct question lost[UPSTREAM_WAITING];
    size_t count = upstream->count;
    for (size_t i = 0; i < count; i++)
        lost[i] = upstream->waiting[(upstream->first + i) % UPSTREAM_WAITING];
    upstream->first = upstream->count = 0;
    for (size_t i = 0; i < count; i++)
        lost[i].answer(lost[i].context, NULL, 0, why);
    upstream->told(upstream->context, NULL, 0, why);
}

static int connect_to(const char *path, struct error *error)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    if (strlen(path) >= sizeof address.sun_path)
        return error_set(error, "%s: the path is too long for a socket", path);
    strcpy(address.sun_path, path);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd >= 0 && connect(fd, (const struct sockaddr *)&address, sizeof address) == 0)
        return fd;
    int reason = errno;
    if (fd >= 0)
        close(fd);
    if (reason == ENOENT || reason == ECONNREFUSED)
        return error_set(error, "The service is not running. On the box, as root: "
                                "systemctl start audiogenrl");
    return error_set(error, "The service cannot be reached: %s", strerror(reason));
}

static void flush(struct upstream *upstream)
{
    ssize_t sent = 0;
    while (upstream->out_length > 0 &&
           (sent = send(upstream->fd, upstream->out, upstream->out_length, MSG_NOSIGNAL)) > 0) {
        upstream->out_length -= (size_t)sent;
        memmove(upstream->out, upstream->out + sent, upstream->out_length);
    }
    if (sent < 0 && errno != EAGAIN && errno != EINTR)
        upstream->broken = true; /* what it has said before is still read */
}

int upstream_ask(struct upstream *upstream, const char *line, upstream_answer *answer,
                 void *context, struct error *error)
{
    size_t length = strlen(line);
    if (upstream->fd < 0) {
        upstream->fd = connect_to(upstream->path, error);
        if (upstream->fd < 0)
            return -1;
    }
    if (upstream->count == UPSTREAM_WAITING || length + 1 > OUT_BYTES - upstream->out_length)
        return error_set(error, "The service is busy; try again in a moment");
    size_t last = (upstream->first + upstream->count++) % UPSTREAM_WAITING;
    upstream->waiting[last] = (struct question){answer, context, seconds()};
    memcpy(upstream->out + upstream->out_length, line, length);
    upstream->out[upstream->out_length + length] = '\n';
    upstream->out_length += length + 1;
    flush(upstream);
    return 0;
}

/* --- Lines --- */

static void hand_out(struct upstream *upstream, const char *line, size_t length)
{
    static const char watch[] = "{\"watch\":\"";
    if (length >= sizeof watch - 1 && memcmp(line, watch, sizeof watch - 1) == 0) {
        upstream->told(upstream->context, line, length, NULL);
        return;
    }
    if (upstream->count == 0) {
        upstream->broken = true; /* refused as one too many, as a rule */
        return;
    }
    struct question question = upstream->waiting[upstream->first];
    upstream->first = (upstream->first + 1) % UPSTREAM_WAITING;
    upstream->count--;
    question.answer(question.context, line, length, NULL);
}

static void take_lines(struct upstream *upstream)
{
    size_t begin = 0;
    const char *feed;
    while (upstream->fd >= 0 &&
           (feed = memchr(upstream->in + begin, '\n', upstream->in_length - begin))) {
        size_t end = (size_t)(feed - upstream->in);
        hand_out(upstream, upstream->in + begin, end - begin);
        begin = end + 1;
    }
    if (upstream->fd < 0)
        return;
    upstream->in_length -= begin;
    memmove(upstream->in, upstream->in + begin, upstream->in_length);
}

/* Room for more of a line; given back after it. */
static bool make_room(struct upstream *upstream)
{
    size_t room = upstream->in_length == upstream->in_room ? 2 * upstream->in_room
                  : upstream->in_length < IN_BYTES         ? IN_BYTES
                                                           : upstream->in_room;
    char *in = room <= UPSTREAM_LONGEST ? realloc(upstream->in, room) : NULL;
    if (!in)
        return false;
    upstream->in = in;
    upstream->in_room = room;
    return true;
}

void upstream_ready(struct upstream *upstream, short events)
{
    if (upstream->fd < 0)
        return;
    if (events & POLLOUT)
        flush(upstream);
    ssize_t got = 1;
    bool room = true;
    while (events & (POLLIN | POLLHUP | POLLERR) && upstream->fd >= 0 &&
           (room = make_room(upstream)) &&
           (got = recv(upstream->fd, upstream->in + upstream->in_length,
                       upstream->in_room - upstream->in_length, 0)) > 0) {
        upstream->in_length += (size_t)got;
        take_lines(upstream);
    }
    if (!room)
        upstream_lose(upstream, "The service says more than is understood");
    else if (got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR) || upstream->broken)
        upstream_lose(upstream, "The service has gone");
}

void upstream_tick(struct upstream *upstream)
{
    if (upstream->count > 0 &&
        seconds() - upstream->waiting[upstream->first].asked > UPSTREAM_PATIENCE)
        upstream_lose(upstream, "The service does not answer");
}

bool upstream_is_connected(const struct upstream *upstream)
{
    return upstream->fd >= 0;
}

bool upstream_waits(const struct upstream *upstream)
{
    return upstream->count > 0;
}

int upstream_descriptor(const struct upstream *upstream)
{
    return upstream->fd;
}

short upstream_events(const struct upstream *upstream)
{
    return upstream->out_length > 0 ? POLLIN | POLLOUT : POLLIN;
}
