/* Times are rounded to the plainest value near them; what lies over the next onset of its
 * hand goes into a second voice. */
#include "picture/engrave_private.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    LETTERS = 7,
    STEPS = 12 * LETTERS, /* of the staff, from C of octave -1 */
    JOINS = 6,            /* units: a rest or an overlap so short is not written */
    FARTHEST = 1 << 30,   /* units: beyond the end of any bar */
};

int engrave_bar_units(const struct bar *bar)
{
    return (int)(bar->length * ENGRAVE_QUARTER + .5);
}

/* The nearest time of a plain value: finer ones must be nearer. */
static int round_units(double units)
{
    static const struct {
        int step;
        double cost;
    } grids[] = {{12, 0}, {16, .3}, {6, .4}, {8, .6}, {3, 1}, {4, 1.2}};
    double least = INFINITY;
    int best = 0;
    units = fmin(units, FARTHEST);
    for (size_t i = 0; i < sizeof grids / sizeof grids[0]; i++) {
        int near = (int)floor(units / grids[i].step + .5) * grids[i].step;
        double cost = fabs(units - near) + grids[i].cost;
        if (cost < least) {
            least = cost;
            best = near;
        }
    }
    return best;
}

static int add(struct engrave_heads *heads, const struct engrave_head *head)
{
    if (heads->count == heads->room) {
        size_t room = heads->room ? 2 * heads->room : 256;
        struct engrave_head *grown = realloc(heads->head, room * sizeof *grown);
        if (!grown)
            return -1;
        heads->head = grown;
        heads->room = room;
    }
    heads->head[heads->count++] = *head;
    return 0;
}

/* From bar to bar, as long as they follow one another. */
static int add_written(const struct engrave *engrave, struct engrave_heads *heads,
                       struct engrave_head head, int length)
{
    const struct bar *bars = engrave->roll->bars;
    for (;;) {
        int whole = engrave_bar_units(&bars[head.bar]);
        bool last =
            head.bar + 1 == engrave->roll->bar_count ||
            fabs(bars[head.bar].start + bars[head.bar].length - bars[head.bar + 1].start) > 1e-6;
        int over = head.begin + length - whole;
        head.goes_on = over > JOINS && !last;
        head.end = over > 0 ? whole : head.begin + length;
        if (add(heads, &head) != 0)
            return -1;
        if (!head.goes_on)
            return 0;
        head.bar++;
        head.begin = 0;
        head.comes = true;
        head.finger = 0;
        head.mark = ENGRAVE_RIGHT;
        length = over;
    }
}

static int add_note(const struct engrave *engrave, struct engrave_heads *heads,
                    const struct roll_note *note)
{
    const struct bar *bars = engrave->roll->bars;
    size_t last = engrave->roll->bar_count - 1;
    const struct bar *end = &bars[last];
    if (note->onset < bars[0].start - 1e-6 || note->onset >= end->start + end->length - 1e-6)
        return 0;
    struct engrave_head head = {.bar = bars_find(bars, last + 1, note->onset + 1e-6),
                                .hand = engrave->hands == 2 && note->part ? 1 : 0,
                                .pitch = note->sent,
                                .mark =
                                    note->kind == ROLL_LEFT_OUT ? ENGRAVE_LEFT_OUT : ENGRAVE_RIGHT,
                                .name = spelling_of(note->sent, engrave->sharps)};
    double from = (note->onset - bars[head.bar].start) * ENGRAVE_QUARTER;
    head.begin = round_units(from);
    int length = round_units(from + note->duration * ENGRAVE_QUARTER) - head.begin;
    if (head.begin >= engrave_bar_units(&bars[head.bar])) {
        head.begin = 0;
        if (head.bar++ == last)
            return 0;
    }
    if (length < ENGRAVE_SIXTY_FOURTH)
        length = ENGRAVE_SIXTY_FOURTH;
    head.finger = note->kind == ROLL_ADDED ? 0 : note->finger;
    if (note->kind != ROLL_ADDED && add_written(engrave, heads, head, length) != 0)
        return -1;
    head.finger = 0;
    if (note->kind == ROLL_LEFT_OUT || (note->kind == ROLL_STRUCK && note->played == note->sent))
        return 0;
    head.mark = note->kind == ROLL_ADDED ? ENGRAVE_ADDED : ENGRAVE_STRUCK;
    head.pitch = note->played;
    head.name = note->kind == ROLL_ADDED
                    ? spelling_of(note->played, engrave->sharps)
                    : spelling_beside(note->played, note->sent, engrave->sharps);
    head.end = head.begin + length;
    return add(heads, &head);
}

static int compare_heads(const void *a, const void *b)
{
    const struct engrave_head *x = a, *y = b;
    const long left[] = {(long)x->bar, x->hand,  x->begin, x->mark >= ENGRAVE_STRUCK,
                         x->pitch,     x->voice, x->end};
    const long right[] = {(long)y->bar, y->hand,  y->begin, y->mark >= ENGRAVE_STRUCK,
                          y->pitch,     y->voice, y->end};
    for (size_t i = 0; i < sizeof left / sizeof left[0]; i++)
        if (left[i] != right[i])
            return left[i] < right[i] ? -1 : 1;
    return 0;
}

