/* Where each kind of feature stands is laid down once, in `enum place`. */
#include "correct/style.h"

#include "correct/prior.h"
#include "correct/view.h"
#include "piece/model.h"
#include "rl/quantised.h"

#include <math.h>
#include <string.h>

enum place {
    PLANE_MEANT,
    PLANE_EXPECTED = 1 * STYLE_WINDOW,
    PLANE_NOW = 2 * STYLE_WINDOW,
    PLANE_BEFORE = 3 * STYLE_WINDOW, /* two */
    PLANE_HELD = 5 * STYLE_WINDOW,
    PLANE_BARS = 6 * STYLE_WINDOW, /* four */
    PLANE_VOTES = 10 * STYLE_WINDOW,
    PLANE_VOTES_SENT = 11 * STYLE_WINDOW,
    PLANE_BEST = 12 * STYLE_WINDOW, /* three */
    PLANE_SLOT_KEYS = 15 * STYLE_WINDOW,
    PLANE_PITCH = 16 * STYLE_WINDOW,
    PLANE_KEY = PLANE_PITCH + STYLE_PITCHES * STYLE_WINDOW,
    PLANE_CLASS = PLANE_KEY + STYLE_KEYS * STYLE_WINDOW,
    AT_SLOT = STYLE_PLANES * STYLE_WINDOW,
    AT_SINCE = AT_SLOT + 16,
    AT_REGISTER = AT_SINCE + 8,
    AT_STRUCK = AT_REGISTER + 22, /* three */
    AT_RATE = AT_STRUCK + 3 * STYLE_CROWDS,
    AT_SURPRISE = AT_RATE + 2 * STYLE_RATES,
    AT_CLASS_PLAYED = AT_SURPRISE + 2 * STYLE_SURPRISES,
    AT_BEST = AT_CLASS_PLAYED + 12,
    AT_FOUND = AT_BEST + 6,
    AT_END = AT_FOUND + 1,
};
_Static_assert((int)AT_END == (int)STYLE_FEATURES, "features are counted twice");
_Static_assert(PLANE_CLASS + 2 * STYLE_WINDOW == AT_SLOT, "planes are counted twice");

static const float class_forget[STYLE_MEMORIES] = {.96f, .995f, .8f};
static const float rate_forget[2] = {.97f, .995f};
static const float hit_forget[2] = {.8f, .95f};
static const float least_belief = .02f;
static const float hopeless = -4; /* the logarithm of less than that */

struct policy_shape style_shape(void)
{
    return (struct policy_shape){
        .kind = POLICY_RELATIVE,
        .inputs = STYLE_FEATURES,
        .actions = STYLE_SHIFTS,
        .layers = 2,
        .width = {16, 32, [POLICY_CHANNELS] = 16, [POLICY_CHANNELS2] = 32,
                  [POLICY_PLANES] = STYLE_PLANES, [POLICY_WINDOW] = STYLE_WINDOW}};
}

void style_networks_free(struct style_networks *networks)
{
    policy_free(networks->policy);
    policy_free(networks->prior);
    *networks = (struct style_networks){0};
}

int style_networks_create(struct style_networks *networks, uint64_t seed, struct error *error)
{
    struct policy_shape policy = style_shape(), prior = prior_shape();
    *networks = (struct style_networks){.policy = policy_create(&policy, seed, error),
                                        .prior = policy_create(&prior, seed + 2, error)};
    if (networks->policy && networks->prior && policy_quantise(networks->policy, error) == 0 &&
        policy_quantise(networks->prior, error) == 0)
        return 0;
    style_networks_free(networks);
    return -1;
}

int style_networks_copy(struct style_networks *networks, const struct style_networks *from,
                        struct error *error)
{
    *networks = (struct style_networks){.policy = policy_copy(from->policy, error),
                                        .prior = policy_copy(from->prior, error)};
    if (networks->policy && networks->prior && policy_quantise(networks->policy, error) == 0 &&
        policy_quantise(networks->prior, error) == 0)
        return 0;
    style_networks_free(networks);
    return -1;
}

