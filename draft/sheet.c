/* Notes by onset. */
#include "draft/draft_private.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Keys this near are one onset, and an onset is not longer than that; seconds, and as shares of the
 * usual distance of onsets. Learners spread a chord over 20 ms (deviation). */
static const double together = .045, longest = .08, of_usual = .4;

static int compare_own(const void *a, const void *b)
{
    const struct column *x = a, *y = b;
    if (x->own < y->own || x->own > y->own)
        return x->own < y->own ? -1 : 1;
    return (x->pitch > y->pitch) - (x->pitch < y->pitch);
}

static int compare_pitch(const void *a, const void *b)
{
    const struct column *x = a, *y = b;
    if (x->pitch != y->pitch)
        return (x->pitch > y->pitch) - (x->pitch < y->pitch);
    return (x->heard < y->heard) - (x->heard > y->heard);
}

static int compare_doubles(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* The median distance of keys that are not struck together. */
static double usual_distance(const struct column *columns, size_t count, double *room)
{
    size_t distances = 0;
    for (size_t i = 1; i < count; i++)
        if (columns[i].own - columns[i - 1].own > together)
            room[distances++] = columns[i].own - columns[i - 1].own;
    qsort(room, distances, sizeof *room, compare_doubles);
    return distances ? room[distances / 2] : 1;
}

/* Columns first .. end - 1 as the next onset: by pitch, none twice. How many are left. */
static size_t join(struct sheet *sheet, struct column *columns, size_t count, size_t into)
{
    double sum = 0, weight = 0;
    qsort(columns, count, sizeof *columns, compare_pitch);
    for (size_t i = 0; i < count; i++) {
        sum += columns[i].own * (columns[i].heard + 1);
        weight += columns[i].heard + 1;
    }
    double second = sum / weight;
    if (sheet->onsets > 0)
        second = fmax(second, sheet->column[into - 1].second + .001);
    size_t kept = 0;
    for (size_t i = 0; i < count; i++) {
        if (kept > 0 && sheet->column[into + kept - 1].pitch == columns[i].pitch)
            continue;
        struct column column = columns[i];
        column.second = second;
        column.onset = sheet->onsets;
        sheet->column[into + kept++] = column;
    }
    sheet->first[++sheet->onsets] = (uint32_t)(into + kept);
    return kept;
}

int sheet_arrange(struct sheet *sheet, struct column *columns, size_t count, struct error *error)
{
    double *room = malloc((count + 1) * sizeof *room);
    *sheet = (struct sheet){.column = columns, .first = calloc(count + 1, sizeof *sheet->first)};
    if (!room || !sheet->first) {
        free(room);
        sheet_clear(sheet);
        return error_set(error, "out of memory for %zu notes", count);
    }
    qsort(columns, count, sizeof *columns, compare_own);
    double usual = usual_distance(columns, count, room);
    double gap = fmin(together, of_usual * usual), most = fmin(longest, 2 * of_usual * usual);
    size_t kept = 0;
    for (size_t first = 0, end; first < count; first = end) {
        for (end = first + 1; end < count && columns[end].own - columns[end - 1].own <= gap &&
                              columns[end].own - columns[first].own <= most;)
            end++;
        kept += join(sheet, columns + first, end - first, kept);
    }
    sheet->count = kept;
    free(room);
    return 0;
}

int sheet_of_keys(struct sheet *sheet, const struct material *material, size_t begin, size_t end,
                  struct error *error)
{
    struct column *columns = calloc(end - begin + 1, sizeof *columns);
    if (!columns)
        return error_set(error, "out of memory for %zu notes", end - begin);
    size_t count = 0;
    for (size_t k = begin; k < end; k++) {
        const struct draft_key *key = &material->key[k];
        if (material->used[k])
            continue;
        columns[count++] = (struct column){.own = key->seconds - material->key[begin].seconds,
                                           .length = (float)(key->release - key->seconds),
                                           .velocity = key->velocity,
                                           .pitch = key->pitch,
                                           .heard = 1,
                                           .passed = 1};
    }
    return sheet_arrange(sheet, columns, count, error);
}

void sheet_clear(struct sheet *sheet)
{
    free(sheet->column);
    free(sheet->first);
    *sheet = (struct sheet){0};
}
