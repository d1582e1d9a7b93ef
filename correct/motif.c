/* Places are found in blocks, by one loop over bytes that vectors serve. */
#include "correct/motif.h"

#include "correct/noteset.h"

#include <stdbool.h>
#include <string.h>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

enum { BLOCK = 32 };

static const float nearness = 128, phase_weight = 2, doubt = .5f, least_share = .12f;

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

/* Which of n notes, at most BLOCK, may vote: as bits. A byte a note, for vectors. */
static inline uint32_t match(const uint8_t *restrict p, const uint8_t *restrict place, size_t n,
                             const struct motif_context *context)
{
    const uint8_t last = context->pitch[0], interval = (uint8_t)(last - context->pitch[1]);
    const uint8_t now = context->place & MOTIF_TOGETHER;
    uint8_t found[BLOCK] = {0};
    uint32_t bits = 0;
    for (size_t i = 0; i < n; i++) {
        uint8_t same = p[(ptrdiff_t)i - 1] == last ? 255 : 0;
        uint8_t moved = (uint8_t)(p[(ptrdiff_t)i - 1] - p[(ptrdiff_t)i - 2]) == interval ? 255 : 0;
        uint8_t alike = (place[i] & MOTIF_TOGETHER) == now ? 255 : 0;
        found[i] = (uint8_t)((same | moved) & alike);
    }
#ifdef __SSE2__
    for (int i = 0; i < BLOCK; i += 16)
        bits |= (uint32_t)_mm_movemask_epi8(_mm_loadu_si128((const void *)(found + i))) << i;
#else
    for (int i = 0; i < BLOCK; i++)
        bits |= (uint32_t)(found[i] & 1) << i;
#endif
    return bits;
}

/* Asks the notes of from .. to - 1 nearest to `now`, which is not among them. */
static void ask_all(const struct motif_notes *notes, size_t from, size_t to, size_t now,
                    const struct motif_context *context, struct count *count)
{
    const bool before = to <= now;
    size_t left = MOTIF_PLACES;
    for (size_t done = 0; from + done < to && left > 0; done += BLOCK) {
        size_t n = to - from - done < BLOCK ? to - from - done : BLOCK;
        size_t first = before ? to - done - n : from + done;
        const uint8_t *pitch = notes->pitch + first, *place = notes->place + first;
        uint32_t found =
            n == BLOCK ? match(pitch, place, BLOCK, context) : match(pitch, place, n, context);
        for (; found && left > 0; left--) {
            int at = before ? 31 - __builtin_clz(found) : __builtin_ctz(found);
            found &= ~((uint32_t)1 << at);
            ask(notes, first + (size_t)at, now, context, count);
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
