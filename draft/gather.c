/* Finds what was played twice.
 *
 * Keys struck together are a group. Three successive highest notes that occur at two places are a
 * seed; seeds that follow each other at both places, with little between, are a chain, found by
 * dynamic programming (collinear chaining, Abouelhoda and Ohlebusch, "Chaining algorithms for
 * multiple genome comparison", J. Discrete Algorithms 3, 2005). With a tenth of the keys wrong half
 * of the seeds are left. */
#include "draft/draft_private.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const double together = .05; /* seconds between keys of one group */
/* Seconds without a key: from the first on it is another try, which may be held against the one
 * before; the second, at both places, parts what is no one piece. Players who hesitate wait 1 to 4
 * s. */
static const double stop = 2, long_stop = 4;
/* A rest of the music is as long at both places, but for so much. */
static const double like_length = 1.5;

enum {
    SEED = 3,          /* groups */
    MOST_ALIKE = 128,  /* places of a seed; where there are more, it says nothing */
    REACH = 24,        /* groups between seeds of a chain */
    GROUPS_A_STEP = 64 /* between looks at the task */
};

static const float least_score = 10; /* of a chain: seeds, less what is between them */
static const float off_line = .05f; /* of a seed, for a group more at one place than at the other */
static const double least_density = .2; /* seeds a group */

struct group {
    size_t first; /* key */
    uint16_t take;
    uint8_t top;
    uint32_t tries; /* stops up to here */
    double stops;   /* seconds of long stops up to here */
};

struct seed {
    uint32_t line;
    uint32_t group;
};

struct link {
    uint32_t to; /* the later group */
    int32_t before;
    float score;
    uint32_t length;
};

struct search {
    const struct material *material;
    bool strict;
    struct group *group; /* [groups], and one behind the last */
    size_t groups;
    struct link *link;
    size_t *first; /* [groups + 1]: links of a group */
};

static void make_groups(struct search *search)
{
    const struct material *m = search->material;
    uint32_t tries = 0;
    double stops = 0;
    size_t last = SIZE_MAX;
    for (size_t k = 0; k < m->count; k++) {
        if (m->used[k])
            continue;
        bool goes_on = last != SIZE_MAX && last + 1 == k && m->take[last] == m->take[k];
        double passed = goes_on ? m->key[k].seconds - m->key[last].seconds : long_stop + 1;
        tries += passed > stop;
        stops += goes_on && passed > long_stop ? passed : 0;
        if (!goes_on || passed > together) {
            struct group *group = &search->group[search->groups++];
            *group = (struct group){.first = k, .take = m->take[k], .tries = tries, .stops = stops};
        }
        struct group *group = &search->group[search->groups - 1];
        if (m->key[k].pitch > group->top)
            group->top = m->key[k].pitch;
        last = k;
    }
    search->group[search->groups].first = last == SIZE_MAX ? 0 : last + 1;
}

static int compare_seeds(const void *a, const void *b)
{
    const struct seed *x = a, *y = b;
    if (x->line != y->line)
        return x->line < y->line ? -1 : 1;
    return (x->group > y->group) - (x->group < y->group);
}

static size_t make_seeds(const struct search *search, struct seed *seed)
{
    size_t count = 0;
    for (size_t g = 0; g + SEED <= search->groups; g++) {
        uint32_t line = 0;
        if (search->group[g].take != search->group[g + SEED - 1].take)
            continue;
        for (size_t i = g; i < g + SEED; i++)
            line = line * 128 + search->group[i].top;
        seed[count++] = (struct seed){line, (uint32_t)g};
    }
    qsort(seed, count, sizeof *seed, compare_seeds);
    return count;
}

