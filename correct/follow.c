/* The forward filter. Probabilities are kept normalised after every note, so
 * plain floats are enough. */
#include "correct/follow_private.h"

#include <assert.h>
#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Shares of the parts before anything is known of the player. They need not all
 * find notes at a place: that is what makes a rest in the piece speak against it. */
static const float start_part[FOLLOW_PARTS] = {.29f, .29f, .3f, .04f, .04f, .04f};
static const float start_notes = 8; /* the start counts as much as so many notes */
static const float forget = .98f;   /* a note */

static const float leave = .003f;     /* the player jumps or wanders off, a beat */
static const float turn_part = .005f; /* the policy's turns after a beat */
static const float drift = .001f;     /* the player's slots and the piece's shift by one, a beat */
static const float start_off_time = .004f, least_off_time = .001f, most_off_time = .5f;
static const float off_time_rate = .05f; /* how fast their share follows the player */
static const float missed_slot = .3f;    /* the piece has notes, nothing was struck */
static const float sparse_slot = .9f, sparse_count = .6f; /* these of one who leaves out most */
static const float sparse_rate = .1f;
static const float count_right = .9f; /* as many notes were struck as the piece has */
static const float rest_right = .95f; /* nothing was struck and the piece has nothing */
static const float most_near = .15f, most_stray = .06f;
static const float doubt = .6f;       /* exponent of the habits' probabilities */
static const double most_slot = 1e15; /* farther from zero, sixteenths are not told apart */

enum {
    SURE_NOTES = 6,  /* on end, before a place is believed */
    LOST_NOTES = 16, /* on end, before it is no longer */
    LOOKUP = 1024,
    TURNING = 8, /* of the likeliest places, turns and the player's own time are thought of */
};

void follow_start(struct follow *follow, const struct timeline *timeline)
{
    memset(follow, 0, sizeof *follow);
    follow->timeline = timeline;
    slip_init(&follow->slip);
    habit_start(&follow->habit);
    follow->off_time = start_off_time;
    memcpy(follow->part, start_part, sizeof start_part);
    follow->away = 1;
}

/* What a probability of the habit counts. Real music is better predictable than
 * by habits: to be believed, a place has to do better than music does. Once it
 * is believed, a player who hits many wrong keys should not lose it. */
static inline float habit_power(const struct follow *follow, float probability)
{
    return follow->believed ? probability : powf(probability, doubt);
}

static void find_best(struct follow *follow)
{
    follow->best_weight = 0;
    for (uint32_t i = 0; i < follow->count; i++)
        if (follow->hypothesis[i].weight > follow->best_weight) {
            follow->best_weight = follow->hypothesis[i].weight;
            follow->best = follow->hypothesis[i].diagonal;
        }
    if (follow->best_weight > .9f)
        follow->phase = follow->best;
}

void follow_normalise(struct follow *follow)
{
    float sum = follow->away;
    for (uint32_t i = 0; i < follow->count; i++)
        sum += follow->hypothesis[i].weight;
    if (!(sum >= FLT_MIN)) {
        follow->count = 0;
        follow->away = sum = 1;
    }
    float scale = 1 / sum;
    uint32_t kept = 0;
    for (uint32_t i = 0; i < follow->count; i++) {
        float weight = follow->hypothesis[i].weight * scale;
        if (weight >= least_weight) {
            follow->hypothesis[kept] = follow->hypothesis[i];
            follow->hypothesis[kept++].weight = weight;
        }
    }
    follow->count = kept;
    follow->away = fmaxf(follow->away * scale, least_weight);
    find_best(follow);
}

void follow_add(struct follow *follow, int32_t diagonal, float weight)
{
    uint32_t least = 0;
    for (uint32_t i = 0; i < follow->count; i++) {
        struct follow_hypothesis *h = &follow->hypothesis[i];
        if (h->diagonal == diagonal) {
            h->weight += weight;
            return;
        }
        if (h->weight < follow->hypothesis[least].weight)
            least = i;
    }
    if (follow->count < FOLLOW_HYPOTHESES)
        least = follow->count++;
    else if (follow->hypothesis[least].weight >= weight)
        return;
    follow->hypothesis[least] = (struct follow_hypothesis){diagonal, weight};
}

