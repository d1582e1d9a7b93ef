/* The warm start of a style network: maximum likelihood of the shift meant, on
 * the network's own past.
 *
 * Many lanes (style/corpus.h) go forward together; at every note the network
 * answers, learns from the right answer (cross-entropy, AdamW), and its own
 * answer is what the lane remembers: the states are those that the network will
 * meet (Ross, Gordon, Bagnell 2011, "A Reduction of Imitation Learning and
 * Structured Prediction to No-Regret Online Learning"). At the start some songs
 * are remembered as they were meant instead.
 *
 * Right notes teach little, for the key played says what is meant. So some notes
 * are also looked at blindly (correct/style.h): there the network has to learn how
 * music goes on.
 *
 * Lanes are dealt to WARM_GROUPS groups, each with a gradient of its own; the
 * gradients are added in their order, so the result is the same for any number
 * of threads. */
#ifndef STYLE_WARM_H
#define STYLE_WARM_H

#include "style/corpus.h"

enum {
    WARM_GROUPS = 4,
    WARM_LANES = 32,
    WARM_NOTES = 4,
    WARM_BLIND = 4, /* of so many notes one is looked at blindly too */
};

struct warm_settings {
    uint64_t notes; /* to learn from in all */
    double rate;    /* falling to 0; .002 */
    double decay;   /* of the weights; .01 */
    double blind;   /* weight of what is learned blindly, falling to 0; 1 */
    uint32_t threads;
    uint64_t seed;
};

struct warm_report {
    uint64_t notes;                 /* so far */
    double loss;                    /* nats a note, since the last report */
    double right;                   /* share of notes whose likeliest shift is the right one */
    double later_loss, later_right; /* of the same notes judged again */
    double blind_loss, blind_right; /* of notes judged without the key played */
    double rate;
};

/* False asks to stop. Called every few thousand notes. */
typedef bool warm_watch(void *context, const struct warm_report *report);

/* Learns; the networks' parameters change in place. -1: out of memory, no music. */
int warm_start(const struct style_networks *networks, const struct style_corpus *corpus,
               const struct warm_settings *settings, warm_watch *watch, void *context,
               struct error *error);

#endif
