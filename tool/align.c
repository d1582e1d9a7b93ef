/* Hindsight about places, twins, passes, pairing. */
#include "tool/align.h"

#include <glib.h>
#include <math.h>
#include <stdlib.h>

enum {
    SAME_WAY = 2,    /* slots: places that far apart belong to one way through the piece */
    HINDSIGHT = 12,  /* notes until a jump has been noticed */
    SKIP = 4,        /* slots beyond the time that passed: the player left something out */
    NEAR_EDGE = 4,   /* slots from the ends of the piece that still count as the ends */
    LOST_RUN = 8,    /* notes on end at no place, of which few fit: played something else */
    LOST_SHARE = 3,  /* few: less than one in so many */
    REACH = 3,       /* slots that a note may be early or late */
    TWINS = 512,     /* places for a stretch of notes that the piece has several times */
    TWIN_LESS = 4,   /* by how much a twin may explain less on the way, if not in the end */
    SUBSTITUTE = 12, /* semitones */
};

static const double first_of_all = 0.01; /* jumps, for a beginning at the end of the piece */

struct aligner {
    const struct align_played *played;
    size_t count;
    const struct align_note *notes;
    size_t note_count;
    struct align_answer *answer;
    int32_t *shift; /* [count]: place minus slot played */
    bool *known;    /* [count] */
    bool *taken;    /* [note_count], in the pass at hand */
};

