/* The ports, the blocks of the host, and how they become the filter's events.
 *
 * run() and the worker's answers are for the audio thread: they allocate nothing, take no
 * lock and touch no file. Ports are read once a block. Time is the number of
 * frames since the plugin was made. */
#include "lv2/plugin.h"

#include "lv2/exchange.h"
#include "lv2/message.h"
#include "lv2/outbox.h"
#include "lv2/state.h"

#include <lv2/atom/util.h>
#include <lv2/log/log.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* As audiogenrl.ttl numbers them. */
enum port {
    PORT_IN,
    PORT_OUT,
    PORT_ENABLED,
    PORT_BYPASS,
    PORT_MODE,
    PORT_FOLLOW,
    PORT_KEEP,
    PORT_PANIC,
    PORTS,
};

struct plugin {
    struct uris uris;
    double rate;     /* frames a second */
    uint64_t frames; /* before this block */
    const LV2_Log_Log *log;
    const LV2_Atom_Sequence *in;
    LV2_Atom_Sequence *out;
    const float *control[PORTS]; /* NULL: not connected */
    struct filter *filter;
    struct filter_settings settings; /* as they were last given to the filter */
    bool panic;                      /* the port was pressed in the last block */
    bool rolling;                    /* the host's transport */
    double next_beat;                /* of the host, seconds; INFINITY: not known */
    struct outbox outbox;
    struct exchange exchange;
    char standard[PATH_MAX]; /* the installed style; "": there is none */
};

/* --- Time --- */

static double seconds_at(const struct plugin *plugin, uint64_t frame)
{
    return (double)(plugin->frames + frame) / plugin->rate;
}

/* The frame of this block that a time lies in. */
static uint32_t frame_of(const struct plugin *plugin, double seconds)
{
    double frame = round(seconds * plugin->rate) - (double)plugin->frames;
    return frame > 0 ? (uint32_t)fmin(frame, UINT32_MAX) : 0;
}

static void send(void *context, const struct midi_event *event)
{
    struct plugin *plugin = context;
    outbox_send(&plugin->outbox, frame_of(plugin, event->seconds), event);
}

/* --- Settings --- */

static float read_port(const struct plugin *plugin, enum port port, float fallback)
{
    const float *value = plugin->control[port];
    return value && isfinite(*value) ? *value : fallback;
}

static bool is_on(const struct plugin *plugin, enum port port, bool fallback)
{
    return read_port(plugin, port, fallback ? 1 : 0) > 0.5F;
}

static bool is_same(const struct filter_settings *a, const struct filter_settings *b)
{
    return a->bypass == b->bypass && a->correct.mode == b->correct.mode &&
           !(a->correct.follow < b->correct.follow || a->correct.follow > b->correct.follow) &&
           !(a->correct.keep < b->correct.keep || a->correct.keep > b->correct.keep) &&
           a->clock.source == b->clock.source &&
           !(a->clock.tempo < b->clock.tempo || a->clock.tempo > b->clock.tempo);
}

static void set(struct plugin *plugin, const struct filter_settings *settings)
{
    if (!is_same(&plugin->settings, settings) && filter_set(plugin->filter, settings, NULL) == 0)
        plugin->settings = *settings;
}

static void read_ports(struct plugin *plugin)
{
    const struct correct_settings usual = correct_defaults();
    struct filter_settings settings = plugin->settings;
    float mode = roundf(read_port(plugin, PORT_MODE, (float)usual.mode));
    settings.bypass = is_on(plugin, PORT_BYPASS, false) || !is_on(plugin, PORT_ENABLED, true);
    settings.correct.mode = (enum correct_mode)fminf(fmaxf(mode, CORRECT_OFF), CORRECT_GENERATE);
    settings.correct.follow = fminf(fmaxf(read_port(plugin, PORT_FOLLOW, usual.follow), 0), 100);
    settings.correct.keep = fminf(fmaxf(read_port(plugin, PORT_KEEP, usual.keep), 0), 100);
    set(plugin, &settings);
    bool panic = is_on(plugin, PORT_PANIC, false);
    if (panic && !plugin->panic)
        filter_release_all(plugin->filter, seconds_at(plugin, 0));
    plugin->panic = panic;
}

/* --- What the host says --- */

/* While the host rolls, the beat is the host's, unless it is too slow or too fast for the clock;
 * else it is found from the playing. */
static void take_position(struct plugin *plugin, const struct message_position *position,
                          double seconds)
{
    struct filter_settings settings = plugin->settings;
    if (isfinite(position->speed))
        plugin->rolling = position->speed > 0;
    double unit =
        isfinite(position->beat_unit) && position->beat_unit > 0 ? position->beat_unit : 4;
    double tempo = position->tempo * 4 / unit; /* quarters a minute */
    if (isfinite(position->speed) && position->speed > 0)
        tempo *= position->speed;
    plugin->next_beat = HUGE_VAL;
    if (!plugin->rolling || !isnan(tempo)) {
        const struct clock_settings host = {.source = CLOCK_FIXED, .tempo = tempo};
        bool fits = plugin->rolling && clock_check(&host, NULL) == 0;
        double beat = position->beat * 4 / unit;
        settings.clock = fits ? host : clock_defaults();
        if (fits && isfinite(beat))
            plugin->next_beat = seconds + (ceil(beat) - beat) * 60 / tempo;
    }
    set(plugin, &settings);
}

