/* Beats laid out as rows of 128-bit sets, one row a beat. */
#include "piece/beats.h"

#include <stdlib.h>

enum { BEAT_WORDS = 2 * SONG_SLOTS_A_BEAT };

static int count_beats(const struct song *const *songs, size_t count, uint32_t *start,
                       struct error *error)
{
    uint64_t beats = 0;
    start[0] = 0;
    for (size_t k = 0; k < count; k++) {
        beats += song_beats(songs[k]);
        if (beats > PROCESS_MAX_STEPS)
            return error_set(error, "decision process: more than %d beats in all",
                             PROCESS_MAX_STEPS);
        start[k + 1] = (uint32_t)beats;
    }
    return 0;
}

static void fill_beats(const struct song *const *songs, size_t count, uint64_t (*beat)[BEAT_WORDS])
{
    for (size_t k = 0; k < count; k++)
        for (uint32_t slot = 0; slot < songs[k]->slots; slot += SONG_SLOTS_A_BEAT, beat++)
            for (uint32_t i = 0; i < SONG_SLOTS_A_BEAT; i++)
                song_slot_set(songs[k], slot + i, &(*beat)[2 * (size_t)i]);
}

struct process *beats_process(const struct song *const *songs, size_t count, uint32_t context,
                              struct error *error)
{
    if (count == 0 || count > PROCESS_MAX_TRAJECTORIES) {
        error_set(error, "decision process: %zu pieces, expected 1 to %d", count,
                  PROCESS_MAX_TRAJECTORIES);
        return NULL;
    }
    struct process *process = NULL;
    uint64_t(*beat)[BEAT_WORDS] = NULL;
    uint32_t *start = malloc((count + 1) * sizeof *start);
    if (!start) {
        error_set(error, "decision process: out of memory");
    } else if (count_beats(songs, count, start, error) == 0) {
        beat = malloc(start[count] * sizeof *beat);
        if (beat) {
            fill_beats(songs, count, beat);
            struct trajectories observed = {.observation = beat,
                                            .width = sizeof *beat,
                                            .start = start,
                                            .count = (uint32_t)count};
            process = process_create(&observed, context, error);
        } else {
            error_set(error, "decision process: out of memory");
        }
    }
    free(beat);
    free(start);
    return process;
}
