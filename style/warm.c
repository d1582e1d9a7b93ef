/* Groups of lanes, the threads that serve them, and the optimiser. */
#include "style/warm.h"

#include "correct/beam.h"
#include "rl/adam.h"

#include <math.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

enum { REPORT = 100 }; /* steps */

static const double warm_up = 200; /* steps in which the rate rises */

/* Right answers, and how likely they were. */
struct tally {
    double loss;
    uint64_t seen, right;
};

/* Lanes that one thread serves at a time, and their notes before the policy. */
struct group {
    struct style_lane lane[WARM_LANES];
    struct style_struck struck[WARM_LANES];
    struct beam *beam[WARM_LANES];
    const struct policy *policy;
    struct style_view view;
    uint32_t first_feature[WARM_LANES + 1], first_logit[WARM_LANES + 1], first_action[WARM_LANES];
    uint32_t id[WARM_LANES];
    uint32_t *feature;
    float *strength;
    float logit[WARM_LANES * STYLE_SHIFTS], log_probability[WARM_LANES * STYLE_SHIFTS];
    float probability[WARM_LANES * STYLE_SHIFTS], value[WARM_LANES];
    float *scratch, *gradient;
    struct tally own, beams;
    int status;
    struct error error;
};

struct warm {
    struct group *group; /* [WARM_GROUPS] */
    struct policy *policy;
    struct adam adam;
    double rate;
    uint32_t threads;
    pthread_barrier_t begin, end;
    enum { TASK_NOTES, TASK_STEP, TASK_OVER } task;
};

static int group_open(struct group *group, const struct style_networks *networks,
                      const struct style_corpus *corpus, uint64_t seed, uint32_t number,
                      struct error *error)
{
    const struct policy *policy = group->policy = networks->policy;
    group->feature = malloc((size_t)WARM_LANES * STYLE_MOST * sizeof *group->feature);
    group->strength = malloc((size_t)WARM_LANES * STYLE_MOST * sizeof *group->strength);
    group->scratch = malloc(policy_scratch(policy, WARM_LANES) * sizeof *group->scratch);
    group->gradient = malloc(policy->parameters * sizeof *group->gradient);
    if (!group->feature || !group->strength || !group->scratch || !group->gradient)
        return error_set(error, "out of memory");
    for (uint32_t i = 0; i < WARM_LANES; i++) {
        group->id[i] = i;
        group->first_logit[i + 1] = (i + 1) * STYLE_SHIFTS;
        group->beam[i] = beam_open(networks->prior, BEAM_LIVE, BEAM_LIVE_SPREAD, error);
        if (!group->beam[i] || style_lane_open(&group->lane[i], corpus, seed,
                                               (uint64_t)number * WARM_LANES + i, error) != 0)
            return -1;
    }
    return 0;
}

static void group_close(struct group *group)
{
    for (uint32_t i = 0; i < WARM_LANES; i++) {
        style_lane_close(&group->lane[i]);
        beam_close(group->beam[i]);
    }
    free(group->feature);
    free(group->strength);
    free(group->scratch);
    free(group->gradient);
}

static int likeliest(const float *value)
{
    int best = STYLE_RANGE;
    for (int k = 0; k < STYLE_SHIFTS; k++)
        best = value[k] > value[best] ? k : best;
    return best;
}

static void tally_add(struct tally *tally, const float *log_probability, int target)
{
    if (target < 0)
        return;
    tally->loss -= (double)log_probability[target];
    tally->right += likeliest(log_probability) == target;
    tally->seen++;
}

/* The next note of lane i: what its beam makes of it, and what the policy sees. */
static int stand(struct group *group, uint32_t i)
{
    struct style_struck *struck = &group->struck[i];
    struct style_view *view = &group->view;
    float meant[STYLE_SHIFTS];
    if (style_lane_next(&group->lane[i], struck, &group->error) != 0)
        return -1;
    if (struck->first)
        beam_start(group->beam[i]);
    beam_judge(group->beam[i], struck->position, struck->x, struck->held, meant);
    tally_add(&group->beams, meant, struck->target);
    style_see(beam_memory(group->beam[i]), struck->x, struck->held, beam_expected(group->beam[i]),
              meant, view);
    uint32_t at = group->first_feature[i];
    memcpy(group->feature + at, view->feature, view->count * sizeof *view->feature);
    memcpy(group->strength + at, view->strength, view->count * sizeof *view->strength);
    group->first_feature[i + 1] = at + view->count;
    return 0;
}

/* Answers, and the gradient of their losses: p - [shift meant]. */
static void learn_notes(struct group *group)
{
    const float each = 1.f / (WARM_GROUPS * WARM_LANES * WARM_NOTES);
    float gradient[WARM_LANES * STYLE_SHIFTS] = {0}, value_gradient[WARM_LANES] = {0};
    const struct observations seen = {.count = WARM_LANES,
                                      .first_feature = group->first_feature,
                                      .feature = group->feature,
                                      .strength = group->strength,
                                      .first_logit = group->first_logit,
                                      .first_action = group->first_action};
    policy_forward(group->policy, &seen, group->id, WARM_LANES, group->scratch, group->logit,
                   group->value);
    policy_softmax(&seen, group->id, WARM_LANES, group->logit, group->log_probability,
                   group->probability);
    for (uint32_t i = 0; i < WARM_LANES; i++) {
        size_t at = (size_t)i * STYLE_SHIFTS;
        int target = group->struck[i].target;
        tally_add(&group->own, group->log_probability + at, target);
        if (target < 0)
            continue;
        for (size_t k = 0; k < STYLE_SHIFTS; k++)
            gradient[at + k] = group->probability[at + k] * each;
        gradient[at + (size_t)target] -= each;
    }
    policy_backward(group->policy, &seen, group->id, WARM_LANES, group->scratch, gradient,
                    value_gradient, group->gradient);
}