/* How well the number of notes struck in a slot agrees with what the piece has there. */
static inline float count_factor(uint32_t struck, uint32_t expected, float sparse)
{
    static const float factor[] = {1, .3f, .1f, .05f};
    uint32_t off = struck > expected ? struck - expected : expected - struck;
    float usual = factor[off < 3 ? off : 3];
    return count_right * (struck < expected ? usual + sparse * (sparse_count - usual) : usual);
}

/* Where hypotheses are, by the low bits of their diagonals: index + 1, 0 for none. */
struct lookup {
    uint8_t at[LOOKUP];
};

static_assert(FOLLOW_HYPOTHESES < UINT8_MAX, "a lookup holds them in a byte each");

static void lookup_fill(struct lookup *lookup, const struct follow *follow)
{
    memset(lookup, 0, sizeof *lookup);
    for (uint32_t i = 0; i < follow->count; i++)
        lookup->at[(uint32_t)follow->hypothesis[i].diagonal % LOOKUP] = (uint8_t)(i + 1);
}

/* As follow_add, mostly without looking through all of them. */
static void add_quickly(struct follow *follow, struct lookup *lookup, int32_t diagonal,
                        float weight)
{
    uint8_t *at = &lookup->at[(uint32_t)diagonal % LOOKUP];
    if (*at == 0 && follow->count < FOLLOW_HYPOTHESES) {
        follow->hypothesis[follow->count++] = (struct follow_hypothesis){diagonal, weight};
        *at = (uint8_t)follow->count;
    } else if (*at != 0 && follow->hypothesis[*at - 1].diagonal == diagonal) {
        follow->hypothesis[*at - 1].weight += weight;
    } else {
        follow_add(follow, diagonal, weight);
    }
}

/* After a beat like this one the music may go on elsewhere: by the policy. */
static void take_turns(struct follow *follow, struct lookup *lookup, int64_t place, int32_t passed,
                       float weight)
{
    const struct timeline *timeline = follow->timeline;
    uint32_t beat = (uint32_t)place / SONG_SLOTS_A_BEAT;
    int32_t inside = (int32_t)((place + passed) % SONG_SLOTS_A_BEAT);
    if ((uint32_t)(place + passed) / SONG_SLOTS_A_BEAT != beat + 1)
        return;
    for (uint32_t i = timeline->turn_first[beat]; i < timeline->turn_first[beat + 1]; i++) {
        const struct timeline_turn *turn = &timeline->turn[i];
        int32_t diagonal = (int32_t)turn->place + inside - (follow->slot + passed);
        add_quickly(follow, lookup, diagonal, weight * turn_part * turn->probability);
    }
}

/* The player hesitated, hurried, or plays at another speed: what comes next in
 * the piece comes now, or the last onset once more, or the next but one. */
static void take_own_time(struct follow *follow, struct lookup *lookup,
                          const struct follow_hypothesis *h, int32_t passed)
{
    static const float share[] = {.15f, .75f, .1f};
    const struct timeline *timeline = follow->timeline;
    int64_t place = (int64_t)follow->slot + h->diagonal;
    uint32_t next = timeline->onsets_before[place + 1];
    for (uint32_t k = 0; k < 3; k++) {
        if (next + k < 1 || next + k - 1 >= timeline->notes)
            continue;
        int64_t onset = timeline->onset[next + k - 1];
        int32_t diagonal = (int32_t)(onset - (follow->slot + passed));
        if (onset < place - TIMELINE_GAP / 2 || onset > place + TIMELINE_GAP / 2 ||
            diagonal == h->diagonal)
            continue;
        add_quickly(follow, lookup, diagonal, h->weight * follow->off_time * share[k]);
        if (k == 1 && h->diagonal == follow->best)
            follow->late_best = diagonal;
    }
}

