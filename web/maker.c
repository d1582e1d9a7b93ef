/* A pidfd tells of its end in the loop that waits for all else. */
#include "web/maker.h"

#include "base/monotonic.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

extern char **environ;

struct maker {
    pid_t process;
    int ended; /* its pidfd */
    int said;  /* the reading end of its standard error */
    time_t deadline;
};

static time_t seconds(void)
{
    return (time_t)monotonic_seconds();
}

/* Its standard output is nobody's, its standard error ours. */
static int spawn(const char *program, const char *const *words, int said, pid_t *process)
{
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    sigset_t none;
    sigemptyset(&none);
    posix_spawn_file_actions_init(&actions);
    posix_spawnattr_init(&attributes);
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK);
    posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
    posix_spawn_file_actions_adddup2(&actions, said, STDERR_FILENO);
    int code = posix_spawn(process, program, &actions, &attributes, (char *const *)words, environ);
    posix_spawn_file_actions_destroy(&actions);
    posix_spawnattr_destroy(&attributes);
    return code;
}

struct maker *maker_start(const char *program, const char *pieces, const char *recording,
                          const char *page, struct error *error)
{
    const char *const words[] = {program, "report", "-q",      "-m", pieces,
                                 "-o",    page,     recording, NULL};
    int pipe_ends[2] = {-1, -1};
    struct maker *maker = calloc(1, sizeof *maker);
    int code = !maker || pipe2(pipe_ends, O_CLOEXEC | O_NONBLOCK) != 0
                   ? errno
                   : spawn(program, words, pipe_ends[1], &maker->process);
    if (pipe_ends[1] >= 0)
        close(pipe_ends[1]);
    if (!maker || code != 0) {
        error_set(error, "%s cannot be started: %s", program, strerror(code));
        if (pipe_ends[0] >= 0)
            close(pipe_ends[0]);
        free(maker);
        return NULL;
    }
    (void)setpriority(PRIO_PROCESS, (id_t)maker->process, 19);
    maker->said = pipe_ends[0];
    maker->ended = pidfd_open(maker->process, 0);
    maker->deadline = seconds() + MAKER_SECONDS;
    if (maker->ended >= 0)
        return maker;
    error_set(error, "the report cannot be waited for: %s", strerror(errno));
    maker_stop(maker);
    return NULL;
}

int maker_descriptor(const struct maker *maker)
{
    return maker->ended;
}

void maker_tick(struct maker *maker)
{
    if (seconds() >= maker->deadline)
        kill(maker->process, SIGKILL);
}

/* The first line that it said, without the name of the program. */
static void repeat(int said, struct error *error)
{
    char text[sizeof error->text];
    ssize_t length = read(said, text, sizeof text - 1);
    text[length > 0 ? length : 0] = '\0';
    text[strcspn(text, "\n")] = '\0';
    const char *begin = strstr(text, ": ");
    error_set(error, "%s", begin ? begin + 2 : "the report could not be made");
}

int maker_end(struct maker *maker, struct error *error)
{
    int status = 0;
    while (waitpid(maker->process, &status, 0) < 0 && errno == EINTR)
        ;
    bool made = WIFEXITED(status) && WEXITSTATUS(status) == 0;
    if (WIFSIGNALED(status))
        error_set(error, "the report took too long, and was given up");
    else if (!made)
        repeat(maker->said, error);
    close(maker->said);
    if (maker->ended >= 0)
        close(maker->ended);
    free(maker);
    return made ? 0 : -1;
}

void maker_stop(struct maker *maker)
{
    if (!maker)
        return;
    kill(maker->process, SIGKILL);
    (void)maker_end(maker, NULL);
}