static bool is_written(const struct engrave_head *head)
{
    return head->mark < ENGRAVE_STRUCK;
}

/* What was struck stands with the onset of its hand that is nearest. */
static void join_struck(struct engrave_head *head, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const struct engrave_head *best = NULL;
        for (size_t k = 0; k < count && !is_written(&head[i]); k++)
            if (is_written(&head[k]) && !head[k].comes &&
                (!best || abs(head[k].begin - head[i].begin) < abs(best->begin - head[i].begin)))
                best = &head[k];
        if (best)
            head[i].begin = best->begin;
    }
}

static bool is_doubled(const struct engrave_head *head, size_t i)
{
    for (size_t k = i; k-- > 0 && head[k].begin == head[i].begin;)
        if (head[k].pitch == head[i].pitch && is_written(&head[k]) == is_written(&head[i]))
            return true;
    return false;
}

/* The heads of one onset, [count], up to the next one at `next`. Answers the end of what goes into
 * the second voice, which is busy until `busy`. */
static int put_into_voices(struct engrave_head *head, size_t count, int next, int busy)
{
    int longest = 0, second = 0;
    for (size_t i = 0; i < count; i++) {
        int joins = (next - head[i].begin) * 3 / 20; /* lengths are played a little short */
        joins = joins > JOINS ? joins : JOINS;
        if (abs(next - head[i].end) <= joins && !head[i].goes_on)
            head[i].end = next;
        head[i].voice = head[i].end > next && head[i].begin >= busy && is_written(&head[i]);
        if (head[i].end > next && !head[i].voice) {
            head[i].end = next;
            head[i].goes_on = false;
        }
        int *end = head[i].voice ? &second : &longest;
        if (is_written(&head[i]) && head[i].end > *end)
            *end = head[i].end;
    }
    for (size_t i = 0; i < count; i++) {
        if (!is_written(&head[i])) {
            head[i].voice = longest == 0 && second > 0;
            head[i].end = longest || second ? head[i].voice ? second : longest : next;
        } else {
            head[i].goes_on &= head[i].end == (head[i].voice ? second : longest);
            head[i].end = head[i].voice ? second : longest;
        }
    }
    return second;
}

/* A bar of a hand. */
static void arrange_bar(struct engrave_head *head, size_t count, int whole)
{
    int busy = 0;
    for (size_t i = 0, n; i < count; i += n) {
        for (n = 1; i + n < count && head[i + n].begin == head[i].begin;)
            n++;
        int next = i + n < count ? head[i + n].begin : whole;
        int second = put_into_voices(head + i, n, next, busy);
        busy = second > busy ? second : busy;
    }
}

/* As far as the bar's notes before it do not say so already. */
static void write_signs(struct engrave_head *head, size_t count, int sharps)
{
    int8_t now[STEPS];
    for (int step = 0; step < STEPS; step++)
        now[step] = (int8_t)spelling_signature(step % LETTERS, sharps);
    for (size_t i = 0; i < count; i++) {
        int step = spelling_step(head[i].name) + LETTERS;
        if (step < 0 || step >= STEPS)
            continue;
        head[i].sign = head[i].name.alter != now[step] && !head[i].comes;
        if (head[i].sign && is_written(&head[i]))
            now[step] = head[i].name.alter;
    }
}

/* Which notes go on into a bar: held[hand][pitch] is its number, from 1. */
struct held {
    size_t into[2][128];
};

/* Without what stands there twice, and what was cut short in the bar before. */
static size_t drop(struct engrave_head *head, size_t count, const struct held *held)
{
    size_t kept = 0;
    for (size_t i = 0; i < count; i++)
        if (!is_doubled(head, i) &&
            (!head[i].comes || held->into[head[i].hand][head[i].pitch] == head[i].bar))
            head[kept++] = head[i];
    return kept;
}

int engrave_arrange(const struct engrave *engrave, struct engrave_heads *heads)
{
    const struct roll *roll = engrave->roll;
    struct held held = {0};
    *heads = (struct engrave_heads){0};
    for (size_t i = 0; i < roll->count; i++)
        if (add_note(engrave, heads, &roll->notes[i]) != 0)
            return -1;
    if (heads->count)
        qsort(heads->head, heads->count, sizeof *heads->head, compare_heads);
    size_t kept = 0;
    for (size_t i = 0, n; i < heads->count; i += n) {
        struct engrave_head *head = heads->head + i;
        for (n = 1; i + n < heads->count && head[n].bar == head->bar && head[n].hand == head->hand;)
            n++;
        join_struck(head, n);
        qsort(head, n, sizeof *head, compare_heads);
        size_t left = drop(head, n, &held);
        arrange_bar(head, left, engrave_bar_units(&roll->bars[head->bar]));
        write_signs(head, left, engrave->sharps);
        for (size_t k = 0; k < left; k++)
            if (head[k].goes_on)
                held.into[head[k].hand][head[k].pitch] = head[k].bar + 1;
        memmove(heads->head + kept, head, left * sizeof *head);
        kept += left;
    }
    heads->count = kept;
    return 0;
}
