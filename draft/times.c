/* Means of time. A pass has a tempo of its own, so the time from onset to onset is taken relative
 * to the tempo around; of the passes the median is taken, which leaves waits out. */
#include "draft/draft_private.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { AROUND = 8 }; /* onsets on each side over which a tempo is measured */

/* From an onset to the next, in one pass: the logarithm of its time over that of the sheet. */
struct step {
    uint32_t onset;
    double log_ratio;
};

/* An onset as a pass struck it. */
struct met {
    uint32_t onset;
    double seconds;
};

struct work {
    struct times *times;
    const struct sheet *sheet;
    const struct material *material;
    const struct placing *placing;
    struct step *step;
    size_t steps;
    struct met *met; /* of one pass, by onset */
    size_t mets;
    double *sum; /* [onsets], of one pass */
    uint32_t *count;
    uint32_t *heard; /* [columns]: keys in the sums of `times` */
};

static double onset_second(const struct sheet *sheet, uint32_t onset)
{
    return sheet->column[sheet->first[onset]].second;
}

static void meet_onsets(struct work *work, int32_t p)
{
    const struct pass *pass = &work->placing->pass[p];
    const struct material *m = work->material;
    work->mets = 0;
    for (uint32_t o = pass->first; o <= pass->last; o++)
        work->sum[o] = work->count[o] = 0;
    for (size_t k = pass->begin; k < pass->end; k++) {
        int32_t c = work->placing->column_of[k];
        if (work->placing->pass_of[k] != p || c < 0)
            continue;
        const struct column *column = &work->sheet->column[c];
        work->sum[column->onset] += m->key[k].seconds - (column->own - column->second);
        work->count[column->onset]++;
    }
    for (uint32_t o = pass->first; o <= pass->last; o++) {
        if (!work->count[o])
            continue;
        double seconds = work->sum[o] / work->count[o];
        if (work->mets)
            seconds = fmax(seconds, work->met[work->mets - 1].seconds + .001);
        work->met[work->mets++] = (struct met){o, seconds};
    }
}

/* Seconds of the pass for one of the sheet, around the i-th onset it met; 0: it is too short to
 * tell. */
static double ratio_at(const struct work *work, size_t i)
{
    size_t from = i > AROUND ? i - AROUND : 0;
    size_t to = i + 1 + AROUND < work->mets ? i + 1 + AROUND : work->mets - 1;
    if (to - from < 4)
        return 0;
    double sheet = onset_second(work->sheet, work->met[to].onset) -
                   onset_second(work->sheet, work->met[from].onset);
    return (work->met[to].seconds - work->met[from].seconds) / sheet;
}

static void add_steps(struct work *work)
{
    for (size_t i = 0; i + 1 < work->mets; i++) {
        const struct met *a = &work->met[i], *b = a + 1;
        double ratio = ratio_at(work, i);
        if (b->onset != a->onset + 1 || !(ratio > 0))
            continue;
        double due = onset_second(work->sheet, b->onset) - onset_second(work->sheet, a->onset);
        work->step[work->steps++] =
            (struct step){a->onset, log((b->seconds - a->seconds) / ratio / due)};
    }
}

/* Of the onsets met the last that began no later; 0 where none did. */
static size_t find_met(const struct work *work, double seconds)
{
    size_t low = 0, high = work->mets;
    while (high - low > 1) {
        size_t middle = (low + high) / 2;
        if (work->met[middle].seconds <= seconds)
            low = middle;
        else
            high = middle;
    }
    return low;
}

static double on_sheet(const struct work *work, double seconds, double ratio)
{
    size_t i = find_met(work, seconds);
    const struct met *a = &work->met[i];
    double second = onset_second(work->sheet, a->onset), passed = seconds - a->seconds;
    if (passed < 0 || i + 1 == work->mets)
        return second + passed / ratio;
    double next = onset_second(work->sheet, a[1].onset);
    return second + passed * (next - second) / (a[1].seconds - a->seconds);
}

static void add_keys(struct work *work, int32_t p)
{
    const struct pass *pass = &work->placing->pass[p];
    struct times *times = work->times;
    for (size_t k = pass->begin; work->mets && k < pass->end; k++) {
        const struct draft_key *key = &work->material->key[k];
        if (work->placing->pass_of[k] != p)
            continue;
        size_t i = find_met(work, key->seconds);
        double ratio = ratio_at(work, i);
        ratio = ratio > 0 ? ratio : 1;
        int32_t c = work->placing->column_of[k];
        if (c < 0) {
            times->stray[times->strays++] =
                (struct stray){.second = on_sheet(work, key->seconds, ratio),
                               .key = k,
                               .pass = p,
                               .pitch = key->pitch};
            continue;
        }
        uint32_t onset = work->sheet->column[c].onset;
        double begun = work->sum[onset] / work->count[onset];
        times->offset[c] += (key->seconds - begun) / ratio;
        times->length[c] += (key->release - key->seconds) / ratio;
        times->velocity[c] += key->velocity;
        work->heard[c]++;
    }
}

