/* Real playing of which it is known, note by note, what was meant.
 *
 * The table is tab-separated with a header; it has a row for each note struck, in the order of
 * midi/midifile.h, and at least these columns:
 *
 *     sec     when it was struck, seconds
 *     meant   the pitch that the piece has there, or - where the piece has no such note
 *     kind    match (struck as meant), sub (another key than meant), anything else: extra
 */
#ifndef MEASURE_LABELLED_H
#define MEASURE_LABELLED_H

#include "base/error.h"
#include "measure/inject.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum labelled_kind { LABELLED_MATCH, LABELLED_WRONG, LABELLED_EXTRA };

struct labelled_note {
    double seconds;
    int meant; /* LABELLED_NONE: no note of the piece */
    enum labelled_kind kind;
};

enum { LABELLED_NONE = -1 };

/* The table in `text`, which ends with a byte 0; malloced. NULL: a column or value is missing or
 * out of range (the sentence names the line), out of memory. `name` is for the sentence. */
struct labelled_note *labelled_read(const char *text, const char *name, size_t *count,
                                    struct error *error);

/* Whether errors of this model can be injected into real playing: none, shift:p=P, slip:p=P (one
 * of the keys around, evenly) or any:p=P, with nothing else said. -1: one sentence. */
int labelled_check_errors(const struct inject_spec *spec, struct error *error);

/* Moves a share of the notes that were struck right, played[count], and marks them. The draws are
 * those of measure/twister.h. */
void labelled_inject(const struct labelled_note *notes, size_t count,
                     const struct inject_spec *spec, uint32_t seed, uint8_t *played,
                     bool *injected);

/* Whole numbers, to be added up. */
struct labelled_score {
    uint64_t cases;
    uint64_t right, kept;        /* struck right; of those, sent as struck */
    uint64_t injected, fixed;    /* errors injected; of those, sent as meant */
    uint64_t wrong, real;        /* the player's own wrong notes; of those, sent as meant */
    uint64_t extra, left, moved; /* notes the piece has not; of those, sent as struck, and sent
                                    on a pitch that the piece has within a second */
    uint64_t sets, sets_right;   /* right and injected notes; of those, right where notes within
                                    50 ms may change places */
};

void labelled_count(struct labelled_score *score, const struct labelled_note *notes, size_t count,
                    const uint8_t *played, const bool *injected, const uint8_t *sent);
void labelled_add(struct labelled_score *sum, const struct labelled_score *score);

/* Per cent; NaN where there was nothing of the kind. */
struct labelled_figures {
    double kept, fixed, exact, sets, real, left, moved, elsewhere;
};
struct labelled_figures labelled_figures(const struct labelled_score *score);

#endif
