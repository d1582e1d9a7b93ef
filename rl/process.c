/* Observations become states by sorting, states that follow one another become
 * arcs by sorting pairs. Sorting instead of hashing keeps the numbering
 * independent of the machine. */
#include "rl/process.h"

#include <stdlib.h>
#include <string.h>

enum { NOTHING = 0 }; /* what stands before the first observation of a trajectory */

/* One row of fixed width to be numbered, and where it came from. */
struct row {
    const void *bytes;
    size_t width;
    uint32_t place;
};

static int row_compare(const void *a, const void *b)
{
    const struct row *p = a, *q = b;
    int order = memcmp(p->bytes, q->bytes, p->width);
    return order ? order : (p->place > q->place) - (p->place < q->place);
}

static int pair_compare(const void *a, const void *b)
{
    uint64_t p = *(const uint64_t *)a, q = *(const uint64_t *)b;
    return (p > q) - (p < q);
}

/* Numbers `count` rows of `width` bytes so that equal rows share a number and
 * numbers ascend with the first appearance. Returns how many, 0: no memory. */
static uint32_t rows_number(const void *rows, size_t width, uint32_t count, uint32_t *number)
{
    struct row *sorted = malloc(count * sizeof *sorted);
    uint32_t *renamed = malloc(count * sizeof *renamed);
    uint32_t used = 0;
    if (!sorted || !renamed)
        goto out;
    for (uint32_t i = 0; i < count; i++)
        sorted[i] = (struct row){(const char *)rows + i * width, width, i};
    qsort(sorted, count, sizeof *sorted, row_compare);
    /* First pass: the number of a row is the place of its first appearance. */
    for (uint32_t i = 0, leader = 0; i < count; i++) {
        if (i == 0 || memcmp(sorted[i].bytes, sorted[i - 1].bytes, width) != 0)
            leader = sorted[i].place;
        number[sorted[i].place] = leader;
    }
    for (uint32_t i = 0; i < count; i++) {
        if (number[i] == i)
            renamed[i] = used++;
        number[i] = renamed[number[i]];
    }
out:
    free(sorted);
    free(renamed);
    return used;
}

/* Each step's observation as a number from 1; equal ones share one. */
static int number_observations(const struct trajectories *observed, uint32_t steps,
                               uint32_t *number)
{
    if (rows_number(observed->observation, observed->width, steps, number) == 0)
        return -1;
    for (uint32_t i = 0; i < steps; i++)
        number[i]++;
    return 0;
}

/* Fills process->visited and ->states. */
static int number_states(struct process *process, const uint32_t *observation)
{
    uint32_t width = process->context + 1, steps = process->start[process->trajectories];
    uint32_t *window = malloc((size_t)steps * width * sizeof *window);
    if (!window)
        return -1;
    for (uint32_t k = 0; k < process->trajectories; k++) {
        uint32_t start = process->start[k];
        for (uint32_t t = start; t < process->start[k + 1]; t++)
            for (uint32_t i = 0; i < width; i++)
                window[(size_t)t * width + i] = t - start >= i ? observation[t - i] : NOTHING;
    }
    process->states = rows_number(window, width * sizeof *window, steps, process->visited);
    free(window);
    return process->states ? 0 : -1;
}

/* Observed moves, as from << 32 | to, sorted; each as often as it was observed. */
static size_t collect_moves(const struct process *process, uint64_t *observed)
{
    size_t moves = 0;
    for (uint32_t k = 0; k < process->trajectories; k++)
        for (uint32_t t = process->start[k]; t + 1 < process->start[k + 1]; t++)
            observed[moves++] = (uint64_t)process->visited[t] << 32 | process->visited[t + 1];
    qsort(observed, moves, sizeof *observed, pair_compare);
    return moves;
}

static uint32_t first_state(const struct process *process, uint32_t trajectory)
{
    return process->visited[process->start[trajectory]];
}

static uint32_t last_state(const struct process *process, uint32_t trajectory)
{
    return process->visited[process->start[trajectory + 1] - 1];
}

/* From every last state to every first one, in the same form, each once. */
static size_t collect_entries(const struct process *process, uint64_t *entry)
{
    size_t entries = 0, unique = 0;
    for (uint32_t k = 0; k < process->trajectories; k++)
        for (uint32_t j = 0; j < process->trajectories; j++)
            entry[entries++] = (uint64_t)last_state(process, k) << 32 | first_state(process, j);
    qsort(entry, entries, sizeof *entry, pair_compare);
    for (size_t i = 0; i < entries; i++)
        if (i == 0 || entry[i] != entry[i - 1])
            entry[unique++] = entry[i];
    return unique;
}

