/* Forward step by step: drop what leaves, merge, expect, weigh, extend. Weights are
 * logarithms, the best hypothesis's being 0. */
#include "correct/beam.h"

#include "correct/channel.h"
#include "correct/trace.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const float least_weight = -12; /* lighter ways on are not taken */
static const float least_logarithm = -30;

struct hypothesis {
    float weight;
    uint32_t edge;            /* of the trace, that led to it */
    uint64_t mark;            /* of its last notes */
    uint8_t pitch[PRIOR_OWN]; /* latest first */
};

/* One way to go on from a hypothesis. */
struct candidate {
    float weight;
    uint16_t from, shift;
};

struct beam {
    const struct policy *prior;
    struct style style;
    struct channel channel;
    struct prior_common common;
    struct prior_span span;
    struct style_view own;
    uint32_t width, count;
    float spread;
    struct hypothesis *hypothesis, *spare; /* [2 width] each */
    struct candidate *candidate;           /* [2 width + 1], the likeliest first */
    uint32_t candidates;
    float log_meant[STYLE_SHIFTS]; /* of the note being judged */
    float expected[STYLE_SHIFTS];  /* the same, the key aside */
    float total;                   /* probability of all hypotheses before it, not normalised */
    float evidence;                /* P(x) of the note, among the pitches within reach */
    uint32_t *first_feature, *first_logit, *first_action, *id, *feature;
    float *strength, *logit, *value, *scratch;
    struct trace *trace; /* of a whole take; else NULL */
    bool known;          /* the channel is that of the whole take already */
};

static int allocate(struct beam *beam)
{
    size_t n = beam->width, all = 2 * n;
    beam->hypothesis = calloc(all, sizeof *beam->hypothesis);
    beam->spare = calloc(all, sizeof *beam->spare);
    beam->candidate = malloc((all + 1) * sizeof *beam->candidate);
    beam->first_feature = calloc(n + 1, sizeof *beam->first_feature);
    beam->first_logit = malloc((n + 1) * sizeof *beam->first_logit);
    beam->first_action = calloc(n, sizeof *beam->first_action);
    beam->id = malloc(n * sizeof *beam->id);
    beam->feature = malloc(n * STYLE_MOST * sizeof *beam->feature);
    beam->strength = malloc(n * STYLE_MOST * sizeof *beam->strength);
    beam->logit = malloc(n * STYLE_SHIFTS * sizeof *beam->logit);
    beam->value = malloc(n * sizeof *beam->value);
    beam->scratch = malloc(policy_scratch(beam->prior, beam->width) * sizeof *beam->scratch);
    if (!beam->hypothesis || !beam->spare || !beam->candidate || !beam->first_feature ||
        !beam->first_logit || !beam->first_action || !beam->id || !beam->feature ||
        !beam->strength || !beam->logit || !beam->value || !beam->scratch)
        return -1;
    for (uint32_t i = 0; i <= beam->width; i++)
        beam->first_logit[i] = i * STYLE_SHIFTS;
    for (uint32_t i = 0; i < beam->width; i++)
        beam->id[i] = i;
    return 0;
}

struct beam *beam_open(const struct policy *prior, uint32_t width, float spread,
                       struct error *error)
{
    struct beam *beam = width >= 1 && width <= BEAM_MOST ? calloc(1, sizeof *beam) : NULL;
    if (!beam) {
        error_set(error, "out of memory for a beam of %u", width);
        return NULL;
    }
    beam->prior = prior;
    beam->width = width;
    beam->spread = spread;
    if (allocate(beam) != 0) {
        error_set(error, "out of memory");
        beam_close(beam);
        return NULL;
    }
    beam_start(beam);
    return beam;
}

void beam_close(struct beam *beam)
{
    if (!beam)
        return;
    free(beam->hypothesis);
    free(beam->spare);
    free(beam->candidate);
    free(beam->first_feature);
    free(beam->first_logit);
    free(beam->first_action);
    free(beam->id);
    free(beam->feature);
    free(beam->strength);
    free(beam->logit);
    free(beam->value);
    free(beam->scratch);
    free(beam);
}

void beam_start(struct beam *beam)
{
    style_start(&beam->style);
    channel_start(&beam->channel);
    beam->count = 1;
    memset(beam->hypothesis, 0, sizeof *beam->hypothesis);
    beam->hypothesis->edge = TRACE_NONE;
}

