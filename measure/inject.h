/* Wrong notes on purpose: error models that turn the truth into a take.
 *
 * A model is written NAME[:key=value[,key=value]...]:
 *
 *     shift:p=0.5,max=2    with probability p, 1 .. max semitones up or down, evenly
 *     slip:p=0.1           with probability p, the key a finger slips to
 *     any:p=0.5,range=12   with probability p, anywhere within range semitones, evenly
 *     none                 no wrong notes
 *
 * and each takes
 *
 *     drop=P      a note is left out
 *     add=P       a second key, one or two semitones from the one struck, is brushed with it
 *     jitter=P    a note is struck one slot early or late, evenly
 *
 * p is required where there is one; max is 2 (1 .. 24) and range 12 (1 .. 60)
 * unless given; drop, add and jitter are 0. All chances are per note of the
 * truth and independent, but nothing is brushed beside a note left out.
 *
 * A wrong note never has the right pitch, and it stays on the piano (21 .. 108)
 * where the right one is on it, otherwise within 0 .. 127: the distribution is
 * then that of the model over the pitches that are left.
 *
 * Slips follow substitutions measured in aligned performances, by distance and
 * by the colours of the key that was meant and the key that was struck: follow/slip.h. */
#ifndef MEASURE_INJECT_H
#define MEASURE_INJECT_H

#include "base/error.h"
#include "base/rng.h"
#include "measure/take.h"

enum { INJECT_TEXT = 96, INJECT_MAX_REACH = 60 };

struct inject_spec {
    enum take_kind kind; /* TAKE_RIGHT (none), TAKE_SHIFT, TAKE_SLIP or TAKE_ANY */
    double p;
    int reach; /* max of shift, range of any, in semitones */
    double drop, add, jitter;
    char text[INJECT_TEXT]; /* as it was written */
};

/* Reads a model. -1: something unknown, missing, given twice or out of range;
 * the message names the place. */
int inject_parse(const char *text, struct inject_spec *spec, struct error *error);

/* Plays the truth with errors. `truth` is in order of position. The take is in
 * the order of arrival: by position, and where notes are struck at the very same
 * position from the lowest key to the highest, so that the order of a chord's
 * notes does not tell the wrong ones from the right ones. A brushed key arrives
 * a few milliseconds before or after its companion, evenly, inside the same
 * slot, at .65 to .95 of its velocity and for half as long. Seconds follow the
 * truth's own tempo around the note. The result is malloced, *count notes long;
 * NULL: out of memory, more than INT32_MAX notes, or a truth out of order or of
 * range. */
struct take_played *inject(const struct take_note *truth, size_t truth_count,
                           const struct inject_spec *spec, struct rng *rng, size_t *count,
                           struct error *error);

/* Writes which note was what: a header and one line a note in order of position,
 *     note,what,slot,seconds,part,meant,played,velocity,truth,moved
 * where `note` counts the notes of the take in order of arrival, from 0, empty
 * for notes left out; `meant` is empty for added notes, `played` for those left
 * out; `truth` is the index of the note that was meant, or of the one brushed. */
int inject_write_csv(const char *path, const struct take_note *truth, size_t truth_count,
                     const struct take_played *take, size_t count, struct error *error);

#endif
