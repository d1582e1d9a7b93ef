/* Where each kind of feature stands is laid down once, in `enum place`. */
#include "correct/prior.h"

#include "correct/view.h"

#include <stdbool.h>
#include <string.h>

enum place {
    PLANE_NOW,
    PLANE_BEFORE = 1 * STYLE_WINDOW, /* two */
    PLANE_PITCH = 3 * STYLE_WINDOW,
    PLANE_EARLIER = PLANE_PITCH + STYLE_PITCHES * STYLE_WINDOW, /* three */
    PLANE_AGO = PLANE_EARLIER + 3 * STYLE_WINDOW,               /* six */
    PLANE_HELD = PLANE_AGO + 6 * STYLE_WINDOW,
    PLANE_VOTES = PLANE_HELD + STYLE_WINDOW,
    PLANE_VOTES_SENT = PLANE_VOTES + STYLE_WINDOW,
    PLANE_BEST = PLANE_VOTES_SENT + STYLE_WINDOW, /* three */
    PLANE_SLOT_KEYS = PLANE_BEST + 3 * STYLE_WINDOW,
    PLANE_KEY = PLANE_SLOT_KEYS + STYLE_WINDOW,
    PLANE_CLASS = PLANE_KEY + STYLE_KEYS * STYLE_WINDOW,
    PLANE_MOTIF = PLANE_CLASS + STYLE_MEMORIES * STYLE_WINDOW,
    PLANE_LATE = PLANE_MOTIF + MOTIF_PLANES * STYLE_WINDOW,
    PLANE_OFTEN = PLANE_LATE + STYLE_WINDOW,
    PLANE_EDGE = PLANE_OFTEN + STYLE_WINDOW, /* four */
    PLANE_ANCHOR = PLANE_EDGE + 4 * STYLE_WINDOW,
    AT_SLOT = PRIOR_PLANES * STYLE_WINDOW,
    AT_BAR = AT_SLOT + 16,
    AT_GAP = AT_BAR + 8, /* three */
    AT_STRUCK = AT_GAP + 3 * 8,
    AT_RATE = AT_STRUCK + 3 * STYLE_CROWDS,
    AT_BEST = AT_RATE + 2 * STYLE_RATES,
    AT_HIT = AT_BEST + 6,
    AT_FOUND = AT_HIT + 2 * STYLE_VOTERS * PRIOR_HITS,
    AT_END = AT_FOUND + 1,
};
_Static_assert((int)AT_END == (int)PRIOR_FEATURES, "features are counted twice");
_Static_assert(PLANE_ANCHOR + PRIOR_ANCHORS * STYLE_WINDOW == AT_SLOT, "planes are counted twice");

/* Many hits are told at once: lest they learn too fast together. */
static const float quiet = .3f;

struct policy_shape prior_shape(void)
{
    return (struct policy_shape){.kind = POLICY_RELATIVE,
                                 .inputs = PRIOR_FEATURES,
                                 .actions = STYLE_SHIFTS,
                                 .width = {[POLICY_CHANNELS] = 64,
                                           [POLICY_CHANNELS2] = 32,
                                           [POLICY_PLANES] = PRIOR_PLANES,
                                           [POLICY_WINDOW] = STYLE_WINDOW}};
}

struct prior_span prior_span(const struct style *style)
{
    struct prior_span span = {.count = style->notes < PRIOR_OWN ? style->notes : PRIOR_OWN};
    uint32_t end = style->struck;
    for (int i = 0; i < 3; i++) {
        span.end[i] = end < span.count ? end : span.count;
        end += i < 2 ? style->struck_before[i] : 0;
    }
    return span;
}

static uint32_t best_plane(const struct repetition_votes *votes)
{
    return PLANE_BEST + (votes->best < 2.5f ? 0 : votes->best < 5 ? 1 : 2) * STYLE_WINDOW;
}

/* Lags into what comes later weigh as those into what was. */
static void add_echo(struct repetition_votes *votes, const struct prior_echo *echo)
{
    if (!echo || echo->count == 0)
        return;
    float sum = votes->weight + echo->weight, part = votes->weight / sum;
    for (uint32_t i = 0; i < votes->count; i++)
        votes->vote[votes->pitch[i]] *= part;
    for (uint32_t i = 0; i < echo->count; i++) {
        uint8_t pitch = echo->pitch[i];
        if (!(votes->vote[pitch] > 0))
            votes->pitch[votes->count++] = pitch;
        votes->vote[pitch] += (1 - part) * echo->vote[i];
    }
    if (echo->best > votes->best) {
        votes->best = echo->best;
        votes->likest = &echo->likest;
    }
}

