/* All rows answer the same takes. */
#include "measure/experiment.h"

#include "measure/contender.h"
#include "measure/wasserstein.h"
#include "piece/practice.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    CONTENDERS = 11, /* beside the stages */
    PLAYS = 16,      /* of every piece, for the reward */
};

struct experiment_settings experiment_defaults(void)
{
    struct experiment_settings settings = {.repeats = 20, .seed = 1};
    (void)inject_parse("any:p=1,range=12", &settings.errors, NULL);
    return settings;
}

struct work {
    const struct experiment_settings *settings;
    const struct experiment_piece *pieces;
    size_t piece_count;
    const struct model **stages; /* sorted by steps */
    size_t stage_count;
    struct contender_music *music;
    struct contender *contenders; /* stages, then the rest */
    size_t count, done;
    uint8_t *sent;                        /* [most notes of a take] */
    double *distance, *exact, *untrained; /* [repeats] */
    struct experiment *experiment;
    experiment_watch *watch;
    void *context;
};

/* What the notes of a repeat came to. */
struct repeat {
    double distance; /* mean over the pieces */
    uint64_t right, meant, moves, legal;
};

/* Pitches meant and sent, of a take and of the slot at hand. */
struct tally {
    uint64_t meant[WASSERSTEIN_PITCHES], sent[WASSERSTEIN_PITCHES];
};

/* Adds a slot to a take's tally, and returns how many pitches of it are right. */
static uint64_t close_slot(struct tally *take, struct tally *slot)
{
    uint64_t right = 0;
    for (int p = 0; p < WASSERSTEIN_PITCHES; p++) {
        right += slot->meant[p] < slot->sent[p] ? slot->meant[p] : slot->sent[p];
        take->meant[p] += slot->meant[p];
        take->sent[p] += slot->sent[p];
    }
    *slot = (struct tally){0};
    return right;
}

static void score_take(const struct experiment_piece *piece, const struct take_played *take,
                       size_t count, const uint8_t *sent, size_t pieces, struct repeat *repeat)
{
    struct tally all = {0}, slot = {0};
    for (size_t i = 0; i < count; i++) {
        if (take[i].truth >= 0) {
            slot.meant[piece->notes[take[i].truth].pitch]++;
            slot.sent[sent[i]]++;
            repeat->meant++;
        }
        if (i + 1 == count ||
            take_slot(take[i].note.position) != take_slot(take[i + 1].note.position))
            repeat->right += close_slot(&all, &slot);
    }
    double distance = wasserstein_distance(all.meant, all.sent);
    /* A piece of which nothing was struck tells nothing. */
    repeat->distance += isnan(distance) ? 0 : distance / (double)pieces;
}

