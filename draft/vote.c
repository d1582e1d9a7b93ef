/* Which notes are in the piece, and on which pitch, by majority of the passes. */
#include "draft/draft_private.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* A key struck beside another one, by one or two semitones, is likelier to have been brushed than a
 * note of the piece that the other half of the passes left out. */
static const int beside = 2;

/* Keys of several passes are the same note within this time, seconds. */
static const double together = .12;

struct count {
    uint32_t *passed;  /* [columns] */
    uint32_t *covered; /* [onsets]: passes that went by */
    uint32_t *heard;   /* [columns] */
    size_t *first;     /* [columns + 1]: places in `key` */
    size_t *key;       /* keys that struck a column, by column */
};

/* A pass tells of the onset where it ends only what it struck there, unless that is the end
 * of the piece. */
static bool is_inside(const struct pass *pass, uint32_t onset, uint32_t onsets)
{
    bool begun = onset > pass->first || pass->first == 0;
    bool ends = onset == pass->last && pass->last + 1 < onsets;
    return begun && onset <= pass->last && !ends;
}

static void count_passes(struct count *count, const struct sheet *sheet,
                         const struct placing *placing)
{
    for (size_t p = 0; p < placing->passes; p++) {
        const struct pass *pass = &placing->pass[p];
        for (uint32_t o = pass->skipped_from; o < pass->first; o++)
            count->covered[o]++;
        for (uint32_t o = pass->first; o <= pass->last; o++)
            count->covered[o] += is_inside(pass, o, sheet->onsets);
    }
}

static void count_keys(struct count *count, const struct sheet *sheet,
                       const struct material *material, const struct placing *placing)
{
    for (size_t c = 0; c < sheet->count; c++)
        count->passed[c] = count->covered[sheet->column[c].onset];
    for (size_t k = 0; k < material->count; k++) {
        int32_t c = placing->column_of[k];
        if (c < 0)
            continue;
        const struct pass *pass = &placing->pass[placing->pass_of[k]];
        count->heard[c]++;
        count->passed[c] += !is_inside(pass, sheet->column[c].onset, sheet->onsets);
    }
    for (size_t c = 0; c < sheet->count; c++)
        count->first[c + 1] = count->first[c] + count->heard[c];
    for (size_t k = material->count; k-- > 0;)
        if (placing->column_of[k] >= 0)
            count->key[--count->first[placing->column_of[k] + 1]] = k;
    memmove(count->first, count->first + 1, sheet->count * sizeof *count->first);
    size_t all = 0;
    for (size_t c = 0; c < sheet->count; c++)
        all += count->heard[c];
    count->first[sheet->count] = all;
}

static void count_clear(struct count *count)
{
    free(count->passed);
    free(count->covered);
    free(count->heard);
    free(count->first);
    free(count->key);
}

static int count_make(struct count *count, const struct sheet *sheet,
                      const struct material *material, const struct placing *placing,
                      struct error *error)
{
    size_t columns = sheet->count + 1;
    *count = (struct count){.passed = calloc(columns, sizeof *count->passed),
                            .covered = calloc((size_t)sheet->onsets + 1, sizeof *count->covered),
                            .heard = calloc(columns, sizeof *count->heard),
                            .first = calloc(columns + 1, sizeof *count->first),
                            .key = malloc((material->count + 1) * sizeof *count->key)};
    if (!count->passed || !count->covered || !count->heard || !count->first || !count->key) {
        count_clear(count);
        error_set(error, "out of memory for %zu notes", material->count);
        return -1;
    }
    count_passes(count, sheet, placing);
    count_keys(count, sheet, material, placing);
    return 0;
}

int vote_count(struct sheet *sheet, const struct material *material, const struct placing *placing,
               struct error *error)
{
    struct count count;
    if (count_make(&count, sheet, material, placing, error) != 0)
        return -1;
    for (size_t c = 0; c < sheet->count; c++) {
        sheet->column[c].heard =
            (uint16_t)(count.heard[c] < UINT16_MAX ? count.heard[c] : UINT16_MAX);
        sheet->column[c].passed =
            (uint16_t)(count.passed[c] < UINT16_MAX ? count.passed[c] : UINT16_MAX);
    }
    count_clear(&count);
    return 0;
}

