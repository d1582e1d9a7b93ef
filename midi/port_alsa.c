/* The ALSA sequencer: client `AudioGenRL` with the ports `input` and `output`.
 *
 * Events are sent directly, by no queue, and stamped with the time at which
 * they are read. The kernel tells both ports, in line with the events, who has
 * come and gone, so that what was held can be released at the right place, and
 * returns events that a listener could not take (`error bounce`). It does so only
 * where a port may be written to: `output` therefore may, but nobody can
 * subscribe it as a target, and events sent to it are passed over. */
#include "midi/port.h"

#include "midi/alsa_watch.h"

#include <alsa/asoundlib.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* ALSA's macros clear bits of a byte with the complement of an int. */
#pragma GCC diagnostic ignored "-Wsign-conversion"

enum {
    BUFFER = 1 << 17,   /* bytes: the largest SysEx event, twice */
    QUEUE = 2000,       /* events the kernel keeps for us, its most */
    EXPANDED = 64,      /* bytes that one event of another kind comes to */
    KERNEL_ERROR = 150, /* SNDRV_SEQ_EVENT_KERNEL_ERROR, which the library does not name */
    MIDDLE_BEND = 8192,
};

struct alsa_port {
    struct port port;
    snd_seq_t *seq;
    struct alsa_watch *watch;
    snd_midi_event_t *decoder; /* of events that stand for several messages */
    int client;
    int input;
    int output;
    int descriptor;
    bool fetched;            /* the kernel was asked since the last poll */
    int dropped;             /* events, since the last flush */
    snd_seq_addr_t newcomer; /* connected to the output last */
    uint8_t data[2];         /* of the event read last */
    uint8_t expanded[EXPANDED];
    long expanded_at; /* the next message */
    long expanded_end;
    uint8_t sysex[BUFFER];
};

static struct alsa_port *alsa(const struct port *port)
{
    return (struct alsa_port *)port;
}

static void alsa_close(struct port *port)
{
    struct alsa_port *self = alsa(port);
    alsa_watch_close(self->watch);
    if (self->decoder)
        snd_midi_event_free(self->decoder);
    if (self->seq)
        snd_seq_close(self->seq);
    free(self);
}

static int check(int code, const char *what, struct error *error)
{
    return code >= 0 ? code
                     : error_set(error, "ALSA sequencer: cannot %s: %s", what, snd_strerror(code));
}

static int make_client(struct alsa_port *self, const char *name, struct error *error)
{
    int code = snd_seq_open(&self->seq, "default", SND_SEQ_OPEN_DUPLEX, SND_SEQ_NONBLOCK);
    if (code < 0) {
        self->seq = NULL;
        return alsa_explain(code, error);
    }
    self->client = snd_seq_client_id(self->seq);
    snd_seq_client_info_t *info = NULL;
    snd_seq_client_info_alloca(&info);
    snd_seq_get_client_info(self->seq, info);
    snd_seq_client_info_set_name(info, name ? name : PORT_CLIENT_NAME);
    snd_seq_client_info_set_error_bounce(info, 1);
    if (check(snd_seq_set_client_info(self->seq, info), "name the client", error) < 0 ||
        check(snd_seq_set_input_buffer_size(self->seq, BUFFER), "set the buffer", error) < 0 ||
        check(snd_seq_set_output_buffer_size(self->seq, BUFFER), "set the buffer", error) < 0 ||
        check(snd_seq_set_client_pool_input(self->seq, QUEUE), "set the queue", error) < 0 ||
        check(snd_seq_set_client_pool_output(self->seq, QUEUE), "set the queue", error) < 0)
        return -1;
    return 0;
}

/* A side that is not wanted has a port that nobody can see or connect. */
static int make_ports(struct alsa_port *self, const struct port_settings *settings,
                      struct error *error)
{
    const unsigned reads = SND_SEQ_PORT_CAP_WRITE | SND_SEQ_PORT_CAP_SUBS_WRITE;
    const unsigned writes =
        SND_SEQ_PORT_CAP_READ | SND_SEQ_PORT_CAP_SUBS_READ | SND_SEQ_PORT_CAP_WRITE;
    const unsigned type = SND_SEQ_PORT_TYPE_MIDI_GENERIC | SND_SEQ_PORT_TYPE_APPLICATION;
    self->input =
        snd_seq_create_simple_port(self->seq, "input", settings->no_input ? 0 : reads, type);
    self->output =
        snd_seq_create_simple_port(self->seq, "output", settings->no_output ? 0 : writes, type);
    if (check(self->input, "make the port input", error) < 0 ||
        check(self->output, "make the port output", error) < 0 ||
        check(snd_midi_event_new(EXPANDED, &self->decoder), "make a decoder", error) < 0)
        return -1;
    snd_midi_event_no_status(self->decoder, 1);
    struct pollfd ready;
    if (snd_seq_poll_descriptors(self->seq, &ready, 1, POLLIN) != 1)
        return error_set(error, "ALSA sequencer: cannot be waited on");
    self->descriptor = ready.fd;
    return 0;
}

