/* The style expert: what is meant by a note in tonal music never seen before.
 *
 * A network sees what a live corrector knows (the notes so far as they are
 * believed to have been meant, what the music repeats, the key played) and
 * gives a probability to each of STYLE_SHIFTS distances from the pitch played
 * to the pitch meant. The past enters as beliefs, the network's own answers,
 * not as decisions. Training and live playing see through the same code.
 *
 * Features are few of many: about 60 active of STYLE_FEATURES. Pitches enter
 * relative to the pitch played, those farther than STYLE_REACH semitones as the
 * nearest pitch of their class within it. Planes of STYLE_WINDOW features each,
 * strength in brackets:
 *
 *     notes of this slot [belief]; of the last two slots with notes [belief];
 *     notes still held; of 16, 32, 64, 128 slots ago [belief]; votes of the
 *     repetitions for pitches not in this slot yet [vote], and in it [vote];
 *     notes of the best lag not in this slot yet, in three planes by that lag's
 *     score (below 2.5, below 5, above) [belief]; keys played in this slot; the
 *     last six pitches believed most, one by one; the last three keys; two
 *     histograms of pitch classes, within -6 .. 5 (forgetting .96 and .995 a
 *     note) [4 * share]
 *
 * and then: the slot of 16, slots since the last onset, register, notes in this
 * slot, the last three corrections, two running rates of correction (.97, .995),
 * the pitch class played, the best lag's score.
 *
 * Asked blindly, without the key played and without what is known of the player,
 * the same network says how the music goes on: within STYLE_RANGE of any centre,
 * which then stands for the key played. One more feature says so.
 *
 * When two more slots with notes have been heard, a second network judges a note
 * again, from its first answer, the notes around it and what has repeated; its
 * answer replaces the first in the memory.
 *
 * struct style is the memory of one player: no pointers, a copy is a snapshot.
 * Work a note is bounded and nothing allocates. */
#ifndef CORRECT_STYLE_H
#define CORRECT_STYLE_H

#include "base/error.h"
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
    STYLE_CORRECTIONS = 3,
    STYLE_RATES = 8,
    STYLE_PLANES = 14 + STYLE_PITCHES + STYLE_KEYS + 2,
    STYLE_FEATURES = STYLE_PLANES * STYLE_WINDOW + 16 + 8 + 22 + 5 +
                     STYLE_CORRECTIONS * STYLE_SHIFTS + 2 * STYLE_RATES + 12 + 6 + 1,
    STYLE_MOST = 448,   /* active features */
    STYLE_NETWORKS = 3, /* of a model, in the order of struct style_networks */
    STYLE_PENDING = 64,
    STYLE_DELAY = 2,    /* slots with notes that follow before a note is judged again */
    STYLE_ONSETS = 6,   /* slots with notes, this one included, whose places are known */
    STYLE_MEMORIES = 3, /* of pitch classes, by how fast they forget */
    STYLE_LATER_PLANES = 8,
    STYLE_LATER_FEATURES = STYLE_LATER_PLANES * STYLE_WINDOW + 6 + 2 * STYLE_RATES + 2 * 8,
};

/* A note of which is to be judged again when what follows it is known. */
struct style_pending {
    int64_t slot;
    uint32_t number;                     /* of the note since the start */
    uint8_t x, place;                    /* place among the notes of its slot */
    float log_probability[STYLE_SHIFTS]; /* as judged when it was struck */
};

struct style {
    struct repetition repetition;
    struct style_pending pending[STYLE_PENDING];
    uint32_t pending_first, pending_last; /* counts of those taken and put */
    bool patient; /* notes stay pending until they are revised or out of memory */
    bool started;
    int64_t origin;               /* slot of the first note, rounded down to 16 */
    int64_t onset[STYLE_ONSETS];  /* this slot with notes and those before it; -1: none */
    note_set keys;                /* played in this slot */
    uint32_t struck;              /* notes in this slot */
    uint32_t struck_before[2];    /* in the last two slots with notes */
    uint32_t notes;               /* since the start */
    uint8_t pitch[STYLE_PITCHES]; /* believed most, latest first */
    int8_t shift[STYLE_CORRECTIONS];
    uint8_t key[STYLE_KEYS];
    float classes[STYLE_MEMORIES][12], class_sum[STYLE_MEMORIES];
    float rate[2];
};

/* Features that are active, and their strengths. */
struct style_view {
    uint32_t count;
    uint32_t feature[STYLE_MOST];
    float strength[STYLE_MOST];
};

/* The shapes of the two networks: of the one that judges a note when it is
 * struck, and of the one that judges it again. */
struct policy_shape style_shape(void);
struct policy_shape style_later_shape(void);

/* The networks; `later` may be NULL where notes are to be judged once. `prior` is that of
 * correct/prior.h. */
struct style_networks {
    struct policy *now, *later, *prior;
};

struct model;

/* Those of a model, borrowed. -1: it has none, or others than this program knows. */
int style_networks_of(struct style_networks *networks, const struct model *model,
                      struct error *error);

/* New networks of these shapes, or copies of others; to be freed. -1: out of memory. */
int style_networks_create(struct style_networks *networks, uint64_t seed, struct error *error);
int style_networks_copy(struct style_networks *networks, const struct style_networks *from,
                        struct error *error);
void style_networks_free(struct style_networks *networks);

/* Forgets all playing. */
void style_start(struct style *style);

/* Time passes up to the slot (sixteenths, a whole number is its middle) of the next note. */
void style_advance(struct style *style, double slot);

/* Whether a note is to be judged again now, two slots with notes later; if so,
 * what is known of it. To be asked after style_advance until it answers no. */
bool style_due(const struct style *style, struct style_view *view);

/* The oldest note that is to be judged again; NULL: there is none. */
const struct style_pending *style_oldest(const struct style *style);

/* The new judgement of that note. */
void style_revise(struct style *style, const float log_probability[STYLE_SHIFTS]);

/* What is known when key x is struck while the pitches `held` sound. */
void style_see(const struct style *style, uint8_t x, note_set held, struct style_view *view);

/* The same of what the music leads to expect, around a centre. */
void style_see_blind(const struct style *style, uint8_t centre, note_set held,
                     struct style_view *view);

/* The pitches believed most of the notes of this slot: what sounds at least, where
 * releases are not told. */
note_set style_slot_notes(const struct style *style);

/* Log-probability of each shift -STYLE_RANGE .. STYLE_RANGE. `scratch` has room
 * for policy_scratch(network, 1) floats. */
void style_ask(const struct policy *network, const struct style_view *view, float *scratch,
               float log_probability[STYLE_SHIFTS]);

/* Remembers the note x with what is believed about it. `again`: it is to be judged again. */
void style_hear(struct style *style, uint8_t x, const float log_probability[STYLE_SHIFTS],
                bool again);

/* The likeliest pitches of a belief about a note x. */
struct repetition_note style_digest(uint8_t x, const float probability[STYLE_SHIFTS]);

#endif
