/* Ports: where live events come from and go to.
 *
 * A port is an input and an output behind a small table of operations; the ALSA
 * sequencer, PortMidi, JACK and files or pipes of timed events are such tables. Other
 * clients' ports are chosen by patterns on their names, never by number.
 *
 * Two threads use a port. The real-time thread alone calls read, write and flush
 * (and polls the descriptor); these neither allocate nor wait. The main thread alone opens,
 * closes, watches and lists, closing only when the other is done with it; `now` may be
 * called from both. */
#ifndef MIDI_PORT_H
#define MIDI_PORT_H

#include "base/error.h"
#include "base/monotonic.h"
#include "midi/event.h"

#include <stddef.h>

#define PORT_CLIENT_NAME "AudioGenRL"

struct port_names {
    size_t count;
    const char *const *name; /* [count]: patterns, as port_matches takes them */
    bool any;                /* alsa, jack: instead of patterns, keyboards to read from or synths to
                                write to, as alsa_watch.h tells them apart */
};

struct port_settings {
    struct port_names inputs;  /* ports to read from; virtual: the file, "-": standard input */
    struct port_names outputs; /* ports to write to; virtual: the file, "-": standard output */
    bool virtual_clock;        /* virtual: time is what the events say */
    const char *client;        /* alsa, jack: the name of ours; NULL: PORT_CLIENT_NAME, which names
                                  must begin with so that ports of ours are not taken for synths */
    bool no_input, no_output;  /* it is only the other */
};

enum port_news {
    PORT_NOTHING,      /* no more for now: poll */
    PORT_EVENT,        /* an event came */
    PORT_INPUT_LOST,   /* somebody whom we heard went away */
    PORT_OUTPUT_FOUND, /* somebody has begun to listen to us */
    PORT_OUTPUT_LOST,  /* somebody whom we wrote to went away */
    PORT_UNDELIVERED,  /* a listener could not take an event that was written */
    PORT_OVERRUN,      /* the system dropped events before we could read them */
    PORT_ENDED,        /* there will be no more; `fault` says why, if it is one */
};

/* Somebody else's port, or one of ours. */
struct port_info {
    const char *client;
    const char *name;
    bool source;       /* can be read from */
    bool sink;         /* can be written to */
    bool feeds_input;  /* is connected to our input */
    bool hears_output; /* our output is connected to it */
};

typedef void port_tell(void *context, const struct port_info *info);

/* Is told what the watch did, one sentence each. */
typedef void port_say(void *context, const char *sentence);

struct port {
    const struct port_ops *ops;
    struct error fault; /* after PORT_ENDED; "" where the end was a proper one */
};

struct port_ops {
    const char *name;

    /* NULL: one sentence; trying again later makes sense. */
    struct port *(*open)(const struct port_settings *settings, struct error *error);
    void (*close)(struct port *port);

    /* Readable when `read` has news; -1: there is none, ask every millisecond. */
    int (*descriptor)(const struct port *port);

    /* The next piece of news. An event's data live until the next call. */
    enum port_news (*read)(struct port *port, struct midi_event *event);

    /* Takes an event; SysEx may come in chunks (a later one has the status
     * MIDI_SYSEX_ESCAPE). -1: this one was dropped. */
    int (*write)(struct port *port, const struct midi_event *event);

    /* Sends what was written. The number of events that were dropped since the last flush and
     * that no write has told of. */
    int (*flush)(struct port *port);

    /* As write, but to nobody but whom PORT_OUTPUT_FOUND was last about, where the kind of
     * port can tell them apart. */
    int (*greet)(struct port *port, const struct midi_event *event);

    /* Seconds on the clock that events are stamped by. */
    double (*now)(const struct port *port);

    /* Readable when `watch` should be called; -1: there is nothing to watch. */
    int (*watch_descriptor)(const struct port *port);

    /* Connects what matches and is not connected. */
    void (*watch)(struct port *port, port_say *say, void *context);

    /* Other patterns; connects what they match; connections there are stay. -1, or no
     * such function: these need the port to be opened anew. */
    int (*choose)(struct port *port, const struct port_settings *settings, port_say *say,
                  void *context);

    /* All ports there are. */
    void (*list)(struct port *port, port_tell *tell, void *context);
};

extern const struct port_ops port_alsa_ops, port_portmidi_ops, port_jack_ops, port_virtual_ops;

/* Does a pattern stand for a port? It is compared, whatever the case, with the
 * port's name, its client's, and CLIENT:PORT; with * ? [ as in file names, or, where
 * it has none of these, as a part of the name. */
bool port_matches(const char *pattern, const char *client, const char *name);
bool port_matches_any(const struct port_names *patterns, const char *client, const char *name);

/* Copies of patterns, to be kept; what was there before (zeroed: nothing) is freed. -1: out of
 * memory, all stays. */
int port_names_keep(struct port_names *inputs, struct port_names *outputs,
                    const struct port_settings *settings);
void port_names_free(struct port_names *names);

/* Greets with sustain off, all notes off and all sound off for all channels: for a synth
 * that may still be sounding from before. */
void port_silence(struct port *port, double seconds);

#endif
