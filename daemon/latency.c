/* Times below LATENCY_STEPS stand for themselves; above, the three bits behind
 * the highest choose the step of the octave. */
#include "daemon/latency.h"

#include <math.h>

static unsigned step_of(uint64_t nanoseconds)
{
    if (nanoseconds < LATENCY_STEPS)
        return (unsigned)nanoseconds;
    unsigned octave = 63U - (unsigned)__builtin_clzll(nanoseconds);
    return (octave - 2) * LATENCY_STEPS + (unsigned)(nanoseconds >> (octave - 3) & 7);
}

/* The largest time that falls into a step. */
static uint64_t top_of(unsigned step)
{
    if (step < LATENCY_STEPS)
        return step;
    unsigned octave = step / LATENCY_STEPS + 2;
    uint64_t size = (uint64_t)1 << (octave - 3);
    return (LATENCY_STEPS + step % LATENCY_STEPS + 1) * size - 1;
}

void latency_add(struct latency *latency, uint64_t nanoseconds)
{
    latency->count++;
    latency->bucket[step_of(nanoseconds)]++;
    if (nanoseconds > latency->most)
        latency->most = nanoseconds;
}

uint64_t latency_quantile(const struct latency *latency, double share)
{
    uint64_t wanted = (uint64_t)ceil(share * (double)latency->count);
    uint64_t seen = 0;
    for (unsigned step = 0; step < LATENCY_BUCKETS; step++) {
        seen += latency->bucket[step];
        if (seen > 0 && seen >= wanted)
            return top_of(step) < latency->most ? top_of(step) : latency->most;
    }
    return 0;
}
