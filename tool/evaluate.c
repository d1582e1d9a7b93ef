/* audiogenrl evaluate: how much wrong playing is put right. */
#include "tool/evaluate.h"

#include "follow/constants.h"
#include "measure/labelled.h"
#include "measure/report.h"
#include "picture/plot.h"
#include "tool/commands.h"
#include "tool/files.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { OWN_STEPS = 200000 };

static const char *const default_errors[] = {"shift:p=0.1,max=2", "shift:p=0.3,max=2",
                                             "shift:p=0.5,max=2", NULL};
static const char *const no_errors[] = {"none", NULL};

/* Every pitch wrong: what an agent that hears only the rhythm is for. */
static const char *const snapshot_errors[] = {"any:p=1,range=12", NULL};

/* --- What the options say --- */

static int read_modes(struct evaluate_options *options)
{
    bool known = options->models || options->own_models;
    const char *list = options->mode_list ? options->mode_list
                       : options->real    ? "correct"
                       : known            ? "off,scale,correct,generate"
                                          : "off,scale";
    char **words = g_strsplit(list, ",", -1);
    size_t count = g_strv_length(words);
    options->modes = g_new(enum correct_mode, count + 1);
    int code = COMMAND_GO_ON;
    for (size_t i = 0; code == COMMAND_GO_ON && i < count; i++) {
        int mode = knobs_mode(words[i]);
        if (mode < 0)
            code = command_usage("evaluate",
                                 "--modes takes off, scale, correct, generate, separated by "
                                 "commas, not '%s'",
                                 list);
        options->modes[i] = (enum correct_mode)mode;
    }
    options->mode_count = count;
    g_strfreev(words);
    return count == 0 ? command_usage("evaluate", "--modes names none") : code;
}

static int read_errors(struct evaluate_options *options)
{
    struct error error;
    const char *const *texts = options->error_list  ? (const char *const *)options->error_list
                               : options->real      ? no_errors
                               : options->snapshots ? snapshot_errors
                                                    : default_errors;
    size_t count = 0;
    while (texts[count])
        count++;
    options->specs = g_new0(struct inject_spec, count);
    for (size_t i = 0; i < count; i++)
        if (inject_parse(texts[i], &options->specs[i], &error) != 0 ||
            (options->real && labelled_check_errors(&options->specs[i], &error) != 0))
            return command_usage("evaluate", "--errors: %s", error.text);
    options->spec_count = count;
    return COMMAND_GO_ON;
}

static int check_numbers(struct evaluate_options *options)
{
    if (options->repeat == EVALUATE_NO_REPEAT)
        options->repeat = options->snapshots ? EVALUATE_REPEAT_SNAPSHOTS : EVALUATE_REPEAT;
    if (options->repeat < 1 || options->repeat > 1000000)
        return command_usage("evaluate", "--repeat takes 1 to 1000000");
    if (options->threads < 1 || options->threads > 256)
        return command_usage("evaluate", "--threads takes 1 to 256");
    if (options->own_steps < 0 && options->own_steps != EVALUATE_NO_STEPS)
        return command_usage("evaluate", "--own-steps takes a whole number from 0 up");
    if (options->start && strcmp(options->start, "random") != 0 &&
        strcmp(options->start, "first") != 0)
        return command_usage("evaluate", "--start is first or random, not '%s'", options->start);
    for (size_t i = 0; options->constants && options->constants[i]; i++)
        if (follow_constants_set(options->constants[i]) != 0)
            return command_usage("evaluate",
                                 "--constant takes NAME=NUMBER with a name of "
                                 "follow/constants.h, not '%s'",
                                 options->constants[i]);
    return COMMAND_GO_ON;
}

