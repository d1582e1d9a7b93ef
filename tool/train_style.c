/* audiogenrl train --style: from folders of .mid files to a style model. */
#include "correct/style.h"
#include "piece/model.h"
#include "rl/half.h"
#include "style/expect.h"
#include "style/trainer.h"
#include "style/trial.h"
#include "style/tune.h"
#include "style/warm.h"
#include "tool/commands.h"
#include "tool/corpus.h"
#include "tool/files.h"
#include "tool/interrupt.h"
#include "tool/progress.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

struct style_options {
    gboolean style;
    char *output, *start, *warm;
    uint64_t before; /* notes that `start` was learned from */
    gint64 notes, steps, prior;
    gint threads, hold_out, trials;
    double rate;
    struct command_common common;
};

/* --- Learning --- */

/* As it will be on disk: half precision is plenty for weights. What is learned next
 * stands upon them, and the same comes of it if they are read from a file first. */
static void round_weights(struct policy *network)
{
    for (size_t i = 0; i < network->parameters; i++) {
        float *weight = &network->parameter[i];
        *weight = half_read(half_write(fmaxf(-half_most, fminf(half_most, *weight))));
    }
}

struct watch {
    struct progress progress;
    uint64_t total;
    double started;
};

static bool watch_warm(void *context, const struct warm_report *report)
{
    struct watch *watch = context;
    char detail[128];
    double seconds = monotonic_seconds() - watch->started;
    snprintf(detail, sizeof detail, "%.1f million notes, %.0f a second, %.4f nats, the beam %.4f",
             (double)report->notes * 1e-6, (double)report->notes / seconds, report->loss,
             report->beam_loss);
    progress_show(&watch->progress, (double)report->notes / (double)watch->total, detail);
    return !interrupt_came();
}

static bool watch_expect(void *context, const struct expect_report *report)
{
    struct watch *watch = context;
    char detail[128];
    double seconds = monotonic_seconds() - watch->started;
    snprintf(detail, sizeof detail, "%.1f million notes, %.0f a second, %.4f nats",
             (double)report->notes * 1e-6, (double)report->notes / seconds, report->loss);
    progress_show(&watch->progress, (double)report->notes / (double)watch->total, detail);
    return !interrupt_came();
}

static bool watch_tune(void *context, const struct learning_report *report)
{
    struct watch *watch = context;
    char detail[128];
    snprintf(detail, sizeof detail, "%.2f million steps, reward %.4f a note",
             (double)report->steps * 1e-6, report->reward);
    progress_show(&watch->progress, (double)report->steps / (double)watch->total, detail);
    return !interrupt_came();
}

static int learn_warm(const struct style_options *options, const struct style_networks *networks,
                      const struct corpus *corpus, struct error *error)
{
    struct watch watch = {.total = (uint64_t)options->notes, .started = monotonic_seconds()};
    struct warm_settings settings = {.notes = (uint64_t)options->notes,
                                     .rate = options->rate,
                                     .decay = .01,
                                     .threads = (uint32_t)options->threads,
                                     .seed = (uint64_t)options->common.seed};
    progress_begin(&watch.progress, "warm start", options->common.quiet);
    int status = warm_start(networks, &corpus->learned, &settings, watch_warm, &watch, error);
    round_weights(networks->policy);
    progress_end(&watch.progress);
    return status == 0 ? policy_quantise(networks->policy, error) : -1;
}

static int learn_prior(const struct style_options *options, const struct style_networks *networks,
                       const struct corpus *corpus, struct error *error)
{
    struct watch watch = {.total = (uint64_t)options->prior, .started = monotonic_seconds()};
    struct expect_settings settings = {.notes = (uint64_t)options->prior,
                                       .rate = .006,
                                       .decay = .01,
                                       .threads = (uint32_t)options->threads,
                                       .seed = (uint64_t)options->common.seed};
    progress_begin(&watch.progress, "prior", options->common.quiet);
    int status =
        expect_learn(networks->prior, &corpus->learned, &settings, watch_expect, &watch, error);
    round_weights(networks->prior);
    progress_end(&watch.progress);
    return status == 0 ? policy_quantise(networks->prior, error) : -1;
}

