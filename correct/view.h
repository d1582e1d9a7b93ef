/* How views are filled: shared by the networks' features, private to them. */
#ifndef CORRECT_VIEW_H
#define CORRECT_VIEW_H

#include "correct/style.h"

static const float least_told = .08f, least_vote = .05f;

static inline void tell(struct style_view *view, uint32_t feature, float strength)
{
    if (view->count == STYLE_MOST)
        return;
    view->feature[view->count] = feature;
    view->strength[view->count++] = strength;
}

/* Semitones from x to a pitch, taken by octaves into the window. */
static inline int distance(int x, int pitch)
{
    int d = pitch - x;
    while (d > STYLE_REACH)
        d -= 12;
    while (d < -STYLE_REACH)
        d += 12;
    return d;
}

static inline void tell_pitch(struct style_view *view, uint32_t place, int x, int pitch,
                              float strength)
{
    tell(view, place + (uint32_t)(distance(x, pitch) + STYLE_REACH), strength);
}

static inline void tell_slot(struct style_view *view, uint32_t place, int x,
                             const struct repetition_slot *slot, note_set without)
{
    for (uint32_t n = 0; slot && n < slot->count; n++)
        for (int k = 0; k < REPETITION_MEANT && slot->note[n].share[k]; k++) {
            float share = (float)slot->note[n].share[k] * (1.f / 255);
            if (share >= least_told && !(without >> slot->note[n].pitch[k] & 1))
                tell_pitch(view, place, x, slot->note[n].pitch[k], share);
        }
}

static inline void tell_set(struct style_view *view, uint32_t place, int x, note_set set)
{
    for (; set; set &= set - 1)
        tell_pitch(view, place, x, (int)note_set_lowest(set), 1);
}

/* The pitches believed most of a slot's notes. */
static inline note_set believed(const struct repetition_slot *slot)
{
    note_set set = 0;
    for (uint32_t n = 0; slot && n < slot->count; n++)
        set |= note_set_bit(slot->note[n].pitch[0]);
    return set;
}

/* How many of the bounds, which rise, a value has reached. */
static inline uint32_t class_of(float value, const float *bounds, uint32_t count)
{
    uint32_t c = 0;
    for (uint32_t i = 0; i < count; i++)
        c += value >= bounds[i];
    return c;
}

static inline uint32_t trust_class(float best)
{
    static const float bounds[] = {0.8f, 1.6f, 2.5f, 5, 8};
    return class_of(best, bounds, 5);
}

static inline const struct repetition_slot *onset_notes(const struct style *style, int i)
{
    int64_t ago = style->onset[i] < 0 ? INT32_MAX : style->onset[0] - style->onset[i];
    return ago < REPETITION_LAGS * REPETITION_PHASES
               ? repetition_ago(&style->repetition, (uint32_t)ago)
               : NULL;
}

/* Shares of the pitch classes in the first so many memories, a plane each. */
static inline void tell_classes(const struct style *style, struct style_view *view, uint32_t place,
                                uint32_t memories, int x)
{
    for (uint32_t h = 0; h < memories; h++)
        for (uint32_t c = 0; style->notes && c < 12; c++)
            if (style->classes[h][c] > .03f * style->class_sum[h])
                tell(view,
                     place + h * STYLE_WINDOW + STYLE_REACH - 6 + (c + 126 - (uint32_t)x % 12) % 12,
                     4 * style->classes[h][c] / style->class_sum[h]);
}

static inline void tell_rates(const struct style *style, struct style_view *view, uint32_t place)
{
    static const float rates[STYLE_RATES - 1] = {.004f, .012f, .03f, .07f, .14f, .25f, .4f};
    for (uint32_t h = 0; h < 2; h++)
        tell(view, place + h * STYLE_RATES + class_of(style->rate[h], rates, STYLE_RATES - 1), 1);
}

/* A distance of slots in one of 8 classes. */
static inline uint32_t gap_class(int64_t slots)
{
    return slots <= 4 ? (uint32_t)slots : slots <= 8 ? 5 : slots <= 16 ? 6 : 7;
}

#endif
