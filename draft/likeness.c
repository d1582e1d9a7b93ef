/* Multisets of lines of highest notes, compared. */
#include "draft/draft.h"

#include <stdbool.h>
#include <stdlib.h>

enum { LINE = 3 };

static int compare_numbers(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return (x > y) - (x < y);
}

/* From the highest note of each onset, top[onsets], the lines, in order of size; how many. */
static size_t make_lines(uint32_t *top, size_t onsets)
{
    size_t count = onsets < LINE ? 0 : onsets - LINE + 1;
    for (size_t i = 0; i < count; i++)
        top[i] = (top[i] * 128 + top[i + 1]) * 128 + top[i + 2];
    qsort(top, count, sizeof *top, compare_numbers);
    return count;
}

static size_t lines_of_piece(const struct draft_piece *piece, uint32_t *top)
{
    size_t onsets = 0;
    for (size_t i = 0; i < piece->count; i++) {
        if (i == 0 || piece->note[i].quarter > piece->note[i - 1].quarter)
            top[onsets++] = 0;
        if (piece->note[i].pitch > top[onsets - 1])
            top[onsets - 1] = piece->note[i].pitch;
    }
    return make_lines(top, onsets);
}

static size_t lines_of_file(const struct midifile_note *notes, uint32_t count, uint32_t *top)
{
    size_t onsets = 0;
    for (uint32_t i = 0; i < count; i++) {
        if (i == 0 || notes[i].tick > notes[i - 1].tick)
            top[onsets++] = 0;
        if (notes[i].pitch > top[onsets - 1])
            top[onsets - 1] = notes[i].pitch;
    }
    return make_lines(top, onsets);
}

double draft_likeness(const struct draft_piece *piece, const struct midifile *file)
{
    uint32_t count = 0;
    const struct midifile_note *notes = midifile_notes(file, &count);
    uint32_t *a = malloc((piece->count + 1) * sizeof *a), *b = malloc((count + 1) * sizeof *b);
    size_t common = 0, lines[2] = {0};
    if (a && b) {
        lines[0] = lines_of_piece(piece, a);
        lines[1] = lines_of_file(notes, count, b);
    }
    for (size_t i = 0, j = 0; i < lines[0] && j < lines[1];) {
        bool same = a[i] == b[j], less = a[i] < b[j];
        common += same;
        i += same || less;
        j += !less;
    }
    free(a);
    free(b);
    size_t least = lines[0] < lines[1] ? lines[0] : lines[1];
    return least ? (double)common / (double)least : 0;
}
