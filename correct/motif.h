/* Where the last notes have been heard before, and what came then.
 *
 * Repetition at a fixed distance is found by its lag (correct/repetition.h). This
 * finds the rest: a figure that comes back somewhere else in the bar, after some
 * other time, or on other pitches. The last notes are looked for among all that
 * are remembered, in the order in which they were struck; what followed them there
 * votes, in planes by how much is alike:
 *
 *     0, 1, 2: the last note, two, three on the same pitches
 *     3, 4, 5: the last interval, two, three alike; the vote is moved to where the figure is now
 *
 * and in each case what is to come stands in the same slot as the note before it, or
 * does not, as it did there (from two notes on, the same of the note before that). A
 * vote weighs as much as the note is believed, twice where it stands at the same sixteenth
 * of the beat, and 128 / (128 + n) where it is n notes away.
 *
 * Work is bounded by what is looked through and by MOTIF_PLACES that are looked at. */
#ifndef CORRECT_MOTIF_H
#define CORRECT_MOTIF_H

#include <stddef.h>
#include <stdint.h>

enum {
    MOTIF_REACH = 1024, /* notes looked through, before and (in takes) after */
    MOTIF_ROOM = MOTIF_REACH + 256,
    MOTIF_CONTEXT = 4, /* notes that are looked for, at most */
    MOTIF_PLANES = 6,
    MOTIF_PLACES = 64, /* the nearest, that vote */
    MOTIF_VOTED = 6,   /* pitches a plane, at most */
};

/* How a note stands: bits of its `place`. */
enum {
    MOTIF_TOGETHER = 1,  /* in the slot of the note before it */
    MOTIF_TOGETHER2 = 2, /* and of the one before that */
    MOTIF_PHASE = 12,    /* its slot of 4 in the beat, times 4 */
};

/* Notes in the order in which they were struck: the pitch believed most, how much it is
 * believed in 255ths, its place. [count] each, borrowed. */
struct motif_notes {
    const uint8_t *pitch, *share, *place;
    size_t count;
};

/* Notes remembered of a playing: the last MOTIF_REACH at least. */
struct motif {
    uint32_t count;
    uint8_t pitch[MOTIF_ROOM], share[MOTIF_ROOM], place[MOTIF_ROOM];
};

/* What comes: after pitch[MOTIF_CONTEXT], latest first, at a place. */
struct motif_context {
    uint8_t pitch[MOTIF_CONTEXT], place;
};

/* Of each plane [count] pitches with their share of its votes; shares add up to less
 * than 1 where few places vote. */
struct motif_votes {
    uint8_t count[MOTIF_PLANES];
    uint8_t pitch[MOTIF_PLANES][MOTIF_VOTED];
    float share[MOTIF_PLANES][MOTIF_VOTED];
};

/* The place of a note in `slot`, `struck` notes being in that slot before it. */
uint8_t motif_place(int64_t slot, uint32_t struck);

/* Remembers one more note. */
void motif_hear(struct motif *motif, uint8_t pitch, uint8_t share, uint8_t place);

/* What is believed now of the note struck `age` notes before the last. */
void motif_revise(struct motif *motif, uint32_t age, uint8_t pitch, uint8_t share);

struct motif_notes motif_notes(const struct motif *motif);

/* The votes for what comes as number `now` of the notes: by those before it and, if
 * there are more, by those after it. */
void motif_vote(const struct motif_notes *notes, size_t now, const struct motif_context *context,
                struct motif_votes *votes);

#endif
