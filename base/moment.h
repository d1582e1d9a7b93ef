/* Time that no clock setting changes. */
#ifndef BASE_MOMENT_H
#define BASE_MOMENT_H

/* CLOCK_MONOTONIC in seconds. Any thread, real-time threads as well. */
double moment_now(void);

#endif
