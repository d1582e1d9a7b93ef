/* Takes aligned with the sheet as it stands.
 *
 * Keys struck together are a group; the likeliest way of the groups of a take through the onsets of
 * the sheet is found by dynamic programming (Viterbi): straight on, with onsets left out or groups
 * put in, an onset that is two groups or the other way round, small steps back, jumps, and
 * stretches that are no part of the sheet. The time from group to group, by the pace around, tells
 * repeated notes apart. The follower of follow/ is not used: both sides have mistakes here, and one
 * that must allow jumps at any note goes over to another verse where that has fewer of them. Here a
 * jump costs more than a verse can gain by it. */
#include "draft/aligner.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Nats relative to keys that are no part of the sheet. A key that is right: .9 against one of 40
 * keys; one near: .1 of the keys, on four; one left out or too much: .05; */
static const float right = 3.1f, near = -.5f, far = -4, missing = -2.5f, extra = -2.5f;
static const float joined = -1;             /* an onset is two groups, or a group two onsets */
static const float passed_over = -1;        /* an onset is left out, beside its notes */
static const float put_in = -1;             /* a group is no part of the sheet, beside its keys */
static const float enter = -60, leave = -5; /* the sheet, on the way */
static const float enter_first = -5;        /* at the beginning of a take */
static const float enter_anew = -40;        /* after a stop */
static const float step_back = -20;         /* a few onsets */

enum { GROUPS_A_STEP = 64 }; /* between looks at the task */

static const double together = .05; /* seconds between keys of a group */
/* Of the logarithm of a step's time over that of the sheet: deviation, and the most it costs. */
static const float uneven = .35f, most_uneven = 2;
static const double longest_step = 1; /* seconds; what is longer is a wait and no pace */
static const double spread = .16;     /* of a chord at most, seconds */
static const double stop = 1.2;       /* seconds, after which a jump is likelier */

static void add_pitch(struct set *set, int pitch)
{
    set->bits[pitch >> 6 & 1] |= (uint64_t)1 << (pitch & 63);
}

static struct set join(struct set a, struct set b)
{
    return (struct set){{a.bits[0] | b.bits[0], a.bits[1] | b.bits[1]}};
}

static int count_bits(struct set set)
{
    return __builtin_popcountll(set.bits[0]) + __builtin_popcountll(set.bits[1]);
}

/* All within two semitones. */
static struct set around(struct set s)
{
    struct set wide = s;
    for (int d = 1; d <= 2; d++) {
        wide.bits[0] |= s.bits[0] << d | s.bits[0] >> d | s.bits[1] << (64 - d);
        wide.bits[1] |= s.bits[1] << d | s.bits[1] >> d | s.bits[0] >> (64 - d);
    }
    return wide;
}

/* How well keys are explained by notes. */
static float evidence(struct set keys, struct set notes)
{
    struct set both = {{keys.bits[0] & notes.bits[0], keys.bits[1] & notes.bits[1]}};
    float sum = right * (float)count_bits(both);
    struct set more = {{keys.bits[0] & ~notes.bits[0], keys.bits[1] & ~notes.bits[1]}};
    struct set less = {{notes.bits[0] & ~keys.bits[0], notes.bits[1] & ~keys.bits[1]}};
    int left = count_bits(less), over = count_bits(more);
    if (left == 0 && over == 0)
        return sum;
    struct set close = around(less);
    struct set by = {{more.bits[0] & close.bits[0], more.bits[1] & close.bits[1]}};
    int pairs = left < over ? left : over, beside = count_bits(by);
    beside = beside < pairs ? beside : pairs;
    return sum + near * (float)beside + far * (float)(pairs - beside) +
           missing * (float)(left - pairs) + extra * (float)(over - pairs);
}

static bool shares(struct set a, struct set b)
{
    return (a.bits[0] & b.bits[0]) | (a.bits[1] & b.bits[1]);
}

/* --- The way --- */

static bool take_move(float *best, uint8_t *move, float score, unsigned how)
{
    if (!(score > *best))
        return false;
    *best = score;
    *move = (uint8_t)how;
    return true;
}

static float step_cost(float log_before, float log_due)
{
    float off = (log_before - log_due) / uneven;
    return -fminf(off * off / 2, most_uneven);
}

