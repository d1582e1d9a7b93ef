/* Levels are worked out when a note is remembered, for every key that could be
 * struck for it, and stand beat beside beat: a note struck then touches one row
 * of them, in one loop that vectors serve. */
#include "correct/repetition.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

enum { REACH = REPETITION_REACH, UNIT = 64, STRETCH = 16 };
_Static_assert(REPETITION_LAGS % STRETCH == 0, "lags are looked at in stretches");

static const int8_t silent = -UNIT; /* l = -1: nothing was struck there */
static const int8_t lowest = (int8_t)(-1.2 * UNIT - .5), highest = (int8_t)(1.5 * UNIT);
static const float forget = .93f, gain = .7f / UNIT, least_score = -1;
static const float voter_score = .8f, most_score = 8, likely_weight = .01f;

/* P(x | y) by distance: right with .8, else a mixture of one or two semitones,
 * of neighbouring keys, and of anywhere within an octave. */
static const float slips[REACH + 1] = {.8f,    .0392f, .0317f, .0083f, .0050f, .0040f, .0036f,
                                       .0040f, .0033f, .0033f, .0033f, .0033f, .0052f};

static int8_t level_of(float b)
{
    float l = logf((b + .004f) / .04f) * UNIT;
    return l < (float)lowest ? lowest : l > (float)highest ? highest : (int8_t)lrintf(l);
}

void repetition_start(struct repetition *repetition)
{
    memset(repetition, 0, sizeof *repetition);
    for (int i = 0; i < REPETITION_LAGS; i++)
        repetition->score[i] = least_score;
    memset(repetition->level, silent, sizeof repetition->level);
    for (int d = 0; d <= REACH; d++)
        repetition->around[d] = level_of(slips[d]);
}

static void clear_levels(struct repetition *repetition, uint32_t row, uint32_t phase, int8_t level)
{
    for (int x = 0; x < 128; x++)
        repetition->level[x][phase][row] = level;
}

static void clear_row(struct repetition *repetition, uint32_t row)
{
    for (int p = 0; p < REPETITION_PHASES; p++) {
        if (repetition->memory[row][p].count == 0)
            continue;
        repetition->memory[row][p].count = 0;
        clear_levels(repetition, row, (uint32_t)p, silent);
    }
}

/* The slot that was being played is one of those before, too. */
static note_set move_struck(const struct repetition *repetition, int64_t slots)
{
    const struct repetition_slot *here = repetition_ago(repetition, 0);
    if (slots > REPETITION_STRUCK)
        return 0;
    note_set moved = slots < REPETITION_STRUCK ? repetition->struck << slots : 0;
    return here->count ? moved | note_set_bit((unsigned)slots - 1) : moved;
}

void repetition_advance(struct repetition *repetition, int64_t slot)
{
    if (slot <= repetition->slot)
        return;
    repetition->struck = move_struck(repetition, slot - repetition->slot);
    int64_t beat = slot >> 2, passed = beat - (repetition->slot >> 2);
    repetition->slot = slot;
    repetition->beats += passed;
    for (int64_t i = 0; i < passed && i < REPETITION_BEATS; i++) {
        repetition->row = repetition->row ? repetition->row - 1 : REPETITION_BEATS - 1;
        clear_row(repetition, repetition->row);
    }
}

static uint32_t row_ago(const struct repetition *repetition, uint32_t beats)
{
    uint32_t row = repetition->row + beats;
    return row < REPETITION_BEATS ? row : row - REPETITION_BEATS;
}

/* Whole beats back to the beat of a slot. */
static uint32_t beats_ago(const struct repetition *repetition, uint32_t slots)
{
    uint32_t phase = (uint32_t)repetition->slot & 3;
    return slots <= phase ? 0 : (slots - phase + 3) / 4;
}

const struct repetition_slot *repetition_ago(const struct repetition *repetition, uint32_t slots)
{
    uint32_t beats = beats_ago(repetition, slots), phase = (uint32_t)(repetition->slot - slots) & 3;
    if (beats >= REPETITION_BEATS)
        return NULL;
    return &repetition->memory[row_ago(repetition, beats)][phase];
}

