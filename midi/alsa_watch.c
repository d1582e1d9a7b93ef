/* Outputs are connected before inputs, so that of a pattern on both sides the
 * synth comes first and a Midi Through is then left out as an input. */
#include "midi/alsa_watch.h"

#include <alsa/asoundlib.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define THROUGH "Midi Through"

struct alsa_watch {
    snd_seq_t *seq;
    int own; /* client number of this handle */
    snd_seq_addr_t input;
    snd_seq_addr_t output;
    struct port_names inputs;
    struct port_names outputs;
    bool fresh; /* nothing was connected yet */
};

static void say_nothing(const char *file, int line, const char *function, int code,
                        const char *format, ...)
{
    (void)file;
    (void)line;
    (void)function;
    (void)code;
    (void)format;
}

void alsa_be_silent(void)
{
    snd_lib_error_set_handler(say_nothing);
}

int alsa_explain(int code, struct error *error)
{
    switch (-code) {
    case ENOENT:
    case ENODEV:
    case ENXIO:
        return error_set(error,
                         "/dev/snd/seq: is not there (%s); the kernel module snd-seq is "
                         "missing: modprobe snd-seq, or add it to /etc/modules-load.d",
                         strerror(-code));
    case EACCES:
        return error_set(error,
                         "/dev/snd/seq: may not be opened (%s); the user must be in the "
                         "group audio",
                         strerror(-code));
    case EPERM:
        return error_set(error,
                         "/dev/snd/seq: is refused (%s); the unit's DeviceAllow must name it",
                         strerror(-code));
    default:
        return error_set(error, "/dev/snd/seq: cannot be opened: %s", snd_strerror(code));
    }
}

static int open_listener(struct alsa_watch *watch, struct error *error)
{
    int code = snd_seq_open(&watch->seq, "default", SND_SEQ_OPEN_DUPLEX, SND_SEQ_NONBLOCK);
    if (code < 0) {
        watch->seq = NULL;
        return alsa_explain(code, error);
    }
    watch->own = snd_seq_client_id(watch->seq);
    snd_seq_set_client_name(watch->seq, "Watch of " PORT_CLIENT_NAME);
    int port = snd_seq_create_simple_port(watch->seq, "announcements",
                                          SND_SEQ_PORT_CAP_WRITE | SND_SEQ_PORT_CAP_NO_EXPORT,
                                          SND_SEQ_PORT_TYPE_APPLICATION);
    if (port >= 0)
        code = snd_seq_connect_from(watch->seq, port, SND_SEQ_CLIENT_SYSTEM,
                                    SND_SEQ_PORT_SYSTEM_ANNOUNCE);
    if (port < 0 || code < 0)
        return error_set(error, "ALSA sequencer: cannot hear its announcements: %s",
                         snd_strerror(port < 0 ? port : code));
    return 0;
}

struct alsa_watch *alsa_watch_open(int client, int input, int output,
                                   const struct port_settings *settings, struct error *error)
{
    struct alsa_watch *watch = calloc(1, sizeof *watch);
    if (!watch) {
        error_set(error, "out of memory");
        return NULL;
    }
    watch->input = (snd_seq_addr_t){(unsigned char)client, (unsigned char)input};
    watch->output = (snd_seq_addr_t){(unsigned char)client, (unsigned char)output};
    watch->fresh = true;
    if (alsa_watch_choose(watch, settings, NULL, NULL) != 0)
        error_set(error, "out of memory");
    else if (open_listener(watch, error) == 0)
        return watch;
    alsa_watch_close(watch);
    return NULL;
}

void alsa_watch_close(struct alsa_watch *watch)
{
    if (!watch)
        return;
    if (watch->seq)
        snd_seq_close(watch->seq);
    port_names_free(&watch->inputs);
    port_names_free(&watch->outputs);
    free(watch);
}

