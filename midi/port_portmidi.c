/* PortMidi: one input and one output among the devices there are, for systems
 * without an ALSA sequencer.
 *
 * PortMidi has no ports of its own, does not wake a reader, and keeps the list of
 * devices it made when it was initialised. So the real-time thread asks every
 * millisecond, and a device that is not there yet is looked for by opening anew. It
 * hands SysEx over in packs of four bytes; they are passed on as such chunks.
 * Devices are known by one name, which stands for client and port. */
#include "midi/port.h"

#include "midi/alsa_watch.h"

#include <portmidi.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { QUEUE = 1024 };

struct portmidi_port {
    struct port port;
    PortMidiStream *input;
    PortMidiStream *output;
    int input_device;
    int output_device;
    bool found;    /* PORT_OUTPUT_FOUND has been told */
    bool in_sysex; /* the input is inside a message */
    uint8_t data[4];
    PmMessage pack; /* SysEx bytes to be written, the first lowest */
    int packed;
};

/* Ports that are open: the last one ends the library, and the next finds new devices. The main
 * thread's. */
static int users;

static struct portmidi_port *portmidi(const struct port *port)
{
    return (struct portmidi_port *)port;
}

static void portmidi_close(struct port *port)
{
    struct portmidi_port *self = portmidi(port);
    if (self->input)
        Pm_Close(self->input);
    if (self->output)
        Pm_Close(self->output);
    if (--users == 0)
        Pm_Terminate();
    free(self);
}

static bool is_side(const PmDeviceInfo *device, bool output)
{
    return output ? device->output : device->input;
}

/* The first device that matches; -1: none. */
static int find_device(const struct port_names *names, bool output, struct error *error)
{
    const char *side = output ? "output" : "input";
    for (int i = 0; i < Pm_CountDevices(); i++) {
        const PmDeviceInfo *device = Pm_GetDeviceInfo(i);
        if (is_side(device, output) && port_matches_any(names, device->name, device->name))
            return i;
    }
    if (names->count == 0)
        return error_set(error, "PortMidi: [%s] connect names no device", side);
    return error_set(error, "PortMidi: no device for the %s matches '%s' (of %d there are)", side,
                     names->name[0], Pm_CountDevices());
}

static int check(PmError code, const char *what, int device, struct error *error)
{
    char why[256] = "";
    if (code == pmNoError)
        return 0;
    if (code == pmHostError)
        Pm_GetHostErrorText(why, sizeof why);
    return error_set(error, "PortMidi: cannot %s '%s': %s", what, Pm_GetDeviceInfo(device)->name,
                     *why ? why : Pm_GetErrorText(code));
}

static int open_devices(struct portmidi_port *self, const struct port_settings *settings,
                        struct error *error)
{
    self->input_device = settings->no_input ? -1 : find_device(&settings->inputs, false, error);
    if (self->input_device < 0 && !settings->no_input)
        return -1;
    self->output_device = settings->no_output ? -1 : find_device(&settings->outputs, true, error);
    if (self->output_device < 0 && !settings->no_output)
        return -1;
    if (self->input_device >= 0 &&
        check(Pm_OpenInput(&self->input, self->input_device, NULL, QUEUE, NULL, NULL), "read from",
              self->input_device, error) != 0)
        return -1;
    if (self->input)
        Pm_SetFilter(self->input, 0);
    if (self->output_device < 0)
        return 0;
    return check(Pm_OpenOutput(&self->output, self->output_device, NULL, QUEUE, NULL, NULL, 0),
                 "write to", self->output_device, error);
}

static struct port *portmidi_open(const struct port_settings *settings, struct error *error)
{
    struct portmidi_port *self = calloc(1, sizeof *self);
    if (!self) {
        error_set(error, "out of memory");
        return NULL;
    }
    self->port.ops = &port_portmidi_ops;
    alsa_be_silent();
    PmError code = Pm_Initialize();
    if (code != pmNoError) {
        error_set(error, "PortMidi: cannot begin: %s", Pm_GetErrorText(code));
        free(self);
        return NULL;
    }
    users++;
    if (open_devices(self, settings, error) == 0)
        return &self->port;
    portmidi_close(&self->port);
    return NULL;
}

static int portmidi_descriptor(const struct port *port)
{
    (void)port;
    return -1;
}

static double portmidi_now(const struct port *port)
{
    (void)port;
    return monotonic_seconds();
}

/* A pack of SysEx bytes; the message may end, or a real-time byte stand alone, in it. */
static bool take_sysex(struct portmidi_port *self, PmMessage message, struct midi_event *event)
{
    bool begins = !self->in_sysex;
    uint32_t length = 0;
    self->in_sysex = true;
    for (int i = 0; i < 4 && self->in_sysex; i++) {
        uint8_t byte = (uint8_t)((uint32_t)message >> 8 * i);
        self->data[length++] = byte;
        if (byte == 0xF7)
            self->in_sysex = false;
    }
    event->status = begins ? MIDI_SYSEX : MIDI_SYSEX_ESCAPE;
    event->data = self->data + begins;
    event->length = length - begins;
    return true;
}

