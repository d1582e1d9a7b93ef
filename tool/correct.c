/* audiogenrl correct: a copy of a .mid in which only pitches of notes differ. */
#include "base/outfile.h"
#include "tool/commands.h"
#include "tool/decide.h"
#include "tool/files.h"
#include "tool/knobs.h"
#include "tool/models.h"
#include "tool/picture.h"
#include "tool/sound.h"

#include "picture/roll.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

struct correct_options {
    char **models;
    char *output;
    char *report;
    char *picture;
    char *wav;
    char *soundfont;
    gboolean live, alone, staff;
    struct knobs knobs;
    struct music_options music;
    struct command_common common;
};

/* The piece with a number counted over all models; *piece becomes its number in its model. */
static const struct model *find_model(const struct models *models, int *piece)
{
    for (size_t m = 0; *piece >= 0 && m < models->count; m++) {
        int pieces = (int)model_songs(models->model[m]);
        if (*piece < pieces)
            return models->model[m];
        *piece -= pieces;
    }
    return NULL;
}

/* Where a note was, in the piece's own bars, as status tells it; null: in no known piece. */
static json_t *report_place(const struct models *models, const struct correct_place *place)
{
    int piece = place->piece;
    const struct model *model = find_model(models, &piece);
    if (!model)
        return json_null();
    struct score_place at = score_place(model_score(model, (size_t)piece), place->quarter);
    return json_pack("{s:o, s:f, s:I, s:f, s:I, s:i, s:f, s:o}", "name",
                     command_text(model_song(model, (size_t)piece)->name), "beat", place->quarter,
                     "bar", (json_int_t)at.bar->number, "beat_of_bar", at.beat, "onset",
                     (json_int_t)place->onset, "shift", place->shift, "sure", (double)place->sure,
                     "tempo", command_number(60 / place->tempo));
}

static json_t *report_notes(const struct take *take, const struct midifile_note *notes,
                            const struct models *models, const uint8_t *sent,
                            const struct correct_place *place)
{
    json_t *list = json_array();
    for (size_t i = 0; i < take->count; i++) {
        const struct midifile_note *note = &notes[take->index[i]];
        json_array_append_new(list,
                              json_pack("{s:i, s:i, s:i, s:f, s:f, s:i, s:i, s:o}", "tick",
                                        (int)note->tick, "track", (int)note->track + 1, "channel",
                                        note->channel + 1, "seconds", take->note[i].seconds, "slot",
                                        take->note[i].slot, "played", take->note[i].pitch, "sent",
                                        sent[i], "place", report_place(models, &place[i])));
    }
    return list;
}

static json_t *report(const struct correct_options *options, const struct music *music,
                      const struct models *models, const char *output, const uint8_t *sent,
                      const struct correct_place *place, size_t changed)
{
    uint32_t count = 0;
    const struct midifile_note *notes = midifile_notes(music->file, &count);
    json_t *names = json_array();
    for (size_t i = 0; i < models->count; i++)
        json_array_append_new(names, command_text(models->path[i]));
    return json_pack("{s:o, s:o, s:o, s:s, s:f, s:f, s:b, s:s, s:{s:I, s:I, s:I, s:I}, s:o}",
                     "input", command_text(music->name), "output", command_text(output), "models",
                     names, "mode", knobs_mode_name(options->knobs.settings.mode), "follow",
                     (double)options->knobs.settings.follow, "keep",
                     (double)options->knobs.settings.keep, "live", options->live, "grid",
                     music->take->found ? "auto" : "file", "summary", "notes", (json_int_t)count,
                     "chosen", (json_int_t)music->take->count, "changed", (json_int_t)changed,
                     "left_alone", (json_int_t)(count - music->take->count), "notes",
                     report_notes(music->take, notes, models, sent, place));
}

static struct outfile *write_report(const char *path, json_t *document, struct error *error)
{
    struct outfile *file = outfile_open(path, error);
    if (!file)
        return NULL;
    json_dumpf(document, outfile_stream(file), JSON_INDENT(1) | JSON_REAL_PRECISION(9));
    fputc('\n', outfile_stream(file));
    if (fflush(outfile_stream(file)) == 0 && !ferror(outfile_stream(file)))
        return file;
    outfile_commit(file, error);
    return NULL;
}

/* What one correction leaves behind. */
struct result {
    const char *output;
    const uint8_t *sent;
    const bool *doubtful;
    size_t changed;
    size_t pictures; /* files of the picture */
    json_t *document;
};

/* Written out beside their places. */
struct extras {
    struct outfile *report;
    struct canvas *picture;
    struct outfile *staff;
    struct sound *sound;
};

