/* audiogenrl learn: a piece from takes of it. */
#include "draft/draft.h"
#include "load/shipped.h"

#include "base/outfile.h"
#include "tool/commands.h"
#include "tool/files.h"
#include "tool/music.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct learn_options {
    char *output, *name;
    gboolean report, alone;
    gint heard;
    struct music_options music;
    struct command_common common;
};

/* A recording of the service holds what was played and what was sent: of these the keys. */
static struct music *open_take(const char *path, const struct take_choice *choice,
                               const struct command_common *common, struct error *error)
{
    struct take_choice played = *choice;
    struct music *music = music_open(path, choice, error);
    uint32_t found = 0;
    for (uint32_t t = 0; music && t < midifile_tracks(music->file); t++) {
        const char *name = midifile_track_name(music->file, t);
        found |= strcmp(name, "played") == 0 ? 1 : strcmp(name, "sent") == 0 ? 2 : 0;
    }
    if (music && found == 3 && !choice->tracks) {
        music_free(music);
        played.tracks = "played";
        music = music_open(path, &played, error);
    }
    if (music)
        music_tell(music, &played, common);
    return music;
}

/* [takes], their keys malloced. -1: one cannot be read. */
static int read_takes(char *const *files, const struct take_choice *choice,
                      const struct command_common *common, struct draft_take *takes,
                      struct error *error)
{
    for (size_t i = 0; files[i]; i++) {
        struct music *music = open_take(files[i], choice, common, error);
        if (!music)
            return -1;
        struct draft_key *key = draft_keys(music->take);
        takes[i] = (struct draft_take){key, music->take->count};
        music_free(music);
        if (!key)
            return error_set(error, "%s: out of memory", files[i]);
    }
    return 0;
}

/* PIECE.mid, PIECE-2.mid ...; g_free. */
static char *name_output(const char *output, size_t number)
{
    if (number == 0)
        return g_strdup(output);
    size_t stem = music_stem_length(output);
    return g_strdup_printf("%.*s-%zu%s", (int)stem, output, number + 1, output + stem);
}

static size_t count_doubtful(const struct draft_piece *piece)
{
    size_t doubtful = 0;
    for (size_t i = 0; i < piece->count; i++)
        doubtful += piece->note[i].doubt > SCORE_DOUBTFUL;
    return doubtful;
}

static json_t *describe_note(const struct draft_note *note)
{
    return json_pack("{s:f, s:f, s:i, s:i, s:i, s:f}", "quarter", note->quarter, "seconds",
                     note->seconds, "pitch", note->pitch, "heard", note->heard, "passed",
                     note->passed, "doubt", (double)note->doubt);
}

static json_t *describe(const struct draft *draft, const struct learn_options *options)
{
    json_t *pieces = json_array();
    for (size_t p = 0; p < draft->count; p++) {
        const struct draft_piece *piece = &draft->piece[p];
        char *output = name_output(options->output, p);
        json_t *notes = json_array();
        for (size_t i = 0; options->report && i < piece->count; i++)
            json_array_append_new(notes, describe_note(&piece->note[i]));
        json_array_append_new(
            pieces, json_pack("{s:o, s:I, s:i, s:i, s:f, s:b, s:b, s:I, s:o}", "output",
                              command_text(output), "notes", (json_int_t)piece->count, "takes",
                              (int)piece->takes, "passes", (int)piece->passes, "tempo",
                              piece->tempo, "beats", piece->beats, "hands", piece->hands,
                              "doubtful", (json_int_t)count_doubtful(piece), "report", notes));
        g_free(output);
    }
    return json_pack("{s:o, s:I, s:I}", "pieces", pieces, "notes", (json_int_t)draft->notes,
                     "elsewhere", (json_int_t)draft->elsewhere);
}

static void print_doubts(const struct draft_piece *piece)
{
    printf("  %-9s %5s %12s %6s\n", "quarter", "pitch", "heard/passed", "doubt");
    for (size_t i = 0; i < piece->count; i++) {
        const struct draft_note *note = &piece->note[i];
        if (note->doubt > SCORE_DOUBTFUL || 3 * note->heard < 2 * note->passed)
            printf("  %-9.2f %5d %7d/%-4d %6.2f\n", note->quarter, note->pitch, note->heard,
                   note->passed, (double)note->doubt);
    }
}

static void print_piece(const struct draft_piece *piece, const char *output, bool report)
{
    printf("%s: %zu notes from %u take%s (%u time%s through), %zu of them in doubt; ", output,
           piece->count, piece->takes, piece->takes == 1 ? "" : "s", piece->passes,
           piece->passes == 1 ? "" : "s", count_doubtful(piece));
    if (piece->beats)
        printf("%.0f beats a minute\n", piece->tempo);
    else
        printf("no beat found, times as played\n");
    if (report)
        print_doubts(piece);
}

