/* Passes, and notes paired within them. */
#include "tool/align.h"

#include <glib.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* A way back by no more than this, without a pause, is a stumble inside the same pass. */
static const double stumble_quarters = 2.5;
static const double pause_seconds = 1.2;

/* Notes on end that lead elsewhere before a pass is over. */
enum { AWAY = 3 };

/* A key stands for a note that was left out within a sixteenth of it, at most an octave off. */
static const double beside_quarters = .26;
enum { MOST_APART = 12 };

struct aligner {
    const struct follow_reading *reading;
    const double *seconds;
    const struct pieces *pieces;
    const struct score *score;
    int piece;
    bool *struck; /* [notes of the score], in the pass at hand */
    struct alignment *alignment;
    GArray *passes;
};

static bool begins_pass(const struct aligner *aligner, size_t i, size_t last)
{
    const struct follow_reading *now = &aligner->reading[i], *before = &aligner->reading[last];
    const double *quarter = aligner->pieces->quarter;
    if (!aligner->passes->len || i - last > AWAY)
        return true;
    if (!now->jumped)
        return false;
    double moved = quarter[now->position] - quarter[before->position];
    bool paused = aligner->seconds[i] - aligner->seconds[last] > pause_seconds;
    return moved < -stumble_quarters || moved > stumble_quarters || (paused && moved <= 0);
}

static uint32_t first_note(const struct aligner *aligner, uint32_t position)
{
    return aligner->score->first[aligner->pieces->onset[position]];
}

static uint32_t last_note(const struct aligner *aligner, uint32_t position)
{
    return aligner->score->first[pieces_last_onset(aligner->pieces, position) + 1] - 1;
}

static struct align_pass *begin_pass(struct aligner *aligner, size_t i)
{
    uint32_t position = aligner->reading[i].position;
    struct align_pass pass = {.first = first_note(aligner, position),
                              .last = last_note(aligner, position),
                              .begin = i,
                              .end = i + 1};
    g_array_append_val(aligner->passes, pass);
    memset(aligner->struck, 0, aligner->score->notes * sizeof *aligner->struck);
    return &g_array_index(aligner->passes, struct align_pass, aligner->passes->len - 1);
}

/* The note of the score that a key was, not struck yet in this pass. A pitch that two voices have
 * at once is one note of the reading. */
static int32_t find_note(struct aligner *aligner, struct follow_reading *reading, int key)
{
    if (reading->pitch < 0)
        reading->pitch = key;
    uint32_t last = last_note(aligner, reading->of);
    for (uint32_t n = first_note(aligner, reading->of); n <= last; n++)
        if (aligner->score->pitch[n] == reading->pitch - reading->shift && !aligner->struck[n]) {
            aligner->struck[n] = true;
            return (int32_t)n;
        }
    reading->pitch = -1;
    return ALIGN_NONE;
}

static void count_hands(struct aligner *aligner)
{
    for (guint p = 0; p < aligner->passes->len; p++) {
        struct align_pass *pass = &g_array_index(aligner->passes, struct align_pass, p);
        size_t notes[HANDS] = {0};
        for (size_t i = pass->begin; i < pass->end; i++)
            if (aligner->alignment->answer[i].pass == (int32_t)p)
                notes[aligner->reading[i].hands]++;
        for (int hands = HANDS_RIGHT; hands < HANDS; hands++)
            if (2 * notes[hands] > notes[HANDS_BOTH] + notes[HANDS_RIGHT] + notes[HANDS_LEFT])
                pass->hands = hands;
    }
}

/* The note nearest to a key among those due where it was struck, that no key was struck for;
 * ALIGN_NONE: there is none within an octave. */
static int32_t find_missing(const struct aligner *aligner, const struct align_pass *pass,
                            double quarter, int key)
{
    const struct score *score = aligner->score;
    int closest = MOST_APART + 1;
    int32_t best = ALIGN_NONE;
    for (uint32_t o = score_find(score, quarter - beside_quarters);
         o < score->onsets && score->quarter[o] <= quarter + beside_quarters; o++) {
        if (score->quarter[o] < quarter - beside_quarters)
            continue;
        for (uint32_t n = score->first[o]; n < score->first[o + 1]; n++) {
            int apart = abs(score->pitch[n] - key);
            if (apart < closest && !aligner->struck[n] && align_is_due(pass, score, n)) {
                closest = apart;
                best = (int32_t)n;
            }
        }
    }
    return best;
}

/* A key that is none of the notes, where a note was left out, was struck for that. */
static void pair_missing(struct aligner *aligner, struct follow_reading *reading,
                         const uint8_t *key)
{
    for (guint p = 0; p < aligner->passes->len; p++) {
        const struct align_pass *pass = &g_array_index(aligner->passes, struct align_pass, p);
        struct align_answer *answer = aligner->alignment->answer;
        memset(aligner->struck, 0, aligner->score->notes * sizeof *aligner->struck);
        for (size_t i = pass->begin; i < pass->end; i++)
            if (answer[i].pass == (int32_t)p && answer[i].note != ALIGN_NONE)
                aligner->struck[answer[i].note] = true;
        for (size_t i = pass->begin; i < pass->end; i++) {
            if (answer[i].pass != (int32_t)p || answer[i].note != ALIGN_NONE)
                continue;
            int played = key[i] - reading[i].shift;
            answer[i].note = find_missing(aligner, pass, answer[i].quarter, played);
            if (answer[i].note == ALIGN_NONE)
                continue;
            aligner->struck[answer[i].note] = true;
            reading[i].pitch = aligner->score->pitch[answer[i].note] + reading[i].shift;
        }
    }
}

