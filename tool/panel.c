/* Words are set into lines twice: to know how large the box is, and to draw it. */
#include "tool/panel.h"

#include <stdio.h>
#include <string.h>

enum { WIDEST = 66, PADDING = 2, LINE = 256 };

/* Copies the next line of at most `width` columns; where the rest of the text begins. */
static const char *next_line(const struct cells *cells, const char *text, int width,
                             char line[LINE])
{
    size_t fits = 0;
    size_t at = 0;
    line[0] = '\0';
    for (;;) {
        size_t word = at + strcspn(text + at, " \n");
        if (word >= LINE)
            break;
        snprintf(line, LINE, "%.*s", (int)word, text);
        if (cells_width(cells, line) > width)
            break;
        fits = word;
        if (text[word] != ' ')
            break;
        at = word + 1;
    }
    if (fits == 0) /* an empty line, or a word that is too long and will be cut */
        fits = strcspn(text, " \n");
    snprintf(line, LINE, "%.*s", (int)fits, text);
    text += fits;
    return *text ? text + 1 : text;
}

static void blank(struct cells *cells, int row, int left, int width, enum cells_style style)
{
    for (int column = left; column < left + width; column++)
        cells_text(cells, row, column, column + 1, style, " ");
}

void panel_draw(struct cells *cells, const char *title, const char *text)
{
    char line[LINE];
    int room = cells->columns - 2 - 2 * PADDING;
    int wide = cells_width(cells, title);
    int lines = 0;
    if (room > WIDEST)
        room = WIDEST;
    for (const char *rest = text; *rest; lines++) {
        rest = next_line(cells, rest, room, line);
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
        rest = next_line(cells, rest, room, line);
        blank(cells, ++row, left, width, STYLE_PLAIN);
        cells_text(cells, row, left + PADDING, left + width, STYLE_PLAIN, line);
    }
    blank(cells, ++row, left, width, STYLE_PLAIN);
}
