/* The experiment as a table and as a plot. */
#include "measure/experiment.h"
#include "picture/plot.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const struct table_column columns[] = {
    {"policy", "policy", -1},
    {"steps", "steps", 0},
    {"im", "IM", 1},
    {"im_low", "5 %", 1},
    {"im_high", "95 %", 1},
    {"distance", "W", 2},
    {"reward_of_best", "reward of best", 1},
    {"legal_moves", "legal moves", 1},
    {"exact", "exact pitches", 1},
    {"exact_low", "5 %", 1},
    {"exact_high", "95 %", 1},
};

struct table *experiment_table(const struct experiment *experiment, struct error *error)
{
    struct table *table = table_create(columns, sizeof columns / sizeof *columns, error);
    for (size_t k = 0; table && k < experiment->count; k++) {
        const struct experiment_row *row = &experiment->rows[k];
        table_text(table, row->name);
        table_number(table, row->stage ? (double)row->steps : (double)NAN);
        table_number(table, row->im.mean);
        table_number(table, row->im.low);
        table_number(table, row->im.high);
        table_number(table, row->distance);
        table_number(table, row->reward);
        table_number(table, row->legal);
        table_number(table, row->exact.mean);
        table_number(table, row->exact.low);
        table_number(table, row->exact.high);
    }
    return table;
}

/* What a panel shows of a row. */
typedef struct experiment_band measure(const struct experiment_row *row);

static struct experiment_band im_of(const struct experiment_row *row)
{
    return row->im;
}

static struct experiment_band exact_of(const struct experiment_row *row)
{
    return row->exact;
}

/* "SARSA +12.3", with a true minus sign. */
static void label_row(const char *name, double value, bool sign, char *text, size_t length)
{
    value = fabs(value) < 0.05 ? 0 : value;
    snprintf(text, length, "%s %s%.1f", name,
             value < 0           ? "\u2212"
             : value > 0 && sign ? "+"
                                 : "",
             fabs(value));
}

/* A panel and the arrays that it borrows. */
struct panel {
    struct plot_curve curve;
    struct plot_level *level;
    char (*label)[EXPERIMENT_NAME + 16];
    double *x;
};

static void panel_free(struct panel *panel)
{
    free(panel->level);
    free(panel->label);
    free(panel->x);
}

static int panel_fill(struct panel *panel, const struct experiment *experiment, measure *of,
                      bool sign)
{
    size_t stages = experiment->stages, levels = experiment->count - stages;
    *panel = (struct panel){.level = calloc(levels + 1, sizeof *panel->level),
                            .label = calloc(levels + 1, sizeof *panel->label),
                            .x = calloc(4 * stages, sizeof *panel->x)};
    if (!panel->level || !panel->label || !panel->x)
        return -1;
    double *x = panel->x, *y = x + stages, *low = y + stages, *high = low + stages;
    for (size_t k = 0; k < stages; k++) {
        struct experiment_band band = of(&experiment->rows[k]);
        x[k] = (double)experiment->rows[k].steps;
        y[k] = band.mean;
        low[k] = band.low;
        high[k] = band.high;
    }
    for (size_t k = 0; k < levels; k++) {
        const struct experiment_row *row = &experiment->rows[stages + k];
        label_row(row->name, of(row).mean, sign, panel->label[k], sizeof *panel->label);
        panel->level[k] = (struct plot_level){panel->label[k], of(row).mean};
    }
    label_row("trained", y[stages - 1], sign, panel->label[levels], sizeof *panel->label);
    panel->curve = (struct plot_curve){panel->label[levels], x, y, low, high, stages};
    return 0; /* NOLINT(clang-analyzer-unix.Malloc): panel_free frees it */
}

int experiment_plot(const struct experiment *experiment, const char *title, const char *path,
                    struct error *error)
{
    struct panel im = {0}, exact = {0};
    int result = -1;
    if (panel_fill(&im, experiment, im_of, true) != 0 ||
        panel_fill(&exact, experiment, exact_of, false) != 0) {
        error_set(error, "%s: out of memory", path);
    } else {
        size_t levels = experiment->count - experiment->stages;
        const struct plot_lines panels[] = {
            {.title = title,
             .x_label = "training, beats played",
             .y_label = "IM: improvement of the pitch distribution (per cent)",
             .curves = &im.curve,
             .curve_count = 1,
             .levels = im.level,
             .level_count = levels,
             .percent = true},
            {.title = "Exact pitches of the same agent",
             .x_label = "training, beats played",
             .y_label = "exact pitches (per cent)",
             .curves = &exact.curve,
             .curve_count = 1,
             .levels = exact.level,
             .level_count = levels,
             .percent = true},
        };
        result = plot_panels(path, panels, 2, error);
    }
    panel_free(&im);
    panel_free(&exact); /* NOLINT(clang-analyzer-unix.Malloc): panels have one owner */
    return result;
}
