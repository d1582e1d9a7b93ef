/* Passes, and which key is which note. */
#include "draft/aligner.h"

#include <math.h>
#include <stdlib.h>

/* Onsets that are left out by a jump with no more time than this between, seconds, are too many in
 * the sheet, or were left out on purpose. */
static const double at_once = 1.5;
static const double late = .3; /* seconds that a note may be early or late */

enum {
    AROUND = 2,     /* onsets, from which a note may be early or late */
    LEAST_KEYS = 4, /* of a pass; fewer are found by chance */
};

static bool is_key_of(const struct aligner *a, size_t key, int32_t column)
{
    return a->material->key[key].pitch == a->sheet->column[column].pitch;
}

static bool is_free(const struct aligner *a, int32_t column, int32_t pass)
{
    return a->by[column] != pass || a->struck[column] < 0;
}

static void strike(struct aligner *a, size_t key, int32_t column, int32_t pass)
{
    a->by[column] = pass;
    a->struck[column] = (int32_t)key;
    a->placing->column_of[key] = column;
}

/* Keys that are right, then those nearest to what is left. */
static void strike_onsets(struct aligner *a, size_t first, size_t end, uint32_t from, uint32_t to,
                          int32_t pass)
{
    uint32_t begin = a->sheet->first[from], stop_at = a->sheet->first[to + 1];
    for (int reach = 0; reach <= 12; reach++)
        for (size_t i = first; i < end; i++) {
            size_t key = a->key[i];
            if (a->placing->column_of[key] >= 0)
                continue;
            for (uint32_t c = begin; c < stop_at; c++)
                if (is_free(a, (int32_t)c, pass) &&
                    abs(a->material->key[key].pitch - a->sheet->column[c].pitch) == reach) {
                    strike(a, key, (int32_t)c, pass);
                    break;
                }
        }
}

/* A key that came early or late: a note that is missing of the onsets around. */
static void strike_late(struct aligner *a, size_t key, uint32_t onset, int32_t pass)
{
    const struct sheet *sheet = a->sheet;
    double here = second_of(a, onset);
    int32_t before = a->placing->column_of[key], best = -1;
    if (before >= 0 && is_key_of(a, key, before))
        return;
    for (uint32_t o = onset > AROUND ? onset - AROUND : 0; o <= onset + AROUND && o < sheet->onsets;
         o++)
        for (uint32_t c = sheet->first[o]; c < sheet->first[o + 1]; c++)
            if (is_key_of(a, key, (int32_t)c) && is_free(a, (int32_t)c, pass) &&
                fabs(sheet->column[c].second - here) < late &&
                (best < 0 ||
                 fabs(sheet->column[c].second - here) < fabs(sheet->column[best].second - here)))
                best = (int32_t)c;
    if (best < 0)
        return;
    if (before >= 0)
        a->struck[before] = -1;
    strike(a, key, best, pass);
}

/* --- Passes --- */

static struct pass *begin_pass(struct aligner *a, size_t g, uint32_t onset, int32_t before)
{
    struct placing *placing = a->placing;
    struct pass *pass = &placing->pass[placing->passes++];
    *pass = (struct pass){.take = a->material->take[a->key[a->group[g].first]],
                          .begin = a->key[a->group[g].first],
                          .first = onset,
                          .last = onset,
                          .skipped_from = onset};
    if (before >= 0 && before + 1 < (int32_t)onset && a->group[g].before < at_once)
        pass->skipped_from = (uint32_t)before + 1;
    return pass;
}

static void read_way(struct aligner *a, const uint8_t *how)
{
    struct placing *placing = a->placing;
    struct pass *pass = NULL;
    int32_t before = -1;
    for (size_t g = 0; g < a->groups; g++) {
        int32_t at = a->at[g];
        if (at < 0) {
            pass = NULL;
            before = -1;
            continue;
        }
        uint32_t from = (uint32_t)at - (how[g] == TWO_ONSETS);
        if (!pass || how[g] == ENTERED || how[g] >= STEP_BACK)
            pass = begin_pass(a, g, from, before);
        int32_t number = (int32_t)placing->passes - 1;
        pass->first = from < pass->first ? from : pass->first;
        pass->last = (uint32_t)at > pass->last ? (uint32_t)at : pass->last;
        pass->end = a->key[a->group[g].end - 1] + 1;
        for (size_t i = a->group[g].first; i < a->group[g].end; i++)
            placing->pass_of[a->key[i]] = number;
        /* Of two groups that are an onset, both at once. */
        bool first_of_two = g + 1 < a->groups && how[g + 1] == TWO_GROUPS && a->at[g + 1] >= 0;
        size_t begin = a->group[how[g] == TWO_GROUPS && g > 0 ? g - 1 : g].first;
        if (how[g] != PUT_IN && !first_of_two)
            strike_onsets(a, begin, a->group[g].end, from, (uint32_t)at, number);
        before = at;
    }
}

static void read_late(struct aligner *a)
{
    for (size_t g = 0; g < a->groups; g++)
        for (size_t i = a->group[g].first; a->at[g] >= 0 && i < a->group[g].end; i++)
            strike_late(a, a->key[i], (uint32_t)a->at[g], a->placing->pass_of[a->key[i]]);
}

static void drop_chance(struct placing *placing, size_t from)
{
    for (size_t p = from; p < placing->passes; p++) {
        struct pass *pass = &placing->pass[p];
        size_t keys = 0;
        for (size_t k = pass->begin; k < pass->end; k++)
            keys += placing->pass_of[k] == (int32_t)p && placing->column_of[k] >= 0;
        if (keys >= LEAST_KEYS)
            continue;
        for (size_t k = pass->begin; k < pass->end; k++)
            if (placing->pass_of[k] == (int32_t)p)
                placing->pass_of[k] = placing->column_of[k] = -1;
        *pass = (struct pass){.take = pass->take, .first = 1, .skipped_from = 1};
    }
}

void strike_take(struct aligner *a, const uint8_t *how)
{
    size_t before = a->placing->passes;
    read_way(a, how);
    read_late(a);
    drop_chance(a->placing, before);
}
