/* audiogenrl listen: a .mid as it was played, and as it is corrected. */
#include "tool/commands.h"
#include "tool/decide.h"
#include "tool/files.h"
#include "tool/knobs.h"
#include "tool/sound.h"
#include "tool/staff.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const double between = 0.5; /* seconds of silence from before to after */

struct listen_options {
    char **models;
    char *output;
    char *soundfont;
    char *driver;
    gboolean before, after, live;
    gint from, bars;
    struct knobs knobs;
    struct music_options music;
    struct command_common common;
};

/* What is heard, seconds of the file. */
struct range {
    double from, to;
};

static int find_range(const struct listen_options *options, const struct music *music,
                      struct range *range, struct error *error)
{
    size_t count = 0;
    *range = (struct range){0, INFINITY};
    if (!options->from && !options->bars)
        return 0;
    struct bar *bars = staff_bars(music, &count, error);
    if (!bars)
        return -1;
    size_t first = options->from ? (size_t)options->from - 1 : 0;
    size_t end = options->bars ? first + (size_t)options->bars : count;
    int status = 0;
    if (first >= count)
        status =
            error_set(error, "%s: has no bar %zu, its last is %zu", music->name, first + 1, count);
    else
        range->from = staff_seconds(music, bars[first].start);
    if (status == 0 && end < count)
        range->to = staff_seconds(music, bars[end].start);
    free(bars);
    return status;
}

static int correct(const struct listen_options *options, const struct models *models,
                   struct music *music, size_t *changed, struct error *error)
{
    uint8_t *sent = g_new(uint8_t, music->take->count);
    enum decide_way way = decide_way(options->live, &options->music);
    int status = decide_pitches(models, &options->knobs.settings, music, way, options->common.quiet,
                                sent, NULL, error);
    if (status == 0)
        status = decide_apply(music, sent, changed, error);
    g_free(sent);
    return status;
}

static bool is_spoken(const struct listen_options *options)
{
    return !options->common.quiet && !options->common.json &&
           !(options->output && strcmp(options->output, "-") == 0);
}

/* To a card the words go ahead of the sound. */
static void announce(const struct listen_options *options, const char *name, const char *what)
{
    if (!is_spoken(options) || options->output)
        return;
    printf("%s, %s\n", name, what);
    fflush(stdout);
}

static int sound_both(const struct listen_options *options, const struct models *models,
                      struct music *music, struct sound *sound, size_t *changed,
                      struct error *error)
{
    bool before = options->before || !options->after;
    bool after = options->after || !options->before;
    struct range range;
    if (find_range(options, music, &range, error) != 0)
        return -1;
    if (before) {
        announce(options, music->name, "as played");
        if (sound_play(sound, music->file, range.from, range.to, error) != 0 ||
            (after && sound_pause(sound, between, error) != 0))
            return -1;
    }
    if (!after)
        return 0;
    if (correct(options, models, music, changed, error) != 0)
        return -1;
    announce(options, music->name, "corrected");
    return sound_play(sound, music->file, range.from, range.to, error);
}

static int tell(const struct listen_options *options, const struct music *music,
                const struct sound *sound, size_t changed)
{
    bool corrected = options->after || !options->before;
    if (options->common.json)
        return command_print_json(
            json_pack("{s:o, s:o, s:o, s:o}", "input", command_text(music->name), "output",
                      options->output ? command_text(options->output) : json_null(), "soundfont",
                      command_text(sound_soundfont(sound)), "changed",
                      corrected ? json_integer((json_int_t)changed) : json_null()));
    if (is_spoken(options)) {
        if (corrected)
            printf("%s: %zu of %zu notes changed", music->name, changed, music->take->count);
        else
            printf("%s: as played", music->name);
        if (options->output)
            printf("; written to %s", options->output);
        putchar('\n');
    }
    return command_flush();
}

static int listen_music(const struct listen_options *options, const struct models *models,
                        struct music *music)
{
    struct error error;
    size_t changed = 0;
    int code;
    struct sound *sound = options->output
                              ? sound_open_wav(options->output, options->soundfont, &error)
                              : sound_open_card(options->driver, options->soundfont, &error);
    if (!sound || sound_both(options, models, music, sound, &changed, &error) != 0 ||
        sound_commit(sound, &error) != 0)
        code = command_fail(&error);
    else
        code = tell(options, music, sound, changed);
    sound_free(sound);
    return code;
}