/* Adds to a list of the TURNING likeliest; returns how many there are now. */
static uint32_t keep_likeliest(struct follow_hypothesis *list, uint32_t count,
                               const struct follow_hypothesis *h)
{
    uint32_t least = 0;
    if (count < TURNING) {
        list[count] = *h;
        return count + 1;
    }
    for (uint32_t i = 1; i < count; i++)
        if (list[i].weight < list[least].weight)
            least = i;
    if (list[least].weight < h->weight)
        list[least] = *h;
    return count;
}

/* Counts how many of the piece's notes are left out since the last slot struck, where the
 * place is clear: one who plays one hand of a piece leaves out most of it. */
static void hear_gaps(struct follow *follow, int32_t passed)
{
    const struct timeline *timeline = follow->timeline;
    int64_t place = (int64_t)follow->slot + follow->best, next = place + passed;
    if (!follow->believed || follow->best_weight < .5f || !on_timeline(follow, place) ||
        !on_timeline(follow, next))
        return;
    uint32_t expected = timeline->first[next] - timeline->first[place];
    if (expected == 0 || passed > TIMELINE_GAP)
        return;
    float share = follow->struck < expected ? 1 - (float)follow->struck / (float)expected : 0;
    float sparse =
        fminf(fmaxf(2 * share - .3f, 0), 1); /* 0 below a seventh left out, 1 from two thirds on */
    follow->sparse += sparse_rate * (sparse - follow->sparse);
}

static void pass_slots(struct follow *follow, int32_t passed)
{
    const struct timeline *timeline = follow->timeline;
    float left = 0;
    uint32_t count = follow->count, kept = 0;
    struct follow_hypothesis turning[TURNING]; /* the likeliest, before time has told on them */
    uint32_t turns = 0;
    int64_t first = (int64_t)follow->slot + follow->phase;
    hear_gaps(follow, passed);
    float missed = missed_slot + follow->sparse * (sparse_slot - missed_slot);
    int32_t least = passed / SONG_SLOTS_A_BEAT; /* beats */
    float stay_least = powf(1 - leave, (float)least);
    float stay_more = stay_least * (1 - leave); /* where one more beat begins on the way */
    for (uint32_t i = 0; i < count; i++) {
        struct follow_hypothesis h = follow->hypothesis[i];
        int64_t place = (int64_t)follow->slot + h.diagonal, next = place + passed;
        if (next + 1 >= (int64_t)timeline->places) {
            left += h.weight;
            continue;
        }
        h.weight *= count_factor(follow->struck, timeline_count(timeline, place), follow->sparse);
        if (h.weight > .01f * follow->best_weight)
            turns = keep_likeliest(turning, turns, &h);
        uint32_t skipped = timeline->onsets_before[next] - timeline->onsets_before[place + 1];
        for (uint32_t m = 0; m < skipped && m < 16; m++)
            h.weight *= missed;
        for (uint32_t r = skipped; r + 1 < (uint32_t)passed && r < 16; r++)
            h.weight *= rest_right;
        int64_t beats = next / SONG_SLOTS_A_BEAT - place / SONG_SLOTS_A_BEAT;
        float stay = beats > least ? stay_more : stay_least;
        left += h.weight * (1 - stay);
        h.weight *= stay;
        follow->hypothesis[kept++] = h;
    }
    follow->count = kept;
    follow->away *= habit_power(follow, habit_slot(&follow->habit, first, follow->struck));
    for (int32_t r = 1; r < passed && r < 17; r++)
        follow->away *= habit_power(follow, habit_slot(&follow->habit, first + r, 0));
    follow->away += left;
    follow->left_share = follow->away > 0 ? left / follow->away : 0;
    follow->late_best = follow->best;
    struct lookup lookup;
    lookup_fill(&lookup, follow);
    for (uint32_t i = 0; i < turns; i++) {
        const struct follow_hypothesis *h = &turning[i];
        take_turns(follow, &lookup, (int64_t)follow->slot + h->diagonal, passed, h->weight);
        add_quickly(follow, &lookup, h->diagonal - 1, h->weight * drift);
        add_quickly(follow, &lookup, h->diagonal + 1, h->weight * drift);
        take_own_time(follow, &lookup, h, passed);
    }
}

