/* The file is small and written seldom, when a user asks for it: by the main thread. */
#include "daemon/devices.h"

#include "base/infile.h"
#include "base/outfile.h"
#include "daemon/log.h"
#include "daemon/settings.h"

#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static const char *const keys[DEVICES_SIDES] = {"input", "output"};

struct devices {
    char *path;                  /* NULL: nothing is remembered */
    char *chosen[DEVICES_SIDES]; /* NULL: what the settings say */
};

static void read_file(struct devices *devices)
{
    struct error error;
    json_error_t fault;
    size_t length;
    char *text = infile_read(devices->path, 4096, &length, &error);
    if (!text && errno == ENOENT)
        return;
    json_t *all = text ? json_loadb(text, length, JSON_REJECT_DUPLICATES, &fault) : NULL;
    if (!all)
        log_say(LOG_WARNING, "%s: cannot be read; devices are those of the settings",
                devices->path);
    for (int side = 0; side < DEVICES_SIDES; side++) {
        const char *name = json_string_value(json_object_get(all, keys[side]));
        if (name && *name && strlen(name) <= DEVICES_NAME)
            devices->chosen[side] = strdup(name);
    }
    json_decref(all);
    free(text);
}

struct devices *devices_open(const char *folder, struct error *error)
{
    struct devices *devices = calloc(1, sizeof *devices);
    if (devices && folder && asprintf(&devices->path, "%s/devices.json", folder) < 0) {
        free(devices);
        devices = NULL;
    }
    if (!devices) {
        error_set(error, "out of memory");
        return NULL;
    }
    if (folder) {
        (void)mkdir(folder, 0700); /* where it cannot be, writing says so */
        read_file(devices);
    }
    return devices;
}

void devices_close(struct devices *devices)
{
    if (!devices)
        return;
    for (int side = 0; side < DEVICES_SIDES; side++)
        free(devices->chosen[side]);
    free(devices->path);
    free(devices);
}

json_t *devices_describe(const struct devices *devices)
{
    return json_pack("{s:s?, s:s?}", keys[DEVICES_INPUT], devices->chosen[DEVICES_INPUT],
                     keys[DEVICES_OUTPUT], devices->chosen[DEVICES_OUTPUT]);
}

static void write_file(const struct devices *devices)
{
    struct error error = {"out of memory"};
    json_t *all = devices_describe(devices);
    char *text = all ? json_dumps(all, JSON_COMPACT) : NULL;
    json_decref(all);
    if (!text || outfile_write_durable(devices->path, text, strlen(text), &error) != 0)
        log_say(LOG_WARNING, "devices are not remembered over a restart: %s", error.text);
    free(text);
}

int devices_choose(struct devices *devices, enum devices_side side, const char *name,
                   struct error *error)
{
    bool automatic = strcmp(name, "auto") == 0;
    char *copy = automatic ? NULL : strdup(name);
    if (!automatic && !copy)
        return error_set(error, "out of memory");
    free(devices->chosen[side]);
    devices->chosen[side] = copy;
    if (devices->path)
        write_file(devices);
    return 0;
}

/* A pattern without a sign of its own stands for all names that it is a part of: the first letter
 * or digit is written as a set. */
char *devices_pattern(const char *name)
{
    char *pattern = malloc(2 * strlen(name) + 3);
    char *to = pattern;
    bool set = false;
    for (const char *at = name; pattern && *at; at++) {
        if (!set && isalnum((unsigned char)*at)) {
            set = true;
            *to++ = '[';
            *to++ = *at;
            *to++ = ']';
            continue;
        }
        if (strchr("*?[]\\", *at))
            *to++ = '\\';
        *to++ = *at;
    }
    if (pattern)
        *to = '\0';
    return pattern;
}

static int replace(struct config_names *names, const char *chosen, struct error *error)
{
    char *pattern = devices_pattern(chosen);
    if (!pattern)
        return error_set(error, "out of memory");
    for (size_t i = 0; i < names->count; i++)
        free(names->name[i]);
    *names = (struct config_names){.count = 1, .name = {pattern}};
    return 0;
}

int devices_apply(const struct devices *devices, struct config *config, struct error *error)
{
    struct config_names *names[DEVICES_SIDES] = {&config->inputs[0].connect,
                                                 &config->outputs[0].connect};
    for (int side = 0; side < DEVICES_SIDES; side++)
        if (devices->chosen[side] && !settings_read_files(config) &&
            replace(names[side], devices->chosen[side], error) != 0)
            return -1;
    return 0;
}
