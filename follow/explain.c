/* How a note came about, if the player was where a hypothesis says. */
#include "follow/belief.h"

#include <math.h>
#include <string.h>

static const float worth_steps = .01f;     /* weight below which steps back are not looked for */
static const float worth_switches = 1e-3f; /* ... and other hands, octaves, turns */

static bool keys_tell(const struct follow *follow)
{
    return follow->trust >= FOLLOW_TELLING;
}

void belief_add(struct follow *follow, const struct hypothesis *from, uint32_t position, int shift,
                int hands, enum explanation how, uint32_t onset, uint32_t note, int y, float weight)
{
    if (!(weight > follow->least))
        return;
    uint32_t struck[BELIEF_ONSETS], steps = position - from->position;
    follow->explained[how] += weight;
    if (how == EXPLAIN_STEP || how == EXPLAIN_SKIP) {
        for (uint32_t m = BELIEF_ONSETS; m-- > 0;)
            struck[m] = m >= steps ? from->struck[m - steps] : 0;
        struck[0] = note;
    } else if (how == EXPLAIN_JUMP) {
        memset(struck, 0xff, sizeof struck);
        struck[0] = note;
    } else {
        memcpy(struck, from->struck, sizeof struck);
        struck[position - onset] |= note;
    }
    uint32_t key = ((position * 64 + (uint32_t)(shift + 32)) * 8 + (uint32_t)hands) * 0x9e3779b1u;
    key = (key ^ struck[0]) * 0x85ebca6bu;
    uint32_t at = key >> 19;
    struct hypothesis *to;
    for (;; at = (at + 1) % BELIEF_BUCKETS) {
        uint16_t index = follow->bucket[at];
        if (!index) {
            if (follow->next_count == BELIEF_ROOM)
                return;
            to = &follow->next[follow->next_count++];
            follow->bucket[at] = (uint16_t)follow->next_count;
            follow->filled[follow->next_count - 1] = (uint16_t)at;
            to->weight = to->best = 0;
            break;
        }
        to = &follow->next[index - 1];
        if (to->position == position && to->shift == shift && to->hands == hands &&
            to->struck[0] == struck[0])
            break;
    }
    if (follow->lattice)
        lattice_explain(follow->lattice, follow, from, (uint32_t)(to - follow->next), how, y,
                        weight);
    float sum = to->weight + weight;
    follow->sum += weight;
    if (weight > to->best) {
        *to = *from;
        to->best = weight;
        to->position = position;
        to->shift = (int8_t)shift;
        to->hands = (uint8_t)hands;
        memcpy(to->struck, struck, sizeof struck);
        if (how == EXPLAIN_STEP || how == EXPLAIN_SKIP) {
            const double *time = follow->pieces->time;
            double quarters = time[position] - time[from->position];
            float passed = (float)(follow->seconds - from->since);
            to->off_time = timing_off(from->tempo, quarters, passed);
            to->tempo = timing_follow(from->tempo, from->steps, quarters, passed);
            to->steps = from->steps < 200 ? from->steps + 1 : from->steps;
        }
        if (how == EXPLAIN_JUMP && to->steps > 4)
            to->steps = 4;
        if (how == EXPLAIN_STEP || how == EXPLAIN_SKIP || how == EXPLAIN_JUMP)
            to->since = follow->seconds;
    }
    to->weight = sum;
}

/* In which order the missing notes of an onset come: where keys say nothing, from low to high. */
struct order {
    float any, lowest_first, highest_first; /* shares */
    uint32_t lowest, highest;               /* bits */
    int count;
};

static struct order order_of(const struct follow *follow, uint32_t missing)
{
    float trust = fminf(follow->trust, 1);
    struct order order = {.count = __builtin_popcount(missing),
                          .lowest_first = 1 - trust + follow->low * trust,
                          .highest_first = follow->high * trust,
                          .lowest = missing & -missing,
                          .highest = 0x80000000u >> __builtin_clz(missing)};
    order.any = (1 - order.lowest_first - order.highest_first) / (float)order.count;
    return order;
}

/* Takes down what would be learned of the player if this explanation were right. */
static void observe(struct follow *follow, const struct order *order, float low, float high,
                    float share, int off, float weight)
{
    if (order->count > 1) {
        follow->ordered += weight;
        follow->ordered_low += weight * low / share;
        follow->ordered_high += weight * high / share;
    }
    if (off == 0)
        follow->right_weight += weight;
    else if (off >= -SLIP_RANGE && off <= SLIP_RANGE &&
             follow->key.probability[off + SLIP_RANGE] > 0)
        for (int way = 0; way < SLIP_WAYS; way++)
            follow->wrong_weight[way] += weight * follow->key.way[way][off + SLIP_RANGE] /
                                         follow->key.probability[off + SLIP_RANGE];
}