static int check_usage(struct evaluate_options *options, char *const *files)
{
    struct error error;
    if (options->real && (files[0] || options->own_models || options->snapshots || options->start ||
                          options->plot || options->repeat != EVALUATE_NO_REPEAT))
        return command_usage("evaluate", "--real takes no files, and neither --own-models, "
                                         "--snapshots, --start, --repeat nor --plot");
    if (!files[0] && !options->real)
        return command_usage("evaluate", "expected TRUTH.mid or DIR, got none");
    if ((options->models != NULL) + (options->snapshots != NULL) + (options->own_models != 0) > 1)
        return command_usage("evaluate", "-m, --own-models and --snapshots exclude one another");
    if (options->snapshots && options->error_list && options->error_list[1])
        return command_usage("evaluate", "--snapshots takes one --errors");
    if (options->snapshots && options->repeat != EVALUATE_NO_REPEAT && options->repeat < 2)
        return command_usage("evaluate", "--snapshots takes a --repeat of 2 or more");
    if (options->plot && plot_check_name(options->plot, &error) != 0)
        return command_usage("evaluate", "--plot: %s", error.text);
    int code = check_numbers(options);
    if (code == COMMAND_GO_ON)
        code = read_modes(options);
    if (code == COMMAND_GO_ON)
        code = read_errors(options);
    return code;
}

/* --- What came out --- */

static struct table *make_table(const struct evaluate_options *options,
                                const struct assessment *sum, bool by_file, struct error *error)
{
    struct table *table = report_scores(error);
    for (size_t f = 0; table && by_file && f < sum->files; f++)
        for (size_t s = 0; s < sum->specs; s++)
            for (size_t m = 0; m < sum->modes; m++)
                report_score(table, sum->names[f], knobs_mode_name(options->modes[m]),
                             options->specs[s].text, &sum->file[f][s * sum->modes + m]);
    for (size_t s = 0; table && s < sum->specs; s++)
        for (size_t m = 0; m < sum->modes; m++)
            report_score(table, "total", knobs_mode_name(options->modes[m]), options->specs[s].text,
                         &sum->total[s * sum->modes + m]);
    return table;
}

/* Exact pitches by error model, a bar a mode. */
static int draw(const struct evaluate_options *options, const struct assessment *sum,
                struct error *error)
{
    struct plot_series *series = g_new0(struct plot_series, sum->modes);
    const char **groups = g_new0(const char *, sum->specs);
    double *values = g_new(double, sum->modes * sum->specs);
    for (size_t s = 0; s < sum->specs; s++)
        groups[s] = options->specs[s].text;
    for (size_t m = 0; m < sum->modes; m++) {
        for (size_t s = 0; s < sum->specs; s++)
            values[m * sum->specs + s] = accuracy_figures(&sum->total[s * sum->modes + m]).exact;
        series[m] =
            (struct plot_series){knobs_mode_name(options->modes[m]), values + m * sum->specs};
    }
    struct plot_bars bars = {.title = "Notes on the pitch that was meant",
                             .y_label = "per cent of the notes",
                             .groups = groups,
                             .group_count = sum->specs,
                             .series = series,
                             .series_count = sum->modes};
    int status = plot_bars(options->plot, &bars, error);
    g_free(series);
    g_free(groups);
    g_free(values);
    return status;
}

static bool tells_recognition(const struct evaluate_options *options,
                              const struct assess_recognition *recognition)
{
    return options->start && strcmp(options->start, "random") == 0 && recognition->takes > 0;
}

static json_t *describe_recognition(const struct evaluate_options *options,
                                    const struct assessment *sum)
{
    json_t *list = json_array();
    for (size_t s = 0; s < sum->specs; s++) {
        const struct assess_recognition *recognition = &sum->recognition[s];
        if (recognition->takes > 0)
            json_array_append_new(
                list, json_pack("{s:s, s:I, s:I, s:o, s:o}", "errors", options->specs[s].text,
                                "takes", (json_int_t)recognition->takes, "recognised",
                                (json_int_t)recognition->recognised, "median_bars",
                                command_number(recognition->median), "worst_bars",
                                command_number(recognition->worst)));
    }
    return list;
}

static void print_recognition(const struct evaluate_options *options, const struct assessment *sum)
{
    for (size_t s = 0; s < sum->specs; s++) {
        const struct assess_recognition *recognition = &sum->recognition[s];
        if (tells_recognition(options, recognition))
            printf("%s: piece recognised in %zu of %zu takes, after %.2f bars (median), %.2f "
                   "(worst)\n",
                   options->specs[s].text, recognition->recognised, recognition->takes,
                   recognition->median, recognition->worst);
    }
}

