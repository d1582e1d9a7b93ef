/* Buffers are of fixed size and generous; a test that needs more is told. */
#include "host.h"

#include "realtime.h"

#include <dlfcn.h>
#include <lv2/atom/atom.h>
#include <lv2/atom/forge.h>
#include <lv2/atom/util.h>
#include <lv2/core/lv2.h>
#include <lv2/log/log.h>
#include <lv2/midi/midi.h>
#include <lv2/patch/patch.h>
#include <lv2/state/state.h>
#include <lv2/time/time.h>
#include <lv2/urid/urid.h>
#include <lv2/worker/worker.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    URIDS = 64,
    BUFFER = 1 << 18,
    MESSAGES = 64,
    MESSAGE = 64,
    SENT = 1 << 16,
    TOLD = 16,
};

#define PLUGIN "urn:audiogenrl:corrector"

struct queue {
    size_t count;
    struct {
        uint32_t size;
        char data[MESSAGE];
    } message[MESSAGES];
};

struct host {
    void *module;
    const LV2_Descriptor *descriptor;
    LV2_Handle plugin;
    const LV2_Worker_Interface *work;
    const LV2_State_Interface *state;
    enum host_worker worker;
    double rate;
    uint64_t frames;
    float control[HOST_PORTS];
    uint32_t room;
    LV2_Atom_Forge forge;
    LV2_Atom_Forge_Frame sequence;
    bool raw, muted;
    uint64_t in[BUFFER / 8], out[BUFFER / 8];
    struct queue asked, answered;
    size_t sent, told;
    struct host_event *event;
    struct host_told tells[TOLD];
    char logged[1024];
    LV2_URID_Map map;
    LV2_Worker_Schedule schedule;
    LV2_Log_Log log;
};

static char *urid[URIDS];

static void demand(bool good, const char *what)
{
    if (good)
        return;
    fprintf(stderr, "host: %s\n", what);
    abort();
}

/* --- Features --- */

static LV2_URID map_uri(LV2_URID_Map_Handle handle, const char *uri)
{
    (void)handle;
    size_t i = 0;
    for (; i < URIDS && urid[i]; i++)
        if (strcmp(urid[i], uri) == 0)
            return (LV2_URID)i + 1;
    demand(i < URIDS, "too many URIs");
    urid[i] = strdup(uri);
    return (LV2_URID)i + 1;
}

static const char *unmap(LV2_URID number)
{
    return number > 0 && number <= URIDS && urid[number - 1] ? urid[number - 1] : "";
}

static LV2_Worker_Status queue_add(struct queue *queue, uint32_t size, const void *data)
{
    demand(size <= MESSAGE, "a message is too large");
    if (queue->count == MESSAGES)
        return LV2_WORKER_ERR_NO_SPACE;
    queue->message[queue->count].size = size;
    memcpy(queue->message[queue->count++].data, data, size);
    return LV2_WORKER_SUCCESS;
}

static LV2_Worker_Status respond(LV2_Worker_Respond_Handle handle, uint32_t size, const void *data)
{
    struct host *host = handle;
    if (host->worker == HOST_AT_ONCE)
        return host->work->work_response(host->plugin, size, data);
    return queue_add(&host->answered, size, data);
}

static LV2_Worker_Status schedule(LV2_Worker_Schedule_Handle handle, uint32_t size,
                                  const void *data)
{
    struct host *host = handle;
    if (host->worker == HOST_LATER)
        return queue_add(&host->asked, size, data);
    bool watched = realtime_watch(false);
    LV2_Worker_Status status = host->work->work(host->plugin, respond, host, size, data);
    realtime_watch(watched);
    return status;
}

static int log_vprintf(LV2_Log_Handle handle, LV2_URID type, const char *format, va_list arguments)
    __attribute__((format(printf, 3, 0)));
