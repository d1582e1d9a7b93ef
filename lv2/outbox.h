/* What the plugin sends: MIDI events in the order of their times, into the host's buffer.
 *
 * Where the buffer of a block is full, events wait here and go out first in the next
 * block, so that no release is lost. What does not fit here either is dropped.
 * Nothing allocates or waits; the audio thread alone. A plain struct; zeroed, it
 * is empty and mute. */
#ifndef LV2_OUTBOX_H
#define LV2_OUTBOX_H

#include "lv2/uris.h"
#include "midi/event.h"

#include <lv2/atom/atom.h>
#include <stdbool.h>

/* Bytes that can wait: more than a release of all keys of all channels takes, 16 * (128 + 3)
 * events of 5 bytes. */
enum { OUTBOX_BYTES = 1 << 16 };

struct outbox {
    const struct uris *uris;
    LV2_Atom_Sequence *sequence;   /* NULL: there is no block, what is sent is dropped */
    uint32_t room;                 /* bytes of the sequence's body */
    uint32_t last;                 /* frame of the last event */
    uint32_t begin, used;          /* of what waits, in bytes */
    uint8_t waiting[OUTBOX_BYTES]; /* a ring; two bytes of length before each event */
};

/* A block begins; the size in the sequence's header is what the host has room for. */
void outbox_begin(struct outbox *outbox, LV2_Atom_Sequence *sequence);

/* A MIDI event at a frame of the block; one that lies before the last is taken there. */
void outbox_send(struct outbox *outbox, uint32_t frame, const struct midi_event *event);

/* Answers a patch:Get: the value of a property. False: there is no room for it. */
bool outbox_tell(struct outbox *outbox, uint32_t frame, LV2_URID property, const char *path);

void outbox_end(struct outbox *outbox);

/* Drops what waits, between blocks. */
void outbox_clear(struct outbox *outbox);

#endif
