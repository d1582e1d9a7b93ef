/* Counts on the 128 note numbers: one pass, no sorting. */
#include "measure/wasserstein.h"

#include <math.h>

double wasserstein_distance(const uint64_t a[WASSERSTEIN_PITCHES],
                            const uint64_t b[WASSERSTEIN_PITCHES])
{
    uint64_t total_a = 0, total_b = 0;
    for (int pitch = 0; pitch < WASSERSTEIN_PITCHES; pitch++) {
        total_a += a[pitch];
        total_b += b[pitch];
    }
    if (total_a == 0 || total_b == 0)
        return NAN;
    double area = 0;
    uint64_t below_a = 0, below_b = 0;
    for (int pitch = 0; pitch < WASSERSTEIN_PITCHES - 1; pitch++) {
        below_a += a[pitch];
        below_b += b[pitch];
        area += fabs((double)below_a / (double)total_a - (double)below_b / (double)total_b);
    }
    return area;
}

double wasserstein_improvement(double untrained, double trained)
{
    return untrained > 0 ? 100 * (untrained - trained) / untrained : (double)NAN;
}