static void score_rows(float *restrict score, const int8_t *restrict level, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        float s = forget * score[i] + gain * (float)level[i];
        score[i] = s > least_score ? s : least_score;
    }
}

void repetition_hear(struct repetition *repetition, uint8_t x)
{
    const int8_t *level = repetition->level[x & 127][repetition->slot & 3];
    uint32_t first = row_ago(repetition, 1), straight = REPETITION_BEATS - first;
    if (straight > REPETITION_LAGS)
        straight = REPETITION_LAGS;
    score_rows(repetition->score, level + first, straight);
    score_rows(repetition->score + straight, level, REPETITION_LAGS - straight);
}

/* Which of STRETCH scores are above a bar: as bits. Most lags are no good. */
static uint32_t above(const float *score, float bar)
{
    uint32_t bits = 0;
#ifdef __SSE2__
    for (int i = 0; i < STRETCH; i += 4)
        bits |= (uint32_t)_mm_movemask_ps(_mm_cmpgt_ps(_mm_loadu_ps(score + i), _mm_set1_ps(bar)))
                << i;
#else
    for (int i = 0; i < STRETCH; i++)
        bits |= (uint32_t)(score[i] > bar) << i;
#endif
    return bits;
}

/* The lags with the best scores, best first, that have notes in this phase so
 * many beats before what was played `beats` ago. */
static uint32_t choose_voters(const struct repetition *repetition, uint32_t beats, uint32_t phase,
                              uint16_t *lag, float *score)
{
    uint32_t count = 0, end = REPETITION_BEATS - 1 - beats;
    if (end > REPETITION_LAGS)
        end = REPETITION_LAGS;
    for (uint32_t first = 0; first < end; first += STRETCH)
        for (uint32_t good = above(repetition->score + first, voter_score); good;
             good &= good - 1) {
            uint32_t i = first + (uint32_t)__builtin_ctz(good);
            float s = repetition->score[i];
            if (i >= end)
                break;
            if (count == REPETITION_VOTERS && s <= score[count - 1])
                continue;
            if (repetition->memory[row_ago(repetition, beats + i + 1)][phase].count == 0)
                continue;
            uint32_t at = count < REPETITION_VOTERS ? count++ : count - 1;
            for (; at > 0 && score[at - 1] < s; at--) {
                score[at] = score[at - 1];
                lag[at] = lag[at - 1];
            }
            score[at] = s;
            lag[at] = (uint16_t)(beats + i + 1);
        }
    return count;
}

static void cast(struct repetition_votes *votes, const struct repetition_slot *slot, float weight)
{
    for (uint32_t n = 0; n < slot->count; n++)
        for (int k = 0; k < REPETITION_MEANT && slot->note[n].share[k]; k++) {
            uint8_t pitch = slot->note[n].pitch[k];
            if (!(votes->vote[pitch] > 0))
                votes->pitch[votes->count++] = pitch;
            votes->vote[pitch] += weight * (float)slot->note[n].share[k];
        }
}

void repetition_vote(const struct repetition *repetition, uint32_t slots_ago,
                     struct repetition_votes *votes)
{
    uint16_t lag[REPETITION_VOTERS];
    float score[REPETITION_VOTERS], sum = 0;
    uint32_t phase = (uint32_t)(repetition->slot - slots_ago) & 3;
    uint32_t voters =
        choose_voters(repetition, beats_ago(repetition, slots_ago), phase, lag, score);
    memset(votes, 0, sizeof *votes);
    votes->best = least_score;
    if (voters == 0)
        return;
    votes->best = score[0];
    votes->likest = &repetition->memory[row_ago(repetition, lag[0])][phase];
    for (uint32_t i = 0; i < voters; i++) {
        score[i] = expf(fminf(score[i], most_score));
        sum += score[i];
    }
    votes->weight = sum;
    for (uint32_t i = 0; i < voters && score[i] > likely_weight * score[0]; i++) {
        votes->voter[i] = &repetition->memory[row_ago(repetition, lag[i])][phase];
        votes->share[i] = score[i] / sum;
        votes->voters++;
        cast(votes, votes->voter[i], votes->share[i] / 255);
    }
}

