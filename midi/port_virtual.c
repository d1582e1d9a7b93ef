/* Events from and to files or pipes, one a line: seconds, then the bytes of one
 * message in hexadecimal. In the place of bytes may stand what happens to a
 * port: `unplugged`, `output-found`, `output-lost`, `overrun`; from `output-full` to
 * `output-free` no event can be written. Empty lines and lines that begin with #
 * are passed over; the end of the file ends the port.
 *
 *     0.500000 90 3C 40
 *     1.250000 unplugged
 *
 * By the virtual clock time is what the lines say and stands still between
 * them, so that a run depends on nothing but its input; else events come when
 * they can be read. Output lines have the seconds of the events.
 *
 * Whoever reads the output slowly holds up the input, and nothing else: while lines
 * wait to be written there is nothing to read. */
#include "midi/port.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    LINE = 1 << 18,    /* the longest line, a SysEx message of 80 KiB */
    MESSAGE = 1 << 17, /* bytes of a message */
    OUTPUT = 1 << 19,  /* lines that wait to be written */
    PIECE = 4096,      /* bytes that a pipe takes at once, PIPE_BUF, if it takes any */
    LAST_MS = 500,     /* on closing, without anybody reading */
};

struct virtual_port {
    struct port port;
    bool virtual_clock;
    _Atomic double seconds; /* of the virtual clock */
    int input;
    int output;
    bool drained; /* the input had no more for now */
    bool ended;
    bool full; /* nothing can be written */
    long line;
    size_t begin; /* unread bytes of text */
    size_t end;
    size_t written; /* bytes of out */
    char text[LINE];
    char out[OUTPUT];
    uint8_t message[MESSAGE];
};

static struct virtual_port *virtual(const struct port *port)
{
    return (struct virtual_port *)port;
}

static int open_file(const struct port_names *names, bool output, struct error *error)
{
    const char *path = names->count > 0 ? names->name[0] : "-";
    if (strcmp(path, "-") == 0)
        return dup(output ? STDOUT_FILENO : STDIN_FILENO);
    /* A FIFO without anybody at its other end would hold up the open. */
    int flags = O_NONBLOCK | O_NOCTTY | O_CLOEXEC;
    int fd = open(path, output ? O_WRONLY | O_CREAT | O_TRUNC | flags : O_RDONLY | flags, 0666);
    if (fd < 0)
        error_set(error, "%s: cannot open for %s: %s", path, output ? "writing" : "reading",
                  strerror(errno));
    return fd;
}

/* Writes what is taken within so many milliseconds. -1: what was left is lost. */
static int write_out(struct virtual_port *self, int patience)
{
    size_t at = 0;
    bool lost = false;
    struct pollfd ready = {.fd = self->output, .events = POLLOUT};
    while (at < self->written && !lost && poll(&ready, 1, patience) > 0) {
        size_t rest = self->written - at;
        ssize_t sent = write(self->output, self->out + at, rest < PIECE ? rest : PIECE);
        if (sent > 0)
            at += (size_t)sent;
        else
            lost = sent == 0 || (errno != EINTR && errno != EAGAIN);
    }
    self->written = lost ? 0 : self->written - at;
    memmove(self->out, self->out + at, self->written);
    return lost ? -1 : 0;
}

static int virtual_flush(struct port *port)
{
    return write_out(virtual(port), 0) == 0 ? 0 : 1;
}

static void virtual_close(struct port *port)
{
    struct virtual_port *self = virtual(port);
    if (self->output >= 0)
        (void)write_out(self, LAST_MS);
    if (self->input >= 0)
        close(self->input);
    if (self->output >= 0)
        close(self->output);
    free(self);
}

static struct port *virtual_open(const struct port_settings *settings, struct error *error)
{
    struct virtual_port *self = calloc(1, sizeof *self);
    if (!self) {
        error_set(error, "out of memory");
        return NULL;
    }
    self->port.ops = &port_virtual_ops;
    self->virtual_clock = settings->virtual_clock;
    self->input = settings->no_input ? -1 : open_file(&settings->inputs, false, error);
    bool in = self->input >= 0 || settings->no_input;
    self->output = in && !settings->no_output ? open_file(&settings->outputs, true, error) : -1;
    if (in && (self->output >= 0 || settings->no_output))
        return &self->port;
    virtual_close(&self->port);
    return NULL;
}

