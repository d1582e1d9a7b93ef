/* One pass over the slots, with the truth and the take side by side, for sets;
 * one over the notes of the take, with a window of the truth around them, for
 * the rest. */
#include "measure/accuracy.h"

#include "correct/key.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

enum { KEY_WINDOW = 64 }; /* slots to either side */

static void set_add(uint64_t set[2], int pitch)
{
    set[pitch >> 6] |= UINT64_C(1) << (pitch & 63);
}

static bool set_equal(const uint64_t a[2], const uint64_t b[2])
{
    return a[0] == b[0] && a[1] == b[1];
}

static bool set_within(const uint64_t inner[2], const uint64_t outer[2])
{
    return (inner[0] & ~outer[0]) == 0 && (inner[1] & ~outer[1]) == 0;
}

static void count_set(struct accuracy_tally *tally, const uint64_t set[2], const uint64_t need[2],
                      const uint64_t may[2], const uint64_t truth[2], bool struck)
{
    tally->sets_right += struck && set_within(need, set) && set_within(set, may);
    tally->sets_same += set_equal(set, truth);
}

static void count_sets(struct accuracy *score, const struct take_note *truth, size_t truth_count,
                       const struct take_played *take, size_t count, const uint8_t *sent)
{
    size_t i = 0, j = 0;
    while (i < truth_count || j < count) {
        uint32_t slot = UINT32_MAX;
        if (i < truth_count)
            slot = take_slot(truth[i].position);
        if (j < count && take_slot(take[j].note.position) < slot)
            slot = take_slot(take[j].note.position);
        uint64_t meant[2] = {0}, need[2] = {0}, brushed[2] = {0}, played[2] = {0}, out[2] = {0};
        bool struck = false;
        for (; i < truth_count && take_slot(truth[i].position) == slot; i++)
            set_add(meant, truth[i].pitch);
        for (; j < count && take_slot(take[j].note.position) == slot; j++) {
            struck = true;
            set_add(played, take[j].note.pitch);
            set_add(out, sent[j]);
            if (take[j].truth >= 0)
                set_add(need, truth[take[j].truth].pitch);
            else if (take[j].brushed >= 0)
                set_add(brushed, truth[take[j].brushed].pitch);
        }
        uint64_t may[2] = {need[0] | meant[0] | brushed[0], need[1] | meant[1] | brushed[1]};
        count_set(&score->played, played, need, may, meant, struck);
        count_set(&score->sent, out, need, may, meant, struck);
        score->sets += struck;
        score->slots++;
    }
}

/* The truth around the note of the take being looked at. */
struct surroundings {
    const struct take_note *truth;
    size_t count;
    size_t window_from, window_to, struck_to; /* truth notes in the key window; those begun */
    double
        weight[12]; /* of the window: whole milliseconds, so that what is added can be taken away */
    double until[ACCURACY_PITCHES]; /* when the last note begun on a pitch ends */
    size_t owner[ACCURACY_PITCHES]; /* which note that is */
};

static double note_weight(const struct take_note *note)
{
    double milliseconds = fmin(fmax(note->duration, 0), 4) * 1000;
    return milliseconds < 1 ? 1 : floor(milliseconds);
}

static void surroundings_move(struct surroundings *around, const struct take_note *to)
{
    const struct take_note *truth = around->truth;
    for (; around->window_to < around->count &&
           truth[around->window_to].position <= to->position + KEY_WINDOW;
         around->window_to++)
        around->weight[truth[around->window_to].pitch % 12] +=
            note_weight(&truth[around->window_to]);
    for (; around->window_from < around->window_to &&
           truth[around->window_from].position < to->position - KEY_WINDOW;
         around->window_from++)
        around->weight[truth[around->window_from].pitch % 12] -=
            note_weight(&truth[around->window_from]);
    for (; around->struck_to < around->count && truth[around->struck_to].seconds <= to->seconds;
         around->struck_to++) {
        const struct take_note *note = &truth[around->struck_to];
        double end = note->seconds + note->duration;
        if (end >= around->until[note->pitch]) {
            around->until[note->pitch] = end;
            around->owner[note->pitch] = around->struck_to;
        }
    }
}

