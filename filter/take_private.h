/* What take.c and take_live.c share. */
#ifndef FILTER_TAKE_PRIVATE_H
#define FILTER_TAKE_PRIVATE_H

#include <stdint.h>

/* The monotonic clock. */
uint64_t take_nanoseconds(void);

#endif
