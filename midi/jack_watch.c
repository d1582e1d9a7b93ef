/* Ports wait by their names until they can be connected, or are gone. */
#include "midi/jack_watch.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The library writes aliases of up to jack_port_name_size() bytes: 320 in JACK, 513 in PipeWire. */
enum { NAME = 1024, ALIASES = 2, WAITING = 256 };

#define THROUGH "Midi Through"

struct jack_watch {
    const struct jack_library *jack;
    jack_client_t *client;
    jack_port_t *input, *output;
    struct port_names inputs, outputs;
    char *waiting[WAITING]; /* names of ports */
    size_t count;
};

/* A port under all of its names. */
struct named {
    int count;
    char name[1 + ALIASES][NAME]; /* CLIENT:PORT */
};

static void read_names(const struct jack_watch *watch, const char *full, struct named *named)
{
    char alias[ALIASES][NAME];
    char *aliases[ALIASES] = {alias[0], alias[1]};
    jack_port_t *port = watch->jack->port_by_name(watch->client, full);
    bool fits = watch->jack->port_name_size() <= NAME;
    int count = port && fits ? watch->jack->port_get_aliases(port, aliases) : 0;
    snprintf(named->name[0], NAME, "%s", full);
    named->count = 1;
    for (int i = 0; i < count && i < ALIASES; i++)
        snprintf(named->name[named->count++], NAME, "%.*s", NAME - 1, aliases[i]);
}

/* The two parts of a name, in `room`. */
static const char *split(char room[NAME], const char *full)
{
    snprintf(room, NAME, "%s", full);
    char *colon = strchr(room, ':');
    if (!colon)
        return room;
    *colon = '\0';
    return colon + 1;
}

static bool is_named(const struct named *named, const struct port_names *names)
{
    bool found = false;
    for (int i = 0; i < named->count && !found; i++) {
        char client[NAME];
        const char *port = split(client, named->name[i]);
        found = port_matches_any(names, client, port);
    }
    return found;
}

static const char **list_ports(const struct jack_watch *watch, unsigned long flags)
{
    return watch->jack->get_ports(watch->client, NULL, JACK_DEFAULT_MIDI_TYPE, flags);
}

/* Whether a port of the list is of the client that `name` is of; before it, if `before`. */
static bool has_client(const char *const *list, const char *name, bool before)
{
    size_t length = strcspn(name, ":") + 1;
    for (; list && *list && !(before && strcmp(*list, name) == 0); list++)
        if (strncmp(*list, name, length) == 0)
            return true;
    return false;
}

static bool is_wanted(const struct jack_watch *watch, const char *name, bool output)
{
    struct named named;
    const struct port_names *names = output ? &watch->outputs : &watch->inputs;
    jack_port_t *port = watch->jack->port_by_name(watch->client, name);
    if (!port || watch->jack->port_is_mine(watch->client, port))
        return false;
    read_names(watch, name, &named);
    if (!names->any)
        return is_named(&named, names);
    if (strncmp(name, PORT_CLIENT_NAME, strlen(PORT_CLIENT_NAME)) == 0)
        return false;
    bool hardware = watch->jack->port_flags(port) & JackPortIsPhysical;
    if (!output) {
        bool through = false;
        for (int i = 0; i < named.count; i++)
            through |= strcasestr(named.name[i], THROUGH) != NULL;
        return hardware && !through;
    }
    if (hardware)
        return false;
    const char **sources = list_ports(watch, JackPortIsOutput);
    const char **sinks = list_ports(watch, JackPortIsInput);
    bool synth = !has_client(sources, name, false) && !has_client(sinks, name, true);
    watch->jack->free(sources);
    watch->jack->free(sinks);
    return synth;
}

