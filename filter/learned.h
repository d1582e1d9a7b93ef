/* What a file that was learned from takes (draft/draft.h) says of itself, in texts: from how many
 * takes, and with every onset, for each note, its pitch, how often it was struck, and the
 * probability that another is meant:
 *
 *     learned from 3 takes; notes: pitch heard/passed doubt
 *     64 3/3 0.012, 67 2/3 0.120
 *
 * Texts are bytes from outside: what is not of this form says nothing. */
#ifndef FILTER_LEARNED_H
#define FILTER_LEARNED_H

#include "midi/midifile.h"

/* Begins the first text of such a file. */
#define LEARNED_MARK "learned from "

/* By the first LEARNED_HEAD bytes of a file. 0: it was not learned. */
enum { LEARNED_HEAD = 512 };
unsigned learned_takes(const void *bytes, size_t length);

/* By note of the file (midifile_notes), malloced. NULL: the file was not learned, or out of
 * memory. A note without a text is not in doubt. */
float *learned_doubts(const struct midifile *file);

#endif
