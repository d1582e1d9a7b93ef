/* The environment of the correction process, and PPO in it. Playbacks go on side by side, as no
 * playback knows of another; what they see is then put down in their order. */
#include "style/tune.h"

#include "correct/beam.h"

#include <math.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

enum { SPAN = 24, INTERVALS = 2 * SPAN + 1, MOST_THREADS = 16 };

/* R: [interval before][interval], each within SPAN semitones. */
struct transitions {
    float reward[INTERVALS][INTERVALS];
};

struct correction;

/* A thread's playbacks: number, number + threads and so on. */
struct worker {
    struct correction *correction;
    uint32_t number;
    const uint32_t *action; /* NULL: playbacks look once more at where they stand */
    const struct transition *to;
    float *scratch;
    int status; /* of a playback that ran out of memory */
    struct error error;
    pthread_t thread;
};

struct correction {
    struct environment environment; /* first: the environment is known by its address */
    const struct policy *policy;
    const struct transitions *transitions;
    double touch, music;
    struct style_playback *playback;
    struct beam **beam;          /* [playbacks] */
    struct style_struck *struck; /* [playbacks]: the note that each stands at */
    uint32_t *at;                /* [playbacks]: its observation */
    float (*told)[STYLE_SHIFTS]; /* [playbacks]: the policy's belief about it */
    int (*sent)[2];              /* [playbacks]: the last two pitches sent; -1: none */
    struct style_view *view;     /* [playbacks]: what each sees */
    uint32_t *first_feature, *feature, *first_logit, *first_action;
    float *strength;
    uint32_t threads;
    struct worker worker[MOST_THREADS];
};

static uint32_t interval(int from, int to)
{
    int d = to - from;
    return (uint32_t)((d < -SPAN ? -SPAN : d > SPAN ? SPAN : d) + SPAN);
}

/* Frequencies of one interval after another over all songs. */
static void learn_transitions(struct transitions *transitions, const struct style_corpus *corpus)
{
    memset(transitions, 0, sizeof *transitions);
    for (size_t w = 0; w < corpus->works; w++)
        for (size_t k = 0; k < corpus->work[w]->songs; k++) {
            const struct style_song *song = &corpus->work[w]->song[k];
            for (size_t i = 2; i < song->count; i++) {
                int a = song->note[i - 2].pitch, b = song->note[i - 1].pitch;
                transitions->reward[interval(a, b)][interval(b, song->note[i].pitch)] += 1;
            }
        }
    for (int before = 0; before < INTERVALS; before++) {
        float most = 1;
        for (int after = 0; after < INTERVALS; after++)
            most = fmaxf(most, transitions->reward[before][after]);
        for (int after = 0; after < INTERVALS; after++)
            transitions->reward[before][after] /= most;
    }
}

static struct correction *of(struct environment *environment)
{
    return (struct correction *)(void *)environment;
}

/* The next note of playback i: what is seen of it, and what the policy makes of that. */
static void stand(struct worker *worker, uint32_t i)
{
    struct correction *correction = worker->correction;
    struct style_struck *struck = &correction->struck[i];
    struct style_view *view = &correction->view[i];
    struct beam *beam = correction->beam[i];
    view->count = 0;
    if (style_playback_next(&correction->playback[i], struck, &worker->error) == 0) {
        float meant[STYLE_SHIFTS];
        if (struck->first)
            beam_start(beam);
        beam_guess(beam, struck->found);
        beam_judge(beam, struck->position, struck->x, struck->held, meant);
        beam_see(beam, struck->x, struck->held, meant, view);
    } else {
        worker->status = -1;
    }
    style_ask(correction->policy, view, worker->scratch, correction->told[i]);
}

/* Adds what playback i sees to the observations. */
static void put_down(struct correction *correction, uint32_t i)
{
    struct observations *seen = &correction->environment.observations;
    const struct style_view *view = &correction->view[i];
    uint32_t o = seen->count++, at = correction->first_feature[o];
    memcpy(correction->feature + at, view->feature, view->count * sizeof *view->feature);
    memcpy(correction->strength + at, view->strength, view->count * sizeof *view->strength);
    correction->first_feature[o + 1] = at + view->count;
    correction->at[i] = o;
}

static float reward(const struct correction *correction, uint32_t i, int action, int pitch)
{
    int target = correction->struck[i].target;
    const int *sent = correction->sent[i];
    double value = (action == target) - (target == STYLE_RANGE);
    if (target == STYLE_RANGE && action != target)
        value -= correction->touch;
    if (sent[0] >= 0 && sent[1] >= 0)
        value +=
            correction->music * (double)correction->transitions
                                    ->reward[interval(sent[1], sent[0])][interval(sent[0], pitch)];
    return (float)value;
}

