/* Music that is not known: the memory of what was played and meant, and the policy.
 *
 * The memory holds the notes so far as they are believed to have been meant: beliefs
 * over pitches, never decisions. It is kept by the beam (correct/beam.h), which
 * revises what it believes of a note for as long as what follows tells more of it.
 *
 * The policy gives a probability to each of STYLE_SHIFTS distances from the pitch
 * played to the pitch meant. It sees what the beam makes of the note, and what
 * should make it doubt that or rely on it. Features are few of many: about 100
 * active of STYLE_FEATURES. Pitches enter relative to the pitch played, those farther
 * than STYLE_REACH semitones as the nearest pitch of their class within it. Planes
 * of STYLE_WINDOW features each, strength in brackets:
 *
 *     what is meant, by the beam [1 + log-probability / 8, 0 at least]; what the music
 *     leads to expect, the key aside [the same]; notes of this slot [belief]; of the last
 *     two slots with notes [belief]; notes still held; of 16, 32, 64, 128 slots ago
 *     [belief]; votes of the repetitions for pitches not in this slot yet [vote], and in
 *     it [vote]; notes of the best lag not in this slot yet, in three planes by that lag's
 *     score (below 2.5, below 5, above) [belief]; keys played in this slot; the
 *     last six pitches believed most, one by one; the last three keys; two
 *     histograms of pitch classes, within -6 .. 5 (forgetting .96 and .995 a
 *     note) [4 * share]
 *
 * and then: the slot of 16, slots since the last onset, register, notes in this
 * slot and in the two before, two running rates of correction (.97, .995), two running
 * means of how little of what was meant had been expected (the same), the pitch class
 * played, the best lag's score, whether the slots are a clock's guesses.
 *
 * struct style is the memory of one player: no pointers, a copy is a snapshot.
 * Work a note is bounded and nothing allocates. */
#ifndef CORRECT_STYLE_H
#define CORRECT_STYLE_H

#include "base/error.h"
#include "correct/motif.h"
#include "correct/noteset.h"
#include "correct/repetition.h"
#include "rl/policy.h"

#include <stdbool.h>
#include <stdint.h>

enum {
    STYLE_RANGE = 12, /* semitones from the pitch played to the one meant */
    STYLE_SHIFTS = 2 * STYLE_RANGE + 1,
    STYLE_REACH = 36,
    STYLE_WINDOW = 2 * STYLE_REACH + 1,
    STYLE_PITCHES = 6, /* before, told one by one */
    STYLE_KEYS = 3,
    STYLE_RATES = 8,
    STYLE_SURPRISES = 8,
    STYLE_CROWDS = 5, /* classes of the number of notes in a slot */
    STYLE_PLANES = 16 + STYLE_PITCHES + STYLE_KEYS + 2,
    STYLE_FEATURES = STYLE_PLANES * STYLE_WINDOW + 16 + 8 + 22 + 3 * STYLE_CROWDS +
                     2 * STYLE_RATES + 2 * STYLE_SURPRISES + 12 + 6 + 1,
    STYLE_MOST = 512,   /* active features */
    STYLE_NETWORKS = 2, /* of a model, in the order of struct style_networks */
    STYLE_PENDING = 64,
    STYLE_ONSETS = 6,   /* slots with notes, this one included, whose places are known */
    STYLE_MEMORIES = 3, /* of pitch classes, by how fast they forget */
    STYLE_VOTERS = MOTIF_PLANES + 5, /* whose hits are counted */
};

/* A note the belief in which may still change. */
struct style_pending {
    int64_t slot;
    uint32_t number;                     /* of the note since the start */
    uint8_t x, place;                    /* place among the notes of its slot */
    float log_probability[STYLE_SHIFTS]; /* as judged when it was struck */
};

