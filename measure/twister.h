/* The Mersenne Twister (Matsumoto and Nishimura 1998, MT19937), seeded and drawn from as Python's
 * `random` does, so that errors injected here are those that a Python program injects. Everything
 * else draws from base/rng.h. A plain value. */
#ifndef MEASURE_TWISTER_H
#define MEASURE_TWISTER_H

#include <stdint.h>

enum { TWISTER_WORDS = 624 };

struct twister {
    uint32_t word[TWISTER_WORDS];
    unsigned next;
};

/* As random.Random(seed). */
void twister_seed(struct twister *twister, uint32_t seed);

/* 0 .. 2^bits - 1, as getrandbits; bits is 1 .. 32. */
uint32_t twister_bits(struct twister *twister, unsigned bits);

/* 0 .. 1, 1 excluded, as random(). */
double twister_double(struct twister *twister);

/* 0 .. count - 1, as the index that choice() draws; count is 1 or more. */
uint32_t twister_below(struct twister *twister, uint32_t count);

#endif
