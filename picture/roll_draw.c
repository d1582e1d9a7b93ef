/* Drawn back to front: rows of keys, beats and bars, notes, wrong keys, arrows, piano keys. */
#include "picture/roll_draw.h"

#include <math.h>
#include <stdio.h>

struct colour {
    double red, green, blue;
};

/* Okabe and Ito's, and greys. */
static const struct colour blue = {0, 0x72 / 255.0, 0xb2 / 255.0};
static const struct colour sky_blue = {0x56 / 255.0, 0xb4 / 255.0, 0xe9 / 255.0};
static const struct colour vermilion = {0xd5 / 255.0, 0x5e / 255.0, 0};
static const struct colour black = {0, 0, 0};
static const struct colour white = {1, 1, 1};
static const struct colour ink = {0.13, 0.13, 0.13};
static const struct colour shade = {0.945, 0.945, 0.945};
static const struct colour faint = {0.82, 0.82, 0.82};
static const struct colour grey = {0.55, 0.55, 0.55};

static const char *const key_names[12] = {"C",  NULL, "D",  NULL, "E",  "F",
                                          NULL, "G",  NULL, "A",  NULL, "B"};

static bool is_black(unsigned key)
{
    return key_names[key % 12] == NULL;
}

static void set_colour(cairo_t *cr, struct colour colour)
{
    cairo_set_source_rgb(cr, colour.red, colour.green, colour.blue);
}

static void draw_line(cairo_t *cr, double x0, double y0, double x1, double y1)
{
    cairo_move_to(cr, x0, y0);
    cairo_line_to(cr, x1, y1);
    cairo_stroke(cr);
}

void roll_draw_text(cairo_t *cr, double x, double y, double size, bool bold, const char *text)
{
    cairo_select_font_face(cr, "sans-serif", CAIRO_FONT_SLANT_NORMAL,
                           bold ? CAIRO_FONT_WEIGHT_BOLD : CAIRO_FONT_WEIGHT_NORMAL);
    cairo_set_font_size(cr, size);
    cairo_move_to(cr, x, y);
    cairo_show_text(cr, text);
}

double roll_row_height(const struct roll_row *row, const struct roll_style *style)
{
    return 1.5 * style->number + (row->high - row->low + 1) * style->row;
}

/* Where things stand in a row. */
struct place {
    double x, y, width, height;
};

static double row_top(const struct roll_row *row, const struct roll_style *style)
{
    return row->top + 1.5 * style->number;
}

static double key_y(const struct roll_row *row, const struct roll_style *style, unsigned key)
{
    return row_top(row, style) + ((double)row->high - key) * style->row;
}

static double beat_x(const struct roll *roll, const struct roll_row *row,
                     const struct roll_style *style, double beat)
{
    return row->left + style->strip + (beat - roll->bars[row->first].start) * row->beat;
}

static double row_start(const struct roll *roll, const struct roll_row *row)
{
    return roll->bars[row->first].start;
}

static double row_end(const struct roll *roll, const struct roll_row *row)
{
    const struct bar *last = &roll->bars[row->first + row->bars - 1];
    return last->start + last->length;
}

static void draw_keys_behind(cairo_t *cr, const struct roll *roll, const struct roll_row *row,
                             const struct roll_style *style)
{
    double x0 = beat_x(roll, row, style, row_start(roll, row));
    double x1 = beat_x(roll, row, style, row_end(roll, row));
    set_colour(cr, shade);
    for (unsigned key = row->low; key <= row->high; key++)
        if (is_black(key)) {
            cairo_rectangle(cr, x0, key_y(row, style, key), x1 - x0, style->row);
            cairo_fill(cr);
        }
    set_colour(cr, faint);
    cairo_set_line_width(cr, 0.4);
    for (unsigned key = row->low; key <= row->high; key++)
        if (key % 12 == 0 || key % 12 == 5) {
            double y = key_y(row, style, key) + style->row;
            draw_line(cr, x0, y, x1, y);
        }
}

