/* The note map: which output pitch each held key sounds as.
 *
 * The only thing that answers releases: whatever the corrector, the settings or
 * the mode have become since a key was struck, its release goes to the pitch
 * that the strike was given. The rules:
 *
 * - A strike makes its key a holder of (channel, pitch). Each strike is sent,
 *   also where the pitch sounds already.
 * - A key struck again without a release (a release lost on the way, two voices
 *   on one key) on the same pitch holds it once. Its next release ends all of its strikes;
 *   those that still come for the others go to the same pitch. Where the pitch is
 *   another one, the caller ends the first strike before the second.
 * - While other keys hold its pitch, a release is held back and counted; the
 *   last holder's release is sent together with those held back. So every note-on
 *   gets the note-off that came for it, whether a synth counts them or not, and
 *   none cuts another holder's note.
 * - A release of a key that holds nothing passes as it came, but is swallowed
 *   where its pitch is held by another key, and where the strike was already
 *   released by notemap_drop (all notes off, panic).
 *
 * A plain struct without pointers, about 40 kB; zeroed, it is empty. Channels are
 * 0 .. 15, keys and pitches 0 .. 127. Every function is O(1). */
#ifndef FILTER_NOTEMAP_H
#define FILTER_NOTEMAP_H

#include <stdbool.h>
#include <stdint.h>

enum {
    NOTEMAP_CHANNELS = 16,
    NOTEMAP_KEYS = 128,
    NOTEMAP_BACKLOG = 1024, /* releases held back a pitch */
};

struct notemap_key {
    uint32_t owner; /* the caller's: who chose the pitch */
    uint8_t pitch;  /* of the last strike */
    bool held;
    uint8_t further;  /* releases that are to come after the one that ends the note */
    uint8_t answered; /* releases to come of what was dropped */
};

struct notemap {
    struct notemap_key key[NOTEMAP_CHANNELS][NOTEMAP_KEYS];
    uint16_t holders[NOTEMAP_CHANNELS][NOTEMAP_KEYS]; /* keys, by pitch */
    uint16_t backlog[NOTEMAP_CHANNELS][NOTEMAP_KEYS];
    uint8_t held[NOTEMAP_CHANNELS]; /* keys */
};

/* What a strike comes to. */
struct notemap_strike {
    uint16_t due;  /* note-offs to send on the pitch before the note-on: 0, but where
                      NOTEMAP_BACKLOG releases are held back already */
    uint8_t pitch; /* of the note-on */
    bool again;    /* the key held it already */
};

/* What a release comes to. */
struct notemap_answer {
    uint32_t owner; /* as the strike gave it, if `ended` */
    uint16_t times; /* note-offs to send; 0: none now */
    uint8_t pitch;
    bool ended; /* the key held a note, which is over */
};

/* A key strikes; `pitch` is the one it is given, unless it still holds another. */
struct notemap_strike notemap_strike(struct notemap *map, unsigned channel, unsigned key,
                                     unsigned pitch, uint32_t owner);

/* A key is released. */
struct notemap_answer notemap_release(struct notemap *map, unsigned channel, unsigned key);

/* Releases a key that is held ahead of the key's own releases, which will then be
 * swallowed. */
struct notemap_answer notemap_drop(struct notemap *map, unsigned channel, unsigned key);

/* How many keys of the channel are held. */
static inline unsigned notemap_held(const struct notemap *map, unsigned channel)
{
    return map->held[channel];
}

static inline bool notemap_is_held(const struct notemap *map, unsigned channel, unsigned key)
{
    return map->key[channel][key].held;
}

/* The pitch that the key's aftertouch belongs to: its own number where it holds none. */
unsigned notemap_pressed(const struct notemap *map, unsigned channel, unsigned key);

#endif