static int log_printf(LV2_Log_Handle handle, LV2_URID type, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static int log_vprintf(LV2_Log_Handle handle, LV2_URID type, const char *format, va_list arguments)
{
    struct host *host = handle;
    (void)type;
    return vsnprintf(host->logged, sizeof host->logged, format, arguments);
}

static int log_printf(LV2_Log_Handle handle, LV2_URID type, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    int length = log_vprintf(handle, type, format, arguments);
    va_end(arguments);
    return length;
}

/* --- Start and end --- */

static void begin_block(struct host *host)
{
    lv2_atom_forge_set_buffer(&host->forge, (uint8_t *)host->in, sizeof host->in);
    lv2_atom_forge_sequence_head(&host->forge, &host->sequence, 0);
    host->raw = false;
}

static void connect(struct host *host)
{
    const float usual[HOST_PORTS] = {[HOST_ENABLED] = 1, [HOST_MODE] = 2, [HOST_FOLLOW] = 1};
    host->descriptor->connect_port(host->plugin, 0, host->in);
    host->descriptor->connect_port(host->plugin, 1, host->out);
    for (uint32_t port = HOST_ENABLED; port < HOST_PORTS; port++) {
        host->control[port] = usual[port];
        host->descriptor->connect_port(host->plugin, port, &host->control[port]);
    }
}

static void instantiate(struct host *host, const char *bundle)
{
    const LV2_Feature map = {LV2_URID__map, &host->map},
                      worker = {LV2_WORKER__schedule, &host->schedule},
                      log = {LV2_LOG__log, &host->log};
    const LV2_Feature *with[] = {&map, &log, &worker, NULL}, *without[] = {&map, &log, NULL};
    host->plugin = host->descriptor->instantiate(host->descriptor, host->rate, bundle,
                                                 host->worker == HOST_WITHOUT ? without : with);
    demand(host->plugin, "the plugin is not instantiated");
    host->work = host->descriptor->extension_data(LV2_WORKER__interface);
    host->state = host->descriptor->extension_data(LV2_STATE__interface);
    demand(host->work && host->state, "an extension is missing");
}

struct host *host_open(const char *module, const char *bundle, double rate, enum host_worker worker)
{
    struct host *host = calloc(1, sizeof *host);
    demand(host && (host->event = calloc(SENT, sizeof *host->event)), "out of memory");
    host->module = dlopen(module, RTLD_NOW | RTLD_LOCAL);
    demand(host->module, dlerror());
    LV2_Descriptor_Function describe;
    *(void **)&describe = dlsym(host->module, "lv2_descriptor");
    demand(describe && describe(0) && !describe(1), "not one plugin in the module");
    host->descriptor = describe(0);
    demand(strcmp(host->descriptor->URI, PLUGIN) == 0, "the plugin has another URI");
    host->rate = rate;
    host->worker = worker;
    host->room = 1 << 16;
    host->map = (LV2_URID_Map){host, map_uri};
    host->schedule = (LV2_Worker_Schedule){host, schedule};
    host->log = (LV2_Log_Log){host, log_printf, log_vprintf};
    lv2_atom_forge_init(&host->forge, &host->map);
    instantiate(host, bundle);
    connect(host);
    begin_block(host);
    if (host->descriptor->activate)
        host->descriptor->activate(host->plugin);
    return host;
}

void host_close(struct host *host)
{
    host->descriptor->deactivate(host->plugin);
    host->descriptor->cleanup(host->plugin);
    /* The module stays loaded: what a profile keeps of it is then no leak. */
    free(host->event);
    free(host);
    for (size_t i = 0; i < URIDS; i++) {
        free(urid[i]);
        urid[i] = NULL;
    }
}

void host_restart(struct host *host)
{
    host->descriptor->deactivate(host->plugin);
    if (host->descriptor->activate)
        host->descriptor->activate(host->plugin);
}

void *host_symbol(const struct host *host, const char *name)
{
    return dlsym(host->module, name);
}

void host_control(struct host *host, enum host_port port, float value)
{
    host->control[port] = value;
}

void host_room(struct host *host, uint32_t bytes)
{
    host->room = bytes;
}

/* --- Blocks --- */

void host_midi(struct host *host, uint32_t frame, const uint8_t *bytes, size_t length)
{
    lv2_atom_forge_frame_time(&host->forge, frame);
    lv2_atom_forge_atom(&host->forge, (uint32_t)length, map_uri(NULL, LV2_MIDI__MidiEvent));
    demand(lv2_atom_forge_write(&host->forge, bytes, (uint32_t)length), "the block is full");
}

void host_set_path(struct host *host, uint32_t frame, const char *property, const char *path)
{
    LV2_Atom_Forge_Frame object;
    lv2_atom_forge_frame_time(&host->forge, frame);
    lv2_atom_forge_object(&host->forge, &object, 0, map_uri(NULL, LV2_PATCH__Set));
    lv2_atom_forge_key(&host->forge, map_uri(NULL, LV2_PATCH__property));
    lv2_atom_forge_urid(&host->forge, map_uri(NULL, property));
    lv2_atom_forge_key(&host->forge, map_uri(NULL, LV2_PATCH__value));
    demand(lv2_atom_forge_path(&host->forge, path, (uint32_t)strlen(path)), "the block is full");
    lv2_atom_forge_pop(&host->forge, &object);
}

void host_get(struct host *host, uint32_t frame, const char *property)
{
    LV2_Atom_Forge_Frame object;
    lv2_atom_forge_frame_time(&host->forge, frame);
    lv2_atom_forge_object(&host->forge, &object, 0, map_uri(NULL, LV2_PATCH__Get));
    if (property) {
        lv2_atom_forge_key(&host->forge, map_uri(NULL, LV2_PATCH__property));
        lv2_atom_forge_urid(&host->forge, map_uri(NULL, property));
    }
    lv2_atom_forge_pop(&host->forge, &object);
}

void host_position(struct host *host, uint32_t frame, double speed, double tempo, double beat)
{
    LV2_Atom_Forge_Frame object;
    lv2_atom_forge_frame_time(&host->forge, frame);
    lv2_atom_forge_object(&host->forge, &object, 0, map_uri(NULL, LV2_TIME__Position));
    if (!isnan(speed)) {
        lv2_atom_forge_key(&host->forge, map_uri(NULL, LV2_TIME__speed));
        lv2_atom_forge_float(&host->forge, (float)speed);
    }
    if (!isnan(tempo)) {
        lv2_atom_forge_key(&host->forge, map_uri(NULL, LV2_TIME__beatsPerMinute));
        lv2_atom_forge_float(&host->forge, (float)tempo);
    }
    if (!isnan(beat)) {
        lv2_atom_forge_key(&host->forge, map_uri(NULL, LV2_TIME__beat));
        lv2_atom_forge_double(&host->forge, beat);
    }
    lv2_atom_forge_pop(&host->forge, &object);
}

void host_raw(struct host *host, const void *bytes, size_t length)
{
    LV2_Atom_Sequence *sequence = (LV2_Atom_Sequence *)host->in;
    demand(length <= sizeof host->in - sizeof *sequence, "too many bytes");
    sequence->atom.size = (uint32_t)(sizeof sequence->body + length);
    memcpy(sequence + 1, bytes, length);
    host->raw = true;
}

static void take_told(struct host *host, const LV2_Atom *atom)
{
    const LV2_Atom *property = NULL, *value = NULL;
    const LV2_Atom_Object *object = (const LV2_Atom_Object *)atom;
    lv2_atom_object_get(object, map_uri(NULL, LV2_PATCH__property), &property,
                        map_uri(NULL, LV2_PATCH__value), &value, 0);
    if (strcmp(unmap(object->body.otype), LV2_PATCH__Set) != 0 || !property || !value) {
        demand(false, "the plugin told something else than a value");
        return;
    }
    demand(host->told < TOLD, "too much was told");
    struct host_told *told = &host->tells[host->told++];
    snprintf(told->property, sizeof told->property, "%s",
             unmap(((const LV2_Atom_URID *)property)->body));
    snprintf(told->path, sizeof told->path, "%s", (const char *)(value + 1));
}

static void take_sent(struct host *host, const LV2_Atom_Event *event, uint32_t frames)
{
    demand(event->time.frames >= 0 && (event->time.frames < frames || frames == 0),
           "an event lies outside of its block");
    if (strcmp(unmap(event->body.type), LV2_MIDI__MidiEvent) != 0) {
        take_told(host, &event->body);
        return;
    }
    if (host->muted)
        return;
    demand(host->sent < SENT, "too many events");
    struct host_event *sent = &host->event[host->sent++];
    sent->seconds = (double)(host->frames + (uint64_t)event->time.frames) / host->rate;
    sent->length = event->body.size;
    memcpy(sent->byte, &event->body + 1,
           sent->length < sizeof sent->byte ? sent->length : sizeof sent->byte);
}

static void take_block(struct host *host, uint32_t frames)
{
    const LV2_Atom_Sequence *out = (const LV2_Atom_Sequence *)host->out;
    int64_t last = 0;
    demand(out->atom.size <= host->room, "more was written than there was room");
    LV2_ATOM_SEQUENCE_FOREACH(out, event)
    {
        demand(event->time.frames >= last, "events are not in order");
        last = event->time.frames;
        take_sent(host, event, frames);
    }
}

void host_run(struct host *host, uint32_t frames)
{
    LV2_Atom_Sequence *out = (LV2_Atom_Sequence *)host->out;
    if (!host->raw)
        lv2_atom_forge_pop(&host->forge, &host->sequence);
    out->atom.size = host->room;
    out->atom.type = 0;
    realtime_watch(true);
    host->descriptor->run(host->plugin, frames);
    for (size_t i = 0; i < host->answered.count; i++)
        host->work->work_response(host->plugin, host->answered.message[i].size,
                                  host->answered.message[i].data);
    realtime_watch(false);
    host->answered.count = 0;
    take_block(host, frames);
    host->frames += frames;
    begin_block(host);
}

void host_advance(struct host *host, uint64_t frame, uint32_t block)
{
    while (host->frames < frame) {
        uint64_t left = frame - host->frames;
        host_run(host, left < block ? (uint32_t)left : block);
    }
}

uint64_t host_frames(const struct host *host)
{
    return host->frames;
}

size_t host_work(struct host *host)
{
    struct queue asked = host->asked;
    host->asked.count = 0;
    for (size_t i = 0; i < asked.count; i++)
        host->work->work(host->plugin, respond, host, asked.message[i].size, asked.message[i].data);
    return asked.count;
}

unsigned host_faults(void)
{
    return realtime_faults();
}

size_t host_sent(const struct host *host, const struct host_event **event)
{
    *event = host->event;
    return host->sent;
}

size_t host_told(const struct host *host, const struct host_told **told)
{
    *told = host->tells;
    return host->told;
}

void host_forget(struct host *host)
{
    host->sent = host->told = 0;
    host->logged[0] = '\0';
}

void host_mute(struct host *host, bool muted)
{
    host->muted = muted;
}

const char *host_logged(const struct host *host)
{
    return host->logged;
}

/* --- State --- */

static char *abstract_path(LV2_State_Map_Path_Handle handle, const char *path)
{
    char *abstract = NULL;
    (void)handle;
    demand(asprintf(&abstract, "~%s", path) > 0, "out of memory");
    return abstract;
}

static char *absolute_path(LV2_State_Map_Path_Handle handle, const char *path)
{
    (void)handle;
    demand(*path == '~', "a path is not as the host has mapped it");
    return strdup(path + 1);
}

static const LV2_State_Map_Path map_path = {NULL, abstract_path, absolute_path};
static const LV2_Feature map_path_feature = {LV2_STATE__mapPath, (void *)&map_path};
static const LV2_Feature *const state_features[] = {&map_path_feature, NULL};

static LV2_State_Status store(LV2_State_Handle handle, uint32_t key, const void *value, size_t size,
                              uint32_t type, uint32_t flags)
{
    struct host_state *state = handle;
    const char *name = unmap(key), *text = value;
    bool style = strcmp(name, PLUGIN "#style") == 0;
    demand(style || strcmp(name, PLUGIN "#repertoire") == 0, "an unknown key was saved");
    demand(flags & LV2_STATE_IS_POD && text[size - 1] == '\0' && size <= sizeof state->style,
           "what was saved is no text");
    if (style && !*text)
        state->no_style = strcmp(unmap(type), LV2_ATOM__String) == 0;
    else
        strcpy(style ? state->style : state->repertoire, text);
    return LV2_STATE_SUCCESS;
}

void host_save(struct host *host, struct host_state *state)
{
    *state = (struct host_state){.no_style = false};
    demand(host->state->save(host->plugin, store, state, LV2_STATE_IS_POD, state_features) ==
               LV2_STATE_SUCCESS,
           "the state was not saved");
}

static const void *retrieve(LV2_State_Handle handle, uint32_t key, size_t *size, uint32_t *type,
                            uint32_t *flags)
{
    const struct host_state *state = handle;
    bool style = strcmp(unmap(key), PLUGIN "#style") == 0;
    const char *text = style ? state->style : state->repertoire;
    *size = strlen(text) + 1;
    *type = map_uri(NULL, style && state->no_style ? LV2_ATOM__String : LV2_ATOM__Path);
    *flags = LV2_STATE_IS_POD;
    return *text || (style && state->no_style) ? text : NULL;
}

int host_restore(struct host *host, const struct host_state *state)
{
    return host->state->restore(host->plugin, retrieve, (void *)state, LV2_STATE_IS_POD,
                                state_features) == LV2_STATE_SUCCESS
               ? 0
               : -1;
}
