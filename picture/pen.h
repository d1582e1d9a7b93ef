/* How the lines and bars of a plot are told apart: by colour, and lines by dashes too.
 *
 * The colours are those of Okabe and Ito ("Color universal design", 2008), which
 * colour-blind readers tell apart; dashes survive printing in grey. Colours and
 * dashes come around again when there are more lines than those. */
#ifndef PICTURE_PEN_H
#define PICTURE_PEN_H

#include "picture/cairo.h"

#include <stddef.h>

/* What is drawn next: an area in the colour of a line, ... */
void pen_colour(cairo_t *cr, size_t index, double opacity);

/* ... the line itself, the first a full one, ... */
void pen_line(cairo_t *cr, size_t index, double width);

/* ... a text, or a thin black line. */
void pen_ink(cairo_t *cr);

#endif
