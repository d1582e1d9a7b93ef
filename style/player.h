/* A player whose time is human.
 *
 * Drawn at random: a tempo that walks, swells and slows down by phrases, beats and
 * onsets that are off by some milliseconds, chords that are spread, and, in one
 * player of three, hesitations. */
#ifndef STYLE_PLAYER_H
#define STYLE_PLAYER_H

#include "base/rng.h"
#include "measure/take.h"

#include <stddef.h>

/* Plays a take, which is in order of position: gives its notes new seconds and durations and
 * sorts them by time. Positions stay. */
void player_play(struct take_played *take, size_t count, struct rng *rng);

#endif
