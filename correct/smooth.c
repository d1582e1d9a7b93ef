/* The three passes; see smooth.h. Belief is stored sparsely: a few places a note. */
#include "correct/smooth.h"

#include <stdlib.h>
#include <string.h>

static const float least_kept = 1e-4f; /* lighter places are not recorded */
static const float least_traced = 1e-3f;

/* A place at a note. */
struct moment {
    int32_t diagonal;
    float weight;     /* belief before the note; smoothed: belief but for the note itself */
    float likelihood; /* of the note */
};

struct step {
    size_t first, count; /* its moments */
    int32_t slot;        /* from the first note's */
    float away, away_likelihood;
    float left_share; /* the part of `away` that had just left the places of the step before */
};

/* The moments of all notes, step after step. */
struct record {
    struct step *step; /* [notes] */
    struct moment *moment;
    size_t used, room;
};

static int record_open(struct record *record, size_t notes)
{
    *record = (struct record){.step = calloc(notes + 1, sizeof *record->step)};
    return record->step ? 0 : -1;
}

static void record_close(struct record *record)
{
    free(record->step);
    free(record->moment);
}

/* Makes room for one more step; NULL: out of memory. */
static struct moment *record_room(struct record *record)
{
    if (record->room - record->used < FOLLOW_HYPOTHESES) {
        size_t room = record->room * 2 + 16 * FOLLOW_HYPOTHESES;
        struct moment *moment = realloc(record->moment, room * sizeof *moment);
        if (!moment)
            return NULL;
        record->moment = moment;
        record->room = room;
    }
    return record->moment + record->used;
}

/* First pass: one note, as live. */
static int record_note(struct record *record, struct follow *follow, size_t t,
                       const struct correct_note *note, const float *meant, float trust, float keep)
{
    uint8_t x = note->pitch & 127;
    follow_advance(follow, note->slot);
    follow_enter(follow, x);
    struct moment *moment = record_room(record);
    if (!moment)
        return -1;
    struct step *step = &record->step[t];
    *step = (struct step){.first = record->used,
                          .slot = follow->slot,
                          .away = follow->away,
                          .left_share = follow->left_share};
    float likelihood[FOLLOW_HYPOTHESES], score[128];
    uint32_t held = follow->count;
    for (uint32_t i = 0; i < held; i++)
        moment[i] = (struct moment){.diagonal = follow->hypothesis[i].diagonal,
                                    .weight = follow->hypothesis[i].weight};
    follow_spread(follow_score(follow, x, trust, score), meant, x, score);
    step->away_likelihood = follow_weigh(follow, x, likelihood);
    for (uint32_t i = 0; i < held; i++) {
        moment[i].likelihood = likelihood[i];
        if (moment[i].weight >= least_kept)
            moment[step->count++] = moment[i];
    }
    record->used += step->count;
    follow_sent(follow, x, follow_choose(score, keep, x));
    return 0;
}

/* What is believed at one note, knowing all of the take; sums to one. */
struct belief {
    struct moment place[FOLLOW_HYPOTHESES];
    uint32_t count;
    float away;
};

static struct moment *find_moment(struct moment *moment, size_t count, int32_t diagonal)
{
    for (size_t i = 0; i < count; i++)
        if (moment[i].diagonal == diagonal)
            return &moment[i];
    return NULL;
}

static void belief_add(struct belief *belief, int32_t diagonal, float weight, float likelihood)
{
    struct moment *held = find_moment(belief->place, belief->count, diagonal);
    if (held)
        held->weight += weight;
    else if (weight < least_traced || belief->count == FOLLOW_HYPOTHESES)
        belief->away += weight;
    else
        belief->place[belief->count++] = (struct moment){diagonal, weight, likelihood};
}

/* How likely it is that a place not held at note t had been reached by then, though. */
static float reached(const struct record *record, const struct follow *follow,
                     const struct correct_note *notes, size_t t, int32_t diagonal)
{
    float sum = 0, ratio = 1;
    for (size_t back = 0; back < FOLLOW_HEARD && back <= t; back++) {
        const struct step *step = &record->step[t - back];
        ratio *= follow_likelihood(follow, step->slot + diagonal, notes[t - back].pitch & 127) /
                 step->away_likelihood;
        sum += ratio;
    }
    return sum / (1 + sum);
}