/* Of seeds that are alike, [first, end), pairs of different tries. NULL: how many there are. */
static size_t pair(const struct search *search, const struct seed *seed, size_t first, size_t end,
                   size_t *room)
{
    size_t count = 0;
    for (size_t a = first; a < end && end - first <= MOST_ALIKE; a++)
        for (size_t b = a + 1; b < end; b++) {
            uint32_t i = seed[a].group, j = seed[b].group;
            if (search->group[i].tries == search->group[j].tries)
                continue;
            if (search->link)
                search->link[room[i]++] =
                    (struct link){.to = j, .before = -1, .score = 1, .length = 1};
            else
                room[i]++;
            count++;
        }
    return count;
}

static size_t pair_all(const struct search *search, const struct seed *seed, size_t seeds,
                       size_t *room)
{
    size_t count = 0;
    for (size_t first = 0, end; first < seeds; first = end) {
        for (end = first + 1; end < seeds && seed[end].line == seed[first].line;)
            end++;
        count += pair(search, seed, first, end, room);
    }
    return count;
}

static int make_links(struct search *search, const struct seed *seed, size_t seeds)
{
    size_t *room = calloc(search->groups + 1, sizeof *room);
    search->first = calloc(search->groups + 2, sizeof *search->first);
    if (!room || !search->first) {
        free(room);
        return -1;
    }
    size_t count = pair_all(search, seed, seeds, room);
    for (size_t g = 0; g < search->groups; g++) {
        search->first[g + 1] = search->first[g] + room[g];
        room[g] = search->first[g];
    }
    search->link = malloc((count + 1) * sizeof *search->link);
    if (search->link)
        pair_all(search, seed, seeds, room);
    free(room);
    return search->link ? 0 : -1;
}