static json_t *describe(const struct evaluate_options *options, const struct assessment *sum,
                        struct error *error)
{
    struct table *total = make_table(options, sum, false, error);
    struct table *all = total ? make_table(options, sum, true, error) : NULL;
    json_t *rows = all ? table_json(total, error) : NULL;
    json_t *by_file = rows ? table_json(all, error) : NULL;
    table_free(total);
    table_free(all);
    if (!by_file) {
        json_decref(rows);
        return NULL;
    }
    /* The rows of the total stand at the end of the table by file. */
    for (size_t i = 0; i < sum->specs * sum->modes; i++)
        json_array_remove(by_file, json_array_size(by_file) - 1);
    return json_pack("{s:I, s:I, s:b, s:b, s:I, s:o, s:o, s:o}", "files", (json_int_t)sum->files,
                     "repeat", (json_int_t)options->repeat, "live", options->live, "own_models",
                     options->own_models, "seed", (json_int_t)options->common.seed, "total", rows,
                     "by_file", by_file, "recognition", describe_recognition(options, sum));
}

static int print(const struct evaluate_options *options, const struct assessment *sum)
{
    struct error error;
    struct table *table = make_table(options, sum, false, &error);
    int status = table ? table_print(table, stdout, &error) : -1;
    table_free(table);
    if (status != 0)
        return command_fail(&error);
    print_recognition(options, sum);
    return command_flush();
}

static int tell(const struct evaluate_options *options, const struct assessment *sum)
{
    struct error error;
    if (options->csv) {
        struct table *table = make_table(options, sum, true, &error);
        int status = table ? table_write_csv(table, options->csv, &error) : -1;
        table_free(table);
        if (status != 0)
            return command_fail(&error);
    }
    if (options->plot && draw(options, sum, &error) != 0)
        return command_fail(&error);
    if (options->common.json) {
        json_t *document = describe(options, sum, &error);
        return document ? command_print_json(document) : command_fail(&error);
    }
    return options->common.quiet ? COMMAND_DONE : print(options, sum);
}

static int evaluate(const struct evaluate_options *options, char *const *paths,
                    const struct take_choice *choice)
{
    struct error error;
    struct models models = {0};
    /* Unless it was asked for, generation, the last of the modes, is left out without pieces. */
    size_t modes = options->mode_count;
    if (!options->mode_list && options->models)
        modes--;
    if (!options->own_models && models_find(&models, options->models, choice, options->modes, modes,
                                            &options->common, &error) != 0)
        return command_fail(&error);
    if (!options->own_models && !options->alone &&
        models_add_style(&models, options->modes, modes, &error) != 0)
        return command_fail(&error);
    if (options->own_models || models_have_pieces(&models))
        modes = options->mode_count;
    struct assess_settings settings = {
        .modes = options->modes,
        .mode_count = modes,
        .specs = options->specs,
        .spec_count = options->spec_count,
        .repeats = (unsigned)options->repeat,
        .way = decide_way(options->live, &options->music),
        .random_start = g_strcmp0(options->start, "random") == 0,
        .own_models = options->own_models,
        .own_steps =
            options->own_steps == EVALUATE_NO_STEPS ? OWN_STEPS : (uint64_t)options->own_steps,
        .by_file = options->csv || options->common.json,
        .threads = (unsigned)options->threads,
        .correct = options->knobs.settings,
        .choice = *choice,
        .common = options->common,
    };
    struct assessment *sum = assess(paths, &settings, &models, &error);
    int code = sum ? tell(options, sum) : command_fail(&error);
    assessment_free(sum);
    models_free(&models);
    return code;
}

/* Neither the truth nor a model is written over. */
static int check_outputs(const struct evaluate_options *options, char *const *paths,
                         struct error *error)
{
    const char *outputs[] = {options->plot, options->csv};
    char **models =
        options->models ? files_expand(options->models, FILES_MUSIC | FILES_MODELS, error) : NULL;
    int status = options->models && !models ? -1 : 0;
    for (size_t i = 0; status == 0 && i < G_N_ELEMENTS(outputs); i++)
        if (files_check_output(outputs[i], paths, error) != 0 ||
            files_check_output(outputs[i], models, error) != 0)
            status = -1;
    g_strfreev(models);
    return status;
}