/* As if nothing had been struck in this slot yet; prior_see_own moves what was. */
static void tell_repetition(struct prior_common *common)
{
    const struct repetition_votes *votes = &common->votes;
    for (uint32_t i = 0; i < votes->count; i++)
        if (votes->vote[votes->pitch[i]] >= least_vote)
            tell_pitch(&common->view, PLANE_VOTES, common->centre, votes->pitch[i],
                       votes->vote[votes->pitch[i]]);
    tell_slot(&common->view, best_plane(votes), common->centre, votes->likest, 0);
    tell(&common->view, AT_BEST + trust_class(votes->best), 1);
}

static void tell_hits(const struct style *style, struct style_view *view)
{
    static const float bounds[PRIOR_HITS - 1] = {.03f, .1f, .22f, .4f, .65f};
    for (uint32_t h = 0; h < 2; h++)
        for (uint32_t k = 0; k < STYLE_VOTERS; k++)
            tell(view,
                 AT_HIT + (h * STYLE_VOTERS + k) * PRIOR_HITS +
                     class_of(style->hit[style->struck > 0][h][k], bounds, PRIOR_HITS - 1),
                 quiet);
}

static void tell_circumstances(const struct style *style, struct style_view *view, uint8_t centre)
{
    const uint32_t struck[3] = {style->struck, style->struck_before[0], style->struck_before[1]};
    tell(view, AT_SLOT + (uint32_t)(style->onset[0] & 15), 1);
    tell(view, AT_BAR + (uint32_t)(style->onset[0] >> 4 & 7), 1);
    for (uint32_t i = 0; i < 3; i++) {
        bool known = style->onset[i + 1] >= 0;
        if (known || i == 0)
            tell(view,
                 AT_GAP + 8 * i + gap_class(known ? style->onset[i] - style->onset[i + 1] : 1000),
                 1);
        tell(view,
             AT_STRUCK + i * STYLE_CROWDS +
                 (struck[i] < STYLE_CROWDS ? struck[i] : STYLE_CROWDS - 1),
             1);
    }
    for (uint32_t i = 0; i < PRIOR_ANCHORS; i++) {
        int anchor = 28 + 36 * (int)i;
        if (anchor - centre >= -STYLE_REACH && anchor - centre <= STYLE_REACH)
            tell_pitch(view, PLANE_ANCHOR + i * STYLE_WINDOW, centre, anchor, 1);
    }
    tell_rates(style, view, AT_RATE);
    tell_hits(style, view);
    if (style->found)
        tell(view, AT_FOUND, 1);
}

/* Of pitches struck of late. */
struct recent {
    float late[128], often[128], sum;
    note_set set;
};

static void tell_edges(note_set set, struct style_view *view, uint32_t place, uint8_t centre)
{
    if (!set)
        return;
    tell_pitch(view, place, centre, (int)note_set_lowest(set), 1);
    tell_pitch(view, place + STYLE_WINDOW, centre, (int)note_set_highest(set), 1);
}

/* Adds those struck more than `from` and up to `to` slots ago. */
static void look_back(const struct style *style, uint32_t from, uint32_t to, struct recent *recent)
{
    note_set left = style->repetition.struck >> from, set = recent->set;
    float sum = recent->sum;
    if (to - from < REPETITION_STRUCK)
        left &= note_set_bit(to - from) - 1;
    for (; left; left &= left - 1) {
        uint32_t ago = from + 1 + note_set_lowest(left);
        const struct repetition_slot *slot = repetition_ago(&style->repetition, ago);
        for (uint32_t n = 0; n < slot->count; n++) {
            uint8_t pitch = slot->note[n].pitch[0];
            float belief = (float)slot->note[n].share[0] * (1.f / 255);
            float late = style->left.late[ago] * belief, often = style->left.often[ago] * belief;
            set |= note_set_bit(pitch);
            recent->late[pitch] = recent->late[pitch] < late ? late : recent->late[pitch];
            recent->often[pitch] += often;
            sum += often;
        }
    }
    recent->set = set;
    recent->sum = sum;
}

static void tell_recent(const struct style *style, struct style_view *view, uint8_t centre)
{
    static const float least_late = .05f, least_often = .01f;
    struct recent recent;
    memset(&recent, 0, sizeof recent);
    look_back(style, 0, 4, &recent);
    tell_edges(recent.set, view, PLANE_EDGE, centre);
    look_back(style, 4, 16, &recent);
    tell_edges(recent.set, view, PLANE_EDGE + 2 * STYLE_WINDOW, centre);
    look_back(style, 16, REPETITION_STRUCK, &recent);
    for (note_set set = recent.set; set; set &= set - 1) {
        uint32_t pitch = note_set_lowest(set);
        if (recent.late[pitch] > least_late)
            tell_pitch(view, PLANE_LATE, centre, (int)pitch, recent.late[pitch]);
        if (recent.often[pitch] > least_often * recent.sum)
            tell_pitch(view, PLANE_OFTEN, centre, (int)pitch,
                       4 * recent.often[pitch] / (recent.sum + 1));
    }
}

