/* Scores: checked, grouped by time, copied into arrays. */
#include "piece/score.h"

#include "piece/bars.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Ticks are never finer than this part of a quarter; the beginnings of bars are sums. */
static const double same_place = 1e-6;
static const double same_written = 1e-4; /* quarters: times of one score, rounded differently */

static int check_notes(const char *name, const struct score_note *notes, size_t count,
                       struct error *error)
{
    const double most = (double)SONG_MAX_SLOTS / SONG_SLOTS_A_BEAT;
    if (count == 0)
        return error_set(error, "%s: no notes", name);
    if (count > SONG_MAX_NOTES)
        return error_set(error, "%s: %zu notes, at most %d are taken", name, count, SONG_MAX_NOTES);
    for (size_t i = 0; i < count; i++) {
        const struct score_note *note = &notes[i];
        if (!(note->quarter >= 0 && note->quarter < most))
            return error_set(error, "%s: note %zu stands at %g quarters, expected 0 to %g", name, i,
                             note->quarter, most);
        if (!(note->second >= 0 && isfinite(note->second)) ||
            !(note->length >= 0 && isfinite(note->length)))
            return error_set(error, "%s: note %zu has a time below 0 or without end", name, i);
        if (note->pitch > 127)
            return error_set(error, "%s: note %zu has pitch %u, expected 0 to 127", name, i,
                             note->pitch);
        if (!(note->doubt >= 0 && note->doubt <= 1))
            return error_set(error, "%s: note %zu has a doubt of %g, expected 0 to 1", name, i,
                             (double)note->doubt);
        if (note->hand > SCORE_LEFT && note->hand != SCORE_NO_HAND)
            return error_set(error, "%s: note %zu has no hand that there is", name, i);
        if (i > 0 && (note->quarter < notes[i - 1].quarter || note->second < notes[i - 1].second))
            return error_set(error, "%s: note %zu comes before the one before it", name, i);
    }
    return 0;
}

static int check_bars(const char *name, const struct score_bar *bars, size_t count, int sharps,
                      struct error *error)
{
    if (count == 0 || count > BARS_MAX)
        return error_set(error, "%s: %zu bars, expected 1 to %d", name, count, BARS_MAX);
    for (size_t i = 0; i < count; i++)
        if (!(i == 0 ? bars[i].quarter == 0
                     : bars[i].quarter > bars[i - 1].quarter && isfinite(bars[i].quarter)))
            return error_set(error, "%s: bar %zu is out of order", name, i);
    if (sharps < -7 || sharps > 7)
        return error_set(error, "%s: a key of %d sharps", name, sharps);
    return 0;
}

static size_t count_onsets(const struct score_note *notes, size_t count)
{
    size_t onsets = 0;
    for (size_t i = 0; i < count; i++)
        onsets += i == 0 || notes[i].quarter > notes[i - 1].quarter;
    return onsets;
}

static void fill(struct score *score, const struct score_note *notes)
{
    uint32_t onset = 0;
    for (uint32_t i = 0; i < score->notes; i++) {
        if (i == 0 || notes[i].quarter > notes[i - 1].quarter) {
            score->quarter[onset] = notes[i].quarter;
            score->second[onset] = notes[i].second;
            score->first[onset++] = i;
        }
        score->pitch[i] = notes[i].pitch;
        score->hand[i] = notes[i].hand;
        score->length[i] = notes[i].length;
        if (score->doubt)
            score->doubt[i] = (uint8_t)lrintf(255 * notes[i].doubt);
    }
    score->first[onset] = score->notes;
}

static bool any_doubt(const struct score_note *notes, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (lrintf(255 * notes[i].doubt) > 0)
            return true;
    return false;
}

