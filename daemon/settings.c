/* One enumeration to another, value by value: neither side need know the other. */
#include "daemon/settings.h"

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
    return (struct port_settings){.inputs = names(&config->input.connect),
                                  .outputs = names(&config->output.connect),
                                  .virtual_clock = virtual_clock};
}

const struct port_ops *settings_backend(const struct config *config)
{
    static const struct port_ops *const backends[] = {[CONFIG_ALSA] = &port_alsa_ops,
                                                      [CONFIG_PORTMIDI] = &port_portmidi_ops,
                                                      [CONFIG_JACK] = &port_jack_ops,
                                                      [CONFIG_VIRTUAL] = &port_virtual_ops};
    return backends[config->input.backend];
}

bool settings_same_names(const struct config_names *a, const struct config_names *b)
{
    bool same = a->count == b->count && a->none == b->none;
    for (size_t i = 0; same && i < a->count; i++)
        same = strcmp(a->name[i], b->name[i]) == 0;
    return same;
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