const struct style *beam_memory(const struct beam *beam)
{
    return &beam->style;
}

/* How many of the last notes a hypothesis is about. */
static uint32_t remembered(const struct beam *beam)
{
    uint32_t notes = beam->span.end[2] > STYLE_PITCHES ? beam->span.end[2] : STYLE_PITCHES;
    return notes < beam->span.count ? notes : beam->span.count;
}

/* What the hypotheses say together of the note struck `age` notes ago, on key x. */
static void agree(const struct beam *beam, uint32_t age, uint8_t x,
                  float log_probability[STYLE_SHIFTS])
{
    float share[STYLE_SHIFTS] = {0}, sum = 0;
    for (uint32_t i = 0; i < beam->count; i++) {
        const struct hypothesis *h = &beam->hypothesis[i];
        float part = expf(h->weight);
        share[h->pitch[age] - x + STYLE_RANGE] += part;
        sum += part;
    }
    for (int k = 0; k < STYLE_SHIFTS; k++)
        log_probability[k] = share[k] > 0 ? logf(share[k] / sum) : least_logarithm;
}

/* Notes that hypotheses are no more about enter memory as they see them. */
static void drop_notes(struct beam *beam, uint32_t notes)
{
    const struct style_pending *oldest;
    while ((oldest = style_oldest(&beam->style)) != NULL) {
        uint32_t age = beam->style.notes - 1 - oldest->number;
        float log_probability[STYLE_SHIFTS];
        if (age < notes)
            break;
        if (age < PRIOR_OWN)
            agree(beam, age, oldest->x, log_probability);
        else
            memcpy(log_probability, oldest->log_probability, sizeof log_probability);
        style_revise(&beam->style, log_probability);
    }
}

/* FNV-1a. */
static uint64_t mark_of(const uint8_t *pitch, uint32_t count)
{
    uint64_t mark = 0xcbf29ce484222325u;
    for (uint32_t i = 0; i < count; i++)
        mark = (mark ^ pitch[i]) * 0x100000001b3u;
    return mark;
}

static float add_logarithms(float a, float b)
{
    return a > b ? a + log1pf(expf(b - a)) : b + log1pf(expf(a - b));
}

/* Hypotheses that agree on the last notes become one; the `width` heaviest stay,
 * heaviest first. */
static void merge(struct beam *beam, uint32_t notes)
{
    struct hypothesis *h = beam->hypothesis;
    uint16_t merged[2 * BEAM_MOST], place[2 * BEAM_MOST];
    uint32_t count = 0, before = beam->count, edge[2 * BEAM_MOST];
    for (uint32_t i = 0; i < before; i++) {
        uint64_t mark = mark_of(h[i].pitch, notes);
        uint32_t j = 0;
        while (j < count && (h[j].mark != mark || memcmp(h[j].pitch, h[i].pitch, notes) != 0))
            j++;
        merged[i] = (uint16_t)j;
        edge[i] = h[i].edge;
        if (j < count) {
            h[j].weight = add_logarithms(h[j].weight, h[i].weight);
        } else {
            if (i != count)
                h[count] = h[i];
            h[count].mark = mark;
            h[count].edge = count;
            count++;
        }
    }
    /* Merging changes the order little. */
    for (uint32_t i = 1; i < count; i++) {
        struct hypothesis moved = h[i];
        uint32_t j = i;
        for (; j > 0 && h[j - 1].weight < moved.weight; j--)
            h[j] = h[j - 1];
        h[j] = moved;
    }
    for (uint32_t i = 0; i < count; i++)
        place[h[i].edge] = (uint16_t)i;
    beam->count = count < beam->width ? count : beam->width;
    float top = h[0].weight, least = top - beam->spread;
    while (h[beam->count - 1].weight < least)
        beam->count--;
    for (uint32_t i = 0; i < beam->count; i++)
        h[i].weight -= top;
    for (uint32_t i = 0; beam->trace && i < before; i++)
        if (edge[i] != TRACE_NONE && place[merged[i]] < beam->count)
            trace_lead(beam->trace, edge[i], place[merged[i]]);
}

/* Time passes to the slot of the next note. */
static void advance(struct beam *beam, double slot)
{
    style_advance(&beam->style, slot);
    beam->span = prior_span(&beam->style);
    uint32_t notes = remembered(beam);
    drop_notes(beam, notes);
    merge(beam, notes);
}

/* The notes on which all hypotheses agree, as bits, and the pitches of those in this slot:
 * they are summed once. */