/* One repeat of one contender: all pieces, errors drawn from the repeat's number alone. */
static int run_repeat(struct work *work, const struct contender *contender, uint32_t number,
                      uint64_t stream, struct repeat *repeat, struct error *error)
{
    const struct experiment_settings *settings = work->settings;
    *repeat = (struct repeat){0};
    for (size_t p = 0; p < work->piece_count; p++) {
        const struct experiment_piece *piece = &work->pieces[p];
        struct rng rng;
        size_t count;
        rng_seed(&rng, settings->seed, (uint64_t)number << 32 | p);
        struct take_played *take =
            inject(piece->notes, piece->count, &settings->errors, &rng, &count, error);
        if (!take)
            return -1;
        rng_seed(&rng, settings->seed + stream, (UINT64_C(1) << 63) | (uint64_t)number << 32 | p);
        int result = contender_send(contender, work->music, take, count, &rng, work->sent, error);
        if (result == 0) {
            score_take(piece, take, count, work->sent, work->piece_count, repeat);
            contender_count_moves(work->music, take, count, work->sent, &repeat->moves,
                                  &repeat->legal);
        }
        free(take);
        if (result != 0)
            return -1;
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

/* Sorts the values in place. */
static struct experiment_band band_of(double *values, size_t count)
{
    struct experiment_band band = {0};
    for (size_t k = 0; k < count; k++)
        band.mean += values[k] / (double)count;
    qsort(values, count, sizeof *values, by_value);
    band.low = quantile(values, count, 0.05);
    band.high = quantile(values, count, 0.95);
    return band;
}

static double reward_share(const struct work *work, const struct contender *contender)
{
    if (contender->kind != CONTENDER_AGENT || !(work->experiment->best_reward > 0))
        return NAN;
    double reward = practice_reward(contender_task(work->music), contender->policy, PLAYS,
                                    work->settings->seed);
    return reward < 0 ? (double)NAN : 100 * reward / work->experiment->best_reward;
}

/* All repeats of a contender into distance and exact, and what is no mean of them into the row. */
static int run_contender(struct work *work, size_t index, struct experiment_row *row,
                         struct error *error)
{
    const struct contender *contender = &work->contenders[index];
    struct repeat sum = {0};
    for (uint32_t r = 0; r < work->settings->repeats; r++) {
        struct repeat repeat;
        if (run_repeat(work, contender, r, 1 + index, &repeat, error) != 0)
            return -1;
        work->distance[r] = repeat.distance;
        work->exact[r] =
            repeat.meant ? 100 * (double)repeat.right / (double)repeat.meant : (double)NAN;
        sum.moves += repeat.moves;
        sum.legal += repeat.legal;
        work->done++;
        if (work->watch &&
            !work->watch(work->context, work->done, work->count * work->settings->repeats))
            return error_set(error, "stopped");
    }
    snprintf(row->name, sizeof row->name, "%s", contender->name);
    row->legal = sum.moves ? 100 * (double)sum.legal / (double)sum.moves : (double)NAN;
    row->reward = reward_share(work, contender);
    row->exact = band_of(work->exact, work->settings->repeats);
    return 0;
}

/* The untrained come first, for all else is measured against their mean distance. */
static int run_all(struct work *work, struct error *error)
{
    double untrained = 0;
    for (size_t turn = 0; turn < work->count; turn++) {
        size_t index = turn == 0 ? work->stage_count : turn <= work->stage_count ? turn - 1 : turn;
        struct experiment_row *row = &work->experiment->rows[index];
        if (run_contender(work, index, row, error) != 0)
            return -1;
        struct experiment_band distance = band_of(work->distance, work->settings->repeats);
        if (turn == 0)
            untrained = distance.mean;
        row->distance = distance.mean;
        row->im.mean = wasserstein_improvement(untrained, distance.mean);
        row->im.low = wasserstein_improvement(untrained, distance.high);
        row->im.high = wasserstein_improvement(untrained, distance.low);
        row->stage = index < work->stage_count;
        row->steps = row->stage ? model_origin(work->stages[index])->steps : 0;
    }
    return 0;
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
    for (size_t k = 0; k < stage_count; k++) {
        const struct process *other = model_process(stages[k]);
        if (!other || model_policy(stages[k])->shape.kind != POLICY_LINEAR)
            return error_set(
                error, "model %zu holds no agent that plays from rhythm; train it again", k + 1);
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

static int open_contenders(struct work *work, struct error *error)
{
    const struct experiment_settings *settings = work->settings;
    const struct contender_music *music = work->music;
    for (size_t k = 0; k < work->stage_count; k++)
        work->contenders[k] = contender_of_model(work->stages[k]);
    struct contender *rest = work->contenders + work->stage_count;
    uint64_t steps = settings->sarsa_steps;
    if (steps == 0)
        steps = model_origin(work->stages[work->stage_count - 1])->steps;
    if (steps < 100000 && settings->sarsa_steps == 0)
        steps = 100000;
    if (contender_untrained(&rest[0], music, error) != 0 ||
        contender_observed(&rest[1], music, error) != 0 ||
        contender_greedy(&rest[2], music, error) != 0 ||
        contender_nearest(&rest[3], music, error) != 0 ||
        contender_sarsa(&rest[4], music, steps, settings->seed, error) != 0)
        return -1;
    rest[5] = contender_noise();
    rest[6] = contender_median();
    rest[7] = contender_of_mode("off", CORRECT_OFF);
    rest[8] = contender_of_mode("scale", CORRECT_SCALE);
    rest[9] = contender_of_mode("correct", CORRECT_CORRECT);
    rest[10] = contender_of_mode("generate", CORRECT_GENERATE);
    return 0;
}

static int work_open(struct work *work, struct error *error)
{
    size_t repeats = work->settings->repeats;
    work->count = work->stage_count + CONTENDERS;
    work->contenders = calloc(work->count, sizeof *work->contenders);
    work->distance = calloc(repeats, sizeof *work->distance);
    work->exact = calloc(repeats, sizeof *work->exact);
    work->sent = calloc(most_notes(work->pieces, work->piece_count) + 1, 1);
    work->experiment = calloc(1, sizeof *work->experiment);
    if (work->experiment)
        work->experiment->rows = calloc(work->count, sizeof *work->experiment->rows);
    if (!work->contenders || !work->distance || !work->exact || !work->sent || !work->experiment ||
        !work->experiment->rows)
        return error_set(error, "out of memory for the experiment");
    qsort(work->stages, work->stage_count, sizeof(const struct model *), by_steps);
    work->music = contender_music_open(work->stages[work->stage_count - 1], error);
    if (!work->music)
        return -1;
    work->experiment->count = work->count;
    work->experiment->stages = work->stage_count;
    work->experiment->repeats = work->settings->repeats;
    work->experiment->best_reward = practice_best_reward(contender_task(work->music));
    if (work->experiment->best_reward < 0)
        return error_set(error, "out of memory for the experiment");
    return open_contenders(work, error);
}

static void work_close(struct work *work)
{
    for (size_t k = 0; work->contenders && k < work->count; k++)
        contender_close(&work->contenders[k]);
    free(work->contenders);
    free(work->distance);
    free(work->exact);
    free(work->sent);
    free(work->stages);
    contender_music_close(work->music);
}

struct experiment *experiment_run(const struct model *const *stages, size_t stage_count,
                                  const struct experiment_piece *pieces, size_t piece_count,
                                  const struct experiment_settings *settings,
                                  experiment_watch *watch, void *context, struct error *error)
{
    if (check(stages, stage_count, pieces, piece_count, settings, error) != 0)
        return NULL;
    struct work work = {.settings = settings,
                        .pieces = pieces,
                        .piece_count = piece_count,
                        .stages = calloc(stage_count, sizeof(const struct model *)),
                        .stage_count = stage_count,
                        .watch = watch,
                        .context = context};
    if (!work.stages) {
        error_set(error, "out of memory for the experiment");
        return NULL;
    }
    memcpy(work.stages, stages, stage_count * sizeof(const struct model *));
    int result = work_open(&work, error);
    if (result == 0)
        result = run_all(&work, error);
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
