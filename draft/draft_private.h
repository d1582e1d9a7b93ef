/* What the files of draft/ share; private to them. */
#ifndef DRAFT_DRAFT_PRIVATE_H
#define DRAFT_DRAFT_PRIVATE_H

#include "draft/draft.h"

/* All keys of all takes, one take behind the other. */
struct material {
    struct draft_key *key;
    uint16_t *take; /* [count] */
    bool *used;     /* [count]: in a piece already */
    size_t count;
    size_t *begin; /* [takes + 1] */
    size_t takes;
};

/* Notes of the piece as it stands. */
struct column {
    double second;  /* of its onset */
    double own;     /* its own */
    float length;   /* seconds */
    float velocity; /* mean */
    uint32_t onset;
    uint8_t pitch;
    uint16_t heard, passed;
    float doubt;
};

/* The piece as it stands: by onset, then by pitch; a pitch stands in an onset once. */
struct sheet {
    struct column *column;
    size_t count;
    uint32_t onsets;
    uint32_t *first; /* [onsets + 1] */
};

/* One way through a part of the sheet without a jump. */
struct pass {
    uint16_t take;
    size_t begin, end;     /* keys */
    uint32_t first, last;  /* onsets of the sheet */
    uint32_t skipped_from; /* onsets skipped_from .. first - 1 were left out without a stop;
                              first: none */
};

/* All takes followed through a sheet. */
struct placing {
    int32_t *pass_of;   /* [keys]; -1: elsewhere */
    int32_t *column_of; /* [keys]; -1: no note of the sheet */
    struct pass *pass;
    size_t passes;
};

/* A stretch of the material. */
struct stretch {
    size_t begin, end; /* keys that occur again */
    size_t run_begin,
        run_end; /* the same with what was played before and behind it without a stop */
};

/* --- gather.c --- */

/* What occurs twice in the keys that are not used, the longest of it. It goes on beyond a long stop
 * where there is one as long at both places, unless `strict`. 1: nothing occurs twice. -1: error.
 */
int gather(const struct material *material, bool strict, struct stretch *found,
           const struct task *task, struct error *error);

/* --- choose.c --- */

/* Instead of what was found, the stretch through which the takes go straightest. -1: error. */
int choose_stretch(const struct material *material, struct stretch *found, const struct task *task,
                   struct error *error);

/* --- known.c --- */

/* Marks as used what is of a piece of these models. */
int known_leave_out(struct material *material, const struct model *const *models, size_t count,
                    const struct task *task, struct error *error);

/* --- sheet.c --- */

/* Keys begin .. end - 1 as they were played. -1: out of memory. */
int sheet_of_keys(struct sheet *sheet, const struct material *material, size_t begin, size_t end,
                  struct error *error);

/* Sorts columns by their own times, joins those struck together to onsets, and takes them over.
 * -1: out of memory; they are freed. */
int sheet_arrange(struct sheet *sheet, struct column *columns, size_t count, struct error *error);

void sheet_clear(struct sheet *sheet);

/* --- place.c --- */

int placing_make(struct placing *placing, const struct material *material,
                 const struct sheet *sheet, const struct task *task, struct error *error);
void placing_clear(struct placing *placing);

/* --- times.c --- */

/* A key of a pass that is no note of the sheet. */
struct stray {
    double second; /* on the sheet's time */
    size_t key;
    int32_t pass;
    uint8_t pitch;
    bool taken;
};

/* What the passes say of time. */
struct times {
    double *second;      /* [onsets]: where the onset is by the mean of the passes */
    double *offset;      /* [columns]: from its onset, seconds */
    double *length;      /* [columns]: sums over its keys, on the sheet's time; of seconds, */
    double *velocity;    /* ... and velocities */
    struct stray *stray; /* by second */
    size_t strays;
};

int times_make(struct times *times, const struct sheet *sheet, const struct material *material,
               const struct placing *placing, struct error *error);
void times_clear(struct times *times);

/* A time of the sheet by the new times. */
double times_map(const struct times *times, const struct sheet *sheet, double second);

/* --- vote.c --- */

/* Votes and means; `sheet` becomes the new one. What only one pass went by, at the ends, is left
 * out unless `ends`. */
int vote(struct sheet *sheet, const struct material *material, const struct placing *placing,
         bool ends, struct error *error);

/* The same without new times or notes: how often each note was heard. */
int vote_count(struct sheet *sheet, const struct material *material, const struct placing *placing,
               struct error *error);

/* --- landing.c --- */

/* log P(x | y) of a player of whose keys a share is wrong. */
struct landing {
    double near[12][25]; /* [y % 12][x - y + 12] */
    double beyond;
};

void landing_make(struct landing *landing, double wrong);
double landing_log(const struct landing *landing, int x, int y);

/* Share of the keys at notes of the sheet that were other keys. */
double landing_wrong(const struct material *material, const struct sheet *sheet,
                     const struct placing *placing);

/* --- meter.c --- */

/* Beats under a sheet. */
struct meter {
    double *slot; /* [columns]: sixteenths, whole numbers */
    double *beat; /* [beats]: seconds of slot 0, 4, 8 ..., on the sheet's time */
    size_t beats;
    double tempo, confidence;
};

int meter_find(struct meter *meter, const struct sheet *sheet, const struct task *task,
               struct error *error);
void meter_clear(struct meter *meter);

/* --- decide.c --- */

/* Pitches and doubts, by keys struck and the style. placing NULL: the sheet is a single take. */
int decide(struct sheet *sheet, const struct material *material, const struct placing *placing,
           const struct meter *meter, const struct draft_settings *settings, struct error *error);

#endif
