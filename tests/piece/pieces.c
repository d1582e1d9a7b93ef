#include "pieces.h"

#include "base/rng.h"

#include <stdlib.h>
#include <string.h>

struct song *piece_of_letters(const char *letters)
{
    struct song_note note[4096];
    size_t notes = 0;
    for (uint32_t i = 0; letters[i]; i++) {
        note[notes++] = (struct song_note){4 * i, (uint8_t)letters[i]};
        note[notes++] = (struct song_note){4 * i + 2, (uint8_t)(letters[i] / 2)};
    }
    return song_create(letters, 0, note, notes, NULL);
}

struct song *piece_at_random(uint64_t seed, uint32_t sections)
{
    enum { SECTION = 8, MOST = 64 };
    struct song_note note[MOST * SECTION * 2];
    uint32_t content[MOST][SECTION], fresh = 0;
    size_t notes = 0;
    struct rng rng;
    rng_seed(&rng, seed, 0);
    for (uint32_t k = 0; k < sections; k++) {
        uint32_t like = k > 0 && rng_below(&rng, 3) == 0 ? rng_below(&rng, k) : k;
        for (uint32_t i = 0; i < SECTION; i++) {
            content[k][i] = like < k                               ? content[like][i]
                            : fresh > 0 && rng_below(&rng, 5) == 0 ? rng_below(&rng, fresh)
                                                                   : fresh++;
            uint32_t slot = 4 * (SECTION * k + i), number = content[k][i];
            note[notes++] = (struct song_note){slot, (uint8_t)(36 + number % 40)};
            note[notes++] = (struct song_note){slot + 1 + number / 40 % 3,
                                               (uint8_t)(40 + number / 120 + seed % 80)};
        }
    }
    return song_create("at random", 0, note, notes, NULL);
}

struct process *process_of(const struct song *song, uint32_t context)
{
    return beats_process(&song, 1, context, NULL);
}
