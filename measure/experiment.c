/* Contenders are models like any other where they have a policy, so that the
 * corrector that users run does the generating. */
#include "measure/experiment.h"

#include "measure/accuracy.h"
#include "measure/contender.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

struct experiment_settings experiment_defaults(void)
{
    struct experiment_settings settings = {.repeats = 20, .starts = 5, .horizon = 64, .seed = 1};
    (void)inject_parse("shift:p=0.5,max=2", &settings.errors, NULL);
    return settings;
}

double experiment_reward(const struct process *process, const float *probability, uint32_t horizon)
{
    double *now = malloc(2 * (size_t)process->states * sizeof *now), sum = 0;
    if (!now)
        return -1;
    double *next = now + process->states;
    for (uint32_t s = 0; s < process->states; s++)
        now[s] = 1.0 / process->states;
    for (uint32_t step = 0; step < horizon; step++) {
        memset(next, 0, process->states * sizeof *next);
        for (uint32_t s = 0; s < process->states; s++)
            for (uint32_t a = process->first_arc[s]; a < process->first_arc[s + 1]; a++) {
                double mass = now[s] * (double)probability[a];
                sum += mass * (double)process->arc_reward[a];
                next[process->arc_next[a]] += mass;
            }
        double *swap = now;
        now = next;
        next = swap;
    }
    free(now < next ? now : next);
    return sum / horizon;
}

/* What every repeat of a row needs. */
struct run {
    const struct experiment_settings *settings;
    const struct experiment_piece *pieces;
    size_t piece_count;
    const struct contender_music *music;
    uint8_t *sent;
};

struct repeat {
    double distance; /* mean over the pieces */
    uint64_t right, meant, moves, legal;
};

/* One repeat of one contender: all pieces, errors drawn from the repeat's number alone. */
static int run_repeat(struct run *run, const struct contender *contender, uint32_t number,
                      uint64_t stream, struct repeat *repeat, struct error *error)
{
    memset(repeat, 0, sizeof *repeat);
    for (size_t p = 0; p < run->piece_count; p++) {
        const struct experiment_piece *piece = &run->pieces[p];
        struct rng rng;
        size_t count;
        rng_seed(&rng, run->settings->seed, (uint64_t)number << 32 | p);
        struct take_played *take =
            inject(piece->notes, piece->count, &run->settings->errors, &rng, &count, error);
        if (!take)
            return -1;
        rng_seed(&rng, run->settings->seed + stream,
                 (UINT64_C(1) << 63) | (uint64_t)number << 32 | p);
        uint64_t pitches[2][ACCURACY_PITCHES] = {{0}};
        int result = contender_send(contender, run->music, take, count, &rng, run->sent, error);
        for (size_t i = 0; result == 0 && i < count; i++) {
            if (take[i].truth < 0)
                continue;
            unsigned meant = piece->notes[take[i].truth].pitch;
            pitches[0][meant]++;
            pitches[1][run->sent[i]]++;
            repeat->right += meant == run->sent[i];
            repeat->meant++;
        }
        if (result == 0 && !contender->model)
            contender_count_moves(run->music, take, count, run->sent, &repeat->moves,
                                  &repeat->legal);
        free(take);
        if (result != 0)
            return -1;
        double distance = wasserstein_distance(pitches[0], pitches[1]);
        /* A piece of which nothing was struck tells nothing. */
        repeat->distance += isnan(distance) ? 0 : distance / (double)run->piece_count;
    }
    return 0;
}

static int by_value(const void *left, const void *right)
{
    double a = *(const double *)left, b = *(const double *)right;
    return (a > b) - (a < b);
}

/* Linear between the order statistics (Hyndman and Fan's type 7). */
static double quantile(const double *sorted, size_t count, double share)
{
    double at = share * (double)(count - 1);
    size_t low = (size_t)at;
    size_t high = low + 1 < count ? low + 1 : low;
    return sorted[low] + (at - (double)low) * (sorted[high] - sorted[low]);
}

