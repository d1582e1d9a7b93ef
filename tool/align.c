/* Passes, and notes paired within them. */
#include "tool/align.h"

#include <glib.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* A way back by no more than this, without a pause, is a stumble inside the same pass. */
static const double stumble_quarters = 2.5;
static const double pause_seconds = 1.2;

/* A note that comes so many seconds too late or too early, and by half of what is due. */
static const double out_of_time = .7;

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
    const uint32_t *trill; /* of each note of the recording */
    bool *struck;          /* [notes of the score], in the pass at hand */
    struct alignment *alignment;
    GArray *passes;
};

static bool begins_bar(const struct aligner *aligner, uint32_t position)
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
    return low < pieces->bar_first[aligner->piece + 1] && pieces->bar[low] == position;
}

/* Seconds a quarter from one note to another; 0: less than a quarter lies between. */
static double pace_of(const struct aligner *aligner, size_t from, size_t to)
{
    const struct follow_reading *reading = aligner->reading;
    const double *quarter = aligner->pieces->quarter;
    double quarters = quarter[reading[to].position] - quarter[reading[from].position];
    return quarters >= 1 ? (aligner->seconds[to] - aligner->seconds[from]) / quarters : 0;
}

static bool same_notes(const struct pieces *pieces, uint32_t a, uint32_t b)
{
    const uint32_t *x = pieces->first + a, *y = pieces->first + b;
    return x[1] - x[0] == y[1] - y[0] &&
           memcmp(pieces->pitch + x[0], pieces->pitch + y[0], x[1] - x[0]) == 0;
}

/* Whether the music from a position on is what it was from `start` to there, but for a quarter of
 * it, such as another ending. */
static bool comes_again(const struct aligner *aligner, uint32_t start, uint32_t position)
{
    const struct pieces *pieces = aligner->pieces;
    uint32_t count = position - start, same = 0;
    double way = pieces->quarter[position] - pieces->quarter[start];
    while (same < count && position + same < pieces_end(pieces, position)) {
        double apart = pieces->quarter[position + same] - pieces->quarter[start + same];
        if (fabs(apart - way) > 1e-3 || !same_notes(pieces, start + same, position + same))
            break;
        same++;
    }
    return count > 0 && 4 * same >= 3 * count;
}

/* A stretch that the piece has twice on end may be one way through both, or two goes: these, where
 * the second comes out of time. */
static bool is_begun_again(const struct aligner *aligner, size_t i, size_t last)
{
    const struct align_pass *pass =
        &g_array_index(aligner->passes, struct align_pass, aligner->passes->len - 1);
    const struct follow_reading *reading = aligner->reading;
    uint32_t start = reading[pass->begin].position, now = reading[i].position;
    double pace = pace_of(aligner, pass->begin, last);
    if (now <= reading[last].position || pace <= 0)
        return false;
    double gap = aligner->seconds[i] - aligner->seconds[last];
    double due =
        pace * (aligner->pieces->quarter[now] - aligner->pieces->quarter[reading[last].position]);
    return fabs(gap - due) > fmax(out_of_time, due / 2) && begins_bar(aligner, now) &&
           comes_again(aligner, start, now);
}

