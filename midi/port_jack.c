/* JACK: client `AudioGenRL` with the ports `input` and `output`; a server of JACK or of
 * PipeWire.
 *
 * The process callback, a real-time thread of the library's, moves messages between the
 * ports' buffers and two wires (midi/wire.h), and wakes the thread that runs the filter. What
 * comes in at a frame of one period goes out at the same frame of the next: later by
 * one period, always. Who connects is told by a thread of the library's, which only counts. */
#include "midi/port.h"

#include "base/eventfd.h"
#include "midi/jack_watch.h"
#include "midi/wire.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
    CLOSING_MS = 200, /* how long the last messages have to go out */
    MICROSECONDS = 1000000,
};

struct jack_port {
    struct port port;
    const struct jack_library *jack;
    jack_client_t *client;
    jack_port_t *input, *output;
    struct jack_watch *watch;
    int wake;    /* readable: there is news for the real-time thread */
    int changes; /* readable: ports have come or gone */

    /* By threads of the library for the real-time thread. */
    atomic_uint inputs_lost, outputs_found, outputs_lost, overruns, dropped;
    atomic_bool ended;
    struct wire *in, *out;
    struct wire *came; /* numbers of ports, from the library's notifications to the main thread */

    int feeders, hearers; /* connections that were told of; the library's notifications' alone */

    uint8_t message[WIRE_MESSAGE]; /* read last */
};

static struct jack_port *jack(const struct port *port)
{
    return (struct jack_port *)port;
}

/* --- Threads of the library --- */

static void read_input(struct jack_port *self, jack_nframes_t frames, jack_nframes_t begin)
{
    void *buffer = self->jack->port_get_buffer(self->input, frames);
    uint32_t count = self->jack->midi_get_event_count(buffer);
    bool lost = self->jack->midi_get_lost_event_count(buffer) > 0;
    for (uint32_t i = 0; i < count; i++) {
        jack_midi_event_t event;
        if (self->jack->midi_event_get(&event, buffer, i) != 0)
            continue;
        jack_time_t time = self->jack->frames_to_time(self->client, begin + event.time);
        lost |= event.size > WIRE_MESSAGE || !wire_write(self->in, (double)time / MICROSECONDS, -1,
                                                         event.buffer, (uint32_t)event.size);
    }
    if (lost)
        atomic_fetch_add_explicit(&self->overruns, 1, memory_order_release);
    if (lost || count > 0)
        eventfd_signal(self->wake);
}

/* The frame of this period where a message stands that was stamped one period before. */
static jack_nframes_t place_of(const struct jack_port *self, double seconds, jack_nframes_t frames,
                               jack_nframes_t begin)
{
    jack_nframes_t stamped =
        self->jack->time_to_frames(self->client, (jack_time_t)(seconds * MICROSECONDS + .5));
    int32_t place = (int32_t)(stamped + frames - begin); /* counters wrap */
    return place < 0 ? 0 : (jack_nframes_t)place < frames ? (jack_nframes_t)place : frames - 1;
}

static void write_output(struct jack_port *self, jack_nframes_t frames, jack_nframes_t begin)
{
    void *buffer = self->jack->port_get_buffer(self->output, frames);
    jack_nframes_t last = 0;
    uint32_t length = 0;
    double seconds = 0;
    bool empty = true;
    self->jack->midi_clear_buffer(buffer);
    while (wire_peek(self->out, &seconds, &length)) {
        jack_nframes_t place = place_of(self, seconds, frames, begin);
        if (place < last)
            place = last;
        uint8_t *bytes = self->jack->midi_event_reserve(buffer, place, length);
        if (!bytes && !empty)
            return; /* in the next period */
        if (!bytes)
            atomic_fetch_add_explicit(&self->dropped, 1, memory_order_release);
        wire_read(self->out, bytes);
        last = place;
        empty = false;
    }
}

static int process(jack_nframes_t frames, void *context)
{
    struct jack_port *self = context;
    jack_nframes_t begin = self->jack->last_frame_time(self->client);
    if (self->output)
        write_output(self, frames, begin);
    if (self->input)
        read_input(self, frames, begin);
    return 0;
}

static int connections(const struct jack_port *self, const jack_port_t *port)
{
    return port ? self->jack->port_connected(port) : 0;
}

/* Whether one of two ports is ours; `own` NULL: there is none. */
static bool is_one(const jack_port_t *own, const jack_port_t *first, const jack_port_t *second)
{
    return own && (first == own || second == own);
}

/* Not all servers tell of the connections of a client that goes; that there are fewer is seen. */
static void recount(struct jack_port *self)
{
    int feeders = connections(self, self->input), hearers = connections(self, self->output);
    if (feeders < self->feeders)
        atomic_fetch_add_explicit(&self->inputs_lost, 1, memory_order_release);
    if (hearers < self->hearers)
        atomic_fetch_add_explicit(&self->outputs_lost, 1, memory_order_release);
    if (feeders < self->feeders || hearers < self->hearers)
        eventfd_signal(self->wake);
    self->feeders = feeders;
    self->hearers = hearers;
}

