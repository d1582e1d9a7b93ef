/* Forward step by step: drop what leaves, merge, expect, weigh, extend. */
#include "correct/beam_private.h"
#include "correct/exponential.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

const struct beam_size beam_live = {{4, 16}, {4, 6}}, beam_whole = {{24, 48}, {8, 12}};

static const float least_way = 6e-6f;                  /* lighter ways on are not taken */
static const float few_wrong = .05f, many_wrong = .2f; /* shares of the notes */

static float logarithm(float probability)
{
    return probability > 0 ? logf(probability) : least_logarithm;
}

static int allocate(struct beam *beam)
{
    size_t n = beam->size.hypotheses[1], all = 2 * n;
    beam->hypothesis = calloc(all, sizeof *beam->hypothesis);
    beam->spare = calloc(all, sizeof *beam->spare);
    beam->candidate = malloc((all + 1) * sizeof *beam->candidate);
    beam->way = malloc(n * STYLE_SHIFTS * sizeof *beam->way);
    beam->sum = quantised_accumulators(beam->prior, n + 2);
    return beam->hypothesis && beam->spare && beam->candidate && beam->way && beam->sum ? 0 : -1;
}

struct beam *beam_open(const struct policy *prior, const struct beam_size *size,
                       struct error *error)
{
    if (!prior->quantised) {
        error_set(error, "a prior that is not frozen");
        return NULL;
    }
    const uint32_t *count = size->hypotheses;
    bool some = count[0] >= 1 && count[0] <= count[1] && count[1] <= BEAM_MOST;
    struct beam *beam = some ? calloc(1, sizeof *beam) : NULL;
    if (!beam) {
        error_set(error, "out of memory for a beam of %u .. %u", count[0], count[1]);
        return NULL;
    }
    beam->prior = prior->quantised;
    beam->size = *size;
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
    free(beam->way);
    free(beam->sum);
    free(beam);
}

void beam_start(struct beam *beam)
{
    style_start(&beam->style);
    channel_start(&beam->channel, beam->doubt);
    beam->count = 1;
    *beam->hypothesis = (struct hypothesis){.weight = 1, .edge = TRACE_NONE};
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
        share[h->pitch[age] - x + STYLE_RANGE] += h->weight;
        sum += h->weight;
    }
    for (int k = 0; k < STYLE_SHIFTS; k++)
        log_probability[k] = logarithm(share[k] / sum);
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

void beam_doubt(struct beam *beam)
{
    beam->doubt = true;
    channel_start(&beam->channel, true);
}

void beam_guess(struct beam *beam, bool found)
{
    beam->style.found = found;
}

/* FNV-1a. */
static uint64_t mark_of(const uint8_t *pitch, uint32_t count)
{
    uint64_t mark = 0xcbf29ce484222325u;
    for (uint32_t i = 0; i < count; i++)
        mark = (mark ^ pitch[i]) * 0x100000001b3u;
    return mark;
}

/* How much is kept: where few notes are wrong, the first few hypotheses say all. */
static void reach(struct beam *beam)
{
    const struct beam_size *size = &beam->size;
    float wrong = 1 - beam->channel.share[0];
    float part = fminf(fmaxf((wrong - few_wrong) / (many_wrong - few_wrong), 0), 1);
    float more = (float)(size->hypotheses[1] - size->hypotheses[0]);
    beam->most = size->hypotheses[0] + (uint32_t)lrintf(part * more);
    beam->least = expf(-(size->spread[0] + part * (size->spread[1] - size->spread[0])));
}

/* Hypotheses that agree on the last notes become one; the heaviest stay, heaviest first. */
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
            h[j].weight += h[i].weight;
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
    beam->count = count < beam->most ? count : beam->most;
    float top = h[0].weight;
    while (h[beam->count - 1].weight < top * beam->least)
        beam->count--;
    for (uint32_t i = 0; i < beam->count; i++)
        h[i].weight /= top;
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
    reach(beam);
    drop_notes(beam, notes);
    merge(beam, notes);
}

