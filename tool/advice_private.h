/* The two kinds of rules: of notes, and of the passage. */
#ifndef TOOL_ADVICE_PRIVATE_H
#define TOOL_ADVICE_PRIVATE_H

#include "tool/advice.h"

struct adviser {
    const struct tally *tally;
    const struct session_piece *piece;
    const struct passage *passage;
    enum word_names names;
    GArray *list; /* struct advice */
};

/* Takes over both texts. */
void advice_add(struct adviser *adviser, enum advice_rule rule, double weight, char *what,
                const char *todo);

/* The rules of goes: how fast, how together. */
void advise_goes(struct adviser *adviser);

/* Whether notes of a hand go wrong again in the passage. */
bool advice_hand_errs(const struct adviser *adviser, uint8_t hand);

#endif
