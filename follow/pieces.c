/* Pieces laid end to end, and the ways to find a place in them. */
#include "follow/pieces.h"

#include "follow/constants.h"
#include "follow/turns.h"
#include "piece/split.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_NOTES = 1 << 26 };

static size_t count_all(const struct model *const *models, size_t count, struct pieces *pieces,
                        size_t *notes, size_t *bars)
{
    size_t onsets = 0;
    for (size_t m = 0; m < count; m++)
        for (size_t s = 0; s < model_songs(models[m]); s++, pieces->count++) {
            const struct score *score = model_score(models[m], s);
            onsets += score->onsets;
            *notes += score->notes;
            *bars += score->bars;
        }
    return onsets;
}

static int make_room(struct pieces *pieces, size_t onsets, size_t notes, size_t bars)
{
    pieces->piece = calloc(pieces->count + 1, sizeof *pieces->piece);
    pieces->piece_of = calloc(onsets + 1, sizeof *pieces->piece_of);
    pieces->onset = calloc(onsets + 1, sizeof *pieces->onset);
    pieces->quarter = calloc(onsets + 1, sizeof *pieces->quarter);
    pieces->time = calloc(onsets + 1, sizeof *pieces->time);
    pieces->first = calloc(onsets + 2, sizeof *pieces->first);
    pieces->pitch = calloc(notes + 1, 1);
    pieces->doubt = calloc(notes + 1, sizeof *pieces->doubt);
    bool all = true;
    for (int hands = 0; hands < HANDS; hands++) {
        pieces->notes[hands] = calloc(onsets + 1, sizeof *pieces->notes[0]);
        pieces->next[hands] = calloc(onsets + 1, sizeof *pieces->next[0]);
        all = all && pieces->notes[hands] && pieces->next[hands];
    }
    pieces->by_pitch = calloc(notes + 1, sizeof *pieces->by_pitch);
    pieces->by_pitch_first = calloc((size_t)pieces->count * 128 + 2, sizeof(uint32_t));
    pieces->bar = calloc(bars + 1, sizeof *pieces->bar);
    pieces->bar_first = calloc(pieces->count + 2, sizeof *pieces->bar_first);
    pieces->turn_first = calloc(onsets + 2, sizeof *pieces->turn_first);
    return all && pieces->piece && pieces->piece_of && pieces->onset && pieces->quarter &&
                   pieces->time && pieces->first && pieces->pitch && pieces->doubt &&
                   pieces->by_pitch && pieces->by_pitch_first && pieces->bar && pieces->bar_first &&
                   pieces->turn_first
               ? 0
               : -1;
}

