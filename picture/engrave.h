/* The notes of a roll (picture/roll.h) as staves: what is written in black, and beside it
 * what was struck.
 *
 *     a note that was struck right   black
 *     a note that was left out       black, in a vermilion frame
 *     struck in its place            a vermilion cross beside it
 *     struck besides                 a vermilion diamond
 *
 * Fingers stand above their notes.
 *
 * The text is ABC notation (standard 2.1, with the maps of abcm2ps 8.14); abcm2ps, where it is
 * installed, makes the picture of it. Rhythm is that of the roll's times, to a sixty-fourth or
 * a third of a sixteenth; a rhythm beyond that is refused. Each hand has up to two voices.
 *
 * Texts are UTF-8 and borrowed for the call. Same input, same bytes, with the same abcm2ps. */
#ifndef PICTURE_ENGRAVE_H
#define PICTURE_ENGRAVE_H

#include "picture/roll.h"

struct engrave {
    const struct roll *roll; /* its bars follow one another; title and parts are not read */
    int sharps;              /* of the key signature, -7 .. 7 */
    unsigned hands;          /* 1 or 2: staves */
    double width;            /* of a line, points */
};

/* Whether abcm2ps is there. */
bool engrave_available(void);

/* The text; malloced. NULL: no bar, a rhythm that is not written so, out of memory. */
char *engrave_abc(const struct engrave *engrave, struct error *error);

/* An SVG element for a document, as roll_inline; its colours are the document's (currentColor),
 * and its classes `fill` and `stroke` need ENGRAVE_STYLE there. malloced. NULL: error. */
char *engrave_inline(const struct engrave *engrave, const char *id, const char *title,
                     const char *desc, struct error *error);

#define ENGRAVE_STYLE                                                                              \
    ".fill{fill:currentColor}.stroke{stroke:currentColor;fill:none}"                               \
    "svg text{white-space:pre;fill:currentColor}"

/* An SVG file of its own, malloced. NULL: error. */
char *engrave_file(const struct engrave *engrave, const char *title, const char *desc,
                   struct error *error);

#endif
