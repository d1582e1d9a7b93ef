/* audiogenrl train: from .mid files to a model. */
#include "base/outfile.h"
#include "load/learn.h"
#include "rl/policy.h"
#include "tool/commands.h"
#include "tool/files.h"
#include "tool/interrupt.h"
#include "tool/music.h"
#include "tool/progress.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#define NOT_GIVEN G_MININT64 /* nobody types it */

struct train_options {
    char *output, *algorithm, *snapshots, *resume, *log;
    double rate;
    gint64 steps, every;
    gint context, threads;
    struct music_options music;
    struct command_common common;

    struct learn_settings learn;
    struct take_choice choice;
};

/* Songs that are to be learned, or that a model to go on from has learned. */
struct lesson {
    struct song **songs;
    size_t count;
    uint32_t context;
    char **paths; /* the files they are from; NULL: from the model alone */
    char *name;   /* of the first file or folder */
    struct model *resumed;
};

/* --- Pieces --- */

struct reading {
    char **paths;
    struct song **songs;
    struct error *errors;
    const struct train_options *options;
};

static void read_piece(gpointer number, gpointer context)
{
    struct reading *reading = context;
    size_t i = GPOINTER_TO_SIZE(number) - 1;
    struct error *error = &reading->errors[i];
    struct music *music =
        music_load(reading->paths[i], &reading->options->choice, &reading->options->common, error);
    if (music)
        reading->songs[i] = music_song(music, error);
    music_free(music);
}

/* Files are read by several threads; the order of songs is that of the paths,
 * and of several bad files the first is told. */
static int read_pieces(const struct train_options *options, char **paths, struct lesson *lesson,
                       struct error *error)
{
    size_t count = g_strv_length(paths);
    struct reading reading = {paths, g_new0(struct song *, count), g_new0(struct error, count),
                              options};
    GThreadPool *pool = g_thread_pool_new(read_piece, &reading, options->threads, TRUE, NULL);
    for (size_t i = 0; i < count; i++)
        g_thread_pool_push(pool, GSIZE_TO_POINTER(i + 1), NULL);
    g_thread_pool_free(pool, FALSE, TRUE);
    lesson->songs = reading.songs;
    lesson->count = count;
    int status = 0;
    for (size_t i = 0; status == 0 && i < count; i++)
        if (!reading.songs[i]) {
            *error = reading.errors[i];
            status = -1;
        }
    g_free(reading.errors);
    return status;
}

static void lesson_clear(struct lesson *lesson)
{
    for (size_t i = 0; !lesson->resumed && i < lesson->count; i++)
        song_free(lesson->songs[i]);
    g_free(lesson->songs);
    g_strfreev(lesson->paths);
    free(lesson->name);
    model_free(lesson->resumed);
}

/* --- Going on from a model --- */

static int resume_settings(struct train_options *options, const struct model *model,
                           struct error *error)
{
    const struct model_origin *origin = model_origin(model);
    bool sarsa = strcmp(origin->algorithm, "sarsa") == 0;
    if ((!sarsa && strcmp(origin->algorithm, "ppo") != 0) ||
        strcmp(origin->policy, policy_name(POLICY_LINEAR)) != 0)
        return error_set(error,
                         "%s: was made by '%s' with a policy of kind '%s', which no training can "
                         "go on from",
                         options->resume, origin->algorithm, origin->policy);
    if (options->algorithm && sarsa != options->learn.sarsa)
        return error_set(error,
                         "%s: is being trained by %s; leave out --algorithm, or start anew "
                         "without --resume",
                         options->resume, origin->algorithm);
    options->learn.sarsa = sarsa;
    options->learn.seed = origin->seed;
    return 0;
}

static int check_pieces(const struct train_options *options, const struct lesson *lesson,
                        const struct model *model, struct error *error)
{
    bool same = lesson->count == 0 || lesson->count == model_songs(model);
    for (size_t i = 0; same && i < lesson->count; i++)
        same = lesson->songs[i]->checksum == model_song(model, i)->checksum &&
               lesson->songs[i]->notes == model_song(model, i)->notes;
    return same ? 0
                : error_set(error,
                            "%s: was made of other pieces than those named; leave them out, or "
                            "start anew without --resume",
                            options->resume);
}

