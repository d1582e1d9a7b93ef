/* The parts that every plot has: a rectangle of the page with a range of values
 * on each axis, ticks at round numbers, texts.
 *
 * Points of the page (1/72 inch) from its upper left corner; y values grow
 * upwards. Texts may hold any bytes: what is not UTF-8, and control characters,
 * are drawn as '?'. */
#ifndef PICTURE_AXES_H
#define PICTURE_AXES_H

#include "picture/cairo.h"
#include <stddef.h>

enum { AXES_TEXT = 256 }; /* room for a text; what is longer is cut */

struct axes {
    double left, top, right, bottom; /* on the page */
    double x[2], y[2];               /* values at the left and right, bottom and top */
};

double axes_x(const struct axes *axes, double value);
double axes_y(const struct axes *axes, double value);

/* Widens the range to hold a value; NaN and infinity are passed over. */
void axes_include(double value, double range[2]);

/* Room around the values, so that nothing lies on the frame. */
void axes_widen(double range[2]);

/* The step between ticks: 1, 2 or 5 times a power of ten, at most `most` in a range. */
double axes_step(const double range[2], double most);

/* A grey line across at each tick of y, to be drawn before the curves. */
void axes_draw_grid(cairo_t *cr, const struct axes *axes);

/* Frame and ticks with their numbers: 250, 20 k, 1.5 M. */
void axes_draw_frame(cairo_t *cr, const struct axes *axes);
void axes_draw_y(cairo_t *cr, const struct axes *axes); /* the numbers of y alone */

/* A straight line, with the pen at hand. */
void axes_line(cairo_t *cr, double x0, double y0, double x1, double y1);

/* A text at a size in points; `align` of its width lies left of x, its capitals
 * are centred on y. axes_upward writes from below upwards. */
void axes_text(cairo_t *cr, double x, double y, double align, double size, const char *text);
void axes_upward(cairo_t *cr, double x, double y, double align, double size, const char *text);
double axes_text_width(cairo_t *cr, double size, const char *text);

/* The text as it is drawn. */
const char *axes_plain(const char *text, char out[AXES_TEXT]);

#endif
