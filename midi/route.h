/* A route: which channels of what is sent go to one of several outputs, and on which channels.
 *
 * Where two channels become one, a note of the one does not end with a release of the other: a
 * pitch is held by the channels that it was struck on, releases are held back while another one
 * holds it, and all notes off and its kin (control changes 120, 123 .. 127) are left out while
 * another channel sounds. Other than channel messages pass as they are.
 *
 * A plain struct without pointers; route_set makes it. Nothing allocates or waits; at most
 * ROUTE_BACKLOG + 1 events are sent for one. */
#ifndef MIDI_ROUTE_H
#define MIDI_ROUTE_H

#include "midi/event.h"

enum { ROUTE_BACKLOG = 255 }; /* releases held back a pitch; more are left out */

struct route {
    uint16_t channels; /* bit c: channel c goes there */
    uint8_t map[16];   /* as channel map[c] */
    uint8_t held[16];  /* pitches that are held, by channel of the output */
    uint16_t holders[16][128];
    uint8_t back[16][128];
};

typedef void route_send(void *context, const struct midi_event *event);

void route_set(struct route *route, uint16_t channels, const uint8_t map[16]);

/* The event as it goes there, its data those of the other. False: it does not. */
bool route_map(const struct route *route, const struct midi_event *event,
               struct midi_event *mapped);

void route_event(struct route *route, const struct midi_event *event, route_send *send,
                 void *context);

#endif
