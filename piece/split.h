/* Where the left hand ends and the right begins, of notes that do not say. */
#ifndef PIECE_SPLIT_H
#define PIECE_SPLIT_H

#include <stdint.h>

/* The lowest pitch of the right hand, so that the pitches of both differ most (Otsu, "A Threshold
 * Selection Method from Gray-Level Histograms", 1979). count[p] notes have pitch p. Each hand has
 * this share of them and a note at least, and the means of both are so many semitones apart; 0:
 * there is no such pitch. Any thread. */
int split_find(const uint32_t count[128], double least_share, double least_apart);

#endif
