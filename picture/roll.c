/* Layout: bars into rows, rows onto pages. */
#include "picture/roll.h"

#include "picture/canvas.h"
#include "picture/roll_draw.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Points. */
static const double page_width = 595.28, page_height = 841.89, margin = 36;
static const double title_size = 15, subtitle_size = 9, page_number_size = 8;
static const double next_head = 19, row_gap = 12, narrowest_beat = 27;
static const double lowest_named_row = 4.6; /* where white keys have room for their names */
static const struct roll_style page_style = {.row = 5.4, .strip = 26, .number = 7.5, .legend = 8};
static const struct roll_style inline_style = {.row = 8.5, .strip = 34, .number = 11, .legend = 11};

enum {
    FEWEST_KEYS = 14,  /* shown in a row, however few are struck */
    TALLEST_ROW = 260, /* points; a wider range of keys makes its semitones lower */
};

struct layout {
    struct roll_row *row;
    size_t rows;
    struct roll_style style;
    struct roll_legend legend;
};

int roll_check_name(const char *path, struct error *error)
{
    enum canvas_format format;
    return canvas_format_of(path, &format, error);
}

/* As many whole bars as fit, at least one, to a row. */
static void break_rows(const struct roll *roll, double most, struct layout *layout)
{
    double beats = 0;
    for (size_t i = 0; i < roll->bar_count; i++) {
        double length = roll->bars[i].length;
        if (layout->rows == 0 || beats + length > most + 1e-6) {
            layout->row[layout->rows++] = (struct roll_row){.first = i};
            beats = 0;
        }
        layout->row[layout->rows - 1].bars++;
        beats += length;
    }
}

static double row_beats(const struct roll *roll, const struct roll_row *row)
{
    const struct bar *last = &roll->bars[row->first + row->bars - 1];
    return last->start + last->length - roll->bars[row->first].start;
}

/* The same width of a beat in all rows; the fullest row spans the page. */
static void scale_rows(const struct roll *roll, double width, struct layout *layout)
{
    double longest = 0;
    for (size_t i = 0; i < layout->rows; i++)
        longest = fmax(longest, row_beats(roll, &layout->row[i]));
    for (size_t i = 0; i < layout->rows; i++)
        layout->row[i].beat = (width - layout->style.strip) / longest;
}

static void include_key(struct roll_row *row, unsigned key)
{
    if (key < row->low)
        row->low = key;
    if (key > row->high)
        row->high = key;
}

/* The keys struck or meant in each row. */
static void find_ranges(const struct roll *roll, struct layout *layout)
{
    for (size_t i = 0; i < layout->rows; i++) {
        layout->row[i].low = 127;
        layout->row[i].high = 0;
    }
    for (size_t i = 0; i < roll->count; i++) {
        const struct roll_note *note = &roll->notes[i];
        for (size_t r = 0; r < layout->rows; r++) {
            struct roll_row *row = &layout->row[r];
            double start = roll->bars[row->first].start;
            if (note->onset + fmax(note->duration, ROLL_EARLY) < start ||
                note->onset > start + row_beats(roll, row))
                continue;
            if (note->kind != ROLL_ADDED)
                include_key(row, note->sent);
            if (note->kind != ROLL_LEFT_OUT)
                include_key(row, note->played);
        }
    }
}

static void widen_range(struct roll_row *row)
{
    if (row->low > row->high)
        row->low = row->high = 60;
    row->low = row->low > 0 ? row->low - 1 : 0;
    row->high = row->high < 127 ? row->high + 1 : 127;
    for (unsigned turn = 0; row->high - row->low + 1 < FEWEST_KEYS; turn++) {
        if (turn % 2 ? row->low > 0 : row->high == 127)
            row->low--;
        else
            row->high++;
    }
}

