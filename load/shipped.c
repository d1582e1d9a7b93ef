/* Looked for beside the program: BUILD/tool/audiogenrl has BUILD/models, and
 * PREFIX/bin/audiogenrl PREFIX/share. */
#include "load/shipped.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char *beside_program(const char *place)
{
    char program[PATH_MAX];
    ssize_t length = readlink("/proc/self/exe", program, sizeof program - 1);
    char *path = NULL;
    for (int up = 0; up < 2 && length > 0; up++) {
        program[length] = '\0';
        char *slash = strrchr(program, '/');
        length = slash ? slash - program : 0;
    }
    if (length <= 0)
        return NULL;
    program[length] = '\0';
    return asprintf(&path, "%s/%s", program, place) < 0 ? NULL : path;
}

static char *if_there(char *path)
{
    if (path && access(path, R_OK) == 0)
        return path;
    free(path);
    return NULL;
}

char *shipped_model(void)
{
    char *path = if_there(beside_program("models/default.model"));
    if (!path)
        path = if_there(beside_program("share/audiogenrl/default.model"));
    if (!path)
        path = if_there(strdup(AUDIOGENRL_DEFAULT_MODEL));
    return path;
}