static struct port *alsa_open(const struct port_settings *settings, struct error *error)
{
    struct alsa_port *self = calloc(1, sizeof *self);
    if (!self) {
        error_set(error, "out of memory");
        return NULL;
    }
    self->port.ops = &port_alsa_ops;
    alsa_be_silent();
    if (make_client(self, settings->client, error) == 0 && make_ports(self, settings, error) == 0)
        self->watch = alsa_watch_open(self->client, self->input, self->output, settings, error);
    if (self->watch)
        return &self->port;
    alsa_close(&self->port);
    return NULL;
}

static int alsa_descriptor(const struct port *port)
{
    return alsa(port)->descriptor;
}

static double alsa_now(const struct port *port)
{
    (void)port;
    return monotonic_seconds();
}

/* --- Reading --- */

static void set_message(struct alsa_port *self, struct midi_event *event, unsigned status,
                        uint32_t length, int first, int second)
{
    self->data[0] = first & 0x7F;
    self->data[1] = second & 0x7F;
    event->status = (uint8_t)status;
    event->length = length;
    event->data = self->data;
}

/* Takes the next message that an event of several stands for. */
static bool next_expanded(struct alsa_port *self, struct midi_event *event)
{
    if (self->expanded_at + 3 > self->expanded_end)
        return false;
    const uint8_t *at = self->expanded + self->expanded_at;
    uint32_t length = midi_channel_length(at[0]);
    set_message(self, event, at[0], length, at[1], length > 1 ? at[2] : 0);
    self->expanded_at += 1 + (long)length;
    return true;
}

static bool expand(struct alsa_port *self, const snd_seq_event_t *from, struct midi_event *event)
{
    self->expanded_at = 0;
    self->expanded_end = snd_midi_event_decode(self->decoder, self->expanded, EXPANDED, from);
    return next_expanded(self, event);
}

static bool take_sysex(const snd_seq_event_t *from, struct midi_event *event)
{
    const uint8_t *bytes = from->data.ext.ptr;
    uint32_t length = from->data.ext.len;
    if (length == 0 || !bytes)
        return false;
    bool begins = bytes[0] == MIDI_SYSEX;
    event->status = begins ? MIDI_SYSEX : MIDI_SYSEX_ESCAPE;
    event->data = bytes + begins;
    event->length = length - begins;
    return true;
}

static bool take_channel_message(struct alsa_port *self, const snd_seq_event_t *from,
                                 struct midi_event *event)
{
    const snd_seq_ev_note_t *note = &from->data.note;
    const snd_seq_ev_ctrl_t *control = &from->data.control;
    unsigned channel = note->channel & 0x0F; /* stands at the same place in both */
    int bend = control->value + MIDDLE_BEND;
    switch (from->type) {
    case SND_SEQ_EVENT_NOTEON:
        set_message(self, event, MIDI_NOTE_ON | channel, 2, note->note, note->velocity);
        return true;
    case SND_SEQ_EVENT_NOTEOFF:
        set_message(self, event, MIDI_NOTE_OFF | channel, 2, note->note, note->velocity);
        return true;
    case SND_SEQ_EVENT_KEYPRESS:
        set_message(self, event, MIDI_POLY_AFTERTOUCH | channel, 2, note->note, note->velocity);
        return true;
    case SND_SEQ_EVENT_CONTROLLER:
        set_message(self, event, MIDI_CONTROL_CHANGE | channel, 2, (int)control->param,
                    control->value);
        return true;
    case SND_SEQ_EVENT_PGMCHANGE:
        set_message(self, event, MIDI_PROGRAM_CHANGE | channel, 1, control->value, 0);
        return true;
    case SND_SEQ_EVENT_CHANPRESS:
        set_message(self, event, MIDI_CHANNEL_PRESSURE | channel, 1, control->value, 0);
        return true;
    case SND_SEQ_EVENT_PITCHBEND:
        set_message(self, event, MIDI_PITCH_BEND | channel, 2, bend, bend >> 7);
        return true;
    default:
        return false;
    }
}

