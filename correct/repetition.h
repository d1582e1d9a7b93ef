/* What music repeats, found while it is being played.
 *
 * Every lag of 1 .. REPETITION_LAGS beats has a score that says how well the
 * playing has lately matched what it was that many beats before. With a note x
 * at slot s the score of lag L becomes
 *
 *     max(-1, .93 score + .7 l),   l = log((b + .004) / .04) clipped to -1.2 .. 1.5
 *
 * where b is the probability that a finger aiming at a note of slot s - 4 L
 * lands on x, the best over that slot's notes, and l = -1 where nothing was
 * struck there. What was meant by a note is a belief over a few pitches, never
 * a decision, so that a wrong decision does not prove itself right later.
 *
 * The notes that lie at the good lags vote for what comes now.
 *
 * One struct, no pointers: a copy is a snapshot. Work a note is bounded by the
 * number of lags, whatever the length of the playing. */
#ifndef CORRECT_REPETITION_H
#define CORRECT_REPETITION_H

#include "correct/noteset.h"

#include <stdbool.h>
#include <stdint.h>

enum {
    REPETITION_LAGS = 256,      /* beats */
    REPETITION_BEATS = 264,     /* remembered, the beat being played included */
    REPETITION_PHASES = 4,      /* slots a beat */
    REPETITION_SLOT_NOTES = 10, /* remembered of one slot; more are not */
    REPETITION_MEANT = 4,       /* pitches a note may have been meant to be */
    REPETITION_VOTERS = 16,     /* lags that vote */
    REPETITION_REACH = 12,      /* semitones that a finger may land beside what was meant */
    REPETITION_STRUCK = 128, /* slots of which it is known in one place whether they have notes */
};

/* What was meant by a note struck: probabilities in 255ths, likeliest first, 0 past the last. */
struct repetition_note {
    uint8_t pitch[REPETITION_MEANT];
    uint8_t share[REPETITION_MEANT];
    uint8_t key; /* that was struck */
};

struct repetition_slot {
    uint8_t count;
    struct repetition_note note[REPETITION_SLOT_NOTES];
};

struct repetition {
    int64_t slot;    /* being played */
    uint32_t row;    /* of its beat; rows go down as beats go up, so lag L is L rows further */
    int64_t beats;   /* since the start */
    note_set struck; /* bit i: whether there are notes i + 1 slots ago */
    float score[REPETITION_LAGS]; /* of lag i + 1 */
    struct repetition_slot memory[REPETITION_BEATS][REPETITION_PHASES];
    /* l in 64ths, by pitch struck */
    int8_t level[128][REPETITION_PHASES][REPETITION_BEATS];
    int8_t around[REPETITION_REACH + 1]; /* of a pitch meant without doubt, by distance */
};

struct repetition_votes {
    float vote[128];    /* share of the voters' weight; may add up to more than 1 in chords */
    uint8_t pitch[128]; /* those with a vote above 0, [count] */
    uint32_t count;
    float best; /* score of the best lag that has notes here; -1: none is any good */
    const struct repetition_slot *likest; /* the notes of that lag; NULL with best -1 */
    const struct repetition_slot *voter[REPETITION_VOTERS]; /* [voters], best first */
    float share[REPETITION_VOTERS];                         /* of the weight */
    uint32_t voters;
    float weight; /* of all voters: exp(score), added */
};

void repetition_start(struct repetition *repetition);

/* Time passes to a slot; slots never fall. */
void repetition_advance(struct repetition *repetition, int64_t slot);

/* The votes for the slot being played, or for one so many slots ago, by what is
 * known now of the lags. That many slots ago must be remembered. */
void repetition_vote(const struct repetition *repetition, uint32_t slots_ago,
                     struct repetition_votes *votes);

/* Notes that were struck on key x in the voters' slots, as now, and taken for another pitch: of the
 * votes for the pitch x + k - REPETITION_REACH the part that such notes gave, times how much they
 * were believed to be x all the same (`least` at least). Whether there are any. */
bool repetition_again(const struct repetition_votes *votes, uint8_t x, float least,
                      float part[2 * REPETITION_REACH + 1]);

/* Takes the note x, struck in the slot being played, as evidence for the lags. */
void repetition_hear(struct repetition *repetition, uint8_t x);

/* Remembers what was meant by a note of the slot being played. */
void repetition_remember(struct repetition *repetition, const struct repetition_note *note);

/* Changes what is believed of the notes struck so many slots ago, which must be
 * remembered. With `count`, it is made to count for the lags; of several changes
 * of one slot only the last needs to. */
void repetition_revise(struct repetition *repetition, uint32_t slots_ago,
                       const struct repetition_slot *slot, bool count);

/* What was struck so many slots ago; NULL: that is not remembered. */
const struct repetition_slot *repetition_ago(const struct repetition *repetition, uint32_t slots);

#endif