static bool same_shape(const struct policy_shape *a, const struct policy_shape *b)
{
    return a->kind == b->kind && a->inputs == b->inputs && a->actions == b->actions &&
           a->layers == b->layers && memcmp(a->width, b->width, sizeof a->width) == 0;
}

int style_networks_of(struct style_networks *networks, const struct model *model,
                      struct error *error)
{
    const struct policy_shape shape[STYLE_NETWORKS] = {style_shape(), prior_shape()};
    bool known = model_networks(model) == STYLE_NETWORKS;
    for (size_t i = 0; known && i < STYLE_NETWORKS; i++)
        known = same_shape(&model_network(model, i)->shape, &shape[i]);
    if (!known)
        return error_set(error, "its networks are not those of a style as this program knows it; "
                                "audiogenrl train --style makes such a model");
    *networks = (struct style_networks){.policy = (struct policy *)model_network(model, 0),
                                        .prior = (struct policy *)model_network(model, 1)};
    return 0;
}

void style_start(struct style *style)
{
    memset(style, 0, sizeof *style);
    repetition_start(&style->repetition);
    for (int i = 0; i < STYLE_ONSETS; i++)
        style->onset[i] = -1;
    for (int h = 0; h < 2; h++)
        style->rate[h] = .05f, style->surprise[h] = 1;
    style->left.late[0] = style->left.often[0] = 1;
    for (int ago = 1; ago <= REPETITION_STRUCK; ago++) {
        style->left.late[ago] = style->left.late[ago - 1] * .9f;
        style->left.often[ago] = style->left.often[ago - 1] * .985f;
    }
}

/* What a long rest has made forgotten. */
static void drop_pending(struct style *style)
{
    for (; style->pending_first != style->pending_last; style->pending_first++) {
        int64_t slot = style->pending[style->pending_first % STYLE_PENDING].slot;
        if (style->onset[0] - slot < REPETITION_LAGS * REPETITION_PHASES)
            break;
    }
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
    for (int i = STYLE_ONSETS - 1; i > 0; i--)
        style->onset[i] = style->onset[i - 1];
    style->onset[0] = to;
    style->keys = 0;
    style->struck_before[1] = style->struck_before[0];
    style->struck_before[0] = style->struck;
    style->struck = 0;
    drop_pending(style);
}

static void tell_repetition(const struct repetition_votes *votes, struct style_view *view, int x,
                            note_set now)
{
    for (uint32_t i = 0; i < votes->count; i++) {
        uint8_t pitch = votes->pitch[i];
        if (votes->vote[pitch] >= least_vote)
            tell_pitch(view, now >> pitch & 1 ? PLANE_VOTES_SENT : PLANE_VOTES, x, pitch,
                       votes->vote[pitch]);
    }
    uint32_t trust = votes->best < 2.5f ? 0 : votes->best < 5 ? 1 : 2;
    tell_slot(view, PLANE_BEST + trust * STYLE_WINDOW, x, votes->likest, now);
    tell(view, AT_BEST + trust_class(votes->best), 1);
}

static void tell_notes(const struct style *style, const struct repetition_votes *votes,
                       struct style_view *view, int x, note_set held)
{
    const struct repetition *repetition = &style->repetition;
    const struct repetition_slot *here = repetition_ago(repetition, 0);
    note_set now = style->struck ? believed(here) : 0;
    if (style->struck)
        tell_slot(view, PLANE_NOW, x, here, 0);
    for (uint32_t i = 0; i < 2; i++)
        tell_slot(view, PLANE_BEFORE + i * STYLE_WINDOW, x, onset_notes(style, (int)i + 1), 0);
    tell_set(view, PLANE_HELD, x, held);
    for (uint32_t i = 0; i < 4; i++)
        tell_slot(view, PLANE_BARS + i * STYLE_WINDOW, x, repetition_ago(repetition, 16u << i), 0);
    tell_repetition(votes, view, x, now);
    tell_set(view, PLANE_SLOT_KEYS, x, style->keys);
}

