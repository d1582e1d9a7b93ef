/* The pieces of the models, made ready for reports: hands, bars, onsets. */
#ifndef TOOL_SESSION_PIECES_H
#define TOOL_SESSION_PIECES_H

#include "piece/bars.h"
#include "tool/models.h"

struct session_piece {
    char *name;
    const struct score *score; /* the model's */
    double *onset;             /* [notes of the score], quarters */
    uint8_t *hand;             /* [the same], enum score_hand: where the score knows none, keys
                                  below middle C are the left's */
    unsigned hands;            /* 1 or 2 */
    struct bar *bars;
    size_t bar_count;
    bool knows_bars; /* false: counted in fours */
    bool folded;     /* numbers are given again where the file plays a stretch twice: what is
                        printed once with a repeat sign */
    size_t printed_bars;
    size_t *printed;     /* [bar_count]: which bar of the printed page it is, from 0 */
    size_t *printed_bar; /* [printed_bars]: the bar that plays it first */
    uint32_t *same;      /* [notes]: the first note of the score that is the same printed note */
    double pulse;        /* quarters of a beat, in most bars */
    double tempo;        /* the piece's own, quarters a minute; 0: it has none */
};

struct session_pieces {
    size_t count;
    struct session_piece *piece; /* in the order in which correctors count them */
};

/* Of all models, which must outlive them. */
void session_pieces_load(struct session_pieces *pieces, const struct models *models);
void session_pieces_clear(struct session_pieces *pieces);

/* The hand that strikes a key at a place: that of the nearest key of the piece around it. */
uint8_t session_piece_hand(const struct session_piece *piece, double quarter, int pitch);

#endif