/* The first link of a group to `to` or behind. */
static size_t find_link(const struct search *search, size_t group, uint32_t to)
{
    size_t low = search->first[group], high = search->first[group + 1];
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (search->link[middle].to < to)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* Seconds of the last groups up to one, stops left out. */
static double pace(const struct search *search, size_t g)
{
    enum { GROUPS = 12 };
    size_t from = g > GROUPS ? g - GROUPS : 0;
    while (search->group[from].take != search->group[g].take)
        from++;
    const struct draft_key *key = search->material->key;
    double passed = key[search->group[g].first].seconds - key[search->group[from].first].seconds;
    return (passed - (search->group[g].stops - search->group[from].stops)) / (double)(g - from);
}

/* Whether there are stops behind two groups, at both places, that are not the same rest: by the
 * pace at which each is played. */
static bool is_parted(const struct search *search, size_t i, double after_i, size_t j,
                      double after_j)
{
    double shorter = fmin(after_i, after_j);
    if (shorter <= 0)
        return false;
    double ratio = after_i / after_j * pace(search, j) / pace(search, i);
    return search->strict || !(ratio < like_length && ratio > 1 / like_length);
}

/* The best chain that ends with a link. */
static void chain(struct search *search, size_t i, struct link *link)
{
    const struct group *group = search->group;
    uint32_t j = link->to, from = j > REACH ? j - REACH : 0;
    float best = 0;
    for (size_t d = 1; d <= REACH && d <= i && group[i - d].take == group[i].take; d++)
        for (size_t l = find_link(search, i - d, from);
             l < search->first[i - d + 1] && search->link[l].to < j; l++) {
            const struct link *before = &search->link[l];
            uint32_t along = j - before->to;
            bool parted = is_parted(search, i - d, group[i].stops - group[i - d].stops, before->to,
                                    group[j].stops - group[before->to].stops);
            float off = (float)(along > d ? along - d : d - along);
            float score = before->score - off_line * off;
            if (score > best && !parted && group[before->to].take == group[j].take) {
                best = score;
                link->before = (int32_t)l;
                link->length = before->length + 1;
            }
        }
    link->score += best;
}

/* The link that ends the best chain; -1: none is good enough. -2: stopped. */
static int64_t best_chain(struct search *search, const struct task *task, struct error *error)
{
    int64_t best = -1;
    float most = least_score;
    for (size_t i = 0; i < search->groups; i++) {
        if (i % GROUPS_A_STEP == 0 && task_step(task, (double)i / (double)search->groups, error))
            return -2;
        for (size_t l = search->first[i]; l < search->first[i + 1]; l++) {
            chain(search, i, &search->link[l]);
            if (search->link[l].score > most) {
                most = search->link[l].score;
                best = (int64_t)l;
            }
        }
    }
    return best;
}

static size_t group_of(const struct search *search, size_t link)
{
    size_t low = 0, high = search->groups;
    while (high - low > 1) {
        size_t middle = (low + high) / 2;
        if (search->first[middle] <= link)
            low = middle;
        else
            high = middle;
    }
    return low;
}

/* Groups first .. last as keys, and with what was played around them without a stop. */
static struct stretch stretch_of(const struct search *search, size_t first, size_t last)
{
    const struct material *m = search->material;
    struct stretch s = {.begin = search->group[first].first, .end = search->group[last].first + 1};
    while (s.end < m->count && !m->used[s.end] && m->take[s.end] == m->take[s.begin] &&
           m->key[s.end].seconds - m->key[s.end - 1].seconds <= together)
        s.end++;
    s.run_begin = s.begin;
    s.run_end = s.end;
    while (s.run_begin > 0 && !m->used[s.run_begin - 1] &&
           m->take[s.run_begin - 1] == m->take[s.begin] &&
           m->key[s.run_begin].seconds - m->key[s.run_begin - 1].seconds <= stop)
        s.run_begin--;
    while (s.run_end < m->count && !m->used[s.run_end] && m->take[s.run_end] == m->take[s.begin] &&
           m->key[s.run_end].seconds - m->key[s.run_end - 1].seconds <= stop)
        s.run_end++;
    return s;
}

/* Of the two places of a chain the one that is to be the sheet. What has many more keys than
 * the other was begun again on the way. */
static bool choose(const struct search *search, int64_t end, struct stretch *found)
{
    static const double restarted = 1.1;
    const struct link *last = &search->link[end], *first;
    size_t i1 = group_of(search, (size_t)end), j1 = last->to, at = (size_t)end;
    while (search->link[at].before >= 0)
        at = (size_t)search->link[at].before;
    first = &search->link[at];
    size_t i0 = group_of(search, at), j0 = first->to;
    if (i1 + SEED > j0) /* music that repeats itself all the time */
        i1 = j0 > i0 + SEED ? j0 - SEED : i0;
    double spans[] = {(double)(i1 - i0 + SEED), (double)(j1 - j0 + SEED)};
    if (last->length < least_density * (spans[0] < spans[1] ? spans[0] : spans[1]))
        return false;
    struct stretch a = stretch_of(search, i0, i1 + SEED - 1);
    struct stretch b = stretch_of(search, j0, j1 + SEED - 1);
    bool second =
        spans[0] > restarted * spans[1] ||
        (spans[1] <= restarted * spans[0] && b.run_end - b.run_begin > a.run_end - a.run_begin);
    *found = second ? b : a;
    return true;
}

int gather(const struct material *material, bool strict, struct stretch *found,
           const struct task *task, struct error *error)
{
    struct search search = {.material = material,
                            .strict = strict,
                            .group = malloc((material->count + 1) * sizeof *search.group)};
    struct seed *seed = malloc((material->count + 1) * sizeof *seed);
    int status = -1;
    if (search.group && seed) {
        make_groups(&search);
        size_t seeds = make_seeds(&search, seed);
        status = make_links(&search, seed, seeds);
    }
    if (status != 0)
        error_set(error, "out of memory for %zu notes", material->count);
    else {
        int64_t end = best_chain(&search, task, error);
        status = end == -2 ? -1 : end < 0 || !choose(&search, end, found);
    }
    free(seed);
    free(search.group);
    free(search.link);
    free(search.first);
    return status;
}
