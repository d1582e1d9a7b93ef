/* Groups of lanes, the threads that serve them, and the optimiser. */
#include "style/warm.h"

#include "rl/adam.h"

#include <math.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

static const double lead_until = .1; /* part of the training in which songs may be led */
static const double warm_up = 200;   /* steps in which the rate rises */

/* A batch of notes of one group before one network. */
struct batch {
    const struct policy *network;
    bool own;     /* the gradient */
    float weight; /* of its losses */
    uint32_t count;
    int target[WARM_LANES];
    uint32_t lane[WARM_LANES]; /* whose note it is */
    uint32_t first_feature[WARM_LANES + 1], first_logit[WARM_LANES + 1], first_action[WARM_LANES];
    uint32_t id[WARM_LANES];
    uint32_t *feature;
    float *strength;
    float logit[WARM_LANES * STYLE_SHIFTS], log_probability[WARM_LANES * STYLE_SHIFTS];
    float probability[WARM_LANES * STYLE_SHIFTS], logit_gradient[WARM_LANES * STYLE_SHIFTS];
    float value[WARM_LANES], value_gradient[WARM_LANES];
    float *scratch, *gradient;
    double loss;
    uint64_t seen, right;
};

/* Lanes that one thread serves at a time. */
struct group {
    struct style_lane lane[WARM_LANES];
    struct batch now, later, blind; /* blind: of the same network as now, and its gradient */
    int status;
    struct error error;
};

/* A network, what changes it, and where its gradients are. */
struct pupil {
    struct policy *network;
    struct adam adam;
    struct batch *batch[WARM_GROUPS];
};

enum task { TASK_NOTES, TASK_STEP, TASK_OVER };

struct warm {
    struct group *group; /* [WARM_GROUPS] */
    struct pupil now, later;
    double rate;
    uint32_t threads;
    pthread_barrier_t begin, end;
    enum task task;
};

/* `gradient`: whose gradient is added to; NULL: one of its own. */
static int batch_open(struct batch *batch, const struct policy *network, float *gradient,
                      struct error *error)
{
    batch->network = network;
    batch->weight = 1;
    batch->feature = malloc((size_t)WARM_LANES * STYLE_MOST * sizeof *batch->feature);
    batch->strength = malloc((size_t)WARM_LANES * STYLE_MOST * sizeof *batch->strength);
    batch->scratch = malloc(policy_scratch(network, WARM_LANES) * sizeof *batch->scratch);
    batch->own = !gradient;
    batch->gradient = gradient ? gradient : malloc(network->parameters * sizeof *batch->gradient);
    if (!batch->feature || !batch->strength || !batch->scratch || !batch->gradient)
        return error_set(error, "out of memory");
    for (uint32_t i = 0; i < WARM_LANES; i++) {
        batch->id[i] = i;
        batch->first_logit[i + 1] = (i + 1) * STYLE_SHIFTS;
    }
    return 0;
}

static void batch_close(struct batch *batch)
{
    free(batch->feature);
    free(batch->strength);
    free(batch->scratch);
    if (batch->own)
        free(batch->gradient);
}

static void batch_put(struct batch *batch, const struct style_view *view, uint32_t lane, int target)
{
    uint32_t i = batch->count++, at = batch->first_feature[i];
    memcpy(batch->feature + at, view->feature, view->count * sizeof *view->feature);
    memcpy(batch->strength + at, view->strength, view->count * sizeof *view->strength);
    batch->first_feature[i + 1] = at + view->count;
    batch->lane[i] = lane;
    batch->target[i] = target;
}

