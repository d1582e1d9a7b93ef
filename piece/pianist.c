/* Notes are placed one by one, each in the slot that its delay leads to. */
#include "piece/pianist.h"

#include <math.h>
#include <string.h>

struct rhythm pianist_written(const struct song *song, uint32_t beat)
{
    struct rhythm rhythm;
    for (uint32_t i = 0; i < SONG_SLOTS_A_BEAT; i++) {
        const uint32_t *first = &song->first[beat * SONG_SLOTS_A_BEAT + i];
        uint32_t notes = first[1] - first[0];
        rhythm.struck[i] = (uint8_t)(notes < UINT8_MAX ? notes : UINT8_MAX);
    }
    return rhythm;
}

/* What falls before the first beat or after the last is struck at the edge. */
static void strike(struct rhythm *played, int64_t slots, int64_t slot)
{
    slot = slot < 0 ? 0 : slot >= slots ? slots - 1 : slot;
    uint8_t *struck = &played[slot / SONG_SLOTS_A_BEAT].struck[slot % SONG_SLOTS_A_BEAT];
    *struck = (uint8_t)(*struck + (*struck < UINT8_MAX));
}

void pianist_play(const struct song *song, uint32_t first, uint32_t end,
                  const struct pianist_manner *manner, struct rng *rng, struct rhythm *played)
{
    int64_t slots = (int64_t)(end - first) * SONG_SLOTS_A_BEAT;
    double delay = 0;
    memset(played, 0, (end - first) * sizeof *played);
    for (int64_t slot = 0; slot < slots; slot++) {
        const uint32_t *note = &song->first[first * SONG_SLOTS_A_BEAT + slot];
        if (slot % SONG_SLOTS_A_BEAT == 0 && manner->walk > 0)
            delay = 0.9 * delay + manner->walk * rng_normal(rng);
        for (uint32_t n = note[0]; n < note[1]; n++) {
            if (manner->drop > 0 && rng_double(rng) < manner->drop)
                continue;
            int64_t at = slot + lround(delay);
            if (manner->jitter > 0 && rng_double(rng) < manner->jitter)
                at += rng_below(rng, 2) ? 1 : -1;
            strike(played, slots, at);
            if (manner->add > 0 && rng_double(rng) < manner->add)
                strike(played, slots, at);
        }
    }
}
