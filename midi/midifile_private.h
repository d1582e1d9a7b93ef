/* What midifile.c, midifile_notes.c and midifile_rewrite.c share. */
#ifndef MIDI_MIDIFILE_PRIVATE_H
#define MIDI_MIDIFILE_PRIVATE_H

#include "midi/midifile.h"
#include "midi/smfread.h"

struct midifile {
    char *name;
    char warning[1024]; /* "" or what was mended */
    uint32_t checksum;
    struct smfcheck check;
    struct smfread_event *event; /* [check.events] track after track */
    uint32_t *order;             /* [check.events] merged order -> event[] */
    uint32_t *event_note;        /* [check.events] event[] -> note, or MIDIFILE_NONE */

    struct midifile_tempo *tempo;
    uint32_t tempos;
    struct midifile_meter *meter;
    uint32_t meters;
    struct midifile_key key;
    char **track_name; /* [check.tracks]; NULL: none */

    struct midifile_note *note;
    uint32_t notes;
    uint32_t *note_on;    /* [notes] -> event[] */
    uint32_t *note_off;   /* [notes] -> event[], or MIDIFILE_NONE */
    uint32_t *note_touch; /* [notes] -> touch[], or MIDIFILE_NONE */
    struct midifile_touch *touch;
    uint32_t touches;
};

/* Poly aftertouch of a note, as a list. */
struct midifile_touch {
    uint32_t event;
    uint32_t next; /* in touch[], or MIDIFILE_NONE */
};

/* Finds the notes, their releases and aftertouch; wants event, order and tempo.
 * -1: out of memory. */
int midifile_find_notes(struct midifile *file);

/* As struct midi_event, of event[index] (not of the merged order); seconds are left 0. */
struct midi_event midifile_raw_event(const struct midifile *file, uint32_t index);

#endif