static int resume_lesson(struct train_options *options, struct lesson *lesson, struct error *error)
{
    struct model *model = model_load_to_resume(options->resume, error);
    if (!model)
        return -1;
    if (check_pieces(options, lesson, model, error) != 0 ||
        resume_settings(options, model, error) != 0) {
        model_free(model);
        return -1;
    }
    for (size_t i = 0; i < lesson->count; i++)
        song_free(lesson->songs[i]);
    g_free(lesson->songs);
    lesson->count = model_songs(model);
    lesson->songs = g_new(struct song *, lesson->count);
    for (size_t i = 0; i < lesson->count; i++)
        lesson->songs[i] = (struct song *)model_song(model, i);
    lesson->context = model_process(model)->context;
    lesson->resumed = model;
    return 0;
}

/* --- Learning --- */

struct watch {
    struct progress progress;
    FILE *log;
    uint64_t total;
};

static void log_value(FILE *log, double value)
{
    if (isnan(value))
        fputc(',', log);
    else
        fprintf(log, ",%.9g", value);
}

static bool watch_learning(void *context, const struct learning_report *report)
{
    struct watch *watch = context;
    char detail[128];
    snprintf(detail, sizeof detail, "%.1f million steps, reward %.4f a step",
             (double)report->steps * 1e-6, report->reward);
    progress_show(&watch->progress, (double)report->steps / (double)watch->total, detail);
    if (watch->log) {
        fprintf(watch->log, "%llu", (unsigned long long)report->steps);
        const double values[] = {report->reward,
                                 report->entropy,
                                 report->approx_kl,
                                 report->clip_fraction,
                                 report->policy_loss,
                                 report->value_loss,
                                 report->explained_variance,
                                 report->grad_norm,
                                 report->learning_rate};
        for (size_t i = 0; i < G_N_ELEMENTS(values); i++)
            log_value(watch->log, values[i]);
        fprintf(watch->log, ",%u\n", report->updates);
    }
    return !interrupt_came();
}

static int save_snapshot(const struct train_options *options, const struct learner *learner,
                         const struct lesson *lesson, struct error *error)
{
    char *path = g_strdup_printf("%s/%s-%012llu.model", options->snapshots, lesson->name,
                                 (unsigned long long)learn_steps(learner));
    struct model *model = learn_model(learner, false, error);
    int status = model ? model_save(model, path, error) : -1;
    model_free(model);
    g_free(path);
    return status;
}

/* A snapshot before the first step, after every so many, and at the end. */
static int learn_with_snapshots(const struct train_options *options, struct learner *learner,
                                const struct lesson *lesson, struct watch *watch,
                                struct error *error)
{
    if (g_mkdir_with_parents(options->snapshots, 0777) != 0)
        return error_set(error, "%s: cannot make the folder: %s", options->snapshots,
                         strerror(errno));
    if (learn_steps(learner) == 0 && save_snapshot(options, learner, lesson, error) != 0)
        return -1;
    uint64_t every = (uint64_t)options->every;
    while (!interrupt_came() && learn_steps(learner) < watch->total) {
        uint64_t next = (learn_steps(learner) / every + 1) * every;
        if (learn_run(learner, MIN(next, watch->total), watch_learning, watch, error) != 0 ||
            save_snapshot(options, learner, lesson, error) != 0)
            return -1;
    }
    return 0;
}

/* --- What to say --- */

