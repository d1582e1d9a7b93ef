/* A relative network (rl/policy_relative.c) in whole numbers, for asking only.
 *
 * What is summed row by row, and the product that follows, are sums of 16-bit numbers
 * here: half the memory, several times the speed of floats, and the same answer on
 * every processor. Rows of weights are rounded to multiples of 2^-11 and end at 16, their sums
 * are multiples of 2^-9 and end at 64; the mlp behind its embedding, and gates, stay
 * floats. Logits differ from the policy's by some thousandths.
 *
 * Made once of a policy that learns no more, then read by any number of threads,
 * each with sums of its own. Nothing allocates after opening; work is bounded by the
 * number of features. */
#ifndef RL_FIXED_H
#define RL_FIXED_H

#include "rl/policy.h"

struct fixed;

/* Active features; |strength| counts as 4 at most, times its gate. */
struct features {
    const uint32_t *feature; /* [count] */
    const float *strength;   /* [count] */
    uint32_t count;
};

/* A copy of a policy of the kind POLICY_RELATIVE. NULL: another kind, out of memory. */
struct fixed *fixed_open(const struct policy *policy, struct error *error);
void fixed_close(struct fixed *fixed);

/* How many numbers a sum is made of; a multiple of 32. Sums are quicker where each begins a
 * line of 64 bytes, as those of fixed_sums do. */
size_t fixed_length(const struct fixed *fixed);

/* Memory for so many sums, one behind the other; to be freed. NULL: out of memory. */
int16_t *fixed_sums(const struct fixed *fixed, size_t count);

/* A sum of features: of those that `from` is made of (NULL: none) and these. `to` may be `from`.
 * Of a gated network, features that are not in planes decide how much others count: they have
 * to be told first, `from` being NULL, and are passed over later. */
void fixed_see(const struct fixed *fixed, const int16_t *from, const struct features *features,
               int16_t *to);

/* The logits [actions] of an observation, of a sum of its features; which is spoilt by that. */
void fixed_ask(const struct fixed *fixed, int16_t *sum, float *logit);

#endif