/* Slots passed up to a note; 0 in the slot of the last one. */
static int32_t passed_until(struct follow *follow, double slot)
{
    if (!(fabs(slot) < most_slot))
        return 0; /* no time at all: taken to be struck with the note before */
    slot = floor(slot - follow->realigned + .5);
    if (!follow->started) {
        follow->started = true;
        follow->origin = slot;
        follow->phase = (int32_t)fmod(slot, SONG_SLOTS_A_BEAT);
        return 0;
    }
    double to = fmin(slot - follow->origin, INT32_MAX / 2);
    return to > follow->slot ? (int32_t)to - follow->slot : 0;
}

static void move(struct follow *follow, int32_t passed)
{
    follow->sent_before = passed == 1 ? follow->sent : 0;
    follow->sent = 0;
    follow->struck = 0;
    follow->slot += passed;
}

void follow_advance(struct follow *follow, double slot)
{
    if (fabs(slot) < most_slot)
        follow->fine = slot;
    int32_t passed = passed_until(follow, slot);
    follow->left_share = 0;
    if (passed) {
        pass_slots(follow, passed);
        move(follow, passed);
        follow_normalise(follow);
    }
}

void follow_move(struct follow *follow, double slot)
{
    int32_t passed = passed_until(follow, slot);
    if (passed)
        move(follow, passed);
}

void follow_rewind(struct follow *follow)
{
    follow->count = 0;
    follow->started = false;
    follow->slot = 0;
    follow->sent = follow->sent_before = 0;
    follow->struck = 0;
    habit_start(&follow->habit);
}

/* P(x | y)^trust of each class, and what the sum over a set is worth with it. */
static void raise(float to[SLIP_CLASSES], const float from[SLIP_CLASSES], float trust)
{
    for (int c = 0; c < SLIP_CLASSES; c++)
        to[c] = trust == 1 ? from[c] : powf(from[c], trust);
}

static void score_set(float *score, note_set set, float weight, const float slips[SLIP_CLASSES],
                      uint8_t x)
{
    float each = weight / (float)note_set_count(set);
    for (; set; set &= set - 1) {
        unsigned y = note_set_lowest(set);
        score[y] += each * slips[slip_class_of(x, y)];
    }
}

float follow_score(const struct follow *follow, uint8_t x, float trust, float score[128])
{
    float slips[FOLLOW_STRAY][SLIP_CLASSES];
    for (int p = 0; p < FOLLOW_STRAY; p++)
        raise(slips[p], part_slips(follow, p), trust);
    memset(score, 0, 128 * sizeof *score);
    float played = follow->away * habit_power(follow, habit_note(&follow->habit, x));
    for (uint32_t i = 0; i < follow->count; i++) {
        const struct follow_hypothesis *h = &follow->hypothesis[i];
        int64_t place = (int64_t)follow->slot + h->diagonal;
        played += h->weight * follow->part[FOLLOW_STRAY] * stray_note;
        if (h->weight < 1e-3f || !on_timeline(follow, place))
            continue;
        struct candidates from = candidates_at(follow, place, follow->sent, follow->sent_before);
        for (int p = 0; p < FOLLOW_STRAY; p++)
            if (from.set[p])
                score_set(score, from.set[p], h->weight * follow->part[p], slips[p], x);
    }
    return played * slips[FOLLOW_OWN][SLIP_RIGHT];
}

void follow_spread(float played, const float *meant, uint8_t x, float score[128])
{
    if (!meant) {
        score[x] += played;
        return;
    }
    for (int k = 0; k < SLIP_WINDOW; k++) {
        int y = x + k - SLIP_RANGE;
        if (y >= 0 && y < 128)
            score[y] += played * meant[k];
    }
}