static int learn_tune(const struct style_options *options, const struct style_networks *networks,
                      const struct corpus *corpus, struct error *error)
{
    struct watch watch = {.total = (uint64_t)options->steps, .started = monotonic_seconds()};
    struct tune_settings settings = tune_defaults();
    settings.steps = (uint64_t)options->steps;
    settings.threads = (uint32_t)options->threads;
    settings.seed = (uint64_t)options->common.seed;
    progress_begin(&watch.progress, "ppo", options->common.quiet);
    int status = tune(networks, &corpus->learned, &settings, watch_tune, &watch, error);
    round_weights(networks->policy);
    progress_end(&watch.progress);
    return status == 0 ? policy_quantise(networks->policy, error) : -1;
}

/* --- Trials on what was held out --- */

static const char *const errors[] = {"none",        "shift:p=0.05", "shift:p=0.1", "shift:p=0.3",
                                     "shift:p=0.5", "slip:p=0.05",  "any:p=0.1"};

static uint32_t works_with(const struct corpus *corpus, uint32_t folder, const char *voice,
                           uint32_t *works)
{
    uint32_t found = 0;
    *works = 0;
    for (size_t i = 0; i < corpus->held_out.works; i++) {
        const struct style_work *work = corpus->held_out.work[i];
        *works += work->folder == folder;
        for (size_t k = 0; work->folder == folder && k < work->songs; k++)
            if (strcmp(work->song[k].voice, voice) == 0) {
                found++;
                break;
            }
    }
    return found;
}

static int try_voice(const struct style_options *options, const struct corpus *corpus,
                     const struct style_networks *networks, uint32_t folder, const char *voice,
                     const struct inject_spec *spec, bool whole, struct accuracy *score,
                     struct error *error)
{
    int tried = 0;
    memset(score, 0, sizeof *score);
    for (size_t i = 0; i < corpus->held_out.works && tried < options->trials; i++) {
        const struct style_work *work = corpus->held_out.work[i];
        for (size_t k = 0; work->folder == folder && k < work->songs; k++) {
            if (strcmp(work->song[k].voice, voice) != 0)
                continue;
            uint64_t seed = (uint64_t)options->common.seed + i;
            if (style_trial(networks, &work->song[k], spec, 0, whole, seed, score, error) != 0)
                return -1;
            tried++;
            break;
        }
    }
    return 0;
}

static json_t *try_contenders(const struct style_options *options, const struct corpus *corpus,
                              const struct style_networks *warm, const struct style_networks *tuned,
                              uint32_t folder, const char *voice, struct error *error)
{
    const struct style_networks beam = {.prior = warm->prior};
    const struct style_networks *const contenders[] = {NULL, &beam, warm, tuned, warm};
    static const char *const names[] = {"scale", "beam", "warm start", "ppo", "whole"};
    json_t *rows = json_array();
    for (size_t e = 0; e < G_N_ELEMENTS(errors); e++) {
        struct inject_spec spec;
        json_t *row = json_pack("{s:o, s:o, s:s}", "folder", command_text(corpus->folder[folder]),
                                "voice", command_text(voice), "errors", errors[e]);
        inject_parse(errors[e], &spec, NULL);
        for (size_t c = 0; c < G_N_ELEMENTS(contenders); c++) {
            struct accuracy score;
            if (!contenders[c] && c > 0)
                continue;
            if (try_voice(options, corpus, contenders[c], folder, voice, &spec, c == 4, &score,
                          error) != 0) {
                json_decref(row);
                json_decref(rows);
                return NULL;
            }
            struct accuracy_figures figures = accuracy_figures(&score);
            json_object_set_new(row, "played", command_number(figures.exact_played));
            json_object_set_new(
                row, names[c],
                json_pack("{s:o, s:o, s:o, s:o, s:o, s:o}", "exact", command_number(figures.exact),
                          "repaired", command_number(figures.repaired), "kept",
                          command_number(figures.kept), "net_change",
                          command_number(figures.net_change), "p50", command_number(figures.p50),
                          "p99", command_number(figures.p99)));
        }
        json_array_append_new(rows, row);
    }
    return rows;
}

