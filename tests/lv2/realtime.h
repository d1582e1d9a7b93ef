/* Counts what an audio thread must not do: allocate, lock, touch a file. Under the address
 * sanitizer, which allocates by itself, nothing is counted. */
#ifndef TESTS_LV2_REALTIME_H
#define TESTS_LV2_REALTIME_H

#include <stdbool.h>

/* Begins or ends the watch of the calling thread; whether it was watched before. */
bool realtime_watch(bool on);

unsigned realtime_faults(void);

/* Whether anything is counted here. */
bool realtime_counts(void);

#endif
