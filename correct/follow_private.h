/* What follow.c and follow_enter.c share: how a place explains a note. */
#ifndef CORRECT_FOLLOW_PRIVATE_H
#define CORRECT_FOLLOW_PRIVATE_H

#include "correct/follow.h"

static const float least_weight = 1e-6f;  /* of a hypothesis */
static const float stray_note = 1 / 40.f; /* probability of each key where any may be struck */
static const float sure_weight = .9f;     /* of a place beyond doubt */

/* Drops what has become unlikely and makes all sum to one. */
void follow_normalise(struct follow *follow);

/* Adds weight to a diagonal; a full table gives up its least likely one for it. */
void follow_add(struct follow *follow, int32_t diagonal, float weight);

static inline bool on_timeline(const struct follow *follow, int64_t place)
{
    return place >= TIMELINE_GAP && place + 1 < (int64_t)follow->timeline->places;
}

/* The notes each part may stand for at one place; FOLLOW_STRAY has no set. */
struct candidates {
    note_set set[FOLLOW_STRAY];
};

static inline struct candidates candidates_at(const struct follow *follow, int64_t place,
                                              note_set sent, note_set sent_before)
{
    const struct timeline *timeline = follow->timeline;
    const note_set *set = timeline->set + place;
    struct candidates from;
    from.set[FOLLOW_NEXT] = from.set[FOLLOW_LOW] = 0;
    from.set[FOLLOW_OWN] = set[0] & ~sent;
    from.set[FOLLOW_AGAIN] = set[0];
    from.set[FOLLOW_NEAR] = (set[-1] & ~sent_before) | (set[1] & ~sent);
    if (from.set[FOLLOW_OWN]) {
        uint32_t i = timeline->first[place];
        while (note_set_has(&sent, timeline->pitch[i]))
            i++;
        from.set[FOLLOW_NEXT] = note_set_bit(timeline->pitch[i]);
        from.set[FOLLOW_LOW] = note_set_bit(note_set_lowest(from.set[FOLLOW_OWN]));
    }
    return from;
}

/* How notes that a part stands for turn into keys struck: [class]. */
static inline const float *part_slips(const struct follow *follow, int part)
{
    return part == FOLLOW_AGAIN ? follow->slip.brush : follow->slip.probability;
}

static inline float likelihood_of(const struct follow *follow, const struct candidates *from,
                                  uint8_t x)
{
    float sum = follow->part[FOLLOW_STRAY] * stray_note;
    for (int p = 0; p < FOLLOW_STRAY; p++)
        if (from->set[p]) {
            int count = note_set_count(from->set[p]);
            sum += follow->part[p] / (float)count *
                   slip_sum(&follow->slip, part_slips(follow, p), from->set[p], count, x);
        }
    return sum;
}

#endif
