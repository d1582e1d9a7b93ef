/* The decision process: beats become states by sorting their contents, states
 * that follow one another become arcs by sorting pairs. Sorting instead of
 * hashing keeps the numbering independent of the machine. */
#include "rl/process.h"

#include <stdlib.h>
#include <string.h>

enum {
    BEAT_WORDS = 2 * SONG_SLOTS_A_BEAT,
    NO_BEAT = 0 /* what stands before the first beat of a song */
};

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

/* What each beat holds, as numbers from 1; equal beats share one. */
static int number_beats(const struct song *const *songs, size_t count, uint32_t beats,
                        uint32_t *content)
{
    uint64_t(*sets)[BEAT_WORDS] = malloc((size_t)beats * sizeof *sets);
    uint32_t beat = 0;
    if (!sets)
        return -1;
    for (size_t k = 0; k < count; k++)
        for (uint32_t slot = 0; slot < songs[k]->slots; slot += SONG_SLOTS_A_BEAT, beat++)
            for (uint32_t i = 0; i < SONG_SLOTS_A_BEAT; i++)
                song_slot_set(songs[k], slot + i, &sets[beat][2 * (size_t)i]);
    uint32_t used = rows_number(sets, sizeof *sets, beats, content);
    free(sets);
    if (used == 0)
        return -1;
    for (uint32_t i = 0; i < beats; i++)
        content[i]++;
    return 0;
}

/* Fills process->beat_state and ->states. */
static int number_states(struct process *process, const uint32_t *content)
{
    uint32_t width = process->context + 1, beats = process->song_start[process->songs];
    uint32_t *window = malloc((size_t)beats * width * sizeof *window);
    if (!window)
        return -1;
    for (uint32_t k = 0; k < process->songs; k++) {
        uint32_t start = process->song_start[k];
        for (uint32_t b = start; b < process->song_start[k + 1]; b++)
            for (uint32_t i = 0; i < width; i++)
                window[(size_t)b * width + i] = b - start >= i ? content[b - i] : NO_BEAT;
    }
    process->states = rows_number(window, width * sizeof *window, beats, process->beat_state);
    free(window);
    return process->states ? 0 : -1;
}

/* Moves of the music, as from << 32 | to, sorted; each as often as it was seen. */
static size_t collect_moves(const struct process *process, uint64_t *observed)
{
    size_t moves = 0;
    for (uint32_t k = 0; k < process->songs; k++)
        for (uint32_t b = process->song_start[k]; b + 1 < process->song_start[k + 1]; b++)
            observed[moves++] = (uint64_t)process->beat_state[b] << 32 | process->beat_state[b + 1];
    qsort(observed, moves, sizeof *observed, pair_compare);
    return moves;
}

static uint32_t first_state(const struct process *process, uint32_t song)
{
    return process->beat_state[process->song_start[song]];
}

static uint32_t last_state(const struct process *process, uint32_t song)
{
    return process->beat_state[process->song_start[song + 1] - 1];
}

/* From every last beat to every first one, in the same form, each once. */
static size_t collect_entries(const struct process *process, uint64_t *entry)
{
    size_t entries = 0, unique = 0;
    for (uint32_t k = 0; k < process->songs; k++)
        for (uint32_t j = 0; j < process->songs; j++)
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
        uint32_t seen = 0;
        for (; m < moves && observed[m] == move; m++)
            seen++;
        if (e < entries && entry[e] == move)
            e++;
        if (process->arc_next) {
            process->first_arc[(move >> 32) + 1]++;
            process->arc_next[arcs] = (uint32_t)move;
            process->arc_count[arcs] = seen;
        }
        arcs++;
    }
    return arcs;
}

static void fill_rewards(struct process *process, uint32_t *visits)
{
    for (uint32_t b = 0; b < process->song_start[process->songs]; b++)
        visits[process->beat_state[b]]++;
    for (uint32_t s = 0; s < process->states; s++) {
        process->first_arc[s + 1] += process->first_arc[s];
        for (uint32_t a = process->first_arc[s]; a < process->first_arc[s + 1]; a++)
            process->arc_reward[a] = (float)process->arc_count[a] / (float)visits[s];
    }
}

static int build_arcs(struct process *process)
{
    uint32_t beats = process->song_start[process->songs];
    size_t square = (size_t)process->songs * process->songs;
    uint64_t *observed = malloc(((size_t)beats + 1) * sizeof *observed);
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

static int lay_out_songs(struct process *process, const struct song *const *songs, size_t count,
                         struct error *error)
{
    uint64_t beats = 0;
    process->songs = (uint32_t)count;
    process->song_start = calloc(count + 1, sizeof *process->song_start);
    if (!process->song_start) {
        error_set(error, "decision process: out of memory");
        return -1;
    }
    for (size_t k = 0; k < count; k++) {
        beats += song_beats(songs[k]);
        if (beats > PROCESS_MAX_BEATS) {
            error_set(error, "decision process: more than %d beats in all", PROCESS_MAX_BEATS);
            return -1;
        }
        process->song_start[k + 1] = (uint32_t)beats;
    }
    process->beat_state = malloc(beats * sizeof *process->beat_state);
    if (process->beat_state)
        return 0;
    error_set(error, "decision process: out of memory");
    return -1;
}

struct process *process_create(const struct song *const *songs, size_t count, uint32_t context,
                               struct error *error)
{
    if (count == 0 || count > PROCESS_MAX_SONGS) {
        error_set(error, "decision process: %zu pieces, expected 1 to %d", count,
                  PROCESS_MAX_SONGS);
        return NULL;
    }
    if (context > PROCESS_MAX_CONTEXT) {
        error_set(error, "decision process: %u beats of context, expected 0 to %d", context,
                  PROCESS_MAX_CONTEXT);
        return NULL;
    }
    uint32_t *content = NULL;
    struct process *process = calloc(1, sizeof *process);
    if (!process) {
        error_set(error, "decision process: out of memory");
        return NULL;
    }
    process->context = context;
    if (lay_out_songs(process, songs, count, error) != 0)
        goto fail;
    content = malloc(process->song_start[count] * sizeof *content);
    if (!content || number_beats(songs, count, process->song_start[count], content) != 0 ||
        number_states(process, content) != 0 || build_arcs(process) != 0) {
        error_set(error, "decision process: out of memory");
        goto fail;
    }
    free(content);
    return process;
fail:
    free(content);
    process_free(process);
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
    free(process->song_start);
    free(process->beat_state);
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
        double worth = process->arc_reward[a] + value[process->arc_next[a]];
        if (worth > best)
            best = worth;
        if (probability)
            mean += probability[a] * worth;
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
    float share = 1.0f / (float)process->songs;
    for (uint32_t k = 0; k < process->songs; k++)
        for (uint32_t j = 0; j < process->songs; j++)
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
