/* audiogenrl evaluate --snapshots: IM over the training of a policy. */
#include "measure/experiment.h"
#include "tool/evaluate.h"
#include "tool/progress.h"

#include <stdio.h>
#include <string.h>

static gint compare_names(gconstpointer a, gconstpointer b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* All .model files of a folder, sorted; NULL-terminated. */
static char **list_snapshots(const char *folder, struct error *error)
{
    GError *fault = NULL;
    GDir *dir = g_dir_open(folder, 0, &fault);
    if (!dir) {
        error_set(error, "%s: cannot read the folder: %s", folder, fault->message);
        g_error_free(fault);
        return NULL;
    }
    GPtrArray *found = g_ptr_array_new();
    for (const char *name; (name = g_dir_read_name(dir));)
        if (g_str_has_suffix(name, ".model"))
            g_ptr_array_add(found, g_build_filename(folder, name, NULL));
    g_dir_close(dir);
    g_ptr_array_sort(found, compare_names);
    g_ptr_array_add(found, NULL);
    char **paths = (char **)g_ptr_array_free(found, FALSE);
    if (paths[0])
        return paths;
    g_strfreev(paths);
    error_set(error, "%s: holds no .model; audiogenrl train --snapshots %s --every N writes them",
              folder, folder);
    return NULL;
}

struct truths {
    struct experiment_piece *pieces;
    struct take_note **notes;
    size_t count;
};

static void truths_clear(struct truths *truths)
{
    for (size_t i = 0; i < truths->count; i++)
        g_free(truths->notes[i]);
    g_free(truths->notes);
    g_free(truths->pieces);
}

static int load_truths(struct truths *truths, char *const *paths, const struct take_choice *choice,
                       const struct command_common *common, struct error *error)
{
    size_t count = g_strv_length((char **)paths);
    truths->pieces = g_new0(struct experiment_piece, count);
    truths->notes = g_new0(struct take_note *, count);
    for (; truths->count < count; truths->count++) {
        struct music *music = music_load(paths[truths->count], choice, common, error);
        if (!music)
            return -1;
        truths->notes[truths->count] = music_truth(music);
        truths->pieces[truths->count] =
            (struct experiment_piece){truths->notes[truths->count], music->take->count};
        music_free(music);
    }
    return 0;
}

static bool watch(void *context, size_t done, size_t all)
{
    progress_show(context, (double)done / (double)all, "");
    return true;
}

static json_t *describe(const struct evaluate_options *options, const struct experiment *experiment,
                        const struct table *table, struct error *error)
{
    json_t *rows = table_json(table, error);
    if (!rows)
        return NULL;
    return json_pack("{s:s, s:I, s:I, s:o, s:o}", "errors", options->specs[0].text, "repeat",
                     (json_int_t)experiment->repeats, "seed", (json_int_t)options->common.seed,
                     "best_reward", command_number(experiment->best_reward), "rows", rows);
}

static int print(const struct evaluate_options *options, const struct experiment *experiment,
                 const struct table *table)
{
    struct error error;
    printf("errors %s, %u repeats, best reward %.4f a beat\n", options->specs[0].text,
           experiment->repeats, experiment->best_reward);
    if (table_print(table, stdout, &error) != 0)
        return command_fail(&error);
    return command_flush();
}

static int plot(const struct evaluate_options *options, const struct experiment *experiment,
                struct error *error)
{
    char *title = g_strdup_printf("An agent that hears only the rhythm, over its training (%s)",
                                  options->specs[0].text);
    int status = experiment_plot(experiment, title, options->plot, error);
    g_free(title);
    return status;
}

static int tell(const struct evaluate_options *options, const struct experiment *experiment)
{
    struct error error;
    struct table *table = experiment_table(experiment, &error);
    int code = COMMAND_FAILED;
    json_t *document = NULL;
    if (!table || (options->csv && table_write_csv(table, options->csv, &error) != 0) ||
        (options->plot &&
         plot(options, experiment, &error) != 0) ||
        (options->common.json && !(document = describe(options, experiment, table, &error))))
        code = command_fail(&error);
    else if (options->common.json)
        code = command_print_json(document);
    else
        code = options->common.quiet ? COMMAND_DONE : print(options, experiment, table);
    table_free(table);
    return code;
}

static int experiment(const struct evaluate_options *options, const struct models *stages,
                      const struct truths *truths)
{
    struct error error;
    struct progress progress;
    struct experiment_settings settings = experiment_defaults();
    settings.repeats = (uint32_t)options->repeat;
    settings.seed = (uint64_t)options->common.seed;
    settings.errors = options->specs[0];
    progress_begin(&progress, "evaluating", options->common.quiet);
    struct experiment *result =
        experiment_run((const struct model *const *)stages->model, stages->count, truths->pieces,
                       truths->count, &settings, watch, &progress, &error);
    progress_end(&progress);
    int code = result ? tell(options, result) : command_fail(&error);
    experiment_free(result);
    return code;
}

int evaluate_snapshots(const struct evaluate_options *options, char *const *paths,
                       const struct take_choice *choice)
{
    struct error error;
    struct models stages = {0};
    struct truths truths = {0};
    const enum correct_mode mode = CORRECT_GENERATE;
    char **snapshots = list_snapshots(options->snapshots, &error);
    int code = COMMAND_FAILED;
    if (!snapshots ||
        models_find(&stages, snapshots, choice, &mode, 1, &options->common, &error) != 0 ||
        load_truths(&truths, paths, choice, &options->common, &error) != 0)
        command_fail(&error);
    else
        code = experiment(options, &stages, &truths);
    truths_clear(&truths);
    models_free(&stages);
    g_strfreev(snapshots);
    return code;
}
