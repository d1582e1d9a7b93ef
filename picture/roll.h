/* A piano roll as it would stand in a method book: what was played, what was
 * sent, where the wrong notes went.
 *
 * Time runs to the right in rows of whole bars, pitch upwards; a strip of piano
 * keys with their names stands at the left of each row. Colours are those of
 * Okabe and Ito ("Color Universal Design", 2008), which colour-blind readers
 * tell apart, and nothing is told by colour alone:
 *
 *     one hand         blue, corners round
 *     the other hand   light blue, corners square, a line along the middle
 *     a wrong key      white with a vermilion frame and a cross at its onset
 *     sent instead     the hand's colour with a vermilion frame, and an arrow to
 *                      it from the wrong key
 *     doubtful         hatched
 *     left out         a dashed black frame
 *     added            vermilion, with a plus
 *
 * A page is A4 upright; music that fits on one gets a page just as high as it
 * needs. Arrays and texts (UTF-8) are borrowed for the call. Same input, same
 * bytes, as long as the fonts are the same. */
#ifndef PICTURE_ROLL_H
#define PICTURE_ROLL_H

#include "base/error.h"
#include "picture/canvas.h"
#include "piece/bars.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { ROLL_PARTS = 2 };

enum roll_kind {
    ROLL_STRUCK,   /* played and meant; wrong where played and sent differ */
    ROLL_LEFT_OUT, /* not played; `sent` is what should have been */
    ROLL_ADDED,    /* played and not meant; `sent` is what it became */
};

struct roll_note {
    double onset, duration; /* beats (quarter notes) */
    uint8_t played, sent;   /* note numbers, 0 .. 127 */
    uint8_t part;           /* 0: right hand or the only part; 1: left hand */
    enum roll_kind kind;
    bool doubtful;
    uint8_t finger; /* 1 .. 5, for staves; 0: none is written */
};

struct roll {
    const char *title, *subtitle;      /* subtitle may be NULL */
    const char *part_name[ROLL_PARTS]; /* for the legend; NULL: there is no such part */
    const struct roll_note *notes;     /* in any order */
    size_t count;
    const struct bar *bars; /* [bar_count], at least 1; what lies outside is not drawn */
    size_t bar_count;
};

/* -1: the file's name ends in none of .svg, .png, .pdf. */
int roll_check_name(const char *path, struct error *error);

/* Draws the picture and writes it out under temporary names; canvas_commit puts
 * the files in their place, canvas_free ends it. NULL: error. */
struct canvas *roll_write(const char *path, const struct roll *roll, struct error *error);

/* A single row, `width` points wide, of all the bars, without title and legend,
 * as an SVG element for a document (canvas_inline). `title` and `desc` say in
 * words what it shows. malloced. NULL: error. */
char *roll_inline(const struct roll *roll, double width, const char *id, const char *desc,
                  struct error *error);

/* The legend as an SVG element; everything that a picture with these parts can show. */
char *roll_inline_legend(const struct roll *roll, double width, const char *id,
                         struct error *error);

#endif
