/* Random numbers that are the same on every machine for the same seed.
 *
 * xoshiro256** (Blackman and Vigna, "Scrambled Linear Pseudorandom Number
 * Generators", ACM TOMS 47, 2021), seeded through splitmix64. One state a
 * thread; nothing here is shared. */
#ifndef BASE_RNG_H
#define BASE_RNG_H

#include <stdint.h>

struct rng {
    uint64_t state[4];
};

/* Starts the sequence `stream` of `seed`; different streams are independent. */
void rng_seed(struct rng *rng, uint64_t seed, uint64_t stream);

uint64_t rng_next(struct rng *rng);

/* Uniform in [0, 1), 53 bits. */
double rng_double(struct rng *rng);

/* Uniform in [0, 1), 24 bits: never rounds up to 1. */
float rng_float(struct rng *rng);

/* Uniform in 0 .. bound-1 without bias; bound > 0. */
uint32_t rng_below(struct rng *rng, uint32_t bound);

/* Standard normal (Box and Muller 1958; the second value of the pair is dropped). */
double rng_normal(struct rng *rng);

#endif