static uint64_t agreed_notes(const struct beam *beam, note_set *told)
{
    const uint8_t *first = beam->hypothesis->pitch;
    uint64_t agreed = 0;
    *told = 0;
    for (uint32_t i = 0; i < beam->span.count; i++) {
        uint32_t h = 1;
        while (h < beam->count && beam->hypothesis[h].pitch[i] == first[i])
            h++;
        if (h < beam->count)
            continue;
        agreed |= (uint64_t)1 << i;
        if (i < beam->span.end[0])
            *told |= note_set_bit(first[i]);
    }
    return agreed;
}

/* Logits become log-probabilities; what all hypotheses expect together. */
static void normalise(struct beam *beam)
{
    float together[STYLE_SHIFTS] = {0};
    beam->total = 0;
    for (uint32_t i = 0; i < beam->count; i++) {
        float *logit = beam->logit + (size_t)i * STYLE_SHIFTS, top = logit[0], sum = 0;
        float share[STYLE_SHIFTS], part = expf(beam->hypothesis[i].weight);
        for (int k = 1; k < STYLE_SHIFTS; k++)
            top = logit[k] > top ? logit[k] : top;
        for (int k = 0; k < STYLE_SHIFTS; k++)
            sum += share[k] = expf(logit[k] - top);
        float all = top + logf(sum);
        for (int k = 0; k < STYLE_SHIFTS; k++) {
            logit[k] -= all;
            together[k] += share[k] * (part / sum);
        }
        beam->total += part;
    }
    for (int k = 0; k < STYLE_SHIFTS; k++)
        beam->expected[k] = together[k] > 0 ? logf(together[k] / beam->total) : least_logarithm;
}

/* The prior of every hypothesis, around x. */
static void expect(struct beam *beam, uint8_t x, note_set held, const struct prior_echo *echo)
{
    struct style_view *own = &beam->own;
    note_set told;
    prior_see(&beam->style, x, held, echo, &beam->common);
    uint64_t agreed = agreed_notes(beam, &told);
    prior_see_own(&beam->common, &beam->span, beam->hypothesis->pitch, agreed, 0,
                  &beam->common.view);
    for (uint32_t i = 0; i < beam->count; i++) {
        uint32_t at = beam->first_feature[i];
        own->count = 0;
        prior_see_own(&beam->common, &beam->span, beam->hypothesis[i].pitch, ~agreed, told, own);
        memcpy(beam->feature + at, own->feature, own->count * sizeof *own->feature);
        memcpy(beam->strength + at, own->strength, own->count * sizeof *own->strength);
        beam->first_feature[i + 1] = at + own->count;
    }
    struct observations seen = {.count = beam->count,
                                .first_feature = beam->first_feature,
                                .feature = beam->feature,
                                .strength = beam->strength,
                                .first_logit = beam->first_logit,
                                .first_action = beam->first_action,
                                .common = beam->common.view.feature,
                                .common_strength = beam->common.view.strength,
                                .commons = beam->common.view.count};
    policy_forward(beam->prior, &seen, beam->id, beam->count, beam->scratch, beam->logit,
                   beam->value);
    normalise(beam);
}

/* Keeps the 2 width likeliest ways on, in order; of equals the first. */
static void propose(struct beam *beam, float weight, uint32_t from, uint32_t shift)
{
    struct candidate *candidate = beam->candidate;
    uint32_t most = 2 * beam->width, at = beam->candidates;
    if (at == most && weight <= candidate[most - 1].weight)
        return;
    if (at == most)
        at--;
    else
        beam->candidates++;
    for (; at > 0 && candidate[at - 1].weight < weight; at--)
        candidate[at] = candidate[at - 1];
    candidate[at] = (struct candidate){weight, (uint16_t)from, (uint16_t)shift};
}