static int run(struct evaluate_options *options, char *const *files)
{
    struct error error;
    struct take_choice choice;
    int code = check_usage(options, files);
    if (code == COMMAND_GO_ON)
        code = knobs_read(&options->knobs, "evaluate");
    if (code == COMMAND_GO_ON)
        code = music_choice(&options->music, "evaluate", &choice);
    if (code != COMMAND_GO_ON)
        return code;
    if (options->real)
        return evaluate_real(options, &choice);
    char **paths = files_expand(files, FILES_MUSIC, &error);
    if (!paths)
        return command_fail(&error);
    if (check_outputs(options, paths, &error) != 0)
        code = command_fail(&error);
    else
        code = options->snapshots ? evaluate_snapshots(options, paths, &choice)
                                  : evaluate(options, paths, &choice);
    g_strfreev(paths);
    return code;
}

static void options_clear(struct evaluate_options *options)
{
    knobs_clear(&options->knobs);
    music_options_clear(&options->music);
    g_strfreev(options->models);
    g_strfreev(options->real);
    g_strfreev(options->error_list);
    g_strfreev(options->constants);
    g_free(options->snapshots);
    g_free(options->mode_list);
    g_free(options->start);
    g_free(options->plot);
    g_free(options->csv);
    g_free(options->modes);
    g_free(options->specs);
}

int command_evaluate(int argc, char **argv)
{
    struct evaluate_options options = {.common.offers = COMMAND_SEED | COMMAND_GRID,
                                       .knobs = KNOBS_UNSET,
                                       .repeat = EVALUATE_NO_REPEAT,
                                       .threads = 1,
                                       .own_steps = EVALUATE_NO_STEPS};
    const GOptionEntry entries[] = {
        {"model", 'm', 0, G_OPTION_ARG_FILENAME_ARRAY, &options.models,
         "a model, a .mid to be followed as it stands, or a folder of both; may be given several "
         "times",
         "MODEL"},
        {"alone", 0, 0, G_OPTION_ARG_NONE, &options.alone,
         "the models named, without the installed style model for what they do not explain", NULL},
        {"own-models", 0, 0, G_OPTION_ARG_NONE, &options.own_models,
         "follow each file with a model of that file alone", NULL},
        {"own-steps", 0, 0, G_OPTION_ARG_INT64, &options.own_steps,
         "steps such a model is trained for; 0: none, observed frequencies (200000; with --real as "
         "train)",
         "N"},
        {"real", 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &options.real,
         "real playing: cases of score.mid, take.mid and truth.tsv; may be given several times",
         "DIR"},
        {"snapshots", 0, 0, G_OPTION_ARG_FILENAME, &options.snapshots,
         "generate with every model of a training (train --snapshots), compare by IM", "DIR"},
        {"modes", 0, 0, G_OPTION_ARG_FILENAME, &options.mode_list,
         "of off, scale, correct, generate (all there are models for)", "LIST"},
        {"errors", 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &options.error_list,
         "what is played wrong; may be given several times (shift:p=0.1, 0.3 and 0.5,max=2)",
         "SPEC"},
        {"constant", 0, 0, G_OPTION_ARG_STRING_ARRAY, &options.constants,
         "another value of a constant of following, to see how much it matters; may be given "
         "several times",
         "NAME=NUMBER"},
        KNOBS_VALUE_ENTRIES(options.knobs),
        {"live", 0, 0, G_OPTION_ARG_NONE, &options.live,
         "decide on each note with nothing known of what follows, and time it", NULL},
        {"start", 0, 0, G_OPTION_ARG_FILENAME, &options.start,
         "begin at the first bar, or at one drawn evenly and tell when the piece is recognised",
         "first|random"},
        {"repeat", 0, 0, G_OPTION_ARG_INT, &options.repeat,
         "takes of each file with each error model (1; with --snapshots 20)", "N"},
        MUSIC_ENTRIES(options.music),
        {"plot", 0, 0, G_OPTION_ARG_FILENAME, &options.plot, "draw the result",
         "FILE.svg|FILE.png"},
        {"csv", 0, 0, G_OPTION_ARG_FILENAME, &options.csv, "write a table, a row for each file",
         "FILE"},
        {"threads", 0, 0, G_OPTION_ARG_INT, &options.threads,
         "files worked on at a time (1, for true times a note)", "N"},
        {NULL, 0, 0, 0, NULL, NULL, NULL},
    };
    char **files = NULL;
    int code = command_parse(argc, argv, "TRUTH.mid|DIR...", ERRORS_HELP, entries, &options.common,
                             &files);
    if (code == COMMAND_GO_ON)
        code = run(&options, files);
    options_clear(&options);
    g_strfreev(files);
    return code;
}