static int write_extras(const struct correct_options *options, const struct music *music,
                        const struct result *result, struct extras *extras, struct error *error)
{
    if (options->report) {
        extras->report = write_report(options->report, result->document, error);
        if (!extras->report)
            return -1;
    }
    if (options->picture && options->staff) {
        extras->staff = picture_write_staff(options->picture, music, result->sent, error);
        if (!extras->staff)
            return -1;
    } else if (options->picture) {
        extras->picture =
            picture_write(options->picture, music, result->sent, result->doubtful, error);
        if (!extras->picture)
            return -1;
    }
    if (options->wav) {
        extras->sound = sound_open_wav(options->wav, options->soundfont, error);
        if (!extras->sound || sound_play(extras->sound, music->file, 0, INFINITY, error) != 0 ||
            sound_write(extras->sound, error) != 0)
            return -1;
    }
    return 0;
}

static int commit_extras(struct extras *extras, struct result *result, struct error *error)
{
    struct outfile *report_file = extras->report;
    if (extras->picture && canvas_commit(extras->picture, &result->pictures, error) != 0)
        return -1;
    if (extras->sound && sound_commit(extras->sound, error) != 0)
        return -1;
    struct outfile *staff = extras->staff;
    extras->staff = NULL;
    if (staff && outfile_commit(staff, error) != 0)
        return -1;
    extras->report = NULL;
    return report_file ? outfile_commit(report_file, error) : 0;
}

/* Report, picture and sound are written out before the file is saved and put in
 * their place after, so that a full disk leaves none of them. */
static int save(const struct correct_options *options, const struct music *music,
                struct result *result, struct error *error)
{
    struct extras extras = {0};
    int status = write_extras(options, music, result, &extras, error);
    if (status == 0)
        status = midifile_save(music->file, result->output, error);
    if (status == 0)
        status = commit_extras(&extras, result, error);
    canvas_free(extras.picture);
    sound_free(extras.sound);
    if (extras.report)
        outfile_abort(extras.report);
    if (extras.staff)
        outfile_abort(extras.staff);
    return status;
}

static int tell(const struct correct_options *options, const struct music *music,
                const struct result *result)
{
    if (options->common.json)
        return command_print_json(json_incref(result->document));
    if (!options->common.quiet && strcmp(result->output, "-") != 0 &&
        !(options->wav && strcmp(options->wav, "-") == 0)) {
        printf("%s: %zu of %zu notes changed; written to %s\n", music->name, result->changed,
               music->take->count, result->output);
        if (options->picture)
            printf("picture: %s%s\n", options->picture,
                   result->pictures > 1 ? " and the pages after it" : "");
        if (options->wav)
            printf("sound: %s\n", options->wav);
    }
    return command_flush();
}

/* A note is doubtful where knowing what follows it changes the answer. */
static int find_doubts(const struct correct_options *options, const struct models *models,
                       struct music *music, const uint8_t *sent, bool *doubtful,
                       struct error *error)
{
    if (options->knobs.settings.mode != CORRECT_CORRECT)
        return 0;
    size_t count = music->take->count;
    uint8_t *other = g_new(uint8_t, count);
    enum decide_way way = options->live ? DECIDE_WHOLE : DECIDE_LIVE;
    int status = decide_pitches(models, &options->knobs.settings, music, way, options->common.quiet,
                                other, NULL, error);
    for (size_t i = 0; status == 0 && i < count; i++)
        doubtful[i] = sent[i] != other[i];
    g_free(other);
    return status;
}

static int correct_music(const struct correct_options *options, const struct models *models,
                         struct music *music, const char *output)
{
    struct error error;
    const struct take *take = music->take;
    uint8_t *sent = g_new(uint8_t, take->count);
    bool *doubtful = g_new0(bool, take->count);
    bool reported = options->report || options->common.json;
    struct correct_place *place = reported ? g_new(struct correct_place, take->count + 1) : NULL;
    struct result result = {.output = output, .sent = sent, .doubtful = doubtful};
    int code = COMMAND_FAILED;
    enum decide_way way = decide_way(options->live, &options->music);
    if (decide_pitches(models, &options->knobs.settings, music, way, options->common.quiet, sent,
                       place, &error) != 0 ||
        (options->picture && find_doubts(options, models, music, sent, doubtful, &error) != 0) ||
        decide_apply(music, sent, &result.changed, &error) != 0) {
        command_fail(&error);
    } else {
        if (reported)
            result.document = report(options, music, models, output, sent, place, result.changed);
        code = save(options, music, &result, &error) == 0 ? tell(options, music, &result)
                                                          : command_fail(&error);
    }
    json_decref(result.document);
    g_free(place);
    g_free(doubtful);
    g_free(sent);
    return code;
}

static int check_outputs(const struct correct_options *options, const struct models *models,
                         const char *input, const char *output, struct error *error)
{
    const char *outputs[] = {output, options->report, options->picture, options->wav};
    char *inputs[] = {(char *)input, NULL};
    for (size_t i = 0; i < G_N_ELEMENTS(outputs); i++)
        if (files_check_output(outputs[i], inputs, error) != 0 ||
            files_check_output(outputs[i], models->path, error) != 0)
            return -1;
    return 0;
}

