/* Beginnings, jumps, and how a player who is elsewhere is found. */
#include "follow/belief.h"

#include <math.h>
#include <string.h>

enum { MOST_BEGINNINGS = 4096 };

/* A hypothesis to jump to, with nothing known of time but a tempo. */
static struct hypothesis arrival(const struct follow *follow, float tempo, unsigned steps)
{
    struct hypothesis to = {.tempo = tempo, .steps = (uint8_t)steps, .since = follow->seconds};
    return to;
}

static void begin_at(struct follow *follow, uint32_t position, int shift, float weight)
{
    const struct pieces *pieces = follow->pieces;
    const struct pieces_piece *piece = &pieces->piece[pieces->piece_of[position]];
    struct hypothesis to = arrival(follow, 0, 0);
    float one = (float)follow_constants.one_hand_share;
    for (int hands = 0; hands < (piece->hands ? HANDS : 1); hands++) {
        uint32_t at = position;
        if (!pieces->notes[hands][at])
            at = pieces->next[hands][at];
        if (at >= pieces->onsets || (at != position && position != piece->first))
            continue;
        float w = weight * (hands == HANDS_BOTH ? 1 : one);
        explain_onset(follow, &to, at, at, shift, hands, 0, EXPLAIN_JUMP, w);
        float extra = w * (float)follow_constants.extra * follow->any_key;
        follow->as_played += extra;
        belief_add(follow, &to, at, shift, hands, EXPLAIN_JUMP, at, 0, -1, extra);
    }
}

void jump_begin(struct follow *follow)
{
    const struct pieces *pieces = follow->pieces;
    const struct follow_constants *c = &follow_constants;
    if (!pieces->count)
        return;
    float begin = (float)c->begin_share / (float)pieces->count;
    for (uint32_t k = 0; k < pieces->count && k < MOST_BEGINNINGS; k++)
        begin_at(follow, pieces->piece[k].first, 0, begin);
    bool other_keys = follow->trust >= FOLLOW_TELLING && pieces->count <= 32;
    for (int shift = -BELIEF_SHIFT; shift <= BELIEF_SHIFT && other_keys; shift++)
        if (shift != 0 && (shift % 12 == 0 || (shift >= -12 && shift <= 12)))
            for (uint32_t k = 0; k < pieces->count; k++)
                begin_at(follow, pieces->piece[k].first, shift, begin * (float)c->transposed_share);
    if (pieces->onsets <= MOST_BEGINNINGS)
        for (uint32_t i = 0; i < pieces->onsets; i++)
            begin_at(follow, i, 0, (1 - (float)c->begin_share) / (float)pieces->onsets);
}

/* Players go back more often than forward, and not far: what decides among equal passages. */
static float nearness(const struct pieces *pieces, uint32_t here, uint32_t at)
{
    float all = (float)pieces->piece[pieces->piece_of[at]].onsets;
    return at <= here ? 1.5f - .5f * (float)(here - at) / all
                      : .5f - .2f * (float)(at - here) / all;
}

/* Onsets of the believed piece where key x, or one beside it, is written. */
static void jump_to_pitches(struct follow *follow, const struct hypothesis *to, uint32_t piece,
                            int shift, float each, float least)
{
    const struct pieces *pieces = follow->pieces;
    uint32_t here = follow->now[0].position;
    uint32_t looks = 0;
    static const int off[] = {0, -1, 1, -2, 2};
    for (int d = 0; d < 5; d++) {
        int pitch = follow->x - shift - off[d];
        float likely = each * follow->likely[off[d] + SLIP_RANGE];
        if (pitch < 0 || pitch > 127 || pitch + shift < 0 || pitch + shift > 127 || likely < least)
            continue;
        const uint32_t *first = &pieces->by_pitch_first[piece * 128 + (uint32_t)pitch];
        for (uint32_t q = first[0]; q < first[1] && looks < FOLLOW_LOOKS; q++, looks++) {
            uint32_t at = pieces->by_pitch[q], k = 0;
            while (pieces->pitch[pieces->first[at] + k] != pitch)
                k++;
            float w = likely * nearness(pieces, here, at) /
                      (float)(pieces->first[at + 1] - pieces->first[at]);
            follow->vote[pitch + shift] +=
                w * follow->voted[off[d] + SLIP_RANGE] / follow->likely[off[d] + SLIP_RANGE];
            belief_add(follow, to, at, shift, HANDS_BOTH, EXPLAIN_JUMP, at, 1u << k, pitch + shift,
                       w);
        }
    }
}

