/* A page is opened on a memory stream, which PLplot closes; what it holds then
 * goes to the file. PLplot ends the program where it meets an error; its exit
 * handler jumps back here instead. */
#include "measure/plot.h"

#include "base/outfile.h"

#include <math.h>
#include <plplot/plplot.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { WIDTH = 960, HEIGHT = 600, PNG_SCALE = 2, TEXT = 256 };

/* Colours 0 and 1 are paper and ink, then Okabe and Ito's; the yellow of their
 * palette is too pale for a line on white and gives way to their black; a
 * grey follows. */
enum { DASHES = 7, PAPER = 0, INK, GREY, FIRST_COLOUR, COLOURS = 8 };

static const unsigned char palette[FIRST_COLOUR + COLOURS][3] = {
    {255, 255, 255}, {0, 0, 0},      {200, 200, 200}, {0, 114, 178}, {213, 94, 0},    {0, 158, 115},
    {204, 121, 167}, {86, 180, 233}, {230, 159, 0},   {0, 0, 0},     {120, 120, 120},
};

/* Lengths of dashes and gaps, in micrometres; the first is a full line. */
static const struct {
    PLINT count, mark[2], space[2];
} dashes[DASHES] = {{0, {0}, {0}},       {1, {2400}, {1200}},
                    {1, {600}, {900}},   {2, {2400, 600}, {900, 900}},
                    {1, {4500}, {1200}}, {2, {4500, 600}, {900, 900}},
                    {1, {3000}, {2400}}};

static jmp_buf on_exit_jump;
static char complaint[256];
static double pen = 1; /* pixels a point */

static int handle_exit(PLCHAR_VECTOR message)
{
    snprintf(complaint, sizeof complaint, "%s", message);
    longjmp(on_exit_jump, 1);
}

static void handle_abort(PLCHAR_VECTOR message)
{
    snprintf(complaint, sizeof complaint, "%s", message);
}

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define LEAKS_ARE_LOOKED_FOR
#endif
#elif defined(__SANITIZE_ADDRESS__)
#define LEAKS_ARE_LOOKED_FOR
#endif

#ifdef LEAKS_ARE_LOOKED_FOR
/* What the libraries under PLplot keep until the process ends is not ours to free. */
const char *__lsan_default_suppressions(void);
__attribute__((weak)) const char *__lsan_default_suppressions(void)
{
    return "leak:libfontconfig\nleak:libltdl\nleak:libpango\nleak:libcairo\nleak:libplplot\n"
           "leak:libglib\nleak:libgobject\n";
}
#endif

static const char *device_of(const char *path)
{
    size_t length = strlen(path);
    if (length > 4 && strcasecmp(path + length - 4, ".svg") == 0)
        return "svgcairo";
    if (length > 4 && strcasecmp(path + length - 4, ".png") == 0)
        return "pngcairo";
    return NULL;
}

int plot_check_name(const char *path, struct error *error)
{
    if (!device_of(path))
        return error_set(error, "%s: expected a plot's name to end in .svg or .png", path);
    return 0;
}

/* Asked for a device that it does not have, PLplot would ask back on the terminal. */
static bool has_device(const char *wanted)
{
    const char *names[64], *titles[64];
    const char **name = names, **title = titles;
    int count = 64;
    memset(names, 0, sizeof names);
    plgFileDevs(&title, &name, &count);
    for (int k = 0; k < count && name[k]; k++)
        if (strcmp(name[k], wanted) == 0)
            return true;
    return false;
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
    return text[0] < ' ' || text[0] == 0x7f ? 0 : length;
}

/* A text for PLplot, to which # is an escape; what is not UTF-8 becomes '?'. */
static const char *plain(const char *text, char out[TEXT])
{
    size_t n = 0;
    while (*text && n + 5 < TEXT) {
        size_t length = character_length((const unsigned char *)text);
        if (length == 0)
            out[n++] = '?';
        if (*text == '#')
            out[n++] = '#';
        memcpy(out + n, text, length);
        n += length;
        text += length ? length : 1;
    }
    out[n] = '\0';
    return out;
}

static double characters(const char *text)
{
    double count = 0;
    for (; *text; text++)
        count += (*text & 0xc0) != 0x80;
    return count;
}

static void draw_title(const char *title, double above)
{
    char text[TEXT];
    plschr(0, 1.15 * fmin(1, 66 / characters(title)));
    plmtex("t", above, 0, 0, plain(title, text));
}