/* The truth's pitches in the slot or sounding, but for the note meant. */
static void neighbours(const struct surroundings *around, const struct take_played *played,
                       int pitch, uint64_t set[2])
{
    size_t own = played->truth >= 0 ? (size_t)played->truth : SIZE_MAX;
    uint32_t slot = take_slot(played->note.position);
    set[0] = set[1] = 0;
    for (int side = -1; side <= 1; side += 2) {
        int p = pitch + side;
        if (p >= 0 && p < ACCURACY_PITCHES && around->until[p] > played->note.seconds &&
            around->owner[p] != own)
            set_add(set, p);
    }
    /* The slot's notes lie within one slot of those begun by now. */
    size_t from = around->window_from;
    size_t low = from, high = around->window_to;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (take_slot(around->truth[middle].position) < slot)
            low = middle + 1;
        else
            high = middle;
    }
    for (; low < around->window_to && take_slot(around->truth[low].position) == slot; low++)
        if (low != own)
            set_add(set, around->truth[low].pitch);
}

static bool is_harmless(const struct surroundings *around, const struct take_played *played,
                        int pitch)
{
    uint64_t set[2], struck[2];
    take_slot_set(around->truth, around->count, take_slot(played->note.position), struck);
    if (take_set_has(struck, pitch))
        return true;
    neighbours(around, played, pitch, set);
    if (take_set_has(set, pitch - 1) || take_set_has(set, pitch + 1))
        return false;
    return key_pitch_classes(key_estimate(around->weight)) >> pitch % 12 & 1;
}

/* Counts one note as played or as sent; true when it is right. */
static bool count_note(struct accuracy_tally *tally, const struct surroundings *around,
                       const struct take_played *played, int pitch)
{
    bool right;
    if (played->truth >= 0) {
        right = pitch == around->truth[played->truth].pitch;
        tally->right += right;
        tally->pitches[pitch]++;
    } else {
        uint64_t struck[2];
        take_slot_set(around->truth, around->count, take_slot(played->note.position), struck);
        right = take_set_has(struck, pitch) ||
                (played->brushed >= 0 && pitch == around->truth[played->brushed].pitch);
        tally->added_right += right;
    }
    if (!right) {
        tally->off++;
        tally->harmless += is_harmless(around, played, pitch);
    }
    return right;
}

static void count_time(struct accuracy *score, uint64_t nanoseconds)
{
    uint64_t t = nanoseconds < UINT64_C(1) << 40 ? nanoseconds : (UINT64_C(1) << 40) - 1;
    unsigned bucket = (unsigned)t;
    if (t >= 64) {
        unsigned octave = 63 - (unsigned)__builtin_clzll(t) - 6;
        bucket = 64 * (octave + 1) + (unsigned)(t >> octave) - 64;
    }
    score->times[bucket]++;
    score->timed++;
    if (nanoseconds > score->longest)
        score->longest = nanoseconds;
}

static int check(const struct take_note *truth, size_t truth_count, const struct take_played *take,
                 size_t count, const uint8_t *sent, const uint8_t *reference, struct error *error)
{
    for (size_t i = 0; i < truth_count; i++)
        if (truth[i].pitch >= ACCURACY_PITCHES || !isfinite(truth[i].position) ||
            (i > 0 && truth[i].position < truth[i - 1].position))
            return error_set(error, "note %zu of the truth: pitch out of range, or out of order",
                             i + 1);
    for (size_t j = 0; j < count; j++) {
        const struct take_played *p = &take[j];
        if (p->truth >= (int64_t)truth_count || p->brushed >= (int64_t)truth_count)
            return error_set(error, "note %zu of the take: no such note of the truth", j + 1);
        if (p->note.pitch >= ACCURACY_PITCHES || sent[j] >= ACCURACY_PITCHES ||
            (reference && reference[j] >= ACCURACY_PITCHES) || !isfinite(p->note.position) ||
            (j > 0 && p->note.position < take[j - 1].note.position))
            return error_set(error, "note %zu of the take: pitch out of range, or out of order",
                             j + 1);
    }
    return 0;
}