static struct score *allocate(size_t onsets, size_t notes, size_t bars, bool doubt)
{
    struct score *score = calloc(1, sizeof *score);
    if (!score)
        return NULL;
    score->onsets = (uint32_t)onsets;
    score->notes = (uint32_t)notes;
    score->bars = (uint32_t)bars;
    score->quarter = malloc(onsets * sizeof *score->quarter);
    score->second = malloc(onsets * sizeof *score->second);
    score->first = malloc((onsets + 1) * sizeof *score->first);
    score->pitch = malloc(notes);
    score->hand = malloc(notes);
    score->length = malloc(notes * sizeof *score->length);
    score->bar = malloc(bars * sizeof *score->bar);
    score->doubt = doubt ? malloc(notes) : NULL;
    if (score->quarter && score->second && score->first && score->pitch && score->hand &&
        score->length && score->bar && (score->doubt || !doubt))
        return score;
    score_free(score);
    return NULL;
}

struct score *score_create(const char *name, const struct score_note *notes, size_t count,
                           const struct score_bar *bars, size_t bar_count, bool bars_known,
                           int sharps, struct error *error)
{
    if (check_notes(name, notes, count, error) != 0 ||
        check_bars(name, bars, bar_count, sharps, error) != 0)
        return NULL;
    struct score *score =
        allocate(count_onsets(notes, count), count, bar_count, any_doubt(notes, count));
    if (!score) {
        error_set(error, "%s: out of memory", name);
        return NULL;
    }
    score->bars_known = bars_known;
    score->sharps = (int8_t)sharps;
    fill(score, notes);
    memcpy(score->bar, bars, bar_count * sizeof *bars);
    return score;
}

struct score *score_copy(const struct score *score, struct error *error)
{
    struct score *copy = allocate(score->onsets, score->notes, score->bars, score->doubt != NULL);
    if (!copy) {
        error_set(error, "score: out of memory");
        return NULL;
    }
    copy->bars_known = score->bars_known;
    copy->sharps = score->sharps;
    memcpy(copy->quarter, score->quarter, score->onsets * sizeof *score->quarter);
    memcpy(copy->second, score->second, score->onsets * sizeof *score->second);
    memcpy(copy->first, score->first, ((size_t)score->onsets + 1) * sizeof *score->first);
    memcpy(copy->pitch, score->pitch, score->notes);
    memcpy(copy->hand, score->hand, score->notes);
    if (score->doubt)
        memcpy(copy->doubt, score->doubt, score->notes);
    memcpy(copy->length, score->length, score->notes * sizeof *score->length);
    memcpy(copy->bar, score->bar, score->bars * sizeof *score->bar);
    if (!score->finger)
        return copy;
    copy->finger = malloc(score->notes);
    if (copy->finger) {
        memcpy(copy->finger, score->finger, score->notes);
        return copy;
    }
    score_free(copy);
    error_set(error, "score: out of memory");
    return NULL;
}

struct score *score_of_song(const struct song *song, struct error *error)
{
    const double slot_seconds = 0.15;
    size_t count = 0;
    struct score *score = NULL;
    struct score_note *notes = calloc(song->notes, sizeof *notes);
    struct bar *bars = bars_create(NULL, 0, song_beats(song), &count, error);
    struct score_bar *made = bars ? score_bars(bars, count, error) : NULL;
    for (uint32_t slot = 0; notes && slot < song->slots; slot++)
        for (uint32_t i = song->first[slot]; i < song->first[slot + 1]; i++)
            notes[i] = (struct score_note){.quarter = (double)slot / SONG_SLOTS_A_BEAT,
                                           .second = slot * slot_seconds,
                                           .length = 1.0F / SONG_SLOTS_A_BEAT,
                                           .pitch = song->pitch[i],
                                           .hand = SCORE_NO_HAND};
    if (!notes)
        error_set(error, "%s: out of memory", song->name);
    else if (made)
        score = score_create(song->name, notes, song->notes, made, count, false, 0, error);
    free(notes);
    free(bars);
    free(made);
    return score;
}

void score_free(struct score *score)
{
    if (!score)
        return;
    free(score->quarter);
    free(score->second);
    free(score->first);
    free(score->pitch);
    free(score->hand);
    free(score->doubt);
    free(score->length);
    free(score->finger);
    free(score->bar);
    free(score);
}

