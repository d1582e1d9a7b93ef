/* What music and memory lead to expect: the prior asked once for what all hypotheses share, then
 * for what is each one's own. */
#include "correct/beam_private.h"
#include "correct/exponential.h"

#include <string.h>

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

/* Who strikes a key again that was taken for a slip when the music was here before is likelier to
 * have meant it. What votes for the pitch it was taken for then is a change of ours, no evidence:
 * by half of it the note is what was believed of it then. (Takes are read from both sides.) */
static bool struck_again(const struct beam *beam, uint8_t x, float part[STYLE_SHIFTS])
{
    static const float as_then = .5f, least_belief = .02f;
    if (!beam->doubt || beam->trace ||
        !repetition_again(&beam->common.votes, x, least_belief, part))
        return false;
    for (int k = 0; k < STYLE_SHIFTS; k++)
        part[k] *= as_then;
    return true;
}

/* Logits become the probabilities of hypotheses and pitches; what all expect together. */
static void normalise(struct beam *beam, uint8_t x)
{
    float together[STYLE_SHIFTS] = {0}, part[STYLE_SHIFTS];
    bool again = struck_again(beam, x, part);
    beam->total = 0;
    for (uint32_t i = 0; i < beam->count; i++) {
        float *way = beam->way + (size_t)i * STYLE_SHIFTS, top = way[0], sum = 0;
        for (int k = 1; k < STYLE_SHIFTS; k++)
            top = way[k] > top ? way[k] : top;
        for (int k = 0; k < STYLE_SHIFTS; k++)
            way[k] -= top;
        exponentials(way, STYLE_SHIFTS, way);
        for (int k = 0; k < STYLE_SHIFTS; k++)
            sum += way[k];
        for (int k = 0; again && k < STYLE_SHIFTS; k++) {
            way[STYLE_RANGE] += part[k] * way[k];
            way[k] -= part[k] * way[k];
        }
        float each = beam->hypothesis[i].weight / sum;
        for (int k = 0; k < STYLE_SHIFTS; k++) {
            way[k] *= each;
            together[k] += way[k];
        }
        beam->total += beam->hypothesis[i].weight;
    }
    for (int k = 0; k < STYLE_SHIFTS; k++)
        beam->expected[k] = together[k] / beam->total;
}

static void see_motifs(struct beam *beam, uint32_t i, struct style_view *view)
{
    const struct motif_notes own = motif_notes(&beam->style.motif);
    const struct motif_notes *notes = beam->whole ? beam->whole : &own;
    prior_see_motifs(&beam->style, notes, beam->whole ? beam->now : own.count, beam->common.centre,
                     &beam->span, beam->hypothesis[i].pitch, i ? &beam->others : &beam->motifs,
                     view);
}

static int16_t *sum_of(const struct beam *beam, size_t number)
{
    return beam->sum + number * quantised_accumulator_length(beam->prior);
}

static struct features features_of(const struct style_view *view)
{
    return (struct features){view->feature, view->strength, view->count};
}

/* The common sum, and motifs: worked out for the first of the hypotheses with the same last
 * notes as hypothesis i. */
static int16_t *see_context(struct beam *beam, uint32_t i)
{
    const struct hypothesis *h = beam->hypothesis;
    uint32_t same = 0;
    while (same < i && memcmp(h[same].pitch, h[i].pitch, MOTIF_CONTEXT) != 0)
        same++;
    int16_t *sum = sum_of(beam, 2 + same);
    if (same == i) {
        beam->own.count = 0;
        see_motifs(beam, i, &beam->own);
        const struct features motifs = features_of(&beam->own);
        quantised_accumulate(beam->prior, sum_of(beam, 0), &motifs, sum);
    }
    return sum;
}

/* The prior of every hypothesis, around x. */
void beam_expect(struct beam *beam, uint8_t x, note_set held, const struct prior_echo *echo)
{
    const uint64_t last = ((uint64_t)1 << MOTIF_CONTEXT) - 1;
    struct style_view *common = &beam->common.view, *own = &beam->own;
    int16_t *shared = sum_of(beam, 0), *each = sum_of(beam, 1);
    note_set told;
    prior_see(&beam->style, x, held, echo, &beam->common);
    uint64_t agreed = agreed_notes(beam, &told);
    bool one_context = (agreed & last) == last;
    prior_see_own(&beam->common, &beam->span, beam->hypothesis->pitch, agreed, 0, common);
    if (one_context)
        see_motifs(beam, 0, common);
    const struct features all = features_of(common);
    quantised_accumulate(beam->prior, NULL, &all, shared);
    for (uint32_t i = 0; i < beam->count; i++) {
        int16_t *from = one_context ? shared : see_context(beam, i);
        /* The last one may spoil what it is made of. */
        int16_t *sum = i + 1 < beam->count ? each : from;
        own->count = 0;
        prior_see_own(&beam->common, &beam->span, beam->hypothesis[i].pitch, ~agreed, told, own);
        const struct features rest = features_of(own);
        quantised_accumulate(beam->prior, from, &rest, sum);
        quantised_evaluate(beam->prior, sum, beam->way + (size_t)i * STYLE_SHIFTS);
    }
    normalise(beam, x);
}
