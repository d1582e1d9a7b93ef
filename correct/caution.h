/* Caution: by how much the key struck is favoured over what the style believes was meant.
 *
 * In music that the networks understand, some of the mistakes that they believe in are beyond
 * doubt. In music that is foreign to them (jazz with chromatic passing notes) many notes are
 * half believed to be wrong, and next to none surely. So two sums are kept: `sure`, the notes
 * where another pitch was more than e^2 times likelier than the key, and `wrong`, the
 * probability of each note to be wrong. The key is favoured by
 *
 *     live          2 log(r / q)  within 0 .. 3 nats,  r = .25 + m
 *     whole takes   6 log(r / q)  within 0 .. 6 nats,  r = .5 + m
 *
 * where q = (sure + .3) / (wrong + 2), and m is 1.5 times what the share of wrong notes exceeds
 * .1: where many are, the past is believed to be what it was not. Live a note counts .995 of the
 * next one in all sums.
 *
 * What is believed is not touched: the key is favoured in the decision only. How the numbers
 * were chosen and what they do: docs/style.md. No pointers; constant work a note. */
#ifndef CORRECT_CAUTION_H
#define CORRECT_CAUTION_H

#include "correct/style.h"

struct caution {
    bool whole; /* of a take all of which is known */
    float sure, wrong, notes;
};

/* Of music of which nothing has been heard. */
void caution_start(struct caution *caution, bool whole);

/* In nats, 0 or more: what is to be added to the logarithm of the key's own probability. Of whole
 * takes: after all notes. */
float caution_favour(const struct caution *caution);

/* A note: the log-probability of each pitch as believed, before the key was favoured. */
void caution_hear(struct caution *caution, const float log_meant[STYLE_SHIFTS]);

#endif