static void page_open(FILE *stream, const char *device)
{
    int scale = strcmp(device, "pngcairo") == 0 ? PNG_SCALE : 1;
    pen = scale;
    plsetopt("drvopt", "text_clipping=0");
    plsdev(device);
    plsfile(stream);
    plspage(0, 0, WIDTH * scale, HEIGHT * scale, 0, 0);
    for (int k = 0; k < FIRST_COLOUR + COLOURS; k++) {
        if (k == 0)
            plscmap0n(FIRST_COLOUR + 2 * COLOURS);
        plscol0(k, palette[k][0], palette[k][1], palette[k][2]);
        if (k >= FIRST_COLOUR) /* the same, thin: bands */
            plscol0a(k + COLOURS, palette[k][0], palette[k][1], palette[k][2], 0.22);
    }
    plinit();
    plfontld(1);
    plsfont(PL_FCI_SANS, PL_FCI_UPRIGHT, PL_FCI_MEDIUM);
    pladv(0);
}

/* Runs a drawing function on a fresh page and writes what it drew. */
static int draw(const char *path, void (*function)(const void *), const void *plot,
                struct error *error)
{
    if (plot_check_name(path, error) != 0)
        return -1;
    const char *device = device_of(path);
    char *bytes = NULL;
    size_t length = 0;
    FILE *stream = open_memstream(&bytes, &length);
    if (!stream)
        return error_set(error, "%s: out of memory", path);
    complaint[0] = '\0';
    plsexit(handle_exit);
    plsabort(handle_abort);
    if (setjmp(on_exit_jump) != 0)
        /* PLplot may still hold the stream: it is left to it, with its bytes. */
        return error_set(error, "%s: cannot plot: %s", path, complaint);
    if (!has_device(device)) {
        fclose(stream);
        free(bytes);
        return error_set(error, "%s: PLplot has no %s device; install plplot-driver-cairo", path,
                         device);
    }
    page_open(stream, device);
    function(plot);
    plend(); /* closes the stream */
    int result = -1;
    if (complaint[0])
        error_set(error, "%s: cannot plot: %s", path, complaint);
    else if (!bytes || length == 0)
        error_set(error, "%s: cannot plot: PLplot drew nothing", path);
    else
        result = outfile_write(path, bytes, length, error);
    free(bytes);
    return result;
}

static void include(double value, double range[2])
{
    if (isfinite(value)) {
        range[0] = fmin(range[0], value);
        range[1] = fmax(range[1], value);
    }
}

/* Room around the values, so that nothing lies on the frame. */
static void widen(double range[2])
{
    double span = range[1] - range[0];
    if (!(span > 0))
        span = fabs(range[1]) > 0 ? fabs(range[1]) : 1;
    range[0] -= 0.05 * span;
    range[1] += 0.05 * span;
}

/* Tick labels of x: 250, 20 k, 1.5 M. */
static void tick_label(PLINT axis, PLFLT value, char *text, PLINT length, PLPointer data)
{
    (void)axis;
    (void)data;
    double size = fabs(value);
    if (size < 1e-12)
        value = 0;
    if (size >= 1e6)
        snprintf(text, (size_t)length, "%g M", value / 1e6);
    else if (size >= 1e4)
        snprintf(text, (size_t)length, "%g k", value / 1e3);
    else
        snprintf(text, (size_t)length, "%.4g", value);
    if (text[0] == '-') { /* a proper minus sign */
        char rest[40];
        snprintf(rest, sizeof rest, "%s", text + 1);
        snprintf(text, (size_t)length, "\u2212%s", rest);
    }
}

static void use_line(int index, double width)
{
    /* The first line is full, the others take turns. */
    int style = index == 0 ? 0 : 1 + (index - 1) % (DASHES - 1);
    plcol0(FIRST_COLOUR + index % COLOURS);
    plwidth(width * pen);
    PLINT mark[2], space[2];
    for (int k = 0; k < 2; k++) {
        mark[k] = (PLINT)(dashes[style].mark[k] * pen);
        space[k] = (PLINT)(dashes[style].space[k] * pen);
    }
    plstyl(dashes[style].count, mark, space);
}

static void full_line(void)
{
    plstyl(0, NULL, NULL);
    plwidth(pen);
    plcol0(INK);
}

