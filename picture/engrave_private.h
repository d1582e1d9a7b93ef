/* Between the notes of a roll and their text: heads, voices, values. */
#ifndef PICTURE_ENGRAVE_PRIVATE_H
#define PICTURE_ENGRAVE_PRIVATE_H

#include "picture/engrave.h"
#include "piece/spelling.h"

enum {
    ENGRAVE_QUARTER = 48, /* units; a sixty-fourth is 3, a third of a sixteenth 4 */
    ENGRAVE_VOICES = 2,   /* of a hand */
    ENGRAVE_SIXTY_FOURTH = 3,
};

enum engrave_mark { ENGRAVE_RIGHT, ENGRAVE_LEFT_OUT, ENGRAVE_STRUCK, ENGRAVE_ADDED };

/* A note in a bar. */
struct engrave_head {
    size_t bar;
    int begin, end; /* units from the bar's start */
    uint8_t pitch, hand, voice;
    uint8_t mark;   /* enum engrave_mark */
    uint8_t finger; /* 1 .. 5, of what is written; 0: none */
    bool goes_on;   /* into the next bar */
    bool comes;     /* from the bar before */
    bool sign;      /* its accidental is written */
    struct spelling name;
};

struct engrave_heads {
    struct engrave_head *head; /* by bar, hand, begin, mark of what is struck last, pitch */
    size_t count, room;
};

/* Units that a bar is long. */
int engrave_bar_units(const struct bar *bar);

/* The notes of the roll, cut at the bar lines, their times rounded and put into voices. -1: out of
 * memory. */
int engrave_arrange(const struct engrave *engrave, struct engrave_heads *heads);

/* The music of abcm2ps's page, which is changed, with a viewBox; for a file of its own also with
 * its style and a white ground. malloced; NULL: it is no SVG with a size, out of memory. */
char *engrave_clean(char *page, bool file);

#endif
