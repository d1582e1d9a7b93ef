/* audiogenrl report: a page about a recorded session. */
#include "tool/report.h"

#include "base/outfile.h"
#include "tool/commands.h"
#include "tool/files.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

enum { MOST_EARLIER = 12 };

struct report_options {
    char **models;
    char *output;
    struct music_options music;
    struct command_common common;
};

/* --- Earlier sessions --- */

struct candidate {
    char *path;
    struct timespec time;
};

static int compare_candidates(const void *a, const void *b)
{
    const struct candidate *x = a;
    const struct candidate *y = b;
    if (x->time.tv_sec != y->time.tv_sec)
        return x->time.tv_sec < y->time.tv_sec ? -1 : 1;
    if (x->time.tv_nsec != y->time.tv_nsec)
        return x->time.tv_nsec < y->time.tv_nsec ? -1 : 1;
    return strcmp(x->path, y->path);
}

/* Music that may be a session: neither the recording, nor a piece, nor what `correct` wrote. */
static bool may_be_session(const struct models *models, const char *recording, const char *path,
                           struct stat *status)
{
    char *lower = g_ascii_strdown(path, -1);
    bool corrected = g_str_has_suffix(lower, ".corrected.mid");
    g_free(lower);
    if (corrected || stat(path, status) != 0 || !S_ISREG(status->st_mode) ||
        files_same(recording, status))
        return false;
    for (size_t i = 0; i < models->count; i++)
        if (files_same(models->path[i], status))
            return false;
    return files_are(path, FILES_MUSIC);
}

/* Sessions older than the recording, oldest first; g_free each path and the array. */
static GArray *find_candidates(const struct models *models, const char *recording,
                               const struct stat *own)
{
    GArray *found = g_array_new(FALSE, FALSE, sizeof(struct candidate));
    char *folder = g_path_get_dirname(recording);
    GDir *entries = g_dir_open(folder, 0, NULL);
    const struct candidate self = {(char *)recording, own->st_mtim};
    for (const char *name; entries && (name = g_dir_read_name(entries));) {
        struct stat status;
        struct candidate candidate = {.path = g_build_filename(folder, name, NULL)};
        bool fits = may_be_session(models, recording, candidate.path, &status);
        if (fits)
            candidate.time = status.st_mtim;
        if (fits && compare_candidates(&candidate, &self) < 0)
            g_array_append_val(found, candidate);
        else
            g_free(candidate.path);
    }
    if (entries)
        g_dir_close(entries);
    g_free(folder);
    g_array_sort(found, compare_candidates);
    return found;
}

static void add_earlier(GArray *list, const struct candidate *candidate,
                        const struct session *session)
{
    struct report_earlier earlier = {.name = g_strdup(session->name),
                                     .time = candidate->time.tv_sec,
                                     .total = session->total,
                                     .tempo = session->tempo,
                                     .unsteady = session->unsteady};
    g_array_append_val(list, earlier);
}

/* Files that cannot be read, and other music, are passed over. */
static void find_earlier(const struct models *models, const struct session_pieces *pieces,
                         const struct take_choice *choice, struct report *report)
{
    struct stat own;
    const char *recording = report->session->path;
    GArray *list = g_array_new(FALSE, FALSE, sizeof(struct report_earlier));
    if (strcmp(recording, "-") != 0 && stat(recording, &own) == 0) {
        const struct command_common quiet = {.quiet = TRUE};
        GArray *found = find_candidates(models, recording, &own);
        report->time = own.st_mtim.tv_sec;
        for (guint i = 0; i < found->len; i++) {
            struct candidate *candidate = &g_array_index(found, struct candidate, i);
            struct session *session = NULL;
            if (i + MOST_EARLIER >= found->len)
                session = session_load(candidate->path, models, pieces, choice, &quiet, NULL);
            if (session && session->piece == report->session->piece)
                add_earlier(list, candidate, session);
            session_free(session);
            g_free(candidate->path);
        }
        g_array_free(found, TRUE);
    }
    report->earlier_count = list->len;
    report->earlier = (void *)g_array_free(list, FALSE);
}

/* --- The command --- */

/* The bars with most faults; of equal ones the first. */
static void find_places(struct report *report)
{
    size_t bars = report->piece->bar_count;
    bool *chosen = g_new0(bool, bars);
    while (report->places < REPORT_PLACES) {
        size_t best = bars;
        for (size_t b = 0; b < bars; b++) {
            size_t faults = session_faults(&report->session->bar[b].count);
            if (!chosen[b] && faults > 0 &&
                (best == bars || faults > session_faults(&report->session->bar[best].count)))
                best = b;
        }
        if (best == bars)
            break;
        chosen[best] = true;
        report->place[report->places++] = best;
    }
    g_free(chosen);
}

static json_t *json_counts(const struct session_count *count)
{
    return json_pack("{s:I, s:I, s:I, s:I}", "right", (json_int_t)count->right, "wrong",
                     (json_int_t)count->wrong, "left_out", (json_int_t)count->left_out, "added",
                     (json_int_t)count->added);
}

static json_t *json_bars(const struct report *report)
{
    json_t *list = json_array();
    for (size_t b = 0; report->piece && b < report->piece->bar_count; b++) {
        const struct session_bar *bar = &report->session->bar[b];
        json_t *object = json_counts(&bar->count);
        json_object_set_new(object, "bar", json_integer(report->piece->bars[b].number));
        json_object_set_new(object, "passes", json_integer(bar->passes));
        json_object_set_new(object, "tempo", bar->tempo > 0 ? json_real(bar->tempo) : json_null());
        json_array_append_new(list, object);
    }
    return list;
}

