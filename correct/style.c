/* Where each kind of feature stands is laid down once, in `enum place`. */
#include "correct/style.h"

#include <math.h>
#include <string.h>

enum plane {
    PLANE_NOW,
    PLANE_BEFORE, /* two */
    PLANE_HELD = 3,
    PLANE_BARS, /* four */
    PLANE_VOTES = 8,
    PLANE_VOTES_SENT,
    PLANE_BEST, /* three */
    PLANE_KEYS = 13,
};

enum place {
    AT_PITCH = STYLE_PLANES * STYLE_WINDOW,
    AT_CLASS = AT_PITCH + STYLE_PITCHES * STYLE_INTERVALS,
    AT_SLOT = AT_CLASS + 2 * 12,
    AT_SINCE = AT_SLOT + 16,
    AT_REGISTER = AT_SINCE + 8,
    AT_STRUCK = AT_REGISTER + 22,
    AT_SHIFT = AT_STRUCK + 5,
    AT_RATE = AT_SHIFT + STYLE_PITCHES * STYLE_SHIFTS,
    AT_CLASS_PLAYED = AT_RATE + 2 * STYLE_RATES,
    AT_KEY = AT_CLASS_PLAYED + 12,
    AT_BEST = AT_KEY + STYLE_KEYS * STYLE_INTERVALS,
    AT_END = AT_BEST + 6,
};
_Static_assert((int)AT_END == (int)STYLE_FEATURES, "features are counted twice");

static const float class_forget[2] = {.96f, .995f}, rate_forget[2] = {.97f, .995f};
static const float least_belief = .02f, least_told = .04f, least_vote = .02f;

struct policy_shape style_shape(void)
{
    return (struct policy_shape){.kind = POLICY_MLP,
                                 .inputs = STYLE_FEATURES,
                                 .actions = STYLE_SHIFTS,
                                 .layers = 2,
                                 .width = {96, 48}};
}

void style_start(struct style *style)
{
    memset(style, 0, sizeof *style);
    repetition_start(&style->repetition);
    for (int i = 0; i < 3; i++)
        style->onset[i] = -1;
    for (int h = 0; h < 2; h++)
        style->rate[h] = .05f;
}

void style_advance(struct style *style, double slot)
{
    int64_t to = (int64_t)floor(slot + .5);
    if (!style->started) {
        style->started = true;
        style->origin = to - (to & 15);
        style->repetition.slot = 0;
        style->onset[0] = to - style->origin;
        repetition_advance(&style->repetition, to - style->origin);
        return;
    }
    to -= style->origin;
    if (to <= style->onset[0])
        return;
    repetition_advance(&style->repetition, to);
    style->onset[2] = style->onset[1];
    style->onset[1] = style->onset[0];
    style->onset[0] = to;
    style->keys = 0;
    style->struck = 0;
}

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

static inline void tell_pitch(struct style_view *view, uint32_t plane, int x, int pitch,
                              float strength)
{
    tell(view, plane * STYLE_WINDOW + (uint32_t)(distance(x, pitch) + STYLE_REACH), strength);
}

static void tell_slot(struct style_view *view, uint32_t plane, int x,
                      const struct repetition_slot *slot, note_set without)
{
    for (uint32_t n = 0; slot && n < slot->count; n++)
        for (int k = 0; k < REPETITION_MEANT && slot->note[n].share[k]; k++) {
            float share = (float)slot->note[n].share[k] * (1.f / 255);
            if (share >= least_told && !(without >> slot->note[n].pitch[k] & 1))
                tell_pitch(view, plane, x, slot->note[n].pitch[k], share);
        }
}

static void tell_set(struct style_view *view, uint32_t plane, int x, note_set set)
{
    for (; set; set &= set - 1)
        tell_pitch(view, plane, x, (int)note_set_lowest(set), 1);
}

/* The pitches believed most of a slot's notes. */
static note_set believed(const struct repetition_slot *slot)
{
    note_set set = 0;
    for (uint32_t n = 0; slot && n < slot->count; n++)
        set |= note_set_bit(slot->note[n].pitch[0]);
    return set;
}