static void tell_line(const struct style *style, struct style_view *view, int x)
{
    for (uint32_t i = 0; i < STYLE_PITCHES && i < style->notes; i++)
        tell_pitch(view, PLANE_PITCH + i * STYLE_WINDOW, x, style->pitch[i], 1);
    for (uint32_t i = 0; i < STYLE_KEYS && i < style->notes; i++)
        tell_pitch(view, PLANE_KEY + i * STYLE_WINDOW, x, style->key[i], 1);
}

static const float surprises[STYLE_SURPRISES - 1] = {.3f, .5f, .7f, .9f, 1.2f, 1.6f, 2.2f};

static void tell_circumstances(const struct style *style, struct style_view *view, int x)
{
    int64_t since = style->onset[1] >= 0 ? style->onset[0] - style->onset[1] : 1000;
    const uint32_t struck[3] = {style->struck, style->struck_before[0], style->struck_before[1]};
    tell(view, AT_SLOT + (uint32_t)(style->onset[0] & 15), 1);
    tell(view, AT_SINCE + gap_class(since), 1);
    for (uint32_t i = 0; i < 3; i++)
        tell(view,
             AT_STRUCK + i * STYLE_CROWDS +
                 (struck[i] < STYLE_CROWDS ? struck[i] : STYLE_CROWDS - 1),
             1);
    tell(view, AT_REGISTER + (uint32_t)x / 6, 1);
    tell(view, AT_CLASS_PLAYED + (uint32_t)x % 12, 1);
    tell_rates(style, view, AT_RATE);
    if (style->found)
        tell(view, AT_FOUND, 1);
    for (uint32_t h = 0; h < 2; h++)
        tell(view,
             AT_SURPRISE + h * STYLE_SURPRISES +
                 class_of(style->surprise[h], surprises, STYLE_SURPRISES - 1),
             1);
}

static void tell_answer(struct style_view *view, uint32_t place,
                        const float log_probability[STYLE_SHIFTS])
{
    for (uint32_t k = 0; k < STYLE_SHIFTS; k++) {
        float strength = 1 + log_probability[k] * .125f;
        if (strength > 0)
            tell(view, place + STYLE_REACH - STYLE_RANGE + k, strength);
    }
}

void style_see(const struct style *style, const struct repetition_votes *votes, uint8_t x,
               note_set held, const float expected[STYLE_SHIFTS], const float meant[STYLE_SHIFTS],
               struct style_view *view)
{
    view->count = 0;
    tell_answer(view, PLANE_MEANT, meant);
    tell_answer(view, PLANE_EXPECTED, expected);
    tell_circumstances(style, view, x);
    tell_line(style, view, x);
    tell_classes(style, view, PLANE_CLASS, 2, x);
    tell_notes(style, votes, view, x, held);
}

