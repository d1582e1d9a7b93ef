/* A histogram of times with eight steps to the octave: quantiles are right to
 * one part in eight, the largest exactly. Adding is a few instructions. */
#ifndef DAEMON_LATENCY_H
#define DAEMON_LATENCY_H

#include <stdint.h>

enum {
    LATENCY_STEPS = 8,
    LATENCY_BUCKETS = 64 * LATENCY_STEPS,
};

struct latency {
    uint64_t count;
    uint64_t most; /* nanoseconds */
    uint32_t bucket[LATENCY_BUCKETS];
};

void latency_add(struct latency *latency, uint64_t nanoseconds);

/* Nanoseconds that the share (0 .. 1) of all times did not exceed: the upper end
 * of a step, at most `most`; 0 without any. */
uint64_t latency_quantile(const struct latency *latency, double share);

#endif