static void draw_band(const struct plot_curve *curve, int index)
{
    PLFLT *x = malloc(4 * curve->count * sizeof *x);
    if (!x || !curve->low || !curve->high) {
        free(x);
        return;
    }
    PLFLT *y = x + 2 * curve->count;
    plcol0(FIRST_COLOUR + COLOURS + index % COLOURS);
    for (size_t from = 0; from < curve->count;) {
        size_t n = 0;
        while (from + n < curve->count && isfinite(curve->low[from + n]) &&
               isfinite(curve->high[from + n]))
            n++;
        for (size_t k = 0; k < n; k++) {
            x[k] = x[2 * n - 1 - k] = curve->x[from + k];
            y[k] = curve->low[from + k];
            y[2 * n - 1 - k] = curve->high[from + k];
        }
        if (n > 1)
            plfill((PLINT)(2 * n), x, y);
        from += n + 1;
    }
    free(x);
}

static void draw_curve(const struct plot_curve *curve, int index)
{
    use_line(index, 2.5);
    for (size_t from = 0; from < curve->count;) {
        size_t n = 0;
        while (from + n < curve->count && isfinite(curve->y[from + n]))
            n++;
        if (n > 1)
            plline((PLINT)n, curve->x + from, curve->y + from);
        /* Points are shown where they can be told apart. */
        if (n == 1 || (n > 0 && curve->count <= 40)) {
            plstyl(0, NULL, NULL);
            plssym(0, 0.7);
            plstring((PLINT)n, curve->x + from, curve->y + from, "•");
            use_line(index, 2.5);
        }
        from += n + 1;
    }
    full_line();
}

/* Where the plot stands on the page, in shares of it; right of it are labels. */
struct frame {
    double left, right, bottom, top;
    double label_characters; /* of the longest label */
};

enum { LABEL_CHARACTERS = 28 }; /* longer labels are set smaller */

static struct frame frame_of(const struct plot_lines *plot)
{
    double longest = 1;
    for (size_t c = 0; c < plot->curve_count; c++)
        longest = fmax(longest, characters(plot->curves[c].label));
    for (size_t l = 0; l < plot->level_count; l++)
        longest = fmax(longest, characters(plot->levels[l].label));
    double margin = 0.075 + 0.0105 * fmin(longest, LABEL_CHARACTERS);
    return (struct frame){0.112, 1 - margin, 0.13, 0.91, longest};
}

struct margin_label {
    const char *text;
    int index;
    double at, y; /* where the line ends; where the label stands */
};

static int by_height(const void *left, const void *right)
{
    const struct margin_label *a = left, *b = right;
    if (a->at != b->at)
        return a->at < b->at ? -1 : 1;
    return a->index - b->index;
}

/* Labels keep a line's height apart: those too close are pushed up, then the
 * whole stack back down below the top. */
static void spread(struct margin_label *label, size_t count, const double range[2], double apart)
{
    qsort(label, count, sizeof *label, by_height);
    for (size_t pass = 0; pass < 2 * count; pass++)
        for (size_t k = 1; k < count; k++) {
            double short_by = apart - (label[k].y - label[k - 1].y);
            if (short_by > 0) {
                label[k].y += short_by / 2;
                label[k - 1].y -= short_by / 2;
            }
        }
    double bottom = range[0] + apart / 2;
    for (size_t k = 0; k < count; k++, bottom += apart)
        label[k].y = fmax(label[k].y, bottom);
    double top = range[1] - apart / 2;
    for (size_t k = count; k-- > 0; top -= apart)
        label[k].y = fmin(label[k].y, top);
}

/* The margin to the right of the plot: from each line's end a thin lead to its label. */
static void draw_margin(struct margin_label *label, size_t count, const double range[2],
                        const struct frame *frame)
{
    /* Half a line more than the text is high, as a share of the axis. */
    double apart = fmin(0.052, 1.0 / (double)(count ? count : 1)) * (range[1] - range[0]);
    spread(label, count, range, apart);
    plvpor(frame->right, 1, frame->bottom, frame->top);
    plwind(0, 1 - frame->right, range[0], range[1]);
    plschr(0, 0.85 * fmin(1, LABEL_CHARACTERS / frame->label_characters));
    for (size_t k = 0; k < count; k++) {
        char text[TEXT];
        PLFLT x[3] = {0.002, 0.018, 0.058}, y[3] = {label[k].at, label[k].y, label[k].y};
        plcol0(GREY);
        plwidth(pen);
        plline(2, x, y);
        use_line(label[k].index, 2.5);
        plline(2, x + 1, y + 1);
        full_line();
        plptex(0.064, label[k].y, 1, 0, 0, plain(label[k].text, text));
    }
}