/* The key of a note, the pitch it means, and the octave and hands in which it leaves the player. */
struct aim {
    int key, y, shift, hands;
    float share;
};

/* Hands that play an octave apart are wrong, hands that lie an octave off together are not. */
static struct aim aim_at(const struct follow *follow, uint32_t onset, uint32_t bit, int written,
                         int shift, int hands)
{
    uint32_t *const *notes = follow->pieces->notes;
    int hand = notes[HANDS_RIGHT][onset] & bit ? HANDS_RIGHT : HANDS_LEFT;
    struct aim aim = {.y = written, .shift = shift, .hands = hands, .share = 1};
    bool apart = hands >= HANDS_APART;
    aim.key = apart && hands != hands_apart(hand) ? written : written + shift;
    if (!apart)
        aim.y = aim.key;
    if (follow->x != written || aim.key == written || shift % 12 != 0 || hands == HANDS_RIGHT ||
        hands == HANDS_LEFT || !keys_tell(follow))
        return aim;
    aim.key = aim.y = written;
    aim.share = (float)follow_constants.hand_apart;
    aim.hands = apart ? HANDS_BOTH : hands_apart(HANDS_RIGHT + HANDS_LEFT - hand);
    aim.shift = apart ? 0 : shift;
    return aim;
}

/* Of a note that is in doubt: how much likelier a key beside it is if that key is what is meant,
 * than as a miss of the note. Either the note of the piece was a miss when it was learned, or this
 * key is one now, and both miss in the same ways. */
static float other_note(const struct follow *follow, float doubt)
{
    return doubt * (float)((1 - follow->slip.wrong) / follow->slip.wrong);
}

/* The key itself is what is meant in the place of a note. */
static void explain_other(struct follow *follow, const struct hypothesis *from, uint32_t onset,
                          uint32_t position, const struct aim *aim, enum explanation how,
                          uint32_t bit, float weight)
{
    follow->ratio = 1;
    follow->as_played += weight;
    belief_add(follow, from, position, aim->shift, aim->hands, how, onset, bit, -1, weight);
}

void explain_onset(struct follow *follow, const struct hypothesis *from, uint32_t onset,
                   uint32_t position, int shift, int hands, uint32_t struck, enum explanation how,
                   float weight)
{
    const struct follow_constants *c = &follow_constants;
    const struct pieces *pieces = follow->pieces;
    const uint8_t *pitch = &pieces->pitch[pieces->first[onset]];
    uint32_t missing = pieces->notes[hands_playing(hands)][onset] & ~struck;
    if (!missing || !(weight > follow->least))
        return;
    struct order order = {0};
    weight *= (float)(1 - c->extra);
    for (uint32_t rest = missing; rest; rest &= rest - 1) {
        uint32_t bit = rest & -rest;
        struct aim aim = aim_at(follow, onset, bit, pitch[__builtin_ctz(rest)], shift, hands);
        int off = follow->x - aim.key;
        bool near = off >= -SLIP_RANGE && off <= SLIP_RANGE;
        float likely = near ? follow->likely[off + SLIP_RANGE] : follow->likely_beyond;
        float voted = near ? follow->voted[off + SLIP_RANGE] : follow->voted_beyond;
        if (!(weight * (voted > likely ? voted : likely) > follow->least) || aim.y < 0 ||
            aim.y > 127)
            continue;
        if (!order.count)
            order = order_of(follow, missing);
        float low = bit == order.lowest ? order.lowest_first : 0;
        float high = bit == order.highest ? order.highest_first : 0;
        float share = order.any + low + high;
        if (!(share > 0))
            continue;
        observe(follow, &order, low, high, share, off, weight * share * likely);
        share *= aim.share;
        float doubt = pieces->doubt[pieces->first[onset] + (uint32_t)__builtin_ctz(bit)];
        if (doubt > 0 && keys_tell(follow)) {
            if (off != 0 && near)
                explain_other(follow, from, onset, position, &aim, how, bit,
                              weight * share * likely * other_note(follow, doubt));
            share *= 1 - doubt;
        }
        follow->vote[aim.y] += weight * share * voted;
        follow->ratio = likely > 0 ? voted / likely : 0;
        belief_add(follow, from, position, aim.shift, aim.hands, how, onset, bit, aim.y,
                   weight * share * likely);
    }
    follow->ratio = 1;
    if (keys_tell(follow) && edition_knows(follow, onset, follow->x - shift)) {
        float own =
            weight * order_of(follow, missing).any * follow->likely[SLIP_RANGE] * (float)c->edition;
        follow->as_played += own;
        belief_add(follow, from, position, shift, hands, how, position, 0, -1, own);
    }
}

