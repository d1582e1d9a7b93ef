/* Wasserstein-1 distance between two distributions of pitches.
 *
 * For distributions on a line it is the area between the two cumulative
 * distribution functions (Vallender, "Calculation of the Wasserstein distance
 * between probability distributions on the line", 1974), here in semitones. */
#ifndef MEASURE_WASSERSTEIN_H
#define MEASURE_WASSERSTEIN_H

#include <stdint.h>

enum { WASSERSTEIN_PITCHES = 128 };

/* The distance between samples given as counts of each note number. The samples
 * need not be equally large. NaN when one is empty. */
double wasserstein_distance(const uint64_t a[WASSERSTEIN_PITCHES],
                            const uint64_t b[WASSERSTEIN_PITCHES]);

/* IM, the improvement in per cent of W(truth, trained) over W(truth, untrained):
 * 100 (untrained - trained) / untrained. NaN when the untrained is already equal
 * to the truth. */
double wasserstein_improvement(double untrained, double trained);

#endif
