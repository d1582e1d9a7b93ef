/* A roll, its doubtful notes hatched, and the same as a list. */
#include "tool/pieces_show.h"

#include "filter/learned.h"
#include "picture/roll.h"
#include "tool/files.h"
#include "tool/picture.h"
#include "tool/staff.h"

#include <stdio.h>
#include <stdlib.h>

/* A piece, and of each note of its take the doubt. */
struct shown {
    struct music *music;
    struct score *score;
    float *doubt;
    bool *doubtful;
    size_t count; /* of doubtful ones */
};

static int read_shown(struct shown *shown, const char *path, struct error *error)
{
    const struct take_choice choice = {.grid = TAKE_GRID_DECIDE};
    *shown = (struct shown){.music = music_open(path, &choice, error)};
    if (!shown->music)
        return -1;
    const struct take *take = shown->music->take;
    shown->score = take_score(take, shown->music->file, shown->music->name, error);
    if (!shown->score)
        return -1;
    float *doubt = learned_doubts(shown->music->file);
    shown->doubt = g_new0(float, take->count);
    shown->doubtful = g_new0(bool, take->count);
    for (size_t i = 0; doubt && i < take->count; i++) {
        shown->doubt[i] = doubt[take->index[i]];
        shown->doubtful[i] = shown->doubt[i] > SCORE_DOUBTFUL;
        shown->count += shown->doubtful[i];
    }
    free(doubt);
    return 0;
}

static void shown_clear(struct shown *shown)
{
    g_free(shown->doubt);
    g_free(shown->doubtful);
    score_free(shown->score);
    music_free(shown->music);
}

static struct score_place place_of(const struct shown *shown, size_t note)
{
    return score_place(shown->score, take_quarter(shown->music->take, shown->music->file, note));
}

static json_t *describe(const struct shown *shown, const char *output)
{
    json_t *notes = json_array();
    const struct take *take = shown->music->take;
    for (size_t i = 0; i < take->count; i++) {
        struct score_place place = place_of(shown, i);
        if (shown->doubtful[i])
            json_array_append_new(notes, json_pack("{s:I, s:f, s:i, s:f}", "bar",
                                                   (json_int_t)place.bar->number, "beat",
                                                   place.beat, "pitch", take->note[i].pitch,
                                                   "doubt", (double)shown->doubt[i]));
    }
    return json_pack("{s:o, s:o, s:I, s:o}", "name", command_text(shown->music->stem), "output",
                     command_text(output), "notes", (json_int_t)take->count, "doubtful", notes);
}

static void print_doubts(const struct shown *shown)
{
    const struct take *take = shown->music->take;
    if (shown->count)
        printf("%5s %6s %6s %6s\n", "bar", "beat", "pitch", "doubt");
    for (size_t i = 0; i < take->count; i++) {
        struct score_place place = place_of(shown, i);
        if (shown->doubtful[i])
            printf("%5u %6.2f %6d %6.2f\n", place.bar->number, place.beat, take->note[i].pitch,
                   (double)shown->doubt[i]);
    }
}

static int draw(const struct shown *shown, const char *output, char *const *inputs,
                struct error *error)
{
    if (files_check_output(output, inputs, error) != 0 || roll_check_name(output, error) != 0)
        return -1;
    struct canvas *canvas = picture_write_piece(output, shown->music, shown->doubtful, error);
    size_t files = 0;
    int status = canvas ? canvas_commit(canvas, &files, error) : -1;
    canvas_free(canvas);
    return status;
}

int pieces_show(const char *path, const char *output, const struct command_common *common)
{
    struct error error;
    struct shown shown;
    char *inputs[] = {(char *)path, NULL};
    int code = COMMAND_DONE;
    if (read_shown(&shown, path, &error) != 0) {
        shown_clear(&shown);
        return command_fail(&error);
    }
    char *named = output ? g_strdup(output) : g_strdup_printf("%s.svg", shown.music->stem);
    if (draw(&shown, named, inputs, &error) != 0)
        code = command_fail(&error);
    else if (common->json)
        code = command_print_json(describe(&shown, named));
    else if (!common->quiet) {
        printf("%s: %zu notes, %zu of them in doubt; drawn to %s\n", shown.music->stem,
               shown.music->take->count, shown.count, named);
        print_doubts(&shown);
        code = command_flush();
    }
    g_free(named);
    shown_clear(&shown);
    return code;
}
