/* How long a note takes through programs of the ALSA sequencer, side by side.
 *
 *     bench_latency [-n NOTES] [-s SPEED] FILE.mid TARGET...
 *
 * A TARGET is LABEL=CLIENT or LABEL=CLIENT=COMMAND: the client's first port that
 * can be written to is fed, its first that can be read is listened to; COMMAND
 * is run by the shell before. The client `-` is the bench itself: its output goes
 * straight into its input, the bare kernel.
 *
 * The notes of the file are played over and over at their times, divided by SPEED
 * (1), until NOTES note-ons (5000) went through; keys struck while they are down are left out, as
 * programs differ in what they make of them. Notes of a chord follow one another as
 * on a cable, after a millisecond. Each note-on is sent when what was
 * before has come back; the time from before it is sent until after it is read is
 * its round trip. Printed are these, in microseconds, and their ratios to the second
 * target's (put the least possible program there).
 *
 * On a machine that does other things too the high percentiles are that
 * machine's; under instruction-counted virtual time (qemu -icount) they are the
 * program's. */
#include "midi/midifile.h"

#include "base/monotonic.h"

#include <alsa/asoundlib.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* ALSA's macros clear bits of a byte with the complement of an int. */
#pragma GCC diagnostic ignored "-Wsign-conversion"

enum {
    PATIENCE = 5000,   /* milliseconds until an event that does not come back is lost */
    SETTLE = 1000000,  /* nanoseconds between two events, as on a MIDI cable */
    REST = 2000000000, /* between the end of the file and its next beginning */
};

struct bench {
    snd_seq_t *seq;
    int output, input; /* ports */
    struct pollfd poller;
    const struct midifile *file;
    uint64_t *trip; /* [count]: nanoseconds */
    size_t count;
    double speed;
};

struct figures {
    double p50, p99, max;
};

static int fail(const char *what, const char *why)
{
    fprintf(stderr, "bench_latency: %s: %s\n", what, why);
    return -1;
}

static void sleep_until(uint64_t nanoseconds)
{
    struct timespec time = {.tv_sec = (time_t)(nanoseconds / 1000000000U),
                            .tv_nsec = (long)(nanoseconds % 1000000000U)};
    clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &time, NULL);
}

static int bench_open(struct bench *bench)
{
    if (snd_seq_open(&bench->seq, "default", SND_SEQ_OPEN_DUPLEX, SND_SEQ_NONBLOCK) < 0)
        return fail("sequencer", "cannot be opened");
    snd_seq_set_client_name(bench->seq, "bench");
    bench->output = snd_seq_create_simple_port(bench->seq, "keys",
                                               SND_SEQ_PORT_CAP_READ | SND_SEQ_PORT_CAP_SUBS_READ,
                                               SND_SEQ_PORT_TYPE_MIDI_GENERIC);
    bench->input = snd_seq_create_simple_port(bench->seq, "ears",
                                              SND_SEQ_PORT_CAP_WRITE | SND_SEQ_PORT_CAP_SUBS_WRITE,
                                              SND_SEQ_PORT_TYPE_MIDI_GENERIC);
    if (bench->output < 0 || bench->input < 0 ||
        snd_seq_poll_descriptors(bench->seq, &bench->poller, 1, POLLIN) != 1)
        return fail("sequencer", "no ports");
    return 0;
}

/* The first port of the client with these capabilities; -1: none. */
static int find_port(snd_seq_t *seq, int client, unsigned capabilities)
{
    snd_seq_port_info_t *port;
    snd_seq_port_info_alloca(&port);
    snd_seq_port_info_set_client(port, client);
    snd_seq_port_info_set_port(port, -1);
    while (snd_seq_query_next_port(seq, port) >= 0)
        if ((snd_seq_port_info_get_capability(port) & capabilities) == capabilities)
            return snd_seq_port_info_get_port(port);
    return -1;
}