static void lines_range(const struct plot_lines *plot, double x[2], double y[2])
{
    x[0] = y[0] = INFINITY;
    x[1] = y[1] = -INFINITY;
    for (size_t c = 0; c < plot->curve_count; c++) {
        const struct plot_curve *curve = &plot->curves[c];
        for (size_t k = 0; k < curve->count; k++) {
            include(curve->x[k], x);
            include(curve->y[k], y);
            if (curve->low && curve->high) {
                include(curve->low[k], y);
                include(curve->high[k], y);
            }
        }
    }
    for (size_t l = 0; l < plot->level_count; l++)
        include(plot->levels[l].y, y);
    if (!(x[0] <= x[1]))
        x[0] = 0, x[1] = 1;
    if (!(y[0] <= y[1]))
        y[0] = 0, y[1] = 1;
}

static void draw_lines(const void *data)
{
    const struct plot_lines *plot = data;
    struct frame frame = frame_of(plot);
    char text[TEXT];
    double x[2], y[2];
    lines_range(plot, x, y);
    double highest = y[1];
    if (x[0] == x[1])
        widen(x);
    widen(y);
    if (plot->percent && highest <= 100)
        y[1] = fmin(y[1], 100.0 + 0.01 * (y[1] - y[0]));

    plschr(0, 1);
    plvpor(frame.left, frame.right, frame.bottom, frame.top);
    plwind(x[0], x[1], y[0], y[1]);
    for (size_t c = 0; c < plot->curve_count; c++)
        draw_band(&plot->curves[c], (int)c);
    plcol0(GREY);
    plwidth(0.5 * pen);
    plbox("", 0, 0, "g", 0, 0);
    struct margin_label label[PLOT_MAX_LINES];
    size_t labels = 0;
    for (size_t l = 0; l < plot->level_count; l++) {
        double at = plot->levels[l].y;
        int index = (int)(plot->curve_count + l);
        if (!isfinite(at))
            continue;
        use_line(index, 1.5);
        pljoin(x[0], at, x[1], at);
        label[labels++] = (struct margin_label){plot->levels[l].label, index, at, at};
    }
    for (size_t c = 0; c < plot->curve_count; c++) {
        const struct plot_curve *curve = &plot->curves[c];
        draw_curve(curve, (int)c);
        size_t last = curve->count;
        while (last > 0 && !isfinite(curve->y[last - 1]))
            last--;
        if (last > 0)
            label[labels++] =
                (struct margin_label){curve->label, (int)c, curve->y[last - 1], curve->y[last - 1]};
    }
    full_line();
    plslabelfunc(tick_label, NULL);
    plbox("bnoti", 0, 0, "bnotiv", 0, 0);
    plslabelfunc(NULL, NULL);
    plmtex("b", 3.2, 0.5, 0.5, plain(plot->x_label, text));
    plmtex("l", 5.6, 0.5, 0.5, plain(plot->y_label, text));
    draw_title(plot->title, 1.2);
    draw_margin(label, labels, y, &frame);
}

int plot_lines(const char *path, const struct plot_lines *plot, struct error *error)
{
    size_t points = 0;
    for (size_t c = 0; c < plot->curve_count; c++)
        points += plot->curves[c].count;
    if (points == 0)
        return error_set(error, "%s: nothing to plot", path);
    if (plot->curve_count + plot->level_count > PLOT_MAX_LINES)
        return error_set(error, "%s: more than %d lines in one plot", path, PLOT_MAX_LINES);
    return draw(path, draw_lines, plot, error);
}

/* A group's label in lines, broken after ':' and ','. */
static void draw_group_label(const char *label, double x, double base, double step)
{
    char line[TEXT], text[TEXT];
    for (int row = 0; *label && row < 6; row++) {
        size_t length = strcspn(label, ":,");
        size_t used = length < sizeof line - 1 ? length : sizeof line - 1;
        memcpy(line, label, used);
        line[used] = '\0';
        plptex(x, base - row * step, 1, 0, 0.5, plain(line, text));
        label += length + (label[length] != '\0');
    }
}

static void draw_bar(double from, double to, double value, int series)
{
    PLFLT x[4] = {from, from, to, to}, y[4] = {0, value, value, 0};
    plcol0(FIRST_COLOUR + series);
    plfill(4, x, y);
}