/* All voices of every folder, and the voices that half of its works have by name. */
static json_t *try_all(const struct style_options *options, const struct corpus *corpus,
                       const struct style_networks *warm, const struct style_networks *tuned,
                       struct error *error)
{
    json_t *rows = json_array();
    GHashTable *done = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    int status = 0;
    for (size_t i = 0; status == 0 && i < corpus->held_out.works; i++) {
        const struct style_work *work = corpus->held_out.work[i];
        for (size_t k = 0; status == 0 && k < work->songs; k++) {
            uint32_t works, found = works_with(corpus, work->folder, work->song[k].voice, &works);
            char *key = g_strdup_printf("%u %s", work->folder, work->song[k].voice);
            if (2 * found < works || !g_hash_table_add(done, key))
                continue;
            json_t *more = try_contenders(options, corpus, warm, tuned, work->folder,
                                          work->song[k].voice, error);
            status = more ? 0 : -1;
            if (more)
                json_array_extend(rows, more);
            json_decref(more);
        }
    }
    g_hash_table_destroy(done);
    if (status == 0)
        return rows;
    json_decref(rows);
    return NULL;
}

static double figure(const json_t *row, const char *contender, const char *name)
{
    const json_t *value = json_object_get(json_object_get(row, contender), name);
    return json_is_number(value) ? json_number_value(value) : (double)NAN;
}

static void print_rows(const json_t *rows)
{
    size_t i;
    json_t *row;
    printf("\n%-22s %-14s %7s %7s %7s %7s %7s %7s   %-15s %-15s %-15s\n", "held out, exact %",
           "errors", "played", "scale", "beam", "warm", "ppo", "whole", "warm rep. kept",
           "ppo rep. kept", "whole rep. kept");
    json_array_foreach(rows, i, row)
    {
        char who[64];
        snprintf(who, sizeof who, "%.12s %.9s", json_string_value(json_object_get(row, "folder")),
                 json_string_value(json_object_get(row, "voice")));
        printf("%-22s %-14s %7.2f %7.2f %7.2f %7.2f %7.2f %7.2f   %6.1f %8.2f %6.1f %8.2f %6.1f "
               "%8.2f\n",
               who, json_string_value(json_object_get(row, "errors")),
               json_number_value(json_object_get(row, "played")), figure(row, "scale", "exact"),
               figure(row, "beam", "exact"), figure(row, "warm start", "exact"),
               figure(row, "ppo", "exact"), figure(row, "whole", "exact"),
               figure(row, "warm start", "repaired"), figure(row, "warm start", "kept"),
               figure(row, "ppo", "repaired"), figure(row, "ppo", "kept"),
               figure(row, "whole", "repaired"), figure(row, "whole", "kept"));
    }
}

/* How much of each folder lies in the keys of its signatures. */
static json_t *describe_keys(const struct corpus *corpus)
{
    json_t *keys = json_array();
    for (uint32_t i = 0; i < corpus->folders; i++) {
        const struct signature_mean *mean = &corpus->signature[i];
        if (mean->files > 0)
            json_array_append_new(keys, json_pack("{s:o, s:i, s:f, s:f, s:b}", "folder",
                                                  command_text(corpus->folder[i]), "files",
                                                  (int)mean->files, "in_key",
                                                  100 * mean->in_key / mean->files, "in_c_major",
                                                  100 * mean->in_c / mean->files, "plausible",
                                                  !signature_is_implausible(mean)));
    }
    return keys;
}

