/* Two tasks follow one another: groups teach, then every thread moves its part of the
 * parameters. */
#include "style/pupil.h"

#include "rl/adam.h"

#include <math.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

struct worker {
    struct pupil *pupil;
    uint32_t number;
    pthread_t thread;
};

struct pupil {
    struct policy *network;
    struct adam adam;
    float *gradient[PUPIL_GROUPS];
    int status[PUPIL_GROUPS];
    struct error error[PUPIL_GROUPS];
    pupil_teach *teach;
    void *context;
    double rate;
    uint32_t threads; /* with the caller's */
    struct worker worker[PUPIL_GROUPS];
    pthread_mutex_t lock; /* of what follows */
    pthread_cond_t begun, ended;
    enum task { TASK_TEACH, TASK_STEP, TASK_OVER } task;
    uint64_t turn; /* tasks begun */
    uint32_t busy; /* workers that have not ended theirs */
};

/* One step of the optimiser on a thread's part of the parameters. */
static void step_part(struct pupil *pupil, uint32_t number)
{
    size_t all = pupil->network->parameters;
    size_t first = all * number / pupil->threads;
    size_t count = all * (number + 1) / pupil->threads - first;
    float *sum = pupil->gradient[0] + first;
    for (uint32_t g = 1; g < PUPIL_GROUPS; g++) {
        const float *restrict own = pupil->gradient[g] + first;
        for (size_t i = 0; i < count; i++)
            sum[i] += own[i];
    }
    struct adam part = pupil->adam;
    part.parameters = count;
    part.mean += first;
    part.square += first;
    adam_step(&part, pupil->network->parameter + first, sum, pupil->rate);
}

static void serve(struct pupil *pupil, uint32_t number)
{
    if (pupil->task == TASK_STEP) {
        step_part(pupil, number);
        return;
    }
    for (uint32_t g = number; g < PUPIL_GROUPS; g += pupil->threads) {
        memset(pupil->gradient[g], 0, pupil->network->parameters * sizeof(float));
        pupil->status[g] = pupil->teach(pupil->context, g, pupil->gradient[g], &pupil->error[g]);
    }
}

static void *work(void *context)
{
    struct worker *worker = context;
    struct pupil *pupil = worker->pupil;
    uint64_t turn = 0;
    pthread_mutex_lock(&pupil->lock);
    for (;;) {
        while (pupil->turn == turn)
            pthread_cond_wait(&pupil->begun, &pupil->lock);
        turn = pupil->turn;
        if (pupil->task == TASK_OVER)
            break;
        pthread_mutex_unlock(&pupil->lock);
        serve(pupil, worker->number);
        pthread_mutex_lock(&pupil->lock);
        pupil->busy--;
        pthread_cond_signal(&pupil->ended);
    }
    pthread_mutex_unlock(&pupil->lock);
    return NULL;
}

static void begin(struct pupil *pupil, enum task task)
{
    pthread_mutex_lock(&pupil->lock);
    pupil->task = task;
    pupil->turn++;
    pupil->busy = pupil->threads - 1;
    pthread_cond_broadcast(&pupil->begun);
    pthread_mutex_unlock(&pupil->lock);
}

static void run(struct pupil *pupil, enum task task)
{
    begin(pupil, task);
    serve(pupil, 0);
    pthread_mutex_lock(&pupil->lock);
    while (pupil->busy > 0)
        pthread_cond_wait(&pupil->ended, &pupil->lock);
    pthread_mutex_unlock(&pupil->lock);
}

struct pupil *pupil_open(struct policy *network, double decay, uint32_t threads, pupil_teach *teach,
                         void *context, struct error *error)
{
    struct pupil *pupil = calloc(1, sizeof *pupil);
    if (!pupil) {
        error_set(error, "out of memory");
        return NULL;
    }
    pupil->network = network;
    pupil->teach = teach;
    pupil->context = context;
    pupil->threads = 1;
    pthread_mutex_init(&pupil->lock, NULL);
    pthread_cond_init(&pupil->begun, NULL);
    pthread_cond_init(&pupil->ended, NULL);
    int status = adam_open(&pupil->adam, network->parameters, error);
    pupil->adam.decay = decay;
    for (uint32_t g = 0; status == 0 && g < PUPIL_GROUPS; g++) {
        pupil->gradient[g] = malloc(network->parameters * sizeof(float));
        if (!pupil->gradient[g])
            status = error_set(error, "out of memory");
    }
    if (status != 0) {
        pupil_close(pupil);
        return NULL;
    }
    for (; pupil->threads < threads && pupil->threads < PUPIL_GROUPS; pupil->threads++) {
        struct worker *worker = &pupil->worker[pupil->threads];
        *worker = (struct worker){.pupil = pupil, .number = pupil->threads};
        if (pthread_create(&worker->thread, NULL, work, worker) != 0)
            break;
    }
    return pupil;
}

void pupil_close(struct pupil *pupil)
{
    if (!pupil)
        return;
    begin(pupil, TASK_OVER);
    for (uint32_t i = 1; i < pupil->threads; i++)
        pthread_join(pupil->worker[i].thread, NULL);
    pthread_mutex_destroy(&pupil->lock);
    pthread_cond_destroy(&pupil->begun);
    pthread_cond_destroy(&pupil->ended);
    for (uint32_t g = 0; g < PUPIL_GROUPS; g++)
        free(pupil->gradient[g]);
    adam_close(&pupil->adam);
    free(pupil);
}

static int step(struct pupil *pupil, double rate, struct error *error)
{
    pupil->rate = rate;
    run(pupil, TASK_TEACH);
    for (uint32_t g = 0; g < PUPIL_GROUPS; g++)
        if (pupil->status[g] != 0) {
            return error_set(error, "%s", pupil->error[g].text);
        }
    run(pupil, TASK_STEP);
    pupil->adam.steps++;
    return 0;
}

int pupil_learn(struct pupil *pupil, const struct pupil_course *course, pupil_report *report,
                void *context, struct error *error)
{
    uint64_t notes = 0;
    for (uint32_t steps = 1; notes < course->notes; steps++) {
        double left = 1 - (double)notes / (double)course->notes;
        double rate = course->rate * left * fmin(1, (double)steps / course->rising);
        if (step(pupil, rate, error) != 0)
            return -1;
        notes += course->step;
        if (steps % course->reports != 0 && notes < course->notes)
            continue;
        int answer = report(context, notes, rate, error);
        if (answer != 0)
            return answer < 0 ? -1 : 0;
    }
    return 0;
}
