/* A keyboard and a synth on a JACK server: the clients `player` and `listener`, with the ports
 * `keys` and `synth`.
 *
 *     jack_player
 *
 * Standard input: BYTES in hexadecimal are played at a frame of one of the next periods; `wait`
 * waits for ten periods and prints a line for each message that has come at the synth, FRAMES
 * BYTES: how many frames after the message played at the same place in the order it came,
 * `-` where it is none of that kind; `period` prints the frames of a period; `connect
 * A B` connects two ports and prints yes or no. */
#include "midi/jack_library.h"
#include "midi/wire.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { PLAYED = 4096, BYTES = 64, PERIODS = 10 };

static const struct jack_library *jack;
static jack_client_t *player, *listener;
static jack_port_t *keys, *synth;
static struct wire to_play, has_come;
static jack_nframes_t stamp[PLAYED]; /* of what was played, a ring */
static atomic_uint played, periods;
static jack_nframes_t place; /* of the next message in its period: one a period */
static atomic_uint length;

static int play_period(jack_nframes_t frames, void *context)
{
    jack_nframes_t begin = jack->last_frame_time(player);
    void *out = jack->port_get_buffer(keys, frames);
    uint32_t size = 0;
    double none = 0;
    (void)context;
    atomic_store(&length, frames);
    jack->midi_clear_buffer(out);
    if (wire_peek(&to_play, &none, &size)) {
        place = (place + 7) % frames;
        stamp[atomic_load(&played) % PLAYED] = begin + place;
        wire_read(&to_play, jack->midi_event_reserve(out, place, size));
        atomic_fetch_add(&played, 1);
    }
    atomic_fetch_add(&periods, 1);
    return 0;
}

static int hear_period(jack_nframes_t frames, void *context)
{
    jack_nframes_t begin = jack->last_frame_time(listener);
    void *in = jack->port_get_buffer(synth, frames);
    (void)context;
    for (uint32_t i = 0; i < jack->midi_get_event_count(in); i++) {
        jack_midi_event_t event;
        jack->midi_event_get(&event, in, i);
        wire_write(&has_come, begin + event.time, -1, event.buffer, (uint32_t)event.size);
    }
    return 0;
}

static void wait_periods(unsigned count)
{
    const struct timespec moment = {.tv_nsec = 1000000};
    unsigned until = atomic_load(&periods) + count;
    for (int i = 0; i < 5000 && (int)(until - atomic_load(&periods)) > 0; i++)
        nanosleep(&moment, NULL);
}

static void print_what_came(void)
{
    static unsigned came;
    uint32_t size = 0;
    double frame = 0;
    while (wire_peek(&has_come, &frame, &size)) {
        uint8_t bytes[BYTES];
        wire_read(&has_come, bytes);
        if (came < atomic_load(&played))
            printf("%d", (int)((jack_nframes_t)frame - stamp[came % PLAYED]));
        else
            printf("-");
        for (uint32_t i = 0; i < size && i < BYTES; i++)
            printf(" %02x", bytes[i]);
        printf("\n");
        came++;
    }
    came = atomic_load(&played);
    printf("end\n");
    fflush(stdout);
}

static void play(const char *line)
{
    uint8_t bytes[BYTES];
    uint32_t count = 0;
    char *end = NULL;
    for (unsigned long byte = strtoul(line, &end, 16); end != line && count < BYTES;
         line = end, byte = strtoul(line, &end, 16))
        bytes[count++] = (uint8_t)byte;
    wire_write(&to_play, 0, -1, bytes, count);
}

static bool is_open(void)
{
    jack_status_t status = 0;
    jack = jack_library(NULL);
    player = jack ? jack->client_open("player", JackNoStartServer, &status) : NULL;
    listener = player ? jack->client_open("listener", JackNoStartServer, &status) : NULL;
    if (!listener)
        return false;
    keys = jack->port_register(player, "keys", JACK_DEFAULT_MIDI_TYPE, JackPortIsOutput, 0);
    synth = jack->port_register(listener, "synth", JACK_DEFAULT_MIDI_TYPE, JackPortIsInput, 0);
    jack->set_process_callback(player, play_period, NULL);
    jack->set_process_callback(listener, hear_period, NULL);
    return keys && synth && jack->activate(player) == 0 && jack->activate(listener) == 0;
}

int main(void)
{
    char line[320], source[128], sink[128];
    if (!is_open()) {
        fprintf(stderr, "jack_player: no server\n");
        return 77;
    }
    printf("ready\n");
    fflush(stdout);
    while (fgets(line, sizeof line, stdin)) {
        if (strcmp(line, "wait\n") == 0) {
            while (!wire_is_empty(&to_play))
                wait_periods(1);
            wait_periods(PERIODS);
            print_what_came();
        } else if (sscanf(line, "connect %127s %127s", source, sink) == 2) {
            printf("%s\n", jack->connect(player, source, sink) == 0 ? "yes" : "no");
            fflush(stdout);
        } else if (strcmp(line, "period\n") == 0) {
            printf("%u\n", atomic_load(&length));
            fflush(stdout);
        } else {
            play(line);
        }
    }
    jack->client_close(player);
    jack->client_close(listener);
    return 0;
}
