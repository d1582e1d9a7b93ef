/* Sets of note numbers as 128 bits: bit p is note p. */
#ifndef CORRECT_NOTESET_H
#define CORRECT_NOTESET_H

#include <stdint.h>

typedef unsigned __int128 note_set;

static inline note_set note_set_bit(unsigned pitch)
{
    return (note_set)1 << pitch;
}

static inline int note_set_count(note_set set)
{
    return __builtin_popcountll((uint64_t)set) + __builtin_popcountll((uint64_t)(set >> 64));
}

/* The lowest note of a set that is not empty. */
static inline unsigned note_set_lowest(note_set set)
{
    uint64_t low = (uint64_t)set;
    return low ? (unsigned)__builtin_ctzll(low)
               : 64 + (unsigned)__builtin_ctzll((uint64_t)(set >> 64));
}

#endif
