/* The softest correction: a note outside the key goes to the nearest note inside.
 *
 * The key is given, as its pitch classes, or it is estimated as the playing goes
 * (correct/key.h) from a histogram of the pitch classes played, which forgets slowly.
 * What was sent does not count: it would confirm a wrong key. Constant work a note, no
 * allocation; one thread at a time. */
#ifndef CORRECT_SCALE_H
#define CORRECT_SCALE_H

#include <stdint.h>

struct scale {
    double weight[12];
    uint32_t notes;
    uint8_t last; /* the note sent before */
};

void scale_start(struct scale *scale);

/* The pitch to send for x: x where it is in the key; else the nearest in the key, of two the one
 * nearer to the note sent before. `classes`: the key's, bit p for pitch class p; 0: the key is
 * estimated, and where it is not clear yet, and in the first notes, x stays. */
uint8_t scale_decide(const struct scale *scale, uint16_t classes, uint8_t x);

/* Counts what was played and what was sent for it. */
void scale_sent(struct scale *scale, uint8_t x, uint8_t pitch);

#endif
