/* Pieces as a decision process (rl/process.h).
 *
 * An observation is a beat: the sets of note numbers struck in its four slots.
 * A state is the beat just played together with the `context` beats before it;
 * an action is the next beat. Each piece is one trajectory. */
#ifndef PIECE_BEATS_H
#define PIECE_BEATS_H

#include "piece/song.h"
#include "rl/process.h"

/* Of songs[0 .. count-1]. NULL: no songs, out of memory, more than PROCESS_MAX_*
 * pieces, beats or context. */
struct process *beats_process(const struct song *const *songs, size_t count, uint32_t context,
                              struct error *error);

#endif