/* How likely a key is in an ornament of the onset: its notes once more, and those beside. */
static float near_notes(const struct follow *follow, const struct hypothesis *from)
{
    static const float same = .3f, beside = .15f; /* two keys on each side */
    const struct pieces *pieces = follow->pieces;
    uint32_t notes = pieces->notes[hands_playing(from->hands)][from->position];
    const uint8_t *pitch = &pieces->pitch[pieces->first[from->position]];
    float sum = 0, count = (float)__builtin_popcount(notes);
    for (; notes; notes &= notes - 1) {
        int off = follow->x - (pitch[__builtin_ctz(notes)] + from->shift);
        sum += off == 0 ? same : off >= -2 && off <= 2 ? beside : 0;
    }
    return sum / count;
}

static bool has(const struct pieces *pieces, uint32_t position, int pitch)
{
    for (uint32_t k = pieces->first[position]; k < pieces->first[position + 1]; k++)
        if (pieces->pitch[k] == pitch)
            return true;
    return false;
}

/* Trills and turns that are written out are played in other ways too: begun with another of their
 * notes, with more or fewer of them. Whether the key is a note of the fast onsets around. */
static bool is_turned(const struct follow *follow, const struct hypothesis *from)
{
    enum { BEFORE = 2, BEHIND = 3 };
    const struct pieces *pieces = follow->pieces;
    uint32_t here = from->position, begin = pieces->piece[pieces->piece_of[here]].first;
    uint32_t last = pieces_end(pieces, here) - 1;
    uint32_t at = here >= begin + BEFORE ? here - BEFORE : begin;
    for (; from->tempo > 0 && at <= last && at <= here + BEHIND; at++) {
        double reach = follow_constants.trill_reach * fabs((double)at - here);
        double seconds = fabs(pieces->time[at] - pieces->time[here]) * (double)from->tempo;
        if (at != here && seconds <= reach && has(pieces, at, follow->x - from->shift))
            return true;
    }
    return false;
}

static void as_played(struct follow *follow, const struct hypothesis *from, enum explanation how,
                      float weight)
{
    follow->as_played += weight;
    belief_add(follow, from, from->position, from->shift, from->hands, how, from->position, 0, -1,
               weight);
}

/* A second key brushed beside one that is struck, at once with it, one of two on each side: that
 * note is meant, unless keys are trusted beyond the evidence. */
static void explain_brush(struct follow *follow, const struct hypothesis *from, float weight)
{
    const struct pieces *pieces = follow->pieces;
    uint32_t here = from->position, notes = pieces->notes[hands_playing(from->hands)][here];
    float each = weight / (float)__builtin_popcount(notes);
    for (; notes; notes &= notes - 1) {
        int y = pieces->pitch[pieces->first[here] + (uint32_t)__builtin_ctz(notes)] + from->shift;
        int off = follow->x - y;
        bool beside = off != 0 && off >= -2 && off <= 2;
        float its = each * (beside ? follow->beside_key : follow->far_key);
        if (!(its > follow->least) || y < 0 || y > 127)
            continue;
        float likely = beside ? follow->likely[off + SLIP_RANGE] : 0;
        follow->ratio = likely > 0 ? follow->voted[off + SLIP_RANGE] / likely : 1;
        follow->vote[y] += its * follow->ratio;
        belief_add(follow, from, here, from->shift, from->hands, EXPLAIN_EXTRA, here, 0, y, its);
    }
    follow->ratio = 1;
}

/* In the octave or key in which the key struck is a note of the next onset. */
static void explain_other_keys(struct follow *follow, const struct hypothesis *from, uint32_t to,
                               float weight)
{
    const struct follow_constants *c = &follow_constants;
    const struct pieces *pieces = follow->pieces;
    for (uint32_t k = pieces->first[to]; k < pieces->first[to + 1]; k++) {
        int shift = follow->x - pieces->pitch[k];
        float w =
            weight * (float)((shift - from->shift) % 12 == 0 ? c->switch_octave : c->switch_key);
        if (shift != from->shift && shift >= -BELIEF_SHIFT && shift <= BELIEF_SHIFT)
            explain_onset(follow, from, to, to, shift, from->hands, 0, EXPLAIN_STEP, w);
    }
}

