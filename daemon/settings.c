/* One enumeration to another, value by value: neither side need know the other. */
#include "daemon/settings.h"

#include "midi/port_group.h"

#include <stdio.h>
#include <string.h>

enum correct_mode settings_mode(enum config_mode mode)
{
    static const enum correct_mode modes[] = {[CONFIG_MODE_OFF] = CORRECT_OFF,
                                              [CONFIG_MODE_SCALE] = CORRECT_SCALE,
                                              [CONFIG_MODE_CORRECT] = CORRECT_CORRECT,
                                              [CONFIG_MODE_GENERATE] = CORRECT_GENERATE};
    return modes[mode];
}

static struct filter_trigger trigger(const struct config_trigger *from)
{
    static const enum filter_trigger_kind kinds[] = {[CONFIG_TRIGGER_NONE] = FILTER_BY_NOTHING,
                                                     [CONFIG_TRIGGER_CC] = FILTER_BY_CONTROL,
                                                     [CONFIG_TRIGGER_NOTE] = FILTER_BY_KEY,
                                                     [CONFIG_TRIGGER_PROGRAM] = FILTER_BY_PROGRAM};
    return (struct filter_trigger){.kind = kinds[from->kind], .number = from->number};
}

struct filter_settings settings_of_filter(const struct config *config)
{
    static const enum clock_source sources[] = {[CONFIG_CLOCK_AUTO] = CLOCK_AUTO,
                                                [CONFIG_CLOCK_FIXED] = CLOCK_FIXED,
                                                [CONFIG_CLOCK_MIDI] = CLOCK_MIDI,
                                                [CONFIG_CLOCK_TAP] = CLOCK_TAP};
    struct filter_settings settings = filter_defaults();
    settings.channels = config->input.channels;
    settings.lowest = config->input.lowest;
    settings.highest = config->input.highest;
    settings.transpose = config->input.transpose;
    settings.correct.mode = settings_mode(config->correct.mode);
    if (config->correct.follow >= 0)
        settings.correct.follow = (float)config->correct.follow;
    if (config->correct.keep >= 0)
        settings.correct.keep = (float)config->correct.keep;
    settings.correct.key = config->correct.key;
    settings.correct.fade = config->correct.fade;
    settings.clock.source = sources[config->clock.source];
    settings.clock.tempo = config->clock.tempo;
    settings.toggle_bypass = trigger(&config->control.bypass);
    settings.panic = trigger(&config->control.panic);
    settings.next_mode = trigger(&config->control.mode);
    settings.tap = trigger(&config->control.tap);
    for (int mode = CONFIG_MODE_OFF; mode <= CONFIG_MODE_GENERATE; mode++)
        settings.set_mode[settings_mode((enum config_mode)mode)] =
            trigger(&config->control.set_mode[mode]);
    settings.wish[FILTER_NEXT_PIECE] = trigger(&config->control.next_piece);
    settings.wish[FILTER_PREVIOUS_PIECE] = trigger(&config->control.previous_piece);
    settings.wish[FILTER_LOCK_PIECE] = trigger(&config->control.lock_piece);
    settings.wish[FILTER_RECORD] = trigger(&config->control.record);
    settings.knob[FILTER_KNOB_FOLLOW] = trigger(&config->control.follow);
    settings.knob[FILTER_KNOB_KEEP] = trigger(&config->control.keep);
    settings.knob[FILTER_KNOB_TEMPO] = trigger(&config->control.tempo);
    return settings;
}

static struct port_names names(const struct config_names *from)
{
    return (struct port_names){.count = from->count,
                               .name = (const char *const *)from->name,
                               .any = from->count == 0 && !from->none};
}

struct port_settings settings_of_port(const struct config *config, bool virtual_clock)
{
    return (struct port_settings){.inputs = names(&config->inputs[0].connect),
                                  .outputs = names(&config->outputs[0].connect),
                                  .virtual_clock = virtual_clock};
}

static const struct port_ops *const backends[] = {[CONFIG_ALSA] = &port_alsa_ops,
                                                  [CONFIG_PORTMIDI] = &port_portmidi_ops,
                                                  [CONFIG_JACK] = &port_jack_ops,
                                                  [CONFIG_VIRTUAL] = &port_virtual_ops};

/* One port, and nothing done to its events. */
static bool is_plain(const struct config *config)
{
    const struct config_port *in = config->inputs, *out = config->outputs;
    bool plain = config->input_count == 1 && config->output_count == 1 &&
                 in->backend == out->backend && in->split < 0 && out->channels == 0xFFFF;
    for (uint8_t c = 0; c < 16; c++)
        plain &= in->map[c] == c && out->map[c] == c;
    return plain;
}

