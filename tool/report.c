/* audiogenrl report: pages about recorded sessions. */
#include "tool/report.h"

#include "base/outfile.h"
#include "tool/commands.h"
#include "tool/files.h"
#include "tool/report_json.h"
#include "tool/report_sessions.h"

#include <stdio.h>
#include <string.h>

struct report_options {
    char **models;
    char *output;
    char *names;
    enum word_names name_style;
    struct music_options music;
    struct command_common common;
};

struct work {
    const struct report_options *options;
    struct report_sources sources;
    char *const *files;
    json_t *json; /* a list, where there are several */
};

static void tell(const struct report_options *options, const struct report *report,
                 const char *output)
{
    const struct session *session = report->session;
    if (options->common.json || options->common.quiet || strcmp(output, "-") == 0)
        return;
    if (report->piece)
        printf(_("%s: %s, %.0f %% right, %zu wrong, %zu left out, %zu added; written to %s\n"),
               session->path, report->piece->name, report_share(&session->total),
               session->total.wrong, session->total.left_out, session->total.added, output);
    else
        printf(_("%s: not recognised; written to %s\n"), session->path, output);
}

static int write_page(const struct work *work, const struct report *report, const char *output,
                      struct error *error)
{
    char *page = report_page(report, error);
    int status = page && files_check_output(output, work->files, error) == 0 &&
                         files_check_output(output, work->sources.models->path, error) == 0
                     ? outfile_write(output, page, strlen(page), error)
                     : -1;
    g_free(page);
    if (status != 0)
        return -1;
    tell(work->options, report, output);
    if (work->json)
        json_array_append_new(work->json, report_json(report, output));
    return 0;
}

/* --- One recording, one page --- */

static char *page_of(const struct work *work, const char *path)
{
    const char *output = work->options->output;
    bool several = work->files[1] != NULL;
    if (output && !several)
        return g_strdup(output);
    if (strcmp(path, "-") == 0)
        return g_strdup("-");
    char *beside = files_replace_ending(path, ".report.html");
    if (!output)
        return beside;
    char *name = g_path_get_basename(beside);
    char *inside = g_build_filename(output, name, NULL);
    g_free(beside);
    g_free(name);
    return inside;
}

static int report_recording(const struct work *work, const char *path, struct error *error)
{
    struct report report;
    struct session *session = session_load(path, work->sources.models, work->sources.pieces,
                                           work->sources.choice, &work->options->common, error);
    if (!session)
        return -1;
    report_begin(&report, &work->sources, session, work->options->name_style);
    report_find_earlier(&report, &work->sources);
    report_find(&report);
    char *output = page_of(work, path);
    int status = write_page(work, &report, output, error);
    g_free(output);
    report_clear(&report);
    session_free(session);
    return status;
}

/* --- A folder, a page a piece --- */

struct folder {
    const char *path;
    char *to;
    GArray *recordings;
    struct session **session; /* [recordings]; NULL: not music */
    GArray *entries;          /* struct report_entry */
};

static char *page_name_of(const char *piece)
{
    char *name = g_strdelimit(g_strdup(piece), "/", '_');
    char *file = g_strconcat(name, ".report.html", NULL);
    g_free(name);
    return file;
}

/* The last session of a piece is the page's; those before it are its progress. */
static int report_piece(const struct work *work, struct folder *folder, int piece,
                        struct error *error)
{
    struct report report;
    guint last = folder->recordings->len;
    size_t sessions = 0;
    for (guint i = 0; i < folder->recordings->len; i++)
        if (folder->session[i] && folder->session[i]->piece == piece) {
            last = i;
            sessions++;
        }
    if (sessions == 0)
        return 0;
    report_begin(&report, &work->sources, folder->session[last], work->options->name_style);
    report.time = g_array_index(folder->recordings, struct report_recording, last).time.tv_sec;
    for (guint i = 0; i < last; i++)
        if (folder->session[i] && folder->session[i]->piece == piece)
            report_add(&report, folder->session[i],
                       g_array_index(folder->recordings, struct report_recording, i).time.tv_sec);
    report_find(&report);
    struct report_entry entry = {.piece = report.piece->name,
                                 .page = page_name_of(report.piece->name),
                                 .sessions = sessions,
                                 .share = report_share(&report.session->total)};
    char *output = g_build_filename(folder->to, entry.page, NULL);
    int status = write_page(work, &report, output, error);
    g_array_append_val(folder->entries, entry);
    g_free(output);
    report_clear(&report);
    return status;
}

static int write_index(const struct folder *folder, struct error *error)
{
    char *page = report_index((void *)folder->entries->data, folder->entries->len);
    char *output = g_build_filename(folder->to, "index.html", NULL);
    int status = outfile_write(output, page, strlen(page), error);
    g_free(output);
    g_free(page);
    return status;
}

