/* Folders of a user as the XDG base directory specification names them. */
#include "config/config.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int config_user_socket(char *path, size_t room)
{
    const char *folder = getenv("XDG_RUNTIME_DIR");
    if (!folder || folder[0] != '/')
        return -1;
    int length = snprintf(path, room, "%s/audiogenrl/control", folder);
    return length > 0 && (size_t)length < room ? 0 : -1;
}

int config_state_folder(char *path, size_t room)
{
    const char *given = getenv("STATE_DIRECTORY"), *user = getenv("XDG_STATE_HOME"),
               *home = getenv("HOME");
    int length = -1;
    if (given && *given)
        length = snprintf(path, room, "%.*s", (int)strcspn(given, ":"), given);
    else if (geteuid() == 0)
        length = snprintf(path, room, CONFIG_DEFAULT_STATE);
    else if (user && user[0] == '/')
        length = snprintf(path, room, "%s/audiogenrl", user);
    else if (home && home[0] == '/')
        length = snprintf(path, room, "%s/.local/state/audiogenrl", home);
    return length > 0 && (size_t)length < room ? 0 : -1;
}

/* `name` below the folder of `variable`, else below `usual` of the home folder. malloced. NULL:
 * there is no home, out of memory. */
static char *user_path(const char *variable, const char *usual, const char *name)
{
    const char *folder = getenv(variable), *home = getenv("HOME");
    char *path = NULL;
    int length = -1;
    if (folder && folder[0] == '/')
        length = asprintf(&path, "%s/audiogenrl/%s", folder, name);
    else if (home && home[0] == '/')
        length = asprintf(&path, "%s/%s/audiogenrl/%s", home, usual, name);
    return length < 0 ? NULL : path;
}

static struct config *load(const char *path, config_tell *tell, void *context, struct error *error)
{
    if (access(path, F_OK) != 0 && errno == ENOENT)
        return config_parse("", 0, path, tell, context, error);
    return config_load(path, tell, context, error);
}

struct config *config_load_user(const char *path, config_tell *tell, void *context,
                                struct error *error)
{
    char *own = path ? strdup(path) : user_path("XDG_CONFIG_HOME", ".config", "audiogenrl.conf");
    char *repertoire = user_path("XDG_DATA_HOME", ".local/share", "repertoire");
    struct config *config = NULL;
    if (!own || !repertoire) {
        error_set(error, "settings of a user need a home folder: set HOME");
        if (tell)
            tell(context, error->text);
    } else {
        config = path ? config_load(own, tell, context, error) : load(own, tell, context, error);
    }
    if (config && !config->correct.chosen) {
        free(config->correct.repertoire);
        config->correct.repertoire = repertoire;
        repertoire = NULL;
    }
    free(own);
    free(repertoire);
    return config;
}
