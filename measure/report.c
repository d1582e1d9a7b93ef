/* Columns, in the order of report_score's cells. */
#include "measure/report.h"

static const struct table_column columns[] = {
    {"file", "file", -1},
    {"mode", "mode", -1},
    {"errors", "errors", -1},
    {"notes", "notes", 0},
    {"exact_played", "exact: played", 1},
    {"exact", "sent", 1},
    {"sets_played", "sets: played", 1},
    {"sets", "sent", 1},
    {"repaired", "repaired", 1},
    {"kept", "kept", 1},
    {"net_change", "net change", 1},
    {"added_right", "added", 1},
    {"harmless_played", NULL, 1},
    {"harmless", "harmless", 1},
    {"harmless_wrong", NULL, 1},
    {"sets_same_played", NULL, 1},
    {"sets_same", NULL, 1},
    {"distance_played", "W: played", 2},
    {"distance", "sent", 2},
    {"improvement", "IM", 1},
    {"microseconds_p50", "µs: p50", 1},
    {"microseconds_p99", "p99", 1},
    {"microseconds_max", "max", 1},
    {"n_files", NULL, 0},
    {"n_truth", NULL, 0},
    {"n_meant", NULL, 0},
    {"n_added", NULL, 0},
    {"n_sets", NULL, 0},
    {"n_slots", NULL, 0},
    {"n_right_played", NULL, 0},
    {"n_right", NULL, 0},
    {"n_repaired", NULL, 0},
    {"n_kept", NULL, 0},
    {"n_sets_right_played", NULL, 0},
    {"n_sets_right", NULL, 0},
    {"n_sets_same_played", NULL, 0},
    {"n_sets_same", NULL, 0},
    {"n_added_right_played", NULL, 0},
    {"n_added_right", NULL, 0},
    {"n_off_played", NULL, 0},
    {"n_off", NULL, 0},
    {"n_harmless_played", NULL, 0},
    {"n_harmless", NULL, 0},
};

struct table *report_scores(struct error *error)
{
    return table_create(columns, sizeof columns / sizeof *columns, error);
}

void report_score(struct table *table, const char *what, const char *mode, const char *errors,
                  const struct accuracy *score)
{
    struct accuracy_figures f = accuracy_figures(score);
    const struct accuracy_tally *played = &score->played, *sent = &score->sent;
    const double numbers[] = {
        (double)(score->meant + score->added),
        f.exact_played,
        f.exact,
        f.sets_played,
        f.sets,
        f.repaired,
        f.kept,
        f.net_change,
        f.added,
        f.harmless_played,
        f.harmless,
        f.harmless_wrong,
        f.same_played,
        f.same,
        f.distance_played,
        f.distance,
        f.improvement,
        f.p50,
        f.p99,
        f.longest,
        (double)score->files,
        (double)score->truth,
        (double)score->meant,
        (double)score->added,
        (double)score->sets,
        (double)score->slots,
        (double)played->right,
        (double)sent->right,
        (double)score->repaired,
        (double)score->kept,
        (double)played->sets_right,
        (double)sent->sets_right,
        (double)played->sets_same,
        (double)sent->sets_same,
        (double)played->added_right,
        (double)sent->added_right,
        (double)played->off,
        (double)sent->off,
        (double)played->harmless,
        (double)sent->harmless,
    };
    table_text(table, what);
    table_text(table, mode);
    table_text(table, errors);
    for (size_t k = 0; k < sizeof numbers / sizeof *numbers; k++)
        table_number(table, numbers[k]);
    _Static_assert(sizeof columns / sizeof *columns == 3 + sizeof numbers / sizeof *numbers,
                   "a number for each column");
}