/* Whether the port is done with: connected, not wanted, or gone. */
static bool settle_port(struct jack_watch *watch, const char *name, port_say *say, void *context)
{
    char sentence[2 * NAME];
    jack_port_t *port = watch->jack->port_by_name(watch->client, name);
    bool output = port && watch->jack->port_flags(port) & JackPortIsInput;
    jack_port_t *own = output ? watch->output : watch->input;
    const char *ours = own ? watch->jack->port_name(own) : NULL;
    if (!port || !own || watch->jack->port_connected_to(own, name) ||
        !is_wanted(watch, name, output))
        return true;
    if (watch->jack->connect(watch->client, output ? ours : name, output ? name : ours) != 0)
        return false;
    snprintf(sentence, sizeof sentence, "%s: connected %.*s", output ? "output" : "input", NAME,
             name);
    say(context, sentence);
    return true;
}

void jack_watch_run(struct jack_watch *watch, port_say *say, void *context)
{
    size_t left = 0;
    for (size_t i = 0; i < watch->count; i++) {
        if (settle_port(watch, watch->waiting[i], say, context))
            free(watch->waiting[i]);
        else
            watch->waiting[left++] = watch->waiting[i];
    }
    watch->count = left;
}

static void add_name(struct jack_watch *watch, const char *name)
{
    for (size_t i = 0; i < watch->count; i++)
        if (strcmp(watch->waiting[i], name) == 0)
            return;
    char *copy = watch->count < WAITING ? strdup(name) : NULL;
    if (copy)
        watch->waiting[watch->count++] = copy;
}

void jack_watch_add(struct jack_watch *watch, jack_port_id_t id)
{
    jack_port_t *port = watch->jack->port_by_id(watch->client, id);
    const char *name = port ? watch->jack->port_name(port) : NULL;
    if (name)
        add_name(watch, name);
}

static void add_all(struct jack_watch *watch)
{
    const char **names = list_ports(watch, 0);
    for (const char **name = names; name && *name; name++)
        add_name(watch, *name);
    watch->jack->free(names);
}

int jack_watch_choose(struct jack_watch *watch, const struct port_settings *settings, port_say *say,
                      void *context)
{
    if (port_names_keep(&watch->inputs, &watch->outputs, settings) != 0)
        return -1;
    add_all(watch);
    jack_watch_run(watch, say, context);
    return 0;
}

struct jack_watch *jack_watch_open(const struct jack_library *jack, jack_client_t *client,
                                   jack_port_t *input, jack_port_t *output,
                                   const struct port_settings *settings, struct error *error)
{
    struct jack_watch *watch = calloc(1, sizeof *watch);
    if (!watch) {
        error_set(error, "out of memory");
        return NULL;
    }
    *watch = (struct jack_watch){.jack = jack, .client = client, .input = input, .output = output};
    if (port_names_keep(&watch->inputs, &watch->outputs, settings) == 0) {
        add_all(watch);
        return watch;
    }
    error_set(error, "out of memory");
    free(watch);
    return NULL;
}

void jack_watch_close(struct jack_watch *watch)
{
    if (!watch)
        return;
    for (size_t i = 0; i < watch->count; i++)
        free(watch->waiting[i]);
    port_names_free(&watch->inputs);
    port_names_free(&watch->outputs);
    free(watch);
}

/* Hardware goes by its alias, the device's name. */
void jack_watch_list(struct jack_watch *watch, port_tell *tell, void *context)
{
    const char **names = list_ports(watch, 0);
    for (const char **full = names; full && *full; full++) {
        struct named named;
        char client[NAME];
        jack_port_t *port = watch->jack->port_by_name(watch->client, *full);
        if (!port)
            continue;
        read_names(watch, *full, &named);
        bool sink = watch->jack->port_flags(port) & JackPortIsInput;
        const char *name = split(client, named.name[named.count > 1]);
        const struct port_info info = {
            .client = client,
            .name = name,
            .source = !sink,
            .sink = sink,
            .feeds_input =
                !sink && watch->input && watch->jack->port_connected_to(watch->input, *full),
            .hears_output =
                sink && watch->output && watch->jack->port_connected_to(watch->output, *full)};
        tell(context, &info);
    }
    watch->jack->free(names);
}