static json_t *json_earlier(const struct report *report)
{
    json_t *list = json_array();
    for (size_t i = 0; i < report->earlier_count; i++) {
        json_t *object = json_counts(&report->earlier[i].total);
        json_object_set_new(object, "session", command_text(report->earlier[i].name));
        json_object_set_new(object, "tempo", json_real(report->earlier[i].tempo));
        json_array_append_new(list, object);
    }
    return list;
}

static json_t *json_report(const struct report *report, const char *output)
{
    const struct session *session = report->session;
    json_t *places = json_array();
    for (size_t i = 0; i < report->places; i++)
        json_array_append_new(places, json_integer(report->piece->bars[report->place[i]].number));
    return json_pack("{s:o, s:o, s:o, s:f, s:I, s:I, s:I, s:I, s:f, s:f, s:o, s:o, s:o, s:o, s:o, "
                     "s:o}",
                     "recording", command_text(session->path), "output", command_text(output),
                     "piece", report->piece ? command_text(report->piece->name) : json_null(),
                     "seconds", session->seconds, "notes", (json_int_t)session->notes, "elsewhere",
                     (json_int_t)session->elsewhere, "passes",
                     (json_int_t)session->alignment.passes, "stops", (json_int_t)session->stops,
                     "tempo", session->tempo, "unsteady", session->unsteady, "total",
                     json_counts(&session->total), "right_hand", json_counts(&session->hand[0]),
                     "left_hand", json_counts(&session->hand[1]), "bars", json_bars(report),
                     "practise", places, "earlier", json_earlier(report));
}

static int tell(const struct report_options *options, const struct report *report,
                const char *output)
{
    const struct session *session = report->session;
    if (options->common.json)
        return command_print_json(json_report(report, output));
    if (options->common.quiet || strcmp(output, "-") == 0)
        return COMMAND_DONE;
    if (report->piece)
        printf("%s: %s, %.0f %% right, %zu wrong, %zu left out, %zu added; written to %s\n",
               session->path, report->piece->name, report_share(&session->total),
               session->total.wrong, session->total.left_out, session->total.added, output);
    else
        printf("%s: not recognised; written to %s\n", session->path, output);
    return command_flush();
}

static int write_page(const struct report_options *options, const struct models *models,
                      const struct report *report)
{
    struct error error;
    const char *path = report->session->path;
    char *output = options->output          ? g_strdup(options->output)
                   : strcmp(path, "-") == 0 ? g_strdup("-")
                                            : files_replace_ending(path, ".report.html");
    char *page = report_page(report, &error);
    char *inputs[] = {(char *)path, NULL};
    int code = COMMAND_FAILED;
    if (page && files_check_output(output, inputs, &error) == 0 &&
        files_check_output(output, models->path, &error) == 0 &&
        outfile_write(output, page, strlen(page), &error) == 0)
        code = tell(options, report, output);
    else
        command_fail(&error);
    g_free(page);
    g_free(output);
    return code;
}

static int report_session(const struct report_options *options, const struct models *models,
                          const struct session_pieces *pieces, const struct take_choice *choice,
                          const char *path)
{
    struct error error;
    struct session *session = session_load(path, models, pieces, choice, &options->common, &error);
    if (!session)
        return command_fail(&error);
    struct report report = {.session = session};
    if (session->piece != ALIGN_NONE) {
        report.piece = &pieces->piece[session->piece];
        find_places(&report);
        find_earlier(models, pieces, choice, &report);
    }
    int code = write_page(options, models, &report);
    for (size_t i = 0; i < report.earlier_count; i++)
        g_free(report.earlier[i].name);
    g_free(report.earlier);
    session_free(session);
    return code;
}

static int run(const struct report_options *options, char *const *files)
{
    struct error error;
    struct take_choice choice;
    struct models models = {0};
    struct session_pieces pieces;
    const enum correct_mode mode = CORRECT_CORRECT;
    /* How the pieces are read; tracks and channels choose from the recording. */
    const struct take_choice whole = {.grid = TAKE_GRID_DECIDE};
    if (!files[0] || files[1])
        return command_usage("report", "expected one file RECORDING.mid, got %u",
                             g_strv_length((char **)files));
    if (options->common.json && (strcmp(files[0], "-") == 0 || options->output) &&
        strcmp(options->output ? options->output : "-", "-") == 0)
        return command_usage("report", "standard output can take the page or --json, not both");
    int code = music_choice(&options->music, "report", &choice);
    if (code != COMMAND_GO_ON)
        return code;
    if (files_check_there(files, &error) != 0 ||
        models_find(&models, options->models, &whole, &mode, 1, &options->common, &error) != 0)
        return command_fail(&error);
    session_pieces_load(&pieces, &models);
    code = report_session(options, &models, &pieces, &choice, files[0]);
    session_pieces_clear(&pieces);
    models_free(&models);
    return code;
}

int command_report(int argc, char **argv)
{
    struct report_options options = {.common.offers = COMMAND_GRID};
    const GOptionEntry entries[] = {
        {"model", 'm', 0, G_OPTION_ARG_FILENAME_ARRAY, &options.models,
         "a model, a .mid or a folder of both, of what was practised; may be given several times",
         "MODEL"},
        {"output", 'o', 0, G_OPTION_ARG_FILENAME, &options.output,
         "where to write (RECORDING.report.html)", "PAGE.html"},
        MUSIC_ENTRIES(options.music),
        {NULL, 0, 0, 0, NULL, NULL, NULL},
    };
    char **files = NULL;
    int code = command_parse(argc, argv, "RECORDING.mid",
                             "Earlier sessions of the piece are looked for in the recording's "
                             "folder.",
                             entries, &options.common, &files);
    if (code == COMMAND_GO_ON)
        code = run(&options, files);
    music_options_clear(&options.music);
    g_strfreev(options.models);
    g_free(options.output);
    g_strfreev(files);
    return code;
}
