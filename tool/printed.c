#include "tool/printed.h"

#include <math.h>
#include <string.h>

enum {
    SHORTEST = 8, /* bars of a repeat: what is shorter is often written out */
    ENDING = 2,   /* bars of an ending, at most */
    PHRASE = 4,
    MOST_BARS = 4096, /* looked through; a longer file keeps the numbers that it has */
};

/* Notes of each bar, from first[bar] to before first[bar + 1]. */
static size_t *find_first(const struct session_piece *piece)
{
    size_t *first = g_new(size_t, piece->bar_count + 1);
    size_t note = 0;
    for (size_t b = 0; b < piece->bar_count; b++) {
        while (note < piece->score->notes && piece->onset[note] < piece->bars[b].start - 1e-6)
            note++;
        first[b] = note;
    }
    first[piece->bar_count] = piece->score->notes;
    return first;
}

static bool same_bar(const struct session_piece *piece, const size_t *first, size_t a, size_t b)
{
    size_t count = first[a + 1] - first[a];
    if (first[b + 1] - first[b] != count ||
        fabs(piece->bars[a].length - piece->bars[b].length) > 1e-3)
        return false;
    for (size_t i = 0; i < count; i++) {
        size_t x = first[a] + i, y = first[b] + i;
        if (piece->score->pitch[x] != piece->score->pitch[y] ||
            fabs(piece->onset[x] - piece->bars[a].start - piece->onset[y] + piece->bars[b].start) >
                1e-3)
            return false;
    }
    return true;
}

/* How many bars from `at` are played again at once: the longest stretch; 0: none. */
static size_t find_repeat(const struct session_piece *piece, const size_t *first, size_t at,
                          size_t *same)
{
    size_t most = (piece->bar_count - at) / 2;
    for (size_t length = most; length >= SHORTEST; length--) {
        size_t equal = 0;
        while (equal < length && same_bar(piece, first, at + equal, at + length + equal))
            equal++;
        bool sounds = first[at + equal] - first[at] >= length; /* not only rests */
        if (sounds && equal + ENDING >= length) {
            *same = equal;
            return length;
        }
    }
    return 0;
}

/* A stretch that is repeated may be found some bars early, where what goes before it ends as it
 * does. Of such beginnings the first counts that lies whole phrases of four bars from `section`,
 * where the last repeat ended. */
static size_t find_beginning(const struct session_piece *piece, const size_t *first, size_t section,
                             size_t at, size_t length)
{
    for (size_t begin = at; begin < at + SHORTEST && begin + 2 * length <= piece->bar_count;
         begin++) {
        size_t same = 0;
        while (same < length && same_bar(piece, first, begin + same, begin + length + same))
            same++;
        if (same + ENDING < length)
            break;
        if ((begin - section) % PHRASE == 0)
            return begin;
    }
    return at;
}

/* Whether the file only counts: 1, 2, 3 … */
static bool is_counted(const struct session_piece *piece)
{
    for (size_t b = 1; b < piece->bar_count; b++)
        if (piece->bars[b].number != piece->bars[b - 1].number + 1)
            return false;
    return true;
}

static bool is_again(const struct session_piece *piece, const size_t *first, size_t at,
                     size_t length)
{
    for (size_t i = 0; i < length; i++)
        if (!same_bar(piece, first, at - length + i, at + i))
            return false;
    return true;
}

/* Shorter than the next bar, or silent in its first half. */
static bool begins_with_pickup(const struct session_piece *piece, const size_t *first)
{
    if (piece->bar_count < 2 || first[1] == 0)
        return false;
    const struct bar *bar = piece->bars;
    return bar[0].length < bar[1].length - 1e-3 ||
           piece->onset[0] - bar[0].start > bar[0].length / 2 - 1e-3;
}

static void fold(struct session_piece *piece, const size_t *first)
{
    bool pickup = begins_with_pickup(piece, first);
    unsigned number = pickup ? 0 : piece->bar_count ? piece->bars[0].number : 1;
    size_t section = pickup;
    for (size_t b = 0; b < piece->bar_count;) {
        size_t same = 0, length = find_repeat(piece, first, b, &same);
        size_t begin = length ? find_beginning(piece, first, section, b, length) : b;
        while (b < begin)
            piece->bars[b++].number = number++;
        if (length)
            length = find_repeat(piece, first, b, &same);
        for (size_t i = 0; i < length; i++)
            piece->bars[b + i].number = number + (unsigned)i;
        for (size_t i = 0; i < same; i++)
            piece->bars[b + length + i].number = number + (unsigned)i;
        number += (unsigned)length;
        for (size_t i = same; i < length; i++) /* the second ending */
            piece->bars[b + length + i].number = number++;
        piece->folded |= length > 0;
        if (length == 0)
            piece->bars[b].number = number++;
        b += length ? 2 * length : 1;
        /* And a third time. */
        while (length && b + length <= piece->bar_count && is_again(piece, first, b, length)) {
            for (size_t i = 0; i < length; i++)
                piece->bars[b + i].number = piece->bars[b - length + i].number;
            b += length;
        }
        section = length ? b : section;
    }
}

static void number_printed(struct session_piece *piece, const size_t *first)
{
    for (size_t b = 0; b < piece->bar_count; b++) {
        size_t p = piece->bar_count > MOST_BARS ? piece->printed_bars : 0;
        while (p < piece->printed_bars &&
               !(piece->bars[piece->printed_bar[p]].number == piece->bars[b].number &&
                 same_bar(piece, first, piece->printed_bar[p], b)))
            p++;
        if (p == piece->printed_bars)
            piece->printed_bar[piece->printed_bars++] = b;
        piece->printed[b] = p;
        size_t from = first[piece->printed_bar[p]];
        for (size_t n = first[b]; n < first[b + 1]; n++)
            piece->same[n] = (uint32_t)(from + n - first[b]);
    }
}

void printed_find(struct session_piece *piece)
{
    size_t *first = find_first(piece);
    piece->printed = g_new0(size_t, piece->bar_count + 1);
    piece->printed_bar = g_new0(size_t, piece->bar_count + 1);
    piece->same = g_new(uint32_t, piece->score->notes + 1);
    for (uint32_t n = 0; n < piece->score->notes; n++)
        piece->same[n] = n;
    if (piece->knows_bars && piece->bar_count <= MOST_BARS && is_counted(piece))
        fold(piece, first);
    number_printed(piece, first);
    g_free(first);
}
