/* Floats in 16 bits (IEEE 754 half precision), for networks on disk. */
#ifndef RL_HALF_H
#define RL_HALF_H

#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

static const float half_least = 0x1p-24f, half_most = 65504;

/* The float that 16 bits stand for; infinite or no number where its exponent is all ones. */
static inline float half_read(uint16_t bits)
{
    uint32_t exponent = bits >> 10 & 31, fraction = bits & 1023;
    float value = exponent == 0    ? (float)fraction * half_least
                  : exponent == 31 ? (fraction ? NAN : INFINITY)
                                   : ldexpf((float)(1024 + fraction), (int)exponent - 25);
    return bits >> 15 ? -value : value;
}

/* The nearest of them, |value| being at most half_most; of two the one whose last bit is 0. */
static inline uint16_t half_write(float value)
{
    float size = fabsf(value);
    uint16_t sign = signbit(value) ? 0x8000 : 0;
    int exponent;
    frexpf(size, &exponent); /* size < 2^exponent */
    if (exponent < -13)
        exponent = -13;
    /* Units of the last of eleven bits; 2048 of them are 1024 of the next exponent's. */
    uint32_t units = (uint32_t)lrintf(ldexpf(size, 11 - exponent));
    if (units == 2048) {
        units = 1024;
        exponent++;
    }
    uint32_t biased = units < 1024 ? 0 : (uint32_t)(exponent + 14);
    return (uint16_t)(sign | biased << 10 | (units & 1023));
}

static inline bool half_holds(float value)
{
    return fabsf(value) <= half_most && half_read(half_write(value)) == value;
}

#endif
