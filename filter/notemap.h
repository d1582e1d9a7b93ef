/* The note map: which output pitch each held key sounds as.
 *
 * The only thing that answers releases: whatever the corrector, the settings or
 * the mode have become since a key was struck, its release goes to the pitch
 * that the strike was given. The rules:
 *
 * - A strike makes its key a holder of (channel, pitch). Each strike is sent,
 *   also where the pitch sounds already.
 * - While other holders remain, a release of that pitch is held back and
 *   counted; the release of the last holder is sent once for each strike. So
 *   every note-on gets a note-off, whether a synth counts them or not, and none
 *   cuts another holder's note.
 * - A key struck again without a release (two players on one channel, a release
 *   lost on the way) holds several strikes; the first struck is released first.
 *   A key keeps NOTEMAP_STRIKES of them. One that is more than NOTEMAP_STALE
 *   seconds old when its key is struck again has lost its release and is
 *   released then, or a key would lag behind its player for good.
 * - A release of a key that holds nothing passes as it came, but is swallowed
 *   where the pitch of its number is held by another key, and where the strike
 *   was already released by notemap_drop (all notes off, panic).
 *
 * A plain struct without pointers, about 160 kB; zeroed, it is empty. Every
 * function is O(1). Channels are 0 .. 15, keys and pitches 0 .. 127. */
#ifndef FILTER_NOTEMAP_H
#define FILTER_NOTEMAP_H

#include <stdbool.h>
#include <stdint.h>

enum {
    NOTEMAP_CHANNELS = 16,
    NOTEMAP_KEYS = 128,
    NOTEMAP_STRIKES = 4,    /* of one key at once */
    NOTEMAP_BACKLOG = 1024, /* releases held back a pitch */
};
#define NOTEMAP_STALE 10.0 /* seconds */

struct notemap_strike {
    double seconds; /* when */
    uint32_t owner; /* the caller's: who chose the pitch */
    uint8_t pitch;
};

struct notemap_key {
    struct notemap_strike strike[NOTEMAP_STRIKES]; /* a ring */
    uint8_t first, count;
    uint8_t answered; /* strikes released before the key was */
};

struct notemap {
    struct notemap_key key[NOTEMAP_CHANNELS][NOTEMAP_KEYS];
    uint16_t holders[NOTEMAP_CHANNELS][NOTEMAP_KEYS]; /* by pitch */
    uint16_t backlog[NOTEMAP_CHANNELS][NOTEMAP_KEYS];
};

/* What a release comes to. */
struct notemap_answer {
    uint32_t owner; /* as the strike gave it, if `ended` */
    uint16_t times; /* note-offs to send; 0: none now */
    uint8_t pitch;
    bool ended; /* a strike was found and is over */
};

/* True: the key's oldest strike must be released (notemap_release) before the
 * key can be struck at `seconds`. At most NOTEMAP_STRIKES times in a row. */
bool notemap_is_overdue(const struct notemap *map, unsigned channel, unsigned key, double seconds);

/* A key strikes a pitch. Gives the number of note-offs to send on it before the
 * note-on: 0, but where NOTEMAP_BACKLOG releases are held back already. The key
 * must not be overdue. */
unsigned notemap_strike(struct notemap *map, unsigned channel, unsigned key, unsigned pitch,
                        double seconds, uint32_t owner);

/* A key is released. */
struct notemap_answer notemap_release(struct notemap *map, unsigned channel, unsigned key);

/* Releases the oldest strike of a key that holds one, ahead of the key's own
 * release, which will then be swallowed. */
struct notemap_answer notemap_drop(struct notemap *map, unsigned channel, unsigned key);

/* Strikes that the key holds. */
static inline unsigned notemap_held(const struct notemap *map, unsigned channel, unsigned key)
{
    return map->key[channel][key].count;
}

/* The pitch that the key's aftertouch belongs to: its last strike's, its own number
 * where it holds none. */
unsigned notemap_pressed(const struct notemap *map, unsigned channel, unsigned key);

#endif
