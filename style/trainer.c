/* Two tasks follow one another: groups teach, then every thread moves its part of the
 * parameters. */
#include "style/trainer.h"

#include "rl/adam.h"

#include <math.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

struct worker {
    struct trainer *trainer;
    uint32_t number;
    pthread_t thread;
};

struct trainer {
    struct policy *network;
    struct adam adam;
    float *gradient[TRAINER_GROUPS];
    int status[TRAINER_GROUPS];
    struct error error[TRAINER_GROUPS];
    trainer_gradient *teach;
    void *context;
    double rate;
    uint32_t threads; /* with the caller's */
    struct worker worker[TRAINER_GROUPS];
    pthread_mutex_t lock; /* of what follows */
    pthread_cond_t begun, ended;
    enum task { TASK_TEACH, TASK_STEP, TASK_OVER } task;
    uint64_t turn; /* tasks begun */
    uint32_t busy; /* workers that have not ended theirs */
};

/* One step of the optimiser on a thread's part of the parameters. */
static void step_part(struct trainer *trainer, uint32_t number)
{
    size_t all = trainer->network->parameters;
    size_t first = all * number / trainer->threads;
    size_t count = all * (number + 1) / trainer->threads - first;
    float *sum = trainer->gradient[0] + first;
    for (uint32_t g = 1; g < TRAINER_GROUPS; g++) {
        const float *restrict own = trainer->gradient[g] + first;
        for (size_t i = 0; i < count; i++)
            sum[i] += own[i];
    }
    struct adam part = trainer->adam;
    part.parameters = count;
    part.mean += first;
    part.square += first;
    adam_step(&part, trainer->network->parameter + first, sum, trainer->rate);
}

static void serve(struct trainer *trainer, uint32_t number)
{
    if (trainer->task == TASK_STEP) {
        step_part(trainer, number);
        return;
    }
    for (uint32_t g = number; g < TRAINER_GROUPS; g += trainer->threads) {
        memset(trainer->gradient[g], 0, trainer->network->parameters * sizeof(float));
        trainer->status[g] =
            trainer->teach(trainer->context, g, trainer->gradient[g], &trainer->error[g]);
    }
}

static void *work(void *context)
{
    struct worker *worker = context;
    struct trainer *trainer = worker->trainer;
    uint64_t turn = 0;
    pthread_mutex_lock(&trainer->lock);
    for (;;) {
        while (trainer->turn == turn)
            pthread_cond_wait(&trainer->begun, &trainer->lock);
        turn = trainer->turn;
        if (trainer->task == TASK_OVER)
            break;
        pthread_mutex_unlock(&trainer->lock);
        serve(trainer, worker->number);
        pthread_mutex_lock(&trainer->lock);
        trainer->busy--;
        pthread_cond_signal(&trainer->ended);
    }
    pthread_mutex_unlock(&trainer->lock);
    return NULL;
}

static void begin(struct trainer *trainer, enum task task)
{
    pthread_mutex_lock(&trainer->lock);
    trainer->task = task;
    trainer->turn++;
    trainer->busy = trainer->threads - 1;
    pthread_cond_broadcast(&trainer->begun);
    pthread_mutex_unlock(&trainer->lock);
}

static void run(struct trainer *trainer, enum task task)
{
    begin(trainer, task);
    serve(trainer, 0);
    pthread_mutex_lock(&trainer->lock);
    while (trainer->busy > 0)
        pthread_cond_wait(&trainer->ended, &trainer->lock);
    pthread_mutex_unlock(&trainer->lock);
}

struct trainer *trainer_open(struct policy *network, double decay, uint32_t threads,
                             trainer_gradient *teach, void *context, struct error *error)
{
    struct trainer *trainer = calloc(1, sizeof *trainer);
    if (!trainer) {
        error_set(error, "out of memory");
        return NULL;
    }
    trainer->network = network;
    trainer->teach = teach;
    trainer->context = context;
    trainer->threads = 1;
    pthread_mutex_init(&trainer->lock, NULL);
    pthread_cond_init(&trainer->begun, NULL);
    pthread_cond_init(&trainer->ended, NULL);
    int status = adam_open(&trainer->adam, network->parameters, error);
    trainer->adam.decay = decay;
    for (uint32_t g = 0; status == 0 && g < TRAINER_GROUPS; g++) {
        trainer->gradient[g] = malloc(network->parameters * sizeof(float));
        if (!trainer->gradient[g])
            status = error_set(error, "out of memory");
    }
    if (status != 0) {
        trainer_close(trainer);
        return NULL;
    }
    for (; trainer->threads < threads && trainer->threads < TRAINER_GROUPS; trainer->threads++) {
        struct worker *worker = &trainer->worker[trainer->threads];
        *worker = (struct worker){.trainer = trainer, .number = trainer->threads};
        if (pthread_create(&worker->thread, NULL, work, worker) != 0)
            break;
    }
    return trainer;
}

void trainer_close(struct trainer *trainer)
{
    if (!trainer)
        return;
    begin(trainer, TASK_OVER);
    for (uint32_t i = 1; i < trainer->threads; i++)
        pthread_join(trainer->worker[i].thread, NULL);
    pthread_mutex_destroy(&trainer->lock);
    pthread_cond_destroy(&trainer->begun);
    pthread_cond_destroy(&trainer->ended);
    for (uint32_t g = 0; g < TRAINER_GROUPS; g++)
        free(trainer->gradient[g]);
    adam_close(&trainer->adam);
    free(trainer);
}

static int step(struct trainer *trainer, double rate, struct error *error)
{
    trainer->rate = rate;
    run(trainer, TASK_TEACH);
    for (uint32_t g = 0; g < TRAINER_GROUPS; g++)
        if (trainer->status[g] != 0) {
            return error_set(error, "%s", trainer->error[g].text);
        }
    run(trainer, TASK_STEP);
    trainer->adam.steps++;
    return 0;
}

int trainer_learn(struct trainer *trainer, const struct trainer_schedule *course,
                  trainer_report *report, void *context, struct error *error)
{
    uint64_t notes = 0;
    for (uint32_t steps = 1; notes < course->notes; steps++) {
        double left = 1 - (double)notes / (double)course->notes;
        double rate = course->rate * left * fmin(1, (double)steps / course->rising);
        if (step(trainer, rate, error) != 0)
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
