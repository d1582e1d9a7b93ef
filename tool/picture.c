/* From a take and its correction to a piano roll, or to staves. */
#include "tool/picture.h"

#include "picture/engrave.h"
#include "picture/roll.h"
#include "tool/staff.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum { STAFF_WIDTH = 720 }; /* points: a page's width */

static void add_beats(GString *text, const struct music *music)
{
    if (!staff_knows_bars(music))
        g_string_append(text, "; beats found from the onsets, bars counted in fours");
}

static char *subtitle(const struct music *music, const uint8_t *sent, const bool *doubtful)
{
    size_t changed = 0;
    size_t doubts = 0;
    for (size_t i = 0; i < music->take->count; i++) {
        changed += sent[i] != music->take->note[i].pitch;
        doubts += doubtful && doubtful[i];
    }
    GString *text = g_string_new(NULL);
    g_string_append_printf(text, "%zu of %zu notes changed", changed, music->take->count);
    if (doubts)
        g_string_append_printf(text, ", %zu doubtful", doubts);
    add_beats(text, music);
    return g_string_free(text, FALSE);
}

/* The roll of a take with its bars, notes and texts; roll_clear frees them. -1: error. */
static int make_roll(struct roll *roll, const struct music *music, const uint8_t *sent,
                     const bool *doubtful, struct error *error)
{
    const struct take *take = music->take;
    size_t bar_count = 0;
    struct bar *bars = staff_bars(music, &bar_count, error);
    if (!bars)
        return -1;
    uint8_t *hands = g_new(uint8_t, take->count);
    unsigned hand_count = staff_hands(music, hands);
    struct roll_note *notes = g_new(struct roll_note, take->count);
    for (size_t i = 0; i < take->count; i++)
        notes[i] = (struct roll_note){.onset = staff_onset(music, i),
                                      .duration = staff_duration(music, i),
                                      .played = take->note[i].pitch,
                                      .sent = sent[i],
                                      .part = hands[i],
                                      .doubtful = doubtful && doubtful[i]};
    *roll = (struct roll){.title = g_utf8_make_valid(music->stem, -1),
                          .subtitle = subtitle(music, sent, doubtful),
                          .part_name = {hand_count == 2 ? "right hand" : "as played",
                                        hand_count == 2 ? "left hand" : NULL},
                          .notes = notes,
                          .count = take->count,
                          .bars = bars,
                          .bar_count = bar_count};
    g_free(hands);
    return 0;
}

static void clear_roll(struct roll *roll)
{
    g_free((char *)roll->title);
    g_free((char *)roll->subtitle);
    g_free((struct roll_note *)roll->notes);
    free((struct bar *)roll->bars);
}

struct canvas *picture_write(const char *path, const struct music *music, const uint8_t *sent,
                             const bool *doubtful, struct error *error)
{
    struct roll roll;
    if (make_roll(&roll, music, sent, doubtful, error) != 0)
        return NULL;
    struct canvas *canvas = roll_write(path, &roll, error);
    clear_roll(&roll);
    return canvas;
}

struct canvas *picture_write_piece(const char *path, const struct music *music,
                                   const bool *doubtful, struct error *error)
{
    struct roll roll;
    size_t doubts = 0;
    uint8_t *pitches = g_new(uint8_t, music->take->count);
    GString *text = g_string_new(NULL);
    for (size_t i = 0; i < music->take->count; i++) {
        pitches[i] = music->take->note[i].pitch;
        doubts += doubtful[i];
    }
    g_string_append_printf(text, "%zu notes, %zu in doubt", music->take->count, doubts);
    add_beats(text, music);
    struct canvas *canvas = NULL;
    if (make_roll(&roll, music, pitches, doubtful, error) == 0) {
        g_free((char *)roll.subtitle);
        roll.subtitle = g_string_free(text, FALSE);
        canvas = roll_write(path, &roll, error);
        clear_roll(&roll);
    } else
        g_string_free(text, TRUE);
    g_free(pitches);
    return canvas;
}

/* What was played, and not written, has lengths in sixteenths. */
static void round_lengths(struct roll_note *note, size_t count)
{
    const double sixteenth = 1.0 / SONG_SLOTS_A_BEAT;
    for (size_t i = 0; i < count; i++)
        note[i].duration = fmax(sixteenth, sixteenth * floor(note[i].duration / sixteenth + .5));
}

struct outfile *picture_write_staff(const char *path, const struct music *music,
                                    const uint8_t *sent, struct error *error)
{
    struct roll roll;
    struct midifile_key key = midifile_key(music->file);
    if (!engrave_available()) {
        error_set(error, "--staff needs abcm2ps, which is not installed (package abcm2ps)");
        return NULL;
    }
    if (make_roll(&roll, music, sent, NULL, error) != 0)
        return NULL;
    if (!staff_knows_bars(music))
        round_lengths((struct roll_note *)roll.notes, roll.count);
    const struct engrave engrave = {.roll = &roll,
                                    .sharps = key.known ? key.sharps : 0,
                                    .hands = roll.part_name[1] ? 2 : 1,
                                    .width = STAFF_WIDTH};
    char *svg = engrave_file(&engrave, roll.title, roll.subtitle, error);
    struct outfile *file = svg ? outfile_open(path, error) : NULL;
    if (file)
        fputs(svg, outfile_stream(file));
    free(svg);
    clear_roll(&roll);
    return file;
}
