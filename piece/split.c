/* The variance between the two groups is largest. */
#include "piece/split.h"

#include <math.h>

int split_find(const uint32_t count[128], double least_share, double least_apart)
{
    double all = 0, sum = 0, below = 0, low = 0, best = 0;
    int split = 0;
    for (int pitch = 0; pitch < 128; pitch++) {
        all += count[pitch];
        sum += (double)count[pitch] * pitch;
    }
    for (int pitch = 0; pitch < 127; pitch++) {
        below += count[pitch];
        low += (double)count[pitch] * pitch;
        if (below < fmax(least_share * all, 1) || below > fmin((1 - least_share) * all, all - 1))
            continue;
        double apart = (sum - low) / (all - below) - low / below;
        double between = below * (all - below) * apart * apart;
        if (apart >= least_apart && between > best) {
            best = between;
            split = pitch + 1;
        }
    }
    return split;
}
