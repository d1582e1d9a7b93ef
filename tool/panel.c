/* Words are set into lines twice: to know how large the box is, and to draw it. */
#include "tool/panel.h"

enum { WIDEST = 66, PADDING = 2 };

static void blank(struct cells *cells, int row, int left, int width, enum cells_style style)
{
    for (int column = left; column < left + width; column++)
        cells_text(cells, row, column, column + 1, style, " ");
}

void panel_draw(struct cells *cells, const char *title, const char *text)
{
    char line[CELLS_LINE];
    int room = cells->columns - 2 - 2 * PADDING;
    int wide = cells_width(cells, title);
    int lines = 0;
    if (room > WIDEST)
        room = WIDEST;
    for (const char *rest = text; *rest; lines++) {
        rest = cells_wrap(cells, rest, room, line);
        if (cells_width(cells, line) > wide)
            wide = cells_width(cells, line);
    }
    int width = (wide < room ? wide : room) + 2 * PADDING;
    int left = (cells->columns - width) / 2;
    int top = (cells->rows - lines - 3) / 2;
    int row = top < 1 ? 1 : top;
    left = left < 0 ? 0 : left;
    blank(cells, row, left, width, STYLE_TITLE);
    cells_text(cells, row, left + PADDING, left + width, STYLE_TITLE, title);
    blank(cells, ++row, left, width, STYLE_PLAIN);
    for (const char *rest = text; *rest;) {
        rest = cells_wrap(cells, rest, room, line);
        blank(cells, ++row, left, width, STYLE_PLAIN);
        cells_text(cells, row, left + PADDING, left + width, STYLE_PLAIN, line);
    }
    blank(cells, ++row, left, width, STYLE_PLAIN);
}