static int compare_steps(const void *a, const void *b)
{
    const struct step *x = a, *y = b;
    if (x->onset != y->onset)
        return x->onset < y->onset ? -1 : 1;
    return (x->log_ratio > y->log_ratio) - (x->log_ratio < y->log_ratio);
}

static int compare_strays(const void *a, const void *b)
{
    const struct stray *x = a, *y = b;
    if (x->second < y->second || x->second > y->second)
        return x->second < y->second ? -1 : 1;
    return (x->key > y->key) - (x->key < y->key);
}

static void find_seconds(struct work *work)
{
    const struct sheet *sheet = work->sheet;
    double *second = work->times->second;
    size_t at = 0;
    qsort(work->step, work->steps, sizeof *work->step, compare_steps);
    second[0] = onset_second(sheet, 0);
    for (uint32_t o = 0; o + 1 < sheet->onsets; o++) {
        size_t end = at;
        while (end < work->steps && work->step[end].onset == o)
            end++;
        double median = 0;
        if (end > at)
            median =
                (work->step[(at + end) / 2].log_ratio + work->step[(at + end - 1) / 2].log_ratio) /
                2;
        second[o + 1] =
            second[o] + (onset_second(sheet, o + 1) - onset_second(sheet, o)) * exp(median);
        at = end;
    }
}

static int times_open(struct times *times, const struct work *work)
{
    size_t columns = work->sheet->count + 1, onsets = (size_t)work->sheet->onsets + 1;
    *times = (struct times){.second = calloc(onsets, sizeof *times->second),
                            .offset = calloc(columns, sizeof *times->offset),
                            .length = calloc(columns, sizeof *times->length),
                            .velocity = calloc(columns, sizeof *times->velocity),
                            .stray = malloc((work->material->count + 1) * sizeof *times->stray)};
    return times->second && times->offset && times->length && times->velocity && times->stray ? 0
                                                                                              : -1;
}

int times_make(struct times *times, const struct sheet *sheet, const struct material *material,
               const struct placing *placing, struct error *error)
{
    size_t onsets = (size_t)sheet->onsets + 1;
    struct work work = {.times = times,
                        .sheet = sheet,
                        .material = material,
                        .placing = placing,
                        .step = malloc((material->count + 1) * sizeof *work.step),
                        .met = malloc(onsets * sizeof *work.met),
                        .sum = calloc(onsets, sizeof *work.sum),
                        .count = calloc(onsets, sizeof *work.count),
                        .heard = calloc(sheet->count + 1, sizeof *work.heard)};
    int status = times_open(times, &work);
    if (!work.step || !work.met || !work.sum || !work.count || !work.heard)
        status = -1;
    for (int32_t p = 0; status == 0 && p < (int32_t)placing->passes; p++) {
        meet_onsets(&work, p);
        add_steps(&work);
        add_keys(&work, p);
    }
    if (status == 0) {
        find_seconds(&work);
        qsort(times->stray, times->strays, sizeof *times->stray, compare_strays);
        for (size_t c = 0; c < sheet->count; c++)
            times->offset[c] /= work.heard[c] ? work.heard[c] : 1;
    } else {
        times_clear(times);
        error_set(error, "out of memory for %zu notes", material->count);
    }
    free(work.step);
    free(work.met);
    free(work.sum);
    free(work.count);
    free(work.heard);
    return status;
}

double times_map(const struct times *times, const struct sheet *sheet, double second)
{
    uint32_t low = 0, high = sheet->onsets;
    while (high - low > 1) {
        uint32_t middle = (low + high) / 2;
        if (onset_second(sheet, middle) <= second)
            low = middle;
        else
            high = middle;
    }
    double passed = second - onset_second(sheet, low);
    if (passed < 0 || low + 1 == sheet->onsets)
        return times->second[low] + passed;
    double due = onset_second(sheet, low + 1) - onset_second(sheet, low);
    return times->second[low] + passed * (times->second[low + 1] - times->second[low]) / due;
}

void times_clear(struct times *times)
{
    free(times->second);
    free(times->offset);
    free(times->length);
    free(times->velocity);
    free(times->stray);
    *times = (struct times){0};
}
