/* What the files of the beam share: the beam, and the steps of hearing a note. */
#ifndef CORRECT_BEAM_PRIVATE_H
#define CORRECT_BEAM_PRIVATE_H

#include "correct/beam.h"
#include "correct/channel.h"
#include "correct/trace.h"
#include "rl/quantised.h"

static const float least_logarithm = -30;

struct hypothesis {
    float weight;             /* probability; of the likeliest 1 */
    uint32_t edge;            /* of the trace, that led to it */
    uint64_t mark;            /* of its last notes */
    uint8_t pitch[PRIOR_OWN]; /* latest first */
};

/* One way to go on from a hypothesis. */
struct candidate {
    float weight; /* as a hypothesis's */
    uint16_t from, shift;
};

struct beam {
    const struct quantised *prior;
    struct style style;
    struct channel channel;
    struct prior_common common;
    struct prior_span span;
    struct prior_motifs motifs, others; /* of the first hypothesis; of another */
    struct style_view own;
    struct beam_size size;
    uint32_t most, count;                  /* most: kept of a player as this one */
    float least;                           /* weight of those kept */
    struct hypothesis *hypothesis, *spare; /* [2 widest] each */
    struct candidate *candidate;           /* [2 widest + 1], the likeliest first */
    uint32_t candidates;
    float log_meant[STYLE_SHIFTS]; /* of the note being judged */
    float expected[STYLE_SHIFTS];  /* the same, the key aside: probabilities */
    float landed[STYLE_SHIFTS];    /* probability of the key, if that pitch was meant */
    float total;                   /* weight of all hypotheses before it */
    float evidence;                /* P(x) of the note, among the pitches within reach */
    float *way; /* [widest][STYLE_SHIFTS]: logits of hypotheses; then weights of ways on */
    /* Sums of the prior: of what is common, of what is a hypothesis's own, and behind these of
     * what hypotheses with the same last notes have in common. */
    int16_t *sum;
    struct trace *trace;             /* of a whole take; else NULL */
    const struct motif_notes *whole; /* as the pass before left it; else NULL */
    size_t now;                      /* number of the note among those */
    bool doubt;                      /* of the prior */
    bool known;                      /* the channel is that of the whole take already */
};

/* Asks the prior what comes around x: way[] is the weight of each hypothesis and pitch, expected[]
 * what they say together, total their weight. */
void beam_expect(struct beam *beam, uint8_t x, note_set held, const struct prior_echo *echo);

/* Judges a note; echo: NULL where nothing is known of later. */
void beam_weigh(struct beam *beam, double slot, uint8_t x, note_set held,
                const struct prior_echo *echo);

/* Goes on from it, by what is believed of it (log_meant). Memory is the caller's. */
void beam_extend(struct beam *beam, uint8_t x);

#endif
