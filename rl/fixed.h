/* A relative network (rl/policy_relative.c) in whole numbers, for asking only.
 *
 * What is summed row by row, and the product that follows, are sums of 16-bit numbers
 * here: half the memory, several times the speed of floats, and the same answer on
 * every processor. Weights are rounded to multiples of 2^-9 (more, where one is greater than
 * 32), and sums end at 64 and -64; the mlp behind its embedding stays in floats. Logits differ
 * from the policy's by some thousandths.
 *
 * Made once of a policy that learns no more, then read by any number of threads,
 * each with scratch memory of its own. Nothing allocates after opening; work is
 * bounded by the number of features. */
#ifndef RL_FIXED_H
#define RL_FIXED_H

#include "rl/policy.h"

struct fixed;

/* Active features; |strength| counts as 8 at most. */
struct features {
    const uint32_t *feature; /* [count] */
    const float *strength;   /* [count] */
    uint32_t count;
};

/* A copy of a policy of the kind POLICY_RELATIVE. NULL: another kind, out of memory. */
struct fixed *fixed_open(const struct policy *policy, struct error *error);
void fixed_close(struct fixed *fixed);

/* How many numbers of scratch memory both calls below need, of 16 bits each. */
size_t fixed_scratch(const struct fixed *fixed);

/* What the observations that are asked about next have in common. */
void fixed_see(const struct fixed *fixed, const struct features *common, int16_t *scratch);

/* The logits [actions] of an observation: what is common, and features of its own. */
void fixed_ask(const struct fixed *fixed, const struct features *own, int16_t *scratch,
               float *logit);

#endif