static json_t *describe(const struct model *model, const struct learn_rewards *rewards,
                        const char *output, double rate)
{
    const struct model_origin *origin = model_origin(model);
    const struct process *process = model_process(model);
    json_t *pieces = json_array();
    for (size_t i = 0; i < model_songs(model); i++)
        json_array_append_new(pieces, command_text(model_song(model, i)->name));
    return json_pack("{s:o, s:o, s:s, s:s, s:I, s:I, s:b, s:i, s:i, s:i, s:o, "
                     "s:{s:f, s:f, s:o, s:o}}",
                     "model", command_text(output), "pieces", pieces, "algorithm",
                     origin->algorithm, "policy", origin->policy, "steps",
                     (json_int_t)origin->steps, "seed", (json_int_t)origin->seed, "interrupted",
                     interrupt_came(), "states", (int)process->states, "transitions",
                     (int)process->arcs, "context", (int)process->context, "steps_per_second",
                     command_number(rate), "reward", "policy", rewards->policy, "untrained",
                     rewards->untrained, "best", command_number(rewards->best), "share_of_best",
                     command_number(rewards->policy / rewards->best));
}

static void print_result(const struct model *model, const struct learn_rewards *rewards,
                         const char *output, uint64_t steps, double seconds)
{
    const struct model_origin *origin = model_origin(model);
    const struct process *process = model_process(model);
    size_t pieces = model_songs(model);
    printf("pieces           %zu: %s%s\n", pieces, model_song(model, 0)->name,
           pieces > 1 ? ", ..." : "");
    printf("process          %u states, %u transitions, %u beats of context\n", process->states,
           process->arcs, process->context);
    printf("learning         %s, policy %s, %llu steps, seed %llu\n", origin->algorithm,
           origin->policy, (unsigned long long)origin->steps, (unsigned long long)origin->seed);
    printf("speed            %.0f steps a second (%.2f s)\n",
           seconds > 0 ? (double)steps / seconds : 0.0, seconds);
    printf("reward a step    %.4f policy, %.4f untrained", rewards->policy, rewards->untrained);
    if (isnan(rewards->best))
        printf("; the best possible is not worked out for so many pieces\n");
    else
        printf(", %.4f best possible\nshare of best    %.2f %%, playing every piece from its "
               "beginning\n",
               rewards->best, 100 * rewards->policy / rewards->best);
    printf("model            %s\n", output);
}

static int tell(const struct train_options *options, const struct model *model,
                const struct learn_rewards *rewards, const char *output, uint64_t steps,
                double seconds)
{
    if (interrupt_came())
        command_note(&options->common,
                     "stopped at step %llu and saved; audiogenrl train --resume %s goes on",
                     (unsigned long long)model_origin(model)->steps, output);
    if (options->common.json)
        return command_print_json(
            describe(model, rewards, output, seconds > 0 ? (double)steps / seconds : (double)NAN));
    if (!options->common.quiet && strcmp(output, "-") != 0)
        print_result(model, rewards, output, steps, seconds);
    return command_flush();
}

static int finish(const struct train_options *options, const struct learner *learner,
                  const char *output, uint64_t steps, double seconds)
{
    struct error error;
    struct learn_rewards rewards;
    struct model *model = learn_model(learner, true, &error);
    bool saved = model && learn_rewards(model, &rewards, &error) == 0 &&
                 model_save(model, output, &error) == 0;
    int code =
        saved ? tell(options, model, &rewards, output, steps, seconds) : command_fail(&error);
    model_free(model);
    return code;
}

static int learn(const struct train_options *options, struct learner *learner,
                 const struct lesson *lesson, FILE *log, struct error *error)
{
    struct watch watch = {.log = log, .total = learn_total(learner)};
    interrupt_catch();
    if (log)
        fputs("steps,reward,entropy,kl,clip_fraction,policy_loss,value_loss,explained_variance,"
              "gradient_length,rate,updates\n",
              log);
    progress_begin(&watch.progress, "learning", options->common.quiet);
    int status = options->snapshots
                     ? learn_with_snapshots(options, learner, lesson, &watch, error)
                     : learn_run(learner, watch.total, watch_learning, &watch, error);
    progress_end(&watch.progress);
    return status;
}

