/* Places are found in blocks, by one loop over bytes that vectors serve. */
#include "correct/motif.h"

#include "correct/noteset.h"

#include <string.h>

enum { BLOCK = 32 };

static const float nearness = 128, phase_weight = 2, doubt = .5f, least_share = .06f;

uint8_t motif_place(int64_t slot, uint32_t struck)
{
    return (uint8_t)((struck > 0 ? MOTIF_TOGETHER : 0) | (struck > 1 ? MOTIF_TOGETHER2 : 0) |
                     (int)(slot & 3) << 2);
}

void motif_hear(struct motif *motif, uint8_t pitch, uint8_t share, uint8_t place)
{
    if (motif->count == MOTIF_ROOM) {
        const uint32_t gone = MOTIF_ROOM - MOTIF_REACH;
        memmove(motif->pitch, motif->pitch + gone, MOTIF_REACH);
        memmove(motif->share, motif->share + gone, MOTIF_REACH);
        memmove(motif->place, motif->place + gone, MOTIF_REACH);
        motif->count = MOTIF_REACH;
    }
    uint32_t at = motif->count++;
    motif->pitch[at] = pitch;
    motif->share[at] = share;
    motif->place[at] = place;
}

void motif_revise(struct motif *motif, uint32_t age, uint8_t pitch, uint8_t share)
{
    if (age >= motif->count)
        return;
    motif->pitch[motif->count - 1 - age] = pitch;
    motif->share[motif->count - 1 - age] = share;
}

struct motif_notes motif_notes(const struct motif *motif)
{
    return (struct motif_notes){motif->pitch, motif->share, motif->place, motif->count};
}

/* Votes as they are being counted. */
struct count {
    float share[MOTIF_PLANES][128], sum[MOTIF_PLANES];
    note_set voted[MOTIF_PLANES];
};

static void cast(struct count *count, int plane, int pitch, float weight)
{
    note_set bit = note_set_bit((unsigned)pitch);
    float before = count->voted[plane] & bit ? count->share[plane][pitch] : 0;
    count->share[plane][pitch] = before + weight;
    count->voted[plane] |= bit;
    count->sum[plane] += weight;
}

/* The votes of note i of those looked through. */
static void ask(const struct motif_notes *notes, size_t i, size_t now,
                const struct motif_context *context, struct count *count)
{
    const uint8_t *p = notes->pitch + i, *was = context->pitch;
    size_t away = i < now ? now - i : i - now;
    uint8_t differs = notes->place[i] ^ context->place;
    float weight = (float)notes->share[i] * (1.f / 255) * nearness / (nearness + (float)away);
    if (!(differs & MOTIF_PHASE))
        weight *= phase_weight;
    bool alike = !(differs & MOTIF_TOGETHER2);
    if (p[-1] == was[0]) {
        cast(count, 0, p[0], weight);
        if (alike && p[-2] == was[1]) {
            cast(count, 1, p[0], weight);
            if (p[-3] == was[2])
                cast(count, 2, p[0], weight);
        }
    }
    int moved = p[0] - p[-1] + was[0];
    if (!alike || p[-1] - p[-2] != was[0] - was[1] || moved < 0 || moved > 127)
        return;
    cast(count, 3, moved, weight);
    if (p[-2] - p[-3] != was[1] - was[2])
        return;
    cast(count, 4, moved, weight);
    if (p[-3] - p[-4] == was[2] - was[3])
        cast(count, 5, moved, weight);
}

/* Which of the notes first .. first + n - 1 may vote: n at most BLOCK. */
static void match(const struct motif_notes *notes, size_t first, size_t n,
                  const struct motif_context *context, uint8_t found[BLOCK])
{
    const uint8_t *p = notes->pitch + first, *place = notes->place + first;
    uint8_t last = context->pitch[0], interval = (uint8_t)(last - context->pitch[1]);
    for (size_t i = 0; i < n; i++) {
        const uint8_t *at = p + i;
        uint8_t step = (uint8_t)(at[-1] - at[-2]);
        found[i] = (uint8_t)(((at[-1] == last) | (step == interval)) &
                             !((place[i] ^ context->place) & MOTIF_TOGETHER));
    }
}

/* Asks the notes of from .. to - 1 nearest to `now`, which is not among them. */
static void ask_all(const struct motif_notes *notes, size_t from, size_t to, size_t now,
                    const struct motif_context *context, struct count *count)
{
    size_t left = MOTIF_PLACES;
    for (size_t done = 0; from + done < to && left > 0; done += BLOCK) {
        uint8_t found[BLOCK];
        size_t n = to - from - done < BLOCK ? to - from - done : BLOCK;
        size_t first = to <= now ? to - done - n : from + done;
        match(notes, first, n, context, found);
        for (size_t i = 0; i < n && left > 0; i++) {
            size_t at = to <= now ? n - 1 - i : i;
            if (!found[at])
                continue;
            ask(notes, first + at, now, context, count);
            left--;
        }
    }
}

static void tell(const struct count *count, struct motif_votes *votes)
{
    for (int k = 0; k < MOTIF_PLANES; k++) {
        votes->count[k] = 0;
        for (note_set set = count->voted[k]; set; set &= set - 1) {
            unsigned pitch = note_set_lowest(set);
            float share = count->share[k][pitch] / (count->sum[k] + doubt);
            uint8_t *n = &votes->count[k];
            if (share < least_share || (*n == MOTIF_VOTED && share <= votes->share[k][*n - 1]))
                continue;
            int at = *n < MOTIF_VOTED ? (*n)++ : MOTIF_VOTED - 1;
            for (; at > 0 && votes->share[k][at - 1] < share; at--) {
                votes->share[k][at] = votes->share[k][at - 1];
                votes->pitch[k][at] = votes->pitch[k][at - 1];
            }
            votes->share[k][at] = share;
            votes->pitch[k][at] = (uint8_t)pitch;
        }
    }
}

void motif_vote(const struct motif_notes *notes, size_t now, const struct motif_context *context,
                struct motif_votes *votes)
{
    struct count count;
    memset(count.sum, 0, sizeof count.sum);
    memset(count.voted, 0, sizeof count.voted);
    size_t from = now > MOTIF_REACH + MOTIF_CONTEXT ? now - MOTIF_REACH : MOTIF_CONTEXT;
    if (from < now)
        ask_all(notes, from, now, now, context, &count);
    from = now + MOTIF_CONTEXT + 1;
    size_t to = notes->count < from + MOTIF_REACH ? notes->count : from + MOTIF_REACH;
    if (from < to)
        ask_all(notes, from, to, now, context, &count);
    tell(&count, votes);
}