void prior_see(const struct style *style, uint8_t centre, note_set held,
               const struct prior_echo *echo, struct prior_common *common)
{
    struct style_view *view = &common->view;
    view->count = 0;
    common->centre = centre;
    tell_circumstances(style, view, centre);
    tell_recent(style, view, centre);
    for (uint32_t i = 0; i < STYLE_KEYS && i < style->notes; i++)
        tell_pitch(view, PLANE_KEY + i * STYLE_WINDOW, centre, style->key[i], 1);
    tell_classes(style, view, PLANE_CLASS, STYLE_MEMORIES, centre);
    tell_set(view, PLANE_HELD, centre, held);
    tell_set(view, PLANE_SLOT_KEYS, centre, style->keys);
    for (uint32_t i = 0; i < 3; i++)
        tell_slot(view, PLANE_EARLIER + i * STYLE_WINDOW, centre, onset_notes(style, (int)i + 3),
                  0);
    for (uint32_t i = 0; i < 6; i++)
        tell_slot(view, PLANE_AGO + i * STYLE_WINDOW, centre,
                  repetition_ago(&style->repetition, 4u << i), 0);
    repetition_vote(&style->repetition, 0, &common->votes);
    add_echo(&common->votes, echo);
    tell_repetition(common);
}

/* Votes and notes of the best lag that are in this slot already. */
static void move_votes(const struct prior_common *common, note_set now, struct style_view *view)
{
    const struct repetition_votes *votes = &common->votes;
    for (note_set set = now; set; set &= set - 1) {
        uint8_t pitch = (uint8_t)note_set_lowest(set);
        if (votes->vote[pitch] < least_vote)
            continue;
        tell_pitch(view, PLANE_VOTES, common->centre, pitch, -votes->vote[pitch]);
        tell_pitch(view, PLANE_VOTES_SENT, common->centre, pitch, votes->vote[pitch]);
    }
    for (uint32_t n = 0; votes->likest && n < votes->likest->count; n++) {
        const struct repetition_note *note = &votes->likest->note[n];
        for (int k = 0; k < REPETITION_MEANT && note->share[k]; k++) {
            float share = (float)note->share[k] * (1.f / 255);
            if (share >= least_told && now >> note->pitch[k] & 1)
                tell_pitch(view, best_plane(votes), common->centre, note->pitch[k], -share);
        }
    }
}

void prior_see_own(const struct prior_common *common, const struct prior_span *span,
                   const uint8_t *pitch, uint64_t notes, note_set told, struct style_view *view)
{
    note_set now = 0;
    for (uint32_t i = 0; i < span->end[2]; i++) {
        if (!(notes >> i & 1))
            continue;
        if (i < span->end[0])
            now |= note_set_bit(pitch[i]);
        tell_pitch(view,
                   i < span->end[0]   ? PLANE_NOW
                   : i < span->end[1] ? PLANE_BEFORE
                                      : PLANE_BEFORE + STYLE_WINDOW,
                   common->centre, pitch[i], 1);
    }
    for (uint32_t i = 0; i < STYLE_PITCHES && i < span->count; i++)
        if (notes >> i & 1)
            tell_pitch(view, PLANE_PITCH + i * STYLE_WINDOW, common->centre, pitch[i], 1);
    now &= ~told;
    if (now)
        move_votes(common, now, view);
}

void prior_see_motifs(const struct style *style, const struct motif_notes *notes, size_t now,
                      uint8_t centre, const struct prior_span *span, const uint8_t *pitch,
                      struct prior_motifs *motifs, struct style_view *view)
{
    const struct motif_votes *votes = &motifs->votes;
    motifs->asked = span->count >= MOTIF_CONTEXT;
    if (!motifs->asked)
        return;
    motifs->context.place = motif_place(style->onset[0], style->struck);
    memcpy(motifs->context.pitch, pitch, sizeof motifs->context.pitch);
    motif_vote(notes, now, &motifs->context, &motifs->votes);
    for (uint32_t k = 0; k < MOTIF_PLANES; k++)
        for (uint32_t i = 0; i < votes->count[k]; i++)
            tell_pitch(view, PLANE_MOTIF + k * STYLE_WINDOW, centre, votes->pitch[k][i],
                       votes->share[k][i]);
}
