/* The least that a program between keyboard and synth can do: every event that
 * comes to its port `input` is sent on from its port `output`, unchanged. What a
 * note's way through any program costs at least; latency is compared with it.
 *
 *     passthrough [CLIENT-NAME]
 *
 * Runs until it is killed. */
#include <alsa/asoundlib.h>
#include <stdio.h>
#include <stdlib.h>

static void check_snd(const char *what, int result)
{
    if (result < 0) {
        fprintf(stderr, "passthrough: %s: %s\n", what, snd_strerror(result));
        exit(1);
    }
}

int main(int argc, char **argv)
{
    snd_seq_t *seq;
    check_snd("open sequencer", snd_seq_open(&seq, "default", SND_SEQ_OPEN_DUPLEX, 0));
    check_snd("set name", snd_seq_set_client_name(seq, argc > 1 ? argv[1] : "passthrough"));
    int input = snd_seq_create_simple_port(
        seq, "input", SND_SEQ_PORT_CAP_WRITE | SND_SEQ_PORT_CAP_SUBS_WRITE,
        SND_SEQ_PORT_TYPE_MIDI_GENERIC | SND_SEQ_PORT_TYPE_APPLICATION);
    check_snd("create input", input);
    int output = snd_seq_create_simple_port(
        seq, "output", SND_SEQ_PORT_CAP_READ | SND_SEQ_PORT_CAP_SUBS_READ,
        SND_SEQ_PORT_TYPE_MIDI_GENERIC | SND_SEQ_PORT_TYPE_APPLICATION);
    check_snd("create output", output);

    for (;;) {
        snd_seq_event_t *event;
        int result = snd_seq_event_input(seq, &event);
        if (result == -ENOSPC)
            continue;
        check_snd("read", result);
        if (event->source.client == SND_SEQ_CLIENT_SYSTEM)
            continue;
        snd_seq_ev_set_source(event, (unsigned char)output);
        snd_seq_ev_set_subs(event);
        snd_seq_ev_set_direct(event);
        check_snd("write", snd_seq_event_output_direct(seq, event));
    }
}