/* Where the key says little: to the beginnings of the believed piece's bars. */
static void jump_to_bars(struct follow *follow, const struct hypothesis *to, uint32_t piece,
                         int shift, float all, float least)
{
    const struct pieces *pieces = follow->pieces;
    uint32_t first = pieces->bar_first[piece], count = pieces->bar_first[piece + 1] - first;
    float each = all / (float)count;
    if (each < least)
        return;
    if (count > FOLLOW_LOOKS)
        count = FOLLOW_LOOKS;
    for (uint32_t b = 0; b < count; b++)
        explain_onset(follow, to, pieces->bar[first + b], pieces->bar[first + b], shift, HANDS_BOTH,
                      0, EXPLAIN_JUMP, each);
}

void jump_anywhere(struct follow *follow, float believed)
{
    const struct pieces *pieces = follow->pieces;
    const struct follow_constants *c = &follow_constants;
    if (follow->count == 0)
        return;
    const struct hypothesis *likely = &follow->now[0];
    const struct pieces_piece *piece = &pieces->piece[pieces->piece_of[likely->position]];
    float source = (follow->away * (float)c->enter + believed * (float)c->leave) * follow->time.any;
    float least = (float)c->prune * (follow->next_away + follow->sum);
    struct hypothesis to = arrival(follow, likely->tempo, likely->steps < 4 ? likely->steps : 4);
    float begin = .5f * (float)c->begin_share * source;
    if (begin > least) {
        uint32_t at = piece->first;
        explain_onset(follow, &to, at, at, likely->shift, HANDS_BOTH, 0, EXPLAIN_JUMP, begin);
    }
    float rest = source * (1 - .5f * (float)c->begin_share), each = rest / (float)piece->onsets;
    if (follow->trust < FOLLOW_TELLING)
        jump_to_bars(follow, &to, pieces->piece_of[likely->position], likely->shift, rest, least);
    else if (each > least)
        jump_to_pitches(follow, &to, pieces->piece_of[likely->position], likely->shift, each,
                        least);
}

static const struct group *group_ago(const struct follow *follow, uint32_t ago)
{
    return &follow->group[(follow->groups - 1 - ago) % PIECES_LINE];
}

/* The logarithm of a player's note being right, of an onset of so many notes; and being wrong. */
static float log_right(const struct follow *follow, uint32_t notes)
{
    return logf((float)(1 - follow->slip.wrong) / (float)notes);
}

static float log_wrong(const struct follow *follow)
{
    return logf((float)follow->slip.wrong * .02f);
}

/* How the last groups are explained by the onsets up to a position, in nats. */
static float line_evidence(const struct follow *follow, uint32_t position, int shift)
{
    const struct pieces *pieces = follow->pieces;
    float evidence = 0;
    for (uint32_t ago = 0; ago < PIECES_LINE; ago++) {
        const struct group *group = group_ago(follow, ago);
        uint32_t at = position - ago, n = pieces->first[at + 1] - pieces->first[at];
        for (uint32_t g = 0; g < group->count; g++) {
            bool there = false;
            for (uint32_t k = 0; k < n; k++)
                there |= pieces->pitch[pieces->first[at] + k] + shift == group->x[g];
            evidence += there ? log_right(follow, n) : log_wrong(follow);
        }
    }
    return evidence;
}

/* From the group before to a group. */
static float seconds_before(const struct follow *follow, uint32_t ago)
{
    return (float)(group_ago(follow, ago)->seconds - group_ago(follow, ago + 1)->seconds);
}

/* Of the last groups, if they are the onsets up to that position. */
static float line_tempo(const struct follow *follow, uint32_t position)
{
    const double *time = &follow->pieces->time[position];
    double passed = group_ago(follow, 0)->seconds - group_ago(follow, PIECES_LINE - 1)->seconds;
    return (float)(passed / (*time - *(time - (PIECES_LINE - 1))));
}

/* How much better than at any times the groups fit in time, in nats. */
static float line_time(const struct follow *follow, uint32_t position)
{
    const double *time = &follow->pieces->time[position];
    float tempo = line_tempo(follow, position), evidence = 0;
    for (uint32_t ago = 0; ago + 1 < PIECES_LINE; ago++, time--)
        evidence += logf(
            timing_step(&follow->even, seconds_before(follow, ago), *time - *(time - 1), tempo) /
            timing_since(seconds_before(follow, ago)).any);
    return evidence;
}

/* The last groups together: as elsewhere and as they were expected explain them, and what a line
 * of notes must reach, to be gone to from the believed place; in nats. */
struct line_groups {
    float elsewhere, believed, needed;
    bool reachable; /* the best line would reach that */
};

static const float least_arrival = 1e-3f; /* weight */

/* Of each position, where a line of notes leads. */
static float line_share(const struct follow *follow)
{
    return .9f / (float)follow->pieces->onsets;
}