/* --- Saving --- */

static int save(const struct style_options *options, const char *path,
                const struct style_networks *networks, int64_t steps, struct error *error)
{
    struct model_origin origin = {.algorithm = "style",
                                  .policy = "relative",
                                  .steps = options->before +
                                           (uint64_t)(options->notes + options->prior + steps),
                                  .seed = (uint64_t)options->common.seed};
    struct style_networks copies;
    if (style_networks_copy(&copies, networks, error) != 0)
        return -1;
    struct policy *all[STYLE_NETWORKS] = {copies.policy, copies.prior};
    struct model *model = model_create_networks(all, STYLE_NETWORKS, &origin, error);
    int status = model ? model_save(model, path, error) : -1;
    model_free(model);
    return status;
}

static int load_start(struct style_options *options, struct style_networks *networks,
                      struct error *error)
{
    struct model *model = model_load(options->start, error);
    if (!model)
        return -1;
    struct style_networks own;
    options->before = model_origin(model)->steps;
    int status = style_networks_of(&own, model, error);
    if (status == 0)
        status = style_networks_copy(networks, &own, error);
    model_free(model);
    if (status != 0)
        error_prefix(error, options->start);
    return status;
}

static int learn(struct style_options *options, const struct corpus *corpus)
{
    struct error error;
    struct style_networks warm = {0}, tuned = {0};
    json_t *rows = NULL;
    interrupt_catch();
    double started = monotonic_seconds();
    int status = options->start
                     ? load_start(options, &warm, &error)
                     : style_networks_create(&warm, (uint64_t)options->common.seed, &error);
    if (status == 0 && options->prior > 0)
        status = learn_prior(options, &warm, corpus, &error);
    if (status == 0 && options->notes > 0 && !interrupt_came())
        status = learn_warm(options, &warm, corpus, &error);
    if (status == 0)
        status = style_networks_copy(&tuned, &warm, &error);
    if (status == 0 && options->steps > 0 && !interrupt_came())
        status = learn_tune(options, &tuned, corpus, &error);
    double seconds = monotonic_seconds() - started;
    if (status == 0 && options->warm)
        status = save(options, options->warm, &warm, 0, &error);
    if (status == 0)
        status = save(options, options->output, &tuned, options->steps, &error);
    if (status == 0 && corpus->held_out.works > 0) {
        rows = try_all(options, corpus, &warm, options->steps > 0 ? &tuned : NULL, &error);
        status = rows ? 0 : -1;
    }
    style_networks_free(&warm);
    style_networks_free(&tuned);
    if (status != 0)
        return command_fail(&error);
    if (options->common.json)
        return command_print_json(
            json_pack("{s:o, s:i, s:i, s:I, s:I, s:I, s:I, s:f, s:o, s:o*}", "model",
                      command_text(options->output), "works", (int)corpus->learned.works,
                      "held_out", (int)corpus->held_out.works, "notes", (json_int_t)options->notes,
                      "prior_notes", (json_int_t)options->prior, "ppo_steps",
                      (json_int_t)options->steps, "seed", (json_int_t)options->common.seed,
                      "seconds", seconds, "keys", describe_keys(corpus), "trials", rows));
    printf("works            %zu, %zu held out\n", corpus->learned.works, corpus->held_out.works);
    printf("learning         %lld notes, %lld of the prior, %lld steps of ppo, seed %lld, %.0f s\n",
           (long long)options->notes, (long long)options->prior, (long long)options->steps,
           (long long)options->common.seed, seconds);
    printf("model            %s\n", options->output);
    if (rows)
        print_rows(rows);
    json_decref(rows);
    return command_flush();
}