static char *path_of(struct plugin *plugin, LV2_URID property)
{
    return property == plugin->uris.repertoire ? plugin->exchange.paths.repertoire
           : property == plugin->uris.style    ? plugin->exchange.paths.style
                                               : NULL;
}

static void take_path(struct plugin *plugin, const struct message *message)
{
    char *path = path_of(plugin, message->property);
    if (!path || message->length >= PATH_MAX)
        return;
    memcpy(path, message->text, message->length);
    path[message->length] = '\0';
    plugin->exchange.unasked = true;
    exchange_post(&plugin->exchange);
}

static void tell_path(struct plugin *plugin, const struct message *message, uint32_t frame)
{
    const LV2_URID all[] = {plugin->uris.repertoire, plugin->uris.style};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        if (message->property == 0 || message->property == all[i])
            outbox_tell(&plugin->outbox, frame, all[i], path_of(plugin, all[i]));
}

static void take_message(struct plugin *plugin, const LV2_Atom *atom, uint32_t frame)
{
    struct message message;
    if (!message_read(&plugin->uris, atom, &message))
        return;
    if (message.kind == MESSAGE_POSITION)
        take_position(plugin, &message.position, seconds_at(plugin, frame));
    else if (message.kind == MESSAGE_SET)
        take_path(plugin, &message);
    else
        tell_path(plugin, &message, frame);
}

/* --- Blocks --- */

/* What happens by itself until a time: the host's beat, a device that has gone silent. */
static void wait_until(struct plugin *plugin, double seconds)
{
    if (plugin->next_beat <= seconds) {
        double beat = plugin->next_beat;
        plugin->next_beat = HUGE_VAL;
        filter_wait(plugin->filter, beat);
        filter_tap(plugin->filter, beat);
    }
    filter_wait(plugin->filter, seconds);
}

static void take_midi(struct plugin *plugin, const LV2_Atom *atom, uint32_t frame)
{
    const uint8_t *byte = (const uint8_t *)(atom + 1);
    bool later = byte[0] < 0x80 || byte[0] == MIDI_SYSEX_ESCAPE;
    const struct midi_event event = {
        .seconds = seconds_at(plugin, frame),
        .status = later ? MIDI_SYSEX_ESCAPE : byte[0],
        .data = byte + !later,
        .length = atom->size - !later,
    };
    wait_until(plugin, event.seconds);
    filter_event(plugin->filter, &event);
    filter_settle(plugin->filter);
}

static void take_events(struct plugin *plugin, uint32_t frames)
{
    const char *body = (const char *)&plugin->in->body;
    uint32_t size = plugin->in->atom.size, offset = sizeof(LV2_Atom_Sequence_Body);
    while (size > offset && size - offset >= sizeof(LV2_Atom_Event)) {
        const LV2_Atom_Event *event = (const void *)(body + offset);
        uint32_t room = size - offset - (uint32_t)sizeof *event;
        int64_t time = event->time.frames;
        if (event->body.size > room)
            return;
        uint32_t frame = time <= 0 || frames == 0 ? 0 : time < frames ? (uint32_t)time : frames - 1;
        if (event->body.type == plugin->uris.midi_event && event->body.size > 0)
            take_midi(plugin, &event->body, frame);
        else
            take_message(plugin, &event->body, frame);
        if (room < lv2_atom_pad_size(event->body.size))
            return;
        offset += (uint32_t)sizeof *event + lv2_atom_pad_size(event->body.size);
    }
}

static void run(LV2_Handle handle, uint32_t frames)
{
    struct plugin *plugin = handle;
    if (!plugin->in || !plugin->out)
        return;
    outbox_begin(&plugin->outbox, plugin->out);
    read_ports(plugin);
    take_events(plugin, frames);
    if (frames > 0)
        wait_until(plugin, seconds_at(plugin, frames - 1));
    exchange_post(&plugin->exchange);
    outbox_end(&plugin->outbox);
    plugin->frames += frames;
}

/* Notes that are held end here, so that a release that comes later has nothing to end; and no
 * strike that still waits is sent later, for its release would not come. */
static void deactivate(LV2_Handle handle)
{
    struct plugin *plugin = handle;
    filter_release_all(plugin->filter, seconds_at(plugin, 0));
    outbox_clear(&plugin->outbox);
}

static void connect_port(LV2_Handle handle, uint32_t port, void *data)
{
    struct plugin *plugin = handle;
    if (port == PORT_IN)
        plugin->in = data;
    else if (port == PORT_OUT)
        plugin->out = data;
    else if (port < PORTS)
        plugin->control[port] = data;
}

/* --- Start and end --- */

