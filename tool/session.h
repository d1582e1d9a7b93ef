/* A recorded session against the piece that was practised.
 *
 * Every note of the recording that belongs to the piece is right, wrong (another
 * key at its place) or added (no note of the piece); notes of the piece inside a
 * pass that nothing was struck for are left out. A note practised in several
 * passes counts in each. */
#ifndef TOOL_SESSION_H
#define TOOL_SESSION_H

#include "picture/roll.h"
#include "tool/align.h"
#include "tool/session_pieces.h"

enum { SESSION_HANDS = 2 };

struct session_count {
    size_t right, wrong, left_out, added;
};

/* Notes that were due. */
static inline size_t session_due(const struct session_count *count)
{
    return count->right + count->wrong + count->left_out;
}

static inline size_t session_faults(const struct session_count *count)
{
    return count->wrong + count->left_out + count->added;
}

struct session_bar {
    struct session_count count;
    unsigned passes; /* that touched it */
    double tempo;    /* mean over the passes, beats a minute; 0: not known */
    int32_t worst;   /* the pass with most faults in it; ALIGN_NONE: no fault */
};

struct session {
    char *path, *name;
    struct music *music;
    uint8_t *sent;
    int *meant; /* [notes]: the piece's note that was meant, in the key that is played; -1: none */
    int piece;  /* ALIGN_NONE: none was recognised */
    size_t notes, elsewhere; /* notes played; of those, not of the piece */
    double seconds;          /* first onset to last release */
    struct alignment alignment;
    struct session_bar *bar; /* [bar_count of the piece] */
    struct session_count total;
    struct session_count hand[SESSION_HANDS];
    double tempo;    /* median over bars, beats a minute; 0: not known */
    double unsteady; /* mean distance of the bars' tempos from it, per cent; bars
                        with a stop left out */
    size_t stops;    /* waits of more than a second where the music goes on */
};

/* NULL: error. */
struct session *session_load(const char *path, const struct models *models,
                             const struct session_pieces *pieces, const struct take_choice *choice,
                             const struct command_common *common, struct error *error);
void session_free(struct session *session);

/* What was struck, wrong, left out and added in a pass from `start` to `end`
 * (quarters of the piece), for pictures: `sent` is what was meant. g_free. */
struct roll_note *session_roll(const struct session *session, const struct session_piece *piece,
                               int32_t pass, double start, double end, size_t *count);

#endif
