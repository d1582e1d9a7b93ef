/* The scores of a model file: sizes are compared before anything is allocated,
 * values are checked by score_create. */
#include "piece/bars.h"
#include "piece/model_file.h"

#include <stdlib.h>
#include <string.h>

/* Where the parts of a score's section begin. */
struct score_parts {
    uint32_t onsets, notes, bars;
    const unsigned char *quarter, *second, *bar, *first, *length, *pitch, *hand;
    const unsigned char *doubt; /* NULL: none */
};

static int find_score_parts(struct section part, struct score_parts *at)
{
    const unsigned char *p = part.bytes;
    if (part.length < MODEL_SCORE_BYTES)
        return -1;
    *at = (struct score_parts){
        .onsets = model_get_u32(p), .notes = model_get_u32(p + 4), .bars = model_get_u32(p + 8)};
    if (at->notes > SONG_MAX_NOTES || at->onsets > at->notes || at->bars > BARS_MAX ||
        part.length != MODEL_SCORE_BYTES + 20 * (size_t)at->onsets + 4 +
                           MODEL_BAR_BYTES * (size_t)at->bars + 6 * (size_t)at->notes ||
        p[12] > 1 || p[14] != 0 || p[15] != 0)
        return -1;
    at->quarter = p + MODEL_SCORE_BYTES;
    at->second = at->quarter + 8 * (size_t)at->onsets;
    at->bar = at->second + 8 * (size_t)at->onsets;
    at->first = at->bar + MODEL_BAR_BYTES * (size_t)at->bars;
    at->length = at->first + 4 * ((size_t)at->onsets + 1);
    at->pitch = at->length + 4 * (size_t)at->notes;
    at->hand = at->pitch + at->notes;
    return 0;
}

/* Every onset has a note; score_create checks the rest. */
static int read_score_notes(const struct score_parts *at, struct score_note *note)
{
    if (model_get_u32(at->first) != 0 ||
        model_get_u32(at->first + 4 * (size_t)at->onsets) != at->notes)
        return -1;
    for (uint32_t k = 0; k < at->onsets; k++) {
        uint32_t from = model_get_u32(at->first + 4 * (size_t)k);
        uint32_t to = model_get_u32(at->first + 4 * (size_t)k + 4);
        if (to <= from || to > at->notes)
            return -1;
        for (uint32_t i = from; i < to; i++)
            note[i] = (struct score_note){.quarter = model_get_double(at->quarter + 8 * (size_t)k),
                                          .second = model_get_double(at->second + 8 * (size_t)k),
                                          .length = model_get_float(at->length + 4 * (size_t)i),
                                          .pitch = at->pitch[i],
                                          .hand = at->hand[i],
                                          .doubt = at->doubt ? at->doubt[i] / 255.f : 0};
    }
    return 0;
}

struct score *model_read_score(struct section part, struct section doubt, const char *name,
                               size_t index, struct error *error)
{
    struct score_parts at;
    struct score *score = NULL;
    struct score_note *note = NULL;
    struct score_bar *bar = NULL;
    if (find_score_parts(part, &at) != 0 || (doubt.bytes && doubt.length != at.notes))
        goto damaged;
    at.doubt = doubt.bytes;
    note = malloc(((size_t)at.notes + 1) * sizeof *note);
    bar = malloc(((size_t)at.bars + 1) * sizeof *bar);
    if (!note || !bar) {
        error_set(error, "%s: out of memory", name);
        goto out;
    }
    for (uint32_t i = 0; i < at.bars; i++) {
        const unsigned char *p = at.bar + MODEL_BAR_BYTES * (size_t)i;
        bar[i] = (struct score_bar){model_get_double(p), model_get_u32(p + 8), p[12], p[13]};
    }
    if (read_score_notes(&at, note) != 0)
        goto damaged;
    const unsigned char *head = part.bytes;
    score = score_create(name, note, at.notes, bar, at.bars, head[12], (int8_t)head[13], error);
    if (!score || score->onsets == at.onsets)
        goto out;
    score_free(score);
    score = NULL;
damaged:
    error_set(error, "%s: damaged: the score of piece %zu cannot be read", name, index + 1);
out:
    free(note);
    free(bar);
    return score;
}

int model_read_fingers(struct section part, const char *name, struct song *const *songs,
                       size_t count, struct error *error)
{
    size_t at = 0;
    for (size_t i = 0; i < count && part.length; i++) {
        struct score *score = songs[i]->score;
        if (score->notes > part.length - at)
            return error_set(error, "%s: damaged: fingerings of fewer notes than there are", name);
        for (uint32_t n = 0; n < score->notes; n++)
            if (part.bytes[at + n] > SCORE_FINGERS)
                return error_set(error, "%s: damaged: a finger %u", name, part.bytes[at + n]);
        score->finger = malloc((size_t)score->notes + 1);
        if (!score->finger)
            return error_set(error, "%s: out of memory", name);
        memcpy(score->finger, part.bytes + at, score->notes);
        at += score->notes;
    }
    return at == part.length
               ? 0
               : error_set(error, "%s: damaged: fingerings of more notes than there are", name);
}
