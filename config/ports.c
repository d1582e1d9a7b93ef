/* A section is found by its name, and its keys by a table. */
#include "config/ports.h"

#include "config/value.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

static const char *const backend_names[] = {"alsa", "portmidi", "jack", "virtual"};

#define COUNT(array) ((int)(sizeof(array) / sizeof *(array)))

const char *config_backend_name(enum config_backend backend)
{
    return backend_names[backend];
}

/* --- Sections --- */

/* The name behind "input" or "output", "" for none; NULL: it is no such section. */
static const char *name_of(const char *section, size_t length, bool *output)
{
    static const char *const sides[] = {"input", "output"};
    for (int side = 0; side < 2; side++) {
        size_t own = strlen(sides[side]);
        if (length < own || strncmp(section, sides[side], own) != 0)
            continue;
        *output = side == 1;
        const char *name = section + own;
        size_t rest = length - own;
        if (rest == 0)
            return name;
        if (*name != ' ' || rest < 2 || rest - 1 > CONFIG_MAX_PORT_NAME)
            return NULL;
        for (size_t i = 1; i < rest; i++)
            if (!isalnum((unsigned char)name[i]) && !strchr("-_", name[i]))
                return NULL;
        return name + 1;
    }
    return NULL;
}

bool config_is_port(const char *section, size_t length)
{
    bool output = false;
    return name_of(section, length, &output) != NULL;
}

struct config_port *config_port_add(struct config *config, bool output, const char *name,
                                    size_t length)
{
    struct config_port *ports = output ? config->outputs : config->inputs;
    size_t *count = output ? &config->output_count : &config->input_count;
    for (size_t i = 0; i < *count; i++)
        if (strlen(ports[i].name) == length && memcmp(ports[i].name, name, length) == 0)
            return &ports[i];
    if (*count == CONFIG_MAX_PORTS)
        return NULL;
    struct config_port *port = &ports[(*count)++];
    memcpy(port->name, name, length);
    port->split = -1;
    port->channels = 0xFFFF;
    for (uint8_t c = 0; c < 16; c++)
        port->map[c] = c;
    return port;
}

/* --- Keys --- */

typedef int port_set(struct config_port *port, const char *text, struct error *error);

static int set_backend(struct config_port *port, const char *text, struct error *error)
{
    int word = 0;
    if (value_word(text, backend_names, COUNT(backend_names), &word, error) != 0)
        return -1;
    port->backend = (enum config_backend)word;
    return 0;
}

static int add_name(struct config_port *port, const char *text, struct error *error)
{
    struct config_names *names = &port->connect;
    if (*text == '\0')
        return error_set(error, "expected a pattern for names of ports, found nothing");
    bool none = strcmp(text, "none") == 0;
    if (names->none || (none && names->count > 0))
        return error_set(error, "expected patterns, or none alone");
    names->none = none;
    if (none)
        return 0;
    if (names->count == CONFIG_MAX_PATTERNS)
        return error_set(error, "expected at most %d patterns", CONFIG_MAX_PATTERNS);
    names->name[names->count] = strdup(text);
    if (!names->name[names->count])
        return error_set(error, "out of memory");
    names->count++;
    return 0;
}

static int set_map(struct config_port *port, const char *text, struct error *error)
{
    return value_map(text, port->map, error);
}

static int set_split(struct config_port *port, const char *text, struct error *error)
{
    return value_split(text, &port->split, &port->lower, error);
}

static int set_channels(struct config_port *port, const char *text, struct error *error)
{
    return value_channels(text, &port->channels, error);
}

static const struct {
    const char *section;
    const char *name;
    port_set *set;
    bool repeatable;
} keys[CONFIG_PORT_KEYS] = {
    {"input", "backend", set_backend, false},  {"input", "connect", add_name, true},
    {"input", "map", set_map, false},          {"input", "split", set_split, false},
    {"output", "backend", set_backend, false}, {"output", "connect", add_name, true},
    {"output", "map", set_map, false},         {"output", "channels", set_channels, false},
};

int config_port_key(struct config *config, const char *section, const char *key, const char *value,
                    int line, struct error *error)
{
    bool output = false;
    const char *name = name_of(section, strlen(section), &output);
    int k = 0;
    while (k < CONFIG_PORT_KEYS && (!name || (strcmp(keys[k].section, "output") == 0) != output ||
                                    strcmp(keys[k].name, key) != 0))
        k++;
    if (k == CONFIG_PORT_KEYS)
        return 1;
    struct config_port *port = config_port_add(config, output, name, strlen(name));
    if (!port)
        return error_set(error, "expected at most %d sections of this kind", CONFIG_MAX_PORTS);
    if (port->given[k] && !keys[k].repeatable)
        return error_set(error, "was given in line %d already", port->given[k]);
    if (keys[k].set(port, value, error) != 0)
        return -1;
    port->given[k] = line;
    return 0;
}

/* --- The whole --- */

/* Where others are named, the first one does not take everything there is. */
static void complete(struct config_port *ports, size_t count, enum config_backend backend)
{
    if (count > 1 && ports[0].connect.count == 0)
        ports[0].connect.none = true;
    for (size_t i = 0; i < count; i++) {
        bool own = false;
        for (int k = 0; k < CONFIG_PORT_KEYS; k++)
            own |= keys[k].set == set_backend && ports[i].given[k];
        if (!own)
            ports[i].backend = backend;
    }
}

void config_ports_complete(struct config *config)
{
    enum config_backend backend = config->inputs[0].backend;
    complete(config->inputs, config->input_count, backend);
    complete(config->outputs, config->output_count, backend);
}

static void free_names(struct config_port *ports, size_t count)
{
    for (size_t i = 0; i < count; i++)
        for (size_t k = 0; k < ports[i].connect.count; k++)
            free(ports[i].connect.name[k]);
}

void config_ports_free(struct config *config)
{
    free_names(config->inputs, config->input_count);
    free_names(config->outputs, config->output_count);
}