static const char *client_name(char *room, size_t size, const char *name)
{
    snprintf(room, size, *name ? "%s %s" : "%s", PORT_CLIENT_NAME, name);
    return room;
}

static struct port *open_group(const struct config *config, bool virtual_clock, struct error *error)
{
    _Static_assert((int)GROUP_PORTS == (int)CONFIG_MAX_PORTS, "as many as can be named");
    char room[2 * GROUP_PORTS][sizeof PORT_CLIENT_NAME + CONFIG_MAX_PORT_NAME + 1];
    struct group_settings group = {.inputs = config->input_count,
                                   .outputs = config->output_count,
                                   .virtual_clock = virtual_clock};
    for (size_t i = 0; i < config->input_count; i++) {
        const struct config_port *from = &config->inputs[i];
        struct group_input *to = &group.input[i];
        *to = (struct group_input){.ops = backends[from->backend],
                                   .names = names(&from->connect),
                                   .client = client_name(room[i], sizeof room[i], from->name),
                                   .split = from->split,
                                   .lower = from->lower};
        memcpy(to->map, from->map, sizeof to->map);
    }
    for (size_t i = 0; i < config->output_count; i++) {
        const struct config_port *from = &config->outputs[i];
        struct group_output *to = &group.output[i];
        char *own = room[GROUP_PORTS + i];
        *to = (struct group_output){.ops = backends[from->backend],
                                    .names = names(&from->connect),
                                    .client = client_name(own, sizeof room[0], from->name),
                                    .channels = from->channels};
        memcpy(to->map, from->map, sizeof to->map);
    }
    return port_group_open(&group, error);
}

struct port *settings_open_port(const struct config *config, bool virtual_clock,
                                struct error *error)
{
    if (!is_plain(config))
        return open_group(config, virtual_clock, error);
    const struct port_ops *ops = backends[config->inputs[0].backend];
    const struct port_settings settings = settings_of_port(config, virtual_clock);
    /* cppcheck-suppress returnDanglingLifetime; the port keeps copies */
    return ops->open(&settings, error);
}

static bool same_names(const struct config_names *a, const struct config_names *b)
{
    bool same = a->count == b->count && a->none == b->none;
    for (size_t i = 0; same && i < a->count; i++)
        same = strcmp(a->name[i], b->name[i]) == 0;
    return same;
}

static bool same_ports(const struct config_port *a, size_t as, const struct config_port *b,
                       size_t bs)
{
    bool same = as == bs;
    for (size_t i = 0; same && i < as; i++)
        same = strcmp(a[i].name, b[i].name) == 0 && a[i].backend == b[i].backend &&
               same_names(&a[i].connect, &b[i].connect) &&
               memcmp(a[i].map, b[i].map, sizeof a[i].map) == 0 && a[i].split == b[i].split &&
               a[i].lower == b[i].lower && a[i].channels == b[i].channels;
    return same;
}

enum settings_change settings_port_change(const struct config *old, const struct config *new)
{
    if (same_ports(old->inputs, old->input_count, new->inputs, new->input_count) &&
        same_ports(old->outputs, old->output_count, new->outputs, new->output_count))
        return SETTINGS_SAME;
    bool plain = is_plain(old) && is_plain(new) && old->inputs[0].backend == new->inputs[0].backend;
    return plain ? SETTINGS_CHOOSE : SETTINGS_REOPEN;
}

bool settings_read_files(const struct config *config)
{
    bool files = true;
    for (size_t i = 0; i < config->input_count; i++)
        files &= config->inputs[i].backend == CONFIG_VIRTUAL;
    return files;
}

/* Numbers out of files, unchanged: equal bit for bit or not the same. */
static bool same(double a, double b)
{
    return !(a < b) && !(a > b);
}

struct filter_settings settings_after_reload(const struct config *old, const struct config *new,
                                             const struct filter_settings *now)
{
    struct filter_settings settings = settings_of_filter(new);
    settings.bypass = now->bypass;
    if (old->correct.mode == new->correct.mode)
        settings.correct.mode = now->correct.mode;
    if (same(old->correct.follow, new->correct.follow))
        settings.correct.follow = now->correct.follow;
    if (same(old->correct.keep, new->correct.keep))
        settings.correct.keep = now->correct.keep;
    if (old->correct.fade == new->correct.fade)
        settings.correct.fade = now->correct.fade;
    if (old->input.transpose == new->input.transpose)
        settings.transpose = now->transpose;
    if (same(old->clock.tempo, new->clock.tempo))
        settings.clock.tempo = now->clock.tempo;
    return settings;
}