/* Losses and their derivatives p - [shift meant]. */
static void batch_judge(struct batch *batch)
{
    const float each = batch->weight / (WARM_GROUPS * WARM_LANES * WARM_NOTES);
    memset(batch->logit_gradient, 0, sizeof batch->logit_gradient);
    for (uint32_t i = 0; i < batch->count; i++) {
        const float *p = batch->probability + (size_t)i * STYLE_SHIFTS;
        float *g = batch->logit_gradient + (size_t)i * STYLE_SHIFTS;
        int target = batch->target[i], best = 0;
        if (target < 0)
            continue;
        for (int k = 0; k < STYLE_SHIFTS; k++) {
            g[k] = p[k] * each;
            best = p[k] > p[best] ? k : best;
        }
        g[target] -= each;
        batch->loss -= (double)batch->log_probability[(size_t)i * STYLE_SHIFTS + (size_t)target];
        batch->seen++;
        batch->right += best == target;
    }
}

/* Answers, judges the answers, and adds the gradient. */
static void batch_run(struct batch *batch)
{
    const struct observations seen = {.count = batch->count,
                                      .first_feature = batch->first_feature,
                                      .feature = batch->feature,
                                      .strength = batch->strength,
                                      .first_logit = batch->first_logit,
                                      .first_action = batch->first_action};
    policy_forward(batch->network, &seen, batch->id, batch->count, batch->scratch, batch->logit,
                   batch->value);
    policy_softmax(&seen, batch->id, batch->count, batch->logit, batch->log_probability,
                   batch->probability);
    batch_judge(batch);
    policy_backward(batch->network, &seen, batch->id, batch->count, batch->scratch,
                    batch->logit_gradient, batch->value_gradient, batch->gradient);
}

static int group_open(struct group *group, const struct style_networks *networks,
                      const struct style_corpus *corpus, uint64_t seed, uint32_t number,
                      struct error *error)
{
    if (batch_open(&group->now, networks->now, NULL, error) != 0 ||
        batch_open(&group->later, networks->later, NULL, error) != 0 ||
        batch_open(&group->blind, networks->now, group->now.gradient, error) != 0)
        return -1;
    for (uint32_t i = 0; i < WARM_LANES; i++)
        if (style_lane_open(&group->lane[i], corpus, seed, (uint64_t)number * WARM_LANES + i,
                            error) != 0)
            return -1;
    return 0;
}

static void group_close(struct group *group)
{
    for (uint32_t i = 0; i < WARM_LANES; i++)
        style_lane_close(&group->lane[i]);
    batch_close(&group->now);
    batch_close(&group->later);
    batch_close(&group->blind);
}

/* Notes that are due are judged again, one of each lane at a time. */
static void revise(struct group *group)
{
    struct batch *batch = &group->later;
    struct style_view view;
    do {
        batch->count = 0;
        for (uint32_t i = 0; i < WARM_LANES; i++) {
            int target;
            if (style_lane_due(&group->lane[i], &view, &target))
                batch_put(batch, &view, i, target);
        }
        if (batch->count)
            batch_run(batch);
        for (uint32_t k = 0; k < batch->count; k++)
            style_lane_revise(&group->lane[batch->lane[k]], batch->target[k],
                              batch->log_probability + (size_t)k * STYLE_SHIFTS);
    } while (batch->count);
}

/* One lane in WARM_NOTES also learns how the music goes on. */
static void look_blindly(struct group *group, int turn)
{
    struct batch *batch = &group->blind;
    struct style_view view;
    int target;
    batch->count = 0;
    for (uint32_t i = (uint32_t)turn; i < WARM_LANES; i += WARM_BLIND) {
        style_lane_see_blind(&group->lane[i], &view, &target);
        batch_put(batch, &view, i, target);
    }
    batch_run(batch);
}

static int group_step(struct group *group)
{
    struct batch *batch = &group->now;
    struct style_view view;
    int target[WARM_LANES];
    uint8_t x;
    memset(batch->gradient, 0, batch->network->parameters * sizeof *batch->gradient);
    memset(group->later.gradient, 0,
           group->later.network->parameters * sizeof *group->later.gradient);
    for (int n = 0; n < WARM_NOTES; n++) {
        for (uint32_t i = 0; i < WARM_LANES; i++)
            if (style_lane_next(&group->lane[i], &x, &target[i], &group->error) != 0)
                return -1;
        revise(group);
        batch->count = 0;
        for (uint32_t i = 0; i < WARM_LANES; i++) {
            style_lane_see(&group->lane[i], &view);
            batch_put(batch, &view, i, target[i]);
        }
        batch_run(batch);
        if (group->blind.weight > 0)
            look_blindly(group, n);
        for (uint32_t i = 0; i < WARM_LANES; i++)
            style_lane_hear(&group->lane[i], target[i],
                            batch->log_probability + (size_t)i * STYLE_SHIFTS);
    }
    return 0;
}

