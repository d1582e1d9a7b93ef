/* A player whose time is human, as the beat clock hears it.
 *
 * A player drawn at random: a tempo that walks, swells and slows down by phrases,
 * beats and onsets that are off by some milliseconds, chords that are spread,
 * and, in one player of three, hesitations. Positions are then what the clock
 * (filter/clock.h, source auto) makes of that: often right, often a
 * slot beside the truth, sometimes counted at half or twice the tempo. */
#ifndef STYLE_PLAYER_H
#define STYLE_PLAYER_H

#include "base/error.h"
#include "base/rng.h"
#include "measure/take.h"

#include <stddef.h>

/* Plays a take, which is in order of position: gives its notes new seconds, durations and
 * positions, and sorts them by time. Positions never fall. -1: out of memory. */
int player_play(struct take_played *take, size_t count, struct rng *rng, struct error *error);

#endif