static void place_group(struct aligner *a, size_t g, float entering)
{
    const struct group *group = &a->group[g];
    const float *one = a->row[1], *two = a->row[2];
    int keys = count_bits(group->set);
    struct set pair = g > 0 ? join(a->group[g - 1].set, group->set) : group->set;
    for (uint32_t o = 0; o < a->sheet->onsets; o++) {
        float here = evidence(group->set, a->onset[o]), best = -HUGE_VALF, over = 0;
        uint8_t *move = &a->move[g * a->sheet->onsets + o];
        *move = ENTERED;
        best = entering + here;
        for (uint32_t k = 0; k <= AHEAD && k < o; k++) {
            take_move(&best, move,
                      one[o - 1 - k] + here + over + step_cost(group->log_before, a->log_due[o][k]),
                      STRAIGHT + k);
            over += passed_over + missing * (float)count_bits(a->onset[o - 1 - k]);
        }
        if (o > 1 && second_of(a, o) - second_of(a, o - 1) < spread)
            take_move(&best, move,
                      one[o - 2] + joined + step_cost(group->log_before, a->log_due[o - 1][0]) +
                          evidence(group->set, join(a->onset[o], a->onset[o - 1])),
                      TWO_ONSETS);
        if (o > 0 && g > 1 && group->before < spread && !shares(group->set, a->group[g - 1].set))
            take_move(&best, move,
                      two[o - 1] + joined + evidence(pair, a->onset[o]) +
                          step_cost(a->group[g - 1].log_before, a->log_due[o][0]),
                      TWO_GROUPS);
        take_move(&best, move, one[o] + put_in + extra * (float)keys, PUT_IN);
        if (a->most[o] + step_back + here > best)
            for (uint32_t k = 0; k <= BACK && o + k < a->sheet->onsets; k++)
                take_move(&best, move, one[o + k] + step_back + here, STEP_BACK + k);
        a->row[0][o] = best;
    }
}

/* The largest of each onset and the BACK behind it. */
static void look_ahead(struct aligner *a)
{
    for (uint32_t o = a->sheet->onsets; o-- > 0;) {
        float most = -HUGE_VALF;
        for (uint32_t k = 0; k <= BACK && o + k < a->sheet->onsets; k++)
            most = fmaxf(most, a->row[1][o + k]);
        a->most[o] = most;
    }
}

static void go_elsewhere(struct aligner *a, size_t g)
{
    a->away_from[g] = -1;
    float best = a->away_before;
    for (uint32_t o = 0; g > 0 && o < a->sheet->onsets; o++)
        if (a->row[1][o] + leave > best) {
            best = a->row[1][o] + leave;
            a->away_from[g] = (int32_t)o;
        }
    a->away = best;
}

/* Forward. Elsewhere counts as left before the group: it is entered from there. */
static int find_way(struct aligner *a, const struct task *task, struct error *error)
{
    for (uint32_t o = 0; o < a->sheet->onsets; o++)
        a->row[1][o] = a->row[2][o] = -HUGE_VALF;
    a->away_before = 0;
    for (size_t g = 0; g < a->groups; g++) {
        if (g % GROUPS_A_STEP == 0 && task_step(task, (double)g / (double)a->groups, error) != 0)
            return -1;
        look_ahead(a);
        go_elsewhere(a, g);
        place_group(a, g,
                    a->away + (g == 0                      ? enter_first
                               : a->group[g].before > stop ? enter_anew
                                                           : enter));
        float *last = a->row[2];
        a->row[2] = a->row[1];
        a->row[1] = a->row[0];
        a->row[0] = last;
        a->away_before = a->away;
    }
    return 0;
}

static int32_t best_end(const struct aligner *a)
{
    int32_t best = -1;
    float most = a->away_before;
    for (uint32_t o = 0; o < a->sheet->onsets; o++)
        if (a->row[1][o] > most) {
            most = a->row[1][o];
            best = (int32_t)o;
        }
    return best;
}

/* The way back, into at[]. */
static void trace_back(struct aligner *a, uint8_t *how)
{
    int32_t at = best_end(a);
    for (size_t g = a->groups; g-- > 0;) {
        a->at[g] = at;
        how[g] = ENTERED;
        if (at < 0) {
            /* Elsewhere was reached before this group. */
            at = a->away_from[g];
            continue;
        }
        uint8_t move = a->move[g * a->sheet->onsets + (size_t)at];
        how[g] = move;
        if (move == TWO_GROUPS && g > 0) {
            a->at[g - 1] = at;
            how[g - 1] = STRAIGHT;
            g--;
            at--;
        } else if (move <= AHEAD)
            at -= 1 + move;
        else if (move == TWO_ONSETS)
            at -= 2;
        else if (move == ENTERED)
            at = a->away_from[g];
        else if (move >= STEP_BACK)
            at += move - STEP_BACK;
    }
}

/* --- Pace --- */

/* Steps over the mean of those around, as logarithms. */
static double pace_at(const double *step, size_t count, size_t i)
{
    enum { STEPS = 8 };
    size_t from = i > STEPS ? i - STEPS : 0, to = i + STEPS < count ? i + STEPS : count;
    double sum = 0;
    for (size_t k = from; k < to; k++)
        sum += fmin(step[k], longest_step);
    return sum / (double)(to - from);
}

static float log_step(double seconds, double pace)
{
    static const double least = .01;
    return (float)log(fmax(seconds, least) / fmax(pace, least));
}

static void pace_groups(struct aligner *a)
{
    for (size_t g = 0; g < a->groups; g++)
        a->room[g] = a->group[g].before;
    for (size_t g = 0; g < a->groups; g++)
        a->group[g].log_before = log_step(a->room[g], pace_at(a->room, a->groups, g));
}