size_t align_first(const struct align_note *notes, size_t count, int32_t slot)
{
    size_t low = 0;
    size_t high = count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (notes[middle].slot < slot)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static int32_t played_slot(const struct aligner *aligner, size_t note)
{
    return (int32_t)floor(aligner->played[note].slot + 0.5);
}

/* How well a place explains a note: 2 at its slot, 1 one slot beside, else 0. */
static int explains(const struct aligner *aligner, size_t note, int32_t shift)
{
    const struct align_played *played = &aligner->played[note];
    int32_t slot = played_slot(aligner, note) + shift;
    int best = 0;
    for (size_t i = align_first(aligner->notes, aligner->note_count, slot - 1);
         i < aligner->note_count && aligner->notes[i].slot <= slot + 1; i++) {
        if (aligner->notes[i].pitch != played->pitch && aligner->notes[i].pitch != played->sent)
            continue;
        int value = aligner->notes[i].slot == slot ? 2 : 1;
        best = value > best ? value : best;
    }
    return best;
}

/* Slots from the note before. */
static int32_t wait_before(const struct aligner *aligner, size_t note)
{
    return note > 0 && note < aligner->count
               ? played_slot(aligner, note) - played_slot(aligner, note - 1)
               : 0;
}

static bool opens_bar(const struct aligner *aligner, size_t note, int32_t shift)
{
    if (note >= aligner->count || wait_before(aligner, note) == 0)
        return false;
    int32_t slot = played_slot(aligner, note) + shift;
    size_t first = align_first(aligner->notes, aligner->note_count, slot);
    return first < aligner->note_count && aligner->notes[first].slot == slot &&
           aligner->notes[first].opens;
}

/* Whether a jump is rather before note `b` than before `a`, which lies before it:
 * where a bar begins, then where the player waits; else what fits goes on in sequence. */
static bool rather_later(const struct aligner *aligner, size_t a, size_t b, int32_t after,
                         bool fits)
{
    bool opens = opens_bar(aligner, b, after);
    int32_t longer = wait_before(aligner, b) - wait_before(aligner, a);
    if (opens != opens_bar(aligner, a, after))
        return opens;
    return abs(longer) > SKIP ? longer > 0 : fits;
}

/* Of the notes from..to-1, those before the answer fit `before` best, the rest `after`. */
static size_t find_split(const struct aligner *aligner, size_t from, size_t to, int32_t before,
                         int32_t after)
{
    int sum = 0;
    for (size_t i = from; i < to; i++)
        sum += explains(aligner, i, after);
    int best = sum;
    size_t split = from;
    for (size_t i = from; i < to; i++) {
        int fit = explains(aligner, i, before);
        sum += fit - explains(aligner, i, after);
        if (sum < best || (sum == best && !rather_later(aligner, split, i + 1, after, fit > 0)))
            continue;
        best = sum;
        split = i + 1;
    }
    return split;
}

static void set_shift(struct aligner *aligner, size_t from, size_t to, int32_t shift)
{
    for (size_t i = from; i < to; i++)
        aligner->shift[i] = shift;
}

/* Gives every note a place: between two known ones that of either. */
static void fill_places(struct aligner *aligner)
{
    size_t last = aligner->count; /* the known note before; count: none */
    size_t began = 0;             /* where its way began: hindsight goes no further back */
    for (size_t i = 0; i < aligner->count; i++) {
        if (!aligner->known[i])
            continue;
        int32_t after = aligner->shift[i];
        if (last == aligner->count) {
            set_shift(aligner, 0, i, after);
        } else {
            int32_t before = aligner->shift[last];
            bool same = abs(after - before) <= SAME_WAY;
            size_t from = last + 1;
            if (!same)
                from = i >= HINDSIGHT + began ? i - HINDSIGHT : began;
            if (from > last + 1)
                from = last + 1;
            size_t split = find_split(aligner, from, i, before, after);
            set_shift(aligner, last + 1 < split ? last + 1 : split, split, before);
            set_shift(aligner, split, i, after);
            if (!same)
                began = split;
        }
        last = i;
    }
    if (last < aligner->count)
        set_shift(aligner, last + 1, aligner->count, aligner->shift[last]);
}

/* --- Twins --- */

/* A place for a stretch: by how many slots it is moved, and the way there. */
struct twin {
    int32_t move;
    double cost; /* least, of the jumps up to here */
    guint from;  /* the twin of the stretch before with which that is */
};

/* Notes on end that lie on one way through the piece. */
struct stretch {
    size_t begin, end;
    GArray *twins; /* of struct twin; the first is where it is */
};

static struct twin *twin_of(const struct stretch *stretch, guint index)
{
    return &g_array_index(stretch->twins, struct twin, index);
}

static double piece_length(const struct aligner *aligner)
{
    return aligner->notes[aligner->note_count - 1].slot + 1.0;
}

/* Whether the piece explains the stretch as well when it is moved. */
static bool is_twin(const struct aligner *aligner, const struct stretch *stretch, int32_t move)
{
    int less = 0;
    for (size_t i = stretch->begin; i < stretch->end && less <= TWIN_LESS; i++)
        less += explains(aligner, i, aligner->shift[i]) -
                explains(aligner, i, aligner->shift[i] + move);
    return less <= 0;
}

static void find_twins(const struct aligner *aligner, struct stretch *stretch)
{
    int32_t first = played_slot(aligner, stretch->begin) + aligner->shift[stretch->begin];
    int32_t last = aligner->notes[aligner->note_count - 1].slot;
    struct twin twin = {0};
    stretch->twins = g_array_new(FALSE, TRUE, sizeof twin);
    g_array_append_val(stretch->twins, twin);
    for (int32_t slot = aligner->notes[0].slot; slot <= last && stretch->twins->len < TWINS;
         slot++) {
        twin.move = slot - first;
        if (twin.move != 0 && is_twin(aligner, stretch, twin.move))
            g_array_append_val(stretch->twins, twin);
    }
}

static bool is_jump(int32_t way, int32_t time)
{
    return way < -SAME_WAY || way > time + SKIP;
}

/* 0 where the music goes on in sequence; else players rather begin something again
 * than leave something out, and rather go a short way than a long one. */
static double jump_cost(const struct aligner *aligner, size_t a, int32_t move_a, size_t b,
                        int32_t move_b)
{
    int32_t time = played_slot(aligner, b) - played_slot(aligner, a);
    int32_t way = time + aligner->shift[b] + move_b - aligner->shift[a] - move_a;
    if (!is_jump(way, time))
        return 0;
    return (way < 0 ? 1 : 2) + abs(way) / piece_length(aligner);
}

static void reach_twins(const struct aligner *aligner, const struct stretch *before,
                        struct stretch *stretch)
{
    for (guint t = 0; t < stretch->twins->len; t++) {
        struct twin *twin = twin_of(stretch, t);
        twin->cost = INFINITY;
        for (guint b = 0; b < before->twins->len; b++) {
            const struct twin *last = twin_of(before, b);
            double cost = last->cost + jump_cost(aligner, before->end - 1, last->move,
                                                 stretch->begin, twin->move);
            if (cost >= twin->cost)
                continue;
            twin->cost = cost;
            twin->from = b;
        }
    }
}

static void choose_twins(struct aligner *aligner, struct stretch *stretches, guint count)
{
    const struct stretch *last = &stretches[count - 1];
    /* Of beginnings that are the same, the first. */
    for (guint t = 0; t < stretches[0].twins->len; t++)
        twin_of(&stretches[0], t)->cost =
            first_of_all * (1 + twin_of(&stretches[0], t)->move / piece_length(aligner));
    for (guint s = 1; s < count; s++)
        reach_twins(aligner, &stretches[s - 1], &stretches[s]);
    guint best = 0;
    for (guint t = 1; t < last->twins->len; t++)
        if (twin_of(last, t)->cost < twin_of(last, best)->cost)
            best = t;
    for (guint s = count; s-- > 0;) {
        for (size_t i = stretches[s].begin; i < stretches[s].end; i++)
            aligner->shift[i] += twin_of(&stretches[s], best)->move;
        best = twin_of(&stretches[s], best)->from;
    }
}

/* Where the piece has the same notes several times, the follower cannot tell in
 * which of them the player is; the one that needs the fewest jumps, and the
 * smallest, is meant. */
static void settle_twins(struct aligner *aligner)
{
    GArray *stretches = g_array_new(FALSE, TRUE, sizeof(struct stretch));
    for (size_t i = 0; i < aligner->count; i++) {
        if (i == 0 || abs(aligner->shift[i] - aligner->shift[i - 1]) > SAME_WAY) {
            struct stretch stretch = {.begin = i};
            g_array_append_val(stretches, stretch);
        }
        g_array_index(stretches, struct stretch, stretches->len - 1).end = i + 1;
    }
    for (guint s = 0; s < stretches->len; s++)
        find_twins(aligner, &g_array_index(stretches, struct stretch, s));
    choose_twins(aligner, &g_array_index(stretches, struct stretch, 0), stretches->len);
    for (guint s = 0; s < stretches->len; s++)
        g_array_free(g_array_index(stretches, struct stretch, s).twins, TRUE);
    g_array_free(stretches, TRUE);
}

/* --- Passes --- */

/* Long runs without a place of which little fits are other music. */
static void find_elsewhere(struct aligner *aligner)
{
    for (size_t i = 0; i < aligner->count;) {
        size_t end = i;
        size_t fit = 0;
        for (; end < aligner->count && !aligner->known[end]; end++)
            fit += explains(aligner, end, aligner->shift[end]) > 0;
        if (end - i >= LOST_RUN && fit * LOST_SHARE < end - i)
            for (size_t k = i; k < end; k++)
                aligner->answer[k].pass = ALIGN_NONE;
        i = end + 1;
    }
}

/* Whether the player went somewhere else between two notes played one after the other. */
static bool is_elsewhere(const struct aligner *aligner, size_t a, size_t b)
{
    return is_jump(aligner->answer[b].slot - aligner->answer[a].slot,
                   played_slot(aligner, b) - played_slot(aligner, a));
}

static void cut_passes(struct aligner *aligner, struct alignment *alignment)
{
    GArray *passes = g_array_new(FALSE, FALSE, sizeof(struct align_pass));
    size_t last = aligner->count;
    for (size_t i = 0; i < aligner->count; i++) {
        struct align_answer *answer = &aligner->answer[i];
        if (answer->pass == ALIGN_NONE)
            continue;
        if (last == aligner->count || i != last + 1 || is_elsewhere(aligner, last, i)) {
            struct align_pass pass = {answer->slot, answer->slot, i, i + 1};
            g_array_append_val(passes, pass);
        }
        struct align_pass *pass = &g_array_index(passes, struct align_pass, passes->len - 1);
        pass->first = answer->slot < pass->first ? answer->slot : pass->first;
        pass->last = answer->slot > pass->last ? answer->slot : pass->last;
        pass->end = i + 1;
        answer->pass = (int32_t)passes->len - 1;
        last = i;
    }
    alignment->passes = passes->len;
    alignment->pass = (void *)g_array_free(passes, FALSE);
}

enum ground { GROUND_PLAYED, GROUND_SENT, GROUND_ANY };

/* Pairs what is not paired yet and lies exactly `distance` slots apart. */
static void pair(struct aligner *aligner, const struct align_pass *pass, enum ground ground,
                 int32_t distance)
{
    for (size_t i = pass->begin; i < pass->end; i++) {
        struct align_answer *answer = &aligner->answer[i];
        const struct align_played *played = &aligner->played[i];
        if (answer->note != ALIGN_NONE)
            continue;
        uint8_t sought = ground == GROUND_SENT ? played->sent : played->pitch;
        int closest = ground == GROUND_ANY ? SUBSTITUTE + 1 : 1;
        for (size_t n = align_first(aligner->notes, aligner->note_count, answer->slot - distance);
             n < aligner->note_count && aligner->notes[n].slot <= answer->slot + distance; n++) {
            int apart = abs(aligner->notes[n].pitch - sought);
            if (aligner->taken[n] || abs(aligner->notes[n].slot - answer->slot) != distance ||
                apart >= closest)
                continue;
            closest = apart;
            answer->note = (int32_t)n;
        }
        if (answer->note != ALIGN_NONE)
            aligner->taken[answer->note] = true;
    }
}

static void pair_pass(struct aligner *aligner, struct align_pass *pass)
{
    for (size_t n = 0; n < aligner->note_count; n++)
        aligner->taken[n] = false;
    for (int32_t distance = 0; distance <= REACH; distance++) {
        pair(aligner, pass, GROUND_PLAYED, distance);
        pair(aligner, pass, GROUND_SENT, distance);
        if (distance == 1)
            pair(aligner, pass, GROUND_ANY, 0);
    }
    pair(aligner, pass, GROUND_ANY, 1);
    if (aligner->note_count == 0)
        return;
    int32_t start = aligner->notes[0].slot;
    int32_t end = aligner->notes[aligner->note_count - 1].slot;
    if (pass->first <= start + NEAR_EDGE)
        pass->first = start;
    if (pass->last >= end - NEAR_EDGE)
        pass->last = end;
}

void alignment_create(struct alignment *alignment, const struct align_played *played,
                      size_t played_count, const struct align_note *notes, size_t note_count)
{
    struct aligner aligner = {.played = played,
                              .count = played_count,
                              .notes = notes,
                              .note_count = note_count,
                              .answer = g_new0(struct align_answer, played_count),
                              .shift = g_new0(int32_t, played_count),
                              .known = g_new0(bool, played_count),
                              .taken = g_new0(bool, note_count)};
    size_t known = 0;
    for (size_t i = 0; i < played_count; i++) {
        aligner.known[i] = played[i].place != ALIGN_NONE;
        known += aligner.known[i];
        if (aligner.known[i])
            aligner.shift[i] = played[i].place - played_slot(&aligner, i);
    }
    fill_places(&aligner);
    if (known && note_count)
        settle_twins(&aligner);
    for (size_t i = 0; i < played_count; i++)
        aligner.answer[i] =
            (struct align_answer){.note = ALIGN_NONE,
                                  .slot = played_slot(&aligner, i) + aligner.shift[i],
                                  .pass = known ? 0 : ALIGN_NONE};
    find_elsewhere(&aligner);
    *alignment = (struct alignment){.answer = aligner.answer};
    cut_passes(&aligner, alignment);
    for (size_t i = 0; i < alignment->passes; i++)
        pair_pass(&aligner, &alignment->pass[i]);
    g_free(aligner.shift);
    g_free(aligner.known);
    g_free(aligner.taken);
}

void alignment_clear(struct alignment *alignment)
{
    g_free(alignment->answer);
    g_free(alignment->pass);
    *alignment = (struct alignment){0};
}
