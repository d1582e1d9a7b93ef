/* Which note of a recording was which note of the piece.
 *
 * The corrector says, note by note, where in the piece the player is; here that
 * is put right with hindsight (a jump is noticed only some notes after it), cut
 * into passes through the piece (of places that have the same notes the one that
 * needs the fewest and smallest jumps counts), and the notes of each pass are paired with
 * those of the piece: the same key at the same place first, then what the
 * corrector made of it, then both a sixteenth early or late, then any key within
 * an octave at its place, and last notes further off. */
#ifndef TOOL_ALIGN_H
#define TOOL_ALIGN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { ALIGN_NONE = -1 };

/* A note of the piece, in order of slot. */
struct align_note {
    int32_t slot;
    uint8_t pitch;
    bool opens; /* in the first slot of its bar that has notes: players begin there */
};

/* A note of the recording, in order of slot. */
struct align_played {
    double slot;
    uint8_t pitch, sent;
    int32_t place; /* slot of the piece by the live corrector; ALIGN_NONE: it did not know */
};

/* What became of a played note. */
struct align_answer {
    int32_t note; /* of the piece; ALIGN_NONE: it was none of them */
    int32_t slot; /* of the piece, where it was played */
    int32_t pass; /* ALIGN_NONE: the player was somewhere else */
};

/* One way through a part of the piece, without a jump. */
struct align_pass {
    int32_t first, last; /* slots of the piece, both included */
    size_t begin, end;   /* notes of the recording: begin .. end - 1 */
};

struct alignment {
    struct align_answer *answer; /* one for each played note */
    struct align_pass *pass;
    size_t passes;
};

/* g_free both arrays with alignment_clear. */
void alignment_create(struct alignment *alignment, const struct align_played *played,
                      size_t played_count, const struct align_note *notes, size_t note_count);

void alignment_clear(struct alignment *alignment);

/* Index of the first note of the piece at or after a slot. */
size_t align_first(const struct align_note *notes, size_t count, int32_t slot);

#endif
