/* Plots of measurements, as they would stand in a book: SVG or PNG, by the
 * ending of the file's name.
 *
 * Lines differ in colour and in dashes, see pen.h. Labels stand beside the lines
 * in a margin of their own, so that they cover nothing. An SVG also says in words
 * where each line ends and how high each bar is. The picture is made in memory
 * and written whole or not at all.
 *
 * Texts are UTF-8; all is borrowed for the call. */
#ifndef PICTURE_PLOT_H
#define PICTURE_PLOT_H

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>

enum { PLOT_MAX_LINES = 16, PLOT_MAX_PANELS = 4, PLOT_MAX_GROUPS = 24, PLOT_MAX_SERIES = 7 };

/* A curve; NaN in y breaks it. A band is drawn from low to high where both are given. */
struct plot_curve {
    const char *label;
    const double *x, *y;
    const double *low, *high; /* NULL: no band */
    size_t count;
};

/* A horizontal line across the plot, for what does not depend on x; NaN: left out. */
struct plot_level {
    const char *label;
    double y;
};

struct plot_lines {
    const char *title, *x_label, *y_label;
    const struct plot_curve *curves;
    size_t curve_count;
    const struct plot_level *levels;
    size_t level_count; /* with the curves at most PLOT_MAX_LINES */
    bool percent;       /* y never above 100: the axis ends there */
};

/* Bars side by side in groups: value[group] of each series. NaN: no bar. */
struct plot_series {
    const char *label;
    const double *value;
};

struct plot_bars {
    const char *title, *y_label;
    const char *const *groups; /* group labels; ':' and ',' begin a new line */
    size_t group_count;
    const struct plot_series *series;
    size_t series_count;
};

/* Whether a file name ends in .svg or .png, in any case; otherwise -1 and what is wrong. */
int plot_check_name(const char *path, struct error *error);

/* -1: another ending, nothing to draw, too much of it, or the file cannot be
 * written; whatever stood there is untouched. */
int plot_lines(const char *path, const struct plot_lines *plot, struct error *error);

/* Several plots one below the other, each with its own axes. */
int plot_panels(const char *path, const struct plot_lines *panels, size_t count,
                struct error *error);

int plot_bars(const char *path, const struct plot_bars *plot, struct error *error);

#endif