/* The belief at note t from that at note t + 1. */
static void trace_back(const struct record *record, const struct follow *follow,
                       const struct correct_note *notes, size_t t, const struct belief *after,
                       struct belief *belief)
{
    const struct step *step = &record->step[t];
    struct moment *held = record->moment + step->first;
    float left = after->away * record->step[t + 1].left_share, sum = 0;
    belief->count = 0;
    belief->away = after->away - left;
    for (size_t i = 0; i < step->count; i++)
        sum += held[i].weight * held[i].likelihood;
    for (uint32_t i = 0; i < after->count; i++) {
        const struct moment *m = &after->place[i];
        const struct moment *before = find_moment(held, step->count, m->diagonal);
        float share = before ? 1 : reached(record, follow, notes, t, m->diagonal);
        float likelihood =
            before ? before->likelihood
                   : follow_likelihood(follow, step->slot + m->diagonal, notes[t].pitch & 127);
        belief_add(belief, m->diagonal, m->weight * share, likelihood);
        belief->away += m->weight * (1 - share);
    }
    for (size_t i = 0; i < step->count && sum > 0; i++)
        belief_add(belief, held[i].diagonal, left * held[i].weight * held[i].likelihood / sum,
                   held[i].likelihood);
    if (!(sum > 0))
        belief->away += left;
}

static void belief_at_end(const struct record *record, size_t t, struct belief *belief)
{
    const struct step *step = &record->step[t];
    const struct moment *held = record->moment + step->first;
    belief->count = 0;
    belief->away = step->away * step->away_likelihood;
    float sum = belief->away;
    for (size_t i = 0; i < step->count; i++)
        sum += held[i].weight * held[i].likelihood;
    belief->away /= sum;
    for (size_t i = 0; i < step->count; i++)
        belief_add(belief, held[i].diagonal, held[i].weight * held[i].likelihood / sum,
                   held[i].likelihood);
}

/* Second pass: from the last note to the first; `smoothed` gets the beliefs but
 * for each note's own evidence, which deciding brings in again. */
static int smooth_record(const struct record *record, struct record *smoothed,
                         const struct follow *follow, const struct correct_note *notes,
                         size_t count)
{
    struct belief belief[2] = {{.count = 0}};
    for (size_t t = count; t-- > 0;) {
        struct belief *now = &belief[t & 1];
        if (t + 1 == count)
            belief_at_end(record, t, now);
        else
            trace_back(record, follow, notes, t, &belief[(t + 1) & 1], now);
        struct moment *moment = record_room(smoothed);
        if (!moment)
            return -1;
        struct step *step = &smoothed->step[t];
        *step = (struct step){.first = smoothed->used,
                              .count = now->count,
                              .away = now->away / record->step[t].away_likelihood};
        float sum = step->away;
        for (uint32_t i = 0; i < now->count; i++) {
            moment[i] = now->place[i];
            moment[i].weight /= moment[i].likelihood;
            sum += moment[i].weight;
        }
        for (uint32_t i = 0; i < now->count; i++)
            moment[i].weight /= sum;
        step->away /= sum;
        smoothed->used += step->count;
    }
    return 0;
}

/* Third pass: one note decided. */
static uint8_t decide_note(const struct record *smoothed, struct follow *follow, size_t t,
                           const struct correct_note *note, const float *meant, float trust,
                           float keep)
{
    const struct step *step = &smoothed->step[t];
    const struct moment *moment = smoothed->moment + step->first;
    uint8_t x = note->pitch & 127;
    float score[128];
    follow_move(follow, note->slot);
    follow->count = (uint32_t)step->count;
    follow->away = step->away;
    for (uint32_t i = 0; i < follow->count; i++)
        follow->hypothesis[i] = (struct follow_hypothesis){moment[i].diagonal, moment[i].weight};
    follow_spread(follow_score(follow, x, trust, score), meant, x, score);
    uint8_t y = follow_choose(score, keep, x);
    follow_sent(follow, x, y);
    return y;
}

int smooth_take(struct follow *follow, const struct timeline *timeline, float trust, float keep,
                const struct correct_note *notes, size_t count, const float (*meant)[SLIP_WINDOW],
                uint8_t *pitches, struct error *error)
{
    struct record record = {0}, smoothed = {0};
    int status = record_open(&record, count) | record_open(&smoothed, count);
    follow_start(follow, timeline);
    for (size_t t = 0; status == 0 && t < count; t++)
        status = record_note(&record, follow, t, &notes[t], meant ? meant[t] : NULL, trust, keep);
    if (status == 0)
        status = smooth_record(&record, &smoothed, follow, notes, count);
    follow_rewind(follow);
    for (size_t t = 0; status == 0 && t < count; t++)
        pitches[t] =
            decide_note(&smoothed, follow, t, &notes[t], meant ? meant[t] : NULL, trust, keep);
    record_close(&record);
    record_close(&smoothed);
    return status == 0 ? 0 : error_set(error, "out of memory for a take of %zu notes", count);
}
