/* Colours and dashes take turns independently, so that few lines share both. */
#include "picture/pen.h"

enum { COLOURS = 8, DASHES = 7 };

/* The yellow of their palette is too pale for a line on white and gives way to
 * their black; a grey follows. */
static const unsigned char palette[COLOURS][3] = {
    {0, 114, 178},  {213, 94, 0},  {0, 158, 115}, {204, 121, 167},
    {86, 180, 233}, {230, 159, 0}, {0, 0, 0},     {120, 120, 120},
};

/* Dashes and gaps in points; the first is a full line. */
static const struct {
    int count;
    double length[4];
} dashes[DASHES] = {
    {0, {0}},        {2, {9, 4.5}},
    {2, {2.2, 3.4}}, {4, {9, 3.4, 2.2, 3.4}},
    {2, {17, 4.5}},  {4, {17, 3.4, 2.2, 3.4}},
    {2, {11, 9}},
};

void pen_colour(cairo_t *cr, size_t index, double opacity)
{
    const unsigned char *colour = palette[index % COLOURS];
    cairo_set_source_rgba(cr, colour[0] / 255.0, colour[1] / 255.0, colour[2] / 255.0, opacity);
}

void pen_line(cairo_t *cr, size_t index, double width)
{
    /* The first line is full, the others take turns. */
    size_t style = index == 0 ? 0 : 1 + (index - 1) % (DASHES - 1);
    pen_colour(cr, index, 1);
    cairo_set_line_width(cr, width);
    cairo_set_dash(cr, dashes[style].length, dashes[style].count, 0);
}

void pen_ink(cairo_t *cr)
{
    cairo_set_dash(cr, NULL, 0, 0);
    cairo_set_line_width(cr, 1);
    cairo_set_source_rgb(cr, 0, 0, 0);
}
