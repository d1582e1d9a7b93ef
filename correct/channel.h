/* The player as a noisy channel: P(x | y), how a finger that aims at pitch y
 * lands on key x, when nothing is known of the piece.
 *
 * A mixture: on the key; one or two semitones beside it, evenly; a slip as they
 * were measured (correct/channel.c), which knows white keys from black ones;
 * anywhere within an octave, evenly; an octave beside it. Shares of the parts
 * follow the player by expectation maximisation, forgetting slowly. */
#ifndef CORRECT_CHANNEL_H
#define CORRECT_CHANNEL_H

#include "correct/corrector.h"

#include <stddef.h>
#include <stdint.h>

enum {
    CHANNEL_RANGE = 12,
    CHANNEL_SHIFTS = 2 * CHANNEL_RANGE + 1,
    CHANNEL_PARTS = 6,
};

struct channel {
    float share[CHANNEL_PARTS];
    float seen[CHANNEL_PARTS];      /* notes, forgotten slowly */
    float slip[12][CHANNEL_SHIFTS]; /* [pitch class meant][semitones up + CHANNEL_RANGE] */
};

void channel_start(struct channel *channel);

/* log P(x | y) for y = x + k - CHANNEL_RANGE; -INFINITY where there is no such y. */
void channel_judge(const struct channel *channel, uint8_t x, float log_probability[CHANNEL_SHIFTS]);

/* Counts a note x that was meant as x + k - CHANNEL_RANGE with probability meant[k]. */
void channel_hear(struct channel *channel, uint8_t x, const float meant[CHANNEL_SHIFTS]);

/* Shares as a whole take shows them, each of its notes meant as meant[i] says. */
void channel_fit(struct channel *channel, const struct correct_note *notes, size_t count,
                 const float (*meant)[CHANNEL_SHIFTS]);

#endif
