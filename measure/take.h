/* The notes that measuring works on: what was meant, and what was played.
 *
 * Time is counted in slots (sixteenth notes), as in rl/song.h, and in seconds.
 * Nothing here knows of MIDI files: callers bring the notes of one file or one
 * track in order of position, and find their own events again by index. */
#ifndef MEASURE_TAKE_H
#define MEASURE_TAKE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A note as it is meant, or as it is struck. */
struct take_note {
    double position;  /* onset in slots, fractions allowed; not negative */
    double seconds;   /* onset */
    double duration;  /* seconds; 0 where unknown */
    uint8_t pitch;    /* MIDI note number, 0 .. 127 */
    uint8_t velocity; /* 1 .. 127 */
    uint16_t part;    /* track or hand: the caller's, not looked at */
};

/* What became of a note of the truth. */
enum take_kind {
    TAKE_RIGHT,   /* struck as meant */
    TAKE_SHIFT,   /* moved by a few semitones */
    TAKE_SLIP,    /* a slip of the finger, by the measured distribution */
    TAKE_ANY,     /* anywhere within a range */
    TAKE_ADDED,   /* an extra key brushed; no note of the truth */
    TAKE_DROPPED, /* left out; stands in no take, only in tables of the truth */
};

enum { TAKE_NONE = -1 };

/* A note struck. */
struct take_played {
    struct take_note note;
    enum take_kind kind;
    int32_t truth; /* index of the note that was meant; TAKE_NONE: an added note */
    int32_t
        brushed;  /* of an added note, the note of the truth it was struck beside; else TAKE_NONE */
    int8_t moved; /* slots later than meant: -1, 0, 1; of an added note, those of its companion */
};

/* Slots are numbered by their middles. */
static inline uint32_t take_slot(double position)
{
    return position <= 0.5 ? 0 : (uint32_t)(position + 0.5);
}

/* The note numbers struck in a slot: bit p & 63 of word p >> 6. `notes` is in
 * order of position. O(log count). */
void take_slot_set(const struct take_note *notes, size_t count, uint32_t slot, uint64_t set[2]);

static inline bool take_set_has(const uint64_t set[2], int pitch)
{
    return pitch >= 0 && pitch < 128 && (set[pitch >> 6] >> (pitch & 63) & 1);
}

/* "right", "shift", ...: for tables. */
const char *take_kind_name(enum take_kind kind);

#endif