/* Messages without a channel: the status, and how many data bytes its value fills. */
static const struct {
    snd_seq_event_type_t type;
    uint8_t status;
    uint8_t length;
} system_messages[] = {
    {SND_SEQ_EVENT_CLOCK, 0xF8, 0},   {SND_SEQ_EVENT_SENSING, 0xFE, 0},
    {SND_SEQ_EVENT_START, 0xFA, 0},   {SND_SEQ_EVENT_CONTINUE, 0xFB, 0},
    {SND_SEQ_EVENT_STOP, 0xFC, 0},    {SND_SEQ_EVENT_RESET, 0xFF, 0},
    {SND_SEQ_EVENT_QFRAME, 0xF1, 1},  {SND_SEQ_EVENT_SONGPOS, 0xF2, 2},
    {SND_SEQ_EVENT_SONGSEL, 0xF3, 1}, {SND_SEQ_EVENT_TUNE_REQUEST, 0xF6, 0},
};

enum { SYSTEM_MESSAGES = sizeof system_messages / sizeof *system_messages };

static bool take_message(struct alsa_port *self, const snd_seq_event_t *from,
                         struct midi_event *event)
{
    if (take_channel_message(self, from, event))
        return true;
    if (from->type == SND_SEQ_EVENT_SYSEX)
        return take_sysex(from, event);
    for (int i = 0; i < SYSTEM_MESSAGES; i++)
        if (system_messages[i].type == from->type) {
            int value = from->data.control.value;
            set_message(self, event, system_messages[i].status, system_messages[i].length, value,
                        value >> 7);
            return true;
        }
    if (from->type == SND_SEQ_EVENT_CONTROL14 || from->type == SND_SEQ_EVENT_NONREGPARAM ||
        from->type == SND_SEQ_EVENT_REGPARAM)
        return expand(self, from, event);
    return false;
}

/* What the kernel says about our own connections. */
static enum port_news take_notice(struct alsa_port *self, const snd_seq_event_t *from)
{
    if (from->source.client != SND_SEQ_CLIENT_SYSTEM)
        return PORT_NOTHING;
    if (from->type == KERNEL_ERROR)
        return PORT_UNDELIVERED;
    const snd_seq_connect_t *link = &from->data.connect;
    bool ours = link->sender.client == self->client && link->sender.port == self->output;
    if (from->type == SND_SEQ_EVENT_PORT_SUBSCRIBED && ours) {
        self->newcomer = link->dest;
        return PORT_OUTPUT_FOUND;
    }
    if (from->type == SND_SEQ_EVENT_PORT_UNSUBSCRIBED)
        return ours ? PORT_OUTPUT_LOST : PORT_INPUT_LOST;
    return PORT_NOTHING;
}

static enum port_news failed(struct alsa_port *self, int code)
{
    self->fetched = false;
    if (code == -EAGAIN)
        return PORT_NOTHING;
    if (code == -ENOSPC)
        return PORT_OVERRUN;
    if (code == -EINTR)
        return PORT_NOTHING;
    error_set(&self->port.fault, "ALSA sequencer: cannot read events: %s", snd_strerror(code));
    return PORT_ENDED;
}

static enum port_news alsa_read(struct port *port, struct midi_event *event)
{
    struct alsa_port *self = alsa(port);
    *event = (struct midi_event){.seconds = monotonic_seconds()};
    if (next_expanded(self, event))
        return PORT_EVENT;
    for (;;) {
        /* Asking the kernel is a system call: once after each poll. */
        if (snd_seq_event_input_pending(self->seq, 0) == 0) {
            if (self->fetched) {
                self->fetched = false;
                return PORT_NOTHING;
            }
            self->fetched = true;
        }
        snd_seq_event_t *from = NULL;
        int code = snd_seq_event_input(self->seq, &from);
        if (code < 0)
            return failed(self, code);
        if (from->dest.port == self->input && take_message(self, from, event))
            return PORT_EVENT;
        enum port_news news = take_notice(self, from);
        if (news != PORT_NOTHING)
            return news;
    }
}

/* --- Writing --- */

static bool set_channel_message(snd_seq_event_t *to, const struct midi_event *event)
{
    unsigned char channel = midi_channel(event);
    int first = event->data[0];
    int second = event->length > 1 ? event->data[1] : 0;
    if (event->length < midi_channel_length(event->status))
        return false;
    switch (midi_kind(event)) {
    case MIDI_NOTE_ON:
        snd_seq_ev_set_noteon(to, channel, (unsigned char)first, (unsigned char)second);
        return true;
    case MIDI_NOTE_OFF:
        snd_seq_ev_set_noteoff(to, channel, (unsigned char)first, (unsigned char)second);
        return true;
    case MIDI_POLY_AFTERTOUCH:
        snd_seq_ev_set_keypress(to, channel, (unsigned char)first, (unsigned char)second);
        return true;
    case MIDI_CONTROL_CHANGE:
        snd_seq_ev_set_controller(to, channel, (unsigned)first, second);
        return true;
    case MIDI_PROGRAM_CHANGE:
        snd_seq_ev_set_pgmchange(to, channel, first);
        return true;
    case MIDI_CHANNEL_PRESSURE:
        snd_seq_ev_set_chanpress(to, channel, first);
        return true;
    default:
        snd_seq_ev_set_pitchbend(to, channel, (first | second << 7) - MIDDLE_BEND);
        return true;
    }
}

