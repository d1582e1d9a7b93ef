/* The player as a noisy channel: P(x | y), how a finger that aims at pitch y
 * lands on key x, when nothing is known of the piece.
 *
 * A mixture: on the key; one or two semitones beside it, evenly; a slip as they
 * were measured (follow/slip.h), which knows white keys from black ones;
 * anywhere within an octave, evenly; an octave beside it. Which shares the parts
 * have is learned from the player, by Bayes' rule: players of CHANNEL_KINDS kinds
 * (by where they land when they miss), each with CHANNEL_RATES rates of mistakes,
 * each in music of which CHANNEL_ODDS shares are not expected at all. (Without the
 * last, music that the prior knows little of looks like mistakes.) Any note may be
 * the first of another player (Herbster and Warmuth 1998, "Tracking the best
 * expert", fixed share), so that whoever sits down next is found out as fast.
 *
 * Work a note is bounded by the number of players; nothing allocates. */
#ifndef CORRECT_CHANNEL_H
#define CORRECT_CHANNEL_H

#include "correct/corrector.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    CHANNEL_RANGE = 12,
    CHANNEL_SHIFTS = 2 * CHANNEL_RANGE + 1,
    CHANNEL_PARTS = 6,
    CHANNEL_ODDS = 3,
    CHANNEL_KINDS = 5,
    CHANNEL_RATES = 11,
};

struct channel {
    float share[CHANNEL_PARTS];
    float player[CHANNEL_ODDS][CHANNEL_KINDS][CHANNEL_RATES]; /* probabilities */
    bool doubt;                                               /* of the prior */
    float slip[12][CHANNEL_SHIFTS]; /* [pitch class meant][semitones up + CHANNEL_RANGE] */
};

/* doubt: the prior is thought to be at a loss more often. Playing that is unexpected then counts
 * less as a sign of mistakes: fewer right notes are touched. */
void channel_start(struct channel *channel, bool doubt);

/* P(x | y) for y = x + k - CHANNEL_RANGE; 0 where there is no such y. */
void channel_land(const struct channel *channel, uint8_t x, float probability[CHANNEL_SHIFTS]);

/* Its logarithm; -INFINITY where there is no such y. */
void channel_judge(const struct channel *channel, uint8_t x, float log_probability[CHANNEL_SHIFTS]);

/* Learns from a note x. expected[k]: probability of y = x + k - CHANNEL_RANGE as the music goes
 * on, the key aside. */
void channel_hear(struct channel *channel, uint8_t x, const float expected[CHANNEL_SHIFTS]);

/* Shares as a whole take shows them, by one step of expectation maximisation (Dempster et al.
 * 1977): note i was meant as x + k - CHANNEL_RANGE with probability meant[i][k]. Wrong notes count
 * somewhat more where there are many, as some are overlooked. What was learned of the player stays
 * as it was. */
void channel_fit(struct channel *channel, const struct correct_note *notes, size_t count,
                 const float (*meant)[CHANNEL_SHIFTS]);

#endif