static int report_pieces(const struct work *work, struct folder *folder, struct error *error)
{
    int status = 0;
    for (guint i = 0; i < folder->recordings->len; i++)
        folder->session[i] =
            session_load(g_array_index(folder->recordings, struct report_recording, i).path,
                         work->sources.models, work->sources.pieces, work->sources.choice,
                         &work->options->common, NULL);
    for (size_t p = 0; p < work->sources.pieces->count && status == 0; p++)
        status = report_piece(work, folder, (int)p, error);
    if (status == 0 && folder->entries->len == 0)
        return error_set(error, "%s: holds no recording of a piece that is known", folder->path);
    return status == 0 ? write_index(folder, error) : -1;
}

static int report_folder(const struct work *work, const char *path, struct error *error)
{
    struct folder folder = {
        .path = path,
        .to = g_strdup(work->options->output ? work->options->output : path),
        .recordings = report_recordings(work->sources.models, path),
        .entries = g_array_new(FALSE, FALSE, sizeof(struct report_entry)),
    };
    folder.session = g_new0(struct session *, folder.recordings->len + 1);
    int status = report_pieces(work, &folder, error);
    for (guint i = 0; i < folder.recordings->len; i++)
        session_free(folder.session[i]);
    for (guint i = 0; i < folder.entries->len; i++)
        g_free((char *)g_array_index(folder.entries, struct report_entry, i).page);
    g_array_free(folder.entries, TRUE);
    report_recordings_free(folder.recordings);
    g_free(folder.session);
    g_free(folder.to);
    return status;
}

/* --- The command --- */

static int report_all(struct work *work)
{
    struct error error;
    bool folder = false;
    for (char *const *file = work->files; *file; file++)
        folder |= g_file_test(*file, G_FILE_TEST_IS_DIR);
    if (work->options->common.json && (work->files[1] || folder))
        work->json = json_array();
    json_t *one = work->options->common.json && !work->json ? json_array() : NULL;
    if (one)
        work->json = one;
    int status = 0;
    for (char *const *file = work->files; *file && status == 0; file++)
        status = g_file_test(*file, G_FILE_TEST_IS_DIR) ? report_folder(work, *file, &error)
                                                        : report_recording(work, *file, &error);
    int code = status == 0 ? COMMAND_DONE : command_fail(&error);
    if (code == COMMAND_DONE && one)
        code = command_print_json(json_incref(json_array_get(one, 0)));
    else if (code == COMMAND_DONE && work->json)
        code = command_print_json(json_incref(work->json));
    else if (code == COMMAND_DONE)
        code = command_flush();
    json_decref(work->json);
    return code;
}

static int check(struct report_options *options, char *const *files)
{
    bool out = options->output ? strcmp(options->output, "-") == 0 : false;
    if (!files[0])
        return command_usage("report", "expected a file RECORDING.mid or a folder of them");
    if (!files[1] && !options->output)
        out = strcmp(files[0], "-") == 0;
    for (size_t i = 0; files[1] && files[i]; i++)
        if (strcmp(files[i], "-") == 0)
            return command_usage("report", "standard input is one recording, without others");
    if (options->common.json && out)
        return command_usage("report", "standard output can take the page or --json, not both");
    int names = words_names(options->names);
    if (names < 0)
        return command_usage("report", WORDS_NAMES_FAULT, options->names);
    options->name_style = (enum word_names)names;
    return COMMAND_GO_ON;
}

static int run(struct report_options *options, char *const *files)
{
    struct error error;
    struct take_choice choice;
    struct models models = {0};
    struct session_pieces pieces;
    const enum correct_mode mode = CORRECT_CORRECT;
    /* How the pieces are read; tracks and channels choose from the recording. */
    const struct take_choice whole = {.grid = TAKE_GRID_DECIDE};
    int code = check(options, files);
    if (code == COMMAND_GO_ON)
        code = music_choice(&options->music, "report", &choice);
    if (code != COMMAND_GO_ON)
        return code;
    if (choice.grid == TAKE_GRID_DECIDE) /* a recording is read by its time, not by sixteenths */
        choice.grid = TAKE_GRID_FILE;
    if (files_check_there(files, &error) != 0 ||
        models_find(&models, options->models, &whole, &mode, 1, &options->common, &error) != 0)
        return command_fail(&error);
    session_pieces_load(&pieces, &models);
    struct work work = {.options = options,
                        .sources = {.models = &models, .pieces = &pieces, .choice = &choice},
                        .files = files};
    code = report_all(&work);
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
         "where to write (RECORDING.report.html); of several recordings, or a folder of them, a "
         "folder",
         "PAGE.html"},
        WORDS_ENTRY(options.names),
        MUSIC_ENTRIES(options.music),
        {NULL, 0, 0, 0, NULL, NULL, NULL},
    };
    char **files = NULL;
    int code = command_parse(argc, argv, "RECORDING.mid|FOLDER...",
                             "Finds the piece of each recording and writes a page about it. "
                             "Earlier sessions of the piece are looked for in the recording's "
                             "folder. Of a folder of recordings, each piece gets a page and "
                             "index.html leads to them.",
                             entries, &options.common, &files);
    if (code == COMMAND_GO_ON)
        code = run(&options, files);
    music_options_clear(&options.music);
    g_strfreev(options.models);
    g_free(options.output);
    g_free(options.names);
    g_strfreev(files);
    return code;
}
