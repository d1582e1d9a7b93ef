/* A take through a corrector, as the live filter or the file command would do it. */
#ifndef MEASURE_RUN_H
#define MEASURE_RUN_H

#include "correct/corrector.h"
#include "measure/take.h"

/* Note by note, each answered with nothing known of those after it; keys are
 * released when their durations are over. Writes sent[count] and, unless NULL,
 * nanoseconds[count]: the wall time of each note, taking it in included. The corrector keeps
 * what it has learned of the playing. -1: out of memory, or notes out of order. */
int run_live(struct corrector *corrector, const struct take_played *take, size_t count,
             uint8_t *sent, uint64_t *nanoseconds, struct error *error);

/* With all of the take known (corrector_take). */
int run_whole(struct corrector *corrector, const struct take_played *take, size_t count,
              uint8_t *sent, struct error *error);

#endif
