/* A pair of connected sockets in place of pipes: writing to a program that has ended is an
 * error then, and no signal. */
#include "base/program.h"

#include "base/monotonic.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

extern char **environ;

enum talk_state { TALK_GOES_ON, TALK_DONE, TALK_TOO_MUCH, TALK_TOO_LONG };

struct talk {
    int socket;
    const char *input;
    size_t left;
    char *output;
    size_t length, room;
};

bool program_exists(const char *name)
{
    const char *path = getenv("PATH");
    char file[4096];
    while (path && *path) {
        size_t length = strcspn(path, ":");
        if (length > 0 &&
            snprintf(file, sizeof file, "%.*s/%s", (int)length, path, name) < (int)sizeof file &&
            access(file, X_OK) == 0)
            return true;
        path += length;
        path += *path == ':';
    }
    return false;
}

static pid_t start(const char *const *argv, int socket)
{
    posix_spawn_file_actions_t actions;
    pid_t pid = -1;
    if (posix_spawn_file_actions_init(&actions) != 0)
        return -1;
    bool ready =
        posix_spawn_file_actions_adddup2(&actions, socket, STDIN_FILENO) == 0 &&
        posix_spawn_file_actions_adddup2(&actions, socket, STDOUT_FILENO) == 0 &&
        posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0) == 0;
    if (!ready || posix_spawnp(&pid, argv[0], &actions, NULL, (char *const *)argv, environ) != 0)
        pid = -1;
    posix_spawn_file_actions_destroy(&actions);
    return pid;
}

/* Sends what the socket takes; after the last byte the program sees the end. */
static void send_some(struct talk *talk)
{
    ssize_t sent = send(talk->socket, talk->input, talk->left, MSG_NOSIGNAL);
    if (sent < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (sent < 0)
        talk->left = 0; /* it reads no more */
    else {
        talk->input += sent;
        talk->left -= (size_t)sent;
    }
    if (talk->left == 0)
        shutdown(talk->socket, SHUT_WR);
}

static enum talk_state receive_some(struct talk *talk)
{
    if (talk->room - talk->length < 2) {
        size_t room = talk->room ? 2 * talk->room : 1 << 16;
        char *grown = room <= PROGRAM_MAX_BYTES ? realloc(talk->output, room) : NULL;
        if (!grown)
            return TALK_TOO_MUCH;
        talk->output = grown;
        talk->room = room;
    }
    ssize_t got = recv(talk->socket, talk->output + talk->length, talk->room - talk->length - 1, 0);
    if (got < 0)
        return errno == EAGAIN || errno == EINTR ? TALK_GOES_ON : TALK_DONE;
    talk->length += (size_t)got;
    talk->output[talk->length] = '\0';
    return got > 0 ? TALK_GOES_ON : TALK_DONE;
}

/* Until the program closes its output. */
static enum talk_state talk_to_end(struct talk *talk, double until)
{
    enum talk_state state = TALK_GOES_ON;
    if (talk->left == 0)
        shutdown(talk->socket, SHUT_WR);
    while (state == TALK_GOES_ON) {
        struct pollfd poller = {.fd = talk->socket,
                                .events = (short)(POLLIN | (talk->left ? POLLOUT : 0))};
        double left = until - monotonic_seconds();
        if (left <= 0)
            return TALK_TOO_LONG;
        int ready = poll(&poller, 1, (int)(1000 * left) + 1);
        if (ready < 0 && errno != EINTR)
            return TALK_TOO_LONG;
        if (ready <= 0)
            continue;
        if (talk->left && poller.revents & POLLOUT)
            send_some(talk);
        if (poller.revents & (POLLIN | POLLHUP | POLLERR))
            state = receive_some(talk);
    }
    return state;
}

/* How it ended, or TALK_TOO_LONG: a program that has closed its output may still run. It has ended
 * in any case. */
static enum talk_state end(pid_t pid, enum talk_state state, double until, int *status)
{
    const struct timespec moment = {.tv_nsec = 1000000};
    pid_t ended = 0;
    while (state == TALK_DONE && (ended = waitpid(pid, status, WNOHANG)) == 0) {
        if (monotonic_seconds() > until)
            state = TALK_TOO_LONG;
        nanosleep(&moment, NULL);
    }
    if (ended != 0)
        return state;
    kill(pid, SIGKILL);
    while (waitpid(pid, status, 0) < 0 && errno == EINTR)
        continue;
    return state;
}

char *program_run(const char *const *argv, const char *input, size_t input_length, int seconds,
                  size_t *length, struct error *error)
{
    int pair[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0) {
        error_set(error, "%s: %s", argv[0], strerror(errno));
        return NULL;
    }
    struct talk talk = {.socket = pair[0], .input = input, .left = input_length};
    double until = monotonic_seconds() + seconds;
    pid_t pid = fcntl(pair[0], F_SETFL, O_NONBLOCK) == 0 ? start(argv, pair[1]) : -1;
    close(pair[1]);
    enum talk_state state = pid > 0 ? talk_to_end(&talk, until) : TALK_DONE;
    close(pair[0]);
    int status = -1;
    if (pid > 0)
        state = end(pid, state, until, &status);
    if (pid > 0 && state == TALK_DONE && WIFEXITED(status) && WEXITSTATUS(status) == 0 &&
        talk.output) {
        *length = talk.length;
        return talk.output;
    }
    free(talk.output);
    if (pid <= 0 || (state == TALK_DONE && WIFEXITED(status) && WEXITSTATUS(status) == 127))
        error_set(error, "%s: the program cannot be started", argv[0]);
    else if (state == TALK_TOO_LONG)
        error_set(error, "%s: did not end within %d s", argv[0], seconds);
    else if (state == TALK_TOO_MUCH)
        error_set(error, "%s: wrote more than %d MiB", argv[0], PROGRAM_MAX_BYTES >> 20);
    else
        error_set(error, "%s: failed", argv[0]);
    return NULL;
}