static struct line_groups sum_groups(const struct follow *follow)
{
    struct line_groups sum = {0};
    float notes = 0, times = 0;
    for (uint32_t ago = 0; ago < PIECES_LINE; ago++) {
        const struct group *group = group_ago(follow, ago);
        sum.elsewhere += group->log_elsewhere;
        sum.believed += group->log_believed;
        notes += (float)group->count * log_right(follow, group->count);
        if (ago + 1 < PIECES_LINE)
            times += logf(timing_most(&follow->even, seconds_before(follow, ago)) /
                          timing_since(seconds_before(follow, ago)).any);
    }
    sum.needed = logf(least_arrival / (line_share(follow) * (float)follow_constants.leave)) +
                 sum.believed - times;
    sum.reachable = !follow->lattice && fminf(follow->trust, 1) * notes > sum.needed;
    return sum;
}

/* The weight of a player's being at a position, by the line of notes that ends there. */
static float line_weight(const struct follow *follow, const struct line_groups *groups,
                         uint32_t position, int shift)
{
    static const float most_gained = 100;
    const struct follow_constants *c = &follow_constants;
    float each = line_share(follow), chance = shift ? .1f / 24 : 1, piece = 0;
    float evidence = line_evidence(follow, position, shift);
    float trusted = fminf(follow->trust, 1) * evidence;
    float away =
        follow->away * (float)c->enter_line * expf(fminf(evidence - groups->elsewhere, 20));
    if (groups->reachable && trusted > groups->needed)
        piece = (float)c->leave *
                expf(fminf(trusted + line_time(follow, position) - groups->believed, 20));
    return chance * (fminf(each * away, most_gained * follow->away) + fminf(each * piece, 1));
}

/* A hypothesis for the player to be there since the last group, all its notes struck. */
static void arrive(struct follow *follow, uint32_t position, int shift, float weight, float tempo)
{
    if (follow->count == BELIEF_HELD)
        return;
    struct hypothesis *to = &follow->now[follow->count++];
    *to = (struct hypothesis){.position = position,
                              .shift = (int8_t)shift,
                              .steps = 3,
                              .weight = weight,
                              .tempo = tempo,
                              .since = group_ago(follow, 0)->seconds};
    memset(to->struck, 0xff, sizeof to->struck);
    if (follow->lattice)
        lattice_arrive(follow->lattice, to);
}

/* Where the last onsets' highest or lowest notes occur as they were played, in any
 * transposition: hypotheses for the player to be there already, who was elsewhere or, live, is
 * believed where they fit far worse; a whole take tells that by what follows. */
void jump_by_line(struct follow *follow)
{
    const struct pieces *pieces = follow->pieces;
    if (follow->groups < PIECES_LINE || !pieces->onsets || follow->trust < FOLLOW_TELLING)
        return;
    struct line_groups groups = sum_groups(follow);
    if (follow->away < .01f && !groups.reachable)
        return;
    uint8_t line[PIECES_LINE];
    uint32_t looks = 0;
    for (int low = 0; low < 2; low++) {
        for (uint32_t i = 0; i < PIECES_LINE; i++) {
            const struct group *group = group_ago(follow, PIECES_LINE - 1 - i);
            line[i] = low ? group->lowest : group->highest;
        }
        uint32_t bucket = pieces_bucket(pieces, line, low);
        uint32_t begin = pieces->line_first[bucket], end = pieces->line_first[bucket + 1];
        for (uint32_t q = begin; q < end && looks < FOLLOW_LOOKS; q++, looks++) {
            uint32_t at = pieces->line[q];
            int pitch = pieces->pitch[low ? pieces->first[at] : pieces->first[at + 1] - 1];
            int shift = line[PIECES_LINE - 1] - pitch;
            if (shift < -BELIEF_SHIFT || shift > BELIEF_SHIFT)
                continue;
            float weight = line_weight(follow, &groups, at, shift);
            if (weight > least_arrival)
                arrive(follow, at, shift, weight, line_tempo(follow, at));
        }
    }
}

/* Where keys say little: hypotheses for the player to be where the rhythm of all that was struck
 * fits far better than at the likeliest place; of one hand alone it has no account. */
void jump_by_rhythm(struct follow *follow)
{
    static const float nearly = 6, most = 4; /* nats: weights looked at, and at most, of its own */
    const float needed = (float)follow_constants.rhythm_gain;
    struct rhythm_found found[RHYTHM_FOUND];
    if (!follow->count || follow->trust >= FOLLOW_TELLING ||
        follow->rhythm_groups < follow->groups || follow->now[0].hands != HANDS_BOTH)
        return;
    uint32_t held = follow->count;
    float believed = follow->now[0].weight;
    const struct group *last = group_ago(follow, 0);
    uint32_t count =
        rhythm_find(follow->rhythm, last->count, follow->now[0].position, needed - nearly, found);
    for (uint32_t k = 0; k < count && follow->count < BELIEF_HELD; k++) {
        bool there = false;
        for (uint32_t i = 0; i < held; i++)
            there = there || follow->now[i].position == found[k].position;
        if (!there)
            arrive(follow, found[k].position, 0,
                   believed * expf(fminf(found[k].gain - needed, most)), found[k].tempo);
    }
}
