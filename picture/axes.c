/* Ticks stand inside the frame, major ones twice as long. A number's digits
 * follow from its own size, so a label never says more than the step does. */
#include "picture/axes.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static const double tick_length = 8, number_size = 13;

double axes_x(const struct axes *axes, double value)
{
    double share = (value - axes->x[0]) / (axes->x[1] - axes->x[0]);
    return axes->left + share * (axes->right - axes->left);
}

double axes_y(const struct axes *axes, double value)
{
    double share = (value - axes->y[0]) / (axes->y[1] - axes->y[0]);
    return axes->bottom + share * (axes->top - axes->bottom);
}

void axes_include(double value, double range[2])
{
    if (isfinite(value)) {
        range[0] = fmin(range[0], value);
        range[1] = fmax(range[1], value);
    }
}

void axes_widen(double range[2])
{
    double span = range[1] - range[0];
    if (!(span > 0))
        span = fabs(range[1]) > 0 ? fabs(range[1]) : 1;
    range[0] -= 0.05 * span;
    range[1] += 0.05 * span;
}

double axes_step(const double range[2], double most)
{
    double least = (range[1] - range[0]) / most;
    double power = pow(10, floor(log10(least)));
    double times = least / power;
    return power * (times <= 1 ? 1 : times <= 2 ? 2 : times <= 5 ? 5 : 10);
}

/* Bytes of the UTF-8 character at text; 0: not one, or a control character. */
static size_t character_length(const unsigned char *text)
{
    size_t length = text[0] < 0x80   ? 1
                    : text[0] < 0xc2 ? 0
                    : text[0] < 0xe0 ? 2
                    : text[0] < 0xf0 ? 3
                    : text[0] < 0xf5 ? 4
                                     : 0;
    for (size_t k = 1; k < length; k++)
        if ((text[k] & 0xc0) != 0x80)
            return 0;
    /* Too long a form, half of a pair, beyond the last character. */
    if ((text[0] == 0xe0 && text[1] < 0xa0) || (text[0] == 0xed && text[1] > 0x9f) ||
        (text[0] == 0xf0 && text[1] < 0x90) || (text[0] == 0xf4 && text[1] > 0x8f))
        return 0;
    return text[0] < ' ' || text[0] == 0x7f ? 0 : length;
}

const char *axes_plain(const char *text, char out[AXES_TEXT])
{
    size_t n = 0;
    while (*text && n + 4 < AXES_TEXT) {
        size_t length = character_length((const unsigned char *)text);
        if (length == 0)
            out[n++] = '?';
        memcpy(out + n, text, length);
        n += length;
        text += length ? length : 1;
    }
    out[n] = '\0';
    return out;
}

static void use_font(cairo_t *cr, double size)
{
    cairo_select_font_face(cr, "sans-serif", CAIRO_FONT_SLANT_NORMAL, CAIRO_FONT_WEIGHT_NORMAL);
    cairo_set_font_size(cr, size);
}

static double advance(cairo_t *cr, const char *plain)
{
    cairo_text_extents_t extents;
    cairo_text_extents(cr, plain, &extents);
    return extents.x_advance;
}

double axes_text_width(cairo_t *cr, double size, const char *text)
{
    char plain[AXES_TEXT];
    use_font(cr, size);
    return advance(cr, axes_plain(text, plain));
}

void axes_text(cairo_t *cr, double x, double y, double align, double size, const char *text)
{
    char plain[AXES_TEXT];
    use_font(cr, size);
    axes_plain(text, plain);
    /* Capitals are about .72 of the size high. */
    cairo_move_to(cr, x - align * advance(cr, plain), y + 0.36 * size);
    cairo_show_text(cr, plain);
    cairo_new_path(cr);
}

void axes_upward(cairo_t *cr, double x, double y, double align, double size, const char *text)
{
    cairo_save(cr);
    cairo_translate(cr, x, y);
    cairo_rotate(cr, -M_PI / 2);
    axes_text(cr, 0, 0, align, size, text);
    cairo_restore(cr);
}