bool follow_is_open(const float score[128], float played, float keep, uint8_t x)
{
    float best = 0, second = 0, kept = expf(keep);
    for (unsigned y = 0; y < 128; y++) {
        float value = y == x ? score[y] * kept : score[y];
        float less = value < best ? value : best;
        second = less > second ? less : second;
        best = value > best ? value : best;
    }
    return !(best > (second + played * kept) * (1 + 1e-5f)); /* 1e-5: rounding */
}

/* Adds to share[c] the probability that x is a note of this set, class by class; the sum. */
static float share_set(const struct follow *follow, note_set set, enum follow_part part, uint8_t x,
                       float share[SLIP_CLASSES])
{
    const float *slips = part_slips(follow, part);
    float sum = 0, each = follow->part[part] / (float)note_set_count(set);
    for (; set; set &= set - 1) {
        enum slip_class class = slip_class_of(x, note_set_lowest(set));
        if (part != FOLLOW_AGAIN)
            share[class] += each * slips[class];
        sum += each * slips[class];
    }
    return sum;
}

/* Counts what the note tells of the player, once it is clear where the player is. */
static void learn(struct follow *follow, uint8_t x)
{
    int64_t place = (int64_t)follow->slot + follow->best;
    if (!follow->believed || follow->best != follow->anchor || follow->best_weight < .5f ||
        !on_timeline(follow, place))
        return;
    struct candidates from = candidates_at(follow, place, follow->sent, follow->sent_before);
    float share[SLIP_CLASSES] = {0}, part[FOLLOW_PARTS] = {0};
    part[FOLLOW_STRAY] = follow->part[FOLLOW_STRAY] * stray_note;
    float sum = part[FOLLOW_STRAY], seen = start_notes;
    for (int p = 0; p < FOLLOW_STRAY; p++) {
        if (from.set[p])
            part[p] = share_set(follow, from.set[p], (enum follow_part)p, x, share);
        sum += part[p];
    }
    float scale = follow->best_weight / sum;
    for (int c = 0; c < SLIP_CLASSES; c++)
        share[c] *= scale;
    slip_learn(&follow->slip, share);
    for (int p = 0; p < FOLLOW_PARTS; p++) {
        follow->part_seen[p] = follow->part_seen[p] * forget + part[p] * scale;
        seen += follow->part_seen[p];
    }
    for (int p = 0; p < FOLLOW_PARTS; p++)
        follow->part[p] = (follow->part_seen[p] + start_notes * start_part[p]) / seen;
    /* Where most notes are early or late it is the place that is wrong. */
    follow->part[FOLLOW_NEAR] = fminf(follow->part[FOLLOW_NEAR], most_near);
    /* A wide miss could be either; taken for one, it can be put right. */
    follow->part[FOLLOW_STRAY] = fminf(follow->part[FOLLOW_STRAY], most_stray);
}

/* Believes a place that has been beyond doubt for some notes on end. */
static void settle(struct follow *follow, int32_t before)
{
    bool sure = follow->best == before && follow->best_weight > sure_weight;
    follow->sure = sure ? follow->sure + 1 : 0;
    follow->lost = follow->away > .5f ? follow->lost + 1 : 0;
    if (follow->believed && follow->struck == 0 && follow->best_weight > .5f) {
        bool late = follow->best != before && follow->best == follow->late_best;
        float share = follow->off_time + off_time_rate * ((late ? 1.f : 0.f) - follow->off_time);
        follow->off_time = fminf(fmaxf(share, least_off_time), most_off_time);
    }
    if (follow->sure >= SURE_NOTES) {
        follow->believed = follow->anchored = true;
        follow->anchor = follow->best;
    } else if (follow->lost >= LOST_NOTES) {
        follow->believed = false;
        follow->sparse = 0;
    }
}

