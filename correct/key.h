/* The key of a passage, from the notes in it.
 *
 * The histogram of pitch classes is correlated with the 24 profiles of Krumhansl
 * and Kessler ("Tracing the dynamic changes in perceived tonal organization in a
 * spatial representation of musical keys", Psychological Review 89, 1982); the
 * key with the largest correlation wins. */
#ifndef CORRECT_KEY_H
#define CORRECT_KEY_H

#include <stdint.h>

/* The key of a histogram: tonic 0 .. 11 for C .. B major, 12 .. 23 for minor.
 * -1: empty, or the same weight everywhere. */
int key_estimate(const double weight[12]);

/* Pitch classes that belong to a key, bit p for pitch class p: the major scale,
 * or natural minor with the raised seventh beside the natural one. All for -1. */
uint16_t key_pitch_classes(int key);

/* "C major" ... "B minor"; "unclear" for -1. */
const char *key_name(int key);

#endif
