/* The belief: opened, carried from note to note, told. */
#include "follow/belief.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { SURE_NOTES = 12 };

enum { STEPS_TO_KNOW = 4 }; /* onsets after which a tempo tells how even the player is */

/* Of the weight that is dropped: explanations below it are not looked at. */
static const float worth_looking = .1f;

static const float together = .05f; /* seconds between notes that count as struck together */

struct follow *follow_open(const struct pieces *pieces, struct error *error)
{
    struct follow *follow = calloc(1, sizeof *follow);
    if (follow) {
        follow->pieces = pieces;
        for (int pitch = 0; pitch < 12; pitch++) {
            double landing[SLIP_WINDOW];
            slip_landing(pitch, landing);
            for (int k = 0; k < SLIP_WINDOW; k++)
                follow->landing[pitch][k] = (float)landing[k];
        }
        follow->next = calloc(BELIEF_ROOM, sizeof *follow->next);
        follow->bucket = calloc(BELIEF_BUCKETS, sizeof *follow->bucket);
        follow->filled = calloc(BELIEF_ROOM, sizeof *follow->filled);
    }
    if (follow)
        follow->rhythm = rhythm_open(pieces, NULL);
    if (!follow || !follow->next || !follow->bucket || !follow->filled || !follow->rhythm) {
        follow_close(follow);
        error_set(error, "out of memory");
        return NULL;
    }
    follow_start(follow);
    return follow;
}

void follow_close(struct follow *follow)
{
    if (!follow)
        return;
    rhythm_close(follow->rhythm);
    free(follow->next);
    free(follow->bucket);
    free(follow->filled);
    free(follow);
}

void follow_start(struct follow *follow)
{
    follow->count = 0;
    follow->groups = follow->rhythm_groups = 0;
    rhythm_start(follow->rhythm);
    follow->sure = 0;
    follow->last = 0;
    follow->away = 1;
    slip_start(&follow->slip);
    follow->low = (float)follow_constants.first_low;
    follow->high = (float)follow_constants.first_high;
    follow->extras = 1;
    timing_start(&follow->even);
    follow->started = follow->waiting = false;
    elsewhere_start(&follow->elsewhere);
    memset(&follow->edition, 0, sizeof follow->edition);
}

/* Trust beyond 1 decides what is meant, but does not make a slip a sign of being elsewhere. */
static void set_slip(struct follow *follow, float trust)
{
    float evidence = fminf(trust, 1);
    follow->trust = trust;
    follow->ratio = 1;
    follow->any_key = powf(1.f / 60, evidence);
    follow->beside_key = powf(.25f, evidence); /* two keys on each side */
    follow->far_key = powf(BELIEF_LEAST_KEY, evidence);
    slip_ask(&follow->slip, (const float(*)[SLIP_WINDOW])follow->landing, follow->x, &follow->key);
    for (int k = 0; k < SLIP_WINDOW; k++) {
        float p = follow->key.probability[k];
        follow->likely[k] = evidence < 1 ? powf(p, evidence) : p;
        follow->voted[k] =
            trust > 1 ? powf(p, trust) / powf(follow->key.probability[SLIP_RANGE], trust - 1)
                      : follow->likely[k];
    }
    float beyond = follow->key.beyond;
    follow->likely_beyond = evidence < 1 ? powf(beyond, evidence) : beyond;
    follow->voted_beyond = trust > 1 ? powf(beyond, trust) : follow->likely_beyond;
}

/* Among several pieces, one must explain the playing well for some notes before it is believed:
 * until then, other music is thought to be foretold better than it is here. */
static float doubt(const struct follow *follow)
{
    bool believed = follow->pieces->count < 2 || follow->sure >= SURE_NOTES;
    return believed ? 1 : (float)follow_constants.elsewhere_power;
}

