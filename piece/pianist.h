/* A simulated pianist: the rhythm of a piece as somebody practising would strike it.
 *
 * Only onsets are made, never pitches: how many notes are struck in each slot
 * of each beat. Notes are left out, keys are brushed beside them, single notes
 * come early or late, and the tempo walks against the beats that are counted,
 * so that for some time everything comes a slot early or late. */
#ifndef PIECE_PIANIST_H
#define PIECE_PIANIST_H

#include "base/rng.h"
#include "piece/song.h"

/* Notes struck in each slot of a beat. */
struct rhythm {
    uint8_t struck[SONG_SLOTS_A_BEAT];
};

/* Chances a note, but for the walk of the tempo: the deviation of its steps a
 * beat, in slots; it is drawn back by a tenth a beat. */
struct pianist_manner {
    double drop, add, jitter, walk;
};

/* The rhythm that beat `beat` of a song has as it is written. */
struct rhythm pianist_written(const struct song *song, uint32_t beat);

/* Plays the beats first .. end - 1 of a song into played[end - first]. */
void pianist_play(const struct song *song, uint32_t first, uint32_t end,
                  const struct pianist_manner *manner, struct rng *rng, struct rhythm *played);

#endif
