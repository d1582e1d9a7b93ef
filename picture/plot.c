/* A plot is a page of a canvas. Its words, for those who do not see it, are made
 * from the same values. */
#include "picture/plot.h"

#include "picture/axes.h"
#include "picture/cairo.h"
#include "picture/canvas.h"
#include "picture/pen.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { WIDTH = 960, HEIGHT = 600 };

static const double title_size = 18, label_size = 14, value_size = 12;

int plot_check_name(const char *path, struct error *error)
{
    enum canvas_format format;
    if (strlen(path) < 5 || canvas_format_of(path, &format, NULL) != 0 || format == CANVAS_PDF)
        return error_set(error, "%s: expected a plot's name to end in .svg or .png", path);
    return 0;
}

/* What a plot draws and says. */
struct sketch {
    void (*draw)(cairo_t *, const void *plot);
    void (*tell)(FILE *, const void *plot);
    const char *title;
    const void *plot;
    size_t panels; /* one below the other */
};

static int write_page(struct canvas *canvas, const char *path, const struct sketch *sketch,
                      struct error *error)
{
    char title[AXES_TEXT], *words = NULL;
    size_t length = 0;
    cairo_t *cr = canvas_page(canvas, WIDTH, HEIGHT * (double)sketch->panels, error);
    if (!cr)
        return -1;
    cairo_set_source_rgb(cr, 1, 1, 1);
    cairo_paint(cr);
    sketch->draw(cr, sketch->plot);
    FILE *out = open_memstream(&words, &length);
    if (out)
        sketch->tell(out, sketch->plot);
    if (!out || fclose(out) != 0) {
        free(words);
        return error_set(error, "%s: out of memory", path);
    }
    int status = canvas_finish(canvas, error);
    if (status == 0)
        status = canvas_write(canvas, path, axes_plain(sketch->title, title), words, error);
    if (status == 0)
        status = canvas_commit(canvas, NULL, error);
    free(words);
    return status;
}

static int draw(const char *path, const struct sketch *sketch, struct error *error)
{
    enum canvas_format format;
    if (plot_check_name(path, error) != 0 || canvas_format_of(path, &format, error) != 0)
        return -1;
    struct canvas *canvas = canvas_open(format, error);
    int status = canvas ? write_page(canvas, path, sketch, error) : -1;
    canvas_free(canvas);
    return status;
}

/* The size that makes a text as wide as the room, at most the one wished for. */
static double fitting(cairo_t *cr, double size, const char *text, double room)
{
    double width = axes_text_width(cr, size, text);
    return width > room ? size * room / width : size;
}

static void draw_titles(cairo_t *cr, const struct axes *axes, const char *title,
                        const char *y_label)
{
    double middle = (axes->top + axes->bottom) / 2;
    pen_ink(cr);
    axes_text(cr, axes->left, 30, 0, fitting(cr, title_size, title, WIDTH - axes->left - 20),
              title);
    axes_upward(cr, 26, middle, 0.5, fitting(cr, label_size, y_label, 480), y_label);
}

/* --- Lines --- */

static void draw_band(cairo_t *cr, const struct axes *axes, const struct plot_curve *curve,
                      size_t index)
{
    if (!curve->low || !curve->high)
        return;
    pen_colour(cr, index, 0.22);
    for (size_t from = 0; from < curve->count; from++) {
        size_t end = from;
        for (; end < curve->count && isfinite(curve->low[end]) && isfinite(curve->high[end]); end++)
            cairo_line_to(cr, axes_x(axes, curve->x[end]), axes_y(axes, curve->low[end]));
        for (size_t k = end; k-- > from;)
            cairo_line_to(cr, axes_x(axes, curve->x[k]), axes_y(axes, curve->high[k]));
        cairo_fill(cr);
        from = end;
    }
}