static bool begins_pass(const struct aligner *aligner, size_t i, size_t last)
{
    const struct follow_reading *now = &aligner->reading[i], *before = &aligner->reading[last];
    const double *quarter = aligner->pieces->quarter;
    size_t away = 1;
    for (size_t k = last + 1; k < i; k++)
        away += aligner->trill[k] == 0;
    if (!aligner->passes->len || away > AWAY)
        return true;
    if (now->position == before->position + 1) /* a jump there is none */
        return is_begun_again(aligner, i, last);
    if (!now->jumped)
        return is_begun_again(aligner, i, last);
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

/* Keys that are no note of the piece to the reader, in the middle of a pass from note `last` to
 * `next`: such as the second strike where two voices have a pitch at once. */
static void take_between(struct aligner *aligner, struct follow_reading *reading,
                         const uint8_t *key, size_t last, size_t next)
{
    for (size_t k = last + 1; k < next; k++) {
        struct align_answer *answer = &aligner->alignment->answer[k];
        reading[k] = reading[last];
        reading[k].jumped = false;
        reading[k].pitch = -1;
        answer->pass = (int32_t)aligner->passes->len - 1;
        answer->quarter = aligner->pieces->quarter[reading[k].position];
        answer->note = find_note(aligner, &reading[k], key[k]);
        if (answer->note != ALIGN_NONE)
            continue;
        reading[k].of = reading[next].of;
        answer->note = find_note(aligner, &reading[k], key[k]);
    }
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
            if (answer[i].pass != (int32_t)p || answer[i].note != ALIGN_NONE || answer[i].trill)
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
    return (aligner->seconds[i] - aligner->seconds[i - 1]) *
           (begins_bar(aligner, position) ? 2 : 1);
}

/* After notes that lead elsewhere the way may go on somewhere else without a jump: it is one. */
static void mark_jumps(const struct aligner *aligner, struct follow_reading *reading, size_t count)
{
    size_t last = count;
    for (size_t i = 0; i < count; i++) {
        if (reading[i].piece != aligner->piece)
            continue;
        uint32_t before = last < count ? reading[last].position : 0;
        if (last < count && i - last > 1 &&
            (reading[i].position < before || reading[i].position - before > i - last + AWAY))
            reading[i].jumped = true;
        last = i;
    }
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

/* A jump in the middle of playing out of one copy of a stretch into another was made, if what was
 * played since the last pause or jump stands before where it came as well, at the beginning of
 * that. */
static void amend_copy(struct aligner *aligner, struct follow_reading *reading, size_t i)
{
    const struct pieces *pieces = aligner->pieces;
    uint32_t first = pieces->piece[aligner->piece].first;
    size_t begin = i;
    for (size_t k = i; k-- > 0;) {
        if (reading[k].piece != aligner->piece)
            return;
        uint32_t back = reading[i - 1].position + 1 - reading[k].position;
        if (aligner->seconds[k + 1] - aligner->seconds[k] > pause_seconds) {
            begin = k + 1;
            break;
        }
        if (reading[k].position > reading[i - 1].position || back > reading[i].position - first ||
            !same_notes(pieces, reading[k].position, reading[i].position - back))
            return;
        if (reading[k].jumped) {
            begin = k;
            break;
        }
    }
    if (begin == i)
        return;
    uint32_t last = reading[i - 1].position;
    for (size_t k = begin; k < i; k++) {
        uint32_t late = reading[k].position - reading[k].of;
        reading[k].position = reading[i].position - (last + 1 - reading[k].position);
        reading[k].of = reading[k].position - MIN(late, reading[k].position - first);
        reading[k].jumped = k == begin;
    }
    reading[i].jumped = false;
}

/* How fast the way goes on from a note, seconds a quarter; 0: not known. */
static double pace_after(const struct aligner *aligner, size_t i, size_t count)
{
    enum { AHEAD = 16 };
    size_t last = i;
    for (size_t k = i + 1; k < count && k <= i + AHEAD; k++) {
        if (aligner->reading[k].piece != aligner->piece || aligner->reading[k].jumped)
            break;
        if (aligner->reading[k].position > aligner->reading[last].position)
            last = k;
    }
    return pace_of(aligner, i, last);
}

/* The position at or before `position` nearest to a score time; one beside it, if that has the key
 * and it has not. */
static uint32_t find_back(const struct aligner *aligner, uint32_t position, double quarter, int key)
{
    const double *at = aligner->pieces->quarter;
    uint32_t first = aligner->pieces->piece[aligner->piece].first, near = position;
    while (near > first && fabs(at[near - 1] - quarter) < fabs(at[near] - quarter))
        near--;
    if (has(aligner, near, key))
        return near;
    if (near < position && has(aligner, near + 1, key))
        return near + 1;
    return near > first && has(aligner, near - 1, key) ? near - 1 : near;
}

/* The note after the last pause, among a jump and some notes before it; the jump: there is none. */
static size_t find_pause(const struct aligner *aligner, size_t i, size_t some)
{
    for (size_t k = i; k > 0 && k + some > i; k--)
        if (aligner->seconds[k] - aligner->seconds[k - 1] > pause_seconds)
            return k;
    return i;
}

/* Where the first notes of a go are wrong, it is noticed late, and they seem to be another way
 * through somewhere else. They come after a pause, and lead in time to where the jump came: to it,
 * if that makes as many of them right (one fewer, where they are a way of their own), and a go that
 * begins with a bar. */
static void amend_opening(struct aligner *aligner, struct follow_reading *reading,
                          const uint8_t *key, size_t i, size_t count)
{
    enum { LOOKED_AT = 48 };
    uint32_t at[LOOKED_AT + 1], position = reading[i].position;
    size_t begin = find_pause(aligner, i, LOOKED_AT), right = 0, was_right = 0;
    double pace = pace_after(aligner, i, count);
    double quarter = aligner->pieces->quarter[position], seconds = aligner->seconds[i];
    if (begin == i || pace <= 0)
        return;
    for (size_t k = i; k-- > begin;) {
        int pitch = key[k] - reading[i].shift;
        position =
            find_back(aligner, position, quarter - (seconds - aligner->seconds[k]) / pace, pitch);
        at[i - k] = position;
        was_right += reading[k].piece == aligner->piece && reading[k].pitch == key[k];
        if (!has(aligner, position, pitch))
            continue;
        right++;
        quarter = aligner->pieces->quarter[position];
        seconds = aligner->seconds[k];
    }
    if (right + reading[begin].jumped < was_right || !begins_bar(aligner, position))
        return;
    for (size_t k = begin; k < i; k++) {
        reading[k] = reading[i];
        reading[k].position = reading[k].of = at[i - k];
        reading[k].pitch = has(aligner, at[i - k], key[k] - reading[i].shift) ? key[k] : -1;
        reading[k].jumped = k == begin;
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
    uint32_t *trill = g_new(uint32_t, count + 1);
    alignment->trill = trills_find(key, seconds, count, trill, &alignment->trills);
    aligner.trill = trill;
    mark_jumps(&aligner, reading, count);
    for (size_t i = 1; i < count; i++)
        if (reading[i].piece == piece && reading[i].jumped) {
            amend_copy(&aligner, reading, i);
            if (reading[i].jumped)
                amend_jump(&aligner, reading, key, i);
            if (reading[i].jumped)
                amend_opening(&aligner, reading, key, i, count);
        }
    for (size_t i = 0; i < count; i++) {
        struct align_answer *answer = &alignment->answer[i];
        *answer = (struct align_answer){.note = ALIGN_NONE, .pass = ALIGN_NONE, .trill = trill[i]};
        if (reading[i].piece != piece)
            continue;
        if (!pass || begins_pass(&aligner, i, last))
            pass = begin_pass(&aligner, i);
        else
            take_between(&aligner, reading, key, last, i);
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
    g_free(trill);
}

void alignment_clear(struct alignment *alignment)
{
    g_free(alignment->answer);
    g_free(alignment->pass);
    g_free(alignment->trill);
    *alignment = (struct alignment){0};
}

bool align_is_due(const struct align_pass *pass, const struct score *score, size_t note)
{
    if (note < pass->first || note > pass->last)
        return false;
    return pass->hands == HANDS_BOTH ||
           score->hand[note] == (pass->hands == HANDS_RIGHT ? SCORE_RIGHT : SCORE_LEFT);
}