int alsa_watch_descriptor(const struct alsa_watch *watch)
{
    struct pollfd ready = {.fd = -1};
    snd_seq_poll_descriptors(watch->seq, &ready, 1, POLLIN);
    return ready.fd;
}

/* --- Going through all ports --- */

struct found {
    snd_seq_addr_t address;
    const char *client;
    const char *name;
    bool source;
    bool sink;
    bool through;
    bool hardware;
    bool synth; /* the first port of a program that may only be written to */
};

typedef void visit(struct alsa_watch *watch, const struct found *port, void *context);

static bool has(const snd_seq_port_info_t *port, unsigned capabilities)
{
    unsigned all = snd_seq_port_info_get_capability(port);
    return (all & capabilities) == capabilities && !(all & SND_SEQ_PORT_CAP_NO_EXPORT);
}

static void visit_ports(struct alsa_watch *watch, snd_seq_client_info_t *client, visit *visitor,
                        void *context)
{
    snd_seq_port_info_t *port = NULL;
    snd_seq_port_info_alloca(&port);
    int number = snd_seq_client_info_get_client(client);
    bool program = snd_seq_client_info_get_type(client) == SND_SEQ_USER_CLIENT;
    bool heard = false; /* a port of this client was taken for a synth */
    snd_seq_port_info_set_client(port, number);
    snd_seq_port_info_set_port(port, -1);
    while (snd_seq_query_next_port(watch->seq, port) >= 0) {
        struct found found = {
            .address = {(unsigned char)number, (unsigned char)snd_seq_port_info_get_port(port)},
            .client = snd_seq_client_info_get_name(client),
            .name = snd_seq_port_info_get_name(port),
            .source = has(port, SND_SEQ_PORT_CAP_READ | SND_SEQ_PORT_CAP_SUBS_READ),
            .sink = has(port, SND_SEQ_PORT_CAP_WRITE | SND_SEQ_PORT_CAP_SUBS_WRITE),
            .through = !program && strcmp(snd_seq_client_info_get_name(client), THROUGH) == 0,
            .hardware = (snd_seq_port_info_get_type(port) & SND_SEQ_PORT_TYPE_HARDWARE) != 0};
        found.synth = program && !found.hardware && found.sink && !found.source && !heard &&
                      strncmp(found.client, PORT_CLIENT_NAME, strlen(PORT_CLIENT_NAME)) != 0;
        heard |= found.synth;
        if (found.source || found.sink)
            visitor(watch, &found, context);
    }
}

static void visit_all(struct alsa_watch *watch, visit *visitor, void *context)
{
    snd_seq_client_info_t *client = NULL;
    snd_seq_client_info_alloca(&client);
    snd_seq_client_info_set_client(client, -1);
    while (snd_seq_query_next_client(watch->seq, client) >= 0) {
        int number = snd_seq_client_info_get_client(client);
        if (number != SND_SEQ_CLIENT_SYSTEM && number != watch->own)
            visit_ports(watch, client, visitor, context);
    }
}

/* --- Connections --- */

static bool is_connected(struct alsa_watch *watch, snd_seq_addr_t from, snd_seq_addr_t to)
{
    snd_seq_port_subscribe_t *link = NULL;
    snd_seq_port_subscribe_alloca(&link);
    snd_seq_port_subscribe_set_sender(link, &from);
    snd_seq_port_subscribe_set_dest(link, &to);
    return snd_seq_get_port_subscription(watch->seq, link) >= 0;
}

struct sides {
    bool feeds_input;
    bool hears_output;
};

static void note_sides(struct alsa_watch *watch, const struct found *port, void *context)
{
    struct sides *sides = context;
    if (!port->through)
        return;
    sides->feeds_input |= is_connected(watch, port->address, watch->input);
    sides->hears_output |= is_connected(watch, watch->output, port->address);
}

struct wiring {
    port_say *say;
    void *context;
    bool outputs; /* this round connects outputs, else inputs */
};

