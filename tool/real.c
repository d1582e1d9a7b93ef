/* audiogenrl evaluate --real: playing of which it is known, note by note, what was meant.
 *
 * A case is a folder with score.mid (the piece), take.mid (how it was played) and truth.tsv
 * (measure/labelled.h). Each is followed with a model of its own piece, as `train` makes it, and
 * with those that -m names. */
#include "tool/evaluate.h"

#include "load/learn.h"
#include "measure/labelled.h"
#include "measure/table.h"
#include "tool/commands.h"
#include "tool/decide.h"
#include "tool/files.h"
#include "tool/progress.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

static const double kept_well = 99; /* per cent; cases that stay below are counted */

struct job {
    const char *path;             /* of the case */
    struct labelled_score *score; /* [specs * modes] */
    struct error error;
    bool failed;
};

struct work {
    const struct evaluate_options *options;
    const struct take_choice *choice;
    const struct models *models; /* beside the case's own */
    struct job *jobs;
    size_t count, done;
    GMutex lock; /* of done and progress */
    struct progress progress;
};

/* --- Finding cases --- */

static int compare_paths(gconstpointer a, gconstpointer b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static bool holds(const char *folder, const char *name)
{
    char *path = g_build_filename(folder, name, NULL);
    bool there = g_file_test(path, G_FILE_TEST_IS_REGULAR);
    g_free(path);
    return there;
}

static void find_cases(const char *folder, GPtrArray *found)
{
    GDir *entries = g_dir_open(folder, 0, NULL);
    if (entries && holds(folder, "truth.tsv"))
        g_ptr_array_add(found, g_strdup(folder));
    for (const char *name; entries && (name = g_dir_read_name(entries));) {
        char *path = g_build_filename(folder, name, NULL);
        if (g_file_test(path, G_FILE_TEST_IS_DIR) && !g_file_test(path, G_FILE_TEST_IS_SYMLINK))
            find_cases(path, found);
        g_free(path);
    }
    if (entries)
        g_dir_close(entries);
}

/* The paths of the cases in `folders` and below, sorted; NULL: there is none in one of them. */
static GPtrArray *find_all(char *const *folders, struct error *error)
{
    GPtrArray *found = g_ptr_array_new_with_free_func(g_free);
    for (size_t i = 0; folders[i]; i++) {
        guint before = found->len;
        find_cases(folders[i], found);
        if (found->len == before) {
            error_set(error, "%s: no folder with score.mid, take.mid and truth.tsv in it or below",
                      folders[i]);
            g_ptr_array_free(found, TRUE);
            return NULL;
        }
    }
    g_ptr_array_sort(found, compare_paths);
    return found;
}

/* --- A case --- */

struct real_case {
    struct model *own; /* of its piece */
    struct models followed;
    struct labelled_note *notes;
    size_t count;
    char *take; /* its path */
    uint32_t seed;
};

static struct model *learn_piece(const struct evaluate_options *options, const char *path,
                                 struct error *error)
{
    const struct take_choice whole = {.grid = TAKE_GRID_DECIDE};
    struct learn_settings learn = learn_defaults();
    struct music *music = music_open(path, &whole, error);
    struct song *song = music ? music_song(music, error) : NULL;
    struct model *model = NULL;
    learn.seed = (uint64_t)options->common.seed;
    if (options->own_steps > 0)
        learn.steps = (uint64_t)options->own_steps;
    if (song && options->own_steps == 0)
        model = models_untrained(&song, 1, LEARN_CONTEXT, MODELS_OBSERVED, error);
    else if (song)
        model = learn_songs(&song, 1, LEARN_CONTEXT, &learn, NULL, NULL, error);
    song_free(song);
    music_free(music);
    return model;
}

static int read_truth(const char *folder, struct real_case *of, struct error *error)
{
    size_t length = 0;
    char *path = g_build_filename(folder, "truth.tsv", NULL);
    char *text = files_read(path, &length, error);
    if (text)
        of->notes = labelled_read(text, path, &of->count, error);
    g_free(text);
    g_free(path);
    return of->notes ? 0 : -1;
}

static int case_load(const struct work *work, const char *folder, struct real_case *of,
                     struct error *error)
{
    char *name = g_path_get_basename(folder);
    char *score = g_build_filename(folder, "score.mid", NULL);
    of->seed = (uint32_t)crc32_z(0, (const Bytef *)name, strlen(name));
    of->take = g_build_filename(folder, "take.mid", NULL);
    of->own = learn_piece(work->options, score, error);
    g_free(name);
    g_free(score);
    if (!of->own || read_truth(folder, of, error) != 0)
        return -1;
    of->followed.model = g_new(struct model *, work->models->count + 1);
    of->followed.model[of->followed.count++] = of->own;
    for (size_t m = 0; m < work->models->count; m++)
        of->followed.model[of->followed.count++] = work->models->model[m];
    return 0;
}

static void case_clear(struct real_case *of)
{
    model_free(of->own);
    g_free(of->followed.model);
    free(of->notes);
    g_free(of->take);
}

/* The pitches that stand in the file, [count]. */
static void read_pitches(const struct midifile *file, uint8_t *pitch)
{
    uint32_t count = 0;
    const struct midifile_note *notes = midifile_notes(file, &count);
    for (uint32_t i = 0; i < count; i++)
        pitch[i] = notes[i].pitch;
}

/* The playing with errors in it. */
static struct midifile *play(const struct real_case *of, const struct inject_spec *spec,
                             uint8_t *played, bool *injected, struct error *error)
{
    uint32_t count = 0;
    struct midifile *file = midifile_load(of->take, error);
    if (!file)
        return NULL;
    midifile_notes(file, &count);
    if (count != of->count) {
        error_set(error, "%s: %u notes, and truth.tsv has %zu", of->take, count, of->count);
        midifile_free(file);
        return NULL;
    }
    read_pitches(file, played);
    labelled_inject(of->notes, count, spec, of->seed, played, injected);
    for (uint32_t i = 0; i < count; i++)
        midifile_set_pitch(file, i, played[i]);
    return file;
}

/* Corrects what is in the file, read anew, and what is sent for each note of it. */
static int correct(const struct work *work, const struct real_case *of, const struct midifile *file,
                   enum correct_mode mode, uint8_t *sent, struct error *error)
{
    const struct evaluate_options *options = work->options;
    struct correct_settings settings = options->knobs.settings;
    enum decide_way way = decide_way(options->live, &options->music);
    size_t length = 0, changed = 0;
    const uint8_t *bytes = midifile_bytes(file, &length);
    struct music *music = music_read(bytes, length, of->take, work->choice, error);
    if (!music)
        return -1;
    settings.mode = mode;
    uint8_t *chosen = g_new(uint8_t, music->take->count);
    int status = decide_pitches(&of->followed, &settings, music, way, true, chosen, NULL, error);
    if (status == 0)
        status = decide_apply(music, chosen, &changed, error);
    if (status == 0)
        read_pitches(music->file, sent);
    g_free(chosen);
    music_free(music);
    return status;
}

static int case_score(const struct work *work, const struct real_case *of,
                      struct labelled_score *score, struct error *error)
{
    const struct evaluate_options *options = work->options;
    uint8_t *played = g_new(uint8_t, of->count + 1);
    uint8_t *sent = g_new(uint8_t, of->count + 1);
    bool *injected = g_new(bool, of->count + 1);
    int status = 0;
    for (size_t s = 0; status == 0 && s < options->spec_count; s++) {
        struct midifile *file = play(of, &options->specs[s], played, injected, error);
        status = file ? 0 : -1;
        for (size_t m = 0; status == 0 && m < options->mode_count; m++) {
            status = correct(work, of, file, options->modes[m], sent, error);
            if (status == 0)
                labelled_count(&score[s * options->mode_count + m], of->notes, of->count, played,
                               injected, sent);
        }
        midifile_free(file);
    }
    g_free(played);
    g_free(sent);
    g_free(injected);
    return status;
}

static void run_job(gpointer place, gpointer context)
{
    struct work *work = context;
    struct job *job = place;
    struct real_case of = {0};
    job->score =
        g_new0(struct labelled_score, work->options->spec_count * work->options->mode_count);
    job->failed = case_load(work, job->path, &of, &job->error) != 0 ||
                  case_score(work, &of, job->score, &job->error) != 0;
    case_clear(&of);
    g_mutex_lock(&work->lock);
    work->done++;
    progress_show(&work->progress, (double)work->done / (double)work->count, job->path);
    g_mutex_unlock(&work->lock);
}

/* --- What came out --- */

static const struct table_column columns[] = {
    {"case", "case", -1},        {"mode", "mode", -1},
    {"errors", "errors", -1},    {"cases", "cases", 0},
    {"kept", "kept", 2},         {"fixed", "fixed", 2},
    {"exact", "exact", 2},       {"sets", "sets", 2},
    {"real", "real", 1},         {"left", "extra: left", 1},
    {"moved", "moved", 1},       {"elsewhere", "elsewhere", 1},
    {"below_99", "below 99", 0}, {"worst", "worst", 1},
    {"n_right", NULL, 0},        {"n_kept", NULL, 0},
    {"n_injected", NULL, 0},     {"n_fixed", NULL, 0},
    {"n_wrong", NULL, 0},        {"n_real", NULL, 0},
    {"n_extra", NULL, 0},        {"n_left", NULL, 0},
    {"n_moved", NULL, 0},        {"n_sets", NULL, 0},
    {"n_sets_right", NULL, 0},   {"worst_case", "worst case", -1},
};

/* Of the cases of a row, those that keep least. */
struct worst {
    double below, kept;
    const char *path;
};

static void add_row(struct table *table, const char *path, const char *mode, const char *errors,
                    const struct labelled_score *score, const struct worst *worst)
{
    struct labelled_figures f = labelled_figures(score);
    const double numbers[] = {
        (double)score->cases,
        f.kept,
        f.fixed,
        f.exact,
        f.sets,
        f.real,
        f.left,
        f.moved,
        f.elsewhere,
        worst->below,
        worst->kept,
        (double)score->right,
        (double)score->kept,
        (double)score->injected,
        (double)score->fixed,
        (double)score->wrong,
        (double)score->real,
        (double)score->extra,
        (double)score->left,
        (double)score->moved,
        (double)score->sets,
        (double)score->sets_right,
    };
    _Static_assert(G_N_ELEMENTS(columns) == 4 + G_N_ELEMENTS(numbers), "a number for each column");
    table_text(table, path);
    table_text(table, mode);
    table_text(table, errors);
    for (size_t k = 0; k < G_N_ELEMENTS(numbers); k++)
        table_number(table, numbers[k]);
    table_text(table, worst->path);
}

static void add_total(struct table *table, const struct work *work, size_t spec, size_t mode)
{
    const struct evaluate_options *options = work->options;
    struct labelled_score sum = {0};
    struct worst worst = {.kept = (double)NAN, .path = ""};
    for (size_t i = 0; i < work->count; i++) {
        const struct labelled_score *score =
            &work->jobs[i].score[spec * options->mode_count + mode];
        double kept = labelled_figures(score).kept;
        labelled_add(&sum, score);
        worst.below += kept < kept_well;
        if (kept < worst.kept || (isnan(worst.kept) && !isnan(kept))) {
            worst.kept = kept;
            worst.path = work->jobs[i].path;
        }
    }
    add_row(table, "total", knobs_mode_name(options->modes[mode]), options->specs[spec].text, &sum,
            &worst);
}

static struct table *make_table(const struct work *work, bool by_case, bool total,
                                struct error *error)
{
    const struct evaluate_options *options = work->options;
    const struct worst none = {(double)NAN, (double)NAN, ""};
    struct table *table = table_create(columns, G_N_ELEMENTS(columns), error);
    for (size_t i = 0; table && by_case && i < work->count; i++)
        for (size_t s = 0; s < options->spec_count; s++)
            for (size_t m = 0; m < options->mode_count; m++)
                add_row(table, work->jobs[i].path, knobs_mode_name(options->modes[m]),
                        options->specs[s].text, &work->jobs[i].score[s * options->mode_count + m],
                        &none);
    for (size_t s = 0; table && total && s < options->spec_count; s++)
        for (size_t m = 0; m < options->mode_count; m++)
            add_total(table, work, s, m);
    return table;
}

static json_t *rows(const struct work *work, bool by_case, struct error *error)
{
    struct table *table = make_table(work, by_case, !by_case, error);
    json_t *list = table ? table_json(table, error) : NULL;
    table_free(table);
    return list;
}

static int tell(const struct work *work)
{
    const struct evaluate_options *options = work->options;
    struct error error;
    int status = 0;
    if (options->csv) {
        struct table *table = make_table(work, true, true, &error);
        status = table ? table_write_csv(table, options->csv, &error) : -1;
        table_free(table);
    }
    if (status == 0 && options->common.json) {
        json_t *total = rows(work, false, &error);
        json_t *by_case = total ? rows(work, true, &error) : NULL;
        if (by_case)
            return command_print_json(json_pack("{s:I, s:b, s:I, s:o, s:o}", "cases",
                                                (json_int_t)work->count, "live", options->live,
                                                "seed", (json_int_t)options->common.seed, "total",
                                                total, "by_case", by_case));
        json_decref(total);
        status = -1;
    } else if (status == 0 && !options->common.quiet) {
        struct table *table = make_table(work, false, true, &error);
        status = table ? table_print(table, stdout, &error) : -1;
        table_free(table);
    }
    return status == 0 ? command_flush() : command_fail(&error);
}

/* --- All of them --- */

static int run_all(struct work *work)
{
    int code = COMMAND_GO_ON;
    progress_begin(&work->progress, "evaluating", work->options->common.quiet);
    g_mutex_init(&work->lock);
    GThreadPool *pool = g_thread_pool_new(run_job, work, work->options->threads, TRUE, NULL);
    for (size_t i = 0; i < work->count; i++)
        g_thread_pool_push(pool, &work->jobs[i], NULL);
    g_thread_pool_free(pool, FALSE, TRUE);
    g_mutex_clear(&work->lock);
    progress_end(&work->progress);
    for (size_t i = 0; code == COMMAND_GO_ON && i < work->count; i++)
        if (work->jobs[i].failed)
            code = command_fail(&work->jobs[i].error);
    return code == COMMAND_GO_ON ? tell(work) : code;
}

/* Models named with -m, and the installed style model, unless --alone. */
static int find_models(const struct evaluate_options *options, const struct take_choice *choice,
                       struct models *models, struct error *error)
{
    const enum correct_mode needs_none = CORRECT_OFF;
    if (options->models &&
        models_find(models, options->models, choice, &needs_none, 1, &options->common, error) != 0)
        return -1;
    return options->alone ? 0
                          : models_add_style(models, options->modes, options->mode_count, error);
}

int evaluate_real(const struct evaluate_options *options, const struct take_choice *choice)
{
    struct error error;
    struct models models = {0};
    struct work work = {.options = options, .choice = choice, .models = &models};
    GPtrArray *cases = find_all(options->real, &error);
    int code = COMMAND_FAILED;
    if (!cases || find_models(options, choice, &models, &error) != 0) {
        command_fail(&error);
    } else {
        work.count = cases->len;
        work.jobs = g_new0(struct job, work.count);
        for (size_t i = 0; i < work.count; i++)
            work.jobs[i].path = cases->pdata[i];
        code = run_all(&work);
        for (size_t i = 0; i < work.count; i++)
            g_free(work.jobs[i].score);
        g_free(work.jobs);
    }
    models_free(&models);
    if (cases)
        g_ptr_array_free(cases, TRUE);
    return code;
}
