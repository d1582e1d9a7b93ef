/* Standard MIDI Files of type 0 and 1: loaded, looked at, note numbers changed,
 * saved.
 *
 * Bytes from outside pass midi/smfcheck.h, which says what is mended and what
 * refused; libsmf then reads the events (midi/smfread.h). The checked bytes are
 * kept, and a new note number is written into them where the old one stood, so
 * a saved file differs from the loaded one in note numbers only: every other
 * event, its order, time, bytes and running status stay. Of a file that had to be
 * mended (midifile_warning) this holds against the mended file, which is what
 * midifile_save writes.
 *
 * Order of events and notes: by tick, then by track, then by place in the track.
 *
 * A note is a note-on with a velocity above 0. Its release is the next note-off
 * (or note-on of velocity 0) of its channel and note number in its track; of
 * several such notes held at once the first struck is released first. A release
 * that finds no note in its own track ends the oldest note of that channel and
 * number, in any track, that would otherwise never be released. Poly aftertouch
 * belongs to the note of its channel and number last struck and still held in
 * its track; where there is none, to the one last struck in any track, if held.
 *
 * Memory: at most 32 times the file's length, typically 12. A file may be read
 * from any number of threads; midifile_set_pitch wants it alone. */
#ifndef MIDI_MIDIFILE_H
#define MIDI_MIDIFILE_H

#include "base/error.h"
#include "midi/event.h"

#include <stddef.h>
#include <stdint.h>

#define MIDIFILE_NONE UINT32_MAX

struct midifile;

struct midifile_note {
    uint32_t track;
    uint32_t tick;
    uint32_t duration_ticks; /* to its release, or to the end of its track */
    uint8_t channel;         /* 0 .. 15 */
    uint8_t pitch;           /* 0 .. 127 */
    uint8_t velocity;        /* 1 .. 127 */
    bool released;           /* false: the file holds no release for it */
    double seconds;
};

struct midifile_tempo {
    uint32_t tick;
    uint32_t microseconds; /* a quarter note */
    double seconds;        /* when it begins */
};

struct midifile_meter {
    uint32_t tick;
    uint32_t numerator;
    uint32_t denominator;
};

/* A file as base/infile.h reads it; "-" is standard input. NULL: one sentence in `error`. */
struct midifile *midifile_load(const char *path, struct error *error);

/* Copies the bytes; `name` is for messages. */
struct midifile *midifile_load_memory(const void *bytes, size_t length, const char *name,
                                      struct error *error);

/* Writes through base/outfile.h: whole or not at all; "-" is standard output. */
int midifile_save(const struct midifile *file, const char *path, struct error *error);

void midifile_free(struct midifile *file);

/* What midifile_save writes; the file's own. */
const uint8_t *midifile_bytes(const struct midifile *file, size_t *length);

/* One line for the user, "NAME: mended: ...; ...", about what was mended or left
 * unread; "" where nothing was. The file's own. */
const char *midifile_warning(const struct midifile *file);

/* CRC-32 (as zlib's) of the bytes that were loaded, before any repair. */
uint32_t midifile_checksum(const struct midifile *file);

uint32_t midifile_format(const struct midifile *file); /* 0 or 1 */
uint32_t midifile_ppq(const struct midifile *file);    /* ticks a quarter note */
uint32_t midifile_tracks(const struct midifile *file);

/* The track's name for display: UTF-8 without control characters, at most 255
 * bytes (what is not UTF-8 is taken as Latin-1); "" where it has none. */
const char *midifile_track_name(const struct midifile *file, uint32_t track);

/* Ticks and seconds to the last End of Track. */
uint32_t midifile_length_ticks(const struct midifile *file);
double midifile_length_seconds(const struct midifile *file);

/* All events in order, End of Track events included. index < midifile_events.
 * O(log tempo changes). */
uint32_t midifile_events(const struct midifile *file);
struct midi_event midifile_event(const struct midifile *file, uint32_t index);

/* The note that the event strikes, releases or presses; MIDIFILE_NONE where it
 * belongs to none. O(1). */
uint32_t midifile_event_note(const struct midifile *file, uint32_t index);

/* All notes in order of their note-ons. */
const struct midifile_note *midifile_notes(const struct midifile *file, uint32_t *count);

/* Gives a note another number, with its release and its poly aftertouch. Where
 * notes of one channel then overlap on one number, each release keeps its note
 * in this file; a reader of the saved file cannot tell them apart and pairs
 * them as said above. -1: no such note, or pitch above 127; nothing changed. */
int midifile_set_pitch(struct midifile *file, uint32_t note, uint8_t pitch);

/* Gives one event another pitch, and the note it strikes, but not what belongs to that
 * note. -1: it is no note-on, release or poly aftertouch, or pitch above 127. O(1). */
int midifile_set_event_pitch(struct midifile *file, uint32_t index, uint8_t pitch);

/* The tempo map: by tick, at most one a tick (the last one counts); the first
 * is at tick 0 (120 beats a minute where the file says nothing). Tempo events of
 * 0 or of a length other than 3 bytes do not count. */
const struct midifile_tempo *midifile_tempos(const struct midifile *file, uint32_t *count);

/* Seconds from the start; also beyond the end. O(log tempo changes). */
double midifile_seconds(const struct midifile *file, uint32_t tick);

/* Time signatures in order, at most one a tick (the last one counts); may be none. */
const struct midifile_meter *midifile_meters(const struct midifile *file, uint32_t *count);

struct midifile_key {
    bool known;    /* false: the file says nothing, or nothing valid */
    int8_t sharps; /* -7 .. 7; below 0: flats */
    bool minor;
};

/* The first key signature. */
struct midifile_key midifile_key(const struct midifile *file);

/* A note for a file that is made anew. */
struct midifile_new_note {
    uint32_t track; /* one of the file's */
    uint32_t tick;
    uint32_t duration_ticks;
    uint32_t source; /* the note it was made from, or MIDIFILE_NONE */
    uint8_t channel;
    uint8_t pitch;
    uint8_t velocity; /* 1 .. 127 */
};

/* A new file with all events of `file` that belong to no note, and these notes
 * (in any order) in place of its own. A note with a source keeps its source's
 * place among events of the same tick, kind and velocity of release and poly
 * aftertouch; aftertouch of notes that are no longer there is dropped. New notes
 * stand after the old events of their tick, new releases before them. Chunks
 * other than tracks are not taken over; End of Track moves back where needed.
 * NULL: a note out of range (tick and duration: up to 2^31 - 1 together), a gap
 * without events of more than 0x0FFFFFFF ticks, larger than SMFCHECK_MAX_BYTES,
 * out of memory. */
struct midifile *midifile_rewrite_notes(const struct midifile *file,
                                        const struct midifile_new_note *notes, size_t count,
                                        struct error *error);

#endif