/* Prior and channel of all ways on: what is meant. */
static void weigh(struct beam *beam, uint8_t x)
{
    float channel[STYLE_SHIFTS], meant[STYLE_SHIFTS] = {0}, best = -INFINITY, sum = 0;
    channel_judge(&beam->channel, x, channel);
    for (uint32_t i = 0; i < beam->count; i++) {
        const float *prior = beam->logit + (size_t)i * STYLE_SHIFTS;
        for (int k = 0; k < STYLE_SHIFTS; k++) {
            float weight = beam->hypothesis[i].weight + prior[k] + channel[k];
            best = weight > best ? weight : best;
        }
    }
    beam->candidates = 0;
    for (uint32_t i = 0; i < beam->count; i++) {
        const float *prior = beam->logit + (size_t)i * STYLE_SHIFTS;
        for (int k = 0; k < STYLE_SHIFTS; k++) {
            float weight = beam->hypothesis[i].weight + prior[k] + channel[k] - best;
            if (!(weight >= least_weight))
                continue;
            meant[k] += expf(weight);
            propose(beam, weight, i, (uint32_t)k);
        }
    }
    for (int k = 0; k < STYLE_SHIFTS; k++)
        sum += meant[k];
    beam->evidence = expf(best) * sum / beam->total;
    for (int k = 0; k < STYLE_SHIFTS; k++)
        beam->log_meant[k] = meant[k] > 0 ? logf(meant[k] / sum) : least_logarithm;
}

/* The hypotheses of the notes up to this one, and what it tells of the player. */
static void extend(struct beam *beam, uint8_t x)
{
    float meant[STYLE_SHIFTS];
    for (int k = 0; k < STYLE_SHIFTS; k++)
        meant[k] = expf(beam->log_meant[k]);
    if (!beam->known)
        channel_hear(&beam->channel, x, meant);
    struct hypothesis *before = beam->hypothesis;
    beam->hypothesis = beam->spare;
    beam->spare = before;
    for (uint32_t c = 0; c < beam->candidates; c++) {
        const struct candidate *candidate = &beam->candidate[c];
        const struct hypothesis *from = &before[candidate->from];
        struct hypothesis *to = &beam->hypothesis[c];
        to->weight = candidate->weight;
        to->edge = beam->trace ? trace_edge(beam->trace, candidate->from, candidate->shift,
                                            candidate->weight - from->weight)
                               : TRACE_NONE;
        memcpy(to->pitch + 1, from->pitch, PRIOR_OWN - 1);
        to->pitch[0] = (uint8_t)(x + candidate->shift - STYLE_RANGE);
    }
    beam->count = beam->candidates;
}

static void wonder(struct beam *beam)
{
    float nats = 0;
    for (int k = 0; k < STYLE_SHIFTS; k++)
        nats -= expf(beam->log_meant[k]) * beam->expected[k];
    style_wonder(&beam->style, nats);
}

static void trace_weights(struct beam *beam)
{
    float weight[BEAM_MOST];
    for (uint32_t i = 0; i < beam->count; i++)
        weight[i] = beam->hypothesis[i].weight;
    trace_step(beam->trace, weight, beam->count);
}

static void judge(struct beam *beam, double slot, uint8_t x, note_set held,
                  const struct prior_echo *echo)
{
    advance(beam, slot);
    if (beam->trace)
        trace_weights(beam);
    expect(beam, x, held, echo);
    weigh(beam, x);
}

void beam_judge(struct beam *beam, double slot, uint8_t x, note_set held,
                float log_meant[STYLE_SHIFTS])
{
    judge(beam, slot, x & 127, held, NULL);
    memcpy(log_meant, beam->log_meant, sizeof beam->log_meant);
}

const float *beam_expected(const struct beam *beam)
{
    return beam->expected;
}

float beam_evidence(const struct beam *beam)
{
    return beam->evidence;
}

void beam_hear(struct beam *beam, uint8_t x, const float log_meant[STYLE_SHIFTS])
{
    if (log_meant)
        memcpy(beam->log_meant, log_meant, sizeof beam->log_meant);
    extend(beam, x & 127);
    wonder(beam);
    style_hear(&beam->style, x & 127, beam->log_meant, true);
}

/* --- Whole takes --- */

static int64_t slot_of(double slot)
{
    return (int64_t)floor(slot + .5);
}

static void keep_echo(const struct repetition_votes *votes, struct prior_echo *echo)
{
    *echo = (struct prior_echo){.weight = votes->weight, .best = votes->best};
    for (uint32_t i = 0; i < votes->count && echo->count < PRIOR_ECHOES; i++) {
        echo->pitch[echo->count] = votes->pitch[i];
        echo->vote[echo->count++] = votes->vote[votes->pitch[i]];
    }
    if (votes->likest)
        echo->likest = *votes->likest;
}

/* The repetitions of what is played at each note with what comes after its slot:
 * the take backwards. Lags are whole beats either way. */
