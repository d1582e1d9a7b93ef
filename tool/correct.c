/* audiogenrl correct: a copy of a .mid in which only pitches of notes differ. */
#include "base/outfile.h"
#include "tool/commands.h"
#include "tool/files.h"
#include "tool/knobs.h"
#include "tool/models.h"

#include <stdio.h>
#include <string.h>

struct correct_options {
    char **models;
    char *output;
    char *report;
    gboolean live;
    struct knobs knobs;
    struct music_options music;
    struct command_common common;
};

static json_t *report_notes(const struct take *take, const struct midifile_note *notes,
                            const uint8_t *sent)
{
    json_t *list = json_array();
    for (size_t i = 0; i < take->count; i++) {
        const struct midifile_note *note = &notes[take->index[i]];
        json_array_append_new(list, json_pack("{s:i, s:i, s:i, s:f, s:f, s:i, s:i}", "tick",
                                              (int)note->tick, "track", (int)note->track + 1,
                                              "channel", note->channel + 1, "seconds",
                                              take->note[i].seconds, "slot", take->note[i].slot,
                                              "played", take->note[i].pitch, "sent", sent[i]));
    }
    return list;
}

static json_t *report(const struct correct_options *options, const struct music *music,
                      const struct models *models, const char *output, const uint8_t *sent,
                      size_t changed)
{
    uint32_t count = 0;
    const struct midifile_note *notes = midifile_notes(music->file, &count);
    json_t *names = json_array();
    for (size_t i = 0; i < models->count; i++)
        json_array_append_new(
            names, command_text(options->models ? options->models[i] : AUDIOGENRL_DEFAULT_MODEL));
    return json_pack("{s:o, s:o, s:o, s:s, s:f, s:f, s:b, s:s, s:{s:I, s:I, s:I, s:I}, s:o}",
                     "input", command_text(music->name), "output", command_text(output), "models",
                     names, "mode", knobs_mode_name(options->knobs.settings.mode), "follow",
                     (double)options->knobs.settings.follow, "keep",
                     (double)options->knobs.settings.keep, "live", options->live, "grid",
                     music->take->found ? "auto" : "file", "summary", "notes", (json_int_t)count,
                     "chosen", (json_int_t)music->take->count, "changed", (json_int_t)changed,
                     "left_alone", (json_int_t)(count - music->take->count), "notes",
                     report_notes(music->take, notes, sent));
}

static size_t apply(struct music *music, const uint8_t *sent)
{
    const struct take *take = music->take;
    size_t changed = 0;
    for (size_t i = 0; i < take->count; i++) {
        if (sent[i] == take->note[i].pitch)
            continue;
        midifile_set_pitch(music->file, take->index[i], sent[i]);
        changed++;
    }
    return changed;
}

/* The report is written out before the file is saved and put in its place after,
 * so that a full disk leaves neither. */
static int save(const struct correct_options *options, const struct music *music,
                const char *output, json_t *document, struct error *error)
{
    struct outfile *file = NULL;
    if (options->report) {
        file = outfile_open(options->report, error);
        if (!file)
            return -1;
        json_dumpf(document, outfile_stream(file), JSON_INDENT(1) | JSON_REAL_PRECISION(9));
        fputc('\n', outfile_stream(file));
        if (fflush(outfile_stream(file)) != 0)
            return outfile_commit(file, error);
    }
    if (midifile_save(music->file, output, error) != 0) {
        if (file)
            outfile_abort(file);
        return -1;
    }
    return file ? outfile_commit(file, error) : 0;
}

static int tell(const struct correct_options *options, const struct music *music,
                const char *output, size_t changed, json_t *document)
{
    if (options->common.json)
        return command_print_json(json_incref(document));
    if (!options->common.quiet && strcmp(output, "-") != 0)
        printf("%s: %zu of %zu notes changed; written to %s\n", music->name, changed,
               music->take->count, output);
    return command_flush();
}

