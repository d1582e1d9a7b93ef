/* What all kinds of ports share: names, and silencing a synth. */
#include "midi/port.h"

#include "midi/control.h"

#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>

static bool matches(const char *pattern, const char *text)
{
    if (strpbrk(pattern, "*?["))
        return fnmatch(pattern, text, FNM_CASEFOLD) == 0;
    return strcasestr(text, pattern) != NULL;
}

bool port_matches(const char *pattern, const char *client, const char *name)
{
    char both[1024]; /* more than any kind of port has; JACK's are the longest, 512 */
    size_t length = strlen(client);
    if (matches(pattern, client) || matches(pattern, name))
        return true;
    if (length + strlen(name) + 2 > sizeof both)
        return false;
    memcpy(both, client, length);
    both[length] = ':';
    strcpy(both + length + 1, name);
    return matches(pattern, both);
}

bool port_matches_any(const struct port_names *patterns, const char *client, const char *name)
{
    for (size_t i = 0; i < patterns->count; i++)
        if (port_matches(patterns->name[i], client, name))
            return true;
    return false;
}

void port_names_free(struct port_names *names)
{
    for (size_t i = 0; i < names->count; i++)
        free((char *)names->name[i]);
    free((void *)names->name);
    *names = (struct port_names){0};
}

/* -1: out of memory, nothing to free. */
static int names_copy(struct port_names *to, const struct port_names *from)
{
    const char **copy = calloc(from->count + 1, sizeof *copy);
    *to = (struct port_names){.name = copy, .any = from->any};
    for (; copy && to->count < from->count; to->count++)
        if (!(copy[to->count] = strdup(from->name[to->count]))) {
            port_names_free(to);
            return -1;
        }
    return copy ? 0 : -1;
}

int port_names_keep(struct port_names *inputs, struct port_names *outputs,
                    const struct port_settings *settings)
{
    struct port_names new_inputs, new_outputs;
    if (names_copy(&new_inputs, &settings->inputs) != 0)
        return -1;
    if (names_copy(&new_outputs, &settings->outputs) != 0) {
        port_names_free(&new_inputs);
        return -1;
    }
    port_names_free(inputs);
    port_names_free(outputs);
    *inputs = new_inputs;
    *outputs = new_outputs;
    return 0;
}

void port_silence(struct port *port, double seconds)
{
    static const uint8_t controls[][2] = {{CC_SUSTAIN, 0}, {CC_NOTES_OFF, 0}, {CC_SOUND_OFF, 0}};
    for (uint8_t channel = 0; channel < 16; channel++)
        for (size_t i = 0; i < sizeof controls / sizeof *controls; i++) {
            const struct midi_event event = {.seconds = seconds,
                                             .status = MIDI_CONTROL_CHANGE | channel,
                                             .data = controls[i],
                                             .length = 2};
            port->ops->greet(port, &event);
        }
}