static int tell(const struct draft *draft, size_t takes, const struct learn_options *options)
{
    if (options->common.json)
        return command_print_json(describe(draft, options));
    if (options->common.quiet || strcmp(options->output, "-") == 0)
        return COMMAND_DONE;
    for (size_t p = 0; p < draft->count; p++) {
        char *output = name_output(options->output, p);
        print_piece(&draft->piece[p], output, options->report);
        g_free(output);
    }
    if (draft->elsewhere)
        printf("%zu of %zu notes of the take%s are in no piece\n", draft->elsewhere, draft->notes,
               takes == 1 ? "" : "s");
    return command_flush();
}

static int save(const struct draft *draft, char *const *files, const struct learn_options *options,
                struct error *error)
{
    int status = 0;
    bool piped = strcmp(options->output, "-") == 0;
    for (size_t p = 0; status == 0 && p < draft->count && !(piped && p); p++) {
        size_t length = 0;
        char *output = name_output(options->output, p);
        char *stem = options->name ? g_strdup(options->name) : music_stem(output);
        uint8_t *bytes = draft_smf(&draft->piece[p], stem, &length, error);
        status = bytes ? files_check_output(output, files, error) : -1;
        if (status == 0)
            status = outfile_write(output, bytes, length, error);
        free(bytes);
        free(stem);
        g_free(output);
    }
    return status;
}

static struct model *load_style(const struct learn_options *options, struct error *error, bool *ok)
{
    char *path = options->alone ? NULL : shipped_model();
    struct model *style = path ? model_load(path, error) : NULL;
    *ok = style || !path;
    free(path);
    return style;
}

static int learn(const struct learn_options *options, char *const *files,
                 const struct draft_take *takes)
{
    struct error error;
    bool ok = false;
    size_t count = g_strv_length((char **)files);
    struct draft_settings settings = draft_defaults();
    struct model *style = load_style(options, &error, &ok);
    if (!ok)
        return command_fail(&error);
    settings.style = style;
    settings.ends = count > 1;
    settings.least = (unsigned)options->heard;
    struct draft *draft = draft_learn(takes, count, &settings, &error);
    int code = draft && save(draft, files, options, &error) == 0 ? tell(draft, count, options)
                                                                 : command_fail(&error);
    draft_free(draft);
    model_free(style);
    return code;
}

static int run(const struct learn_options *options, char *const *files)
{
    struct error error;
    struct take_choice choice;
    if (!files[0])
        return command_usage("learn", "expected TAKE.mid ...");
    if (!options->output)
        return command_usage("learn", "-o PIECE.mid is missing");
    if (options->heard < 1)
        return command_usage("learn", "--heard counts from 1");
    if (strcmp(options->output, "-") == 0 && options->common.json)
        return command_usage("learn", "standard output can take the .mid or --json, not both");
    int code = music_choice(&options->music, "learn", &choice);
    if (code != COMMAND_GO_ON)
        return code;
    choice.grid = TAKE_GRID_FILE;
    char **expanded =
        files_check_there(files, &error) == 0 ? files_expand(files, FILES_MUSIC, &error) : NULL;
    if (!expanded)
        return command_fail(&error);
    size_t count = g_strv_length(expanded);
    struct draft_take *takes = g_new0(struct draft_take, count + 1);
    if (files_check_writable(options->output, expanded, &error) != 0 ||
        read_takes(expanded, &choice, &options->common, takes, &error) != 0)
        code = command_fail(&error);
    else
        code = learn(options, expanded, takes);
    for (size_t i = 0; i < count; i++)
        free((void *)takes[i].key);
    g_free(takes);
    g_strfreev(expanded);
    return code;
}

int command_learn(int argc, char **argv)
{
    struct learn_options options = {.heard = 1};
    const GOptionEntry entries[] = {
        {"output", 'o', 0, G_OPTION_ARG_FILENAME, &options.output,
         "where to write; more pieces than one go to PIECE-2.mid and so on", "PIECE.mid"},
        {"name", 0, 0, G_OPTION_ARG_STRING, &options.name, "what to call it (the file's name)",
         "NAME"},
        {"heard", 0, 0, G_OPTION_ARG_INT, &options.heard,
         "how often a piece must have been played, in a single recording too (1)", "N"},
        {"report", 0, 0, G_OPTION_ARG_NONE, &options.report, "list the notes that are in doubt",
         NULL},
        {"alone", 0, 0, G_OPTION_ARG_NONE, &options.alone,
         "by the takes only, without what the installed style model expects", NULL},
        {"channels", 0, 0, G_OPTION_ARG_FILENAME, &options.music.channels,
         "channels to take, such as 1-9,11 (all but 10, the drums)", "LIST"},
        {"tracks", 0, 0, G_OPTION_ARG_FILENAME, &options.music.tracks,
         "tracks to take, by number from 1 or by name (all; of a recording, what was played)",
         "LIST"},
        {NULL, 0, 0, 0, NULL, NULL, NULL},
    };
    char **files = NULL;
    int code = command_parse(
        argc, argv, "TAKE.mid|FOLDER...",
        "Learns a piece from takes of it, mistakes, restarts and other music between included: "
        "what most of them have is the piece. Writes it as a .mid that everything here takes.",
        entries, &options.common, &files);
    if (code == COMMAND_GO_ON)
        code = run(&options, files);
    music_options_clear(&options.music);
    g_free(options.output);
    g_free(options.name);
    g_strfreev(files);
    return code;
}
