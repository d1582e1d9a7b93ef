/* Whole takes: read three ways, each forward and back, and again with what that came to. */
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

/* Ways of reading a take. The prior has learned music as it is played, chords from the lowest note
 * up; the other two are strange to it and mend less by themselves. But each comes to every note by
 * another way, and what only one is wrong about, or a memory that has proved itself right, the mean
 * of them makes good (Hansen and Salamon, "Neural network ensembles", 1990). */
enum reading { AS_PLAYED, CHORDS_TURNED, BACKWARDS, READINGS };

static const float reading_weight[READINGS] = {1, .5f, .5f};

static const int64_t bar = 16; /* slots; backwards, they begin where others begin */

/* What the passes over a take need. The arrays are in the order of the reading under way. */
struct take {
    const struct correct_note *played;
    size_t count;
    bool chords; /* are there any */
    const struct policy *policy;
    int16_t *sum;  /* the policy's */
    size_t *place; /* of a note, among those played */
    struct correct_note *note;
    float (*meant)[STYLE_SHIFTS];     /* of the pass before, then of this reading */
    float (*logarithm)[STYLE_SHIFTS]; /* of the pass before */
    float (*mean)[STYLE_SHIFTS];      /* of all readings of a pass; as played */
    struct prior_echo *echo;
    struct repetition *repetition;
    struct channel channel;
    uint8_t *motif[3]; /* pitches, shares, places */
};

static bool has_chords(const struct correct_note *notes, size_t count)
{
    for (size_t i = 1; i < count; i++)
        if (slot_of(notes[i].slot) == slot_of(notes[i - 1].slot))
            return true;
    return false;
}

static void turn(size_t *place, size_t count)
{
    for (size_t i = 0; i < count / 2; i++) {
        size_t other = place[i];
        place[i] = place[count - 1 - i];
        place[count - 1 - i] = other;
    }
}

/* The notes in the order of a reading: chords upside down; or slots from the last to the first,
 * chords as they were. */
static void arrange(struct take *take, enum reading reading)
{
    size_t count = take->count;
    int64_t end = (slot_of(take->played[count - 1].slot) / bar + 1) * bar;
    for (size_t i = 0; i < count; i++)
        take->place[i] = i;
    for (size_t first = 0, last; reading != AS_PLAYED && first < count; first = last) {
        int64_t slot = slot_of(take->played[first].slot);
        for (last = first; last < count && slot_of(take->played[last].slot) == slot;)
            last++;
        turn(take->place + first, last - first);
    }
    if (reading == BACKWARDS)
        turn(take->place, count);
    for (size_t i = 0; i < count; i++) {
        take->note[i] = take->played[take->place[i]];
        if (reading == BACKWARDS)
            take->note[i].slot = (double)(end - slot_of(take->note[i].slot));
    }
}

/* What the policy makes of a note that has been judged. */
static void consult(struct beam *beam, const struct take *take, uint8_t x)
{
    beam_see(beam, x, style_slot_notes(&beam->style), beam->log_meant, &beam->own);
    style_answer(take->policy, &beam->own, take->sum, beam->log_meant);
}

/* One reading of one pass. Only in the first pass, and as it was played, all is as the policy has
 * learned it. */
static int read_take(struct beam *beam, struct take *take, enum reading reading, bool first)
{
    const struct motif_notes whole = {take->motif[0], take->motif[1], take->motif[2], take->count};
    beam_start(beam);
    if (!first)
        beam->channel = take->channel;
    beam->known = !first;
    beam->whole = first ? NULL : &whole;
    trace_start(beam->trace);
    for (size_t i = 0; i < take->count; i++) {
        const struct correct_note *note = &take->note[i];
        uint8_t x = note->pitch & 127;
        style_advance(&beam->style, note->slot);
        beam->now = i;
        beam_weigh(beam, note->slot, x, style_slot_notes(&beam->style),
                   first ? NULL : &take->echo[i]);
        if (first && reading == AS_PLAYED && take->policy && !beam_is_sure(beam->log_meant))
            consult(beam, take, x);
        beam_extend(beam, x);
        if (first)
            style_hear(&beam->style, x, beam->log_meant, true);
        else
            style_hear_whole(&beam->style, x, take->logarithm[i], &whole, i, &beam->common.votes);
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
        uint8_t x = take->note[i].pitch & 127;
        int64_t own = slot_of(take->note[i].slot);
        struck = i > 0 && own <= slot ? struck + 1 : 0;
        slot = i > 0 && own <= slot ? slot : own;
        struct repetition_note note = style_digest(x, take->meant[i]);
        take->motif[0][i] = note.pitch[0];
        take->motif[1][i] = note.share[0];
        take->motif[2][i] = motif_place(slot, struck);
    }
}