/* The distances of all repeats of all rows: those of the starts stand apart. */
struct distances {
    uint32_t repeats, starts;
    double *start; /* [starts * repeats] */
    double *row;   /* [repeats], of the row at hand */
};

static double mean(const double *values, size_t count)
{
    double sum = 0;
    for (size_t k = 0; k < count; k++)
        sum += values[k];
    return sum / (double)count;
}

/* IM of a row from its distances, sorted in place. */
static void fill_im(struct experiment_row *row, double *distance, size_t count,
                    const struct distances *all)
{
    double untrained = mean(all->start, (size_t)all->starts * all->repeats);
    row->distance = mean(distance, count);
    row->im = wasserstein_improvement(untrained, row->distance);
    row->im_start_low = INFINITY;
    row->im_start_high = -INFINITY;
    for (uint32_t s = 0; s < all->starts; s++) {
        double start = mean(all->start + (size_t)s * all->repeats, all->repeats);
        double im = wasserstein_improvement(start, row->distance);
        row->im_start_low = fmin(row->im_start_low, im);
        row->im_start_high = fmax(row->im_start_high, im);
    }
    qsort(distance, count, sizeof *distance, by_value);
    row->im_low = wasserstein_improvement(untrained, quantile(distance, count, 0.95));
    row->im_high = wasserstein_improvement(untrained, quantile(distance, count, 0.05));
}

struct totals {
    uint64_t right, meant, moves, legal;
};

static void fill_counts(struct experiment_row *row, const struct contender *contender,
                        const struct totals *totals)
{
    row->exact = totals->meant ? 100 * (double)totals->right / (double)totals->meant : (double)NAN;
    /* Policies choose among legal arcs; others do without knowing. */
    if (contender->model)
        row->legal = 100;
    else
        row->legal =
            totals->moves ? 100 * (double)totals->legal / (double)totals->moves : (double)NAN;
}

static double reward_share(const struct contender *contender, uint32_t horizon, double best)
{
    if (!contender->model || !(best > 0))
        return NAN;
    double reward = experiment_reward(model_process(contender->model),
                                      model_arc_probability(contender->model), horizon);
    return reward < 0 ? (double)NAN : 100 * reward / best;
}

static int by_steps(const void *left, const void *right)
{
    const struct model *const *a = left, *const *b = right;
    uint64_t x = model_origin(*a)->steps, y = model_origin(*b)->steps;
    return (x > y) - (x < y);
}

static int check(const struct model *const *stages, size_t stage_count,
                 const struct experiment_piece *pieces, size_t piece_count,
                 const struct experiment_settings *settings, struct error *error)
{
    if (stage_count == 0)
        return error_set(error, "no stages of a training to compare");
    const struct process *first = model_process(stages[0]);
    for (size_t k = 1; k < stage_count; k++) {
        const struct process *other = model_process(stages[k]);
        if (other->states != first->states || other->arcs != first->arcs ||
            other->trajectories != first->trajectories ||
            memcmp(other->arc_next, first->arc_next, first->arcs * sizeof *first->arc_next) != 0)
            return error_set(error,
                             "the models are not stages of one training: model %zu has "
                             "other states than model 1",
                             k + 1);
    }
    size_t notes = 0;
    for (size_t p = 0; p < piece_count; p++)
        notes += pieces[p].count;
    if (notes == 0)
        return error_set(error, "no notes to play");
    if (settings->repeats < 2 || settings->repeats > 10000)
        return error_set(error, "repeats: expected 2 to 10000, not %u", settings->repeats);
    if (settings->starts < 1 || settings->starts > 100)
        return error_set(error, "starts: expected 1 to 100, not %u", settings->starts);
    if (settings->horizon < 1)
        return error_set(error, "horizon: expected at least 1 step");
    return 0;
}

/* The longest take that the pieces can make. */
static size_t most_notes(const struct experiment_piece *pieces, size_t count)
{
    size_t most = 0;
    for (size_t p = 0; p < count; p++)
        most = pieces[p].count > most ? pieces[p].count : most;
    return 2 * most;
}

