/* Plays and records events of the ALSA sequencer as lines of text.
 *
 *     seqio play CLIENT-NAME ADDRESS|- FILE
 *     seqio record CLIENT-NAME ADDRESS|- FILE
 *
 * A line is a time in seconds and the bytes of a MIDI message, or of a piece of
 * SysEx, in hexadecimal: `1.250000 90 3c 40`. When recording, the kernel stamps
 * each event as it is delivered; lines that begin with # tell when somebody
 * subscribed, went, or events were lost for want of room.
 *
 * play connects to ADDRESS, or, with -, waits until somebody subscribes to its
 * port `keys`; its first event is due when that is done. A line without bytes is
 * a time to stay until. record connects ADDRESS to its port `ears`, or waits to be
 * connected; it ends by SIGTERM or SIGINT, its file complete. */
#include <alsa/asoundlib.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* ALSA's macros clear bits of a byte with the complement of an int. */
#pragma GCC diagnostic ignored "-Wsign-conversion"

enum {
    POOL = 2000,  /* events that the kernel keeps for a client: its limit */
    PIECE = 4096, /* the longest piece of SysEx */
};

static volatile sig_atomic_t stopped;

static void stop(int number)
{
    (void)number;
    stopped = 1;
}

static void fail(const char *what, const char *why)
{
    fprintf(stderr, "seqio: %s: %s\n", what, why);
    exit(1);
}

static void check_snd(const char *what, int result)
{
    if (result < 0)
        fail(what, snd_strerror(result));
}

struct line {
    double seconds;
    size_t start, length; /* of its bytes */
};

struct script {
    size_t count, bytes;
    struct line *line;
    unsigned char *byte;
};

static void *grow(void *array, size_t count, size_t size)
{
    if (count == 0 || (count & (count - 1)) != 0)
        return array ? array : malloc(size);
    void *bigger = realloc(array, 2 * count * size);
    if (!bigger)
        fail("read script", "out of memory");
    return bigger;
}

static struct script script_read(const char *path)
{
    FILE *file = strcmp(path, "-") == 0 ? stdin : fopen(path, "r");
    if (!file)
        fail(path, strerror(errno));
    struct script script = {0};
    static char text[4 * PIECE];
    while (fgets(text, sizeof text, file)) {
        if (text[0] == '#' || text[0] == '\n')
            continue;
        char *at;
        script.line = grow(script.line, script.count, sizeof *script.line);
        struct line *line = &script.line[script.count++];
        line->seconds = strtod(text, &at);
        line->start = script.bytes;
        for (char *end;; at = end) {
            unsigned long byte = strtoul(at, &end, 16);
            if (end == at)
                break;
            script.byte = grow(script.byte, script.bytes, 1);
            script.byte[script.bytes++] = (unsigned char)byte;
        }
        line->length = script.bytes - line->start;
    }
    fclose(file);
    return script;
}

static snd_seq_t *client_open(const char *name)
{
    snd_seq_t *seq;
    check_snd("open sequencer", snd_seq_open(&seq, "default", SND_SEQ_OPEN_DUPLEX, 0));
    check_snd("set name", snd_seq_set_client_name(seq, name));
    check_snd("set output pool", snd_seq_set_client_pool_output(seq, POOL));
    check_snd("set input pool", snd_seq_set_client_pool_input(seq, POOL));
    check_snd("set output buffer", snd_seq_set_output_buffer_size(seq, 1 << 16));
    check_snd("set input buffer", snd_seq_set_input_buffer_size(seq, 1 << 18));
    return seq;
}

static snd_seq_addr_t address_of(snd_seq_t *seq, const char *text)
{
    snd_seq_addr_t address;
    check_snd(text, snd_seq_parse_address(seq, &address, text));
    return address;
}

static void await_subscriber(snd_seq_t *seq, int port)
{
    snd_seq_port_info_t *info;
    snd_seq_port_info_alloca(&info);
    for (;;) {
        check_snd("port", snd_seq_get_port_info(seq, port, info));
        if (snd_seq_port_info_get_read_use(info) > 0)
            return;
        nanosleep(&(struct timespec){.tv_nsec = 10000000}, NULL);
    }
}