struct ballot {
    struct sheet *sheet;
    const struct material *material;
    struct count count;
    struct times times;
    struct landing landing;
    struct column *made; /* the new columns */
    size_t mades;
};

static bool has_neighbour(const struct ballot *ballot, uint32_t onset, int pitch, uint32_t heard)
{
    const struct sheet *sheet = ballot->sheet;
    for (uint32_t c = sheet->first[onset]; c < sheet->first[onset + 1]; c++) {
        int off = sheet->column[c].pitch - pitch;
        if (off && off >= -beside && off <= beside && ballot->count.heard[c] >= heard)
            return true;
    }
    return false;
}

static bool is_meant(const struct ballot *ballot, uint32_t onset, int pitch, uint32_t heard,
                     uint32_t passed)
{
    if (2 * heard == passed)
        return !has_neighbour(ballot, onset, pitch, heard);
    return 2 * heard > passed;
}

/* The likeliest of the pitches struck; of equals the one that stands. */
static uint8_t elect(const struct ballot *ballot, size_t c)
{
    const struct count *count = &ballot->count;
    uint8_t stands = ballot->sheet->column[c].pitch, best = stands;
    double most = -HUGE_VAL;
    for (size_t i = count->first[c]; i <= count->first[c + 1]; i++) {
        size_t of = i < count->first[c + 1] ? count->key[i] : SIZE_MAX;
        uint8_t y = of == SIZE_MAX ? stands : ballot->material->key[of].pitch;
        double sum = y == stands ? 1e-6 : 0;
        for (size_t j = count->first[c]; j < count->first[c + 1]; j++) {
            sum += landing_log(&ballot->landing, ballot->material->key[count->key[j]].pitch, y);
        }
        if (sum > most) {
            most = sum;
            best = y;
        }
    }
    return best;
}

/* The longest stretch of onsets that two passes at least went by, few others between and no stop:
 * what was heard but once may be other music, and what comes after a stop another piece. */
static void find_ends(const struct ballot *ballot, uint32_t *first, uint32_t *last)
{
    enum { FEW = 8 };
    static const double stop = 3; /* seconds */
    const struct sheet *sheet = ballot->sheet;
    const double *second = ballot->times.second;
    uint32_t from = 0, to = 0;
    *first = *last = 0;
    for (uint32_t o = 0; o < sheet->onsets; o++) {
        if (ballot->count.covered[o] < 2)
            continue;
        bool parted = o - to > FEW || (o > 0 && second[o] - second[o - 1] > stop);
        from = parted ? o : from;
        to = o;
        if (to - from > *last - *first) {
            *first = from;
            *last = to;
        }
    }
}

static void keep_columns(struct ballot *ballot, bool ends)
{
    const struct sheet *sheet = ballot->sheet;
    const struct times *times = &ballot->times;
    uint32_t from = 0, to = UINT32_MAX;
    if (!ends)
        find_ends(ballot, &from, &to);
    for (size_t c = 0; c < sheet->count; c++) {
        struct column column = sheet->column[c];
        uint32_t heard = ballot->count.heard[c], passed = ballot->count.passed[c];
        if (!heard || !is_meant(ballot, column.onset, column.pitch, heard, passed) ||
            column.onset < from || column.onset > to)
            continue;
        column.pitch = elect(ballot, c);
        column.heard = (uint16_t)(heard < UINT16_MAX ? heard : UINT16_MAX);
        column.passed = (uint16_t)(passed < UINT16_MAX ? passed : UINT16_MAX);
        column.own = times->second[column.onset] + times->offset[c];
        column.length = (float)(times->length[c] / heard);
        column.velocity = (float)(times->velocity[c] / heard);
        ballot->made[ballot->mades++] = column;
    }
}

