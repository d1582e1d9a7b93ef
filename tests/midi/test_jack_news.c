/* The port of JACK over a library of this test's own: the order of news and messages. */
#include "midi/jack_library.h"
#include "midi/port.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

enum { INPUT = 1, OUTPUT, OTHER, FRAMES = 64, EVENTS = 8 };

/* What stands in for a client, and for ports by their numbers. */
static char things[OTHER + 1];

static struct {
    JackProcessCallback process;
    void *process_context;
    JackPortConnectCallback connected;
    void *connected_context;
    uint8_t byte[EVENTS][3]; /* of the next period */
    uint32_t events, lost;
} server;

static jack_port_t *port_of(jack_port_id_t id)
{
    return (jack_port_t *)&things[id];
}

static jack_client_t *open_client(const char *name, jack_options_t options, jack_status_t *status,
                                  ...)
{
    (void)name;
    (void)options;
    *status = 0;
    return (jack_client_t *)&things[0];
}

static jack_port_t *register_port(jack_client_t *client, const char *name, const char *type,
                                  unsigned long flags, unsigned long size)
{
    (void)client;
    (void)name;
    (void)type;
    (void)size;
    return port_of(flags & JackPortIsInput ? INPUT : OUTPUT);
}

static jack_port_t *port_by_id(jack_client_t *client, jack_port_id_t id)
{
    (void)client;
    return port_of(id);
}

static int done(jack_client_t *client)
{
    (void)client;
    return 0;
}

static void set_shutdown(jack_client_t *client, JackShutdownCallback function, void *context)
{
    (void)client;
    (void)function;
    (void)context;
}

static int set_process(jack_client_t *client, JackProcessCallback function, void *context)
{
    (void)client;
    server.process = function;
    server.process_context = context;
    return 0;
}

static int set_connect(jack_client_t *client, JackPortConnectCallback function, void *context)
{
    (void)client;
    server.connected = function;
    server.connected_context = context;
    return 0;
}

static int set_registration(jack_client_t *client, JackPortRegistrationCallback function,
                            void *context)
{
    (void)client;
    (void)function;
    (void)context;
    return 0;
}

static int set_order(jack_client_t *client, JackGraphOrderCallback function, void *context)
{
    (void)client;
    (void)function;
    (void)context;
    return 0;
}

static const char **get_ports(jack_client_t *client, const char *name, const char *type,
                              unsigned long flags)
{
    (void)client;
    (void)name;
    (void)type;
    (void)flags;
    return NULL;
}

static void free_nothing(void *bytes)
{
    assert_null(bytes);
}

static int connections(const jack_port_t *port)
{
    (void)port;
    return 0;
}

static jack_nframes_t last_frame_time(const jack_client_t *client)
{
    (void)client;
    return 0;
}

static jack_time_t frames_to_time(const jack_client_t *client, jack_nframes_t frames)
{
    (void)client;
    return frames;
}

static void *get_buffer(jack_port_t *port, jack_nframes_t frames)
{
    (void)frames;
    return port;
}

static void clear_buffer(void *buffer)
{
    (void)buffer;
}

static uint32_t count_events(void *buffer)
{
    (void)buffer;
    return server.events;
}

static uint32_t count_lost(void *buffer)
{
    (void)buffer;
    return server.lost;
}

static int get_event(jack_midi_event_t *event, void *buffer, uint32_t i)
{
    (void)buffer;
    *event = (jack_midi_event_t){.time = i, .size = 3, .buffer = server.byte[i]};
    return 0;
}

static const struct jack_library library = {
    .client_open = open_client,
    .client_close = done,
    .activate = done,
    .deactivate = done,
    .port_register = register_port,
    .port_by_id = port_by_id,
    .port_connected = connections,
    .port_get_buffer = get_buffer,
    .on_shutdown = set_shutdown,
    .set_process_callback = set_process,
    .set_port_connect_callback = set_connect,
    .set_port_registration_callback = set_registration,
    .set_graph_order_callback = set_order,
    .get_ports = get_ports,
    .free = free_nothing,
    .last_frame_time = last_frame_time,
    .frames_to_time = frames_to_time,
    .midi_clear_buffer = clear_buffer,
    .midi_event_get = get_event,
    .midi_get_event_count = count_events,
    .midi_get_lost_event_count = count_lost,
};

const struct jack_library *__wrap_jack_library(struct error *error);

const struct jack_library *__wrap_jack_library(struct error *error)
{
    (void)error;
    return &library;
}

/* A period in which so many keys are struck, from middle C on. */
static void strike(uint32_t keys, uint32_t lost)
{
    for (uint32_t i = 0; i < keys; i++)
        memcpy(server.byte[i], ((uint8_t[]){0x90, (uint8_t)(60 + i), 64}), 3);
    server.events = keys;
    server.lost = lost;
    assert_int_equal(server.process(FRAMES, server.process_context), 0);
}

static void assert_keys(struct port *port, uint32_t keys)
{
    for (uint32_t i = 0; i < keys; i++) {
        struct midi_event event;
        assert_int_equal(port->ops->read(port, &event), PORT_EVENT);
        assert_int_equal(event.data[0], 60 + i);
    }
}

/* A loss has all keys released: a key that was struck before it is released as well. */
static void test_losses_come_last(void **state)
{
    const struct port_settings settings = {.inputs = {.any = true}, .outputs = {.any = true}};
    struct error error;
    struct midi_event event;
    (void)state;
    struct port *port = port_jack_ops.open(&settings, &error);
    assert_non_null(port);
    assert_int_equal(port->ops->read(port, &event), PORT_NOTHING);
    strike(3, 0);
    server.connected(OTHER, INPUT, 0, server.connected_context);
    assert_keys(port, 3);
    assert_int_equal(port->ops->read(port, &event), PORT_INPUT_LOST);
    assert_int_equal(port->ops->read(port, &event), PORT_NOTHING);
    strike(2, 1);
    assert_keys(port, 2);
    assert_int_equal(port->ops->read(port, &event), PORT_OVERRUN);
    assert_int_equal(port->ops->read(port, &event), PORT_NOTHING);
    /* A synth is greeted before it is written to. */
    strike(1, 0);
    server.connected(OUTPUT, OTHER, 1, server.connected_context);
    assert_int_equal(port->ops->read(port, &event), PORT_OUTPUT_FOUND);
    assert_keys(port, 1);
    port->ops->close(port);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_losses_come_last)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