static bool take_message(struct portmidi_port *self, PmMessage message, struct midi_event *event)
{
    static const uint8_t common[] = {0, 1, 2, 1, 0, 0, 0, 0};
    uint8_t status = (uint8_t)Pm_MessageStatus(message);
    if (status == MIDI_SYSEX || (self->in_sysex && status < 0xF8)) {
        bool cut = self->in_sysex && status >= 0x80 && status != 0xF7;
        self->in_sysex = self->in_sysex && !cut;
        if (status == MIDI_SYSEX || !cut)
            return take_sysex(self, message, event);
    }
    if (status < 0x80)
        return false;
    self->data[0] = (uint8_t)Pm_MessageData1(message);
    self->data[1] = (uint8_t)Pm_MessageData2(message);
    event->status = status;
    event->data = self->data;
    event->length = status < 0xF0   ? midi_channel_length(status)
                    : status < 0xF8 ? common[status & 7]
                                    : 0;
    return true;
}

static enum port_news portmidi_read(struct port *port, struct midi_event *event)
{
    struct portmidi_port *self = portmidi(port);
    *event = (struct midi_event){.seconds = monotonic_seconds()};
    if (!self->found && self->output) {
        self->found = true;
        return PORT_OUTPUT_FOUND;
    }
    while (self->input) {
        PmEvent raw;
        int count = Pm_Read(self->input, &raw, 1);
        if (count == 0)
            return PORT_NOTHING;
        if (count == pmBufferOverflow) {
            self->in_sysex = false;
            return PORT_OVERRUN;
        }
        if (count < 0) {
            error_set(&port->fault, "PortMidi: cannot read events: %s",
                      Pm_GetErrorText((PmError)count));
            return PORT_ENDED;
        }
        if (take_message(self, raw.message, event))
            return PORT_EVENT;
    }
    return PORT_NOTHING;
}

static int write_message(struct portmidi_port *self, PmMessage message)
{
    PmEvent raw = {.message = message};
    return Pm_Write(self->output, &raw, 1) == pmNoError ? 0 : -1;
}

/* PortMidi wants full packs until the last. */
static int write_sysex_byte(struct portmidi_port *self, uint8_t byte)
{
    self->pack |= (PmMessage)((uint32_t)byte << 8 * self->packed);
    self->packed++;
    if (self->packed < 4 && byte != 0xF7)
        return 0;
    int status = write_message(self, self->pack);
    self->pack = 0;
    self->packed = 0;
    return status;
}

static int portmidi_write(struct port *port, const struct midi_event *event)
{
    struct portmidi_port *self = portmidi(port);
    int status = 0;
    if (event->status == MIDI_SYSEX) {
        self->pack = 0;
        self->packed = 0;
        status = write_sysex_byte(self, MIDI_SYSEX);
    }
    if (event->status == MIDI_SYSEX || event->status == MIDI_SYSEX_ESCAPE)
        for (uint32_t i = 0; i < event->length && status == 0; i++)
            status = write_sysex_byte(self, event->data[i]);
    else
        status =
            write_message(self, Pm_Message(event->status, event->length > 0 ? event->data[0] : 0,
                                           event->length > 1 ? event->data[1] : 0));
    return status;
}

static int portmidi_flush(struct port *port)
{
    (void)port;
    return 0;
}

static int portmidi_watch_descriptor(const struct port *port)
{
    (void)port;
    return -1;
}

static void portmidi_watch(struct port *port, port_say *say, void *context)
{
    (void)port;
    (void)say;
    (void)context;
}

static void portmidi_list(struct port *port, port_tell *tell, void *context)
{
    const struct portmidi_port *self = portmidi(port);
    for (int i = 0; i < Pm_CountDevices(); i++) {
        const PmDeviceInfo *device = Pm_GetDeviceInfo(i);
        const struct port_info info = {.client = device->interf,
                                       .name = device->name,
                                       .source = device->input != 0,
                                       .sink = device->output != 0,
                                       .feeds_input = i == self->input_device,
                                       .hears_output = i == self->output_device};
        tell(context, &info);
    }
}

const struct port_ops port_portmidi_ops = {
    .name = "portmidi",
    .open = portmidi_open,
    .close = portmidi_close,
    .descriptor = portmidi_descriptor,
    .read = portmidi_read,
    .write = portmidi_write,
    .flush = portmidi_flush,
    .greet = portmidi_write,
    .now = portmidi_now,
    .watch_descriptor = portmidi_watch_descriptor,
    .watch = portmidi_watch,
    .list = portmidi_list,
};
