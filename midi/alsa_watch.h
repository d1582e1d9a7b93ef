/* Who is there on the ALSA sequencer, and connecting what was asked for.
 *
 * A client of its own, so that the handle that moves events belongs to the
 * real-time thread alone. It hears the system's announcements and connects
 * a port when the port itself appears, by its names. A connection that a user
 * undoes stays undone until the port comes anew.
 *
 * Where no names are given, every port of hardware that can be read is taken for a
 * keyboard, and every program that listens and does not speak for a synth, at its
 * first port. Hardware is never sent to unasked: a piano that sounds its own keys
 * would sound them twice.
 *
 * Our own ports are never connected to each other. The kernel's "Midi Through"
 * returns what it is sent; it is connected on one side at most. Main thread
 * only. */
#ifndef MIDI_ALSA_WATCH_H
#define MIDI_ALSA_WATCH_H

#include "midi/port.h"

struct alsa_watch;

/* `client`, `input` and `output` are the addresses of our own ports. */
struct alsa_watch *alsa_watch_open(int client, int input, int output,
                                   const struct port_settings *settings, struct error *error);
void alsa_watch_close(struct alsa_watch *watch);

int alsa_watch_descriptor(const struct alsa_watch *watch);

/* Reads announcements, and connects if a port has come. */
void alsa_watch_run(struct alsa_watch *watch, port_say *say, void *context);

/* -1: out of memory; the old patterns stay. */
int alsa_watch_choose(struct alsa_watch *watch, const struct port_settings *settings, port_say *say,
                      void *context);

void alsa_watch_list(struct alsa_watch *watch, port_tell *tell, void *context);

/* Keeps the ALSA library from writing to standard error what is told in better
 * words here; PortMidi uses it too. */
void alsa_be_silent(void);

/* One sentence for a sequencer that cannot be opened. Returns -1. */
int alsa_explain(int code, struct error *error);

#endif