note_set style_slot_notes(const struct style *style)
{
    return style->struck ? believed(repetition_ago(&style->repetition, 0)) : 0;
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

void style_answer(const struct policy *network, const struct style_view *view, int16_t *sum,
                  float log_probability[STYLE_SHIFTS])
{
    const struct features all = {view->feature, view->strength, view->count};
    const uint32_t logits[2] = {0, STYLE_SHIFTS}, zero = 0;
    const struct observations one = {.count = 1, .first_logit = logits};
    float probability[STYLE_SHIFTS];
    quantised_accumulate(network->quantised, NULL, &all, sum);
    quantised_evaluate(network->quantised, sum, log_probability);
    policy_softmax(&one, &zero, 1, log_probability, log_probability, probability);
}

/* What is left out is shared among those that are kept. */
struct repetition_note style_digest(uint8_t x, const float probability[STYLE_SHIFTS])
{
    struct repetition_note note = {.key = x};
    float share[REPETITION_MEANT] = {0}, sum = 0;
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

static void add_classes(struct style *style, const struct repetition_note *note, uint32_t age,
                        float sign)
{
    for (int h = 0; h < STYLE_MEMORIES; h++) {
        float part = sign / 255 * (age ? powf(class_forget[h], (float)age) : 1);
        for (int k = 0; k < REPETITION_MEANT && note->share[k]; k++)
            style->classes[h][note->pitch[k] % 12] += (float)note->share[k] * part;
    }
}

static void count_classes(struct style *style, const struct repetition_note *note)
{
    for (int h = 0; h < STYLE_MEMORIES; h++) {
        for (int c = 0; c < 12; c++)
            style->classes[h][c] *= class_forget[h];
        style->class_sum[h] = style->class_sum[h] * class_forget[h] + 1;
    }
    add_classes(style, note, 0, 1);
}

static void put_pending(struct style *style, uint8_t x, uint8_t place,
                        const float log_probability[STYLE_SHIFTS])
{
    if (style->pending_last - style->pending_first == STYLE_PENDING)
        style->pending_first++;
    struct style_pending *note = &style->pending[style->pending_last++ % STYLE_PENDING];
    *note = (struct style_pending){
        .slot = style->onset[0], .number = style->notes, .x = x, .place = place};
    memcpy(note->log_probability, log_probability, sizeof note->log_probability);
}

/* Of number `now` of the notes: those before it as they are believed. */
static bool context_of(const struct style *style, const struct motif_notes *notes, size_t now,
                       struct motif_context *context)
{
    *context = (struct motif_context){.place = motif_place(style->onset[0], style->struck)};
    if (now < MOTIF_CONTEXT)
        return false;
    for (size_t i = 0; i < MOTIF_CONTEXT; i++)
        context->pitch[i] = notes->pitch[now - 1 - i];
    return true;
}

bool style_motif(const struct style *style, struct motif_context *context)
{
    const struct motif_notes notes = motif_notes(&style->motif);
    return context_of(style, &notes, notes.count, context);
}

static void vote_motifs(const struct style *style, const struct motif_notes *notes, size_t now,
                        struct motif_votes *votes)
{
    struct motif_context context;
    memset(votes->count, 0, sizeof votes->count);
    if (context_of(style, notes, now, &context))
        motif_vote(notes, now, &context, votes);
}

void style_vote_motifs(const struct style *style, struct motif_votes *votes)
{
    const struct motif_notes notes = motif_notes(&style->motif);
    vote_motifs(style, &notes, notes.count, votes);
}

/* What each kind of vote gave to a pitch, before it is remembered. */
static void count_hits(struct style *style, uint8_t pitch, const struct motif_votes *motifs,
                       const struct repetition_votes *repeated)
{
    float given[STYLE_VOTERS] = {0};
    for (uint32_t k = 0; k < MOTIF_PLANES; k++)
        for (uint32_t i = 0; i < motifs->count[k]; i++)
            if (motifs->pitch[k][i] == pitch)
                given[k] = motifs->share[k][i];
    given[MOTIF_PLANES] = repeated->vote[pitch] < 1 ? repeated->vote[pitch] : 1;
    given[MOTIF_PLANES + 1] = (float)(believed(repeated->likest) >> pitch & 1);
    for (uint32_t i = 0; i < 3; i++)
        given[MOTIF_PLANES + 2 + i] =
            (float)(believed(repetition_ago(&style->repetition, 16u << i)) >> pitch & 1);
    for (int h = 0; h < 2; h++)
        for (int k = 0; k < STYLE_VOTERS; k++) {
            float *hit = &style->hit[style->struck > 0][h][k];
            *hit += (1 - hit_forget[h]) * (given[k] - *hit);
        }
}

static struct repetition_note digest_logarithms(uint8_t x,
                                                const float log_probability[STYLE_SHIFTS])
{
    float probability[STYLE_SHIFTS];
    for (int k = 0; k < STYLE_SHIFTS; k++)
        probability[k] = log_probability[k] < hopeless ? 0 : expf(log_probability[k]);
    return style_digest(x, probability);
}

static void remember(struct style *style, uint8_t x, const struct repetition_note *believed_note,
                     const float log_probability[STYLE_SHIFTS], bool pending)
{
    const struct repetition_note note = *believed_note;
    uint8_t place = repetition_ago(&style->repetition, 0)->count;
    if (pending && place < REPETITION_SLOT_NOTES)
        put_pending(style, x, place, log_probability);
    repetition_hear(&style->repetition, x);
    repetition_remember(&style->repetition, &note);
    motif_hear(&style->motif, note.pitch[0], note.share[0],
               motif_place(style->onset[0], style->struck));
    count_classes(style, &note);
    memmove(style->pitch + 1, style->pitch, STYLE_PITCHES - 1);
    memmove(style->key + 1, style->key, STYLE_KEYS - 1);
    style->pitch[0] = note.pitch[0];
    style->key[0] = x;
    for (int h = 0; h < 2; h++)
        style->rate[h] = rate_forget[h] * style->rate[h] +
                         (1 - rate_forget[h]) * (1 - expf(log_probability[STYLE_RANGE]));
    style->keys |= note_set_bit(x & 127);
    style->struck++;
    style->notes++;
}

void style_hear(struct style *style, uint8_t x, const float log_probability[STYLE_SHIFTS],
                bool pending)
{
    struct motif_votes motifs;
    struct repetition_votes repeated;
    style_vote_motifs(style, &motifs);
    repetition_vote(&style->repetition, 0, &repeated);
    style_hear_voted(style, x, log_probability, pending, &motifs, &repeated);
}

void style_hear_voted(struct style *style, uint8_t x, const float log_probability[STYLE_SHIFTS],
                      bool pending, const struct motif_votes *motifs,
                      const struct repetition_votes *repeated)
{
    const struct repetition_note note = digest_logarithms(x, log_probability);
    count_hits(style, note.pitch[0], motifs, repeated);
    remember(style, x, &note, log_probability, pending);
}

void style_hear_whole(struct style *style, uint8_t x, const float log_probability[STYLE_SHIFTS],
                      const struct motif_notes *notes, size_t now,
                      const struct repetition_votes *votes)
{
    struct motif_votes motifs;
    vote_motifs(style, notes, now, &motifs);
    style_hear_voted(style, x, log_probability, false, &motifs, votes);
}

void style_wonder(struct style *style, float nats)
{
    for (int h = 0; h < 2; h++)
        style->surprise[h] = rate_forget[h] * style->surprise[h] + (1 - rate_forget[h]) * nats;
}

const struct style_pending *style_oldest(const struct style *style)
{
    return style->pending_first == style->pending_last
               ? NULL
               : &style->pending[style->pending_first % STYLE_PENDING];
}

void style_revise(struct style *style, const float log_probability[STYLE_SHIFTS])
{
    const struct style_pending *was = &style->pending[style->pending_first++ % STYLE_PENDING];
    const struct repetition_note note = digest_logarithms(was->x, log_probability);
    uint32_t ago = (uint32_t)(style->onset[0] - was->slot), age = style->notes - 1 - was->number;
    struct repetition_slot slot = *repetition_ago(&style->repetition, ago);
    add_classes(style, &slot.note[was->place], age, -1);
    add_classes(style, &note, age, 1);
    slot.note[was->place] = note;
    motif_revise(&style->motif, age, note.pitch[0], note.share[0]);
    const struct style_pending *next = &style->pending[style->pending_first % STYLE_PENDING];
    bool last = style->pending_first == style->pending_last || next->slot != was->slot;
    repetition_revise(&style->repetition, ago, &slot, last);
    if (age < STYLE_PITCHES)
        style->pitch[age] = note.pitch[0];
}
