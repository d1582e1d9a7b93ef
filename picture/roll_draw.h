/* The shapes of a piano roll: one row of bars, and the legend. */
#ifndef PICTURE_ROLL_DRAW_H
#define PICTURE_ROLL_DRAW_H

#include "picture/roll.h"

#include "picture/cairo.h"

/* Sizes in points. */
struct roll_style {
    double row;    /* height of a semitone */
    double strip;  /* width of the piano keys */
    double number; /* size of the bar numbers; they stand above the row */
    double legend; /* size of the legend's letters */
};

/* One row of bars on the page. */
struct roll_row {
    size_t first, bars; /* of roll->bars */
    unsigned low, high; /* note numbers shown, both included */
    double beat;        /* width of a beat, points */
    double left, top;   /* of the piano keys */
};

/* A note struck that little before a row ends, in beats, begins the next row. */
#define ROLL_EARLY 0.0625

double roll_row_height(const struct roll_row *row, const struct roll_style *style);

void roll_draw_row(cairo_t *cr, const struct roll *roll, const struct roll_row *row,
                   const struct roll_style *style);

/* Which entries the legend has. */
struct roll_legend {
    bool wrong, doubtful, left_out, added;
};

/* Draws at (left, top), or only measures where `draw` is false; answers the height. */
double roll_draw_legend(cairo_t *cr, const struct roll *roll, const struct roll_legend *legend,
                        const struct roll_style *style, double left, double top, double width,
                        bool draw);

/* Text at its left end and base line. */
void roll_draw_text(cairo_t *cr, double x, double y, double size, bool bold, const char *text);

#endif