static int learn_and_save(const struct train_options *options, struct learner *learner,
                          const struct lesson *lesson, const char *output)
{
    struct error error;
    struct outfile *log = NULL;
    if (options->log && !(log = outfile_open(options->log, &error)))
        return command_fail(&error);
    uint64_t before = learn_steps(learner);
    double started = monotonic_seconds();
    int status = learn(options, learner, lesson, log ? outfile_stream(log) : NULL, &error);
    double seconds = monotonic_seconds() - started;
    if (log && status == 0)
        status = outfile_commit(log, &error);
    else if (log)
        outfile_abort(log);
    if (status != 0)
        return command_fail(&error);
    return finish(options, learner, output, learn_steps(learner) - before, seconds);
}

static int train(struct train_options *options, const struct lesson *lesson, const char *output)
{
    struct error error;
    struct learner *learner = NULL;
    int code = COMMAND_FAILED;
    struct process *process = beats_process((const struct song *const *)lesson->songs,
                                            lesson->count, lesson->context, &error);
    if (process)
        learner = learn_open(process, lesson->songs, &options->learn, lesson->resumed, &error);
    if (!learner) {
        if (lesson->resumed)
            error_prefix(&error, options->resume);
        command_fail(&error);
    } else if (learn_steps(learner) >= learn_total(learner)) {
        error_set(&error, "%s: has been trained for %llu steps; name more of them with --steps",
                  options->resume, (unsigned long long)learn_steps(learner));
        command_fail(&error);
    } else {
        code = learn_and_save(options, learner, lesson, output);
    }
    learn_close(learner);
    process_free(process);
    return code;
}

/* Before anything is learned. The log may not take the place of the model that training goes
 * on from either. */
static int check_outputs(const struct train_options *options, const struct lesson *lesson,
                         const char *output, struct error *error)
{
    char *resumed[] = {options->resume, NULL};
    if (files_check_output(options->log, lesson->paths, error) != 0 ||
        files_check_output(options->log, resumed, error) != 0)
        return -1;
    return files_check_writable(output, lesson->paths, error);
}

static int check_usage(struct train_options *options, char *const *files)
{
    if (!files[0] && !options->resume)
        return command_usage("train", "expected FILE.mid or DIR, got none");
    if (options->algorithm && strcmp(options->algorithm, "ppo") != 0 &&
        strcmp(options->algorithm, "sarsa") != 0)
        return command_usage("train", "--algorithm is ppo or sarsa, not '%s'", options->algorithm);
    options->learn.sarsa = g_strcmp0(options->algorithm, "sarsa") == 0;
    if (!(options->rate >= 0 && options->rate <= 10))
        return command_usage("train", "--rate takes a number above 0, up to 10");
    options->learn.rate = options->rate;
    if (options->steps < 1 && options->steps != NOT_GIVEN)
        return command_usage("train", "--steps takes a whole number above 0");
    if (options->every < 1 && options->every != NOT_GIVEN)
        return command_usage("train", "--every takes a whole number above 0");
    if (options->context < 0 || options->context > PROCESS_MAX_CONTEXT)
        return command_usage("train", "--context takes 0 to %d beats", PROCESS_MAX_CONTEXT);
    if (options->threads < 1 || options->threads > 256)
        return command_usage("train", "--threads takes 1 to 256");
    if (!options->snapshots != (options->every == NOT_GIVEN))
        return command_usage("train", "--snapshots DIR and --every N go together");
    if (g_strcmp0(options->output, "-") == 0 && options->common.json)
        return command_usage("train", "standard output can take the model or --json, not both");
    options->learn.steps = options->steps == NOT_GIVEN ? 0 : (uint64_t)options->steps;
    options->learn.seed = (uint64_t)options->common.seed;
    return music_choice(&options->music, "train", &options->choice);
}