int accuracy_take(struct accuracy *score, const struct take_note *truth, size_t truth_count,
                  const struct take_played *take, size_t count, const uint8_t *sent,
                  const uint8_t *reference, const uint64_t *nanoseconds, struct error *error)
{
    if (check(truth, truth_count, take, count, sent, reference, error) != 0)
        return -1;
    struct surroundings around = {.truth = truth, .count = truth_count};
    for (int p = 0; p < ACCURACY_PITCHES; p++)
        around.until[p] = -INFINITY;
    count_sets(score, truth, truth_count, take, count, sent);
    score->files++;
    score->truth += truth_count;
    for (size_t j = 0; j < count; j++) {
        surroundings_move(&around, &take[j].note);
        bool before = count_note(&score->played, &around, &take[j], take[j].note.pitch);
        bool after = count_note(&score->sent, &around, &take[j], sent[j]);
        if (nanoseconds)
            count_time(score, nanoseconds[j]);
        if (take[j].truth < 0) {
            score->added++;
            continue;
        }
        score->meant++;
        score->repaired += !before && after;
        score->kept += before && after;
        score->truth_pitches[truth[take[j].truth].pitch]++;
        if (reference)
            score->reference_pitches[reference[j]]++;
    }
    return 0;
}

static void add_tally(struct accuracy_tally *total, const struct accuracy_tally *tally)
{
    total->right += tally->right;
    total->sets_right += tally->sets_right;
    total->sets_same += tally->sets_same;
    total->added_right += tally->added_right;
    total->off += tally->off;
    total->harmless += tally->harmless;
    for (int p = 0; p < ACCURACY_PITCHES; p++)
        total->pitches[p] += tally->pitches[p];
}

void accuracy_add(struct accuracy *total, const struct accuracy *score)
{
    total->files += score->files;
    total->truth += score->truth;
    total->meant += score->meant;
    total->added += score->added;
    total->sets += score->sets;
    total->slots += score->slots;
    add_tally(&total->played, &score->played);
    add_tally(&total->sent, &score->sent);
    total->repaired += score->repaired;
    total->kept += score->kept;
    for (int p = 0; p < ACCURACY_PITCHES; p++) {
        total->truth_pitches[p] += score->truth_pitches[p];
        total->reference_pitches[p] += score->reference_pitches[p];
    }
    total->timed += score->timed;
    if (score->longest > total->longest)
        total->longest = score->longest;
    for (int b = 0; b < ACCURACY_TIMES; b++)
        total->times[b] += score->times[b];
}

static double percent(uint64_t part, uint64_t whole)
{
    return whole > 0 ? 100 * (double)part / (double)whole : (double)NAN;
}

/* The time, in microseconds, that a share of the notes did not exceed. */
static double quantile(const struct accuracy *score, double share)
{
    if (score->timed == 0)
        return NAN;
    uint64_t below = 0, wanted = (uint64_t)ceil(share * (double)score->timed);
    int bucket = 0;
    while (bucket < ACCURACY_TIMES - 1 && (below += score->times[bucket]) < wanted)
        bucket++;
    if (bucket < 64)
        return bucket / 1e3;
    double width = ldexp(1, bucket / 64 - 1);
    double middle = (64 + bucket % 64 + 0.5) * width;
    return fmin(middle, (double)score->longest) / 1e3;
}

struct accuracy_figures accuracy_figures(const struct accuracy *score)
{
    const struct accuracy_tally *played = &score->played, *sent = &score->sent;
    uint64_t struck = score->meant + score->added;
    double wrong_played = (double)(score->meant - played->right);
    double wrong = (double)(score->meant - sent->right);
    double distance = wasserstein_distance(score->truth_pitches, sent->pitches);
    double reference = wasserstein_distance(score->truth_pitches, score->reference_pitches);
    return (struct accuracy_figures){
        .exact_played = percent(played->right, score->meant),
        .exact = percent(sent->right, score->meant),
        .sets_played = percent(played->sets_right, score->sets),
        .sets = percent(sent->sets_right, score->sets),
        .same_played = percent(played->sets_same, score->slots),
        .same = percent(sent->sets_same, score->slots),
        .repaired = percent(score->repaired, score->meant - played->right),
        .kept = percent(score->kept, played->right),
        .net_change = wrong_played > 0 ? 100 * (wrong - wrong_played) / wrong_played : (double)NAN,
        .added_played = percent(played->added_right, score->added),
        .added = percent(sent->added_right, score->added),
        .harmless_played = percent(struck - played->off + played->harmless, struck),
        .harmless = percent(struck - sent->off + sent->harmless, struck),
        .harmless_wrong = percent(sent->harmless, sent->off),
        .distance_played = wasserstein_distance(score->truth_pitches, played->pitches),
        .distance = distance,
        .improvement = wasserstein_improvement(reference, distance),
        .p50 = quantile(score, 0.5),
        .p99 = quantile(score, 0.99),
        .longest = score->timed > 0 ? (double)score->longest / 1e3 : (double)NAN,
    };
}