static void find_echoes(const struct correct_note *notes, size_t count,
                        const float (*meant)[STYLE_SHIFTS], struct repetition *repetition,
                        struct prior_echo *echo)
{
    repetition_start(repetition);
    int64_t end = slot_of(notes[count - 1].slot) | 3;
    for (size_t last = count, first; last > 0; last = first) {
        struct repetition_votes votes;
        int64_t slot = slot_of(notes[last - 1].slot);
        for (first = last; first > 0 && slot_of(notes[first - 1].slot) == slot;)
            first--;
        repetition_advance(repetition, end - slot);
        repetition_vote(repetition, 0, &votes);
        keep_echo(&votes, &echo[first]);
        for (size_t i = first + 1; i < last; i++)
            echo[i] = echo[first];
        for (size_t i = first; i < last; i++)
            repetition_hear(repetition, notes[i].pitch & 127);
        for (size_t i = first; i < last; i++) {
            struct repetition_note note = style_digest(notes[i].pitch & 127, meant[i]);
            repetition_remember(repetition, &note);
        }
    }
}

/* What the passes over a take need. */
struct take {
    const struct policy *policy;
    float *scratch; /* the policy's */
    const struct correct_note *notes;
    size_t count;
    float (*meant)[STYLE_SHIFTS];     /* of the pass before */
    float (*logarithm)[STYLE_SHIFTS]; /* the same */
    struct prior_echo *echo;
    struct repetition *repetition;
};

/* What the policy makes of a note that has been judged. */
static void consult(struct beam *beam, const struct take *take, uint8_t x)
{
    style_see(&beam->style, x, style_slot_notes(&beam->style), beam->expected, beam->log_meant,
              &beam->own);
    style_ask(take->policy, &beam->own, take->scratch, beam->log_meant);
}

/* Only in the first pass all is as the policy has learned it. */
static int pass(struct beam *beam, struct take *take, bool first)
{
    struct channel channel = beam->channel;
    beam_start(beam);
    if (!first)
        beam->channel = channel;
    beam->known = !first;
    trace_start(beam->trace);
    for (size_t i = 0; i < take->count; i++) {
        const struct correct_note *note = &take->notes[i];
        style_advance(&beam->style, note->slot);
        judge(beam, note->slot, note->pitch & 127, style_slot_notes(&beam->style),
              first ? NULL : &take->echo[i]);
        if (first && take->policy)
            consult(beam, take, note->pitch & 127);
        extend(beam, note->pitch & 127);
        wonder(beam);
        style_hear(&beam->style, note->pitch & 127, first ? beam->log_meant : take->logarithm[i],
                   first);
    }
    beam->known = false;
    return trace_smooth(beam->trace, take->meant);
}

/* What a pass came to, made ready for the next. */
static void reconsider(struct beam *beam, struct take *take)
{
    find_echoes(take->notes, take->count, (const float(*)[STYLE_SHIFTS])take->meant,
                take->repetition, take->echo);
    for (size_t i = 0; i < take->count; i++)
        for (int k = 0; k < STYLE_SHIFTS; k++)
            take->logarithm[i][k] =
                take->meant[i][k] > 0 ? logf(take->meant[i][k]) : least_logarithm;
    channel_fit(&beam->channel, take->notes, take->count,
                (const float(*)[STYLE_SHIFTS])take->meant);
}

int beam_take(struct beam *beam, const struct policy *policy, const struct correct_note *notes,
              size_t count, float (*meant)[STYLE_SHIFTS], struct error *error)
{
    struct take take = {policy,
                        policy ? malloc(policy_scratch(policy, 1) * sizeof(float)) : NULL,
                        notes,
                        count,
                        meant,
                        malloc((count + 1) * sizeof *take.logarithm),
                        malloc((count + 1) * sizeof *take.echo),
                        malloc(sizeof *take.repetition)};
    int status = 0;
    beam->trace = trace_open(count);
    if (!take.logarithm || !take.echo || !take.repetition || !beam->trace ||
        (policy && !take.scratch))
        status = -1;
    for (int p = 0; status == 0 && count > 0 && p < BEAM_PASSES; p++) {
        if (p > 0)
            reconsider(beam, &take);
        status = pass(beam, &take, p == 0);
    }
    trace_close(beam->trace);
    beam->trace = NULL;
    free(take.scratch);
    free(take.logarithm);
    free(take.echo);
    free(take.repetition);
    return status == 0 ? 0 : error_set(error, "out of memory for a take of %zu notes", count);
}
