/* e to the power of many numbers at once: in vectors, where the compiler makes them, and the same
 * everywhere, as no mathematical library is asked. Errors are below 2^-22 of the result. */
#ifndef CORRECT_EXPONENTIAL_H
#define CORRECT_EXPONENTIAL_H

#include <stdint.h>
#include <string.h>

/* Of x up to 88; 0 for what is below -87. The power of two nearest to the result, times a
 * polynomial (as of Moshier's Cephes). */
static inline float exponential(float x)
{
    const float least = -87, rounder = 12582912; /* 1.5 * 2^23: its last bit is 1 */
    float within = x >= least ? x : least;
    float shifted = within * 1.44269504f + rounder, twos = shifted - rounder, result, power;
    int32_t bits, base;
    memcpy(&bits, &shifted, sizeof bits);
    memcpy(&base, &rounder, sizeof base);
    float r = within - twos * .693359375f + twos * 2.12194440e-4f;
    float p = ((((1.9875691500e-4f * r + 1.3981999507e-3f) * r + 8.3334519073e-3f) * r +
                4.1665795894e-2f) *
                   r +
               1.6666665459e-1f) *
                  r +
              5.0000001201e-1f;
    result = p * r * r + r + 1;
    bits = (int32_t)((uint32_t)(bits - base + 127) << 23);
    memcpy(&power, &bits, sizeof power);
    return x >= least ? result * power : 0;
}

/* to[n]; may be x. */
static inline void exponentials(const float *x, uint32_t n, float *to)
{
    for (uint32_t i = 0; i < n; i++)
        to[i] = exponential(x[i]);
}

#endif