static bool set_sysex(struct alsa_port *self, snd_seq_event_t *to, const struct midi_event *event)
{
    bool begins = event->status == MIDI_SYSEX;
    if (event->length + begins > BUFFER)
        return false;
    self->sysex[0] = MIDI_SYSEX;
    memcpy(self->sysex + begins, event->data, event->length);
    snd_seq_ev_set_sysex(to, event->length + begins, self->sysex);
    return true;
}

static bool set_message_for(struct alsa_port *self, snd_seq_event_t *to,
                            const struct midi_event *event)
{
    if (midi_is_channel(event))
        return set_channel_message(to, event);
    if (event->status == MIDI_SYSEX || event->status == MIDI_SYSEX_ESCAPE)
        return set_sysex(self, to, event);
    for (int i = 0; i < SYSTEM_MESSAGES; i++)
        if (system_messages[i].status == event->status) {
            snd_seq_ev_set_fixed(to);
            to->type = system_messages[i].type;
            to->data.control.value = (event->length > 0 ? event->data[0] : 0) |
                                     (event->length > 1 ? event->data[1] << 7 : 0);
            return true;
        }
    return false;
}

static void drain(struct alsa_port *self)
{
    /* An event that can be neither delivered nor returned stays at the head: it is
     * taken out. */
    while (snd_seq_drain_output(self->seq) < 0 && snd_seq_extract_output(self->seq, NULL) >= 0)
        self->dropped++;
}

static int alsa_flush(struct port *port)
{
    struct alsa_port *self = alsa(port);
    drain(self);
    int dropped = self->dropped;
    self->dropped = 0;
    return dropped;
}

static int put(struct alsa_port *self, snd_seq_event_t *event)
{
    int code = snd_seq_event_output_buffer(self->seq, event);
    if (code == -EAGAIN) {
        drain(self);
        code = snd_seq_event_output_buffer(self->seq, event);
    }
    return code < 0 ? -1 : 0;
}

static int alsa_write(struct port *port, const struct midi_event *event)
{
    struct alsa_port *self = alsa(port);
    snd_seq_event_t to;
    snd_seq_ev_clear(&to);
    snd_seq_ev_set_source(&to, (unsigned char)self->output);
    snd_seq_ev_set_subs(&to);
    snd_seq_ev_set_direct(&to);
    return set_message_for(self, &to, event) ? put(self, &to) : -1;
}

static int alsa_greet(struct port *port, const struct midi_event *event)
{
    struct alsa_port *self = alsa(port);
    snd_seq_event_t to;
    snd_seq_ev_clear(&to);
    snd_seq_ev_set_source(&to, (unsigned char)self->output);
    snd_seq_ev_set_dest(&to, self->newcomer.client, self->newcomer.port);
    snd_seq_ev_set_direct(&to);
    return set_message_for(self, &to, event) ? put(self, &to) : -1;
}

/* --- The main thread's part --- */

static int alsa_watch_fd(const struct port *port)
{
    return alsa_watch_descriptor(alsa(port)->watch);
}

static void alsa_watch(struct port *port, port_say *say, void *context)
{
    alsa_watch_run(alsa(port)->watch, say, context);
}

static int alsa_choose(struct port *port, const struct port_settings *settings, port_say *say,
                       void *context)
{
    return alsa_watch_choose(alsa(port)->watch, settings, say, context);
}

static void alsa_list(struct port *port, port_tell *tell, void *context)
{
    alsa_watch_list(alsa(port)->watch, tell, context);
}

const struct port_ops port_alsa_ops = {
    .name = "alsa",
    .open = alsa_open,
    .close = alsa_close,
    .descriptor = alsa_descriptor,
    .read = alsa_read,
    .write = alsa_write,
    .flush = alsa_flush,
    .greet = alsa_greet,
    .now = alsa_now,
    .watch_descriptor = alsa_watch_fd,
    .watch = alsa_watch,
    .choose = alsa_choose,
    .list = alsa_list,
};
