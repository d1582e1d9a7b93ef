/* Music that is not known as a noisy channel: the player means y as the music goes
 * on (correct/prior.h) and lands on x (correct/channel.h).
 *
 * A hypothesis says what was meant by each of the last notes, as many of them as
 * the prior takes for certain; the likeliest are kept. Two that say the same of
 * these are one: their probabilities add up. So this is the forward algorithm of
 * a hidden Markov model whose states are the last notes, with a beam (Lowerre,
 * "The HARPY speech recognition system", 1976). What is older enters as belief:
 * when a note leaves the hypotheses, what they say of it together is remembered.
 *
 * Of whole takes the backward pass follows. They are read as played, with their chords turned
 * upside down, and backwards in time; what is believed is the mean. Passes are repeated: with the
 * memory that the pass before came to, with what repeats later (echoes, motifs), and with
 * the channel as the whole take shows it.
 *
 * Live, nothing allocates and work a note is bounded by the width. One thread at
 * a time. Owns its memory, borrows the network. */
#ifndef CORRECT_BEAM_H
#define CORRECT_BEAM_H

#include "base/error.h"
#include "correct/corrector.h"
#include "correct/prior.h"

enum {
    BEAM_MOST = 256,
    BEAM_PASSES = 4, /* over a whole take */
};

struct beam;

/* What is kept after a note: first while the player is known to make few mistakes, then where they
 * are many; in between in between. */
struct beam_size {
    uint32_t hypotheses[2]; /* at most; 1 .. BEAM_MOST, the second not fewer */
    float spread[2];        /* they are at most exp(spread) times less likely than the likeliest */
};

extern const struct beam_size beam_live, beam_whole; /* of takes */

/* The prior is a frozen one. NULL: out of memory or range. */
struct beam *beam_open(const struct policy *prior, const struct beam_size *size,
                       struct error *error);
void beam_close(struct beam *beam);

/* Forgets all playing. */
void beam_start(struct beam *beam);

/* From now on, which must be the start of playing, the prior is doubted (correct/channel.h):
 * networks are used so, and learned without. */
void beam_doubt(struct beam *beam);

/* Slots of notes to come are a clock's guesses (true), or known (false, as at the start). */
void beam_guess(struct beam *beam, bool found);

/* What is meant by key x, struck now while the pitches `held` sound: the
 * log-probability of pitch x + k - STYLE_RANGE. Nothing that comes later changes
 * what was answered. To be followed by beam_hear. */
void beam_judge(struct beam *beam, double slot, uint8_t x, note_set held,
                float log_meant[STYLE_SHIFTS]);

/* Whether the key itself is meant, as beam_judge has it, so surely that a policy, which would
 * not say otherwise, need not be asked. */
static inline bool beam_is_sure(const float log_meant[STYLE_SHIFTS])
{
    return log_meant[STYLE_RANGE] > -.005f;
}

/* How likely key x was, among those within STYLE_RANGE of it. */
float beam_evidence(const struct beam *beam);

/* Remembers that note. log_meant: what is believed of it by one who knows better than
 * the beam, as in beam_judge (NULL: there is none): memory believes it until the
 * hypotheses have made up their minds, and what is known of the player follows it by half. The
 * hypotheses themselves do not: a wrong belief would prove itself right. */
void beam_hear(struct beam *beam, uint8_t x, const float log_meant[STYLE_SHIFTS]);

/* What the music led to expect, the key aside: the log-probability of each of these
 * pitches, all together 1. After beam_judge. */
void beam_expected(const struct beam *beam, float log_probability[STYLE_SHIFTS]);

/* log P(x | y) of pitch x + k - STYLE_RANGE, by what is known of the player: before the note being
 * judged is heard, and after a whole take. */
void beam_landed(const struct beam *beam, uint8_t x, float log_probability[STYLE_SHIFTS]);

/* What the policy sees of that note: `meant` as it was answered. */
void beam_see(const struct beam *beam, uint8_t x, note_set held, const float meant[STYLE_SHIFTS],
              struct style_view *view);

/* What is remembered: after beam_judge, of the notes before. */
const struct style *beam_memory(const struct beam *beam);

/* Forgets all playing, then the same of a whole take, sorted by slot: probabilities,
 * knowing all of it. Notes of one slot are taken to sound together. The policy (NULL:
 * none) knows better in the first pass, as the take was played. Allocates. -1: out of memory,
 * or the task was stopped. */
int beam_take(struct beam *beam, const struct policy *policy, const struct correct_note *notes,
              size_t count, float (*meant)[STYLE_SHIFTS], const struct task *task,
              struct error *error);

#endif
