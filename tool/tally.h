/* What became of each printed note of a piece, over all goes of all sessions.
 *
 * A printed note is a note of the score where a repeat first plays it (tool/printed.h); the
 * others of it count there. Times are of goes: a note due five times and wrong in four of
 * them is "4 of 5 times". */
#ifndef TOOL_TALLY_H
#define TOOL_TALLY_H

#include "tool/session.h"

enum { TALLY_KEYS = 4 }; /* different keys kept that were struck for a note */

struct tally_struck {
    uint8_t key;
    unsigned times;
};

struct tally_spot {
    unsigned due, right, wrong, left_out;
    unsigned waits;                         /* goes in which the player waited before it */
    struct tally_struck struck[TALLY_KEYS]; /* in its place, the most frequent first */
};

/* A key struck that belongs to no note. */
struct tally_extra {
    size_t bar;    /* printed */
    double offset; /* quarters from the bar's start */
    uint8_t key, hand;
    unsigned times;
};

/* A go through a printed bar. */
struct tally_go {
    size_t bar; /* printed */
    int hands;  /* HANDS_BOTH ... (follow/follow.h) */
    unsigned due, faults;
    double quarters, seconds; /* from onset to onset, waits left out; 0: not known. Quarters as
                                 long as the piece's own tempo there has them */
    double tempo;             /* of its session, quarters a minute; 0: not known */
    bool own;                 /* of the session that the report is about */
    size_t number;            /* of the go, over all sessions */
};

struct tally {
    const struct session_piece *piece;
    struct tally_spot *spot; /* [notes of the score]; those of later repeats stay empty */
    GArray *extra;           /* struct tally_extra */
    GArray *go;              /* struct tally_go */
    size_t gone;             /* goes over all sessions */
};

void tally_open(struct tally *tally, const struct session_piece *piece);

/* Counts a session of that piece; `own`: the report's. */
void tally_add(struct tally *tally, const struct session *session, bool own);

void tally_close(struct tally *tally);

/* Faults that came again: of something due once, that once; else at least twice, and in a third of
 * the goes. */
static inline bool tally_again(unsigned faults, unsigned due)
{
    return due <= 1 ? faults >= 1 : faults >= 2 && 3 * faults >= due;
}

#endif