static void draw_bars(cairo_t *cr, const struct roll *roll, const struct roll_row *row,
                      const struct roll_style *style)
{
    double top = row_top(row, style);
    double bottom = key_y(row, style, row->low) + style->row;
    for (size_t i = 0; i < row->bars; i++) {
        const struct bar *bar = &roll->bars[row->first + i];
        set_colour(cr, grey);
        cairo_set_line_width(cr, 0.45);
        for (unsigned n = 1; n * bar->pulse < bar->length - 1e-6; n++) {
            double x = beat_x(roll, row, style, bar->start + n * bar->pulse);
            draw_line(cr, x, top, x, bottom);
        }
        double x = beat_x(roll, row, style, bar->start);
        set_colour(cr, ink);
        cairo_set_line_width(cr, 1);
        draw_line(cr, x, top - 3, x, bottom);
        char number[16];
        snprintf(number, sizeof number, "%u", bar->number);
        roll_draw_text(cr, x + 2.5, top - 3, style->number, false, number);
    }
    double x = beat_x(roll, row, style, row_end(roll, row));
    cairo_set_line_width(cr, 1);
    draw_line(cr, x, top - 3, x, bottom);
    cairo_rectangle(cr, row->left, top, x - row->left, bottom - top);
    cairo_set_line_width(cr, 0.6);
    cairo_stroke(cr);
}

/* White keys meet in the middle of the black key between them. */
static void draw_piano(cairo_t *cr, const struct roll_row *row, const struct roll_style *style)
{
    double length = 0.56 * style->strip;
    double bottom = key_y(row, style, row->low) + style->row;
    set_colour(cr, white);
    cairo_rectangle(cr, row->left, row_top(row, style), style->strip, bottom - row_top(row, style));
    cairo_fill(cr);
    cairo_set_line_width(cr, 0.5);
    for (unsigned key = row->low; key <= row->high; key++) {
        double y = key_y(row, style, key);
        set_colour(cr, ink);
        if (is_black(key)) {
            draw_line(cr, row->left, y + style->row / 2, row->left + style->strip,
                      y + style->row / 2);
            cairo_rectangle(cr, row->left, y, length, style->row);
            cairo_fill(cr);
        } else if (key % 12 == 0 || key % 12 == 5) {
            draw_line(cr, row->left, y + style->row, row->left + style->strip, y + style->row);
        }
    }
    bool all = style->row >= 4.6;
    double size = all ? style->row : 5.4;
    for (unsigned key = row->low; key <= row->high; key++) {
        if (is_black(key) || (!all && key % 12 != 0))
            continue;
        char name[16];
        bool octave = key % 12 == 0;
        snprintf(name, sizeof name, "C%d", (int)key / 12 - 1);
        set_colour(cr, ink);
        roll_draw_text(cr, row->left + length + 1.5,
                       key_y(row, style, key) + style->row / 2 + 0.36 * size, size, octave,
                       octave ? name : key_names[key % 12]);
    }
}

static void trace_note(cairo_t *cr, struct place at, unsigned part)
{
    double r = part == 0 ? fmin(at.height, at.width) * 0.4 : 0;
    cairo_new_path(cr);
    if (r <= 0) {
        cairo_rectangle(cr, at.x, at.y, at.width, at.height);
        return;
    }
    cairo_arc(cr, at.x + at.width - r, at.y + r, r, -M_PI / 2, 0);
    cairo_arc(cr, at.x + at.width - r, at.y + at.height - r, r, 0, M_PI / 2);
    cairo_arc(cr, at.x + r, at.y + at.height - r, r, M_PI / 2, M_PI);
    cairo_arc(cr, at.x + r, at.y + r, r, M_PI, 1.5 * M_PI);
    cairo_close_path(cr);
}

static void draw_hatching(cairo_t *cr, struct place at, unsigned part)
{
    cairo_save(cr);
    trace_note(cr, at, part);
    cairo_clip(cr);
    cairo_set_line_width(cr, 0.9);
    int lines = (int)((at.width + at.height) / 2.4) + 1;
    for (int i = 0; i < lines; i++) {
        double x = at.x - at.height + 2.4 * i;
        cairo_move_to(cr, x, at.y + at.height);
        cairo_line_to(cr, x + at.height, at.y);
    }
    cairo_stroke(cr);
    cairo_restore(cr);
}

/* A note as it sounded; `frame` is vermilion where it was moved there. */
static void draw_sent(cairo_t *cr, struct place at, unsigned part, bool moved, bool doubtful)
{
    struct colour colour = part == 0 ? blue : sky_blue;
    trace_note(cr, at, part);
    set_colour(cr, doubtful ? white : colour);
    cairo_fill_preserve(cr);
    set_colour(cr, moved ? vermilion : blue);
    cairo_set_line_width(cr, moved ? 1.3 : 0.6);
    cairo_stroke(cr);
    if (doubtful) {
        set_colour(cr, blue);
        draw_hatching(cr, at, part);
    }
    if (part == 0)
        return;
    set_colour(cr, blue);
    cairo_set_line_width(cr, 0.7);
    draw_line(cr, at.x, at.y + at.height / 2, at.x + at.width, at.y + at.height / 2);
}

