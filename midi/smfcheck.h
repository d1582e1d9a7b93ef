/* Standard MIDI Files from outside: checked, repaired where that is safe, or
 * refused with one sentence that names the file and the byte.
 *
 * What comes out is a Standard MIDI File of type 0 or 1 in which every chunk,
 * event and length is inside its bounds, every track has exactly one readable
 * End of Track and the header is true. A file that was so already comes out
 * byte for byte. Event bytes are never changed, nor is running status.
 *
 * Mended, each kind named in `mended`:
 * - a RIFF/RMID wrapper or a MacBinary header is taken off;
 * - type 2 with one track becomes type 0, type 0 with several tracks type 1;
 * - the header gets the number of tracks that are there;
 * - padding between chunks is left out: a track is found by its name "MTrk";
 * - a wrong length of a track: its End of Track or the next chunk ends it;
 * - an event cut by the end of its track or of the file is left out;
 * - a missing End of Track is added;
 * - a data byte above 127 in a channel message becomes 127;
 * - a quantity of five bytes or more is written in its shortest form;
 * - a real-time or common message (0xF1 to 0xFE) becomes an F7 event of it.
 * Carried along unread: unknown chunks, bytes after an End of Track (named),
 * bytes after the last chunk, a second file after the first (named). Read
 * though the specification forbids it: running status that goes on after a
 * SysEx or meta event.
 * Refused: what is not an SMF; type 2 with several tracks; SMPTE time; division
 * 0; no track; more than 65,535 tracks; a quantity above 2^28 - 1; a data byte
 * where a status byte must stand; times beyond 2^31 - 1 ticks; more than
 * SMFCHECK_MAX_BYTES, before or after mending.
 *
 * Memory: at most 4 times the file's length. Time: linear. No recursion. */
#ifndef MIDI_SMFCHECK_H
#define MIDI_SMFCHECK_H

#include "base/error.h"
#include "midi/smfmend.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    SMFCHECK_MAX_BYTES = 64 << 20,
    SMFCHECK_MAX_TICK = 0x7FFFFFFF,
    SMFCHECK_MAX_QUANTITY = 0x0FFFFFFF,
};

struct smfcheck_track {
    uint32_t begin;    /* first event's first byte in bytes[] */
    uint32_t end;      /* one past the End of Track */
    uint32_t events;   /* with the End of Track */
    uint32_t end_tick; /* time of the End of Track */
};

struct smfcheck {
    uint8_t *bytes;
    size_t length;
    uint16_t format;              /* 0 or 1 */
    uint16_t division;            /* ticks a quarter note, 1 .. 32767 */
    uint32_t tracks;              /* at least 1 */
    uint32_t events;              /* of all tracks */
    struct smfcheck_track *track; /* [tracks] */
    struct smfmend_list mended;
};

/* Checks `length` bytes; `name` is for the sentence. On success the result is
 * to be given to smfcheck_free; on failure (-1) there is nothing to free. */
int smfcheck_run(const void *bytes, size_t length, const char *name, struct smfcheck *out,
                 struct error *error);

void smfcheck_free(struct smfcheck *check);

/* Reads one event after the other from a track's bytes. */
struct smfwalk {
    const uint8_t *bytes;
    size_t at; /* the next event */
    size_t end;
    uint32_t tick;     /* of the last event read */
    uint8_t running;   /* last channel status; 0: none yet */
    bool cut;          /* after -1: the bytes end inside the event */
    const char *fault; /* after -1: what was found and what was expected */
    size_t fault_at;   /* after -1: where in bytes[] */
};

/* What the specification forbids and a walk reads all the same; as bits. */
enum smfwalk_odd {
    SMFWALK_LONG_QUANTITY = 1, /* a time or length of more than four bytes */
    SMFWALK_DATA_BYTE = 2,     /* a data byte above 127 of a channel message */
    SMFWALK_REAL_TIME = 4,     /* a message of 0xF1 to 0xFE, read as an F7 event */
};

struct smfwalk_event {
    uint32_t tick;
    uint32_t delta;
    uint32_t data;   /* where in bytes[]; as in struct midi_event */
    uint32_t length; /* bytes of data */
    uint32_t begin;  /* where in bytes[] its time stands */
    uint8_t status;
    uint8_t meta;
    uint8_t odd;  /* of enum smfwalk_odd; 0 in a checked track */
    bool running; /* its status byte is left out */
};

/* A walk over a checked track; such a walk meets no fault. */
struct smfwalk smfwalk_track(const struct smfcheck *check, uint32_t track);

/* 1: an event was read; 0: the bytes end between two events; -1: fault, and the
 * walk stays where it was. Does not stop at End of Track by itself. */
int smfwalk_next(struct smfwalk *walk, struct smfwalk_event *event);

/* Writes the event as the specification has it: quantities in their shortest
 * form, data bytes above 127 as 127. Returns how many bytes; at most twice as
 * many as it was read from. */
size_t smfwalk_put(uint8_t *to, const uint8_t *bytes, const struct smfwalk_event *event);

/* Writes a variable-length quantity (at most 0x0FFFFFFF), 1 to 4 bytes; how many. */
size_t smf_put_quantity(uint8_t *to, uint32_t value);

/* Writes a big-endian number of 32 bits. */
void smf_put_u32(uint8_t *to, uint32_t value);

#endif