/* The two ports come in any order. */
static void on_connect(jack_port_id_t a, jack_port_id_t b, int connected, void *context)
{
    struct jack_port *self = context;
    const jack_port_t *first = self->jack->port_by_id(self->client, a);
    const jack_port_t *second = self->jack->port_by_id(self->client, b);
    if (is_one(self->input, first, second) && !connected)
        atomic_fetch_add_explicit(&self->inputs_lost, 1, memory_order_release);
    if (is_one(self->output, first, second))
        atomic_fetch_add_explicit(connected ? &self->outputs_found : &self->outputs_lost, 1,
                                  memory_order_release);
    self->feeders = connections(self, self->input);
    self->hearers = connections(self, self->output);
    eventfd_signal(self->wake);
}

/* A client that was made before takes connections now. */
static int on_order(void *context)
{
    struct jack_port *self = context;
    recount(self);
    eventfd_signal(self->changes);
    return 0;
}

static void on_registration(jack_port_id_t port, int registered, void *context)
{
    struct jack_port *self = context;
    uint8_t number[sizeof port];
    memcpy(number, &port, sizeof port);
    if (registered)
        (void)wire_write(self->came, 0, -1, number, sizeof number);
    recount(self);
    eventfd_signal(self->changes);
}

static void on_shutdown(void *context)
{
    struct jack_port *self = context;
    atomic_store_explicit(&self->ended, true, memory_order_release);
    eventfd_signal(self->wake);
}

/* --- Start and end --- */

/* The messages that stop what sounds are still on their way. */
static void drain(struct jack_port *self)
{
    const struct timespec moment = {.tv_nsec = 1000000};
    for (int i = 0; i < CLOSING_MS && !atomic_load(&self->ended); i++) {
        if (wire_is_empty(self->out))
            break;
        nanosleep(&moment, NULL);
    }
    /* What is in the buffer of a period goes out with it. */
    nanosleep(&(struct timespec){.tv_nsec = 20000000}, NULL);
}

static void jack_close(struct port *port)
{
    struct jack_port *self = jack(port);
    if (self->watch) /* else it was never opened whole */
        drain(self);
    if (self->client) {
        self->jack->deactivate(self->client);
        self->jack->client_close(self->client);
    }
    jack_watch_close(self->watch);
    eventfd_close(self->wake);
    eventfd_close(self->changes);
    free(self->in);
    free(self->out);
    free(self->came);
    free(self);
}

static int make_client(struct jack_port *self, const struct port_settings *settings,
                       struct error *error)
{
    jack_status_t status = 0;
    self->client = self->jack->client_open(settings->client ? settings->client : PORT_CLIENT_NAME,
                                           JackNoStartServer, &status);
    if (!self->client)
        return error_set(error, status & JackServerFailed
                                    ? "JACK: no server is running for this user"
                                    : "JACK: the server takes no client");
    if (!settings->no_input)
        self->input = self->jack->port_register(self->client, "input", JACK_DEFAULT_MIDI_TYPE,
                                                JackPortIsInput, 0);
    if (!settings->no_output)
        self->output = self->jack->port_register(self->client, "output", JACK_DEFAULT_MIDI_TYPE,
                                                 JackPortIsOutput, 0);
    if ((!self->input && !settings->no_input) || (!self->output && !settings->no_output))
        return error_set(error, "JACK: cannot make ports");
    self->jack->on_shutdown(self->client, on_shutdown, self);
    if (self->jack->set_process_callback(self->client, process, self) != 0 ||
        self->jack->set_port_connect_callback(self->client, on_connect, self) != 0 ||
        self->jack->set_port_registration_callback(self->client, on_registration, self) != 0 ||
        self->jack->set_graph_order_callback(self->client, on_order, self) != 0 ||
        self->jack->activate(self->client) != 0)
        return error_set(error, "JACK: cannot begin");
    return 0;
}

static struct wire *make_wire(void)
{
    struct wire *wire = aligned_alloc(_Alignof(struct wire), sizeof *wire);
    if (wire)
        memset(wire, 0, sizeof *wire);
    return wire;
}

static struct port *jack_open(const struct port_settings *settings, struct error *error)
{
    const struct jack_library *library = jack_library(error);
    struct jack_port *self = library ? calloc(1, sizeof *self) : NULL;
    if (!self) {
        if (library)
            error_set(error, "out of memory");
        return NULL;
    }
    self->port.ops = &port_jack_ops;
    self->jack = library;
    self->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    self->changes = eventfd(1, EFD_CLOEXEC | EFD_NONBLOCK);
    self->in = make_wire();
    self->out = make_wire();
    self->came = make_wire();
    if (self->wake < 0 || self->changes < 0 || !self->in || !self->out || !self->came)
        error_set(error, "JACK: cannot begin: %s", strerror(errno));
    else if (make_client(self, settings, error) == 0 &&
             (self->watch = jack_watch_open(library, self->client, self->input, self->output,
                                            settings, error)))
        return &self->port;
    jack_close(&self->port);
    return NULL;
}