/* Lane i answers, and goes on to its next note. */
static void go_on(struct worker *worker, uint32_t i)
{
    struct correction *correction = worker->correction;
    const struct transition *to = worker->to;
    struct style_playback *playback = &correction->playback[i];
    if (playback->next == playback->count) {
        /* Out of memory: it stands still until the run is over. */
        to->reward[i] = 0;
        to->episode[i] = EPISODE_TERMINATED;
        stand(worker, i);
        return;
    }
    const struct style_struck *struck = &correction->struck[i];
    int action = (int)worker->action[i], pitch = struck->x + action - STYLE_RANGE;
    bool over = struck->last;
    to->reward[i] = reward(correction, i, action, pitch);
    to->episode[i] = over ? EPISODE_TERMINATED : EPISODE_GOES_ON;
    beam_hear(correction->beam[i], struck->x, correction->told[i]);
    style_playback_send(playback, action);
    correction->sent[i][1] = over ? -1 : correction->sent[i][0];
    correction->sent[i][0] = over ? -1 : pitch;
    stand(worker, i);
}

static void *work(void *context)
{
    struct worker *worker = context;
    struct correction *correction = worker->correction;
    for (uint32_t i = worker->number; i < correction->environment.n_envs; i += correction->threads)
        if (worker->action)
            go_on(worker, i);
        else
            stand(worker, i);
    return NULL;
}

/* All playbacks: what a thread cannot be had for is done by this one. */
static void work_together(struct correction *correction, const uint32_t *action,
                          const struct transition *to)
{
    bool begun[MOST_THREADS] = {false};
    for (uint32_t t = 0; t < correction->threads; t++) {
        struct worker *worker = &correction->worker[t];
        worker->action = action;
        worker->to = to;
        begun[t] = t > 0 && pthread_create(&worker->thread, NULL, work, worker) == 0;
    }
    for (uint32_t t = 0; t < correction->threads; t++)
        if (!begun[t])
            work(&correction->worker[t]);
    for (uint32_t t = 0; t < correction->threads; t++)
        if (begun[t])
            pthread_join(correction->worker[t].thread, NULL);
    for (uint32_t i = 0; i < correction->environment.n_envs; i++)
        put_down(correction, i);
}

/* Only what playbacks stand at is kept. */
static void correction_begin(struct environment *environment, uint32_t *observation)
{
    struct correction *correction = of(environment);
    environment->observations.count = 0;
    work_together(correction, NULL, NULL);
    memcpy(observation, correction->at, environment->n_envs * sizeof *observation);
}

static void correction_step(struct environment *environment, const uint32_t *action,
                            const struct transition *to)
{
    struct correction *correction = of(environment);
    work_together(correction, action, to);
    memcpy(to->observation, correction->at, environment->n_envs * sizeof *to->observation);
    memcpy(to->arrived, correction->at, environment->n_envs * sizeof *to->arrived);
}

/* Songs are not resumed in their middle. */
static size_t correction_state_length(const struct environment *environment)
{
    (void)environment;
    return 0;
}

static void correction_save(const struct environment *environment, unsigned char *bytes)
{
    (void)environment;
    (void)bytes;
}

static int correction_restore(struct environment *environment, const unsigned char *bytes,
                              size_t length)
{
    (void)environment;
    (void)bytes;
    return length == 0 ? 0 : -1;
}

static void correction_destroy(struct environment *environment)
{
    struct correction *correction = of(environment);
    for (uint32_t i = 0; correction->playback && i < environment->n_envs; i++)
        style_playback_close(&correction->playback[i]);
    for (uint32_t i = 0; correction->beam && i < environment->n_envs; i++)
        beam_close(correction->beam[i]);
    free(correction->playback);
    free(correction->beam);
    free(correction->struck);
    free(correction->at);
    free(correction->told);
    for (uint32_t t = 0; t < correction->threads; t++)
        free(correction->worker[t].scratch);
    free(correction->sent);
    free(correction->view);
    free(correction->first_feature);
    free(correction->feature);
    free(correction->strength);
    free(correction->first_logit);
    free(correction->first_action);
    free(correction);
}

static const struct environment_ops correction_ops = {
    .begin = correction_begin,
    .step = correction_step,
    .state_length = correction_state_length,
    .save = correction_save,
    .restore = correction_restore,
    .destroy = correction_destroy,
};