struct worker {
    struct warm *warm;
    uint32_t number;
    pthread_t thread;
};

/* One step of the optimiser on this thread's part of the parameters; gradients are
 * added in the order of the groups. */
static void learn_part(struct pupil *pupil, uint32_t number, uint32_t threads, double rate)
{
    size_t all = pupil->network->parameters;
    size_t first = all * number / threads, count = all * (number + 1) / threads - first;
    float *sum = pupil->batch[0]->gradient + first;
    for (uint32_t g = 1; g < WARM_GROUPS; g++) {
        const float *restrict own = pupil->batch[g]->gradient + first;
        for (size_t i = 0; i < count; i++)
            sum[i] += own[i];
    }
    struct adam part = pupil->adam;
    part.parameters = count;
    part.mean += first;
    part.square += first;
    adam_step(&part, pupil->network->parameter + first, sum, rate);
}

static void serve(struct warm *warm, uint32_t number)
{
    if (warm->task == TASK_NOTES) {
        for (uint32_t g = number; g < WARM_GROUPS; g += warm->threads)
            warm->group[g].status = group_step(&warm->group[g]);
    } else {
        learn_part(&warm->now, number, warm->threads, warm->rate);
        learn_part(&warm->later, number, warm->threads, warm->rate);
    }
}

static void *work(void *context)
{
    struct worker *worker = context;
    for (;;) {
        pthread_barrier_wait(&worker->warm->begin);
        if (worker->warm->task == TASK_OVER)
            return NULL;
        serve(worker->warm, worker->number);
        pthread_barrier_wait(&worker->warm->end);
    }
}

static void run(struct warm *warm, enum task task)
{
    warm->task = task;
    if (warm->threads > 1)
        pthread_barrier_wait(&warm->begin);
    serve(warm, 0);
    if (warm->threads > 1)
        pthread_barrier_wait(&warm->end);
}

static void tell(struct batch *const batch[WARM_GROUPS], double *loss, double *right)
{
    uint64_t seen = 0, hits = 0;
    *loss = 0;
    for (uint32_t g = 0; g < WARM_GROUPS; g++) {
        *loss += batch[g]->loss;
        seen += batch[g]->seen;
        hits += batch[g]->right;
        batch[g]->loss = 0;
        batch[g]->seen = batch[g]->right = 0;
    }
    *loss /= (double)seen;
    *right = (double)hits / (double)seen;
}

static int step(struct warm *warm, struct error *error)
{
    run(warm, TASK_NOTES);
    for (uint32_t g = 0; g < WARM_GROUPS; g++)
        if (warm->group[g].status != 0) {
            *error = warm->group[g].error;
            return -1;
        }
    run(warm, TASK_STEP);
    warm->now.adam.steps++;
    warm->later.adam.steps++;
    return 0;
}