static void draw_curve(cairo_t *cr, const struct axes *axes, const struct plot_curve *curve,
                       size_t index)
{
    pen_line(cr, index, 2.5);
    cairo_new_path(cr);
    for (size_t k = 0; k < curve->count; k++) {
        if (isfinite(curve->y[k]))
            cairo_line_to(cr, axes_x(axes, curve->x[k]), axes_y(axes, curve->y[k]));
        else
            cairo_new_sub_path(cr);
    }
    cairo_stroke(cr);
    cairo_set_dash(cr, NULL, 0, 0);
    for (size_t k = 0; k < curve->count; k++) {
        int alone = (k == 0 || !isfinite(curve->y[k - 1])) &&
                    (k + 1 == curve->count || !isfinite(curve->y[k + 1]));
        /* Points are shown where they can be told apart, and where there is no line. */
        if (isfinite(curve->y[k]) && (alone || curve->count <= 40)) {
            cairo_arc(cr, axes_x(axes, curve->x[k]), axes_y(axes, curve->y[k]), 4, 0, 2 * M_PI);
            cairo_fill(cr);
        }
    }
}

struct margin_label {
    const char *text;
    size_t index;
    double at, y; /* where the line ends; where the label stands */
};

static int by_height(const void *left, const void *right)
{
    const struct margin_label *a = left, *b = right;
    if (a->at != b->at)
        return a->at < b->at ? -1 : 1;
    return a->index < b->index ? -1 : 1;
}

/* Labels keep a line's height apart: those too close are pushed away from each
 * other, then the whole stack back between top and bottom. */
static void spread(struct margin_label *label, size_t count, const struct axes *axes)
{
    double apart = fmin(22, (axes->bottom - axes->top) / (double)(count ? count : 1));
    qsort(label, count, sizeof *label, by_height);
    for (size_t pass = 0; pass < 2 * count; pass++)
        for (size_t k = 1; k < count; k++) {
            double short_by = apart - (label[k].y - label[k - 1].y);
            if (short_by > 0) {
                label[k].y += short_by / 2;
                label[k - 1].y -= short_by / 2;
            }
        }
    for (size_t k = 0; k < count; k++) {
        double above = (double)k + 0.5, below = (double)(count - k) - 0.5; /* in lines */
        label[k].y = fmax(label[k].y, axes->top + apart * above);
        label[k].y = fmin(label[k].y, axes->bottom - apart * below);
    }
}

static size_t last_of(const struct plot_curve *curve)
{
    size_t last = curve->count;
    while (last > 0 && !isfinite(curve->y[last - 1]))
        last--;
    return last;
}

static size_t margin_labels(const struct plot_lines *plot, const struct axes *axes,
                            struct margin_label *label)
{
    size_t count = 0;
    for (size_t c = 0; c < plot->curve_count; c++) {
        const struct plot_curve *curve = &plot->curves[c];
        size_t last = last_of(curve);
        if (last > 0)
            label[count++] =
                (struct margin_label){curve->label, c, axes_y(axes, curve->y[last - 1]), 0};
    }
    for (size_t l = 0; l < plot->level_count; l++)
        if (isfinite(plot->levels[l].y))
            label[count++] = (struct margin_label){plot->levels[l].label, plot->curve_count + l,
                                                   axes_y(axes, plot->levels[l].y), 0};
    for (size_t k = 0; k < count; k++)
        label[k].y = label[k].at;
    spread(label, count, axes);
    return count;
}

/* A thin line leads from each line's end to its label. */
static void draw_margin(cairo_t *cr, const struct axes *axes, const struct margin_label *label,
                        size_t count)
{
    static const double lead = 20, sample = 58, gap = 66;
    double size = label_size;
    for (size_t k = 0; k < count; k++)
        size = fmin(size, fitting(cr, label_size, label[k].text, WIDTH - 8 - axes->right - gap));
    for (size_t k = 0; k < count; k++) {
        cairo_set_source_rgb(cr, 0.7, 0.7, 0.7);
        cairo_set_line_width(cr, 1);
        cairo_set_dash(cr, NULL, 0, 0);
        axes_line(cr, axes->right + 3, label[k].at, axes->right + lead, label[k].y);
        pen_line(cr, label[k].index, 2.5);
        axes_line(cr, axes->right + lead, label[k].y, axes->right + sample, label[k].y);
        pen_ink(cr);
        axes_text(cr, axes->right + gap, label[k].y, 0, size, label[k].text);
    }
}

