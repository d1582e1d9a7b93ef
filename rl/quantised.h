/* A quantised network: a relative network (rl/policy_relative.c) with 16-bit weights, for
 * evaluation only.
 *
 * The sums of the rows of weights, and the product that follows, are made of 16-bit numbers: half
 * the memory, several times the speed of floats, and the same result on every processor. Weights
 * are rounded to multiples of 2^-11 and saturate at 16. Their sums, the accumulators, are multiples
 * of 2^-9 and saturate at 64. The mlp behind its embedding, and gates, stay floats. Logits differ
 * from the policy's by some thousandths.
 *
 * Made once of a policy whose training has ended, then read by any number of threads, each with
 * accumulators of its own. Nothing allocates after opening; work is bounded by the number of
 * features. */
#ifndef RL_QUANTISED_H
#define RL_QUANTISED_H

#include "rl/policy.h"

struct quantised;

/* Active features; |strength| counts as 4 at most, times its gate. */
struct features {
    const uint32_t *feature; /* [count] */
    const float *strength;   /* [count] */
    uint32_t count;
};

/* A copy of a policy of the kind POLICY_RELATIVE. NULL: another kind, out of memory. */
struct quantised *quantised_open(const struct policy *policy, struct error *error);
void quantised_close(struct quantised *network);

/* How many numbers an accumulator has; a multiple of 32. Accumulators are quicker where each begins
 * a line of 64 bytes, as those of quantised_accumulators do. */
size_t quantised_accumulator_length(const struct quantised *network);

/* Memory for so many accumulators, one behind the other; to be freed. NULL: out of memory. */
int16_t *quantised_accumulators(const struct quantised *network, size_t count);

/* Adds features to an accumulator: `to` is the sum of `from` (NULL: of no features) and these; it
 * may be `from`. In a gated network, the features outside of planes set the weights of the planes:
 * pass them in the first call, with `from` NULL. Later calls ignore them. */
void quantised_accumulate(const struct quantised *network, const int16_t *from,
                          const struct features *features, int16_t *to);

/* The logits [actions] of an observation, from the accumulator of its features. Overwrites the
 * accumulator. */
void quantised_evaluate(const struct quantised *network, int16_t *accumulator, float *logit);

#endif
