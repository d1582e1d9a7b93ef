/* The corrector: a note in, a pitch out.
 *
 * For every note struck it picks, at once and with nothing known of the future,
 *
 *     y* = argmax over y of  log prior(y | state) + follow * log P(x | y) + keep * [y = x]
 *
 * where x is the pitch played, prior what the expert of the mode expects here
 * and P the slip model (follow/slip.h). In mode `correct` the expert is the
 * belief over the positions of the known pieces, and, as far as none of them explains
 * the playing, the style networks of a model (correct/style.h); mode `generate` is
 * the same with follow 0: time, order and the number of keys alone say which notes of a
 * known piece sound; `scale` moves notes outside the estimated key; `off` answers x.
 *
 * Opening allocates everything; corrector_note and corrector_release never
 * allocate, lock or touch a file, and their work is bounded (follow/follow.h), however
 * long the playing or the repertoire. One thread at a time may use a corrector; the
 * models it was opened on must outlive it. Same models, settings and notes:
 * same pitches. */
#ifndef CORRECT_CORRECTOR_H
#define CORRECT_CORRECTOR_H

#include "base/error.h"
#include "base/task.h"
#include "follow/follow.h"
#include "piece/model.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum correct_mode {
    CORRECT_OFF,
    CORRECT_SCALE,
    CORRECT_CORRECT,
    CORRECT_GENERATE,
};

struct correct_settings {
    enum correct_mode mode;
    float follow; /* trust in the player; 1 is the slip model taken at its word */
    float keep;   /* nats in favour of leaving a note as played */
    uint16_t key; /* scale: its pitch classes, bit p for pitch class p, C is 0; 0: estimated */
    bool fade;    /* correct, live: help fades bar by bar (correct/fade.h) */
};

/* What the programs use where the user says nothing. */
struct correct_settings correct_defaults(void);

/* -1: a setting is out of range; the text says which. */
int correct_check(const struct correct_settings *settings, struct error *error);

/* A note struck. */
struct correct_note {
    double seconds;   /* since any fixed start; never falls; known pieces are followed by it */
    double slot;      /* for the style: where the clock or the grid puts it, in sixteenths; never
                         falls by more than half a slot; a whole number is the middle of a slot.
                         What falls, or is no number, is taken to be in the slot of the note before */
    uint8_t pitch;    /* 0 .. 127 */
    uint8_t velocity; /* 1 .. 127 */
    bool found;       /* the slot is a clock's guess, made while playing */
};

/* Where the corrector thinks the player is. */
struct correct_place {
    int piece;        /* index over all pieces of all models; -1: none recognised */
    uint32_t onset;   /* of that piece's score, of the last note */
    double quarter;   /* its score time */
    double seconds;   /* when it was begun, on the clock of the notes */
    double tempo;     /* seconds a quarter; 0: not known yet */
    int shift;        /* semitones that the player is above the score */
    float confidence; /* probability of that piece */
    float sure;       /* of that onset */
};

struct corrector;
struct fade;

/* models may be none (count 0): `correct` and `generate` then answer as played.
 * Both follow the pieces of all models. NULL: out of memory, or settings out of range
 * (follow or keep not within 0 .. 100). */
struct corrector *corrector_open(const struct model *const *models, size_t count,
                                 const struct correct_settings *settings, struct error *error);

void corrector_close(struct corrector *corrector);

/* Whom corrector_take and corrector_read tell how far they are, and who may stop them; the
 * caller's, NULL: nobody. */
void corrector_watch(struct corrector *corrector, const struct task *task);

/* The pitch to sound for a note, 0 .. 127. It is decided by what was known before
 * the note. */
uint8_t corrector_note(struct corrector *corrector, const struct correct_note *note);

/* A pitch that corrector_note answered has been released (by key; pedals do not count). */
void corrector_release(struct corrector *corrector, uint8_t pitch);

/* Changes mode or knobs between notes; what is known of the playing is kept.
 * -1: out of range, nothing changed. */
int corrector_set(struct corrector *corrector, const struct correct_settings *settings,
                  struct error *error);

/* Takes in what the last note tells. Whoever sends notes on calls it when the note
 * has been sent; all others here call it where it was not, to the same effect. */
void corrector_settle(struct corrector *corrector);

struct correct_place corrector_place(struct corrector *corrector);

/* Whole takes: as corrector_note for each of the notes in order, but knowing
 * all of them. Notes must be sorted by slot. Writes pitches[count] and, unless
 * NULL, place[count]: where each note was, with confidence that of the onset. Allocates.
 * Starts from nothing known, whatever was played before. -1: out of memory. */
int corrector_take(struct corrector *corrector, const struct correct_note *notes, size_t count,
                   uint8_t *pitches, struct correct_place *place, struct error *error);

/* The same, and what was read in the take: reading[count], which pieces were played, where, and
 * which of their notes were meant. */
int corrector_read(struct corrector *corrector, const struct correct_note *notes, size_t count,
                   uint8_t *pitches, struct follow_reading *reading, struct error *error);

/* What has come of the help that fades; the corrector's. */
struct fade *corrector_fade(struct corrector *corrector);

/* The pieces that are followed, in the order in which correct_place counts them. */
const struct pieces *corrector_pieces(const struct corrector *corrector);

#endif