/* Keeps the likeliest ways on, in order, twice as many as hypotheses; of equals the first. */
static void propose(struct beam *beam, float weight, uint32_t from, uint32_t shift)
{
    struct candidate *candidate = beam->candidate;
    uint32_t most = 2 * beam->most, at = beam->candidates;
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

/* Probabilities become weights of ways on; the greatest. */
static float join(struct beam *beam)
{
    float most[STYLE_SHIFTS] = {0}, best = 0;
    for (uint32_t i = 0; i < beam->count; i++) {
        float *way = beam->way + (size_t)i * STYLE_SHIFTS;
        for (int k = 0; k < STYLE_SHIFTS; k++) {
            way[k] *= beam->landed[k];
            most[k] = way[k] > most[k] ? way[k] : most[k];
        }
    }
    for (int k = 0; k < STYLE_SHIFTS; k++)
        best = most[k] > best ? most[k] : best;
    return best;
}

/* A prior that gives nothing to any pitch from which the key can be struck has nothing to say:
 * the key is right. */
static float trust_key(struct beam *beam)
{
    for (uint32_t i = 0; i < beam->count; i++)
        beam->way[(size_t)i * STYLE_SHIFTS + STYLE_RANGE] = beam->hypothesis[i].weight * FLT_MIN;
    return FLT_MIN;
}

/* Prior and channel of all ways on: what is meant. */
static void weigh(struct beam *beam, uint8_t x)
{
    float meant[STYLE_SHIFTS] = {0}, sum = 0;
    channel_land(&beam->channel, x, beam->landed);
    float best = join(beam);
    if (!(best >= FLT_MIN))
        best = trust_key(beam);
    beam->candidates = 0;
    for (uint32_t i = 0; i < beam->count; i++) {
        const float *way = beam->way + (size_t)i * STYLE_SHIFTS;
        for (int k = 0; k < STYLE_SHIFTS; k++) {
            float weight = way[k] / best;
            if (!(weight >= least_way))
                continue;
            meant[k] += weight;
            propose(beam, weight, i, (uint32_t)k);
        }
    }
    for (int k = 0; k < STYLE_SHIFTS; k++)
        sum += meant[k];
    beam->evidence = best * sum / beam->total;
    for (int k = 0; k < STYLE_SHIFTS; k++)
        beam->log_meant[k] = logarithm(meant[k] / sum);
}

/* What the note tells of the player: half of it by what the hypotheses led to expect, half by
 * what one must have expected to believe of the note what is believed. (By the first alone music
 * that the prior knows little of seems to be full of mistakes.) */
static void hear_player(struct beam *beam, uint8_t x, const float meant[STYLE_SHIFTS])
{
    float expected[STYLE_SHIFTS], implied[STYLE_SHIFTS], sum = 0;
    for (int k = 0; k < STYLE_SHIFTS; k++) {
        implied[k] = beam->landed[k] > 0 ? meant[k] / beam->landed[k] : 0;
        sum += implied[k];
    }
    for (int k = 0; k < STYLE_SHIFTS; k++)
        expected[k] = sum > 0 ? (beam->expected[k] + implied[k] / sum) / 2 : beam->expected[k];
    channel_hear(&beam->channel, x, expected);
}

/* The hypotheses of the notes up to this one. */
static void extend(struct beam *beam, uint8_t x)
{
    struct hypothesis *before = beam->hypothesis;
    beam->hypothesis = beam->spare;
    beam->spare = before;
    for (uint32_t c = 0; c < beam->candidates; c++) {
        const struct candidate *candidate = &beam->candidate[c];
        const struct hypothesis *from = &before[candidate->from];
        struct hypothesis *to = &beam->hypothesis[c];
        to->weight = candidate->weight;
        to->edge = beam->trace ? trace_edge(beam->trace, candidate->from, candidate->shift,
                                            logf(candidate->weight / from->weight))
                               : TRACE_NONE;
        memcpy(to->pitch + 1, from->pitch, PRIOR_OWN - 1);
        to->pitch[0] = (uint8_t)(x + candidate->shift - STYLE_RANGE);
    }
    beam->count = beam->candidates;
}

static void wonder(struct beam *beam, const float meant[STYLE_SHIFTS])
{
    static const float least_meant = 1e-5f;
    float nats = 0;
    for (int k = 0; k < STYLE_SHIFTS; k++)
        if (meant[k] > least_meant)
            nats -= meant[k] * logarithm(beam->expected[k]);
    style_wonder(&beam->style, nats);
}

static void trace_weights(struct beam *beam)
{
    float weight[BEAM_MOST];
    for (uint32_t i = 0; i < beam->count; i++)
        weight[i] = logf(beam->hypothesis[i].weight);
    trace_step(beam->trace, weight, beam->count);
}

void beam_weigh(struct beam *beam, double slot, uint8_t x, note_set held,
                const struct prior_echo *echo)
{
    advance(beam, slot);
    if (beam->trace)
        trace_weights(beam);
    beam_expect(beam, x, held, echo);
    weigh(beam, x);
}

void beam_judge(struct beam *beam, double slot, uint8_t x, note_set held,
                float log_meant[STYLE_SHIFTS])
{
    beam_weigh(beam, slot, x & 127, held, NULL);
    memcpy(log_meant, beam->log_meant, sizeof beam->log_meant);
}

void beam_expected(const struct beam *beam, float log_probability[STYLE_SHIFTS])
{
    for (int k = 0; k < STYLE_SHIFTS; k++)
        log_probability[k] = logarithm(beam->expected[k]);
}

void beam_landed(const struct beam *beam, uint8_t x, float log_probability[STYLE_SHIFTS])
{
    channel_judge(&beam->channel, x, log_probability);
}

void beam_see(const struct beam *beam, uint8_t x, note_set held, const float meant[STYLE_SHIFTS],
              struct style_view *view)
{
    float expected[STYLE_SHIFTS];
    beam_expected(beam, expected);
    style_see(&beam->style, &beam->common.votes, x, held, expected, meant, view);
}

float beam_evidence(const struct beam *beam)
{
    return beam->evidence;
}

void beam_extend(struct beam *beam, uint8_t x)
{
    float meant[STYLE_SHIFTS];
    exponentials(beam->log_meant, STYLE_SHIFTS, meant);
    if (!beam->known)
        hear_player(beam, x, meant);
    extend(beam, x);
    wonder(beam, meant);
}

/* What is believed is mostly what the first hypothesis says: then motifs have voted already. */
static void remember(struct beam *beam, uint8_t x)
{
    const struct motif_votes *votes = &beam->motifs.votes;
    struct motif_context context;
    struct motif_votes anew;
    if (!style_motif(&beam->style, &context) || !beam->motifs.asked ||
        memcmp(&context, &beam->motifs.context, sizeof context) != 0) {
        style_vote_motifs(&beam->style, &anew);
        votes = &anew;
    }
    style_hear_voted(&beam->style, x, beam->log_meant, true, votes, &beam->common.votes);
}

void beam_hear(struct beam *beam, uint8_t x, const float log_meant[STYLE_SHIFTS])
{
    if (log_meant)
        memcpy(beam->log_meant, log_meant, sizeof beam->log_meant);
    beam_extend(beam, x & 127);
    remember(beam, x & 127);
}
