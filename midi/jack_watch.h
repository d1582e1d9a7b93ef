/* Who is there on the JACK server, and connecting what was asked for. Patterns are compared with
 * the names of ports and with their aliases, which for hardware are those of the device.
 *
 * A port is connected when it has come, as soon as its client takes connections: one that a user
 * undoes stays undone until the port comes anew. Where no names are given, every port of hardware
 * that can be read is taken for a keyboard, and every program that listens and does not speak for a
 * synth, at its first port. Main thread only. */
#ifndef MIDI_JACK_WATCH_H
#define MIDI_JACK_WATCH_H

#include "midi/jack_library.h"
#include "midi/port.h"

struct jack_watch;

/* Borrows the client and its ports. NULL: out of memory. */
struct jack_watch *jack_watch_open(const struct jack_library *jack, jack_client_t *client,
                                   jack_port_t *input, jack_port_t *output,
                                   const struct port_settings *settings, struct error *error);
void jack_watch_close(struct jack_watch *watch);

/* The server has told of a port. */
void jack_watch_add(struct jack_watch *watch, jack_port_id_t port);

/* Connects what has come and is not connected yet. */
void jack_watch_run(struct jack_watch *watch, port_say *say, void *context);

/* -1: out of memory; the old patterns stay. */
int jack_watch_choose(struct jack_watch *watch, const struct port_settings *settings, port_say *say,
                      void *context);

void jack_watch_list(struct jack_watch *watch, port_tell *tell, void *context);

#endif
