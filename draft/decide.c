/* The pitch of each note, by all that was struck for it and by what a style expects there. */
#include "draft/draft_private.h"

#include "correct/expert.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const double twice_in_onset = .02; /* the chance of a pitch that stands in the onset */
static const double least_prior = 1e-4;

struct expectation {
    float (*meant)[STYLE_SHIFTS]; /* [columns]; NULL: even */
};

static int expect(struct expectation *expectation, const struct sheet *sheet,
                  const struct meter *meter, const struct draft_settings *settings, bool single,
                  struct error *error)
{
    struct expert *expert = NULL;
    struct correct_note *notes = malloc((sheet->count + 1) * sizeof *notes);
    expectation->meant = malloc((sheet->count + 1) * sizeof *expectation->meant);
    int status = -1;
    if (!notes || !expectation->meant)
        error_set(error, "out of memory for %zu notes", sheet->count);
    else if (expert_open(&expert, &settings->style, 1, error) == 0 && expert) {
        for (size_t c = 0; c < sheet->count; c++)
            notes[c] = (struct correct_note){.seconds = sheet->column[c].second,
                                             .slot = meter->slot[c],
                                             .pitch = sheet->column[c].pitch,
                                             .velocity = 64};
        status = expert_take(expert, notes, sheet->count, single ? 1 : 0, expectation->meant,
                             settings->task, error);
    } else if (!expert)
        error_set(error, "the style model holds no style");
    expert_close(expert);
    free(notes);
    return status;
}

/* What was struck for a column. */
struct keys {
    const size_t *key;
    size_t count;
};

static bool agree(const struct keys *keys, const struct material *m)
{
    for (size_t i = 1; i < keys->count; i++)
        if (m->key[keys->key[i]].pitch != m->key[keys->key[0]].pitch)
            return false;
    return keys->count >= 2;
}

static bool stands_in_onset(const struct sheet *sheet, size_t c, int y)
{
    uint32_t onset = sheet->column[c].onset;
    for (uint32_t i = sheet->first[onset]; i < sheet->first[onset + 1]; i++)
        if (i != c && sheet->column[i].pitch == y)
            return true;
    return false;
}

/* The column's pitch becomes the likeliest of those within reach of it. */
static void choose(struct column *column, const double weight[STYLE_SHIFTS], bool stays)
{
    int base = column->pitch, best = STYLE_RANGE;
    double sum = 0;
    for (int k = 0; k < STYLE_SHIFTS; k++) {
        sum += weight[k];
        if (!stays && weight[k] > weight[best])
            best = k;
    }
    column->pitch = (uint8_t)(base + best - STYLE_RANGE);
    column->doubt = sum > 0 ? (float)(1 - weight[best] / sum) : 0;
}

static void weigh(struct sheet *sheet, size_t c, const struct expectation *expectation,
                  const struct keys *keys, const struct material *m, const struct landing *landing)
{
    double logarithm[STYLE_SHIFTS], weight[STYLE_SHIFTS], most = -HUGE_VAL;
    struct column *column = &sheet->column[c];
    for (int k = 0; k < STYLE_SHIFTS; k++) {
        int y = column->pitch + k - STYLE_RANGE;
        double prior = expectation->meant ? (double)expectation->meant[c][k] : 1;
        logarithm[k] = y < 0 || y > 127 ? -HUGE_VAL : log(prior + least_prior);
        if (y >= 0 && y <= 127 && stands_in_onset(sheet, c, y))
            logarithm[k] += log(twice_in_onset);
        for (size_t i = 0; y >= 0 && y <= 127 && i < keys->count; i++)
            logarithm[k] += landing_log(landing, m->key[keys->key[i]].pitch, y);
        most = fmax(most, logarithm[k]);
    }
    for (int k = 0; k < STYLE_SHIFTS; k++)
        weight[k] = exp(logarithm[k] - most);
    choose(column, weight, agree(keys, m));
}

static int decide_passes(struct sheet *sheet, const struct material *material,
                         const struct placing *placing, const struct expectation *expectation,
                         struct error *error)
{
    size_t *first = calloc(sheet->count + 2, sizeof *first);
    size_t *key = malloc((material->count + 1) * sizeof *key);
    struct landing landing;
    if (!first || !key) {
        free(first);
        free(key);
        return error_set(error, "out of memory for %zu notes", sheet->count);
    }
    landing_make(&landing, landing_wrong(material, sheet, placing));
    for (size_t k = 0; k < material->count; k++)
        if (placing->column_of[k] >= 0)
            first[placing->column_of[k] + 2]++;
    for (size_t c = 0; c < sheet->count; c++)
        first[c + 2] += first[c + 1];
    for (size_t k = 0; k < material->count; k++)
        if (placing->column_of[k] >= 0)
            key[first[placing->column_of[k] + 1]++] = k;
    for (size_t c = 0; c < sheet->count; c++) {
        const struct keys keys = {key + first[c], first[c + 1] - first[c]};
        weigh(sheet, c, expectation, &keys, material, &landing);
    }
    free(first);
    free(key);
    return 0;
}

/* As a whole take is corrected. */
static void decide_single(struct sheet *sheet, const struct expectation *expectation)
{
    for (size_t c = 0; expectation->meant && c < sheet->count; c++) {
        double weight[STYLE_SHIFTS];
        for (int k = 0; k < STYLE_SHIFTS; k++) {
            weight[k] = (double)expectation->meant[c][k];
            if (stands_in_onset(sheet, c, sheet->column[c].pitch + k - STYLE_RANGE))
                weight[k] *= twice_in_onset;
        }
        choose(&sheet->column[c], weight, false);
    }
}

int decide(struct sheet *sheet, const struct material *material, const struct placing *placing,
           const struct meter *meter, const struct draft_settings *settings, struct error *error)
{
    struct expectation expectation = {0};
    int status = 0;
    if (settings->style)
        status = expect(&expectation, sheet, meter, settings, !placing, error);
    if (status == 0 && placing)
        status = decide_passes(sheet, material, placing, &expectation, error);
    else if (status == 0)
        decide_single(sheet, &expectation);
    free(expectation.meant);
    return status;
}
