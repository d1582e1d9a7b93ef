/* What happens in a passage, in words that a teacher would use, and what to do about it.
 *
 * Each advice is earned by a rule. Its condition stands beside its name here; "again" is
 * tally_again: at least twice and in a third of the goes, or once where there was one go. */
#ifndef TOOL_ADVICE_H
#define TOOL_ADVICE_H

#include "tool/passages.h"
#include "tool/words.h"

enum advice_rule {
    /* Of a note that is wrong again, by the key that was struck most for it, at least in half of
     * these times; the first that holds. */
    ADVICE_SIGNATURE,  /* the note has its sign from the key signature; struck is its natural */
    ADVICE_ACCIDENTAL, /* the note's sign is not the signature's; struck is what that would be */
    ADVICE_OCTAVE,     /* struck is the note in another octave */
    ADVICE_JUMP,       /* the hand comes from further than a fifth; struck is at most two
                          semitones off */
    ADVICE_THIRD,      /* struck is two steps of the staff off: a line for a line */
    ADVICE_NEIGHBOUR,  /* struck is at most two semitones off */
    ADVICE_OTHER,      /* none of these, or different keys each time */
    /* Of a note that is left out again. */
    ADVICE_CHORD,    /* another note of its hand is due at the same time */
    ADVICE_LEFT_OUT, /* it is alone */
    ADVICE_ADDED,    /* of a key struck besides, again */
    ADVICE_WAIT,     /* the player waits before a note again (tool/tally.c says how long) */
    /* Of the passage. */
    ADVICE_SLOW,     /* its tempo is at most .8 of its session's in at least half of the goes, at
                        least two of them */
    ADVICE_HURRY,    /* the same, at least 1.2 */
    ADVICE_TOGETHER, /* each hand was played alone with at most 5 % faults; together there are
                        10 % or more, or the tempo is at most .8 of the slower hand's */
    ADVICE_TOO_FAST, /* four goes or more; the faster half is at least 1.15 times as fast as
                        the slower and has twice its share of faults, 10 % or more */
    ADVICE_HANDS,    /* both hands have something wrong again, two goes or more, and no hand
                        was played alone */
    ADVICE_RULES,
};

struct advice {
    enum advice_rule rule;
    char *what; /* a sentence without its full stop */
    char *todo; /* a sentence; NULL: none */
    double weight;
    unsigned order; /* of equal weight: as in the piece */
};

/* Of one passage, the weightiest first; free with advice_free. */
GArray *advise(const struct tally *tally, const struct passage *passage, enum word_names names);
void advice_free(GArray *list);

/* "signature": for --json. */
const char *advice_name(enum advice_rule rule);

/* Of a printed note: its hand, bar and beat, "left hand, bar 12, beat 1 and"; g_free. */
char *advice_place(const struct session_piece *piece, uint32_t note);

#endif