static void say(const struct wiring *wiring, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static void say(const struct wiring *wiring, const char *format, ...)
{
    char sentence[512];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(sentence, sizeof sentence, format, arguments);
    va_end(arguments);
    if (wiring->say)
        wiring->say(wiring->context, sentence);
}

static bool would_return(struct alsa_watch *watch, const struct found *port, bool output)
{
    struct sides sides = {false, false};
    if (!port->through)
        return false;
    visit_all(watch, note_sides, &sides);
    return output ? sides.feeds_input : sides.hears_output;
}

static bool is_wanted(const struct port_names *names, const struct found *port, bool output)
{
    if (names->any)
        return output ? port->synth : port->hardware;
    return port_matches_any(names, port->client, port->name);
}

static void connect_port(struct alsa_watch *watch, const struct found *port, void *context)
{
    const struct wiring *wiring = context;
    bool output = wiring->outputs;
    const char *side = output ? "output" : "input";
    snd_seq_addr_t from = output ? watch->output : port->address;
    snd_seq_addr_t to = output ? port->address : watch->input;
    if (port->address.client == watch->input.client || !(output ? port->sink : port->source) ||
        !is_wanted(output ? &watch->outputs : &watch->inputs, port, output) ||
        is_connected(watch, from, to))
        return;
    if (would_return(watch, port, output)) {
        say(wiring, "%s: %s:%s is left out; it would return to the input what the output sends",
            side, port->client, port->name);
        return;
    }
    snd_seq_port_subscribe_t *link = NULL;
    snd_seq_port_subscribe_alloca(&link);
    snd_seq_port_subscribe_set_sender(link, &from);
    snd_seq_port_subscribe_set_dest(link, &to);
    int code = snd_seq_subscribe_port(watch->seq, link);
    if (code < 0)
        say(wiring, "%s: cannot connect %s:%s: %s", side, port->client, port->name,
            snd_strerror(code));
    else
        say(wiring, "%s: connected %s:%s", side, port->client, port->name);
}

static void connect_all(struct alsa_watch *watch, port_say *say_to, void *context)
{
    struct wiring wiring = {.say = say_to, .context = context, .outputs = true};
    visit_all(watch, connect_port, &wiring);
    wiring.outputs = false;
    visit_all(watch, connect_port, &wiring);
}

void alsa_watch_run(struct alsa_watch *watch, port_say *say_to, void *context)
{
    bool come = watch->fresh;
    watch->fresh = false;
    for (;;) {
        snd_seq_event_t *event = NULL;
        int code = snd_seq_event_input(watch->seq, &event);
        if (code < 0 && code != -ENOSPC)
            break;
        /* Where announcements were lost, everything is looked at. */
        if (code < 0 || event->type == SND_SEQ_EVENT_PORT_START ||
            event->type == SND_SEQ_EVENT_PORT_CHANGE)
            come = true;
    }
    if (come)
        connect_all(watch, say_to, context);
}

int alsa_watch_choose(struct alsa_watch *watch, const struct port_settings *settings,
                      port_say *say_to, void *context)
{
    if (port_names_keep(&watch->inputs, &watch->outputs, settings) != 0)
        return -1;
    if (!watch->fresh)
        connect_all(watch, say_to, context);
    return 0;
}

/* --- Listing --- */

struct listing {
    port_tell *tell;
    void *context;
};

static void tell_port(struct alsa_watch *watch, const struct found *port, void *context)
{
    const struct listing *listing = context;
    const struct port_info info = {.client = port->client,
                                   .name = port->name,
                                   .source = port->source,
                                   .sink = port->sink,
                                   .feeds_input = is_connected(watch, port->address, watch->input),
                                   .hears_output =
                                       is_connected(watch, watch->output, port->address)};
    if (port->address.client != watch->input.client)
        listing->tell(listing->context, &info);
}

void alsa_watch_list(struct alsa_watch *watch, port_tell *tell, void *context)
{
    struct listing listing = {tell, context};
    visit_all(watch, tell_port, &listing);
}