float follow_weigh(struct follow *follow, uint8_t x, float *likelihood)
{
    for (uint32_t i = 0; i < follow->count; i++) {
        struct follow_hypothesis *h = &follow->hypothesis[i];
        int64_t place = (int64_t)follow->slot + h->diagonal;
        float given = follow->part[FOLLOW_STRAY] * stray_note;
        if (on_timeline(follow, place)) {
            struct candidates from =
                candidates_at(follow, place, follow->sent, follow->sent_before);
            given = likelihood_of(follow, &from, x);
        }
        if (likelihood)
            likelihood[i] = given;
        h->weight *= given;
    }
    float expected = habit_power(follow, habit_note(&follow->habit, x));
    follow->away *= expected;
    int32_t before = follow->best;
    follow_normalise(follow);
    settle(follow, before);
    learn(follow, x);
    return expected;
}

void follow_sent(struct follow *follow, uint8_t x, uint8_t pitch)
{
    follow->sent |= note_set_bit(pitch);
    follow->struck++;
    follow->notes++;
    follow->heard[follow->heard_count++ % FOLLOW_MEMORY] = (struct follow_heard){
        follow->fine, follow->slot, habit_power(follow, habit_note(&follow->habit, x)), x};
    habit_hear(&follow->habit, x);
}

uint8_t follow_choose(const float score[128], float keep, uint8_t x)
{
    uint8_t best = x;
    float value = keep > 0 ? score[x] * expf(keep) : score[x];
    for (unsigned y = 0; y < 128; y++)
        if (y != x && score[y] > value) {
            best = (uint8_t)y;
            value = score[y];
        }
    return best;
}

float follow_likelihood(const struct follow *follow, int64_t place, uint8_t x)
{
    if (!on_timeline(follow, place))
        return follow->part[FOLLOW_STRAY] * stray_note;
    struct candidates from = candidates_at(follow, place, 0, 0);
    return likelihood_of(follow, &from, x);
}

struct correct_place follow_place(const struct follow *follow)
{
    const struct timeline *timeline = follow->timeline;
    struct correct_place place = {.piece = -1};
    int64_t best = (int64_t)follow->slot + follow->best;
    int piece = follow->best_weight > 0 ? timeline_find_piece(timeline, (uint32_t)best) : -1;
    if (piece < 0)
        return place;
    int64_t start = timeline->piece[piece].start, end = start + timeline->piece[piece].slots;
    for (uint32_t i = 0; i < follow->count; i++) {
        int64_t at = (int64_t)follow->slot + follow->hypothesis[i].diagonal;
        if (at >= start && at < end)
            place.confidence += follow->hypothesis[i].weight;
    }
    if (place.confidence > .5f) {
        place.piece = piece;
        place.slot = (uint32_t)(best - start);
        place.sure = follow->best_weight;
    }
    return place;
}

/* Log probability of x where these notes are next, less that of x struck anywhere. */
static float weight_of(const struct follow *follow, note_set set, uint8_t x)
{
    int count = note_set_count(set);
    float share = slip_sum(&follow->slip, follow->slip.probability, set, count, x) / (float)count;
    float stray = follow->part[FOLLOW_STRAY];
    return logf(stray + (1 - stray) * share / stray_note);
}

struct correct_ahead follow_ahead(const struct follow *follow, uint8_t x)
{
    const struct timeline *timeline = follow->timeline;
    struct correct_ahead ahead = {0};
    int64_t place = (int64_t)follow->slot + follow->best;
    if (follow->best_weight < .2f || !on_timeline(follow, place))
        return ahead;
    uint32_t known = 0, next = timeline->onsets_before[place + 1];
    note_set rest = timeline->set[place] & ~follow->sent;
    if (rest) {
        ahead.slots = 1;
        ahead.weight[known++] = weight_of(follow, rest, x);
    }
    for (; next < timeline->notes && timeline->onset[next] - place < TIMELINE_GAP; next++) {
        ahead.slots |= UINT64_C(1) << (timeline->onset[next] - place);
        if (known < CORRECT_AHEAD)
            ahead.weight[known++] = weight_of(follow, timeline->set[timeline->onset[next]], x);
    }
    return ahead;
}