/* What the pass before came to, made ready for a reading. */
static void reconsider(struct take *take, const float (*meant)[STYLE_SHIFTS])
{
    for (size_t i = 0; i < take->count; i++) {
        memcpy(take->meant[i], meant[take->place[i]], sizeof *meant);
        for (int k = 0; k < STYLE_SHIFTS; k++)
            take->logarithm[i][k] =
                take->meant[i][k] > 0 ? logf(take->meant[i][k]) : least_logarithm;
    }
    find_echoes(take->note, take->count, (const float(*)[STYLE_SHIFTS])take->meant,
                take->repetition, take->echo);
    write_motifs(take);
}

/* All readings: their mean. 1: stopped. */
static int pass(struct beam *beam, struct take *take, bool first, float (*meant)[STYLE_SHIFTS],
                struct task_part *part)
{
    float sum = 0;
    memset(take->mean, 0, take->count * sizeof *take->mean);
    for (enum reading reading = 0; reading < READINGS; reading++) {
        /* Without chords that reading is the one before. */
        if (reading != CHORDS_TURNED || take->chords) {
            arrange(take, reading);
            if (!first)
                reconsider(take, (const float(*)[STYLE_SHIFTS])meant);
            if (read_take(beam, take, reading, first) != 0)
                return -1;
        }
        if (reading == AS_PLAYED)
            take->channel = beam->channel;
        for (size_t i = 0; i < take->count; i++)
            for (int k = 0; k < STYLE_SHIFTS; k++)
                take->mean[take->place[i]][k] += reading_weight[reading] * take->meant[i][k];
        sum += reading_weight[reading];
        if (!task_part_goes_on(part, (reading + 1.) / READINGS))
            return 1;
    }
    for (size_t i = 0; i < take->count; i++)
        for (int k = 0; k < STYLE_SHIFTS; k++)
            meant[i][k] = take->mean[i][k] / sum;
    return 0;
}

static int take_open(struct take *take)
{
    size_t room = take->count + 1;
    take->sum = take->policy ? quantised_accumulators(take->policy->quantised, 1) : NULL;
    take->place = malloc(room * sizeof *take->place);
    take->note = malloc(room * sizeof *take->note);
    take->meant = malloc(room * sizeof *take->meant);
    take->logarithm = malloc(room * sizeof *take->logarithm);
    take->mean = malloc(room * sizeof *take->mean);
    take->echo = malloc(room * sizeof *take->echo);
    take->repetition = malloc(sizeof *take->repetition);
    bool complete = (take->sum || !take->policy) && take->place && take->note && take->meant &&
                    take->logarithm && take->mean && take->echo && take->repetition;
    for (int i = 0; i < 3; i++) {
        take->motif[i] = malloc(room);
        complete = complete && take->motif[i];
    }
    return complete ? 0 : -1;
}

static void take_close(struct take *take)
{
    free(take->sum);
    free(take->place);
    free(take->note);
    free(take->meant);
    free(take->logarithm);
    free(take->mean);
    free(take->echo);
    free(take->repetition);
    for (int i = 0; i < 3; i++)
        free(take->motif[i]);
}

int beam_take(struct beam *beam, const struct policy *policy, const struct correct_note *notes,
              size_t count, float (*meant)[STYLE_SHIFTS], const struct task *task,
              struct error *error)
{
    struct take take = {
        .played = notes, .count = count, .chords = has_chords(notes, count), .policy = policy};
    bool stopped = false;
    int status = take_open(&take);
    beam->trace = trace_open(count);
    if (!beam->trace)
        status = -1;
    for (int p = 0; status == 0 && count > 0 && p < BEAM_PASSES; p++) {
        if (p > 0)
            channel_fit(&take.channel, notes, count, (const float(*)[STYLE_SHIFTS])meant);
        struct task_part part = {task, (double)p / BEAM_PASSES, (double)(p + 1) / BEAM_PASSES};
        status = pass(beam, &take, p == 0, meant, &part);
        if (status > 0)
            stopped = true;
    }
    trace_close(beam->trace);
    beam->trace = NULL;
    take_close(&take);
    if (stopped)
        return error_set(error, "stopped");
    return status == 0 ? 0 : error_set(error, "out of memory for a take of %zu notes", count);
}