/* Merges the two sorted lists into arcs and returns their number; while the
 * process has no arrays for them it only counts. */
static size_t merge_arcs(struct process *process, const uint64_t *observed, size_t moves,
                         const uint64_t *entry, size_t entries)
{
    size_t arcs = 0, m = 0, e = 0;
    while (m < moves || e < entries) {
        uint64_t move =
            m < moves && (e == entries || observed[m] <= entry[e]) ? observed[m] : entry[e];
        uint32_t times = 0;
        for (; m < moves && observed[m] == move; m++)
            times++;
        if (e < entries && entry[e] == move)
            e++;
        if (process->arc_next) {
            process->first_arc[(move >> 32) + 1]++;
            process->arc_next[arcs] = (uint32_t)move;
            process->arc_count[arcs] = times;
        }
        arcs++;
    }
    return arcs;
}

static void fill_rewards(struct process *process, uint32_t *visits)
{
    for (uint32_t t = 0; t < process->start[process->trajectories]; t++)
        visits[process->visited[t]]++;
    for (uint32_t s = 0; s < process->states; s++) {
        process->first_arc[s + 1] += process->first_arc[s];
        for (uint32_t a = process->first_arc[s]; a < process->first_arc[s + 1]; a++)
            process->arc_reward[a] = (float)process->arc_count[a] / (float)visits[s];
    }
}

static int build_arcs(struct process *process)
{
    uint32_t steps = process->start[process->trajectories];
    size_t square = (size_t)process->trajectories * process->trajectories;
    uint64_t *observed = malloc(((size_t)steps + 1) * sizeof *observed);
    uint64_t *entry = malloc((square + 1) * sizeof *entry);
    uint32_t *visits = calloc(process->states, sizeof *visits);
    int status = -1;
    if (!observed || !entry || !visits)
        goto out;
    size_t moves = collect_moves(process, observed), entries = collect_entries(process, entry);
    size_t arcs = merge_arcs(process, observed, moves, entry, entries);
    process->arcs = (uint32_t)arcs;
    process->first_arc = calloc((size_t)process->states + 1, sizeof *process->first_arc);
    process->arc_count = malloc((arcs + 1) * sizeof *process->arc_count);
    process->arc_reward = malloc((arcs + 1) * sizeof *process->arc_reward);
    process->arc_next = malloc((arcs + 1) * sizeof *process->arc_next);
    if (!process->first_arc || !process->arc_count || !process->arc_reward || !process->arc_next)
        goto out;
    merge_arcs(process, observed, moves, entry, entries);
    fill_rewards(process, visits);
    status = 0;
out:
    free(observed);
    free(entry);
    free(visits);
    return status;
}

static int check_observed(const struct trajectories *observed, uint32_t context,
                          struct error *error)
{
    if (observed->count == 0 || observed->count > PROCESS_MAX_TRAJECTORIES)
        return error_set(error, "decision process: %u trajectories, expected 1 to %d",
                         observed->count, PROCESS_MAX_TRAJECTORIES);
    if (context > PROCESS_MAX_CONTEXT)
        return error_set(error, "decision process: a context of %u, expected 0 to %d", context,
                         PROCESS_MAX_CONTEXT);
    for (uint32_t k = 0; k < observed->count; k++)
        if (observed->start[k + 1] <= observed->start[k])
            return error_set(error, "decision process: trajectory %u has no steps", k);
    if (observed->width == 0 || observed->start[0] != 0 ||
        observed->start[observed->count] > PROCESS_MAX_STEPS)
        return error_set(error, "decision process: more than %d steps in all", PROCESS_MAX_STEPS);
    return 0;
}

static int build(struct process *process, const struct trajectories *observed)
{
    uint32_t steps = observed->start[observed->count];
    uint32_t *number = malloc(steps * sizeof *number);
    process->trajectories = observed->count;
    process->start = malloc(((size_t)observed->count + 1) * sizeof *process->start);
    process->visited = malloc(steps * sizeof *process->visited);
    int status = -1;
    if (number && process->start && process->visited) {
        memcpy(process->start, observed->start, (observed->count + 1) * sizeof *process->start);
        status = number_observations(observed, steps, number);
        if (status == 0)
            status = number_states(process, number);
        if (status == 0)
            status = build_arcs(process);
    }
    free(number);
    return status;
}

