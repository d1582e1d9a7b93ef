/* Which stretch of the takes is to be the first sheet.
 *
 * A player begins again, repeats bars and leaves some out, so whole takes are often not the piece,
 * and what occurs twice in them neither. Of the stretches between stops that one is taken through
 * which the takes go straightest: most keys explained, fewest jumps, fewest notes that a take
 * leaves out. */
#include "draft/draft_private.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    LINE = 3,        /* groups */
    TRIED = 8,       /* stretches that the takes are aligned with */
    LEAST_KEYS = 16, /* of a stretch, and of a take that has to do with it */
};

static const double together = .05;            /* seconds between keys of one group */
static const double stop = 1.5, long_stop = 4; /* seconds; no stretch goes on beyond the second */

/* In keys. Repeats that every take makes cost nothing where the sheet has them, and jumps where it
 * has not. */
static const double jump_cost = 5, left_out_cost = .25;
static const double usually_played = .9; /* of the notes, as some are dropped by mistake */

/* Groups on which a line of highest notes that was heard at least twice begins count 1. */
static const double group_cost = .1;

struct line {
    uint32_t line;
    size_t key; /* at which it begins */
};

struct candidate {
    size_t begin, end;
    double promise;
};

static int compare_lines(const void *a, const void *b)
{
    const struct line *x = a, *y = b;
    if (x->line != y->line)
        return x->line < y->line ? -1 : 1;
    return (x->key > y->key) - (x->key < y->key);
}

static bool goes_on(const struct material *m, size_t k)
{
    return k > 0 && !m->used[k - 1] && m->take[k - 1] == m->take[k];
}

static double passed(const struct material *m, size_t k)
{
    return goes_on(m, k) ? m->key[k].seconds - m->key[k - 1].seconds : 1e9;
}

/* The lines of all groups; how many. */
static size_t make_lines(const struct material *m, struct line *line)
{
    size_t groups = 0, count = 0;
    for (size_t k = 0; k < m->count; k++) {
        if (m->used[k])
            continue;
        if (!groups || passed(m, k) > together)
            line[groups++] = (struct line){0, k};
        if (m->key[k].pitch > line[groups - 1].line)
            line[groups - 1].line = m->key[k].pitch;
    }
    for (size_t g = 0; g + LINE <= groups; g++)
        line[count++] = (struct line){
            (line[g].line * 128 + line[g + 1].line) * 128 + line[g + 2].line, line[g].key};
    qsort(line, count, sizeof *line, compare_lines);
    return count;
}

/* What a stretch promises: lines in it that occur elsewhere, each once, less its groups. */
static double promise_of(const struct line *line, size_t lines, size_t begin, size_t end)
{
    double sum = 0;
    for (size_t first = 0, last; first < lines; first = last) {
        size_t inside = 0;
        for (last = first; last < lines && line[last].line == line[first].line; last++)
            inside += line[last].key >= begin && line[last].key < end;
        sum += (inside > 0 && last - first > inside) - group_cost * (double)inside;
    }
    return sum;
}

static int compare_candidates(const void *a, const void *b)
{
    const struct candidate *x = a, *y = b;
    if (x->promise < y->promise || x->promise > y->promise)
        return x->promise > y->promise ? -1 : 1;
    return (x->begin > y->begin) - (x->begin < y->begin);
}

/* All stretches that begin and end at stops, up to `room`. */
static size_t list_candidates(const struct material *m, struct candidate *candidate, size_t room)
{
    size_t count = 0;
    for (size_t begin = 0; begin < m->count; begin++) {
        if (m->used[begin] || passed(m, begin) < stop)
            continue;
        for (size_t end = begin + 1; count < room; end++) {
            bool ends = end == m->count || m->used[end] || m->take[end] != m->take[begin];
            double seconds = ends ? 1e9 : passed(m, end);
            if (seconds >= stop && end - begin >= LEAST_KEYS)
                candidate[count++] = (struct candidate){.begin = begin, .end = end};
            if (ends || seconds >= long_stop)
                break;
        }
    }
    return count;
}

/* How straight the takes go through a stretch. Its own keys count once others have struck the same.
 */
static int rate(const struct material *m, const struct candidate *candidate, double *rating,
                const struct task *task, struct error *error)
{
    struct sheet sheet = {0};
    struct placing placing = {0};
    *rating = 0;
    int status = sheet_of_keys(&sheet, m, candidate->begin, candidate->end, error);
    if (status == 0)
        status = placing_make(&placing, m, &sheet, task, error);
    bool *confirmed = status == 0 ? calloc(sheet.count + 1, sizeof *confirmed) : NULL;
    if (status == 0 && !confirmed) {
        error_set(error, "out of memory for %zu notes", sheet.count);
        status = -1;
    }
    for (size_t t = 0, p = 0; status == 0 && t < m->takes; t++) {
        size_t explained = 0, all = 0, jumps = 0;
        for (size_t k = m->begin[t]; k < m->begin[t + 1]; k++) {
            int32_t c = placing.column_of[k];
            if (c < 0)
                continue;
            bool own = k >= candidate->begin && k < candidate->end;
            explained += !own;
            explained += !own && !confirmed[c];
            confirmed[c] |= !own;
            all++;
        }
        for (; p < placing.passes && placing.pass[p].take == t; p++)
            jumps += placing.pass[p].end > 0;
        if (all >= LEAST_KEYS) {
            double left_out = fmax(usually_played * (double)sheet.count - (double)all, 0);
            *rating += (double)explained - jump_cost * (double)jumps - left_out_cost * left_out;
        }
    }
    free(confirmed);
    placing_clear(&placing);
    sheet_clear(&sheet);
    return status;
}

static int rate_all(const struct material *m, struct stretch *found,
                    const struct candidate *candidate, size_t count, const struct task *task,
                    struct error *error)
{
    const struct candidate given = {.begin = found->run_begin, .end = found->run_end};
    double best;
    int status = rate(m, &given, &best, task, error);
    for (size_t i = 0; status == 0 && i < count && i < TRIED; i++) {
        double rating;
        if (candidate[i].begin == given.begin && candidate[i].end == given.end)
            continue;
        status = rate(m, &candidate[i], &rating, task, error);
        if (status == 0 && rating > best) {
            best = rating;
            found->begin = found->run_begin = candidate[i].begin;
            found->end = found->run_end = candidate[i].end;
        }
    }
    return status;
}

int choose_stretch(const struct material *material, struct stretch *found, const struct task *task,
                   struct error *error)
{
    enum { ROOM = 1024 };
    struct line *line = malloc((material->count + 1) * sizeof *line);
    struct candidate *candidate = malloc(ROOM * sizeof *candidate);
    int status = 0;
    if (!line || !candidate) {
        error_set(error, "out of memory for %zu notes", material->count);
        status = -1;
    } else {
        size_t lines = make_lines(material, line);
        size_t count = list_candidates(material, candidate, ROOM);
        for (size_t i = 0; i < count; i++)
            candidate[i].promise = promise_of(line, lines, candidate[i].begin, candidate[i].end);
        qsort(candidate, count, sizeof *candidate, compare_candidates);
        status = rate_all(material, found, candidate, count, task, error);
    }
    free(line);
    free(candidate);
    return status;
}