/* Notes struck together make a group. */
static void group_note(struct follow *follow)
{
    struct group *group = &follow->group[(follow->groups - 1) % PIECES_LINE];
    if (!follow->groups || follow->seconds - follow->last > (double)together) {
        if (follow->groups) {
            jump_by_line(follow);
            jump_by_rhythm(follow);
        }
        group = &follow->group[follow->groups++ % PIECES_LINE];
        *group = (struct group){.seconds = follow->seconds, .lowest = 127};
    }
    if (group->count == PIECES_MOST_NOTES)
        return;
    group->x[group->count++] = follow->x;
    group->log_elsewhere += doubt(follow) * logf(follow->key_elsewhere);
    if (follow->x < group->lowest)
        group->lowest = follow->x;
    if (follow->x > group->highest)
        group->highest = follow->x;
}

/* The more pieces are known, the less says one of them that it will be played. */
static float away_start(const struct follow *follow)
{
    float pieces = (float)follow->pieces->count;
    return fminf(.5f, (float)follow_constants.away_start * pieces);
}

/* Time never falls, and what is no time is that of the note before. */
static double time_of(const struct follow *follow, double seconds)
{
    double last = follow->started ? follow->last : 0;
    return isfinite(seconds) && !(follow->started && seconds < last) ? seconds : last;
}

struct follow_rest follow_note(struct follow *follow, double seconds, uint8_t x, float trust,
                               float vote[128])
{
    const struct follow_constants *c = &follow_constants;
    follow_settle(follow, 1);
    memset(vote, 0, 128 * sizeof *vote);
    follow->vote = vote;
    follow->x = x;
    follow->seconds = time_of(follow, seconds);
    follow->time = timing_since((float)fmax(follow->seconds - follow->last, .001));
    follow->right_weight = follow->as_played = 0;
    memset(follow->wrong_weight, 0, sizeof follow->wrong_weight);
    memset(follow->explained, 0, sizeof follow->explained);
    follow->ordered = follow->ordered_low = follow->ordered_high = 0;
    for (uint32_t i = 0; i < follow->next_count; i++)
        follow->bucket[follow->filled[i]] = 0;
    follow->next_count = 0;
    follow->sum = follow->least = 0;
    set_slip(follow, trust);
    follow->key_elsewhere = elsewhere_expect(&follow->elsewhere, x);
    /* A player who is not trusted at all is in a piece all the same. */
    float away_key = powf(follow->key_elsewhere, doubt(follow) * fminf(trust, 1)) * fminf(trust, 1);
    group_note(follow);
    bool lost = follow->count == 0 && trust < FOLLOW_TELLING;
    if (!follow->started || lost) {
        jump_begin(follow);
        follow->next_away = follow->pieces->count ? away_start(follow) * away_key : 1;
    } else {
        float believed = 0;
        for (uint32_t i = 0; i < follow->count; i++) {
            explain(follow, &follow->now[i]);
            follow->least = follow->sum * (float)c->prune * worth_looking;
            believed += follow->now[i].weight;
        }
        follow->next_away = (follow->away * (float)(1 - c->enter) + believed * (float)c->leave) *
                            away_key * follow->time.any;
        jump_anywhere(follow, believed);
    }
    follow->waiting = true;
    return (struct follow_rest){.as_played = follow->as_played, .elsewhere = follow->next_away};
}

/* Keeps the FOLLOW_HYPOTHESES heaviest of those above `least`, the first of them among equals.
 * kept[k] is which of `next` became the k-th of `now`, the heaviest first. */
static uint32_t keep_heaviest(struct follow *follow, float least, uint16_t *kept)
{
    float heaviest = 0;
    uint32_t count;
    for (uint32_t i = 0; i < follow->next_count; i++)
        heaviest = fmaxf(heaviest, follow->next[i].weight);
    do {
        count = 0;
        for (uint32_t i = 0; i < follow->next_count; i++)
            if (follow->next[i].weight > least && count++ < FOLLOW_HYPOTHESES)
                kept[count - 1] = (uint16_t)i;
        least *= 2;
    } while (count > FOLLOW_HYPOTHESES && heaviest > least);
    if (count > FOLLOW_HYPOTHESES) /* too many weigh nearly the same */
        count = FOLLOW_HYPOTHESES;
    for (uint32_t k = 1; k < count; k++)
        if (follow->next[kept[k]].weight > follow->next[kept[0]].weight) {
            uint16_t best = kept[k];
            kept[k] = kept[0];
            kept[0] = best;
        }
    return count;
}

