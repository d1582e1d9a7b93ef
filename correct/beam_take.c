/* Whole takes: forward, back, and again with what that came to. */
#include "correct/beam_private.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

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
    int16_t *sum; /* the policy's */
    const struct correct_note *notes;
    size_t count;
    float (*meant)[STYLE_SHIFTS];     /* of the pass before */
    float (*logarithm)[STYLE_SHIFTS]; /* the same */
    struct prior_echo *echo;
    struct repetition *repetition;
    uint8_t *motif[3]; /* pitches, shares, places */
};

/* What the policy makes of a note that has been judged. */
static void consult(struct beam *beam, const struct take *take, uint8_t x)
{
    beam_see(beam, x, style_slot_notes(&beam->style), beam->log_meant, &beam->own);
    style_answer(take->policy, &beam->own, take->sum, beam->log_meant);
}

/* Only in the first pass all is as the policy has learned it. */
static int pass(struct beam *beam, struct take *take, bool first)
{
    struct channel channel = beam->channel;
    beam_start(beam);
    if (!first)
        beam->channel = channel;
    beam->known = !first;
    const struct motif_notes whole = {take->motif[0], take->motif[1], take->motif[2], take->count};
    beam->whole = first ? NULL : &whole;
    trace_start(beam->trace);
    for (size_t i = 0; i < take->count; i++) {
        const struct correct_note *note = &take->notes[i];
        style_advance(&beam->style, note->slot);
        beam->now = i;
        beam_weigh(beam, note->slot, note->pitch & 127, style_slot_notes(&beam->style),
                   first ? NULL : &take->echo[i]);
        if (first && take->policy && !beam_is_sure(beam->log_meant))
            consult(beam, take, note->pitch & 127);
        beam_extend(beam, note->pitch & 127);
        if (first)
            style_hear(&beam->style, note->pitch & 127, beam->log_meant, true);
        else
            style_hear_whole(&beam->style, note->pitch & 127, take->logarithm[i], &whole, i,
                             &beam->common.votes);
    }
    beam->known = false;
    beam->whole = NULL;
    return trace_smooth(beam->trace, take->meant);
}

static void write_motifs(struct take *take)
{
    int64_t slot = 0;
    uint32_t struck = 0;
    for (size_t i = 0; i < take->count; i++) {
        uint8_t x = take->notes[i].pitch & 127;
        int64_t own = slot_of(take->notes[i].slot);
        struck = i > 0 && own <= slot ? struck + 1 : 0;
        slot = i > 0 && own <= slot ? slot : own;
        struct repetition_note note = style_digest(x, take->meant[i]);
        take->motif[0][i] = note.pitch[0];
        take->motif[1][i] = note.share[0];
        take->motif[2][i] = motif_place(slot, struck);
    }
}

/* What a pass came to, made ready for the next. */
static void reconsider(struct beam *beam, struct take *take)
{
    find_echoes(take->notes, take->count, (const float(*)[STYLE_SHIFTS])take->meant,
                take->repetition, take->echo);
    write_motifs(take);
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
                        policy ? fixed_sums(policy->fixed, 1) : NULL,
                        notes,
                        count,
                        meant,
                        malloc((count + 1) * sizeof *take.logarithm),
                        malloc((count + 1) * sizeof *take.echo),
                        malloc(sizeof *take.repetition),
                        {malloc(count + 1), malloc(count + 1), malloc(count + 1)}};
    int status = 0;
    beam->trace = trace_open(count);
    if (!take.logarithm || !take.echo || !take.repetition || !beam->trace || !take.motif[0] ||
        !take.motif[1] || !take.motif[2] || (policy && !take.sum))
        status = -1;
    for (int p = 0; status == 0 && count > 0 && p < BEAM_PASSES; p++) {
        if (p > 0)
            reconsider(beam, &take);
        status = pass(beam, &take, p == 0);
    }
    trace_close(beam->trace);
    beam->trace = NULL;
    free(take.sum);
    free(take.logarithm);
    free(take.echo);
    free(take.repetition);
    for (int i = 0; i < 3; i++)
        free(take.motif[i]);
    return status == 0 ? 0 : error_set(error, "out of memory for a take of %zu notes", count);
}
