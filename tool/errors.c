/* audiogenrl errors: a copy of a .mid with errors injected. */
#include "measure/inject.h"
#include "tool/commands.h"
#include "tool/files.h"
#include "tool/music.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct errors_options {
    char *output;
    char *truth;
    struct music_options music;
    struct command_common common;
};

/* Where in the file a played note stands, given the note of the truth that it
 * was or that it was brushed beside. On a found grid slots are no ticks, and the
 * distance in seconds is taken at the tempo there. */
static uint32_t played_tick(const struct music *music, const struct take_note *truth,
                            const struct take_note *played, uint32_t tick)
{
    double ppq = midifile_ppq(music->file);
    double distance = 0;
    if (!music->take->found) {
        distance = (played->position - truth->position) * ppq / SONG_SLOTS_A_BEAT;
    } else {
        double beat = midifile_seconds(music->file, tick + midifile_ppq(music->file)) -
                      midifile_seconds(music->file, tick);
        distance = (played->seconds - truth->seconds) * ppq / beat;
    }
    double moved = floor(tick + distance + 0.5);
    return moved > 0 ? (uint32_t)moved : 0;
}

static struct midifile_new_note played_note(const struct music *music,
                                            const struct take_note *truth,
                                            const struct take_played *played)
{
    uint32_t count = 0;
    const struct midifile_note *notes = midifile_notes(music->file, &count);
    bool added = played->truth == TAKE_NONE;
    int32_t number = added ? played->brushed : played->truth;
    uint32_t index = music->take->index[number];
    const struct midifile_note *source = &notes[index];
    double longer =
        added && truth[number].duration > 0 ? played->note.duration / truth[number].duration : 1;
    return (struct midifile_new_note){
        .track = source->track,
        .tick = played_tick(music, &truth[number], &played->note, source->tick),
        .duration_ticks = (uint32_t)(source->duration_ticks * longer + 0.5),
        .source = added ? MIDIFILE_NONE : index,
        .channel = source->channel,
        .pitch = played->note.pitch,
        .velocity = played->note.velocity};
}

/* The file's own notes where they were not chosen, and the take's in place of
 * those that were. */
static struct midifile *played_file(const struct music *music, const struct take_note *truth,
                                    const struct take_played *played, size_t played_count,
                                    struct error *error)
{
    uint32_t count = 0;
    const struct midifile_note *notes = midifile_notes(music->file, &count);
    struct midifile_new_note *made = g_new(struct midifile_new_note, count + played_count + 1);
    size_t length = 0;
    size_t chosen = 0;
    for (uint32_t i = 0; i < count; i++) {
        if (chosen < music->take->count && music->take->index[chosen] == i) {
            chosen++;
            continue;
        }
        made[length++] = (struct midifile_new_note){.track = notes[i].track,
                                                    .tick = notes[i].tick,
                                                    .duration_ticks = notes[i].duration_ticks,
                                                    .source = i,
                                                    .channel = notes[i].channel,
                                                    .pitch = notes[i].pitch,
                                                    .velocity = notes[i].velocity};
    }
    for (size_t i = 0; i < played_count; i++)
        made[length++] = played_note(music, truth, &played[i]);
    struct midifile *file = midifile_rewrite_notes(music->file, made, length, error);
    g_free(made);
    return file;
}

struct errors_count {
    size_t notes, wrong, added, dropped, moved;
};

static struct errors_count count_errors(const struct take_played *played, size_t count,
                                        size_t truth)
{
    struct errors_count sum = {.notes = truth, .dropped = truth};
    for (size_t i = 0; i < count; i++) {
        bool added = played[i].kind == TAKE_ADDED;
        sum.added += added;
        sum.dropped -= !added;
        sum.wrong += !added && played[i].kind != TAKE_RIGHT;
        sum.moved += !added && played[i].moved != 0;
    }
    return sum;
}

static int tell(const struct errors_options *options, const struct inject_spec *spec,
                const struct music *music, struct errors_count sum)
{
    if (options->common.json)
        return command_print_json(json_pack(
            "{s:o, s:o, s:s, s:I, s:I, s:I, s:I, s:I, s:I}", "input", command_text(music->name),
            "output", command_text(options->output), "errors", spec->text, "seed",
            (json_int_t)options->common.seed, "notes", (json_int_t)sum.notes, "wrong",
            (json_int_t)sum.wrong, "added", (json_int_t)sum.added, "dropped",
            (json_int_t)sum.dropped, "moved", (json_int_t)sum.moved));
    if (!options->common.quiet && strcmp(options->output, "-") != 0)
        printf("%s: of %zu notes %zu wrong, %zu left out, %zu moved, and %zu added; written to "
               "%s\n",
               music->name, sum.notes, sum.wrong, sum.dropped, sum.moved, sum.added,
               options->output);
    return command_flush();
}

static int inject_file(const struct errors_options *options, const struct inject_spec *spec,
                       struct music *music)
{
    struct error error;
    struct rng rng;
    size_t count = 0;
    struct take_note *truth = music_truth(music);
    rng_seed(&rng, (uint64_t)options->common.seed, 0);
    struct take_played *played = inject(truth, music->take->count, spec, &rng, &count, &error);
    struct midifile *file = played ? played_file(music, truth, played, count, &error) : NULL;
    int code = COMMAND_FAILED;
    if (!file ||
        (options->truth &&
         inject_write_csv(options->truth, truth, music->take->count, played, count, &error) != 0) ||
        midifile_save(file, options->output, &error) != 0)
        command_fail(&error);
    else
        code = tell(options, spec, music, count_errors(played, count, music->take->count));
    midifile_free(file);
    free(played);
    g_free(truth);
    return code;
}

static int run(const struct errors_options *options, char *const *files)
{
    struct error error;
    struct inject_spec spec;
    struct take_choice choice;
    if (!files[0] || !files[1] || files[2])
        return command_usage("errors", "expected SPEC and one file IN.mid");
    if (inject_parse(files[0], &spec, &error) != 0)
        return command_usage("errors", "%s", error.text);
    if (!options->output)
        return command_usage("errors", "-o OUT.mid is missing");
    if (strcmp(options->output, "-") == 0 && options->common.json)
        return command_usage("errors", "standard output can take the .mid or --json, not both");
    int code = music_choice(&options->music, "errors", &choice);
    if (code != COMMAND_GO_ON)
        return code;
    if (files_check_output(options->output, files + 1, &error) != 0 ||
        files_check_output(options->truth, files + 1, &error) != 0)
        return command_fail(&error);
    struct music *music = music_load(files[1], &choice, &options->common, &error);
    if (!music)
        return command_fail(&error);
    code = inject_file(options, &spec, music);
    music_free(music);
    return code;
}

int command_errors(int argc, char **argv)
{
    struct errors_options options = {.common.offers = COMMAND_SEED | COMMAND_GRID};
    const GOptionEntry entries[] = {
        {"output", 'o', 0, G_OPTION_ARG_FILENAME, &options.output, "where to write", "OUT.mid"},
        {"truth", 0, 0, G_OPTION_ARG_FILENAME, &options.truth,
         "write a table of which note was what", "FILE.csv"},
        MUSIC_ENTRIES(options.music),
        {NULL, 0, 0, 0, NULL, NULL, NULL},
    };
    char **files = NULL;
    int code =
        command_parse(argc, argv, "SPEC IN.mid", ERRORS_HELP, entries, &options.common, &files);
    if (code == COMMAND_GO_ON)
        code = run(&options, files);
    music_options_clear(&options.music);
    g_free(options.output);
    g_free(options.truth);
    g_strfreev(files);
    return code;
}
