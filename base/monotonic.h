/* Time since any fixed start, that never falls or jumps (CLOCK_MONOTONIC). Any thread. */
#ifndef BASE_MONOTONIC_H
#define BASE_MONOTONIC_H

#include <stdint.h>

double monotonic_seconds(void);
uint64_t monotonic_nanoseconds(void);

#endif