static uint32_t onset_at(const struct sheet *sheet, double second)
{
    uint32_t low = 0, high = sheet->onsets;
    while (high - low > 1) {
        uint32_t middle = (low + high) / 2;
        if (sheet->column[sheet->first[middle]].second <= second)
            low = middle;
        else
            high = middle;
    }
    double after =
        low + 1 < sheet->onsets ? sheet->column[sheet->first[low + 1]].second - second : HUGE_VAL;
    return after < second - sheet->column[sheet->first[low]].second ? low + 1 : low;
}

/* Strays of other passes that are the same note as the i-th: first those of its pitch, then those
 * on keys beside. Marks them; how many. */
static uint32_t gather_strays(struct times *times, size_t i, size_t *member, uint32_t most)
{
    struct stray *stray = times->stray;
    uint32_t count = 1;
    member[0] = i;
    for (int off = 0; off <= beside; off++)
        for (size_t j = i + 1;
             j < times->strays && stray[j].second - stray[i].second <= together && count < most;
             j++) {
            bool other = !stray[j].taken && abs(stray[j].pitch - stray[i].pitch) == off;
            for (uint32_t m = 0; other && m < count; m++)
                other = stray[member[m]].pass != stray[j].pass && member[m] != j;
            if (other)
                member[count++] = j;
        }
    return count;
}

/* Notes that the sheet has not and most of the passes have. */
static void add_columns(struct ballot *ballot)
{
    enum { MOST = 64 };
    const struct sheet *sheet = ballot->sheet;
    struct times *times = &ballot->times;
    for (size_t i = 0; i < times->strays; i++) {
        size_t member[MOST];
        if (times->stray[i].taken)
            continue;
        uint32_t heard = gather_strays(times, i, member, MOST), best = 0;
        uint32_t onset = onset_at(sheet, times->stray[i].second);
        uint32_t passed = ballot->count.covered[onset];
        passed = passed > heard ? passed : heard;
        double second = 0, length = 0, velocity = 0;
        uint8_t pitch = times->stray[i].pitch;
        if (passed < 2 || !is_meant(ballot, onset, pitch, heard, passed))
            continue;
        for (uint32_t m = 0; m < heard; m++) {
            struct stray *stray = &times->stray[member[m]];
            const struct draft_key *key = &ballot->material->key[stray->key];
            uint32_t alike = 0;
            for (uint32_t n = 0; n < heard; n++)
                alike += times->stray[member[n]].pitch == stray->pitch;
            if (alike > best) {
                best = alike;
                pitch = stray->pitch;
            }
            stray->taken = true;
            second += stray->second / heard;
            length += (key->release - key->seconds) / heard;
            velocity += (double)key->velocity / heard;
        }
        ballot->made[ballot->mades++] = (struct column){.own = times_map(times, sheet, second),
                                                        .length = (float)length,
                                                        .velocity = (float)velocity,
                                                        .pitch = pitch,
                                                        .heard = (uint16_t)heard,
                                                        .passed = (uint16_t)passed};
    }
}

int vote(struct sheet *sheet, const struct material *material, const struct placing *placing,
         bool ends, struct error *error)
{
    struct ballot ballot = {.sheet = sheet, .material = material};
    landing_make(&ballot.landing, landing_wrong(material, sheet, placing));
    if (count_make(&ballot.count, sheet, material, placing, error) != 0)
        return -1;
    int status = times_make(&ballot.times, sheet, material, placing, error);
    if (status == 0) {
        ballot.made = calloc(sheet->count + ballot.times.strays + 1, sizeof *ballot.made);
        if (!ballot.made)
            status = error_set(error, "out of memory for %zu notes", sheet->count);
    }
    if (status == 0) {
        keep_columns(&ballot, ends);
        add_columns(&ballot);
        sheet_clear(sheet);
        status = sheet_arrange(sheet, ballot.made, ballot.mades, error);
    }
    times_clear(&ballot.times);
    count_clear(&ballot.count);
    return status;
}
