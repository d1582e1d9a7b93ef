/* From a take and its correction to a piano roll. */
#include "tool/picture.h"

#include "picture/roll.h"
#include "tool/staff.h"

#include <stdlib.h>

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
    if (!staff_knows_bars(music))
        g_string_append(text, "; beats found from the onsets, bars counted in fours");
    return g_string_free(text, FALSE);
}

struct canvas *picture_write(const char *path, const struct music *music, const uint8_t *sent,
                             const bool *doubtful, struct error *error)
{
    const struct take *take = music->take;
    size_t bar_count = 0;
    struct bar *bars = staff_bars(music, &bar_count, error);
    if (!bars)
        return NULL;
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
    char *title = g_utf8_make_valid(music->stem, -1);
    char *words = subtitle(music, sent, doubtful);
    const struct roll roll = {.title = title,
                              .subtitle = words,
                              .part_name = {hand_count == 2 ? "right hand" : "as played",
                                            hand_count == 2 ? "left hand" : NULL},
                              .notes = notes,
                              .count = take->count,
                              .bars = bars,
                              .bar_count = bar_count};
    struct canvas *canvas = roll_write(path, &roll, error);
    g_free(title);
    g_free(words);
    g_free(notes);
    g_free(hands);
    free(bars);
    return canvas;
}
