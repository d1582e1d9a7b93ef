/* Sets of note numbers as 128 bits: bit p is note p. */
#ifndef CORRECT_NOTESET_H
#define CORRECT_NOTESET_H

#include <stdbool.h>
#include <stdint.h>

typedef unsigned __int128 note_set;

static inline note_set note_set_bit(unsigned pitch)
{
    return (note_set)1 << pitch;
}

/* Whether a set in memory holds a note; reads the half that matters only. */
static inline bool note_set_has(const note_set *set, unsigned pitch)
{
    return (uint64_t)(*set >> (pitch & 64)) >> (pitch & 63) & 1;
}

/* Both halves at once, by adding neighbouring fields of bits: without an
 * instruction for it, compilers call a slower function. */
static inline int note_set_count(note_set set)
{
    const uint64_t pairs = 0x5555555555555555u, fours = 0x3333333333333333u;
    uint64_t low = (uint64_t)set, high = (uint64_t)(set >> 64);
    low -= low >> 1 & pairs;
    high -= high >> 1 & pairs;
    low = (low & fours) + (low >> 2 & fours) + (high & fours) + (high >> 2 & fours);
    low = (low & 0x0f0f0f0f0f0f0f0fu) + (low >> 4 & 0x0f0f0f0f0f0f0f0fu);
    return (int)(low * 0x0101010101010101u >> 56);
}

/* The lowest note of a set that is not empty. */
static inline unsigned note_set_lowest(note_set set)
{
    uint64_t low = (uint64_t)set;
    return low ? (unsigned)__builtin_ctzll(low)
               : 64 + (unsigned)__builtin_ctzll((uint64_t)(set >> 64));
}

/* The highest. */
static inline unsigned note_set_highest(note_set set)
{
    uint64_t high = (uint64_t)(set >> 64);
    return high ? 127 - (unsigned)__builtin_clzll(high)
                : 63 - (unsigned)__builtin_clzll((uint64_t)set);
}

#endif
