/* Bars as they are printed: one for all the times that a repeat plays it.
 *
 * Bars with the same number and the same notes are one printed bar. Where a file counts its
 * bars without repeats, but plays eight bars or more twice on end, the second time gets the
 * numbers of the first; a last bar or two that differ are its second ending. A first bar that is
 * shorter than the next, or begins in its second half, is a pick-up, number 0. */
#ifndef TOOL_PRINTED_H
#define TOOL_PRINTED_H

#include "tool/session_pieces.h"

/* Fills in `folded` with the numbers of the bars, and all that is called printed, and `same`;
 * g_free each. The rest of the piece is known. */
void printed_find(struct session_piece *piece);

#endif