/* From the onset on, where the mark of a wrong key stands. */
static double mark_x(struct place at)
{
    return at.x + fmin(at.width / 2, at.height * 0.75);
}

static void draw_cross(cairo_t *cr, double x, double y, double reach)
{
    cairo_set_line_width(cr, 1);
    draw_line(cr, x - reach, y - reach, x + reach, y + reach);
    draw_line(cr, x - reach, y + reach, x + reach, y - reach);
}

static void draw_wrong(cairo_t *cr, struct place at, unsigned part)
{
    trace_note(cr, at, part);
    set_colour(cr, white);
    cairo_fill_preserve(cr);
    set_colour(cr, vermilion);
    cairo_set_line_width(cr, 0.9);
    cairo_stroke(cr);
    draw_cross(cr, mark_x(at), at.y + at.height / 2, at.height * 0.32);
}

static void draw_left_out(cairo_t *cr, struct place at, unsigned part)
{
    const double dashes[] = {2.2, 1.6};
    trace_note(cr, at, part);
    set_colour(cr, white);
    cairo_fill_preserve(cr);
    set_colour(cr, black);
    cairo_set_line_width(cr, 0.9);
    cairo_set_dash(cr, dashes, 2, 0);
    cairo_stroke(cr);
    cairo_set_dash(cr, NULL, 0, 0);
}

static void draw_added(cairo_t *cr, struct place at, unsigned part)
{
    trace_note(cr, at, part);
    set_colour(cr, vermilion);
    cairo_fill(cr);
    set_colour(cr, white);
    cairo_set_line_width(cr, 1);
    double x = mark_x(at);
    double y = at.y + at.height / 2;
    double reach = at.height * 0.36;
    draw_line(cr, x - reach, y, x + reach, y);
    draw_line(cr, x, y - reach, x, y + reach);
}

/* From the edge of the wrong key, so that its cross stays free, to the middle of
 * the right one; white around black, so that it stands out on any note. */
static void draw_arrow(cairo_t *cr, double x, struct place wrong, struct place right)
{
    double way = right.y > wrong.y ? 1 : -1;
    double from = way > 0 ? wrong.y + wrong.height : wrong.y;
    double to = right.y + right.height * (way > 0 ? 0.65 : 0.35);
    double head = fmin(right.height * 0.65, fabs(to - from) * 0.75);
    for (int layer = 0; layer < 2; layer++) {
        set_colour(cr, layer ? black : white);
        cairo_set_line_width(cr, layer ? 0.8 : 2.2);
        draw_line(cr, x, from, x, to - way * head / 2);
        cairo_move_to(cr, x, to);
        cairo_line_to(cr, x - head * 0.7, to - way * head);
        cairo_line_to(cr, x + head * 0.7, to - way * head);
        cairo_close_path(cr);
        if (layer)
            cairo_fill(cr);
        else
            cairo_stroke(cr);
    }
}

static bool begins_in(const struct roll *roll, const struct roll_row *row,
                      const struct roll_note *note)
{
    bool last = row->first + row->bars == roll->bar_count;
    return note->onset >= row_start(roll, row) - ROLL_EARLY &&
           note->onset < row_end(roll, row) - (last ? 0 : ROLL_EARLY);
}

/* The part of a note that this row shows; false: none. */
static bool find_place(const struct roll *roll, const struct roll_row *row,
                       const struct roll_style *style, const struct roll_note *note, unsigned key,
                       struct place *at)
{
    double start = fmax(note->onset, row_start(roll, row));
    double end = fmin(note->onset + note->duration, row_end(roll, row));
    bool begins = begins_in(roll, row, note);
    if (!begins && (end <= start + 1e-9 || note->onset >= row_start(roll, row)))
        return false;
    *at = (struct place){.x = beat_x(roll, row, style, start) + 0.5,
                         .y = key_y(row, style, key) + 0.35,
                         .height = style->row - 0.7};
    /* Short notes keep room for their marks. */
    at->width = fmax((end - start) * row->beat - 1, begins ? 0.9 * style->row : 1);
    at->width = fmin(at->width, beat_x(roll, row, style, row_end(roll, row)) - at->x);
    return key >= row->low && key <= row->high;
}

static bool is_wrong(const struct roll_note *note)
{
    return note->kind == ROLL_STRUCK && note->played != note->sent;
}

enum layer { LAYER_SENT, LAYER_WRONG, LAYER_ARROWS, LAYERS };