static int check_usage(const struct listen_options *options, char *const *files)
{
    if (!files[0] || files[1])
        return command_usage("listen", "expected one file IN.mid, got %u",
                             g_strv_length((char **)files));
    if (options->output && options->driver)
        return command_usage("listen", "--driver is for a sound card, -o for a file");
    if (options->common.json && options->output && strcmp(options->output, "-") == 0)
        return command_usage("listen", "standard output can take the sound or --json, not both");
    if (options->from < 0 || options->bars < 0)
        return command_usage("listen", "--from and --bars count from 1");
    return COMMAND_GO_ON;
}

static int run(const struct listen_options *options, char *const *files)
{
    struct error error;
    struct take_choice choice;
    struct models models = {0};
    enum correct_mode mode = options->knobs.settings.mode;
    bool corrected = options->after || !options->before;
    int code = music_choice(&options->music, "listen", &choice);
    if (code == COMMAND_GO_ON)
        code = check_usage(options, files);
    if (code != COMMAND_GO_ON)
        return code;
    if (files_check_there(files, &error) != 0)
        return command_fail(&error);
    if (corrected &&
        (models_find(&models, options->models, &choice, &mode, 1, &options->common, &error) != 0 ||
         models_add_style(&models, &mode, 1, &error) != 0))
        return command_fail(&error);
    if (files_check_output(options->output, files, &error) != 0 ||
        files_check_output(options->output, models.path, &error) != 0) {
        models_free(&models);
        return command_fail(&error);
    }
    struct music *music = music_load(files[0], &choice, &options->common, &error);
    code = music ? listen_music(options, &models, music) : command_fail(&error);
    music_free(music);
    models_free(&models);
    return code;
}

int command_listen(int argc, char **argv)
{
    struct listen_options options = {.common.offers = COMMAND_SEED | COMMAND_GRID | COMMAND_MODE,
                                     .knobs = KNOBS_UNSET};
    const GOptionEntry entries[] = {
        {"model", 'm', 0, G_OPTION_ARG_FILENAME_ARRAY, &options.models,
         "a model, a .mid to be followed as it stands, or a folder of both; may be given several "
         "times",
         "MODEL"},
        {"output", 'o', 0, G_OPTION_ARG_FILENAME, &options.output,
         "write the sound there instead of playing it", "OUT.wav"},
        {"before", 0, 0, G_OPTION_ARG_NONE, &options.before, "only as it was played", NULL},
        {"after", 0, 0, G_OPTION_ARG_NONE, &options.after, "only as it is corrected", NULL},
        {"from", 0, 0, G_OPTION_ARG_INT, &options.from, "begin at this bar (1)", "BAR"},
        {"bars", 0, 0, G_OPTION_ARG_INT, &options.bars, "so many bars (to the end)", "N"},
        SOUND_ENTRY(options.soundfont),
        {"driver", 0, 0, G_OPTION_ARG_FILENAME, &options.driver,
         "way to the sound card (the first of pipewire, pulseaudio and alsa that opens)",
         "pipewire|pulseaudio|alsa|jack"},
        KNOBS_ENTRIES(options.knobs),
        {"live", 0, 0, G_OPTION_ARG_NONE, &options.live,
         "decide on each note with nothing known of what follows", NULL},
        MUSIC_ENTRIES(options.music),
        {NULL, 0, 0, 0, NULL, NULL, NULL},
    };
    char **files = NULL;
    int code = command_parse(argc, argv, "IN.mid",
                             "Sounds the music as it was played, then as it is corrected. Needs "
                             "libfluidsynth3 and a SoundFont.",
                             entries, &options.common, &files);
    if (code == COMMAND_GO_ON)
        code = knobs_read(&options.knobs, "listen");
    if (code == COMMAND_GO_ON)
        code = run(&options, files);
    knobs_clear(&options.knobs);
    music_options_clear(&options.music);
    g_strfreev(options.models);
    g_free(options.output);
    g_free(options.soundfont);
    g_free(options.driver);
    g_strfreev(files);
    return code;
}
