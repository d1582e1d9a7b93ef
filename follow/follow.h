/* Following: where in the known pieces the player is, note by note.
 *
 * The belief is the forward filter of a hidden Markov model (Rabiner 1989) over
 * positions, which are the onsets of all known pieces, in the order of the score and
 * in time. No beat clock is needed: each hypothesis carries a tempo of its own. A note
 * is explained at a hypothesis as one of the notes still missing of its onset, one
 * that comes late, an ornament, a note in no score, a note of one of the next onsets, a
 * step back, or a jump. Evidence is which pitch (to the power `trust`), in which order,
 * how long after the last onset against the tempo believed, and how many notes.
 *
 * "Elsewhere" is a player who follows no known piece. New hypotheses come from there
 * and from the believed ones: at the beginning of pieces, at bars, anywhere in the
 * believed piece, and, in other pieces, where a line of notes just played occurs,
 * in any transposition. The policy proposes where the music goes on at the ends of
 * beats (follow/turns.h). Score following with jumps that cost no more with the
 * length of the score: Nakamura et al., arXiv:1404.2313.
 *
 * All memory is taken at opening. Work a note: O(FOLLOW_HYPOTHESES) explanations and
 * FOLLOW_LOOKS positions looked at, whatever the repertoire and the length of playing.
 * One thread at a time. */
#ifndef FOLLOW_FOLLOW_H
#define FOLLOW_FOLLOW_H

#include "base/task.h"
#include "follow/pieces.h"

#include <stdbool.h>
#include <stdint.h>

enum {
    FOLLOW_HYPOTHESES = 64,
    FOLLOW_LOOKS = 128, /* positions looked at for jumps, a note */
};

struct follow;

/* The pieces must outlive it. NULL: out of memory. */
struct follow *follow_open(const struct pieces *pieces, struct error *error);

void follow_close(struct follow *follow);

/* Forgets all playing. */
void follow_start(struct follow *follow);

/* What of a key's probability is not a note of a known piece; to the same factor as the votes. */
struct follow_rest {
    float as_played; /* ornaments and other notes that players add */
    float elsewhere; /* no known piece is followed */
};

/* A key struck at a time (seconds since any fixed start, never falling). For every
 * pitch y, vote[y] is the weight of "y, a note of a piece, is meant":
 * prior(y) P(x | y)^trust. With trust 0 the key says nothing, and the votes are those
 * of time, order and counts alone. */
struct follow_rest follow_note(struct follow *follow, double seconds, uint8_t x, float trust,
                               float vote[128]);

/* What follow_note can leave for later: the belief is updated. `elsewhere` is how much better
 * than by follow's own account other music explains the key: 1 where nobody knows more.
 * Done by follow_note itself where it was not called. */
void follow_settle(struct follow *follow, float elsewhere);

/* The probability of key x, by follow's own account, if the player follows no known piece. */
float follow_elsewhere(const struct follow *follow);

struct follow_place {
    int piece;         /* index over all pieces; -1: none is likelier than all else */
    uint32_t position; /* over all pieces: of the last note */
    float confidence;  /* probability of that piece */
    float sure;        /* of that onset */
    int shift;         /* semitones that the player is higher than the score */
    double tempo;      /* seconds a quarter; 0: unknown */
    double onset_time; /* seconds: when that onset was begun */
};

/* After the last note. */
struct follow_place follow_place(struct follow *follow);

/* A key of a whole take. */
struct follow_key {
    double seconds; /* ascending */
    uint8_t pitch;
};

/* What became of it. */
struct follow_reading {
    int piece;         /* -1: no known piece was followed */
    uint32_t position; /* over all pieces: where the player was */
    int pitch;         /* of the piece's note that was meant, transposed; -1: none */
    uint32_t of;       /* position of that note: `position` or, where it came late, one before */
    bool jumped;       /* the player came here from elsewhere */
    int shift;         /* semitones above the score */
    int hands;         /* HANDS_BOTH, HANDS_RIGHT, HANDS_LEFT: what is played of it */
    float sure;        /* probability of the position, knowing the whole take */
};

/* For every note of a take, the last first: votes as follow_note gives them, but knowing
 * all of the take. */
typedef void follow_decide(void *context, size_t note, float vote[128],
                           const struct follow_rest *rest);

/* Follows a whole take forwards and backwards (the forward-backward algorithm, Rabiner
 * 1989, over the hypotheses that were held), with the player's share of wrong notes known from a
 * first pass. reading[count], which may be NULL, is the likeliest way through the take (Viterbi).
 * Starts anew. Allocates. -1: out of memory, or the task was stopped. */
int follow_take(struct follow *follow, const struct follow_key *keys, size_t count, float trust,
                follow_decide *decide, void *context, struct follow_reading *reading,
                const struct task *task, struct error *error);

#endif
