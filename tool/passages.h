/* Passages to practise: one to four bars that go wrong again and again.
 *
 * A bar weighs what went wrong in it again (tally_again): of each note f of d times wrong or left
 * out f * f / d, a quarter where it was due once; likewise keys struck besides and waits; and
 * half of the goes that were slow (tool/advice.h says when), or a little where it slows only
 * with both hands. The heaviest bar begins a passage; its neighbours join while they weigh at least
 * a third of it, up to four bars. Then the heaviest of the bars that are left, up to five passages.
 */
#ifndef TOOL_PASSAGES_H
#define TOOL_PASSAGES_H

#include "tool/tally.h"

enum { PASSAGES = 5, PASSAGE_BARS = 4 };

struct passage {
    size_t first, count; /* printed bars */
    unsigned goes;       /* through it */
    unsigned due, faults; /* of notes, with keys struck besides */
    double weight;
};

/* The worst first. Answers how many. */
size_t passages_find(const struct tally *tally, struct passage passage[PASSAGES]);

/* Notes of a printed bar: from *first, [answer]. */
size_t passage_notes(const struct session_piece *piece, size_t printed, uint32_t *first);

#endif