static void choose_height(struct layout *layout)
{
    unsigned most = 0;
    for (size_t i = 0; i < layout->rows; i++) {
        widen_range(&layout->row[i]);
        unsigned keys = layout->row[i].high - layout->row[i].low + 1;
        most = keys > most ? keys : most;
    }
    if (most * layout->style.row > TALLEST_ROW)
        layout->style.row = (double)TALLEST_ROW / most;
}

static void find_legend(const struct roll *roll, struct roll_legend *legend)
{
    for (size_t i = 0; i < roll->count; i++) {
        const struct roll_note *note = &roll->notes[i];
        legend->wrong |= note->kind == ROLL_STRUCK && note->played != note->sent;
        legend->doubtful |= note->doubtful;
        legend->left_out |= note->kind == ROLL_LEFT_OUT;
        legend->added |= note->kind == ROLL_ADDED;
    }
}

static bool lay_out(const struct roll *roll, double width, double most,
                    const struct roll_style *style, struct layout *layout, struct error *error)
{
    *layout = (struct layout){.style = *style};
    if (roll->bar_count == 0) {
        error_set(error, "picture: no bars to draw");
        return false;
    }
    layout->row = calloc(roll->bar_count, sizeof *layout->row);
    if (!layout->row) {
        error_set(error, "picture: out of memory");
        return false;
    }
    break_rows(roll, most, layout);
    scale_rows(roll, width, layout);
    find_ranges(roll, layout);
    find_legend(roll, &layout->legend);
    return true;
}

/* Of the first page; the others have a line with the page's number. */
static double head_height(const struct roll *roll)
{
    return title_size + (roll->subtitle ? subtitle_size + 6 : 0) + 8;
}

static void draw_head(cairo_t *cr, const struct roll *roll, size_t page)
{
    cairo_set_source_rgb(cr, 0.13, 0.13, 0.13);
    if (page == 0) {
        roll_draw_text(cr, margin, margin + title_size * 0.8, title_size, true, roll->title);
        if (roll->subtitle)
            roll_draw_text(cr, margin, margin + title_size + subtitle_size + 2, subtitle_size,
                           false, roll->subtitle);
        return;
    }
    char *text = NULL;
    if (asprintf(&text, "%s, page %zu", roll->title, page + 1) < 0)
        return;
    roll_draw_text(cr, margin, margin + subtitle_size * 0.8, page_number_size, false, text);
    free(text);
}

static double row_space(const struct layout *layout, size_t row)
{
    return roll_row_height(&layout->row[row], &layout->style) + row_gap;
}

/* Rows from `first` that fit on a page below its head; *height is what they need. */
static size_t fill_page(const struct layout *layout, size_t first, double head, double *height)
{
    size_t row = first;
    *height = head;
    while (row < layout->rows &&
           (row == first || *height + row_space(layout, row) <= page_height - 2 * margin))
        *height += row_space(layout, row++);
    return row;
}

/* The legend is as wide as its letters, which only a context can measure. */
static double legend_height(const struct roll *roll, const struct roll_legend *legend,
                            const struct roll_style *style, double width)
{
    cairo_surface_t *surface = cairo_image_surface_create(CAIRO_FORMAT_A8, 1, 1);
    cairo_t *cr = cairo_create(surface);
    double height = roll_draw_legend(cr, roll, legend, style, 0, 0, width, false);
    cairo_destroy(cr);
    cairo_surface_destroy(surface);
    return height;
}

static void paint_paper(cairo_t *cr)
{
    cairo_set_source_rgb(cr, 1, 1, 1);
    cairo_paint(cr);
}

/* Pages that the rows take, below a head on the first. */
static size_t count_pages(const struct layout *layout, double head)
{
    double height = 0;
    size_t pages = 0;
    for (size_t row = 0; row < layout->rows; pages++)
        row = fill_page(layout, row, pages == 0 ? head : next_head, &height);
    return pages;
}

/* Rather a little less height than a page more. */
static void save_pages(struct layout *layout, double head)
{
    double best = layout->style.row;
    size_t fewest = count_pages(layout, head);
    while (layout->style.row - 0.1 >= lowest_named_row) {
        layout->style.row -= 0.1;
        size_t pages = count_pages(layout, head);
        if (pages < fewest) {
            fewest = pages;
            best = layout->style.row;
        }
    }
    layout->style.row = best;
}