static void lines_range(const struct plot_lines *plot, struct axes *axes)
{
    axes->x[0] = axes->y[0] = INFINITY;
    axes->x[1] = axes->y[1] = -INFINITY;
    for (size_t c = 0; c < plot->curve_count; c++) {
        const struct plot_curve *curve = &plot->curves[c];
        for (size_t k = 0; k < curve->count; k++) {
            axes_include(curve->x[k], axes->x);
            axes_include(curve->y[k], axes->y);
            if (curve->low && curve->high) {
                axes_include(curve->low[k], axes->y);
                axes_include(curve->high[k], axes->y);
            }
        }
    }
    for (size_t l = 0; l < plot->level_count; l++)
        axes_include(plot->levels[l].y, axes->y);
    if (!(axes->x[0] <= axes->x[1]))
        axes->x[0] = 0, axes->x[1] = 1;
    if (!(axes->y[0] <= axes->y[1]))
        axes->y[0] = 0, axes->y[1] = 1;
    double highest = axes->y[1];
    if (axes->x[0] == axes->x[1])
        axes_widen(axes->x);
    axes_widen(axes->y);
    if (plot->percent && highest <= 100)
        axes->y[1] = fmin(axes->y[1], 100.0 + 0.01 * (axes->y[1] - axes->y[0]));
}

/* The margin is as wide as its longest label, within bounds. */
static struct axes lines_axes(cairo_t *cr, const struct plot_lines *plot)
{
    double longest = 0;
    for (size_t c = 0; c < plot->curve_count; c++)
        longest = fmax(longest, axes_text_width(cr, label_size, plot->curves[c].label));
    for (size_t l = 0; l < plot->level_count; l++)
        longest = fmax(longest, axes_text_width(cr, label_size, plot->levels[l].label));
    struct axes axes = {
        .left = 100, .top = 56, .right = WIDTH - 80 - fmin(longest, 260), .bottom = HEIGHT - 76};
    lines_range(plot, &axes);
    return axes;
}

static void draw_lines(cairo_t *cr, const void *data)
{
    const struct plot_lines *plot = data;
    struct axes axes = lines_axes(cr, plot);
    cairo_set_line_join(cr, CAIRO_LINE_JOIN_ROUND);
    axes_draw_grid(cr, &axes);
    for (size_t c = 0; c < plot->curve_count; c++)
        draw_band(cr, &axes, &plot->curves[c], c);
    for (size_t l = 0; l < plot->level_count; l++)
        if (isfinite(plot->levels[l].y)) {
            double y = axes_y(&axes, plot->levels[l].y);
            pen_line(cr, plot->curve_count + l, 1.5);
            axes_line(cr, axes.left, y, axes.right, y);
        }
    for (size_t c = 0; c < plot->curve_count; c++)
        draw_curve(cr, &axes, &plot->curves[c], c);
    pen_ink(cr);
    axes_draw_frame(cr, &axes);
    draw_titles(cr, &axes, plot->title, plot->y_label);
    axes_text(cr, (axes.left + axes.right) / 2, axes.bottom + 48, 0.5, label_size, plot->x_label);
    struct margin_label label[PLOT_MAX_LINES];
    draw_margin(cr, &axes, label, margin_labels(plot, &axes, label));
}