static uint32_t class_of(float value, const float *bounds, uint32_t count)
{
    uint32_t c = 0;
    while (c < count && value >= bounds[c])
        c++;
    return c;
}

static void tell_repetition(const struct style *style, struct style_view *view, int x,
                            note_set now)
{
    static const float bounds[] = {0.8f, 1.6f, 2.5f, 5, 8};
    struct repetition_votes votes;
    repetition_vote(&style->repetition, &votes);
    for (uint32_t i = 0; i < votes.count; i++) {
        uint8_t pitch = votes.pitch[i];
        if (votes.vote[pitch] >= least_vote)
            tell_pitch(view, now >> pitch & 1 ? PLANE_VOTES_SENT : PLANE_VOTES, x, pitch,
                       votes.vote[pitch]);
    }
    uint32_t trust = votes.best < 2.5f ? 0 : votes.best < 5 ? 1 : 2;
    tell_slot(view, PLANE_BEST + trust, x, votes.likest, now);
    tell(view, AT_BEST + class_of(votes.best, bounds, 5), 1);
}

static void tell_notes(const struct style *style, struct style_view *view, int x, note_set held)
{
    const struct repetition *repetition = &style->repetition;
    const struct repetition_slot *here = repetition_ago(repetition, 0);
    note_set now = style->struck ? believed(here) : 0;
    if (style->struck)
        tell_slot(view, PLANE_NOW, x, here, 0);
    for (uint32_t i = 1; i < 3; i++)
        if (style->onset[i] >= 0 && style->onset[0] - style->onset[i] < 4 * REPETITION_LAGS)
            tell_slot(view, PLANE_BEFORE + i - 1, x,
                      repetition_ago(repetition, (uint32_t)(style->onset[0] - style->onset[i])), 0);
    tell_set(view, PLANE_HELD, x, held);
    for (uint32_t i = 0; i < 4; i++)
        tell_slot(view, PLANE_BARS + i, x, repetition_ago(repetition, 16u << i), 0);
    tell_repetition(style, view, x, now);
    tell_set(view, PLANE_KEYS, x, style->keys);
}

static uint32_t interval(int from, int to)
{
    int d = to - from;
    while (d > STYLE_NEAR)
        d -= 12;
    while (d < -STYLE_NEAR)
        d += 12;
    return (uint32_t)(d + STYLE_NEAR);
}

static void tell_line(const struct style *style, struct style_view *view, int x)
{
    for (uint32_t i = 0; i < STYLE_PITCHES && i < style->notes; i++) {
        tell(view, AT_PITCH + i * STYLE_INTERVALS + interval(x, style->pitch[i]), 1);
        tell(view, AT_SHIFT + i * STYLE_SHIFTS + (uint32_t)(style->shift[i] + STYLE_RANGE), 1);
    }
    for (uint32_t i = 0; i < STYLE_KEYS && i < style->notes; i++)
        tell(view, AT_KEY + i * STYLE_INTERVALS + interval(x, style->key[i]), 1);
    for (uint32_t h = 0; h < 2; h++)
        for (uint32_t c = 0; style->notes && c < 12; c++)
            if (style->classes[h][c] > .002f * style->class_sum[h])
                tell(view, AT_CLASS + h * 12 + (c + 120 - (uint32_t)x) % 12,
                     4 * style->classes[h][c] / style->class_sum[h]);
}

static void tell_circumstances(const struct style *style, struct style_view *view, int x)
{
    static const float rates[STYLE_RATES - 1] = {.004f, .012f, .03f, .07f, .14f, .25f, .4f};
    int64_t since = style->onset[1] >= 0 ? style->onset[0] - style->onset[1] : 1000;
    uint32_t gap = since <= 4 ? (uint32_t)since : since <= 8 ? 5 : since <= 16 ? 6 : 7;
    tell(view, AT_SLOT + (uint32_t)(style->onset[0] & 15), 1);
    tell(view, AT_SINCE + gap, 1);
    tell(view, AT_REGISTER + (uint32_t)x / 6, 1);
    tell(view, AT_STRUCK + (style->struck < 4 ? style->struck : 4), 1);
    for (uint32_t h = 0; h < 2; h++)
        tell(view, AT_RATE + h * STYLE_RATES + class_of(style->rate[h], rates, STYLE_RATES - 1), 1);
    tell(view, AT_CLASS_PLAYED + (uint32_t)x % 12, 1);
}

