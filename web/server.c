/* One loop: libmicrohttpd's descriptor, the service's, that of a report that is being made,
 * and that of the signals. */
#include "web/server_private.h"

#include "base/monotonic.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

enum {
    STATUS_MS = 250, /* between two questions for the status while somebody listens: bar and
                        beat are drawn in between by the tempo */
    LOST_MS = 1000,  /* between two tries while the service is not there */
    CLOCK_MS = 1000, /* between two looks at the deadlines */
};

static int64_t milliseconds(void)
{
    return (int64_t)(monotonic_nanoseconds() / 1000000);
}

time_t server_seconds(void)
{
    return (time_t)(milliseconds() / 1000);
}

/* --- Connections --- */

static void on_connection(void *context, struct MHD_Connection *connection, void **guests,
                          enum MHD_ConnectionNotificationCode what)
{
    struct server *server = context;
    struct guest *guest = *guests;
    if (what == MHD_CONNECTION_NOTIFY_STARTED) {
        const union MHD_ConnectionInfo *info =
            MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
        if (!info || !(guest = calloc(1, sizeof *guest)))
            return;
        *guest = (struct guest){.next = server->guests,
                                .link = &server->guests,
                                .fd = info->connect_fd,
                                .deadline = server_seconds() + SERVER_HEAD_SECONDS};
        if (guest->next)
            guest->next->link = &guest->next;
        server->guests = guest;
        *guests = guest;
    } else if (guest) {
        if (guest->next)
            guest->next->link = guest->link;
        *guest->link = guest->next;
        free(guest);
        *guests = NULL;
    }
}

/* libmicrohttpd counts the time since the last byte, which a byte now and then keeps short. */
static void cut_off_late(struct server *server)
{
    time_t now = server_seconds();
    for (struct guest *guest = server->guests; guest; guest = guest->next)
        if (guest->deadline != 0 && now >= guest->deadline)
            shutdown(guest->fd, SHUT_RDWR);
}

/* --- Time --- */

struct clocks {
    int64_t status;  /* when the service is asked next; milliseconds */
    int64_t look;    /* when deadlines are looked at */
    int64_t resting; /* since when nobody is there */
};

/* Whether to go on. */
static bool tick(struct server *server, struct clocks *clocks)
{
    int64_t now = milliseconds();
    if (server->listening > 0 && now >= clocks->status) {
        listeners_ask(server);
        clocks->status = now + (upstream_is_connected(server->upstream) ? STATUS_MS : LOST_MS);
    }
    if (server->listening == 0 && server->watching && !upstream_waits(server->upstream))
        upstream_lose(server->upstream, "nobody listens");
    if (now >= clocks->look) {
        cut_off_late(server);
        upstream_tick(server->upstream);
        if (server->maker)
            maker_tick(server->maker);
        clocks->look = now + CLOCK_MS;
    }
    if (server->guests)
        clocks->resting = now;
    return !server->options->rests || now - clocks->resting < SERVER_REST_SECONDS * 1000;
}

/* How long nothing has to be done, milliseconds; -1: for ever. */
static int patience(struct server *server, const struct clocks *clocks)
{
    MHD_UNSIGNED_LONG_LONG wanted;
    int64_t now = milliseconds();
    int64_t least = INT_MAX;
    if (MHD_get_timeout(server->daemon, &wanted) == MHD_YES && wanted < INT_MAX)
        least = (int64_t)wanted;
    if (server->listening > 0 && clocks->status - now < least)
        least = clocks->status - now;
    if ((server->guests || server->maker || upstream_is_connected(server->upstream)) &&
        clocks->look - now < least)
        least = clocks->look - now;
    if (server->options->rests && SERVER_REST_SECONDS * 1000 < least)
        least = SERVER_REST_SECONDS * 1000;
    return least == INT_MAX ? -1 : least < 0 ? 0 : (int)least;
}

/* --- The loop --- */

static void serve(struct server *server, int descriptor, int signals)
{
    struct clocks clocks = {.resting = milliseconds()};
    enum { WEB, SERVICE, SIGNALS, REPORT, WATCHED };
    while (tick(server, &clocks)) {
        if (MHD_run(server->daemon) != MHD_YES)
            return;
        struct pollfd watched[WATCHED] = {
            [WEB] = {.fd = descriptor, .events = POLLIN},
            [SERVICE] = {.fd = upstream_descriptor(server->upstream),
                         .events = upstream_events(server->upstream)},
            [SIGNALS] = {.fd = signals, .events = POLLIN},
            [REPORT] = {.fd = server->maker ? maker_descriptor(server->maker) : -1,
                        .events = POLLIN}};
        if (poll(watched, WATCHED, patience(server, &clocks)) < 0 && errno != EINTR)
            return;
        if (watched[SIGNALS].revents)
            return;
        if (watched[SERVICE].revents)
            upstream_ready(server->upstream, watched[SERVICE].revents);
        if (watched[REPORT].revents)
            handler_report_made(server);
    }
}

static struct MHD_Daemon *start(struct server *server)
{
    return MHD_start_daemon(MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME, 0, NULL, NULL, handler_access,
                            server, MHD_OPTION_LISTEN_SOCKET, server->options->listening,
                            MHD_OPTION_CONNECTION_LIMIT, (unsigned)SERVER_CONNECTIONS,
                            MHD_OPTION_PER_IP_CONNECTION_LIMIT, (unsigned)SERVER_CONNECTIONS_EACH,
                            MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)SERVER_CONNECTION_BYTES,
                            MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)SERVER_IDLE_SECONDS,
                            MHD_OPTION_STRICT_FOR_CLIENT, 1, MHD_OPTION_NOTIFY_COMPLETED,
                            handler_completed, server, MHD_OPTION_NOTIFY_CONNECTION, on_connection,
                            server, MHD_OPTION_END);
}

static void stop(struct server *server)
{
    upstream_close(server->upstream); /* whoever waits for it goes on */
    server->upstream = NULL;
    handler_stop_report(server);
    listeners_end(server);
    if (server->daemon)
        MHD_stop_daemon(server->daemon);
    else
        close(server->options->listening);
    free(server->status);
    free(server);
}

int server_run(const struct server_options *options, struct error *error)
{
    struct server *server = calloc(1, sizeof *server);
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGINT);
    int descriptor = signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK);
    if (!server || descriptor < 0) {
        free(server);
        close(options->listening);
        return error_set(error, "cannot start: %s", strerror(errno));
    }
    server->options = options;
    server->upstream = upstream_open(options->control, listeners_told, server, error);
    server->daemon = server->upstream ? start(server) : NULL;
    const union MHD_DaemonInfo *info =
        server->daemon ? MHD_get_daemon_info(server->daemon, MHD_DAEMON_INFO_EPOLL_FD) : NULL;
    if (info) {
        sd_notify(0, "READY=1");
        serve(server, info->epoll_fd, descriptor);
        sd_notify(0, "STOPPING=1");
    } else if (server->upstream) {
        error_set(error, "cannot serve the page: %s", strerror(errno));
    }
    stop(server);
    close(descriptor);
    return info ? 0 : -1;
}
