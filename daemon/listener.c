/* Nobody can connect before listen, and mode and group are as they should be by then. The
 * umask takes from the mode that bind makes; it is the whole process's, so left alone. */
#include "daemon/listener.h"

#include "daemon/log.h"

#include <errno.h>
#include <grp.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

static int new_socket(void)
{
    return socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
}

/* Removes what a service that was killed has left; -1: one is alive there, or may be. */
static int remove_stale(const struct sockaddr_un *address, struct error *error)
{
    struct stat status;
    if (lstat(address->sun_path, &status) != 0)
        return 0;
    if (!S_ISSOCK(status.st_mode))
        return error_set(error, "%s: is there and no socket", address->sun_path);
    int probe = new_socket();
    int code = probe < 0 ? -1 : connect(probe, (const struct sockaddr *)address, sizeof *address);
    int reason = errno;
    if (probe >= 0)
        close(probe);
    if (code == 0 || reason == EAGAIN)
        return error_set(error, "%s: another audiogenrld answers here", address->sun_path);
    if (reason != ECONNREFUSED)
        return error_set(error, "%s: cannot see whether another audiogenrld answers here: %s",
                         address->sun_path, strerror(reason));
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

int listener_open(const char *path, int backlog, struct error *error)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    if (strlen(path) >= sizeof address.sun_path)
        return error_set(error, "%s: is too long for a socket, of at most %zu bytes", path,
                         sizeof address.sun_path - 1);
    memcpy(address.sun_path, path, strlen(path));
    if (remove_stale(&address, error) != 0)
        return -1;
    int fd = new_socket();
    bool bound = fd >= 0 && bind(fd, (const struct sockaddr *)&address, sizeof address) == 0;
    if (bound) {
        give_to_group(path);
        if (chmod(path, 0660) == 0 && listen(fd, backlog) == 0)
            return fd;
    }
    error_set(error,
              "%s: cannot make the control socket: %s; another place may be named in "
              "AUDIOGENRL_SOCKET",
              path, strerror(errno));
    if (bound)
        unlink(path);
    if (fd >= 0)
        close(fd);
    return -1;
}
