/* Which note of a recording was which note of the piece, and in which go through it.
 *
 * The whole recording was read by the corrector (corrector_read): position and meant note
 * of each key. Here that is cut into passes, ways through a part of the piece without a
 * jump, and each key is paired with a note of the score. */
#ifndef TOOL_ALIGN_H
#define TOOL_ALIGN_H

#include "follow/follow.h"
#include "tool/trills.h"

enum { ALIGN_NONE = -1 };

/* What became of a played note. */
struct align_answer {
    int32_t note;   /* of the score; ALIGN_NONE: it was none of them */
    int32_t pass;   /* ALIGN_NONE: the player was somewhere else */
    double quarter; /* score time where it was played */
    uint32_t trill; /* it belongs to, from 1; 0: none */
};

/* One way through a part of the piece. */
struct align_pass {
    size_t first, last; /* notes of the score that were due, both included */
    size_t begin, end;  /* notes of the recording: begin .. end - 1 */
    int hands;          /* HANDS_BOTH, or the hand that was played alone */
};

struct alignment {
    struct align_answer *answer; /* one for each played note */
    struct align_pass *pass;
    size_t passes;
    struct trill *trill; /* [trills] */
    size_t trills;
};

/* Of `piece`, an index over all pieces; score is that piece's. key[count] are what was
 * played, seconds[count] when. Readings are amended where a second voice has a note too, and where
 * a key that is no note was struck at the time of one that was left out. Free with alignment_clear.
 */
void alignment_create(struct alignment *alignment, struct follow_reading *reading,
                      const uint8_t *key, const double *seconds, size_t count,
                      const struct pieces *pieces, int piece, const struct score *score);

void alignment_clear(struct alignment *alignment);

/* Whether a key is neither a note of the piece nor one too many: of a trill, where the piece has
 * the note that is trilled, or only its sign. */
static inline bool align_is_ornament(const struct align_answer *answer)
{
    return answer->note == ALIGN_NONE && answer->pass != ALIGN_NONE && answer->trill > 0;
}

/* Whether a note of the score was due in a pass. */
bool align_is_due(const struct align_pass *pass, const struct score *score, size_t note);

#endif