static int compare_seconds(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Seconds between onsets that make one position: notes so fast that they come in other
 * orders too, as those of ornaments. Far below the piece's usual ones, whatever its tempo says. */
static double find_gap(const struct score *score, double *room)
{
    uint32_t count = 0;
    for (uint32_t i = 1; i < score->onsets; i++)
        room[count++] = score->second[i] - score->second[i - 1];
    qsort(room, count, sizeof *room, compare_seconds);
    double usual = count ? room[count / 2] : 0;
    return fmin(follow_constants.merge_gap, follow_constants.merge_share * usual);
}

/* The onset behind those that make one position with this one. */
static uint32_t end_of_position(const struct score *score, uint32_t onset, double gap)
{
    uint32_t end = onset + 1;
    while (end < score->onsets && score->second[end] - score->second[end - 1] < gap &&
           score->second[end] - score->second[onset] < 1.5 * gap)
        end++;
    return end;
}

/* Where a score knows no hands: the lowest pitch of the right. */
static int find_split(const struct score *score)
{
    uint32_t count[128] = {0};
    for (uint32_t n = 0; n < score->notes; n++) {
        if (score->hand[n] <= SCORE_LEFT)
            return 0;
        count[score->pitch[n]]++;
    }
    return split_find(count, 0, 0);
}

/* The different pitches of a position in ascending order, with their hands. */
static void lay_onset(struct pieces *pieces, const struct score *score, uint32_t onset,
                      uint32_t end, uint32_t position, int split)
{
    uint8_t hand[128], doubt[128];
    memset(hand, 0xfe, sizeof hand);
    memset(doubt, 0, sizeof doubt);
    for (uint32_t k = score->first[onset]; k < score->first[end]; k++) {
        if (hand[score->pitch[k]] == 0xfe || score->hand[k] == SCORE_RIGHT)
            hand[score->pitch[k]] = score->hand[k];
        if (score->doubt)
            doubt[score->pitch[k]] = score->doubt[k];
    }
    uint32_t n = 0, *first = &pieces->first[position];
    for (unsigned pitch = 0; pitch < 128; pitch++) {
        if (hand[pitch] == 0xfe || n == PIECES_MOST_NOTES)
            continue;
        pieces->pitch[*first + n] = (uint8_t)pitch;
        pieces->doubt[*first + n] = doubt[pitch] / 255.f;
        pieces->notes[HANDS_BOTH][position] |= 1u << n;
        if (split)
            hand[pitch] = (int)pitch < split ? SCORE_LEFT : SCORE_RIGHT;
        if (hand[pitch] <= SCORE_LEFT)
            pieces->notes[hand[pitch] == SCORE_RIGHT ? HANDS_RIGHT : HANDS_LEFT][position] |= 1u
                                                                                              << n;
        n++;
    }
    first[1] = *first + n;
}

/* From one position to the next by the written tempos, which count for what they say within
 * reason: a file may say anything. */
static double time_between(const struct score *score, uint32_t onset, uint32_t next)
{
    static const double slowest = 8, fastest = .125; /* of the mean tempo: a grave and a presto */
    uint32_t last = score->onsets - 1;
    double seconds = score->second[last] - score->second[0];
    double mean = seconds / (score->quarter[last] - score->quarter[0]);
    double quarters = score->quarter[next] - score->quarter[onset];
    double written = (score->second[next] - score->second[onset]) / (mean * quarters);
    if (!(fabs(written - 1) > 1e-6)) /* one tempo, but for rounding */
        return quarters;
    return quarters * fmin(fmax(written, fastest), slowest);
}

static uint32_t lay_piece(struct pieces *pieces, const struct score *score, uint32_t index,
                          uint32_t position, double gap, uint32_t *bars)
{
    struct pieces_piece *piece = &pieces->piece[index];
    bool right = false, left = false;
    uint32_t at = position;
    int split = find_split(score);
    piece->first = position;
    for (uint32_t i = 0, end, b = 0; i < score->onsets; i = end, at++) {
        end = end_of_position(score, i, gap);
        pieces->piece_of[at] = index;
        pieces->quarter[at] = score->quarter[i];
        pieces->time[at] = i ? pieces->time[at - 1] + time_between(score, pieces->onset[at - 1], i)
                             : score->quarter[0];
        pieces->onset[at] = i;
        lay_onset(pieces, score, i, end, at, split);
        right |= pieces->notes[HANDS_RIGHT][at] != 0;
        left |= pieces->notes[HANDS_LEFT][at] != 0;
        bool begins = false;
        for (; b < score->bars && score->bar[b].quarter <= score->quarter[end - 1] + 1e-6; b++)
            begins = true;
        if (begins)
            pieces->bar[(*bars)++] = at;
    }
    piece->onsets = at - position;
    piece->score_onsets = score->onsets;
    piece->hands = right && left;
    pieces->bar_first[index + 1] = *bars;
    return at;
}

static void link_hands(struct pieces *pieces)
{
    for (int hands = 0; hands < HANDS; hands++) {
        uint32_t next = pieces->onsets;
        pieces->next[hands][pieces->onsets] = pieces->onsets;
        for (uint32_t i = pieces->onsets; i-- > 0;) {
            if (i + 1 < pieces->onsets && pieces->piece_of[i + 1] != pieces->piece_of[i])
                next = pieces->onsets;
            pieces->next[hands][i] = next;
            if (pieces->notes[hands][i])
                next = i;
        }
    }
}

static void sort_by_pitch(struct pieces *pieces)
{
    uint32_t *first = pieces->by_pitch_first;
    for (uint32_t i = 0; i < pieces->onsets; i++)
        for (uint32_t k = pieces->first[i]; k < pieces->first[i + 1]; k++)
            first[pieces->piece_of[i] * 128 + pieces->pitch[k] + 1]++;
    for (uint32_t k = 0; k < pieces->count * 128; k++)
        first[k + 1] += first[k];
    for (uint32_t i = 0; i < pieces->onsets; i++)
        for (uint32_t k = pieces->first[i]; k < pieces->first[i + 1]; k++)
            pieces->by_pitch[first[pieces->piece_of[i] * 128 + pieces->pitch[k]]++] = i;
    memmove(first + 1, first, (size_t)pieces->count * 128 * sizeof *first);
    first[0] = 0;
}

uint32_t pieces_bucket(const struct pieces *pieces, const uint8_t line[PIECES_LINE], bool low)
{
    uint32_t key = low;
    for (int i = 1; i < PIECES_LINE; i++)
        key = key * 257 + (uint32_t)(line[i] - line[i - 1] + 128);
    key *= 0x9e3779b1u;
    return (key ^ key >> 15) & pieces->line_mask;
}

/* The pattern that ends at a position. false: the piece has no such yet. */
static bool line_of(const struct pieces *pieces, uint32_t position, bool low,
                    uint8_t line[PIECES_LINE])
{
    if (position < pieces->piece[pieces->piece_of[position]].first + PIECES_LINE - 1)
        return false;
    for (uint32_t i = 0; i < PIECES_LINE; i++) {
        uint32_t at = position - (PIECES_LINE - 1) + i;
        line[i] = pieces->pitch[low ? pieces->first[at] : pieces->first[at + 1] - 1];
    }
    return true;
}

static int index_lines(struct pieces *pieces)
{
    uint32_t buckets = 64;
    while (buckets < pieces->onsets)
        buckets *= 2;
    pieces->line_mask = buckets - 1;
    pieces->line_first = calloc((size_t)buckets + 2, sizeof *pieces->line_first);
    pieces->line = calloc((size_t)pieces->onsets * 2 + 1, sizeof *pieces->line);
    if (!pieces->line_first || !pieces->line)
        return -1;
    uint8_t line[PIECES_LINE];
    for (uint32_t i = 0; i < pieces->onsets; i++)
        for (int low = 0; low < 2; low++)
            if (line_of(pieces, i, low, line))
                pieces->line_first[pieces_bucket(pieces, line, low) + 1]++;
    for (uint32_t b = 0; b < buckets; b++)
        pieces->line_first[b + 1] += pieces->line_first[b];
    for (uint32_t i = 0; i < pieces->onsets; i++)
        for (int low = 0; low < 2; low++)
            if (line_of(pieces, i, low, line))
                pieces->line[pieces->line_first[pieces_bucket(pieces, line, low)]++] = i;
    memmove(pieces->line_first + 1, pieces->line_first, buckets * sizeof *pieces->line_first);
    pieces->line_first[0] = 0;
    return 0;
}

struct pieces *pieces_open(const struct model *const *models, size_t count, struct error *error)
{
    size_t notes = 0, bars = 0;
    struct pieces *pieces = calloc(1, sizeof *pieces);
    size_t onsets = pieces ? count_all(models, count, pieces, &notes, &bars) : 0;
    if (notes > MOST_NOTES) {
        error_set(error, "the repertoire of %u pieces with %zu notes is too large; take fewer",
                  pieces->count, notes);
        pieces_close(pieces);
        return NULL;
    }
    if (!pieces || make_room(pieces, onsets, notes, bars) != 0)
        goto fail;
    uint32_t position = 0, index = 0, laid = 0;
    double *room = malloc((onsets + 1) * sizeof *room);
    if (!room)
        goto fail;
    for (size_t m = 0; m < count; m++)
        for (size_t s = 0; s < model_songs(models[m]); s++, index++) {
            const struct score *score = model_score(models[m], s);
            pieces->piece[index].model = (uint32_t)m;
            pieces->piece[index].song = (uint32_t)s;
            position = lay_piece(pieces, score, index, position, find_gap(score, room), &laid);
        }
    pieces->onsets = position;
    free(room);
    link_hands(pieces);
    sort_by_pitch(pieces);
    if (index_lines(pieces) != 0 || turns_lay(pieces, models, count) != 0)
        goto fail;
    return pieces;
fail:
    pieces_close(pieces);
    error_set(error, "out of memory for the repertoire");
    return NULL;
}

double pieces_stretch(const struct pieces *pieces, uint32_t position)
{
    uint32_t next = position + 1 < pieces_end(pieces, position) ? position + 1 : position;
    uint32_t here = next > pieces->piece[pieces->piece_of[position]].first ? next - 1 : next;
    double quarters = pieces->quarter[next] - pieces->quarter[here];
    return quarters > 0 ? (pieces->time[next] - pieces->time[here]) / quarters : 1;
}

void pieces_close(struct pieces *pieces)
{
    if (!pieces)
        return;
    for (int hands = 0; hands < HANDS; hands++) {
        free(pieces->notes[hands]);
        free(pieces->next[hands]);
    }
    free(pieces->piece);
    free(pieces->piece_of);
    free(pieces->onset);
    free(pieces->quarter);
    free(pieces->time);
    free(pieces->first);
    free(pieces->pitch);
    free(pieces->doubt);
    free(pieces->by_pitch);
    free(pieces->by_pitch_first);
    free(pieces->bar);
    free(pieces->bar_first);
    free(pieces->turn_first);
    free(pieces->turn);
    free(pieces->line_first);
    free(pieces->line);
    free(pieces);
}