static int allocate(struct correction *correction, uint32_t most, struct error *error)
{
    uint32_t playbacks = correction->environment.n_envs;
    correction->playback = calloc(playbacks, sizeof *correction->playback);
    correction->beam = calloc(playbacks, sizeof(struct beam *));
    correction->struck = calloc(playbacks, sizeof *correction->struck);
    correction->at = calloc(playbacks, sizeof *correction->at);
    correction->told = calloc(playbacks, sizeof *correction->told);
    correction->view = malloc(playbacks * sizeof *correction->view);
    bool crews = true;
    for (uint32_t t = 0; t < correction->threads; t++) {
        struct worker *worker = &correction->worker[t];
        worker->correction = correction;
        worker->number = t;
        worker->scratch = malloc(policy_scratch(correction->policy, 1) * sizeof *worker->scratch);
        crews = crews && worker->scratch;
    }
    correction->sent = malloc(playbacks * sizeof *correction->sent);
    correction->first_feature = calloc((size_t)most + 1, sizeof *correction->first_feature);
    correction->feature = malloc((size_t)most * STYLE_MOST * sizeof *correction->feature);
    correction->strength = malloc((size_t)most * STYLE_MOST * sizeof *correction->strength);
    correction->first_logit = malloc(((size_t)most + 1) * sizeof *correction->first_logit);
    correction->first_action = calloc(most, sizeof *correction->first_action);
    if (!correction->playback || !correction->beam || !correction->struck || !correction->at ||
        !correction->told || !crews || !correction->sent || !correction->view ||
        !correction->first_feature || !correction->feature || !correction->strength ||
        !correction->first_logit || !correction->first_action)
        return error_set(error, "out of memory");
    for (uint32_t o = 0; o <= most; o++)
        correction->first_logit[o] = o * STYLE_SHIFTS;
    return 0;
}

static struct correction *correction_open(const struct style_networks *networks,
                                          const struct style_corpus *corpus,
                                          const struct transitions *transitions,
                                          const struct tune_settings *settings, struct error *error)
{
    struct correction *correction = calloc(1, sizeof *correction);
    if (!correction) {
        error_set(error, "out of memory");
        return NULL;
    }
    uint32_t most = settings->playbacks * (settings->ppo.n_steps + 1);
    correction->environment = (struct environment){.ops = &correction_ops,
                                                   .n_envs = settings->playbacks,
                                                   .max_observations = most,
                                                   .max_logits = most * STYLE_SHIFTS};
    correction->threads = settings->threads < 1              ? 1
                          : settings->threads < MOST_THREADS ? settings->threads
                                                             : MOST_THREADS;
    correction->policy = networks->policy;
    correction->transitions = transitions;
    correction->touch = settings->touch;
    correction->music = settings->music;
    int status = allocate(correction, most, error);
    for (uint32_t i = 0; status == 0 && i < settings->playbacks; i++) {
        correction->sent[i][0] = correction->sent[i][1] = -1;
        correction->beam[i] = beam_open(networks->prior, &beam_live, error);
        status = correction->beam[i] ? style_playback_open(&correction->playback[i], corpus,
                                                           settings->seed + 1, i, error)
                                     : -1;
    }
    if (status != 0) {
        correction_destroy(&correction->environment);
        return NULL;
    }
    correction->environment.observations =
        (struct observations){.first_feature = correction->first_feature,
                              .feature = correction->feature,
                              .strength = correction->strength,
                              .first_logit = correction->first_logit,
                              .first_action = correction->first_action};
    return correction;
}

struct tune_settings tune_defaults(void)
{
    struct tune_settings settings = {.steps = 2400000,
                                     .playbacks = 128,
                                     .threads = 1,
                                     .touch = .1,
                                     .music = .02,
                                     .ppo = ppo_defaults(POLICY_MLP)};
    settings.ppo.n_steps = 64;
    settings.ppo.n_epochs = 1;
    settings.ppo.minibatches = 2;
    settings.ppo.learning_rate = 1.25e-5;
    settings.ppo.gamma = .2;
    settings.ppo.reward_scale = 1;
    settings.ppo.gae_lambda = .9;
    settings.ppo.ent_coef = 0;
    settings.ppo.anchor_weight = 1;
    settings.ppo.vf_coef = .01;
    return settings;
}

int tune(const struct style_networks *networks, const struct style_corpus *corpus,
         const struct tune_settings *settings, learning_callback *watch, void *context,
         struct error *error)
{
    struct ppo_settings ppo_settings = settings->ppo;
    ppo_settings.total_timesteps = settings->steps;
    ppo_settings.seed = settings->seed;
    struct transitions *transitions = malloc(sizeof *transitions);
    struct policy *anchor = transitions ? policy_copy(networks->policy, error) : NULL;
    struct correction *correction = NULL;
    struct ppo *ppo = NULL;
    int status = -1;
    if (!transitions)
        error_set(error, "out of memory");
    if (anchor) {
        learn_transitions(transitions, corpus);
        correction = correction_open(networks, corpus, transitions, settings, error);
    }
    if (correction)
        ppo = ppo_open(&correction->environment, networks->policy, &ppo_settings, error);
    if (ppo) {
        ppo_set_anchor(ppo, anchor);
        status = ppo_run(ppo, settings->steps, watch, context, error);
        for (uint32_t t = 0; status == 0 && t < correction->threads; t++)
            if (correction->worker[t].status != 0)
                status = error_set(error, "%s", correction->worker[t].error.text);
        if (status == 0)
            status = policy_quantise(networks->policy, error);
    }
    ppo_close(ppo);
    if (correction)
        correction_destroy(&correction->environment);
    policy_free(anchor);
    free(transitions);
    return status;
}
