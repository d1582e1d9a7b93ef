/* Learning the prior (correct/prior.h): how music goes on, from what was meant so
 * far and from a memory of playing with mistakes.
 *
 * Playbacks (style/corpus.h) go forward together. The last notes are told as they were
 * meant: that is the hypothesis that has to be judged well. Memory holds what the
 * network itself and the channel (correct/channel.h) made of the notes then, for
 * that is all it will know of notes long past: in half of the songs knowing the last
 * notes, as the right hypothesis did, in the others from what was believed of them,
 * as where many notes are wrong.
 *
 * The network answers around a centre, the pitch meant moved by a draw from a fixed
 * distribution q. It learns to tell the pitch meant from the others with log q
 * added to its answer; so what it says without is the prior itself, and it learns
 * most about the distances at which fingers go wrong.
 *
 * The result is the same for any number of threads. */
#ifndef STYLE_EXPECT_H
#define STYLE_EXPECT_H

#include "rl/policy.h"
#include "style/corpus.h"

enum { EXPECT_LANES = 32, EXPECT_NOTES = 2 };

struct expect_settings {
    uint64_t notes; /* to learn from in all */
    double rate;    /* falling to 0; .006 */
    double decay;   /* of the weights; .01 */
    uint32_t threads;
    uint64_t seed;
};

struct expect_report {
    uint64_t notes;    /* so far */
    double loss;       /* nats a note with log q added, since the last report */
    double right;      /* share of notes put right by prior and channel, the past being known */
    double right_loss; /* nats a note of those */
};

/* False asks to stop. Called every few thousand notes. */
typedef bool expect_watch(void *context, const struct expect_report *report);

/* Changes the network's parameters and freezes it anew. -1: out of memory, no music, the numbers
 * ran away. */
int expect_learn(struct policy *network, const struct style_corpus *corpus,
                 const struct expect_settings *settings, expect_watch *watch, void *context,
                 struct error *error);

#endif
