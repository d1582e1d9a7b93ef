/* Profiles and correlation. */
#include "correct/key.h"

#include <math.h>

static const double profiles[2][12] = {
    {6.35, 2.23, 3.48, 2.33, 4.38, 4.09, 2.52, 5.19, 2.39, 3.66, 2.29, 2.88},
    {6.33, 2.68, 3.52, 5.38, 2.60, 3.53, 2.54, 4.75, 3.98, 2.69, 3.34, 3.17},
};

/* Pearson's correlation but for the factor 1 / deviation(weight), the same for all keys. */
static double correlation(const double weight[12], int tonic, const double profile[12])
{
    double mean_w = 0, mean_p = 0, product = 0, square = 0;
    for (int c = 0; c < 12; c++) {
        mean_w += weight[c] / 12;
        mean_p += profile[c] / 12;
    }
    for (int c = 0; c < 12; c++) {
        double p = profile[c] - mean_p;
        product += p * (weight[(c + tonic) % 12] - mean_w);
        square += p * p;
    }
    return product / sqrt(square);
}

int key_estimate(const double weight[12])
{
    int best = -1;
    double most = 1e-9;
    for (int key = 0; key < 24; key++) {
        double r = correlation(weight, key % 12, profiles[key / 12]);
        if (r > most) {
            most = r;
            best = key;
        }
    }
    return best;
}

uint16_t key_pitch_classes(int key)
{
    if (key < 0)
        return 0xfff;
    /* From the tonic up: 0 2 4 5 7 9 11, and 0 2 3 5 7 8 10 11. */
    unsigned scale = key < 12 ? 0xab5 : 0xdad;
    int tonic = key % 12;
    return (uint16_t)((scale << tonic | scale >> (12 - tonic)) & 0xfff);
}

const char *key_name(int key)
{
    static const char *const names[] = {
        "C major",  "D flat major", "D major",      "E flat major", "E major",      "F major",
        "F# major", "G major",      "A flat major", "A major",      "B flat major", "B major",
        "C minor",  "C# minor",     "D minor",      "E flat minor", "E minor",      "F minor",
        "F# minor", "G minor",      "G# minor",     "A minor",      "B flat minor", "B minor"};
    return key >= 0 && key < 24 ? names[key] : "unclear";
}
