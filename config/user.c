/* What a service of a user, not of the system, has by default. */
#include "config/config.h"

#include <stdio.h>
#include <stdlib.h>

int config_user_socket(char *path, size_t room)
{
    const char *folder = getenv("XDG_RUNTIME_DIR");
    if (!folder || folder[0] != '/')
        return -1;
    int length = snprintf(path, room, "%s/audiogenrl/control", folder);
    return length > 0 && (size_t)length < room ? 0 : -1;
}