static void draw_values(const struct plot_bars *plot, double bar, double margin, double rise)
{
    char text[32];
    /* Figures as large as fit over a bar. */
    plschr(0, fmin(0.75, 0.85 * 14 * bar / (double)plot->group_count));
    for (size_t s = 0; s < plot->series_count; s++)
        for (size_t g = 0; g < plot->group_count; g++) {
            double value = plot->series[s].value[g];
            double x = (double)g + margin + bar * ((double)s + 0.5);
            if (!isfinite(value))
                continue;
            snprintf(text, sizeof text, fabs(value) >= 100 ? "%.0f" : "%.1f", value);
            plptex(x, fmax(value, 0) + rise, 1, 0, 0.5, text);
        }
}

/* One row above the plot, each entry as wide as its text. */
static void draw_bar_legend(const struct plot_bars *plot)
{
    char text[TEXT];
    plvpor(0.112, 0.97, 0.835, 0.895);
    plwind(0, 1, 0, 1);
    plschr(0, 0.9);
    double x = 0;
    for (size_t s = 0; s < plot->series_count; s++) {
        PLFLT bx[4] = {x, x, x + 0.018, x + 0.018}, by[4] = {0.3, 0.75, 0.75, 0.3};
        plcol0(FIRST_COLOUR + (PLINT)s);
        plfill(4, bx, by);
        plcol0(INK);
        plain(plot->series[s].label, text);
        plptex(x + 0.026, 0.5, 1, 0, 0, text);
        x += 0.055 + 0.0125 * (double)strlen(text);
    }
}

static void draw_bars(const void *data)
{
    const struct plot_bars *plot = data;
    char text[TEXT];
    double y[2] = {0, 0};
    for (size_t s = 0; s < plot->series_count; s++)
        for (size_t g = 0; g < plot->group_count; g++)
            include(plot->series[s].value[g], y);
    double span = y[1] > y[0] ? y[1] - y[0] : 1;
    y[1] += 0.08 * span;
    y[0] -= y[0] < 0 ? 0.08 * span : 0;
    /* A bar's share of its group; with few groups no broader than looks like a bar. */
    double bar = fmin(0.8 / (double)plot->series_count, 0.07 * (double)plot->group_count);
    double margin = (1 - bar * (double)plot->series_count) / 2;

    plschr(0, 1);
    plvpor(0.112, 0.97, 0.25, 0.83);
    plwind(0, (double)plot->group_count, y[0], y[1]);
    plcol0(GREY);
    plwidth(0.5 * pen);
    plbox("", 0, 0, "g", 0, 0);
    for (size_t s = 0; s < plot->series_count; s++)
        for (size_t g = 0; g < plot->group_count; g++) {
            double value = plot->series[s].value[g], from = (double)g + margin + bar * (double)s;
            if (isfinite(value))
                draw_bar(from + 0.04 * bar, from + 0.96 * bar, value, (int)s);
        }
    full_line();
    plslabelfunc(tick_label, NULL);
    plbox("b", 0, 0, "bnotiv", 0, 1);
    plslabelfunc(NULL, NULL);
    pljoin(0, 0, (double)plot->group_count, 0);
    plmtex("l", 5.6, 0.5, 0.5, plain(plot->y_label, text));
    draw_title(plot->title, 3.6);
    draw_values(plot, bar, margin, 0.025 * (y[1] - y[0]));

    /* The page below the axis, in shares of its height. */
    plvpor(0.112, 0.97, 0, 0.25);
    plwind(0, (double)plot->group_count, 0, 1);
    plschr(0, fmin(0.9, 9.0 / (double)plot->group_count));
    for (size_t g = 0; g < plot->group_count; g++)
        draw_group_label(plot->groups[g], (double)g + 0.5, 0.84, 0.165);
    draw_bar_legend(plot);
}

int plot_bars(const char *path, const struct plot_bars *plot, struct error *error)
{
    if (plot->group_count == 0 || plot->series_count == 0)
        return error_set(error, "%s: nothing to plot", path);
    if (plot->group_count > PLOT_MAX_GROUPS || plot->series_count > PLOT_MAX_SERIES)
        return error_set(error, "%s: more than %d groups or %d kinds of bars in one plot", path,
                         PLOT_MAX_GROUPS, PLOT_MAX_SERIES);
    return draw(path, draw_bars, plot, error);
}
