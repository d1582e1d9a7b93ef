/* Widths are GLib's: wide characters take two cells, those without a width none. */
#include "tool/cells.h"

#include <glib.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct {
    uint32_t unicode;
    char ascii;
} glyphs[CELLS_GLYPHS] = {
    [GLYPH_PLAYED] = {0x25BC, 'v'},   [GLYPH_WRONG] = {0xD7, 'x'},
    [GLYPH_SENT] = {0x25B2, '^'},     [GLYPH_INSTEAD] = {0x25C6, '#'},
    [GLYPH_HELD] = {0x2503, '|'},     [GLYPH_DOWN] = {0x25CF, 'o'},
    [GLYPH_GAP] = {0x2502, '|'},      [GLYPH_EDGE] = {0x258F, ' '},
    [GLYPH_BAR_FULL] = {0x2588, '#'}, [GLYPH_BAR_EMPTY] = {0x2591, '.'},
    [GLYPH_BELOW] = {0x25C0, '<'},    [GLYPH_ABOVE] = {0x25B6, '>'},
    [GLYPH_ARROW] = {0x2192, '>'},    [GLYPH_SHARP] = {0x266F, '#'},
    [GLYPH_DOTS] = {0x2026, '~'},
};

static int within(int value, int most)
{
    return value < 1 ? 1 : value > most ? most : value;
}

struct cells *cells_open(int rows, int columns, bool unicode)
{
    struct cells *cells = calloc(1, sizeof *cells);
    if (!cells)
        return NULL;
    cells->rows = within(rows, CELLS_MOST_ROWS);
    cells->columns = within(columns, CELLS_MOST_COLUMNS);
    cells->unicode = unicode;
    cells->cell = calloc((size_t)cells->rows * (size_t)cells->columns, sizeof *cells->cell);
    if (cells->cell) {
        cells_clear(cells);
        return cells;
    }
    free(cells);
    return NULL;
}

void cells_close(struct cells *cells)
{
    if (!cells)
        return;
    free(cells->cell);
    free(cells);
}

void cells_clear(struct cells *cells)
{
    for (int i = 0; i < cells->rows * cells->columns; i++)
        cells->cell[i] = (struct cell){.glyph = ' ', .style = STYLE_PLAIN};
}

static void put(struct cells *cells, int row, int column, uint32_t glyph, enum cells_style style)
{
    if (row < 0 || row >= cells->rows || column < 0 || column >= cells->columns)
        return;
    cells->cell[row * cells->columns + column] =
        (struct cell){.glyph = glyph, .style = (uint8_t)style};
}

uint32_t cells_glyph(const struct cells *cells, enum cells_glyph glyph)
{
    return cells->unicode ? glyphs[glyph].unicode : (uint32_t)glyphs[glyph].ascii;
}

void cells_mark(struct cells *cells, int row, int column, enum cells_glyph glyph,
                enum cells_style style)
{
    put(cells, row, column, cells_glyph(cells, glyph), style);
}

void cells_paint(struct cells *cells, int row, int column, int count, enum cells_style style)
{
    for (int at = column; at < column + count; at++)
        if (row >= 0 && row < cells->rows && at >= 0 && at < cells->columns)
            cells->cell[row * cells->columns + at].style = (uint8_t)style;
}

/* The next character of a text and its width; 0 at the end. */
static uint32_t next(const struct cells *cells, const char **text, int *width)
{
    *width = 1;
    if (!**text)
        return 0;
    gunichar c = g_utf8_get_char_validated(*text, -1);
    if (c == (gunichar)-1 || c == (gunichar)-2) {
        ++*text;
        return '?';
    }
    *text = g_utf8_next_char(*text);
    if (g_unichar_iszerowidth(c) || g_unichar_ismark(c))
        *width = 0;
    else if (!g_unichar_isprint(c) || (!cells->unicode && c > 126))
        return '?';
    else if (g_unichar_iswide(c))
        *width = 2;
    return c;
}

int cells_width(const struct cells *cells, const char *text)
{
    int sum = 0;
    int width = 0;
    while (next(cells, &text, &width))
        sum += width;
    return sum;
}

const char *cells_wrap(const struct cells *cells, const char *text, int width,
                       char line[CELLS_LINE])
{
    size_t fits = 0;
    size_t at = 0;
    line[0] = '\0';
    for (;;) {
        size_t word = at + strcspn(text + at, " \n");
        if (word >= CELLS_LINE)
            break;
        snprintf(line, CELLS_LINE, "%.*s", (int)word, text);
        if (cells_width(cells, line) > width)
            break;
        fits = word;
        if (text[word] != ' ')
            break;
        at = word + 1;
    }
    if (fits == 0) /* an empty line, or a word that is too long and will be cut */
        fits = strcspn(text, " \n");
    snprintf(line, CELLS_LINE, "%.*s", (int)fits, text);
    text += fits;
    return *text ? text + 1 : text;
}

int cells_text(struct cells *cells, int row, int column, int end, enum cells_style style,
               const char *text)
{
    if (end > cells->columns)
        end = cells->columns;
    bool cut = cells_width(cells, text) > end - column;
    int width = 0;
    for (uint32_t c; (c = next(cells, &text, &width));) {
        if (column + width > end - (cut ? 1 : 0))
            break;
        if (width > 0)
            put(cells, row, column, c, style);
        if (width > 1)
            put(cells, row, column + 1, 0, style);
        column += width;
    }
    if (cut && column < end)
        cells_mark(cells, row, column++, GLYPH_DOTS, style);
    return column;
}

int cells_format(struct cells *cells, int row, int column, int end, enum cells_style style,
                 const char *format, ...)
{
    char text[1024];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    return cells_text(cells, row, column, end, style, text);
}