static void tell_lines(FILE *out, const void *data)
{
    const struct plot_lines *plot = data;
    char text[AXES_TEXT];
    fprintf(out, "%s by ", axes_plain(plot->y_label, text));
    fprintf(out, "%s.", axes_plain(plot->x_label, text));
    for (size_t c = 0; c < plot->curve_count; c++) {
        const struct plot_curve *curve = &plot->curves[c];
        size_t last = last_of(curve);
        fprintf(out, " %s", axes_plain(curve->label, text));
        if (last > 0)
            fprintf(out, ": %.4g at %.6g", curve->y[last - 1], curve->x[last - 1]);
        fputc('.', out);
    }
    for (size_t l = 0; l < plot->level_count; l++)
        if (isfinite(plot->levels[l].y))
            fprintf(out, " %s: %.4g.", axes_plain(plot->levels[l].label, text), plot->levels[l].y);
}

struct panels {
    const struct plot_lines *plot;
    size_t count;
};

static void draw_panels(cairo_t *cr, const void *data)
{
    const struct panels *panels = data;
    for (size_t k = 0; k < panels->count; k++) {
        cairo_save(cr);
        cairo_translate(cr, 0, HEIGHT * (double)k);
        draw_lines(cr, &panels->plot[k]);
        cairo_restore(cr);
    }
}

static void tell_panels(FILE *out, const void *data)
{
    const struct panels *panels = data;
    for (size_t k = 0; k < panels->count; k++) {
        fputs(k ? " " : "", out);
        tell_lines(out, &panels->plot[k]);
    }
}

int plot_panels(const char *path, const struct plot_lines *plot, size_t count, struct error *error)
{
    if (count == 0 || count > PLOT_MAX_PANELS)
        return error_set(error, "%s: %zu panels, expected 1 to %d", path, count, PLOT_MAX_PANELS);
    for (size_t k = 0; k < count; k++) {
        size_t points = 0;
        for (size_t c = 0; c < plot[k].curve_count; c++)
            points += plot[k].curves[c].count;
        if (points == 0)
            return error_set(error, "%s: nothing to plot", path);
        if (plot[k].curve_count + plot[k].level_count > PLOT_MAX_LINES)
            return error_set(error, "%s: more than %d lines in one plot", path, PLOT_MAX_LINES);
    }
    const struct panels panels = {plot, count};
    const struct sketch sketch = {draw_panels, tell_panels, plot->title, &panels, count};
    return draw(path, &sketch, error);
}

int plot_lines(const char *path, const struct plot_lines *plot, struct error *error)
{
    return plot_panels(path, plot, 1, error);
}

/* --- Bars --- */

/* A group's label in lines, broken after ':' and ','. */
static void draw_group_label(cairo_t *cr, const char *label, double x, double y, double size)
{
    char line[AXES_TEXT];
    for (int row = 0; *label && row < 6; row++) {
        size_t length = strcspn(label, ":,");
        snprintf(line, sizeof line, "%.*s", (int)length, label);
        axes_text(cr, x, y + row * 1.35 * size, 0.5, size, line);
        label += length + (label[length] != '\0');
    }
}

/* One row above the plot. */
static void draw_legend(cairo_t *cr, const struct axes *axes, const struct plot_bars *plot)
{
    double width = 0;
    for (size_t s = 0; s < plot->series_count; s++)
        width += 48 + axes_text_width(cr, label_size, plot->series[s].label);
    double scale = fmin(1, (axes->right - axes->left) / width), x = axes->left, y = axes->top - 24;
    for (size_t s = 0; s < plot->series_count; s++) {
        pen_colour(cr, s, 1);
        cairo_rectangle(cr, x, y - 6 * scale, 14 * scale, 12 * scale);
        cairo_fill(cr);
        pen_ink(cr);
        axes_text(cr, x + 22 * scale, y, 0, label_size * scale, plot->series[s].label);
        x += scale * (48 + axes_text_width(cr, label_size, plot->series[s].label));
    }
}

static void value_text(double value, char *text, size_t length)
{
    snprintf(text, length, fabs(value) >= 100 ? "%s%.0f" : "%s%.1f", value < 0 ? "\u2212" : "",
             fabs(value));
}

