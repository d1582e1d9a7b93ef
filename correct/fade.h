/* Help that fades: in each bar of the known pieces a player is helped the less, the fewer wrong
 * keys the player strikes there.
 *
 * A pass is one playing of a bar, from its first note to the first one elsewhere. A key is right
 * if the score has its pitch at the position where the player is believed to be, or at the one
 * before, for a note that comes late. A pass in which fewer keys were struck than a third of the
 * bar's notes says nothing.
 *
 * After a pass the bar's share of wrong keys is averaged with that of the passes before, and the
 * help follows it: down by one step a pass at most, up at once. How much help there is decides
 * how far the player is trusted (fade_trust); without help, notes sound as they are played.
 *
 * fade_open allocates all. Work a note: O(log bars). Not for several threads at a time. */
#ifndef CORRECT_FADE_H
#define CORRECT_FADE_H

#include "follow/follow.h"
#include "follow/pieces.h"

enum {
    FADE_NONE = 0, /* steps of help */
    FADE_LITTLE,
    FADE_MUCH,
    FADE_ALL,
    FADE_KNOWN = 3,    /* passes in a row after which a bar counts as known */
    FADE_PASSES = 256, /* that are kept to be asked for */
};

struct fade_bar {
    float errors;  /* share of wrong keys, 0 .. 1; below 0: the bar was not played yet */
    uint8_t help;  /* FADE_NONE .. FADE_ALL */
    uint8_t right; /* passes in a row, up to the last one, that were whole, without a wrong key and
                      without help; at most FADE_KNOWN */
};

/* What has become of a bar in a pass. */
struct fade_pass {
    uint32_t bar; /* over all pieces, as pieces->bar */
    struct fade_bar now;
};

struct fade;

/* With full help everywhere. Borrows the pieces. NULL: out of memory. */
struct fade *fade_open(const struct pieces *pieces, struct error *error);
void fade_close(struct fade *fade);

/* Full help everywhere, as at the beginning. */
void fade_forget(struct fade *fade);

/* How much help a note that is struck now gets: that of the bar to which the player has come. */
unsigned fade_help(const struct fade *fade, double seconds);

/* By how much `follow` is multiplied with this much help. */
float fade_trust(unsigned help);

/* A key, and where it was. */
void fade_note(struct fade *fade, const struct follow_place *place, uint8_t key);

/* Nothing is known of where the player is: what was begun does not count. */
void fade_leave(struct fade *fade);

/* The passes since it was last called, the oldest first, at most `most`; how many. Of more than
 * FADE_PASSES the oldest are gone. */
size_t fade_take(struct fade *fade, struct fade_pass *passes, size_t most);

/* A bar over all pieces. What is out of range in `now` is brought into it. */
struct fade_bar fade_bar(const struct fade *fade, uint32_t bar);
void fade_put(struct fade *fade, uint32_t bar, struct fade_bar now);

#endif