static int find_client(snd_seq_t *seq, const char *name)
{
    snd_seq_client_info_t *client;
    snd_seq_client_info_alloca(&client);
    snd_seq_client_info_set_client(client, -1);
    while (snd_seq_query_next_client(seq, client) >= 0)
        if (strcmp(snd_seq_client_info_get_name(client), name) == 0)
            return snd_seq_client_info_get_client(client);
    return -1;
}

/* Connects the bench through a client, or takes the connections away. */
static int connect_through(struct bench *bench, const char *name, bool there)
{
    snd_seq_t *seq = bench->seq;
    if (strcmp(name, "-") == 0) {
        int self = snd_seq_client_id(seq);
        return there ? snd_seq_connect_to(seq, bench->output, self, bench->input)
                     : snd_seq_disconnect_to(seq, bench->output, self, bench->input);
    }
    int client = find_client(seq, name);
    if (client < 0)
        return fail(name, "no such client");
    int to = find_port(seq, client, SND_SEQ_PORT_CAP_WRITE | SND_SEQ_PORT_CAP_SUBS_WRITE);
    int from = find_port(seq, client, SND_SEQ_PORT_CAP_READ | SND_SEQ_PORT_CAP_SUBS_READ);
    if (to < 0 || from < 0)
        return fail(name, "has no port to go in or come out");
    if (!there) {
        snd_seq_disconnect_to(seq, bench->output, client, to);
        return snd_seq_disconnect_from(seq, bench->input, client, from);
    }
    if (snd_seq_connect_to(seq, bench->output, client, to) < 0 ||
        snd_seq_connect_from(seq, bench->input, client, from) < 0)
        return fail(name, "cannot be connected");
    return 0;
}

/* Reads until a note is struck or the time is over; some clients always have
 * something to say (active sensing), and some release by a velocity of 0. */
static bool await_note(struct bench *bench, uint64_t milliseconds)
{
    uint64_t end = 0;
    for (;;) {
        snd_seq_event_t *event;
        int code = snd_seq_event_input(bench->seq, &event);
        if (code >= 0 && event->type == SND_SEQ_EVENT_NOTEON && event->data.note.velocity > 0)
            return true;
        if (code >= 0)
            continue;
        if (code != -EAGAIN)
            return false;
        uint64_t time = monotonic_nanoseconds();
        if (end == 0)
            end = time + milliseconds * 1000000;
        if (time >= end || poll(&bench->poller, 1, (int)((end - time) / 1000000) + 1) < 0)
            return false;
    }
}

static void send(struct bench *bench, const struct midi_event *note)
{
    snd_seq_event_t event;
    snd_seq_ev_clear(&event);
    if (midi_is_note_on(note))
        snd_seq_ev_set_noteon(&event, midi_channel(note), note->data[0], note->data[1]);
    else
        snd_seq_ev_set_noteoff(&event, midi_channel(note), note->data[0], 0);
    snd_seq_ev_set_source(&event, (unsigned char)bench->output);
    snd_seq_ev_set_subs(&event);
    snd_seq_ev_set_direct(&event);
    snd_seq_event_output_direct(bench->seq, &event);
}

/* Sends a note-on and waits for it: nanoseconds. 0: it did not come back. */
static uint64_t round_trip(struct bench *bench, const struct midi_event *note)
{
    uint64_t start = monotonic_nanoseconds();
    send(bench, note);
    if (!await_note(bench, PATIENCE))
        return 0;
    return monotonic_nanoseconds() - start;
}

