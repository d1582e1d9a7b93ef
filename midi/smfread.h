/* libsmf reads the events; this is the way to it.
 *
 * libsmf 1.3 reads channel messages, short meta events and SysEx well. It
 * aborts on F7 events and cuts meta events of 128 bytes or more; removing
 * events (which smf_delete and the check inside smf_save do) takes time
 * quadratic in a track's length, 4 s for 160,000 events; its tempo map does
 * too. So it is given a checked track in stretches of a few hundred events, each
 * as a file of its own in canonical form, with a placeholder for every message
 * that it cannot hold: nothing can make it abort, print or take long, and its
 * memory does not grow with the file. From the first use on, GLib's log messages
 * of the domain "libsmf", and of no other, are dropped in this process. */
#ifndef MIDI_SMFREAD_H
#define MIDI_SMFREAD_H

#include "midi/smfcheck.h"

/* An event of a checked file: what libsmf read, and where it stands in bytes[]. */
struct smfread_event {
    uint32_t tick;
    uint32_t data; /* where in bytes[]; as in struct midi_event */
    uint32_t length;
    uint16_t track;
    uint8_t status;
    uint8_t meta;
};

/* Fills events[check->events], track after track, each in its order. -1: out of
 * memory, or libsmf disagrees with the check. Any number of threads at a time. */
int smfread_events(const struct smfcheck *check, const char *name, struct smfread_event *events,
                   struct error *error);

#endif
