/* Loading, and what to say about grids. */
#include "tool/music.h"

#include <string.h>

void music_options_clear(struct music_options *options)
{
    g_free(options->channels);
    g_free(options->tracks);
    g_free(options->grid);
}

int music_choice(const struct music_options *options, const char *name, struct take_choice *choice)
{
    struct error error;
    *choice = (struct take_choice){
        .tracks = options->tracks, .grid = TAKE_GRID_DECIDE, .part = options->part};
    if (options->part < 0)
        return command_usage(name, "--part counts from 1");
    if (options->channels && take_read_channels(options->channels, &choice->channels, &error) != 0)
        return command_usage(name, "--channels: %s", error.text);
    if (!options->grid)
        return COMMAND_GO_ON;
    if (strcmp(options->grid, "file") == 0)
        choice->grid = TAKE_GRID_FILE;
    else if (strcmp(options->grid, "auto") == 0)
        choice->grid = TAKE_GRID_AUTO;
    else
        return command_usage(name, "--grid is file or auto, not '%s'", options->grid);
    return COMMAND_GO_ON;
}

static void note_grid(const struct music *music, const struct take_choice *choice,
                      const struct command_common *common)
{
    const struct take *take = music->take;
    if (!take->found || choice->grid != TAKE_GRID_DECIDE)
        return;
    command_note(common,
                 "%s: beats found in the playing, %.1f a minute (%.0f %% of the onsets lie on "
                 "them); those of the file do not fit%s",
                 music->name, take->tempo, 100 * take->confidence,
                 common->offers & COMMAND_GRID ? "; --grid file keeps the file's" : "");
}

void music_tell(const struct music *music, const struct take_choice *choice,
                const struct command_common *common)
{
    if (midifile_warning(music->file)[0])
        command_warn(common, "%s", midifile_warning(music->file));
    note_grid(music, choice, common);
}

struct music *music_load(const char *path, const struct take_choice *choice,
                         const struct command_common *common, struct error *error)
{
    struct music *music = music_open(path, choice, error);
    if (music)
        music_tell(music, choice, common);
    return music;
}

struct take_note *music_truth(const struct music *music)
{
    const struct take *take = music->take;
    uint32_t count = 0;
    const struct midifile_note *notes = midifile_notes(music->file, &count);
    struct take_note *truth = g_new(struct take_note, take->count);
    for (size_t i = 0; i < take->count; i++) {
        const struct correct_note *note = &take->note[i];
        truth[i] = (struct take_note){.position = note->slot,
                                      .seconds = note->seconds,
                                      .duration = take->release[i] - note->seconds,
                                      .pitch = note->pitch,
                                      .velocity = note->velocity,
                                      .part = (uint16_t)notes[take->index[i]].track};
    }
    return truth;
}