static int check_usage(const struct style_options *options, char *const *paths)
{
    if (!paths[0])
        return command_usage("train", "--style expects folders of .mid files, got none");
    if (options->notes < 0 || options->steps < 0 || options->prior < 0 ||
        ((options->notes == 0 || options->prior == 0) && !options->start))
        return command_usage("train", "--notes, --prior and --steps take whole numbers above 0");
    if (options->threads < 1 || options->threads > TRAINER_GROUPS)
        return command_usage("train", "--threads takes 1 to %d with --style", TRAINER_GROUPS);
    if (options->hold_out < 0 || options->hold_out == 1 || options->trials < 1)
        return command_usage("train", "--hold-out takes 0, or 2 and above; --trials 1 and above");
    if (!(options->rate > 0 && options->rate < 1))
        return command_usage("train", "--rate takes a number between 0 and 1");
    if (g_strcmp0(options->output, "-") == 0)
        return command_usage("train", "--style writes to a file, not to standard output");
    return COMMAND_GO_ON;
}

int command_train_style(int argc, char **argv)
{
    struct style_options options = {.common.offers = COMMAND_SEED,
                                    .notes = 12000000,
                                    .prior = 29000000,
                                    .steps = 2400000,
                                    .threads = MIN((gint)g_get_num_processors(), TRAINER_GROUPS),
                                    .hold_out = 10,
                                    .trials = 20,
                                    .rate = .002};
    const GOptionEntry entries[] = {
        {"style", 0, 0, G_OPTION_ARG_NONE, &options.style, "learn a style, not pieces", NULL},
        {"output", 'o', 0, G_OPTION_ARG_FILENAME, &options.output,
         "where to write (style.model in this folder)", "MODEL"},
        {"start", 0, 0, G_OPTION_ARG_FILENAME, &options.start,
         "go on from the networks of a style model", "MODEL"},
        {"warm", 0, 0, G_OPTION_ARG_FILENAME, &options.warm, "also write the warm start", "MODEL"},
        {"notes", 0, 0, G_OPTION_ARG_INT64, &options.notes, "notes of the warm start (12000000)",
         "N"},
        {"prior", 0, 0, G_OPTION_ARG_INT64, &options.prior, "notes of the prior (29000000)", "N"},
        {"steps", 0, 0, G_OPTION_ARG_INT64, &options.steps, "steps of ppo after them (2400000)",
         "N"},
        {"rate", 0, 0, G_OPTION_ARG_DOUBLE, &options.rate,
         "learning rate of the warm start (0.002)", "X"},
        {"hold-out", 0, 0, G_OPTION_ARG_INT, &options.hold_out,
         "keep about every so-manieth work for trials (10; 0: none)", "N"},
        {"trials", 0, 0, G_OPTION_ARG_INT, &options.trials,
         "works of a folder to try at the end (20)", "N"},
        {"threads", 0, 0, G_OPTION_ARG_INT, &options.threads,
         "threads (one a processor, at most 4)", "N"},
        {NULL, 0, 0, 0, NULL, NULL, NULL},
    };
    char **paths = NULL;
    int code = command_parse(argc, argv, "DIR...",
                             "Every folder is drawn from as often as it has files, long ones less "
                             "often; one named twice twice as often. The result does not depend on "
                             "the number of threads.",
                             entries, &options.common, &paths);
    if (code == COMMAND_GO_ON)
        code = check_usage(&options, paths);
    if (code == COMMAND_GO_ON) {
        struct error error;
        struct corpus corpus = {0};
        if (!options.output)
            options.output = g_strdup("style.model");
        if (files_check_writable(options.output, paths, &error) == 0 &&
            files_check_writable(options.warm, paths, &error) == 0 &&
            corpus_load(&corpus, paths, (uint32_t)options.hold_out, &options.common, &error) == 0) {
            code = learn(&options, &corpus);
            corpus_free(&corpus);
        } else {
            code = command_fail(&error);
        }
    }
    g_free(options.output);
    g_free(options.start);
    g_free(options.warm);
    g_strfreev(paths);
    return code;
}