static int group_step(struct group *group)
{
    memset(group->gradient, 0, group->policy->parameters * sizeof *group->gradient);
    for (int n = 0; n < WARM_NOTES; n++) {
        for (uint32_t i = 0; i < WARM_LANES; i++)
            if (stand(group, i) != 0)
                return -1;
        learn_notes(group);
        for (uint32_t i = 0; i < WARM_LANES; i++) {
            const float *answer = group->log_probability + (size_t)i * STYLE_SHIFTS;
            beam_hear(group->beam[i], group->struck[i].x, answer);
            style_lane_send(&group->lane[i], likeliest(answer));
        }
    }
    return 0;
}

/* One step of the optimiser on this thread's part of the parameters; gradients are
 * added in the order of the groups. */
static void learn_part(struct warm *warm, uint32_t number)
{
    size_t all = warm->policy->parameters;
    size_t first = all * number / warm->threads;
    size_t count = all * (number + 1) / warm->threads - first;
    float *sum = warm->group[0].gradient + first;
    for (uint32_t g = 1; g < WARM_GROUPS; g++) {
        const float *restrict own = warm->group[g].gradient + first;
        for (size_t i = 0; i < count; i++)
            sum[i] += own[i];
    }
    struct adam part = warm->adam;
    part.parameters = count;
    part.mean += first;
    part.square += first;
    adam_step(&part, warm->policy->parameter + first, sum, warm->rate);
}

static void serve(struct warm *warm, uint32_t number)
{
    if (warm->task == TASK_STEP) {
        learn_part(warm, number);
        return;
    }
    for (uint32_t g = number; g < WARM_GROUPS; g += warm->threads)
        warm->group[g].status = group_step(&warm->group[g]);
}

struct worker {
    struct warm *warm;
    uint32_t number;
    pthread_t thread;
};

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

static void run(struct warm *warm, int task)
{
    warm->task = task;
    if (warm->threads > 1)
        pthread_barrier_wait(&warm->begin);
    serve(warm, 0);
    if (warm->threads > 1)
        pthread_barrier_wait(&warm->end);
}

static void tally_move(struct tally *sum, struct tally *part)
{
    sum->loss += part->loss;
    sum->seen += part->seen;
    sum->right += part->right;
    *part = (struct tally){0};
}

static struct warm_report report(struct warm *warm, uint64_t notes)
{
    struct tally own = {0}, beams = {0};
    for (uint32_t g = 0; g < WARM_GROUPS; g++) {
        tally_move(&own, &warm->group[g].own);
        tally_move(&beams, &warm->group[g].beams);
    }
    return (struct warm_report){.notes = notes,
                                .loss = own.loss / (double)own.seen,
                                .right = (double)own.right / (double)own.seen,
                                .beam_loss = beams.loss / (double)beams.seen,
                                .beam_right = (double)beams.right / (double)beams.seen,
                                .rate = warm->rate};
}

static int learn(struct warm *warm, const struct warm_settings *settings, warm_watch *watch,
                 void *context, struct error *error)
{
    enum { STEP = WARM_GROUPS * WARM_LANES * WARM_NOTES };
    for (uint64_t notes = 0, steps = 1; notes < settings->notes; steps++) {
        double left = 1 - (double)notes / (double)settings->notes;
        warm->rate = settings->rate * left * fmin(1, (double)steps / warm_up);
        run(warm, TASK_NOTES);
        for (uint32_t g = 0; g < WARM_GROUPS; g++)
            if (warm->group[g].status != 0) {
                *error = warm->group[g].error;
                return -1;
            }
        run(warm, TASK_STEP);
        warm->adam.steps++;
        notes += STEP;
        if (steps % REPORT != 0 && notes < settings->notes)
            continue;
        struct warm_report about = report(warm, notes);
        if (!isfinite(about.loss))
            return error_set(error, "learning ran away after %llu notes",
                             (unsigned long long)notes);
        if (watch && !watch(context, &about))
            break;
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

int warm_start(const struct style_networks *networks, const struct style_corpus *corpus,
               const struct warm_settings *settings, warm_watch *watch, void *context,
               struct error *error)
{
    struct warm warm = {.policy = networks->policy, .threads = settings->threads};
    struct worker workers[WARM_GROUPS] = {{0}};
    if (corpus->works == 0)
        return error_set(error, "no music to learn from");
    if (warm.threads < 1 || warm.threads > WARM_GROUPS)
        warm.threads = warm.threads < 1 ? 1 : WARM_GROUPS;
    warm.group = calloc(WARM_GROUPS, sizeof *warm.group);
    if (!warm.group)
        return error_set(error, "out of memory");
    int status = adam_open(&warm.adam, networks->policy->parameters, error);
    warm.adam.decay = settings->decay;
    for (uint32_t g = 0; status == 0 && g < WARM_GROUPS; g++)
        status = group_open(&warm.group[g], networks, corpus, settings->seed, g, error);
    if (status == 0)
        status = start_threads(&warm, workers, error);
    if (status == 0) {
        status = learn(&warm, settings, watch, context, error);
        end_threads(&warm, workers);
    }
    for (uint32_t g = 0; g < WARM_GROUPS; g++)
        group_close(&warm.group[g]);
    free(warm.group);
    adam_close(&warm.adam);
    return status;
}