static int prepare(struct train_options *options, char *const *files, struct lesson *lesson,
                   struct error *error)
{
    lesson->context = (uint32_t)options->context;
    if (files[0]) {
        char **paths = files_expand(files, FILES_MUSIC, error);
        int status = paths ? read_pieces(options, paths, lesson, error) : -1;
        lesson->paths = paths;
        if (status != 0)
            return -1;
        lesson->name = music_stem(files_name(files[0]));
    }
    if (options->resume && resume_lesson(options, lesson, error) != 0)
        return -1;
    if (!lesson->name && lesson->count > 0)
        lesson->name = strdup(lesson->songs[0]->name);
    return 0;
}

static int run(struct train_options *options, char *const *files)
{
    struct error error;
    struct lesson lesson = {0};
    int code = check_usage(options, files);
    if (code != COMMAND_GO_ON)
        return code;
    char *output = NULL;
    if (prepare(options, files, &lesson, &error) == 0) {
        output = options->output   ? g_strdup(options->output)
                 : options->resume ? g_strdup(options->resume)
                                   : g_strdup_printf("%s.model", lesson.name);
        code = check_outputs(options, &lesson, output, &error) == 0
                   ? train(options, &lesson, output)
                   : command_fail(&error);
    } else {
        code = command_fail(&error);
    }
    g_free(output);
    lesson_clear(&lesson);
    return code;
}

int command_train(int argc, char **argv)
{
    for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++)
        if (strcmp(argv[i], "--style") == 0)
            return command_train_style(argc, argv);
    struct train_options options = {.common.offers = COMMAND_SEED | COMMAND_GRID,
                                    .learn = learn_defaults(),
                                    .context = LEARN_CONTEXT,
                                    .threads = (gint)g_get_num_processors(),
                                    .steps = NOT_GIVEN,
                                    .every = NOT_GIVEN};
    gboolean style = FALSE; /* seen above */
    const GOptionEntry entries[] = {
        {"style", 0, 0, G_OPTION_ARG_NONE, &style,
         "learn a style, not pieces; train --style --help lists its options", NULL},
        {"output", 'o', 0, G_OPTION_ARG_FILENAME, &options.output,
         "where to write (NAME.model in this folder, after the first FILE or DIR)", "MODEL"},
        {"algorithm", 0, 0, G_OPTION_ARG_FILENAME, &options.algorithm, "how to learn (ppo)",
         "ppo|sarsa"},
        {"steps", 0, 0, G_OPTION_ARG_INT64, &options.steps, "environment steps in all (1000000)",
         "N"},
        {"rate", 0, 0, G_OPTION_ARG_DOUBLE, &options.rate,
         "learning rate at first; it falls to the end (0.1)", "RATE"},
        {"context", 0, 0, G_OPTION_ARG_INT, &options.context,
         "beats before the current one that belong to a state, 0 to 8 (2)", "BEATS"},
        {"snapshots", 0, 0, G_OPTION_ARG_FILENAME, &options.snapshots,
         "write a model at the start, after every so many steps, and at the end", "DIR"},
        {"every", 0, 0, G_OPTION_ARG_INT64, &options.every, "steps between snapshots", "N"},
        {"resume", 0, 0, G_OPTION_ARG_FILENAME, &options.resume,
         "go on with the training of a model; its pieces need not be named", "MODEL"},
        {"log", 0, 0, G_OPTION_ARG_FILENAME, &options.log, "write how learning went", "FILE.csv"},
        {"threads", 0, 0, G_OPTION_ARG_INT, &options.threads,
         "threads that read files (one a processor); learning is one thread", "N"},
        MUSIC_ENTRIES(options.music),
        {NULL, 0, 0, 0, NULL, NULL, NULL},
    };
    char **files = NULL;
    int code = command_parse(argc, argv, "FILE.mid|DIR...",
                             "Ctrl-C stops cleanly and saves; --resume goes on from there.",
                             entries, &options.common, &files);
    if (code == COMMAND_GO_ON)
        code = run(&options, files);
    music_options_clear(&options.music);
    g_free(options.output);
    g_free(options.algorithm);
    g_free(options.snapshots);
    g_free(options.resume);
    g_free(options.log);
    g_strfreev(files);
    return code;
}