/* What the library has to say; not on the audio thread. */
static void say(void *context, int priority, const char *sentence)
{
    const struct plugin *plugin = context;
    LV2_URID type = priority <= LOG_ERR       ? plugin->uris.log_error
                    : priority <= LOG_WARNING ? plugin->uris.log_warning
                                              : plugin->uris.log_note;
    if (plugin->log)
        plugin->log->printf(plugin->log->handle, type, "AudioGenRL: %s\n", sentence);
}

/* The style beside the plugin, else the installed one. */
static void find_standard(char path[PATH_MAX], const char *bundle)
{
    int length = snprintf(path, PATH_MAX, "%s/default.model", bundle ? bundle : ".");
    if (length < PATH_MAX && access(path, R_OK) == 0)
        return;
    snprintf(path, PATH_MAX, "%s", AUDIOGENRL_DEFAULT_MODEL);
    if (access(path, R_OK) != 0)
        path[0] = '\0';
}

static void cleanup(LV2_Handle handle)
{
    struct plugin *plugin = handle;
    exchange_close(&plugin->exchange);
    filter_close(plugin->filter);
    library_close(plugin->exchange.library);
    free(plugin);
}

static int open_parts(struct plugin *plugin, struct error *error)
{
    struct exchange *exchange = &plugin->exchange;
    plugin->settings = filter_defaults();
    plugin->next_beat = HUGE_VAL;
    plugin->outbox.uris = &plugin->uris;
    memcpy(exchange->paths.style, plugin->standard, PATH_MAX);
    plugin->filter = exchange->filter = filter_open(&plugin->settings, send, plugin, error);
    exchange->library = plugin->filter ? library_open(&exchange->paths, say, plugin, error) : NULL;
    if (!exchange->library)
        return -1;
    exchange_start(exchange);
    return 0;
}

static LV2_Handle instantiate(const LV2_Descriptor *descriptor, double rate, const char *bundle,
                              const LV2_Feature *const *features)
{
    struct error error = {""};
    const LV2_URID_Map *map = NULL;
    struct plugin *plugin = calloc(1, sizeof *plugin);
    (void)descriptor;
    for (; plugin && features && *features; features++) {
        if (strcmp((*features)->URI, LV2_URID__map) == 0)
            map = (*features)->data;
        else if (strcmp((*features)->URI, LV2_WORKER__schedule) == 0)
            plugin->exchange.schedule = (*features)->data;
        else if (strcmp((*features)->URI, LV2_LOG__log) == 0)
            plugin->log = (*features)->data;
    }
    if (!plugin || !map || !(rate > 0)) {
        free(plugin);
        return NULL;
    }
    plugin->rate = rate;
    uris_map(&plugin->uris, map);
    find_standard(plugin->standard, bundle);
    if (open_parts(plugin, &error) == 0)
        return plugin;
    say(plugin, LOG_ERR, error.text);
    cleanup(plugin);
    return NULL;
}

/* --- Extensions --- */

static LV2_Worker_Status work(LV2_Handle handle, LV2_Worker_Respond_Function respond,
                              LV2_Worker_Respond_Handle to, uint32_t size, const void *data)
{
    struct plugin *plugin = handle;
    return exchange_work(&plugin->exchange, respond, to, size, data);
}

static LV2_Worker_Status work_response(LV2_Handle handle, uint32_t size, const void *data)
{
    struct plugin *plugin = handle;
    return exchange_answer(&plugin->exchange, size, data);
}

static LV2_State_Status save(LV2_Handle handle, LV2_State_Store_Function store, LV2_State_Handle to,
                             uint32_t flags, const LV2_Feature *const *features)
{
    struct plugin *plugin = handle;
    struct library_paths paths;
    (void)flags;
    library_chosen(plugin->exchange.library, &paths);
    return state_save(&plugin->uris, &paths, plugin->standard, store, to, features);
}

static LV2_State_Status restore(LV2_Handle handle, LV2_State_Retrieve_Function retrieve,
                                LV2_State_Handle from, uint32_t flags,
                                const LV2_Feature *const *features)
{
    struct plugin *plugin = handle;
    struct library_paths paths;
    (void)flags;
    LV2_State_Status status =
        state_restore(&plugin->uris, &paths, plugin->standard, retrieve, from, features);
    if (status == LV2_STATE_SUCCESS)
        exchange_restore(&plugin->exchange, &paths);
    return status;
}

static const void *extension_data(const char *uri)
{
    static const LV2_Worker_Interface worker = {work, work_response, NULL};
    static const LV2_State_Interface state = {save, restore};
    if (strcmp(uri, LV2_WORKER__interface) == 0)
        return &worker;
    return strcmp(uri, LV2_STATE__interface) == 0 ? &state : NULL;
}

const LV2_Descriptor *plugin_descriptor(void)
{
    static const LV2_Descriptor descriptor = {.URI = URIS_PLUGIN,
                                              .instantiate = instantiate,
                                              .connect_port = connect_port,
                                              .run = run,
                                              .deactivate = deactivate,
                                              .cleanup = cleanup,
                                              .extension_data = extension_data};
    return &descriptor;
}