/* Other hands, other octaves, and where the policy would go on. */
static void explain_switches(struct follow *follow, const struct hypothesis *from, float go,
                             float passed)
{
    const struct follow_constants *c = &follow_constants;
    const struct pieces *pieces = follow->pieces;
    const double *time = pieces->time;
    uint32_t here = from->position;
    for (int hands = 0; hands < HANDS; hands++) {
        uint32_t to = pieces->next[hands][here];
        if (hands != from->hands && to < pieces->onsets &&
            pieces->piece[pieces->piece_of[here]].hands)
            explain_onset(
                follow, from, to, to, from->shift, hands, 0, EXPLAIN_STEP,
                go * (float)c->switch_hand *
                    timing_step(&follow->even, passed, time[to] - time[here], from->tempo));
    }
    uint32_t to = pieces->next[hands_playing(from->hands)][here];
    if (to < pieces->onsets && keys_tell(follow))
        explain_other_keys(
            follow, from, to,
            go * timing_step(&follow->even, passed, time[to] - time[here], from->tempo));
    for (uint32_t t = pieces->turn_first[here]; t < pieces->turn_first[here + 1]; t++) {
        uint32_t end = pieces_end(pieces, here);
        double due = here + 1 < end ? time[here + 1] - time[here] : 1;
        explain_onset(follow, from, pieces->turn[t].position, pieces->turn[t].position, from->shift,
                      HANDS_BOTH, 0, EXPLAIN_JUMP,
                      go * (float)c->turn * pieces->turn[t].probability *
                          timing_step(&follow->even, passed, due, from->tempo));
    }
}

static void explain_steps(struct follow *follow, const struct hypothesis *from, float go,
                          float passed, float *first)
{
    const struct follow_constants *c = &follow_constants;
    const struct pieces *pieces = follow->pieces;
    const float skip[BELIEF_AHEAD] = {
        (float)(1 - c->skip_one - c->skip_two - c->skip_three - c->back), (float)c->skip_one,
        (float)c->skip_two, (float)c->skip_three};
    uint32_t to = from->position;
    float most = timing_most(&follow->even, passed);
    *first = 0;
    for (int k = 0; k < BELIEF_AHEAD; k++) {
        to = pieces->next[hands_playing(from->hands)][to];
        if (to >= pieces->onsets || (k && !(go * skip[k] * most > follow->least)))
            break;
        float weight = go * skip[k] *
                       timing_step(&follow->even, passed,
                                   pieces->time[to] - pieces->time[from->position], from->tempo);
        explain_onset(follow, from, to, to, from->shift, from->hands, 0,
                      k ? EXPLAIN_SKIP : EXPLAIN_STEP, weight);
        if (k == 0)
            *first = weight;
    }
}

/* Steps back: players who stumble go back a little. */
static void explain_back(struct follow *follow, const struct hypothesis *from, float go)
{
    const struct follow_constants *c = &follow_constants;
    const struct pieces *pieces = follow->pieces;
    uint32_t here = from->position, begin = pieces->piece[pieces->piece_of[here]].first;
    float weight = go * (float)c->back * follow->time.any / (float)c->back_length;
    float farther = expf(-1 / (float)c->back_length);
    for (uint32_t k = 0; k < BELIEF_BACK && here >= begin + k; k++) {
        explain_onset(follow, from, here - k, here - k, from->shift, from->hands, 0, EXPLAIN_JUMP,
                      weight);
        weight *= farther;
    }
}

void explain(struct follow *follow, const struct hypothesis *from)
{
    const struct follow_constants *c = &follow_constants;
    const struct pieces *pieces = follow->pieces;
    const struct timing *time = &follow->time;
    uint32_t here = from->position, begin = pieces->piece[pieces->piece_of[here]].first;
    float passed = (float)(follow->seconds - from->since), w = from->weight;
    bool missing = pieces->notes[hands_playing(from->hands)][here] & ~from->struck[0];
    float stay = (float)(missing ? c->stay_missing : c->stay_complete);
    float chord = w * stay * time->chord;
    explain_onset(follow, from, here, here, from->shift, from->hands, from->struck[0],
                  EXPLAIN_CHORD, chord);
    float late = w * (float)c->late * expf(-passed / (float)c->late_time) / (float)c->late_time;
    for (uint32_t m = 1; m < BELIEF_ONSETS && here >= begin + m; m++)
        explain_onset(follow, from, here - m, here, from->shift, from->hands, from->struck[m],
                      EXPLAIN_LATE, late);
    float near = near_notes(follow, from) + (is_turned(follow, from) ? (float)c->trill : 0);
    as_played(follow, from, EXPLAIN_AGAIN,
              w * (float)c->again * follow->extras *
                  powf(fmaxf(near, BELIEF_LEAST_KEY), fminf(follow->trust, 1)) * time->again);
    explain_brush(follow, from, w * (float)c->brush * time->brush);
    float go = w * (1 - stay) * (float)(1 - c->again - c->late - c->extra), next;
    explain_steps(follow, from, go, passed, &next);
    as_played(follow, from, EXPLAIN_EXTRA,
              follow->any_key * (float)c->extra * follow->extras *
                  ((missing ? chord : 0) + (float)c->extra_on_time * next + .3f * w * time->any));
    if (w > worth_steps)
        explain_back(follow, from, go);
    if (w > worth_switches)
        explain_switches(follow, from, go, passed);
}
