#include "chains.h"

#include "base/rng.h"

#include <string.h>

struct process *process_of_letters(const char *const *letters, uint32_t count, uint32_t context,
                                   struct error *error)
{
    char observation[256];
    uint32_t start[9] = {0};
    for (uint32_t k = 0; k < count; k++) {
        uint32_t length = (uint32_t)strlen(letters[k]);
        memcpy(observation + start[k], letters[k], length);
        start[k + 1] = start[k] + length;
    }
    struct trajectories observed = {observation, 1, start, count};
    return process_create(&observed, context, error);
}

struct process *process_of(const char *letters, uint32_t context)
{
    return process_of_letters(&letters, 1, context, NULL);
}

struct process *process_at_random(uint64_t seed, uint32_t sections)
{
    enum { SECTION = 8, MOST = 64 };
    uint32_t observation[MOST][SECTION], fresh = 0;
    uint32_t start[] = {0, sections * SECTION};
    struct rng rng;
    rng_seed(&rng, seed, 0);
    for (uint32_t k = 0; k < sections; k++) {
        uint32_t like = k > 0 && rng_below(&rng, 3) == 0 ? rng_below(&rng, k) : k;
        for (uint32_t i = 0; i < SECTION; i++)
            observation[k][i] = like < k                               ? observation[like][i]
                                : fresh > 0 && rng_below(&rng, 5) == 0 ? rng_below(&rng, fresh)
                                                                       : fresh++;
    }
    struct trajectories observed = {observation, sizeof observation[0][0], start, 1};
    return process_create(&observed, 0, NULL);
}
