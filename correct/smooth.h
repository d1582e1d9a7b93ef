/* Whole takes: where the player was, judged with the notes that came later.
 *
 * A first pass follows the playing as live and records the belief before each
 * note. A second goes backwards and traces where the belief at the end came
 * from: a place that was entered late is given the earlier notes that it
 * explains, and what led nowhere loses its weight (the smoothing pass of the
 * forward-backward algorithm, Rabiner 1989, on the places that were held). A
 * third decides note by note with these beliefs and with the slips of the whole
 * take known. */
#ifndef CORRECT_SMOOTH_H
#define CORRECT_SMOOTH_H

#include "base/error.h"
#include "correct/corrector.h"
#include "correct/follow.h"

/* Writes pitches[count] for notes sorted by slot. meant[count] (NULL: as played) says
 * what is meant by each note where no place explains it (follow_spread). `follow` is scratch memory
 * of the caller and is started anew. -1: out of memory. */
int smooth_take(struct follow *follow, const struct timeline *timeline, float trust, float keep,
                const struct correct_note *notes, size_t count, const float (*meant)[SLIP_WINDOW],
                uint8_t *pitches, struct error *error);

#endif