void style_see(const struct style *style, uint8_t x, note_set held, struct style_view *view)
{
    view->count = 0;
    tell_line(style, view, x);
    tell_circumstances(style, view, x);
    tell_notes(style, view, x, held);
}

void style_ask(const struct policy *network, const struct style_view *view, float *scratch,
               float log_probability[STYLE_SHIFTS])
{
    const uint32_t features[2] = {0, view->count}, logits[2] = {0, STYLE_SHIFTS}, zero = 0;
    const struct observations seen = {.count = 1,
                                      .first_feature = features,
                                      .feature = view->feature,
                                      .strength = view->strength,
                                      .first_logit = logits,
                                      .first_action = &zero};
    float value, probability[STYLE_SHIFTS];
    policy_forward(network, &seen, &zero, 1, scratch, log_probability, &value);
    policy_softmax(&seen, &zero, 1, log_probability, log_probability, probability);
}

/* The likeliest pitches of a belief; what is left out is shared among them. */
static struct repetition_note digest(uint8_t x, const float probability[STYLE_SHIFTS])
{
    struct repetition_note note = {.share = {0}};
    float share[REPETITION_MEANT], sum = 0;
    uint32_t count = 0;
    for (int i = 0; i < STYLE_SHIFTS; i++) {
        int pitch = x + i - STYLE_RANGE;
        float p = probability[i];
        if (p < least_belief || pitch < 0 || pitch > 127 ||
            (count == REPETITION_MEANT && p <= share[count - 1]))
            continue;
        uint32_t at = count < REPETITION_MEANT ? count++ : count - 1;
        for (; at > 0 && share[at - 1] < p; at--) {
            share[at] = share[at - 1];
            note.pitch[at] = note.pitch[at - 1];
        }
        share[at] = p;
        note.pitch[at] = (uint8_t)pitch;
    }
    if (count == 0) {
        note.pitch[0] = x;
        share[0] = 1;
        count = 1;
    }
    for (uint32_t k = 0; k < count; k++)
        sum += share[k];
    for (uint32_t k = 0; k < count; k++)
        note.share[k] = (uint8_t)lrintf(255 * share[k] / sum);
    return note;
}

static void count_classes(struct style *style, const struct repetition_note *note)
{
    for (int h = 0; h < 2; h++) {
        for (int c = 0; c < 12; c++)
            style->classes[h][c] *= class_forget[h];
        for (int k = 0; k < REPETITION_MEANT && note->share[k]; k++)
            style->classes[h][note->pitch[k] % 12] += (float)note->share[k] * (1.f / 255);
        style->class_sum[h] = style->class_sum[h] * class_forget[h] + 1;
    }
}

void style_hear(struct style *style, uint8_t x, const float probability[STYLE_SHIFTS])
{
    struct repetition_note note = digest(x, probability);
    repetition_hear(&style->repetition, x);
    repetition_remember(&style->repetition, &note);
    count_classes(style, &note);
    memmove(style->pitch + 1, style->pitch, STYLE_PITCHES - 1);
    memmove(style->shift + 1, style->shift, STYLE_PITCHES - 1);
    memmove(style->key + 1, style->key, STYLE_KEYS - 1);
    style->pitch[0] = note.pitch[0];
    style->shift[0] = (int8_t)(note.pitch[0] - x);
    style->key[0] = x;
    for (int h = 0; h < 2; h++)
        style->rate[h] = rate_forget[h] * style->rate[h] +
                         (1 - rate_forget[h]) * (1 - probability[STYLE_RANGE]);
    style->keys |= note_set_bit(x & 127);
    style->struck++;
    style->notes++;
}
