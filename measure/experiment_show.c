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
    {"im_start_low", "by start: from", 1},
    {"im_start_high", "to", 1},
    {"distance", "W", 2},
    {"reward_of_best", "reward of best", 1},
    {"legal_moves", "legal moves", 1},
    {"exact", "exact pitches", 1},
};

struct table *experiment_table(const struct experiment *experiment, struct error *error)
{
    struct table *table = table_create(columns, sizeof columns / sizeof *columns, error);
    for (size_t k = 0; table && k < experiment->count; k++) {
        const struct experiment_row *row = &experiment->rows[k];
        table_text(table, row->name);
        table_number(table, row->stage ? (double)row->steps : (double)NAN);
        table_number(table, row->im);
        table_number(table, row->im_low);
        table_number(table, row->im_high);
        table_number(table, row->im_start_low);
        table_number(table, row->im_start_high);
        table_number(table, row->distance);
        table_number(table, row->reward);
        table_number(table, row->legal);
        table_number(table, row->exact);
    }
    return table;
}

/* "SARSA +12.3", with a true minus sign. */
static void label_row(const struct experiment_row *row, char *text, size_t length)
{
    double im = fabs(row->im) < 0.05 ? 0 : row->im;
    snprintf(text, length, "%s %s%.1f", row->name, im < 0 ? "\u2212" : im > 0 ? "+" : "", fabs(im));
}

int experiment_plot(const struct experiment *experiment, const char *title, const char *path,
                    struct error *error)
{
    size_t stages = experiment->stages, levels = experiment->count - stages;
    double *x = malloc(4 * stages * sizeof *x);
    char(*labels)[EXPERIMENT_NAME + 16] = calloc(levels + 1, sizeof *labels);
    struct plot_level *level = calloc(levels + 1, sizeof *level);
    int result = -1;
    if (!x || !labels || !level) {
        error_set(error, "%s: out of memory", path);
    } else {
        double *y = x + stages, *low = y + stages, *high = low + stages;
        for (size_t k = 0; k < stages; k++) {
            x[k] = (double)experiment->rows[k].steps;
            y[k] = experiment->rows[k].im;
            low[k] = experiment->rows[k].im_low;
            high[k] = experiment->rows[k].im_high;
        }
        for (size_t k = 0; k < levels; k++) {
            label_row(&experiment->rows[stages + k], labels[k], sizeof *labels);
            level[k] = (struct plot_level){labels[k], experiment->rows[stages + k].im};
        }
        label_row(&experiment->rows[stages - 1], labels[levels], sizeof *labels);
        struct plot_curve curve = {labels[levels], x, y, low, high, stages};
        struct plot_lines plot = {.title = title,
                                  .x_label = "training, environment steps",
                                  .y_label = "IM (per cent)",
                                  .curves = &curve,
                                  .curve_count = 1,
                                  .levels = level,
                                  .level_count = levels,
                                  .percent = true};
        result = plot_lines(path, &plot, error);
    }
    free(x);
    free(labels);
    free(level);
    return result;
}