/* Figures as large as fit over a bar. */
static void draw_bar(cairo_t *cr, const struct axes *axes, double from, double to, double value,
                     size_t series)
{
    char text[32];
    double x0 = axes_x(axes, from), x1 = axes_x(axes, to);
    double zero = axes_y(axes, 0), y = axes_y(axes, value);
    pen_colour(cr, series, 1);
    cairo_rectangle(cr, x0 + 0.04 * (x1 - x0), fmin(zero, y), 0.92 * (x1 - x0), fabs(zero - y));
    cairo_fill(cr);
    pen_ink(cr);
    value_text(value, text, sizeof text);
    double size =
        fmin(value_size, value_size * (x1 - x0) / axes_text_width(cr, value_size, "100.0"));
    axes_text(cr, (x0 + x1) / 2, fmin(zero, y) - 0.4 * size - 4, 0.5, size, text);
}

static struct axes bars_axes(const struct plot_bars *plot)
{
    struct axes axes = {100, 104, WIDTH - 30, HEIGHT - 130, {0, (double)plot->group_count}, {0, 0}};
    for (size_t s = 0; s < plot->series_count; s++)
        for (size_t g = 0; g < plot->group_count; g++)
            axes_include(plot->series[s].value[g], axes.y);
    double span = axes.y[1] > axes.y[0] ? axes.y[1] - axes.y[0] : 1;
    axes.y[1] += 0.08 * span;
    axes.y[0] -= axes.y[0] < 0 ? 0.08 * span : 0;
    return axes;
}

static void draw_bars(cairo_t *cr, const void *data)
{
    const struct plot_bars *plot = data;
    struct axes axes = bars_axes(plot);
    /* A bar's share of its group; with few groups no broader than looks like a bar. */
    double bar = fmin(0.8 / (double)plot->series_count, 0.07 * (double)plot->group_count);
    double margin = (1 - bar * (double)plot->series_count) / 2;
    double size = fmin(value_size, 190.0 / (double)plot->group_count);
    axes_draw_grid(cr, &axes);
    for (size_t s = 0; s < plot->series_count; s++)
        for (size_t g = 0; g < plot->group_count; g++) {
            double value = plot->series[s].value[g], from = (double)g + margin + bar * (double)s;
            if (isfinite(value))
                draw_bar(cr, &axes, from, from + bar, value, s);
        }
    pen_ink(cr);
    axes_draw_y(cr, &axes);
    cairo_rectangle(cr, axes.left, axes.top, 0, axes.bottom - axes.top);
    cairo_stroke(cr);
    axes_line(cr, axes.left, axes_y(&axes, 0), axes.right, axes_y(&axes, 0));
    for (size_t g = 0; g < plot->group_count; g++)
        draw_group_label(cr, plot->groups[g], axes_x(&axes, (double)g + 0.5), axes.bottom + 18,
                         size);
    draw_titles(cr, &axes, plot->title, plot->y_label);
    draw_legend(cr, &axes, plot);
}

static void tell_bars(FILE *out, const void *data)
{
    const struct plot_bars *plot = data;
    char text[AXES_TEXT];
    fprintf(out, "%s.", axes_plain(plot->y_label, text));
    for (size_t s = 0; s < plot->series_count; s++)
        for (size_t g = 0; g < plot->group_count; g++)
            if (isfinite(plot->series[s].value[g])) {
                fprintf(out, " %s, ", axes_plain(plot->series[s].label, text));
                fprintf(out, "%s: %.4g.", axes_plain(plot->groups[g], text),
                        plot->series[s].value[g]);
            }
}

int plot_bars(const char *path, const struct plot_bars *plot, struct error *error)
{
    if (plot->group_count == 0 || plot->series_count == 0)
        return error_set(error, "%s: nothing to plot", path);
    if (plot->group_count > PLOT_MAX_GROUPS || plot->series_count > PLOT_MAX_SERIES)
        return error_set(error, "%s: more than %d groups or %d kinds of bars in one plot", path,
                         PLOT_MAX_GROUPS, PLOT_MAX_SERIES);
    const struct sketch sketch = {draw_bars, tell_bars, plot->title, plot, 1};
    return draw(path, &sketch, error);
}