void axes_line(cairo_t *cr, double x0, double y0, double x1, double y1)
{
    cairo_move_to(cr, x0, y0);
    cairo_line_to(cr, x1, y1);
    cairo_stroke(cr);
}

static void number_text(double value, double step, char *text, size_t length)
{
    double size = fabs(value);
    const char *sign = value < 0 ? "\u2212" : "";
    if (size < step / 1000)
        snprintf(text, length, "0");
    else if (size >= 1e6)
        snprintf(text, length, "%s%.4g M", sign, size / 1e6);
    else if (size >= 1e4)
        snprintf(text, length, "%s%.4g k", sign, size / 1e3);
    else
        snprintf(text, length, "%s%.4g", sign, size);
}

/* The parts that a step is divided into by short ticks: fours of a 2, fives of a 1 or 5. */
static int parts(double step)
{
    double first = step / pow(10, floor(log10(step) + 1e-9));
    return first > 1.5 && first < 2.5 ? 4 : 5;
}

/* Multiples of a step that lie in a range. */
struct ticks {
    long first, last;
};

static struct ticks ticks_of(const double range[2], double step)
{
    return (struct ticks){(long)ceil(range[0] / step), (long)floor(range[1] / step)};
}

static double x_ticks(const struct axes *axes)
{
    return axes_step(axes->x, (axes->right - axes->left) / 70);
}

static double y_ticks(const struct axes *axes)
{
    return axes_step(axes->y, (axes->bottom - axes->top) / 45);
}

void axes_draw_grid(cairo_t *cr, const struct axes *axes)
{
    double step = y_ticks(axes);
    cairo_set_source_rgb(cr, 0.85, 0.85, 0.85);
    cairo_set_line_width(cr, 0.7);
    struct ticks ticks = ticks_of(axes->y, step);
    for (long n = ticks.first; n <= ticks.last; n++) {
        double y = axes_y(axes, (double)n * step);
        axes_line(cr, axes->left, y, axes->right, y);
    }
}

void axes_draw_y(cairo_t *cr, const struct axes *axes)
{
    double step = y_ticks(axes);
    int count = parts(step);
    char text[32];
    cairo_set_source_rgb(cr, 0, 0, 0);
    cairo_set_line_width(cr, 1);
    struct ticks ticks = ticks_of(axes->y, step / count);
    for (long n = ticks.first; n <= ticks.last; n++) {
        double value = (double)n * step / count, y = axes_y(axes, value);
        bool major = n % count == 0;
        double length = major ? tick_length : tick_length / 2;
        axes_line(cr, axes->left, y, axes->left + length, y);
        if (!major)
            continue;
        number_text(value, step, text, sizeof text);
        axes_text(cr, axes->left - 8, y, 1, number_size, text);
    }
}

static void draw_x(cairo_t *cr, const struct axes *axes)
{
    double step = x_ticks(axes);
    int count = parts(step);
    char text[32];
    struct ticks ticks = ticks_of(axes->x, step / count);
    for (long n = ticks.first; n <= ticks.last; n++) {
        double value = (double)n * step / count, x = axes_x(axes, value);
        bool major = n % count == 0;
        double length = major ? tick_length : tick_length / 2;
        axes_line(cr, x, axes->bottom, x, axes->bottom - length);
        if (!major)
            continue;
        number_text(value, step, text, sizeof text);
        axes_text(cr, x, axes->bottom + 16, 0.5, number_size, text);
    }
}

void axes_draw_frame(cairo_t *cr, const struct axes *axes)
{
    axes_draw_y(cr, axes);
    draw_x(cr, axes);
    axes_line(cr, axes->left, axes->bottom, axes->right, axes->bottom);
    axes_line(cr, axes->left, axes->bottom, axes->left, axes->top);
}