/* The order of a chord's notes, notes beside the score, and how even the time is. */
static void learn_habits(struct follow *follow, float sum)
{
    const struct follow_constants *c = &follow_constants;
    const struct hypothesis *likely = follow->now;
    float rate = (float)c->habit_rate, usual = (float)(c->extra + c->again);
    float extra = (follow->explained[EXPLAIN_EXTRA] + follow->explained[EXPLAIN_AGAIN]) / sum;
    float extras = usual * follow->extras;
    follow->low += rate * (follow->ordered_low - follow->low * follow->ordered) / sum;
    follow->high += rate * (follow->ordered_high - follow->high * follow->ordered) / sum;
    extras += rate * (extra - extras);
    follow->extras = fminf(fmaxf(extras, (float)c->extra_least), (float)c->extra_most) / usual;
    if (follow->count && likely->since >= follow->seconds && likely->steps > STEPS_TO_KNOW)
        timing_learn(&follow->even, likely->off_time, likely->weight);
}

void follow_settle(struct follow *follow, float elsewhere)
{
    const struct follow_constants *c = &follow_constants;
    if (!follow->waiting)
        return;
    follow->waiting = false;
    follow->next_away *= elsewhere;
    float sum = follow->next_away;
    for (uint32_t i = 0; i < follow->next_count; i++)
        sum += follow->next[i].weight;
    if (!(sum > 0)) /* nothing explains it */
        sum = follow->next_away = 1;
    else if (follow->started)
        follow->group[(follow->groups - 1) % PIECES_LINE].log_believed +=
            logf(sum / follow->time.any);
    uint16_t kept[FOLLOW_HYPOTHESES];
    follow->count = keep_heaviest(follow, (float)c->prune * sum, kept);
    if (follow->lattice)
        lattice_settle(follow->lattice, follow, kept, sum);
    for (uint32_t k = 0; k < follow->count; k++) {
        follow->now[k] = follow->next[kept[k]];
        follow->now[k].weight /= sum;
        follow->now[k].best = 0;
    }
    follow->away = follow->next_away / sum;
    follow->sure = follow->away < .01f ? follow->sure + 1 : follow->away > .5f ? 0 : follow->sure;
    double wrong[SLIP_WAYS];
    for (int w = 0; w < SLIP_WAYS; w++)
        wrong[w] = (double)(follow->wrong_weight[w] / sum);
    slip_learn(&follow->slip, (double)(follow->right_weight / sum), wrong);
    learn_habits(follow, sum);
    edition_hear(follow);
    elsewhere_hear(&follow->elsewhere, follow->x);
    follow->last = follow->seconds;
    follow->started = true;
    if (follow->trust < FOLLOW_TELLING && follow->rhythm_groups < follow->groups) {
        if (follow->rhythm_groups + 1 < follow->groups) /* keys told, until now */
            rhythm_start(follow->rhythm);
        rhythm_begin(follow->rhythm, follow->seconds, &follow->even);
        follow->rhythm_groups = follow->groups;
    }
}

float follow_elsewhere(const struct follow *follow)
{
    return follow->key_elsewhere;
}

struct follow_place follow_place(struct follow *follow)
{
    follow_settle(follow, 1);
    struct follow_place place = {.piece = -1};
    if (!follow->count)
        return place;
    const struct pieces *pieces = follow->pieces;
    const struct hypothesis *likely = &follow->now[0];
    uint32_t piece = pieces->piece_of[likely->position];
    for (uint32_t i = 0; i < follow->count; i++) {
        const struct hypothesis *other = &follow->now[i];
        if (pieces->piece_of[other->position] == piece)
            place.confidence += other->weight;
        if (other->position == likely->position)
            place.sure += other->weight;
    }
    if (place.confidence > .5f)
        place.piece = (int)piece;
    place.position = likely->position;
    place.shift = likely->shift;
    place.tempo = (double)likely->tempo * pieces_stretch(pieces, likely->position);
    place.onset_time = likely->since;
    return place;
}