struct work {
    struct experiment *experiment;
    struct contender *contenders; /* stages, starts, then the rest */
    size_t count, stages;
    struct distances distances;
    struct contender_music *music;
    struct run run;
    size_t done;
    experiment_watch *watch;
    void *context;
};

/* All repeats of a contender into distance[repeats] and totals. */
static int run_contender(struct work *work, size_t index, double *distance, struct totals *totals,
                         struct error *error)
{
    for (uint32_t r = 0; r < work->distances.repeats; r++) {
        struct repeat repeat;
        if (run_repeat(&work->run, &work->contenders[index], r, 1 + index, &repeat, error) != 0)
            return -1;
        distance[r] = repeat.distance;
        totals->right += repeat.right;
        totals->meant += repeat.meant;
        totals->moves += repeat.moves;
        totals->legal += repeat.legal;
        work->done++;
        if (work->watch &&
            !work->watch(work->context, work->done, work->count * work->distances.repeats))
            return error_set(error, "stopped");
    }
    return 0;
}

static void name_row(struct experiment_row *row, const struct contender *contender)
{
    snprintf(row->name, sizeof row->name, "%s", contender->name);
}

/* The starts come first, for all else is measured against them. */
static int run_starts(struct work *work, struct experiment_row *row, struct error *error)
{
    struct distances *d = &work->distances;
    struct totals totals = {0};
    double reward = 0;
    for (uint32_t s = 0; s < d->starts; s++) {
        size_t index = work->stages + s;
        if (run_contender(work, index, d->start + (size_t)s * d->repeats, &totals, error) != 0)
            return -1;
        reward += reward_share(&work->contenders[index], work->run.settings->horizon,
                               work->experiment->best_reward) /
                  d->starts;
    }
    size_t all = (size_t)d->starts * d->repeats;
    double *sorted = calloc(all + 1, sizeof *sorted);
    if (!sorted)
        return error_set(error, "out of memory");
    memcpy(sorted, d->start, all * sizeof *sorted);
    name_row(row, &work->contenders[work->stages]);
    fill_im(row, sorted, all, d);
    fill_counts(row, &work->contenders[work->stages], &totals);
    row->reward = reward;
    free(sorted);
    return 0;
}

static int run_row(struct work *work, size_t index, struct experiment_row *row, struct error *error)
{
    const struct contender *contender = &work->contenders[index];
    struct totals totals = {0};
    if (run_contender(work, index, work->distances.row, &totals, error) != 0)
        return -1;
    name_row(row, contender);
    fill_im(row, work->distances.row, work->distances.repeats, &work->distances);
    fill_counts(row, contender, &totals);
    row->reward =
        reward_share(contender, work->run.settings->horizon, work->experiment->best_reward);
    return 0;
}

static int run_all(struct work *work, struct error *error)
{
    struct experiment_row *rows = work->experiment->rows;
    uint32_t starts = work->distances.starts;
    if (run_starts(work, &rows[work->stages], error) != 0)
        return -1;
    for (size_t index = 0; index < work->count; index++) {
        if (index >= work->stages && index < work->stages + starts)
            continue;
        size_t row = index < work->stages ? index : index - starts + 1;
        if (run_row(work, index, &rows[row], error) != 0)
            return -1;
        rows[row].stage = index < work->stages;
        if (rows[row].stage)
            rows[row].steps = model_origin(work->contenders[index].model)->steps;
    }
    return 0;
}

