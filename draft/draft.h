/* A piece learned from takes of it: what was played again and again, mistakes voted out.
 *
 * Takes are human: wrong keys, notes left out or brushed, stops, restarts, parts of the piece only,
 * other music in between. What occurs twice is found by the lines of its highest notes
 * (draft/gather.c). One of its occurrences is the first sheet; all takes are aligned with the sheet
 * (draft/place.c), and every note of it is voted on by the passes that went by it:
 *
 *     is it in the piece?  if most of the passes struck it
 *     which pitch is it?   argmax over y of  log prior(y) + sum over the passes of log P(x | y)
 *
 * where x are the keys struck, P the slip model (follow/slip.h) and prior what a style model
 * expects there, or even. A key that was struck alike every time, twice at least, is the player's
 * version and stays. The new sheet has the mean times of the passes, and takes are aligned again.
 *
 * Same takes, same settings: same drafts. Allocates; one thread, no state of its own. */
#ifndef DRAFT_DRAFT_H
#define DRAFT_DRAFT_H

#include "base/task.h"
#include "filter/take.h"
#include "midi/midifile.h"
#include "piece/model.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    DRAFT_MOST_TAKES = 1024,
    DRAFT_MOST_NOTES = 1 << 18, /* of all takes together */
    DRAFT_MOST_PIECES = 16,
};

/* A key struck in a take. */
struct draft_key {
    double seconds; /* ascending within a take, finite */
    double release; /* seconds */
    uint8_t pitch;
    uint8_t velocity;
};

struct draft_take {
    const struct draft_key *key;
    size_t count;
};

struct draft_settings {
    const struct model *style; /* borrowed; NULL: every pitch is as likely as another */
    unsigned least; /* times that a piece must have been heard; 1: a single take of up to a
                       quarter of an hour is a piece as it stands, else 2 at least */
    bool ends;      /* keeps what was heard but once, or comes behind a stop,
                       too; else that is left out, as it may be other music */
    const struct model *const
        *known; /* [known_count]: borrowed; what is of one of their pieces is left out */
    size_t known_count;
    const struct task *task; /* who waits; NULL: nobody */
};

/* The keys of a take, malloced, [take->count]. NULL: out of memory. */
struct draft_key *draft_keys(const struct take *take);

/* least 1, ends kept, no style. */
struct draft_settings draft_defaults(void);

struct draft_note {
    double seconds; /* by the mean of the takes */
    double quarter; /* score time; simple fractions where `beats` of the piece */
    double length;  /* quarters */
    uint8_t pitch, velocity;
    uint8_t hand;    /* enum score_hand */
    uint16_t heard;  /* passes that struck it */
    uint16_t passed; /* passes that went by it, with those */
    float doubt;     /* probability that another pitch, or none, is meant */
};

/* A piece. Notes in order of quarter, and of pitch in an onset. */
struct draft_piece {
    struct draft_note *note;
    size_t count;
    unsigned takes;    /* in which it was heard, wholly or in part */
    unsigned passes;   /* ways through at least an eighth of it */
    double tempo;      /* quarters a minute, the median */
    bool beats;        /* they were found; else quarters are half seconds */
    double confidence; /* share of the onsets that came where the beat expected them */
    double *beat;      /* [beat_count]: seconds of quarter 0, 1, 2 ... */
    size_t beat_count;
    bool hands; /* two are told apart */
};

struct draft {
    struct draft_piece piece[DRAFT_MOST_PIECES];
    size_t count;     /* of pieces, the one heard most (in notes) first */
    size_t notes;     /* of all takes */
    size_t elsewhere; /* of those, in none of the pieces */
};

/* NULL: nothing in the takes belongs together (the sentence says so), too many notes, keys out of
 * order, out of memory, stopped. */
struct draft *draft_learn(const struct draft_take *takes, size_t count,
                          const struct draft_settings *settings, struct error *error);

void draft_free(struct draft *draft);

/* The piece as a Standard MIDI File of type 1: a track of tempo and texts, and one for each hand,
 * or a single one, and the texts of filter/learned.h. malloced; NULL: out of memory. */
uint8_t *draft_smf(const struct draft_piece *piece, const char *name, size_t *length,
                   struct error *error);

/* How much of the shorter of two pieces occurs in the other, 0 .. 1, by lines of three highest
 * notes. */
double draft_likeness(const struct draft_piece *piece, const struct midifile *file);

#endif