/* The belief in a pitch, in 255ths. */
static float belief_in(const struct repetition_note *note, uint8_t pitch)
{
    for (int k = 0; k < REPETITION_MEANT && note->share[k]; k++)
        if (note->pitch[k] == pitch)
            return note->share[k];
    return 0;
}

bool repetition_again(const struct repetition_votes *votes, uint8_t x, float least,
                      float part[2 * REPETITION_REACH + 1])
{
    bool any = false;
    memset(part, 0, (2 * REACH + 1) * sizeof *part);
    for (uint32_t v = 0; v < votes->voters; v++)
        for (uint32_t n = 0; n < votes->voter[v]->count; n++) {
            const struct repetition_note *note = &votes->voter[v]->note[n];
            if (note->key != x || note->pitch[0] == x)
                continue;
            float own = fmaxf(belief_in(note, x) / 255, least) * votes->share[v] / 255;
            for (int k = 0; k < REPETITION_MEANT && note->share[k]; k++) {
                int d = note->pitch[k] - x;
                if (d != 0 && abs(d) <= REACH)
                    part[d + REACH] += own * (float)note->share[k] / votes->vote[note->pitch[k]];
            }
            any = true;
        }
    return any;
}

static void raise_level(struct repetition *repetition, uint32_t row, uint32_t phase, int x,
                        int8_t to)
{
    int8_t *level = &repetition->level[x][phase][row];
    *level = to > *level ? to : *level;
}

/* Those around a pitch that was meant without doubt. */
static void raise_around(struct repetition *repetition, uint32_t row, uint32_t phase, int y)
{
    for (int d = y > REACH ? -REACH : -y; d <= REACH && y + d < 128; d++)
        raise_level(repetition, row, phase, y + d, repetition->around[d < 0 ? -d : d]);
}

/* Raises the levels of a slot to those of one more note. */
static void raise_levels(struct repetition *repetition, uint32_t row, uint32_t phase,
                         const struct repetition_note *note)
{
    float hit[128 + 2 * REACH] = {0};
    int low = 127, high = 0;
    if (note->share[0] == 255 && note->share[1] == 0) {
        raise_around(repetition, row, phase, note->pitch[0]);
        return;
    }
    for (int k = 0; k < REPETITION_MEANT && note->share[k]; k++) {
        int y = note->pitch[k];
        for (int d = -REACH; d <= REACH; d++)
            hit[REACH + y + d] += (float)note->share[k] / 255 * slips[d < 0 ? -d : d];
        low = y < low ? y : low;
        high = y > high ? y : high;
    }
    low = low > REACH ? low - REACH : 0;
    high = high < 127 - REACH ? high + REACH : 127;
    for (int x = low; x <= high; x++)
        raise_level(repetition, row, phase, x, level_of(hit[REACH + x]));
}

void repetition_remember(struct repetition *repetition, const struct repetition_note *note)
{
    uint32_t phase = (uint32_t)repetition->slot & 3, row = repetition->row;
    struct repetition_slot *slot = &repetition->memory[row][phase];
    if (slot->count == REPETITION_SLOT_NOTES)
        return;
    if (slot->count == 0)
        clear_levels(repetition, row, phase, lowest);
    slot->note[slot->count++] = *note;
    raise_levels(repetition, row, phase, note);
}

void repetition_revise(struct repetition *repetition, uint32_t slots_ago,
                       const struct repetition_slot *slot, bool count)
{
    uint32_t phase = (uint32_t)(repetition->slot - slots_ago) & 3;
    uint32_t row = row_ago(repetition, beats_ago(repetition, slots_ago));
    repetition->memory[row][phase] = *slot;
    if (slots_ago >= 1 && slots_ago <= REPETITION_STRUCK) {
        note_set bit = note_set_bit(slots_ago - 1);
        repetition->struck = slot->count ? repetition->struck | bit : repetition->struck & ~bit;
    }
    if (!count)
        return;
    clear_levels(repetition, row, phase, slot->count ? lowest : silent);
    for (uint32_t n = 0; n < slot->count; n++)
        raise_levels(repetition, row, phase, &slot->note[n]);
}
