/* What to expect of a player who is at no known place.
 *
 * Pitches: those played lately come back, more likely than others of the same
 * pitch class, these more likely than the rest. Rhythm: how often each of the
 * four slots of a beat was struck lately, and with how many notes at once. All
 * are decayed counts, so that steady music is well predicted: a place in a
 * known piece has to explain the playing better than plain regularity does. */
#ifndef CORRECT_HABIT_H
#define CORRECT_HABIT_H

#include <stdint.h>

enum {
    HABIT_SLOTS = 4,
    HABIT_CHORD = 6, /* notes at once; more count as so many */
};

struct habit {
    float pitch[128];
    float class[12]; /* pitch classes */
    float notes;     /* their sum */
    float struck[HABIT_SLOTS], passed[HABIT_SLOTS];
    float chord[HABIT_CHORD];
};

void habit_start(struct habit *habit);

/* The probability that the next note is x. Sums to about one over the keys that
 * a player uses, three and a half octaves, not over all 128 note numbers. */
float habit_note(const struct habit *habit, uint8_t x);

/* Counts a note. */
void habit_hear(struct habit *habit, uint8_t x);

/* The probability that slot `slot` of the music was struck with `notes` notes,
 * of which 0 is a rest; then counts it. */
float habit_slot(struct habit *habit, int64_t slot, uint32_t notes);

#endif