static int virtual_descriptor(const struct port *port)
{
    return virtual(port)->written > 0 ? -1 : virtual(port)->input;
}

static double virtual_now(const struct port *port)
{
    const struct virtual_port *self = virtual(port);
    return self->virtual_clock ? atomic_load_explicit(&self->seconds, memory_order_relaxed)
                               : monotonic_seconds();
}

/* Reads what there is without waiting. */
static void fill(struct virtual_port *self)
{
    memmove(self->text, self->text + self->begin, self->end - self->begin);
    self->end -= self->begin;
    self->begin = 0;
    struct pollfd ready = {.fd = self->input, .events = POLLIN};
    self->drained = true;
    if (self->end == LINE || poll(&ready, 1, 0) <= 0)
        return;
    ssize_t got = read(self->input, self->text + self->end, LINE - self->end);
    if (got > 0) {
        self->end += (size_t)got;
        self->drained = false;
    } else if (got == 0) {
        self->ended = true;
    } else if (errno != EAGAIN && errno != EINTR) {
        self->ended = true;
        error_set(&self->port.fault, "cannot read events: %s", strerror(errno));
    }
}

/* The next line, closed by a 0; NULL: none for now, or none any more. */
static char *next_line(struct virtual_port *self)
{
    for (;;) {
        char *line = self->text + self->begin;
        char *feed = memchr(line, '\n', self->end - self->begin);
        if (feed) {
            *feed = '\0';
            self->begin += (size_t)(feed - line) + 1;
            self->line++;
            return line;
        }
        if (self->begin == 0 && self->end == LINE) {
            self->ended = true;
            error_set(&self->port.fault, "line %ld: is too long", self->line + 1);
        }
        if (self->ended)
            return NULL;
        fill(self);
        if (self->drained && !self->ended)
            return NULL;
    }
}

static int hex(char c)
{
    return isdigit((unsigned char)c)    ? c - '0'
           : isxdigit((unsigned char)c) ? tolower((unsigned char)c) - 'a' + 10
                                        : -1;
}

/* Bytes as text to message[]; how many, or -1. */
static int read_bytes(struct virtual_port *self, const char *at)
{
    int count = 0;
    for (;;) {
        while (*at == ' ' || *at == '\r')
            at++;
        if (*at == '\0')
            return count;
        int high = hex(at[0]);
        int low = high < 0 ? -1 : hex(at[1]);
        if (low < 0 || count == MESSAGE)
            return -1;
        self->message[count++] = (uint8_t)(high << 4 | low);
        at += 2;
    }
}

static bool valid_length(uint8_t status, uint32_t length)
{
    static const uint32_t common[] = {[1] = 1, [2] = 2, [3] = 1};
    if (status < 0xF0)
        return length == midi_channel_length(status);
    if (status == MIDI_SYSEX || status == MIDI_SYSEX_ESCAPE)
        return true;
    return length == (status < 0xF4 ? common[status & 0x0F] : 0);
}

static enum port_news read_news(const char *word)
{
    static const struct {
        const char *word;
        enum port_news news;
    } words[] = {{"unplugged", PORT_INPUT_LOST},
                 {"output-found", PORT_OUTPUT_FOUND},
                 {"output-lost", PORT_OUTPUT_LOST},
                 {"overrun", PORT_OVERRUN}};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (strcmp(word, words[i].word) == 0)
            return words[i].news;
    return PORT_NOTHING;
}