struct process *process_create(const struct trajectories *observed, uint32_t context,
                               struct error *error)
{
    if (check_observed(observed, context, error) != 0)
        return NULL;
    struct process *process = calloc(1, sizeof *process);
    if (process) {
        process->context = context;
        if (build(process, observed) == 0)
            return process;
    }
    process_free(process);
    error_set(error, "decision process: out of memory");
    return NULL;
}

void process_free(struct process *process)
{
    if (!process)
        return;
    free(process->first_arc);
    free(process->arc_next);
    free(process->arc_count);
    free(process->arc_reward);
    free(process->start);
    free(process->visited);
    free(process);
}

uint32_t process_find_arc(const struct process *process, uint32_t from, uint32_t to)
{
    if (from >= process->states)
        return UINT32_MAX;
    uint32_t low = process->first_arc[from], high = process->first_arc[from + 1];
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (process->arc_next[middle] < to)
            low = middle + 1;
        else
            high = middle;
    }
    return low < process->first_arc[from + 1] && process->arc_next[low] == to ? low : UINT32_MAX;
}

/* The value of a state with one more step to go: of the best arc, or, with a
 * policy, of the arcs by their probability. */
static double backed_up(const struct process *process, const float *probability, uint32_t state,
                        const double *value)
{
    double best = -1, mean = 0;
    for (uint32_t a = process->first_arc[state]; a < process->first_arc[state + 1]; a++) {
        double worth = (double)process->arc_reward[a] + value[process->arc_next[a]];
        if (worth > best)
            best = worth;
        if (probability)
            mean += (double)probability[a] * worth;
    }
    return probability ? mean : best;
}

/* Finite-horizon dynamic programming; NULL probability: the best policy. */
static double mean_reward(const struct process *process, const float *probability, uint32_t horizon)
{
    double *value = calloc(process->states, sizeof *value);
    double *next = calloc(process->states, sizeof *next);
    double sum = 0;
    if (!value || !next || horizon == 0) {
        free(value);
        free(next);
        return -1;
    }
    for (uint32_t step = 0; step < horizon; step++) {
        for (uint32_t s = 0; s < process->states; s++)
            next[s] = backed_up(process, probability, s, value);
        double *swap = value;
        value = next;
        next = swap;
    }
    for (uint32_t s = 0; s < process->states; s++)
        sum += value[s];
    free(value);
    free(next);
    return sum / process->states / horizon;
}

double process_best_reward(const struct process *process, uint32_t horizon)
{
    return mean_reward(process, NULL, horizon);
}

double process_policy_reward(const struct process *process, const float *probability,
                             uint32_t horizon)
{
    return mean_reward(process, probability, horizon);
}

void process_uniform(const struct process *process, float *probability)
{
    for (uint32_t s = 0; s < process->states; s++) {
        uint32_t first = process->first_arc[s], end = process->first_arc[s + 1];
        for (uint32_t a = first; a < end; a++)
            probability[a] = 1.0f / (float)(end - first);
    }
}

void process_observed(const struct process *process, float *probability)
{
    for (uint32_t a = 0; a < process->arcs; a++)
        probability[a] = (float)process->arc_count[a];
    float share = 1.0f / (float)process->trajectories;
    for (uint32_t k = 0; k < process->trajectories; k++)
        for (uint32_t j = 0; j < process->trajectories; j++)
            probability[process_find_arc(process, last_state(process, k),
                                         first_state(process, j))] += share;
    for (uint32_t s = 0; s < process->states; s++) {
        float sum = 0;
        for (uint32_t a = process->first_arc[s]; a < process->first_arc[s + 1]; a++)
            sum += probability[a];
        for (uint32_t a = process->first_arc[s]; a < process->first_arc[s + 1]; a++)
            probability[a] /= sum;
    }
}

void process_greedy(const struct process *process, const float *score, float *probability)
{
    for (uint32_t s = 0; s < process->states; s++) {
        uint32_t best = process->first_arc[s];
        for (uint32_t a = best + 1; a < process->first_arc[s + 1]; a++)
            if (score[a] > score[best])
                best = a;
        /* score and probability may be the same array, so the winner is written last. */
        for (uint32_t a = process->first_arc[s]; a < process->first_arc[s + 1]; a++)
            probability[a] = a == best ? 1.0f : 0.0f;
    }
}
