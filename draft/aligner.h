/* A take on its way through a sheet: shared by place.c, which finds the way, and strike.c, which
 * says which key is which note. Private to them. */
#ifndef DRAFT_ALIGNER_H
#define DRAFT_ALIGNER_H

#include "draft/draft_private.h"

enum {
    BACK = 16, /* onsets, at most, of a step back */
    AHEAD = 3, /* onsets left out at once, at most */
};

/* How a group came about at an onset. */
enum move {
    STRAIGHT,               /* from the onset before; + k: k left out */
    TWO_ONSETS = AHEAD + 1, /* it is this onset and the one before */
    TWO_GROUPS,             /* with the group before it is this onset */
    PUT_IN,                 /* it is nothing; the place stays */
    ENTERED,                /* from elsewhere */
    STEP_BACK,              /* + k: from k onsets ahead */
    MOVES = STEP_BACK + BACK + 1,
};

struct set {
    uint64_t bits[2];
};

struct group {
    size_t first, end; /* places in the take's keys */
    struct set set;
    double seconds;
    double before;    /* seconds since the last group */
    float log_before; /* the same over the pace around, as a logarithm */
};

struct aligner {
    const struct material *material;
    const struct sheet *sheet;
    struct placing *placing;
    struct set *onset;           /* [onsets] */
    float (*log_due)[AHEAD + 1]; /* [onsets]: time since the k-th onset before, as of groups */
    double *room;                /* [keys, or onsets if they are more] */
    size_t *key;                 /* of the take: those not used */
    struct group *group;
    size_t groups;
    float *row[3]; /* [onsets]: of the group, of those before */
    float *most;   /* [onsets]: room */
    uint8_t *move; /* [groups * onsets] */
    float away, away_before;
    int32_t *away_from; /* [groups]: onset from which elsewhere was reached; -1: it was there */
    int32_t *at;        /* [groups]: the onset; -1: elsewhere */
    int32_t *struck;    /* [columns]: the key that struck it last */
    int32_t *by;        /* [columns]: in which pass */
};

static inline double second_of(const struct aligner *a, uint32_t onset)
{
    return a->sheet->column[a->sheet->first[onset]].second;
}

/* Passes and struck notes of the take: a->at and how[] tell where each group was and how it came
 * there. */
void strike_take(struct aligner *a, const uint8_t *how);

#endif