static int correct_file(const struct correct_options *options, const struct models *models,
                        const char *input, const struct take_choice *choice)
{
    struct error error;
    struct music *music = music_load(input, choice, &options->common, &error);
    if (!music)
        return command_fail(&error);
    char *output = options->output           ? g_strdup(options->output)
                   : strcmp(input, "-") == 0 ? g_strdup("-")
                                             : files_replace_ending(input, ".corrected.mid");
    int code = check_outputs(options, models, input, output, &error) == 0
                   ? correct_music(options, models, music, output)
                   : command_fail(&error);
    g_free(output);
    music_free(music);
    return code;
}

static int find_models(const struct correct_options *options, char *const *files,
                       const struct take_choice *choice, struct models *models)
{
    struct error error;
    enum correct_mode mode = options->knobs.settings.mode;
    if (files_check_there(files, &error) != 0 ||
        models_find(models, options->models, choice, &mode, 1, &options->common, &error) != 0 ||
        (!options->alone && models_add_style(models, &mode, 1, &error) != 0))
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
    bool heard = options->wav && strcmp(options->wav, "-") == 0;
    if (options->common.json + piped + reported + heard > 1)
        return command_usage("correct", "standard output can take one of the .mid, the report, "
                                        "the sound and --json");
    if (options->soundfont && !options->wav)
        return command_usage("correct", "--soundfont is for --wav");
    struct error error;
    if (options->picture && roll_check_name(options->picture, &error) != 0)
        return command_usage("correct", "--picture: %s", error.text);
    if (options->staff && !options->picture)
        return command_usage("correct", "--staff is for --picture");
    if (options->staff && !g_str_has_suffix(options->picture, ".svg"))
        return command_usage("correct", "--staff writes an .svg, not '%s'", options->picture);
    return COMMAND_GO_ON;
}

int command_correct(int argc, char **argv)
{
    struct correct_options options = {.common.offers = COMMAND_SEED | COMMAND_GRID | COMMAND_MODE,
                                      .knobs = KNOBS_UNSET};
    const GOptionEntry entries[] = {
        {"model", 'm', 0, G_OPTION_ARG_FILENAME_ARRAY, &options.models,
         "a model, a .mid to be followed as it stands, or a folder of both; may be given several "
         "times",
         "MODEL"},
        {"alone", 0, 0, G_OPTION_ARG_NONE, &options.alone,
         "the models named, without the installed style model for what they do not explain", NULL},
        {"output", 'o', 0, G_OPTION_ARG_FILENAME, &options.output,
         "where to write (IN.corrected.mid)", "OUT.mid"},
        KNOBS_ENTRIES(options.knobs),
        {"live", 0, 0, G_OPTION_ARG_NONE, &options.live,
         "decide on each note with nothing known of what follows", NULL},
        MUSIC_ENTRIES(options.music),
        {"report", 0, 0, G_OPTION_ARG_FILENAME, &options.report,
         "write for each note what was played and what is sent", "FILE.json"},
        {"picture", 0, 0, G_OPTION_ARG_FILENAME, &options.picture,
         "draw a piano roll of what was played and sent", "FILE.svg|.png|.pdf"},
        {"staff", 0, 0, G_OPTION_ARG_NONE, &options.staff,
         "draw staves instead of a piano roll (.svg; with abcm2ps)", NULL},
        {"wav", 0, 0, G_OPTION_ARG_FILENAME, &options.wav,
         "write how the corrected music sounds (with libfluidsynth)", "OUT.wav"},
        SOUND_ENTRY(options.soundfont),
        {NULL, 0, 0, 0, NULL, NULL, NULL},
    };
    char **files = NULL;
    struct take_choice choice;
    struct models models = {0};
    int code = command_parse(argc, argv, "IN.mid", NULL, entries, &options.common, &files);
    if (code == COMMAND_GO_ON)
        code = knobs_read(&options.knobs, "correct");
    if (code == COMMAND_GO_ON)
        code = music_choice(&options.music, "correct", &choice);
    if (code == COMMAND_GO_ON)
        code = check_usage(&options, files);
    if (code == COMMAND_GO_ON)
        code = find_models(&options, files, &choice, &models);
    if (code == COMMAND_GO_ON)
        code = correct_file(&options, &models, files[0], &choice);
    models_free(&models);
    knobs_clear(&options.knobs);
    music_options_clear(&options.music);
    g_strfreev(options.models);
    g_free(options.output);
    g_free(options.report);
    g_free(options.picture);
    g_free(options.wav);
    g_free(options.soundfont);
    g_strfreev(files);
    return code;
}
