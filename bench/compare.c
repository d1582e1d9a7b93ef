/* Dynamic programming over the two sequences of onsets. */
#include "bench/compare.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const struct move {
    uint8_t truth, learned;
} moves[] = {{1, 1}, {1, 0}, {0, 1}, {1, 2}, {2, 1}, {1, 3}, {3, 1}};

enum { MOVES = sizeof moves / sizeof *moves };

/* Cost of onsets that are one on the other side: repeated notes would hide in it were it less. */
static const float joined = 1.5f;

size_t compare_onsets(const double *time, const uint8_t *pitch, size_t notes,
                      struct compare_onset *onset)
{
    size_t count = 0;
    for (size_t i = 0; i < notes; i++) {
        if (!count || time[i] > onset[count - 1].time)
            onset[count++] = (struct compare_onset){.time = time[i]};
        onset[count - 1].pitch[pitch[i] >> 6 & 1] |= (uint64_t)1 << (pitch[i] & 63);
    }
    return count;
}

static void join(const struct compare_onset *onset, size_t count, uint64_t set[2])
{
    set[0] = set[1] = 0;
    for (size_t i = 0; i < count; i++) {
        set[0] |= onset[i].pitch[0];
        set[1] |= onset[i].pitch[1];
    }
}

static unsigned count_bits(uint64_t a, uint64_t b)
{
    return (unsigned)(__builtin_popcountll(a) + __builtin_popcountll(b));
}

int compare(const struct compare_onset *truth, size_t truths, const struct compare_onset *learned,
            size_t count, struct compare_counts *counts)
{
    size_t width = count + 1;
    float *cost = calloc((truths + 1) * width, sizeof *cost);
    uint8_t *way = calloc((truths + 1) * width, 1);
    if (!cost || !way) {
        free(cost);
        free(way);
        return -1;
    }
    for (size_t i = 0; i <= truths; i++)
        for (size_t j = 0; j <= count; j++) {
            float best = i || j ? INFINITY : 0;
            for (unsigned m = 0; m < MOVES; m++) {
                size_t a = moves[m].truth, b = moves[m].learned;
                uint64_t meant[2], has[2];
                if (a > i || b > j)
                    continue;
                join(truth + i - a, a, meant);
                join(learned + j - b, b, has);
                float sum = cost[(i - a) * width + j - b] +
                            (float)count_bits(meant[0] ^ has[0], meant[1] ^ has[1]) +
                            (a + b > 2 ? joined : 0);
                if (sum < best) {
                    best = sum;
                    way[i * width + j] = (uint8_t)m;
                }
            }
            cost[i * width + j] = best;
        }
    for (size_t i = truths, j = count; i || j;) {
        struct move move = moves[way[i * width + j]];
        uint64_t meant[2], has[2];
        i -= move.truth;
        j -= move.learned;
        join(truth + i, move.truth, meant);
        join(learned + j, move.learned, has);
        uint64_t right = count_bits(meant[0] & has[0], meant[1] & has[1]);
        uint64_t missing = count_bits(meant[0] & ~has[0], meant[1] & ~has[1]);
        uint64_t more = count_bits(has[0] & ~meant[0], has[1] & ~meant[1]);
        uint64_t wrong = missing < more ? missing : more;
        counts->truth += right + missing;
        counts->learned += right + more;
        counts->right += right;
        counts->wrong += wrong;
        counts->missing += missing - wrong;
        counts->too_many += more - wrong;
    }
    free(cost);
    free(way);
    return 0;
}