static void draw_note(cairo_t *cr, const struct roll *roll, const struct roll_row *row,
                      const struct roll_style *style, const struct roll_note *note,
                      enum layer layer)
{
    struct place at;
    struct place from;
    bool moved = is_wrong(note);
    unsigned key = note->kind == ROLL_ADDED ? note->played : note->sent;
    if (!find_place(roll, row, style, note, key, &at))
        return;
    if (layer == LAYER_SENT) {
        if (note->kind == ROLL_STRUCK)
            draw_sent(cr, at, note->part, moved, note->doubtful);
        else if (note->kind == ROLL_LEFT_OUT)
            draw_left_out(cr, at, note->part);
    } else if (layer == LAYER_WRONG && note->kind == ROLL_ADDED) {
        draw_added(cr, at, note->part);
    } else if (moved && begins_in(roll, row, note) &&
               find_place(roll, row, style, note, note->played, &from)) {
        if (layer == LAYER_WRONG)
            draw_wrong(cr, from, note->part);
        else
            draw_arrow(cr, mark_x(at), from, at);
    }
}

void roll_draw_row(cairo_t *cr, const struct roll *roll, const struct roll_row *row,
                   const struct roll_style *style)
{
    draw_keys_behind(cr, roll, row, style);
    set_colour(cr, ink);
    draw_bars(cr, roll, row, style);
    for (int layer = 0; layer < LAYERS; layer++)
        for (size_t i = 0; i < roll->count; i++)
            draw_note(cr, roll, row, style, &roll->notes[i], (enum layer)layer);
    draw_piano(cr, row, style);
}

/* --- Legend --- */

enum entry {
    ENTRY_PART,
    ENTRY_OTHER,
    ENTRY_WRONG,
    ENTRY_DOUBTFUL,
    ENTRY_LEFT_OUT,
    ENTRY_ADDED,
    ENTRIES
};

static const char *entry_text(const struct roll *roll, const struct roll_legend *legend,
                              enum entry entry)
{
    switch (entry) {
    case ENTRY_PART:
        return roll->part_name[0];
    case ENTRY_OTHER:
        return roll->part_name[1];
    case ENTRY_WRONG:
        return legend->wrong ? "wrong key, and the one meant" : NULL;
    case ENTRY_DOUBTFUL:
        return legend->doubtful ? "doubtful" : NULL;
    case ENTRY_LEFT_OUT:
        return legend->left_out ? "left out" : NULL;
    case ENTRY_ADDED:
        return legend->added ? "added" : NULL;
    default:
        return NULL;
    }
}

static void draw_entry(cairo_t *cr, const struct roll *roll, enum entry entry, struct place at)
{
    unsigned part = roll->part_name[0] ? 0 : 1;
    struct place upper = {at.x, at.y - at.height * 0.65, at.width, at.height};
    struct place lower = {at.x, at.y + at.height * 0.65, at.width, at.height};
    switch (entry) {
    case ENTRY_PART:
    case ENTRY_OTHER:
        draw_sent(cr, at, entry == ENTRY_OTHER, false, false);
        break;
    case ENTRY_WRONG:
        draw_sent(cr, lower, part, true, false);
        draw_wrong(cr, upper, part);
        draw_arrow(cr, mark_x(lower), upper, lower);
        break;
    case ENTRY_DOUBTFUL:
        draw_sent(cr, at, part, false, true);
        break;
    case ENTRY_LEFT_OUT:
        draw_left_out(cr, at, part);
        break;
    default:
        draw_added(cr, at, part);
    }
}

double roll_draw_legend(cairo_t *cr, const struct roll *roll, const struct roll_legend *legend,
                        const struct roll_style *style, double left, double top, double width,
                        bool draw)
{
    double size = style->legend;
    double line = 2.1 * size;
    double x = left;
    double y = top;
    for (int entry = 0; entry < ENTRIES; entry++) {
        const char *text = entry_text(roll, legend, (enum entry)entry);
        if (!text)
            continue;
        cairo_text_extents_t extents;
        cairo_select_font_face(cr, "sans-serif", CAIRO_FONT_SLANT_NORMAL, CAIRO_FONT_WEIGHT_NORMAL);
        cairo_set_font_size(cr, size);
        cairo_text_extents(cr, text, &extents);
        double advance = 2.4 * size + extents.x_advance + 1.6 * size;
        if (x > left && x + advance - 1.6 * size > left + width) {
            x = left;
            y += line;
        }
        if (draw) {
            struct place at = {x, y + line / 2 - size * 0.35, 1.9 * size, 0.7 * size};
            draw_entry(cr, roll, (enum entry)entry, at);
            set_colour(cr, ink);
            roll_draw_text(cr, x + 2.4 * size, y + line / 2 + 0.36 * size, size, false, text);
        }
        x += advance;
    }
    return y + line - top;
}