struct score_bar *score_bars(const struct bar *bars, size_t count, struct error *error)
{
    struct score_bar *made = malloc(count * sizeof *made);
    if (!made) {
        error_set(error, "bars: out of memory");
        return NULL;
    }
    for (size_t i = 0; i < count; i++)
        made[i] = (struct score_bar){.quarter = bars[i].start,
                                     .number = bars[i].number,
                                     .beats = (uint8_t)(bars[i].beats < 255 ? bars[i].beats : 255),
                                     .unit = (uint8_t)(bars[i].unit < 255 ? bars[i].unit : 255)};
    return made;
}

void score_number_bars(struct score *score, const struct score_bar *bars, size_t bar_count)
{
    size_t next = 0;
    for (uint32_t b = 0; b < score->bars; b++) {
        while (next < bar_count && bars[next].quarter < score->bar[b].quarter - same_written)
            next++;
        if (next == bar_count || bars[next].quarter > score->bar[b].quarter + same_written)
            continue;
        score->bar[b].number = bars[next].number;
        score->bar[b].beats = bars[next].beats;
        score->bar[b].unit = bars[next].unit;
    }
}

int score_set_fingers(struct score *score, const struct score_finger *fingers, size_t count,
                      struct error *error)
{
    if (!score->finger && count > 0 && !(score->finger = calloc(score->notes, 1)))
        return error_set(error, "score: out of memory");
    for (size_t i = 0; i < count; i++) {
        const struct score_finger *finger = &fingers[i];
        uint32_t onset = score_find(score, finger->quarter + same_written);
        if (fabs(score->quarter[onset] - finger->quarter) > same_written ||
            finger->finger > SCORE_FINGERS)
            continue;
        for (uint32_t n = score->first[onset]; n < score->first[onset + 1]; n++)
            if (score->pitch[n] == finger->pitch)
                score->finger[n] = finger->finger;
    }
    return 0;
}

uint32_t score_find(const struct score *score, double quarter)
{
    uint32_t low = 0, high = score->onsets;
    while (high - low > 1) {
        uint32_t middle = low + (high - low) / 2;
        if (score->quarter[middle] <= quarter)
            low = middle;
        else
            high = middle;
    }
    return low;
}

uint32_t score_find_bar(const struct score *score, double quarter)
{
    uint32_t low = 0, high = score->bars;
    while (high - low > 1) {
        uint32_t middle = low + (high - low) / 2;
        if (score->bar[middle].quarter <= quarter + same_place)
            low = middle;
        else
            high = middle;
    }
    return low;
}

struct score_place score_place(const struct score *score, double quarter)
{
    const struct score_bar *bar = &score->bar[score_find_bar(score, quarter)];
    double into = quarter > bar->quarter ? quarter - bar->quarter : 0;
    return (struct score_place){bar, 1 + into * bar->unit / 4};
}

struct song *score_song(const struct score *score, const char *name, uint32_t checksum,
                        struct error *error)
{
    struct song_note *notes = malloc(score->notes * sizeof *notes);
    if (!notes) {
        error_set(error, "%s: out of memory", name);
        return NULL;
    }
    for (uint32_t i = 0; i < score->onsets; i++) {
        uint32_t slot = (uint32_t)floor(score->quarter[i] * SONG_SLOTS_A_BEAT + 0.5);
        for (uint32_t k = score->first[i]; k < score->first[i + 1]; k++)
            notes[k] = (struct song_note){slot, score->pitch[k]};
    }
    struct song *song = song_create(name, checksum, notes, score->notes, error);
    free(notes);
    return song;
}

void score_add_facts(const struct score *score, struct score_facts *facts)
{
    facts->notes += score->notes;
    facts->bars += score->bars;
    for (uint32_t i = 0; score->doubt && i < score->notes; i++) {
        float doubt = score->doubt[i] / 255.f;
        facts->doubtful += doubt > SCORE_DOUBTFUL;
        facts->doubt += (double)doubt;
    }
}
