/* The warm start of the policy: maximum likelihood of the shift meant.
 *
 * Many playbacks (style/corpus.h) go forward together, each with a beam (correct/beam.h)
 * that hears it as it would live; at every note the policy sees what the beam makes
 * of it, answers, and learns from the right answer (cross-entropy, AdamW). What it
 * sends goes on sounding, so the states are those that it will meet (Ross, Gordon,
 * Bagnell 2011, "A Reduction of Imitation Learning and Structured Prediction to
 * No-Regret Online Learning").
 *
 * Playbacks are dealt to groups (style/trainer.h): the result is the same for any number of
 * threads. */
#ifndef STYLE_WARM_H
#define STYLE_WARM_H

#include "style/corpus.h"

enum {
    WARM_LANES = 32,
    WARM_NOTES = 4,
};

struct warm_settings {
    uint64_t notes; /* to learn from in all */
    double rate;    /* falling to 0; .002 */
    double decay;   /* of the weights; .01 */
    uint32_t threads;
    uint64_t seed;
};

struct warm_report {
    uint64_t notes;   /* so far */
    double loss;      /* nats a note, since the last report */
    double right;     /* share of notes whose likeliest shift is the right one */
    double beam_loss; /* the same of the beam's answers */
    double beam_right;
    double rate;
};

/* False asks to stop. Called every few thousand notes. */
typedef bool warm_watch(void *context, const struct warm_report *report);

/* Learns; the policy's parameters change in place, and it is frozen anew. -1: out of memory, no
 * music. */
int warm_start(const struct style_networks *networks, const struct style_corpus *corpus,
               const struct warm_settings *settings, warm_watch *watch, void *context,
               struct error *error);

#endif