static void pace_sheet(struct aligner *a)
{
    uint32_t onsets = a->sheet->onsets;
    for (uint32_t o = 0; o < onsets; o++)
        a->room[o] = o ? second_of(a, o) - second_of(a, o - 1) : longest_step;
    for (uint32_t o = 0; o < onsets; o++)
        for (uint32_t k = 0; k <= AHEAD; k++) {
            double before = o > k ? second_of(a, o - 1 - k) : 0;
            a->log_due[o][k] = log_step(second_of(a, o) - before, pace_at(a->room, onsets, o));
        }
}

/* --- A take --- */

static void make_groups(struct aligner *a, size_t take)
{
    const struct material *m = a->material;
    size_t keys = 0;
    double last = 0, begun = 0;
    a->groups = 0;
    for (size_t k = m->begin[take]; k < m->begin[take + 1]; k++) {
        if (m->used[k])
            continue;
        double seconds = m->key[k].seconds;
        if (!keys || seconds - last > together || seconds - begun > 2 * together) {
            a->group[a->groups++] = (struct group){
                .first = keys, .seconds = seconds, .before = keys ? seconds - last : HUGE_VAL};
            begun = seconds;
        }
        struct group *group = &a->group[a->groups - 1];
        add_pitch(&group->set, m->key[k].pitch);
        a->key[keys++] = k;
        group->end = keys;
        last = seconds;
    }
}

static int align_take(struct aligner *a, size_t take, const struct task *task, struct error *error)
{
    make_groups(a, take);
    if (a->groups == 0)
        return 0;
    pace_groups(a);
    a->move = malloc(a->groups * a->sheet->onsets);
    uint8_t *how = malloc(a->groups);
    int status = -1;
    if (a->move && how)
        status = find_way(a, task, error);
    else
        error_set(error, "out of memory for a take of %zu groups", a->groups);
    if (status == 0 && a->move && how) {
        trace_back(a, how);
        strike_take(a, how);
    }
    free(a->move);
    free(how);
    return status;
}

static int aligner_open(struct aligner *a)
{
    size_t onsets = (size_t)a->sheet->onsets + 1, keys = a->material->count + 1;
    size_t columns = a->sheet->count + 1;
    struct placing *placing = a->placing;
    a->onset = calloc(onsets, sizeof *a->onset);
    a->log_due = malloc(onsets * sizeof *a->log_due);
    a->room = malloc((keys > onsets ? keys : onsets) * sizeof *a->room);
    a->key = malloc(keys * sizeof *a->key);
    a->group = malloc(keys * sizeof *a->group);
    a->most = malloc(onsets * sizeof *a->most);
    a->away_from = malloc(keys * sizeof *a->away_from);
    a->at = malloc(keys * sizeof *a->at);
    a->struck = malloc(columns * sizeof *a->struck);
    a->by = malloc(columns * sizeof *a->by);
    placing->pass_of = malloc(keys * sizeof *placing->pass_of);
    placing->column_of = malloc(keys * sizeof *placing->column_of);
    placing->pass = malloc(keys * sizeof *placing->pass);
    bool all = a->onset && a->log_due && a->room && a->key && a->group && a->most && a->away_from &&
               a->at && a->struck && a->by && placing->pass_of && placing->column_of &&
               placing->pass;
    for (int r = 0; r < 3; r++) {
        a->row[r] = malloc(onsets * sizeof *a->row[r]);
        all = all && a->row[r];
    }
    for (size_t k = 0; all && k < a->material->count; k++)
        placing->pass_of[k] = placing->column_of[k] = -1;
    for (size_t c = 0; all && c < a->sheet->count; c++) {
        a->struck[c] = a->by[c] = -1;
        add_pitch(&a->onset[a->sheet->column[c].onset], a->sheet->column[c].pitch);
    }
    if (all)
        pace_sheet(a);
    return all ? 0 : -1;
}

static void aligner_close(struct aligner *a)
{
    free(a->onset);
    free(a->log_due);
    free(a->room);
    free(a->key);
    free(a->group);
    free(a->most);
    free(a->away_from);
    free(a->at);
    free(a->struck);
    free(a->by);
    for (int r = 0; r < 3; r++)
        free(a->row[r]);
}

int placing_make(struct placing *placing, const struct material *material,
                 const struct sheet *sheet, const struct task *task, struct error *error)
{
    *placing = (struct placing){0};
    struct aligner aligner = {.material = material, .sheet = sheet, .placing = placing};
    int status = aligner_open(&aligner);
    if (status != 0)
        error_set(error, "out of memory for %zu notes", material->count);
    for (size_t t = 0; status == 0 && t < material->takes; t++) {
        struct task_part part = {task, (double)t / (double)material->takes,
                                 (double)(t + 1) / (double)material->takes};
        const struct task own = {task_part_goes_on, &part};
        status = align_take(&aligner, t, &own, error);
    }
    aligner_close(&aligner);
    if (status != 0)
        placing_clear(placing);
    return status;
}

void placing_clear(struct placing *placing)
{
    free(placing->pass_of);
    free(placing->column_of);
    free(placing->pass);
    *placing = (struct placing){0};
}