static bool has(const struct aligner *aligner, uint32_t position, int pitch)
{
    const struct pieces *pieces = aligner->pieces;
    for (uint32_t k = pieces->first[position]; k < pieces->first[position + 1]; k++)
        if (pieces->pitch[k] == pitch)
            return true;
    return false;
}

/* How likely a go begins with a note: by the wait before it, and players begin with bars. */
static double opening(const struct aligner *aligner, size_t i, uint32_t position)
{
    const struct pieces *pieces = aligner->pieces;
    uint32_t low = pieces->bar_first[aligner->piece], high = pieces->bar_first[aligner->piece + 1];
    while (low < high) {
        uint32_t middle = (low + high) / 2;
        if (pieces->bar[middle] < position)
            low = middle + 1;
        else
            high = middle;
    }
    bool begins = low < pieces->bar_first[aligner->piece + 1] && pieces->bar[low] == position;
    return (aligner->seconds[i] - aligner->seconds[i - 1]) * (begins ? 2 : 1);
}

/* A jump is noticed late where its first notes also fit the place that was left: it is put at
 * the likeliest opening among the notes before that lead to where it came. */
static void amend_jump(struct aligner *aligner, struct follow_reading *reading, const uint8_t *key,
                       size_t i)
{
    enum { LOOKED_AT = 6 };
    uint32_t at[LOOKED_AT + 1], position = reading[i].position;
    uint32_t first = aligner->pieces->piece[aligner->piece].first;
    size_t best = i, from = i > LOOKED_AT ? i - LOOKED_AT : 1;
    double likeliest = opening(aligner, i, position);
    for (size_t k = i - 1; k >= from; k--) {
        int pitch = key[k] - reading[i].shift;
        if (!has(aligner, position, pitch)) {
            if (position == first || !has(aligner, position - 1, pitch))
                break;
            position--;
        }
        at[i - k] = position;
        if (opening(aligner, k, position) > likeliest) {
            likeliest = opening(aligner, k, position);
            best = k;
        }
    }
    if (best == i)
        return;
    for (size_t k = best; k < i; k++) {
        reading[k] = reading[i];
        reading[k].position = reading[k].of = at[i - k];
        reading[k].pitch = key[k];
        reading[k].jumped = k == best;
    }
    reading[i].jumped = false;
}

void alignment_create(struct alignment *alignment, struct follow_reading *reading,
                      const uint8_t *key, const double *seconds, size_t count,
                      const struct pieces *pieces, int piece, const struct score *score)
{
    struct aligner aligner = {.reading = reading,
                              .seconds = seconds,
                              .pieces = pieces,
                              .score = score,
                              .piece = piece,
                              .struck = g_new0(bool, score->notes),
                              .alignment = alignment,
                              .passes = g_array_new(FALSE, FALSE, sizeof(struct align_pass))};
    struct align_pass *pass = NULL;
    size_t last = 0;
    alignment->answer = g_new0(struct align_answer, count + 1);
    for (size_t i = 1; i < count; i++)
        if (reading[i].piece == piece && reading[i].jumped)
            amend_jump(&aligner, reading, key, i);
    for (size_t i = 0; i < count; i++) {
        struct align_answer *answer = &alignment->answer[i];
        *answer = (struct align_answer){.note = ALIGN_NONE, .pass = ALIGN_NONE};
        if (reading[i].piece != piece)
            continue;
        if (!pass || begins_pass(&aligner, i, last))
            pass = begin_pass(&aligner, i);
        uint32_t position = reading[i].position;
        pass->first = MIN(pass->first, first_note(&aligner, position));
        pass->last = MAX(pass->last, last_note(&aligner, position));
        pass->end = i + 1;
        answer->pass = (int32_t)aligner.passes->len - 1;
        answer->quarter = pieces->quarter[position];
        answer->note = find_note(&aligner, &reading[i], key[i]);
        last = i;
    }
    count_hands(&aligner);
    pair_missing(&aligner, reading, key);
    alignment->passes = aligner.passes->len;
    alignment->pass = (void *)g_array_free(aligner.passes, FALSE);
    g_free(aligner.struck);
}

void alignment_clear(struct alignment *alignment)
{
    g_free(alignment->answer);
    g_free(alignment->pass);
    *alignment = (struct alignment){0};
}

bool align_is_due(const struct align_pass *pass, const struct score *score, size_t note)
{
    if (note < pass->first || note > pass->last)
        return false;
    return pass->hands == HANDS_BOTH ||
           score->hand[note] == (pass->hands == HANDS_RIGHT ? SCORE_RIGHT : SCORE_LEFT);
}
