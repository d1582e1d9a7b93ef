/* A group: several ports as one, of any kinds beside each other.
 *
 * What comes in at any of them is read as from one port; what is written goes to those outputs that
 * its channel is for. Channels can be mapped on the way in and on the way out (midi/route.h), and a
 * keyboard can be split: notes up to a key then come in on another channel, and so do, besides, the
 * controls, bends and pressure of the keyboard.
 *
 * A port that cannot be opened, or that ends, does not end the group: it is opened anew every
 * second, and what it held is released as for a port that is unplugged. Only ports of files
 * (virtual) end it, with their fault or when none of them has more to read.
 *
 * Times are those of the monotonic clock; by the virtual clock, those of the port that is furthest. */
#ifndef MIDI_PORT_GROUP_H
#define MIDI_PORT_GROUP_H

#include "midi/port.h"

enum { GROUP_PORTS = 8 }; /* inputs, and outputs */

struct group_input {
    const struct port_ops *ops;
    struct port_names names;
    const char *client; /* the name of ours */
    uint8_t map[16];    /* what a channel becomes; from 0 */
    int split;          /* the highest key of the lower half; -1: none */
    uint8_t lower;      /* its channel */
};

struct group_output {
    const struct port_ops *ops;
    struct port_names names;
    const char *client;
    uint16_t channels; /* bit c: channel c goes there */
    uint8_t map[16];
};

struct group_settings {
    struct group_input input[GROUP_PORTS];
    struct group_output output[GROUP_PORTS];
    size_t inputs, outputs; /* 1 at least; where the first of each are of the same kind, they are
                               one client */
    bool virtual_clock;
};

/* The names are copied. NULL: no input could be opened, or no file; the reason of the first. */
struct port *port_group_open(const struct group_settings *settings, struct error *error);

#endif