static int correct_file(const struct correct_options *options, const struct models *models,
                        const char *input, const struct take_choice *choice)
{
    struct error error;
    struct music *music = music_load(input, choice, &options->common, &error);
    if (!music)
        return command_fail(&error);
    struct corrector *corrector = corrector_open((const struct model *const *)models->model,
                                                 models->count, &options->knobs.settings, &error);
    uint8_t *sent = g_new(uint8_t, music->take->count);
    char *output = options->output           ? g_strdup(options->output)
                   : strcmp(input, "-") == 0 ? g_strdup("-")
                                             : files_replace_ending(input, ".corrected.mid");
    int code = COMMAND_FAILED;
    json_t *document = NULL;
    if (!corrector || take_correct(music->take->note, music->take->release, music->take->count,
                                   corrector, options->live, sent, NULL, &error) != 0) {
        command_fail(&error);
    } else {
        size_t changed = apply(music, sent);
        if (options->report || options->common.json)
            document = report(options, music, models, output, sent, changed);
        code = save(options, music, output, document, &error) == 0
                   ? tell(options, music, output, changed, document)
                   : command_fail(&error);
    }
    json_decref(document);
    g_free(output);
    g_free(sent);
    corrector_close(corrector);
    music_free(music);
    return code;
}

static int find_models(const struct correct_options *options, const struct take_choice *choice,
                       struct models *models)
{
    struct error error;
    enum correct_mode mode = options->knobs.settings.mode;
    if (models_find(models, options->models, choice, &mode, 1, &options->common, &error) != 0)
        return command_fail(&error);
    return COMMAND_GO_ON;
}

static int check_usage(const struct correct_options *options, char *const *files)
{
    if (!files[0] || files[1])
        return command_usage("correct", "expected one file IN.mid, got %u",
                             g_strv_length((char **)files));
    bool piped = (options->output && strcmp(options->output, "-") == 0) ||
                 (!options->output && strcmp(files[0], "-") == 0);
    bool reported = options->report && strcmp(options->report, "-") == 0;
    if (options->common.json + piped + reported > 1)
        return command_usage("correct", "standard output can take one of the .mid, the report "
                                        "and --json");
    return COMMAND_GO_ON;
}

int command_correct(int argc, char **argv)
{
    struct correct_options options = {.knobs = KNOBS_UNSET};
    const GOptionEntry entries[] = {
        {"model", 'm', 0, G_OPTION_ARG_FILENAME_ARRAY, &options.models,
         "a model, or a .mid to be followed as it stands; may be given several times", "MODEL"},
        {"output", 'o', 0, G_OPTION_ARG_FILENAME, &options.output,
         "where to write (IN.corrected.mid)", "OUT.mid"},
        KNOBS_ENTRIES(options.knobs),
        {"live", 0, 0, G_OPTION_ARG_NONE, &options.live,
         "decide on each note with nothing known of what follows", NULL},
        MUSIC_ENTRIES(options.music),
        {"report", 0, 0, G_OPTION_ARG_FILENAME, &options.report,
         "write for each note what was played and what is sent", "FILE.json"},
        {NULL, 0, 0, 0, NULL, NULL, NULL},
    };
    char **files = NULL;
    struct take_choice choice;
    struct models models = {0};
    int code = command_parse(argc, argv, "IN.mid", NULL, entries, &options.common, &files);
    if (code == COMMAND_GO_ON)
        code = knobs_read(&options.knobs, "correct", (uint64_t)options.common.seed);
    if (code == COMMAND_GO_ON)
        code = music_choice(&options.music, "correct", &choice);
    if (code == COMMAND_GO_ON)
        code = check_usage(&options, files);
    if (code == COMMAND_GO_ON)
        code = find_models(&options, &choice, &models);
    if (code == COMMAND_GO_ON)
        code = correct_file(&options, &models, files[0], &choice);
    models_free(&models);
    knobs_clear(&options.knobs);
    music_options_clear(&options.music);
    g_strfreev(options.models);
    g_free(options.output);
    g_free(options.report);
    g_strfreev(files);
    return code;
}