static int learn(struct warm *warm, const struct warm_settings *settings, warm_watch *watch,
                 void *context, struct error *error)
{
    enum { STEP = WARM_GROUPS * WARM_LANES * WARM_NOTES, REPORT = 100 };
    struct batch *blind[WARM_GROUPS];
    uint64_t notes = 0, steps = 0;
    for (uint32_t g = 0; g < WARM_GROUPS; g++)
        blind[g] = &warm->group[g].blind;
    while (notes < settings->notes) {
        double done = (double)notes / (double)settings->notes;
        double lead = done < lead_until ? 1 - done / lead_until : 0;
        warm->rate = settings->rate * (1 - done) * fmin(1, (double)(steps + 1) / warm_up);
        for (uint32_t g = 0; g < WARM_GROUPS; g++) {
            warm->group[g].blind.weight = (float)(settings->blind * (1 - done));
            for (uint32_t i = 0; i < WARM_LANES; i++)
                warm->group[g].lane[i].lead = (float)lead;
        }
        if (step(warm, error) != 0)
            return -1;
        notes += STEP;
        if (++steps % REPORT == 0 || notes >= settings->notes) {
            struct warm_report about = {.notes = notes, .rate = warm->rate};
            tell(warm->now.batch, &about.loss, &about.right);
            tell(warm->later.batch, &about.later_loss, &about.later_right);
            tell(blind, &about.blind_loss, &about.blind_right);
            if (!isfinite(about.loss) || !isfinite(about.later_loss))
                return error_set(error, "learning ran away after %llu notes",
                                 (unsigned long long)notes);
            if (watch && !watch(context, &about))
                break;
        }
    }
    return 0;
}

static int start_threads(struct warm *warm, struct worker *workers, struct error *error)
{
    if (pthread_barrier_init(&warm->begin, NULL, warm->threads) != 0 ||
        pthread_barrier_init(&warm->end, NULL, warm->threads) != 0)
        return error_set(error, "cannot start threads");
    for (uint32_t i = 1; i < warm->threads; i++) {
        workers[i] = (struct worker){.warm = warm, .number = i};
        if (pthread_create(&workers[i].thread, NULL, work, &workers[i]) != 0)
            return error_set(error, "cannot start thread %u", i);
    }
    return 0;
}

static void end_threads(struct warm *warm, struct worker *workers)
{
    warm->task = TASK_OVER;
    if (warm->threads > 1)
        pthread_barrier_wait(&warm->begin);
    for (uint32_t i = 1; i < warm->threads; i++)
        pthread_join(workers[i].thread, NULL);
    pthread_barrier_destroy(&warm->begin);
    pthread_barrier_destroy(&warm->end);
}

static int open_all(struct warm *warm, const struct style_networks *networks,
                    const struct style_corpus *corpus, const struct warm_settings *settings,
                    struct error *error)
{
    warm->now.network = networks->now;
    warm->later.network = networks->later;
    if (adam_open(&warm->now.adam, networks->now->parameters, error) != 0 ||
        adam_open(&warm->later.adam, networks->later->parameters, error) != 0)
        return -1;
    warm->now.adam.decay = warm->later.adam.decay = settings->decay;
    for (uint32_t g = 0; g < WARM_GROUPS; g++) {
        warm->now.batch[g] = &warm->group[g].now;
        warm->later.batch[g] = &warm->group[g].later;
        if (group_open(&warm->group[g], networks, corpus, settings->seed, g, error) != 0)
            return -1;
    }
    return 0;
}

int warm_start(const struct style_networks *networks, const struct style_corpus *corpus,
               const struct warm_settings *settings, warm_watch *watch, void *context,
               struct error *error)
{
    struct warm warm = {.threads = settings->threads};
    struct worker workers[WARM_GROUPS] = {{0}};
    if (corpus->works == 0)
        return error_set(error, "no music to learn from");
    if (warm.threads < 1 || warm.threads > WARM_GROUPS)
        warm.threads = warm.threads < 1 ? 1 : WARM_GROUPS;
    warm.group = calloc(WARM_GROUPS, sizeof *warm.group);
    if (!warm.group)
        return error_set(error, "out of memory");
    int status = open_all(&warm, networks, corpus, settings, error);
    if (status == 0)
        status = start_threads(&warm, workers, error);
    if (status == 0) {
        status = learn(&warm, settings, watch, context, error);
        end_threads(&warm, workers);
    }
    for (uint32_t g = 0; g < WARM_GROUPS; g++)
        group_close(&warm.group[g]);
    free(warm.group);
    adam_close(&warm.now.adam);
    adam_close(&warm.later.adam);
    return status;
}