static int draw_pages(struct canvas *canvas, const struct roll *roll, struct layout *layout,
                      struct error *error)
{
    double legend = legend_height(roll, &layout->legend, &layout->style, page_width - 2 * margin);
    save_pages(layout, head_height(roll) + legend + 4);
    for (size_t row = 0; row < layout->rows;) {
        size_t page = canvas_pages(canvas);
        double head = page == 0 ? head_height(roll) + legend + 4 : next_head;
        double height = 0;
        size_t end = fill_page(layout, row, head, &height);
        bool only = page == 0 && end == layout->rows;
        cairo_t *cr = canvas_page(canvas, page_width,
                                  only ? height + 2 * margin - row_gap : page_height, error);
        if (!cr)
            return -1;
        paint_paper(cr);
        draw_head(cr, roll, page);
        if (page == 0)
            roll_draw_legend(cr, roll, &layout->legend, &layout->style, margin,
                             margin + head_height(roll), page_width - 2 * margin, true);
        double y = margin + head;
        for (; row < end; row++) {
            layout->row[row].left = margin;
            layout->row[row].top = y;
            roll_draw_row(cr, roll, &layout->row[row], &layout->style);
            y += row_space(layout, row);
        }
    }
    return canvas_finish(canvas, error);
}

struct canvas *roll_write(const char *path, const struct roll *roll, struct error *error)
{
    enum canvas_format format;
    struct layout layout;
    double width = page_width - 2 * margin;
    if (canvas_format_of(path, &format, error) != 0)
        return NULL;
    if (!lay_out(roll, width, (width - page_style.strip) / narrowest_beat, &page_style, &layout,
                 error))
        return NULL;
    choose_height(&layout);
    struct canvas *canvas = canvas_open(format, error);
    bool written = canvas && draw_pages(canvas, roll, &layout, error) == 0 &&
                   canvas_write(canvas, path, roll->title, roll->subtitle, error) == 0;
    free(layout.row);
    if (written)
        return canvas;
    canvas_free(canvas);
    return NULL;
}

char *roll_inline(const struct roll *roll, double width, const char *id, const char *desc,
                  struct error *error)
{
    struct layout layout;
    char *text = NULL;
    if (!lay_out(roll, width - 2, INFINITY, &inline_style, &layout, error))
        return NULL;
    choose_height(&layout);
    struct roll_row *row = &layout.row[0];
    row->left = 1;
    row->top = 1;
    struct canvas *canvas = canvas_open(CANVAS_SVG, error);
    cairo_t *cr =
        canvas ? canvas_page(canvas, width, roll_row_height(row, &layout.style) + 2, error) : NULL;
    if (cr) {
        paint_paper(cr);
        roll_draw_row(cr, roll, row, &layout.style);
        if (canvas_finish(canvas, error) == 0)
            text = canvas_inline(canvas, id, roll->title, desc, error);
    }
    canvas_free(canvas);
    free(layout.row);
    return text;
}

char *roll_inline_legend(const struct roll *roll, double width, const char *id, struct error *error)
{
    struct roll_legend legend = {.wrong = true, .left_out = true, .added = true};
    char *text = NULL;
    struct canvas *canvas = canvas_open(CANVAS_SVG, error);
    double height = legend_height(roll, &legend, &inline_style, width - 2);
    cairo_t *cr = canvas ? canvas_page(canvas, width, height, error) : NULL;
    if (cr) {
        paint_paper(cr);
        roll_draw_legend(cr, roll, &legend, &inline_style, 1, 0, width - 2, true);
        if (canvas_finish(canvas, error) == 0)
            text = canvas_inline(canvas, id, "How to read the pictures", NULL, error);
    }
    canvas_free(canvas);
    return text;
}