static enum port_news read_line(struct virtual_port *self, char *line, struct midi_event *event)
{
    char *rest = NULL;
    double seconds = strtod(line, &rest);
    if (rest == line || !isfinite(seconds) || seconds < 0)
        return PORT_ENDED;
    while (*rest == ' ')
        rest++;
    if (self->virtual_clock)
        atomic_store_explicit(&self->seconds, seconds, memory_order_relaxed);
    *event = (struct midi_event){.seconds = virtual_now(&self->port)};
    enum port_news news = read_news(rest);
    if (news != PORT_NOTHING)
        return news;
    if (strcmp(rest, "output-full") == 0 || strcmp(rest, "output-free") == 0) {
        self->full = strcmp(rest, "output-full") == 0;
        return PORT_NOTHING;
    }
    int count = read_bytes(self, rest);
    /* A chunk of SysEx that begins with a data byte is a later one. */
    bool later = count > 0 && (self->message[0] < 0x80 || self->message[0] == MIDI_SYSEX_ESCAPE);
    if (count <= 0)
        return PORT_ENDED;
    event->status = later ? MIDI_SYSEX_ESCAPE : self->message[0];
    event->data = later ? self->message : self->message + 1;
    event->length = (uint32_t)count - !later;
    return valid_length(event->status, event->length) ? PORT_EVENT : PORT_ENDED;
}

static enum port_news virtual_read(struct port *port, struct midi_event *event)
{
    struct virtual_port *self = virtual(port);
    if (self->written > 0)
        (void)write_out(self, 0);
    if (self->written > 0 || self->input < 0)
        return PORT_NOTHING;
    enum port_news news = PORT_NOTHING;
    while (news == PORT_NOTHING) {
        char *line = next_line(self);
        if (!line)
            return self->ended ? PORT_ENDED : PORT_NOTHING;
        if (*line != '\0' && *line != '\r' && *line != '#')
            news = read_line(self, line, event);
    }
    if (news == PORT_ENDED) {
        self->ended = true;
        self->begin = self->end;
        error_set(&port->fault, "line %ld: expected seconds and the bytes of a message",
                  self->line);
    }
    return news;
}

static int virtual_write(struct port *port, const struct midi_event *event)
{
    static const char digits[] = "0123456789ABCDEF";
    struct virtual_port *self = virtual(port);
    size_t room = 3 * (size_t)event->length + 40;
    if (self->written + room > OUTPUT)
        (void)write_out(self, 0);
    if (self->written + room > OUTPUT || self->full || self->output < 0)
        return -1;
    char *to = self->out + self->written;
    to += snprintf(to, 32, "%.6f", event->seconds);
    if (event->status != MIDI_SYSEX_ESCAPE)
        to += snprintf(to, 4, " %02X", event->status);
    for (uint32_t i = 0; i < event->length; i++) {
        *to++ = ' ';
        *to++ = digits[event->data[i] >> 4];
        *to++ = digits[event->data[i] & 15];
    }
    *to++ = '\n';
    self->written = (size_t)(to - self->out);
    return 0;
}

static int virtual_watch_descriptor(const struct port *port)
{
    (void)port;
    return -1;
}

static void virtual_watch(struct port *port, port_say *say, void *context)
{
    (void)port;
    (void)say;
    (void)context;
}

static int virtual_choose(struct port *port, const struct port_settings *settings, port_say *say,
                          void *context)
{
    (void)port;
    (void)settings;
    (void)say;
    (void)context;
    return 0;
}

static void virtual_list(struct port *port, port_tell *tell, void *context)
{
    (void)port;
    const struct port_info input = {
        .client = "file", .name = "input", .source = true, .feeds_input = true};
    const struct port_info output = {
        .client = "file", .name = "output", .sink = true, .hears_output = true};
    tell(context, &input);
    tell(context, &output);
}

const struct port_ops port_virtual_ops = {
    .name = "virtual",
    .open = virtual_open,
    .close = virtual_close,
    .descriptor = virtual_descriptor,
    .read = virtual_read,
    .write = virtual_write,
    .flush = virtual_flush,
    .greet = virtual_write,
    .now = virtual_now,
    .watch_descriptor = virtual_watch_descriptor,
    .watch = virtual_watch,
    .choose = virtual_choose,
    .list = virtual_list,
};