/* --- The real-time thread --- */

static int jack_descriptor(const struct port *port)
{
    return jack(port)->wake;
}

static double jack_now(const struct port *port)
{
    return (double)jack(port)->jack->get_time() / MICROSECONDS;
}

/* One of those that were counted. */
static bool take_one(atomic_uint *count)
{
    if (atomic_load_explicit(count, memory_order_acquire) == 0)
        return false;
    atomic_fetch_sub_explicit(count, 1, memory_order_relaxed);
    return true;
}

static bool is_counted(const atomic_uint *count)
{
    return atomic_load_explicit(count, memory_order_acquire) > 0;
}

static enum port_news take_message(struct jack_port *self, struct midi_event *event)
{
    uint32_t length = 0;
    double seconds = 0;
    while (wire_peek(self->in, &seconds, &length)) {
        wire_read(self->in, self->message);
        if (length == 0 || self->message[0] < 0x80)
            continue;
        *event = (struct midi_event){.seconds = seconds,
                                     .status = self->message[0],
                                     .data = self->message + 1,
                                     .length = length - 1};
        return PORT_EVENT;
    }
    return PORT_NOTHING;
}

/* What came in before a loss is taken before it, for the loss has all keys released: losses are
 * looked for first, and told of when there is no message left. */
static enum port_news take_news(struct jack_port *self, struct midi_event *event)
{
    if (take_one(&self->outputs_lost))
        return PORT_OUTPUT_LOST;
    if (take_one(&self->outputs_found))
        return PORT_OUTPUT_FOUND;
    bool lost = is_counted(&self->inputs_lost), overrun = is_counted(&self->overruns);
    if (take_message(self, event) == PORT_EVENT)
        return PORT_EVENT;
    if (lost && take_one(&self->inputs_lost))
        return PORT_INPUT_LOST;
    return overrun && take_one(&self->overruns) ? PORT_OVERRUN : PORT_NOTHING;
}

static enum port_news jack_read(struct port *port, struct midi_event *event)
{
    struct jack_port *self = jack(port);
    for (int turn = 0; turn < 2; turn++) {
        enum port_news news = take_news(self, event);
        if (news != PORT_NOTHING)
            return news;
        if (atomic_load_explicit(&self->ended, memory_order_acquire)) {
            error_set(&port->fault, "JACK: the server has ended");
            return PORT_ENDED;
        }
        /* What comes from now on wakes again; what came just before is looked for once more. */
        eventfd_clear(self->wake);
    }
    return PORT_NOTHING;
}

static int jack_write(struct port *port, const struct midi_event *event)
{
    int status = event->status == MIDI_SYSEX_ESCAPE ? -1 : event->status;
    return wire_write(jack(port)->out, event->seconds, status, event->data, event->length) ? 0 : -1;
}

static int jack_flush(struct port *port)
{
    return (int)atomic_exchange_explicit(&jack(port)->dropped, 0, memory_order_acquire);
}

/* --- The main thread --- */

static int jack_watch_descriptor(const struct port *port)
{
    return jack(port)->changes;
}

static void jack_look(struct port *port, port_say *say, void *context)
{
    struct jack_port *self = jack(port);
    uint8_t number[sizeof(jack_port_id_t)];
    uint32_t length = 0;
    double none = 0;
    eventfd_clear(self->changes);
    while (wire_peek(self->came, &none, &length)) {
        jack_port_id_t came = 0;
        wire_read(self->came, number);
        memcpy(&came, number, sizeof came);
        if (!atomic_load(&self->ended))
            jack_watch_add(self->watch, came);
    }
    if (!atomic_load(&self->ended))
        jack_watch_run(self->watch, say, context);
}

static int jack_choose(struct port *port, const struct port_settings *settings, port_say *say,
                       void *context)
{
    return jack_watch_choose(jack(port)->watch, settings, say, context);
}

static void jack_list(struct port *port, port_tell *tell, void *context)
{
    if (!atomic_load(&jack(port)->ended))
        jack_watch_list(jack(port)->watch, tell, context);
}

const struct port_ops port_jack_ops = {
    .name = "jack",
    .open = jack_open,
    .close = jack_close,
    .descriptor = jack_descriptor,
    .read = jack_read,
    .write = jack_write,
    .flush = jack_flush,
    .greet = jack_write,
    .now = jack_now,
    .watch_descriptor = jack_watch_descriptor,
    .watch = jack_look,
    .choose = jack_choose,
    .list = jack_list,
};