struct style {
    struct repetition repetition;
    struct motif motif;
    struct style_pending pending[STYLE_PENDING];
    uint32_t pending_first, pending_last; /* counts of those taken and put */
    bool started;
    bool found;                   /* slots are a clock's guesses */
    int64_t origin;               /* slot of the first note, rounded down to 16 */
    int64_t onset[STYLE_ONSETS];  /* this slot with notes and those before it; -1: none */
    note_set keys;                /* played in this slot */
    uint32_t struck;              /* notes in this slot */
    uint32_t struck_before[2];    /* in the last two slots with notes */
    uint32_t notes;               /* since the start */
    uint8_t pitch[STYLE_PITCHES]; /* believed most, latest first */
    uint8_t key[STYLE_KEYS];
    float classes[STYLE_MEMORIES][12], class_sum[STYLE_MEMORIES];
    float rate[2];
    float surprise[2]; /* nats a note by which what was meant was not expected */
    /* Running means of what each kind of vote gave to the pitch that came, by whether the note was
     * the first of its slot, and by how fast they forget: motifs; the repetitions; the notes
     * of their best lag; of 16, 32 and 64 slots ago. */
    float hit[2][2][STYLE_VOTERS];
    /* What is left of a note struck so many slots ago. */
    struct {
        float late[REPETITION_STRUCK + 1], often[REPETITION_STRUCK + 1];
    } left;
};

/* Features that are active, and their strengths. */
struct style_view {
    uint32_t count;
    uint32_t feature[STYLE_MOST];
    float strength[STYLE_MOST];
};

/* The shape of the policy; that of the prior is in correct/prior.h. */
struct policy_shape style_shape(void);

struct style_networks {
    struct policy *policy, *prior;
};

struct model;

/* Those of a model, borrowed. -1: it has none, or others than this program knows. */
int style_networks_of(struct style_networks *networks, const struct model *model,
                      struct error *error);

/* New networks of these shapes, or copies of others; to be freed. They are frozen, and to be
 * frozen again when their parameters have changed. -1: out of memory. */
int style_networks_create(struct style_networks *networks, uint64_t seed, struct error *error);
int style_networks_copy(struct style_networks *networks, const struct style_networks *from,
                        struct error *error);
void style_networks_free(struct style_networks *networks);

/* Forgets all playing; slots are known. */
void style_start(struct style *style);

/* Time passes up to the slot (sixteenths, a whole number is its middle) of the next note. */
void style_advance(struct style *style, double slot);

/* The oldest note the belief in which may still change; NULL: there is none. */
const struct style_pending *style_oldest(const struct style *style);

/* What is now believed of that note, for good. */
void style_revise(struct style *style, const float log_probability[STYLE_SHIFTS]);

/* What the policy sees when key x is struck while the pitches `held` sound: `expected`
 * is the log-probability of each pitch as the music goes on, `meant` that of each
 * being meant by the key; votes: of the repetitions for this slot. */
void style_see(const struct style *style, const struct repetition_votes *votes, uint8_t x,
               note_set held, const float expected[STYLE_SHIFTS], const float meant[STYLE_SHIFTS],
               struct style_view *view);

/* The pitches believed most of the notes of this slot: what sounds at least, where
 * releases are not told. */
note_set style_slot_notes(const struct style *style);

/* Log-probability of each shift -STYLE_RANGE .. STYLE_RANGE, by a network that is frozen.
 * `sum` is what it needs to work: one of quantised_accumulators(network->fixed). */
void style_answer(const struct policy *network, const struct style_view *view, int16_t *sum,
                  float log_probability[STYLE_SHIFTS]);

/* The same by one that is learning: `scratch` has room for policy_scratch(network, 1) floats. */
void style_ask(const struct policy *network, const struct style_view *view, float *scratch,
               float log_probability[STYLE_SHIFTS]);

/* Remembers the note x with what is believed about it. `pending`: that may still change. */
void style_hear(struct style *style, uint8_t x, const float log_probability[STYLE_SHIFTS],
                bool pending);

/* The same where it is known how motifs and repetitions voted for what follows the notes
 * believed so far. */
void style_hear_voted(struct style *style, uint8_t x, const float log_probability[STYLE_SHIFTS],
                      bool pending, const struct motif_votes *motifs,
                      const struct repetition_votes *repeated);

/* After which notes motifs would be looked for: false where there are too few. */
bool style_motif(const struct style *style, struct motif_context *context);

/* How they vote. */
void style_vote_motifs(const struct style *style, struct motif_votes *votes);

/* The same where all of a take is known, for good: number `now` of these notes, the repetitions
 * having voted as told. */
void style_hear_whole(struct style *style, uint8_t x, const float log_probability[STYLE_SHIFTS],
                      const struct motif_notes *notes, size_t now,
                      const struct repetition_votes *votes);

/* By how many nats a note was not expected, where that is known: before style_hear. */
void style_wonder(struct style *style, float nats);

/* The likeliest pitches of a belief about a note x. */
struct repetition_note style_digest(uint8_t x, const float probability[STYLE_SHIFTS]);

#endif
