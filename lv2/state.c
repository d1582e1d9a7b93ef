/* Paths go through the host's map, so that a session can be moved with its files. */
#include "lv2/state.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const void *feature(const LV2_Feature *const *features, const char *name)
{
    for (; features && *features; features++)
        if (strcmp((*features)->URI, name) == 0)
            return (*features)->data;
    return NULL;
}

static void free_path(const LV2_Feature *const *features, char *path)
{
    const LV2_State_Free_Path *host = feature(features, LV2_STATE__freePath);
    if (host)
        host->free_path(host->handle, path);
    else
        free(path);
}

static LV2_State_Status save_path(LV2_URID key, LV2_URID type, const char *path,
                                  LV2_State_Store_Function store, LV2_State_Handle handle,
                                  const LV2_Feature *const *features)
{
    const LV2_State_Map_Path *map = feature(features, LV2_STATE__mapPath);
    char *mapped = map && path[0] ? map->abstract_path(map->handle, path) : NULL;
    const char *written = mapped ? mapped : path;
    uint32_t flags = LV2_STATE_IS_POD | (mapped ? LV2_STATE_IS_PORTABLE : 0);
    LV2_State_Status status = store(handle, key, written, strlen(written) + 1, type, flags);
    if (mapped)
        free_path(features, mapped);
    return status;
}

LV2_State_Status state_save(const struct uris *uris, const struct library_paths *paths,
                            const char *standard, LV2_State_Store_Function store,
                            LV2_State_Handle handle, const LV2_Feature *const *features)
{
    LV2_State_Status status = LV2_STATE_SUCCESS;
    if (paths->repertoire[0])
        status = save_path(uris->repertoire, uris->atom_path, paths->repertoire, store, handle,
                           features);
    if (status != LV2_STATE_SUCCESS || strcmp(paths->style, standard) == 0)
        return status;
    /* An empty path is none: it is written as a word. */
    return save_path(uris->style, paths->style[0] ? uris->atom_path : uris->atom_string,
                     paths->style, store, handle, features);
}

/* Into `path`, which stays as it is where there is nothing. */
static LV2_State_Status restore_path(const struct uris *uris, LV2_URID key, char path[PATH_MAX],
                                     LV2_State_Retrieve_Function retrieve, LV2_State_Handle handle,
                                     const LV2_Feature *const *features)
{
    const LV2_State_Map_Path *map = feature(features, LV2_STATE__mapPath);
    size_t size = 0;
    uint32_t type = 0, flags = 0;
    const char *value = retrieve(handle, key, &size, &type, &flags);
    if (!value)
        return LV2_STATE_SUCCESS;
    if ((type != uris->atom_path && type != uris->atom_string) || size == 0 || size > PATH_MAX ||
        value[size - 1] != '\0')
        return LV2_STATE_ERR_BAD_TYPE;
    char *mapped = map && type == uris->atom_path ? map->absolute_path(map->handle, value) : NULL;
    int length = snprintf(path, PATH_MAX, "%s", mapped ? mapped : value);
    if (mapped)
        free_path(features, mapped);
    return length < PATH_MAX ? LV2_STATE_SUCCESS : LV2_STATE_ERR_BAD_TYPE;
}

LV2_State_Status state_restore(const struct uris *uris, struct library_paths *paths,
                               const char *standard, LV2_State_Retrieve_Function retrieve,
                               LV2_State_Handle handle, const LV2_Feature *const *features)
{
    struct library_paths found = {{0}, {0}};
    snprintf(found.style, sizeof found.style, "%s", standard);
    LV2_State_Status status =
        restore_path(uris, uris->repertoire, found.repertoire, retrieve, handle, features);
    if (status == LV2_STATE_SUCCESS)
        status = restore_path(uris, uris->style, found.style, retrieve, handle, features);
    if (status == LV2_STATE_SUCCESS)
        *paths = found;
    return status;
}
