/* The socket is $AUDIOGENRL_SOCKET; else that of the user's own service, where one
 * runs; else the system's. */
#include "tool/client.h"

#include "config/config.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

enum { PATIENCE = 10000, MOST = 1 << 24 }; /* milliseconds; bytes of an answer */

static int cannot_connect(const char *path, int reason, struct error *error)
{
    if (reason == ENOENT || reason == ECONNREFUSED)
        return error_set(error,
                         "%s: the service is not running (systemctl start audiogenrl), or has "
                         "its socket elsewhere: name it in AUDIOGENRL_SOCKET",
                         path);
    if (reason == EACCES || reason == EPERM)
        return error_set(error, "%s: may not be written to; the user must be in the group audio",
                         path);
    return error_set(error, "%s: cannot reach the service: %s", path, strerror(reason));
}

/* -1: errno says why. */
static int connect_to(const char *path, int milliseconds)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    const struct timeval patience = {.tv_sec = milliseconds / 1000,
                                     .tv_usec = milliseconds % 1000 * 1000};
    if (strlen(path) >= sizeof address.sun_path) {
        errno = ENAMETOOLONG;
        return -1;
    }
    strcpy(address.sun_path, path);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd >= 0) {
        /* Before connecting, which waits too when many are at the door. */
        setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
        setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
    }
    if (fd >= 0 && connect(fd, (const struct sockaddr *)&address, sizeof address) == 0)
        return fd;
    int reason = errno;
    if (fd >= 0)
        close(fd);
    errno = reason;
    return -1;
}

int client_connect(int milliseconds, struct error *error)
{
    char own[PATH_MAX];
    const char *path = getenv("AUDIOGENRL_SOCKET");
    if (!path || !*path) {
        int fd = config_user_socket(own, sizeof own) == 0 ? connect_to(own, milliseconds) : -1;
        if (fd >= 0)
            return fd;
        path = CONFIG_DEFAULT_SOCKET;
    }
    int fd = connect_to(path, milliseconds);
    if (fd >= 0)
        return fd;
    int reason = errno;
    cannot_connect(path, reason, error);
    errno = reason;
    return -1;
}

static int send_line(int fd, const json_t *request, struct error *error)
{
    char *line = json_dumps(request, JSON_COMPACT);
    size_t length = line ? strlen(line) : 0;
    int status = line ? 0 : error_set(error, "out of memory");
    if (line)
        line[length] = '\n'; /* in the place of the 0 */
    for (size_t at = 0; status == 0 && at <= length;) {
        ssize_t sent = send(fd, line + at, length + 1 - at, MSG_NOSIGNAL);
        if (sent < 0 && errno != EINTR)
            status = error_set(error, "the service does not listen: %s", strerror(errno));
        at += sent > 0 ? (size_t)sent : 0;
    }
    free(line);
    return status;
}

/* malloced, without the line feed. */
static char *read_line(int fd, size_t *length, struct error *error)
{
    size_t room = 4096;
    char *line = malloc(room);
    for (*length = 0; line;) {
        ssize_t got = recv(fd, line + *length, room - *length, 0);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            break;
        *length += (size_t)got;
        if (line[*length - 1] == '\n')
            return line;
        if (*length == room) {
            char *grown = room < MOST ? realloc(line, room *= 2) : NULL;
            if (!grown)
                break;
            line = grown;
        }
    }
    error_set(error, "the service does not answer");
    free(line);
    return NULL;
}

static json_t *read_answer(int fd, struct error *error)
{
    size_t length = 0;
    json_error_t fault;
    char *line = read_line(fd, &length, error);
    if (!line)
        return NULL;
    json_t *answer = json_loadb(line, length, 0, &fault);
    free(line);
    if (json_is_true(json_object_get(answer, "ok")))
        return answer;
    const char *why = json_string_value(json_object_get(answer, "error"));
    error_set(error, "the service refuses: %s", why ? why : "its answer is not understood");
    json_decref(answer);
    return NULL;
}

json_t *client_ask(const char *command, json_t *value, struct error *error)
{
    json_t *request = value ? json_pack("{s:s, s:o}", "command", command, "value", value)
                            : json_pack("{s:s}", "command", command);
    if (!request) {
        error_set(error, "out of memory");
        return NULL;
    }
    int fd = client_connect(PATIENCE, error);
    json_t *answer = NULL;
    if (fd >= 0 && send_line(fd, request, error) == 0)
        answer = read_answer(fd, error);
    if (fd >= 0)
        close(fd);
    json_decref(request);
    return answer;
}