static int open_contenders(struct work *work, const struct model **sorted, uint32_t starts,
                           const struct experiment_settings *settings, struct error *error)
{
    const struct model *last = sorted[work->stages - 1];
    for (size_t k = 0; k < work->stages; k++)
        work->contenders[k] = contender_of_model(sorted[k]);
    struct contender *rest = work->contenders + work->stages;
    for (uint32_t s = 0; s < starts; s++)
        if (contender_untrained(&rest[s], last, settings->seed + s, error) != 0)
            return -1;
    rest += starts;
    uint64_t steps = settings->sarsa_steps;
    if (steps == 0)
        steps = model_origin(last)->steps > 100000 ? model_origin(last)->steps : 100000;
    if (contender_random_legal(&rest[0], last, error) != 0 ||
        contender_observed(&rest[1], last, error) != 0 ||
        contender_greedy(&rest[2], last, error) != 0 ||
        contender_sarsa(&rest[3], last, steps, settings->horizon, settings->seed, error) != 0)
        return -1;
    rest[4] = contender_noise();
    rest[5] = contender_median();
    return 0;
}

enum { TRIVIAL = 6 }; /* contenders beside stages and starts */

static int work_open(struct work *work, const struct experiment_settings *settings,
                     const struct experiment_piece *pieces, size_t piece_count,
                     const struct model *model, struct error *error)
{
    uint32_t starts = settings->starts, repeats = settings->repeats;
    work->count = work->stages + starts + TRIVIAL;
    work->distances = (struct distances){.repeats = repeats, .starts = starts};
    work->contenders = calloc(work->count + 1, sizeof *work->contenders);
    work->distances.start = calloc((size_t)starts * repeats, sizeof *work->distances.start);
    work->distances.row = calloc(repeats, sizeof *work->distances.row);
    work->run = (struct run){.settings = settings, .pieces = pieces, .piece_count = piece_count};
    work->run.sent = calloc(most_notes(pieces, piece_count) + 1, 1);
    work->experiment = calloc(1, sizeof *work->experiment);
    if (!work->contenders || !work->distances.start || !work->distances.row || !work->run.sent ||
        !work->experiment)
        return error_set(error, "out of memory for the experiment");
    struct experiment *experiment = work->experiment;
    experiment->stages = work->stages;
    experiment->count = work->stages + 1 + TRIVIAL;
    experiment->repeats = repeats;
    experiment->starts = starts;
    experiment->rows = calloc(experiment->count, sizeof *experiment->rows);
    experiment->best_reward = process_best_reward(model_process(model), settings->horizon);
    if (!experiment->rows || experiment->best_reward < 0)
        return error_set(error, "out of memory for the experiment");
    work->music = contender_music_open(model, error);
    work->run.music = work->music;
    return work->music ? 0 : -1;
}

static void work_close(struct work *work)
{
    for (size_t k = 0; work->contenders && k < work->count; k++)
        contender_close(&work->contenders[k]);
    free(work->contenders);
    free(work->distances.start);
    free(work->distances.row);
    free(work->run.sent);
    contender_music_close(work->music);
}

struct experiment *experiment_run(const struct model *const *stages, size_t stage_count,
                                  const struct experiment_piece *pieces, size_t piece_count,
                                  const struct experiment_settings *settings,
                                  experiment_watch *watch, void *context, struct error *error)
{
    if (check(stages, stage_count, pieces, piece_count, settings, error) != 0)
        return NULL;
    struct work work = {.stages = stage_count, .watch = watch, .context = context};
    const struct model **sorted = calloc(stage_count + 1, sizeof(const struct model *));
    if (!sorted) {
        error_set(error, "out of memory for the experiment");
        return NULL;
    }
    for (size_t k = 0; k < stage_count; k++)
        sorted[k] = stages[k];
    qsort(sorted, stage_count, sizeof(const struct model *), by_steps);
    int result = work_open(&work, settings, pieces, piece_count, sorted[0], error);
    if (result == 0)
        result = open_contenders(&work, sorted, settings->starts, settings, error);
    if (result == 0)
        result = run_all(&work, error);
    free(sorted);
    work_close(&work);
    if (result != 0) {
        experiment_free(work.experiment);
        return NULL;
    }
    return work.experiment;
}

void experiment_free(struct experiment *experiment)
{
    if (!experiment)
        return;
    free(experiment->rows);
    free(experiment);
}
