/* A grid of character cells: what is to be seen in a terminal, drawn before
 * there is one.
 *
 * Each cell has a glyph and a style; what a style looks like is the terminal's
 * to say (tool/terminal.h). What falls outside of the grid is not drawn. Where the
 * terminal has no Unicode all glyphs are ASCII. */
#ifndef TOOL_CELLS_H
#define TOOL_CELLS_H

#include <stdbool.h>
#include <stdint.h>

enum { CELLS_MOST_ROWS = 512, CELLS_MOST_COLUMNS = 1024 };

enum cells_style {
    STYLE_PLAIN,
    STYLE_FAINT,
    STYLE_STRONG,
    STYLE_TITLE,
    STYLE_ALARM, /* in the title, and what needs to be done */
    STYLE_WHITE_KEY,
    STYLE_BLACK_KEY,
    STYLE_KEY_HELD,    /* sounds as it is played */
    STYLE_KEY_WRONG,   /* held, and another one sounds instead */
    STYLE_KEY_INSTEAD, /* sounds instead */
    STYLE_HELD,        /* the same three beside the keyboard */
    STYLE_WRONG,
    STYLE_INSTEAD,
    CELLS_STYLES,
};

enum cells_glyph {
    GLYPH_PLAYED,
    GLYPH_WRONG,
    GLYPH_SENT,
    GLYPH_INSTEAD,
    GLYPH_HELD,     /* a note that goes on */
    GLYPH_DOWN,     /* a key that is down */
    GLYPH_GAP,      /* between two white keys, in a column of its own */
    GLYPH_EDGE,     /* between two white keys, at the left of the second */
    GLYPH_BAR_FULL, /* of a gauge */
    GLYPH_BAR_EMPTY,
    GLYPH_BELOW, /* something is going on to the left */
    GLYPH_ABOVE, /* to the right */
    GLYPH_ARROW,
    GLYPH_SHARP,
    GLYPH_DOTS, /* a text was cut */
    CELLS_GLYPHS,
};

struct cell {
    uint32_t glyph; /* 0: the right half of the wide one before */
    uint8_t style;
};

struct cells {
    int rows, columns;
    bool unicode;
    struct cell *cell; /* [rows][columns] */
};

/* Blank. Sizes are brought into 1 .. CELLS_MOST_... . NULL: out of memory. */
struct cells *cells_open(int rows, int columns, bool unicode);
void cells_close(struct cells *cells);

void cells_clear(struct cells *cells);

uint32_t cells_glyph(const struct cells *cells, enum cells_glyph glyph);
void cells_mark(struct cells *cells, int row, int column, enum cells_glyph glyph,
                enum cells_style style);

/* The style of so many cells, glyphs stay. */
void cells_paint(struct cells *cells, int row, int column, int count, enum cells_style style);

/* Writes UTF-8 into the columns from `column` to before `end`, cut with dots where there is no
 * room; what cannot be shown becomes a question mark. The column behind it. */
int cells_text(struct cells *cells, int row, int column, int end, enum cells_style style,
               const char *text);
int cells_format(struct cells *cells, int row, int column, int end, enum cells_style style,
                 const char *format, ...) __attribute__((format(printf, 6, 7)));

/* Copies the first line of a text: to a line feed, or as many words as fit into `width` columns;
 * a word that does not fit alone is a line. Where the next one begins; at the end of the text
 * that is its closing 0. */
enum { CELLS_LINE = 1024 };
const char *cells_wrap(const struct cells *cells, const char *text, int width,
                       char line[CELLS_LINE]);

/* The columns that cells_text would need. */
int cells_width(const struct cells *cells, const char *text);

#endif