static void play(const char *name, const char *to, const char *path)
{
    struct script script = script_read(path);
    snd_seq_t *seq = client_open(name);
    int port =
        snd_seq_create_simple_port(seq, "keys", SND_SEQ_PORT_CAP_READ | SND_SEQ_PORT_CAP_SUBS_READ,
                                   SND_SEQ_PORT_TYPE_MIDI_GENERIC | SND_SEQ_PORT_TYPE_APPLICATION);
    check_snd("create port", port);
    int queue = snd_seq_alloc_queue(seq);
    check_snd("create queue", queue);
    if (strcmp(to, "-") == 0) {
        await_subscriber(seq, port);
    } else {
        snd_seq_addr_t address = address_of(seq, to);
        check_snd("connect", snd_seq_connect_to(seq, port, address.client, address.port));
    }

    snd_midi_event_t *coder;
    check_snd("coder", snd_midi_event_new(PIECE, &coder));
    check_snd("start queue", snd_seq_start_queue(seq, queue, NULL));
    check_snd("start queue", snd_seq_drain_output(seq));
    for (size_t i = 0; i < script.count; i++) {
        const struct line *line = &script.line[i];
        unsigned char *bytes = script.byte ? script.byte + line->start : NULL;
        snd_seq_event_t event;
        snd_seq_ev_clear(&event);
        if (line->length == 0 || !bytes) {
            snd_seq_ev_set_fixed(&event);
            event.type = SND_SEQ_EVENT_ECHO;
        } else if (bytes[0] == 0xF0 || bytes[0] < 0x80) {
            snd_seq_ev_set_sysex(&event, (unsigned)line->length, bytes);
        } else {
            snd_midi_event_reset_encode(coder);
            if (snd_midi_event_encode(coder, bytes, (long)line->length, &event) < 0 ||
                event.type == SND_SEQ_EVENT_NONE)
                fail(path, "a line that is no MIDI message");
        }
        snd_seq_real_time_t due = {.tv_sec = (unsigned)line->seconds};
        due.tv_nsec = (unsigned)((line->seconds - due.tv_sec) * 1e9);
        snd_seq_ev_set_source(&event, (unsigned char)port);
        snd_seq_ev_set_subs(&event);
        snd_seq_ev_schedule_real(&event, (unsigned char)queue, 0, &due);
        if (event.type == SND_SEQ_EVENT_ECHO) /* nobody hears it, but its time must come */
            snd_seq_ev_set_dest(&event, (unsigned char)snd_seq_client_id(seq), (unsigned char)port);
        check_snd("play", snd_seq_event_output(seq, &event));
    }
    check_snd("play", snd_seq_drain_output(seq));
    check_snd("wait for the end", snd_seq_sync_output_queue(seq));
    snd_midi_event_free(coder);
    snd_seq_close(seq);
    free(script.line);
    free(script.byte);
}

static void write_event(FILE *file, const snd_seq_event_t *event, snd_midi_event_t *coder)
{
    unsigned char small[16];
    const unsigned char *bytes = small;
    long length;
    if (event->type == SND_SEQ_EVENT_SYSEX) {
        bytes = event->data.ext.ptr;
        length = (long)event->data.ext.len;
    } else {
        length = snd_midi_event_decode(coder, small, sizeof small, event);
        if (length < 0)
            return;
    }
    fprintf(file, "%u.%06u", event->time.time.tv_sec, event->time.time.tv_nsec / 1000);
    for (long i = 0; i < length; i++)
        fprintf(file, " %02x", bytes[i]);
    fputc('\n', file);
}

static void record(const char *name, const char *from, const char *path)
{
    FILE *file = fopen(path, "w");
    if (!file)
        fail(path, strerror(errno));
    snd_seq_t *seq = client_open(name);
    int queue = snd_seq_alloc_queue(seq);
    check_snd("create queue", queue);
    snd_seq_port_info_t *info;
    snd_seq_port_info_alloca(&info);
    snd_seq_port_info_set_name(info, "ears");
    snd_seq_port_info_set_capability(info, SND_SEQ_PORT_CAP_WRITE | SND_SEQ_PORT_CAP_SUBS_WRITE);
    snd_seq_port_info_set_type(info,
                               SND_SEQ_PORT_TYPE_MIDI_GENERIC | SND_SEQ_PORT_TYPE_APPLICATION);
    snd_seq_port_info_set_midi_channels(info, 16);
    snd_seq_port_info_set_timestamping(info, 1);
    snd_seq_port_info_set_timestamp_real(info, 1);
    snd_seq_port_info_set_timestamp_queue(info, queue);
    check_snd("create port", snd_seq_create_port(seq, info));
    check_snd("start queue", snd_seq_start_queue(seq, queue, NULL));
    check_snd("start queue", snd_seq_drain_output(seq));
    if (strcmp(from, "-") != 0) {
        snd_seq_addr_t address = address_of(seq, from);
        check_snd("connect", snd_seq_connect_from(seq, 0, address.client, address.port));
    }
    fprintf(file, "# recording\n");
    fflush(file);

    snd_midi_event_t *coder;
    check_snd("coder", snd_midi_event_new(PIECE, &coder));
    snd_midi_event_no_status(coder, 1);
    check_snd("nonblock", snd_seq_nonblock(seq, 1));
    struct pollfd poller;
    snd_seq_poll_descriptors(seq, &poller, 1, POLLIN);
    while (!stopped) {
        snd_seq_event_t *event;
        int result = snd_seq_event_input(seq, &event);
        if (result == -EAGAIN) {
            fflush(file);
            poll(&poller, 1, 500);
        } else if (result == -ENOSPC) {
            fprintf(file, "# lost\n");
        } else if (result >= 0) {
            if (event->type == SND_SEQ_EVENT_PORT_SUBSCRIBED)
                fprintf(file, "# subscribed\n");
            else if (event->type == SND_SEQ_EVENT_PORT_UNSUBSCRIBED)
                fprintf(file, "# unsubscribed\n");
            else
                write_event(file, event, coder);
        }
    }
    snd_seq_close(seq);
    if (fclose(file) != 0)
        fail(path, strerror(errno));
}

int main(int argc, char **argv)
{
    struct sigaction action = {.sa_handler = stop};
    sigaction(SIGTERM, &action, NULL);
    sigaction(SIGINT, &action, NULL);
    if (argc == 5 && strcmp(argv[1], "play") == 0)
        play(argv[2], argv[3], argv[4]);
    else if (argc == 5 && strcmp(argv[1], "record") == 0)
        record(argv[2], argv[3], argv[4]);
    else {
        fprintf(stderr, "usage: seqio play|record CLIENT-NAME ADDRESS|- FILE\n");
        return 2;
    }
    return 0;
}
