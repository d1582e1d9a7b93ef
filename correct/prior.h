/* How music goes on: the prior of the noisy channel, log P(y | what was meant so far).
 *
 * A network of its own that never sees the key played. Around any centre it
 * answers for the pitches within STYLE_RANGE; the centre tells it nothing. What
 * it sees has two parts. Common to all hypotheses about the last notes: memory as
 * it is believed (correct/style.h), repetitions, keys, circumstances. A
 * hypothesis's own: the notes of this slot and of the two before, and the last
 * STYLE_PITCHES notes, taken as certain. Planes of STYLE_WINDOW features,
 * strength in brackets:
 *
 *     own: this slot; the two slots with notes before; the last six pitches one by one;
 *     what followed the last notes elsewhere (correct/motif.h), in its planes [share]
 *     common: the three slots with notes before those [belief]; of 4, 8, 16, 32, 64,
 *     128 slots ago [belief]; still held; votes of the repetitions for pitches not in
 *     this slot yet [vote], and in it [vote]; notes of the best lag not in this slot
 *     yet, in three planes by its score [belief]; keys played in this slot; the last
 *     three keys; three histograms of pitch classes [4 * share]; of the last 128 slots, this
 *     one left out, how lately each pitch was struck [.9 ^ slots * belief] and how often [4 *
 *     share, a slot counting .985 of the next]; lowest and highest note of the last 4 slots and
 *     of the last 16; three fixed pitches, by which actions know how high they are
 *
 * and then, the same to all pitches: the slot of 16, the bar of 8, slots between the last four
 * onsets, notes in this slot and in the two before, two running rates of correction, the
 * best lag's score, how often each kind of vote was right of late [.3], whether the slots are a
 * clock's guesses. These decide how much
 * planes count: the network is a gated one (rl/policy_relative.c). */
#ifndef CORRECT_PRIOR_H
#define CORRECT_PRIOR_H

#include "correct/style.h"

enum {
    PRIOR_ANCHORS = 3,
    PRIOR_HITS = 6, /* classes */
    PRIOR_OWN = 48, /* notes of which hypotheses may differ at most */
    PRIOR_PLANES = 3 + STYLE_PITCHES + 3 + 6 + 1 + 2 + 3 + 1 + STYLE_KEYS + STYLE_MEMORIES +
                   MOTIF_PLANES + 2 + 4 + PRIOR_ANCHORS,
    PRIOR_FEATURES = PRIOR_PLANES * STYLE_WINDOW + 16 + 8 + 3 * 8 + 3 * STYLE_CROWDS +
                     2 * STYLE_RATES + 6 + 2 * STYLE_VOTERS * PRIOR_HITS + 1,
    PRIOR_ECHOES = 48,
};

struct policy_shape prior_shape(void);

/* Where a hypothesis's last notes stand: latest first, the first end[0] in this
 * slot, those up to end[1] and end[2] in the two slots with notes before; `count`
 * of them are seen at all. */
struct prior_span {
    uint32_t count, end[3];
};

/* To be asked after style_advance. */
struct prior_span prior_span(const struct style *style);

/* What repeats later on what is played now; of whole takes. */
struct prior_echo {
    uint32_t count;
    uint8_t pitch[PRIOR_ECHOES];
    float vote[PRIOR_ECHOES], weight, best;
    struct repetition_slot likest;
};

/* The common part, around a centre. The votes borrow from style and echo. */
struct prior_common {
    struct style_view view;
    struct repetition_votes votes;
    uint8_t centre;
};

/* echo: NULL where nothing is known of later. */
void prior_see(const struct style *style, uint8_t centre, note_set held,
               const struct prior_echo *echo, struct prior_common *common);

/* Adds to a view what a hypothesis sees beyond that: of pitch[span->count], latest first, the
 * notes whose bits are set in `notes`. The others may have been added to the common view, if
 * all hypotheses agree on them; `told` are then their pitches in this slot. */
void prior_see_own(const struct prior_common *common, const struct prior_span *span,
                   const uint8_t *pitch, uint64_t notes, note_set told, struct style_view *view);

/* What followed a hypothesis's last notes elsewhere. */
struct prior_motifs {
    struct motif_context context;
    struct motif_votes votes;
    bool asked; /* there are notes enough */
};

/* Adds it to a view: of the notes, looking from number `now` of them (those of memory, and how
 * many they are; or those of a whole take). Only the first MOTIF_CONTEXT pitches count; nothing
 * is added where there are fewer. */
void prior_see_motifs(const struct style *style, const struct motif_notes *notes, size_t now,
                      uint8_t centre, const struct prior_span *span, const uint8_t *pitch,
                      struct prior_motifs *motifs, struct style_view *view);

/* All notes. */
#define PRIOR_ALL UINT64_MAX

#endif