/* Plays the file once, or until there are trips enough. */
static int play_once(struct bench *bench, size_t *done)
{
    unsigned down[16][128] = {0};
    uint64_t start = monotonic_nanoseconds();
    for (uint32_t i = 0; i < midifile_events(bench->file) && *done < bench->count; i++) {
        struct midi_event event = midifile_event(bench->file, i);
        if (!midi_is_channel(&event) || (!midi_is_note_on(&event) && !midi_is_note_off(&event)))
            continue;
        unsigned *key = &down[midi_channel(&event)][event.data[0]];
        sleep_until(start + (uint64_t)(event.seconds * 1e9 / bench->speed));
        if (midi_is_note_on(&event)) {
            if ((*key)++ > 0)
                continue;
            uint64_t trip = round_trip(bench, &event);
            if (trip == 0)
                return -1;
            bench->trip[(*done)++] = trip;
            sleep_until(monotonic_nanoseconds() + SETTLE);
        } else if (*key > 0 && --*key == 0) {
            /* It may not come back: another key may hold what it sounds as. */
            send(bench, &event);
            sleep_until(monotonic_nanoseconds() + SETTLE);
        }
    }
    return 0;
}

static int compare(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a;
    uint64_t y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

static int play_through(struct bench *bench, struct figures *figures)
{
    await_note(bench, 500); /* what the client has to say on being connected */
    size_t done = 0;
    while (done < bench->count) {
        if (play_once(bench, &done) < 0)
            return -1;
        sleep_until(monotonic_nanoseconds() + REST);
    }
    qsort(bench->trip, done, sizeof *bench->trip, compare);
    size_t middle = done / 2;
    size_t high = done * 99 / 100;
    figures->p50 = 1e-3 * (double)bench->trip[middle];
    figures->p99 = 1e-3 * (double)bench->trip[high];
    figures->max = 1e-3 * (double)bench->trip[done - 1];
    return 0;
}

static int measure(struct bench *bench, char *target, struct figures *figures)
{
    char *client = strchr(target, '=');
    if (!client)
        return fail(target, "not of the form LABEL=CLIENT");
    *client++ = '\0';
    char *command = strchr(client, '=');
    if (command)
        *command++ = '\0';
    if (command && system(command) != 0)
        return fail(command, "failed");
    if (connect_through(bench, client, true) < 0)
        return -1;
    int status = play_through(bench, figures);
    connect_through(bench, client, false);
    return status == 0 ? 0 : fail(target, "a note did not come back");
}

static int compare_targets(struct bench *bench, char **targets, int count)
{
    struct figures reference = {0};
    printf("%-24s %9s %9s %9s   ratio of p50 and p99\n", "round trip, us", "p50", "p99", "max");
    for (int i = 0; i < count; i++) {
        struct figures it;
        if (measure(bench, targets[i], &it) < 0)
            return -1;
        if (i == 1)
            reference = it;
        printf("%-24s %9.1f %9.1f %9.1f", targets[i], it.p50, it.p99, it.max);
        if (i > 0)
            printf("   %.2f %.2f", it.p50 / reference.p50, it.p99 / reference.p99);
        printf("\n");
        fflush(stdout);
    }
    return 0;
}

static int usage(void)
{
    fprintf(stderr,
            "usage: bench_latency [-n NOTES] [-s SPEED] FILE.mid LABEL=CLIENT[=COMMAND]...\n");
    return 2;
}

int main(int argc, char **argv)
{
    struct bench bench = {.count = 5000, .speed = 1};
    int option;
    while ((option = getopt(argc, argv, "n:s:")) != -1) {
        if (option == 'n')
            bench.count = strtoul(optarg, NULL, 10);
        else if (option == 's')
            bench.speed = strtod(optarg, NULL);
        else
            return usage();
    }
    if (bench.count == 0 || !(bench.speed > 0))
        return usage();
    if (argc - optind < 2)
        return usage();
    struct error error;
    struct midifile *file = midifile_load(argv[optind], &error);
    if (!file)
        return -fail("file", error.text);
    uint32_t notes;
    midifile_notes(file, &notes);
    bench.file = file;
    bench.trip = calloc(bench.count, sizeof *bench.trip);
    int status = -1;
    if (notes == 0 || !bench.trip)
        fail(argv[optind], "no notes, or no memory");
    else if (bench_open(&bench) == 0)
        status = compare_targets(&bench, argv + optind + 1, argc - optind - 1);
    if (bench.seq)
        snd_seq_close(bench.seq);
    free(bench.trip);
    midifile_free(file);
    return -status;
}
