/* PPO on the correction itself (rl/ppo.h): the episode is a song played with
 * mistakes, the observation what a live corrector knows when a key is struck
 * (correct/style.h), the action the shift of that note. What is sent goes on sounding
 * and is seen by the notes that follow.
 *
 * Reward a note:
 *
 *     1             what was meant is sent, and was not what was played
 *     -1 - touch    what was meant was played, and something else is sent
 *     0             else
 *     + music * R(interval before, interval sent)
 *
 * where R is learned from the songs: how often the second interval followed the
 * first, the most frequent one counting 1. This counts the right notes sent less
 * those played: the same gradient as counting the right ones, with less noise.
 *
 * Two things go wrong without care. An actor paid for right notes becomes sure of
 * itself, and beliefs that are too sure mislead the notes that follow: hence a
 * strong KL to the start and short steps. And a price for touching right notes
 * above a fraction of a note ends in touching none. */
#ifndef STYLE_TUNE_H
#define STYLE_TUNE_H

#include "rl/ppo.h"
#include "style/corpus.h"

struct tune_settings {
    uint64_t steps;
    uint32_t playbacks; /* songs at a time; 128 */
    uint32_t threads;   /* 1; at most 16 are of use, and the result is the same for any number */
    double touch;       /* .1 */
    double music;       /* .02 */
    struct ppo_settings ppo;
    uint64_t seed;
};

struct tune_settings tune_defaults(void);

/* Changes networks->policy in place and freezes it anew. -1: out of memory, the numbers ran away.
 */
int tune(const struct style_networks *networks, const struct style_corpus *corpus,
         const struct tune_settings *settings, learning_callback *watch, void *context,
         struct error *error);

#endif
