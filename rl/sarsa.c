/* Traces fade by gamma * lambda a step, so only the features of the last few
 * steps matter: they are kept in a ring, and what has faded below one in a
 * thousand falls out. */
#include "rl/sarsa.h"

#include "base/rng.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    STREAM = 0x736172,
    RING = 1024,   /* steps */
    FEATURES = 16, /* of an action and its observation together */
    REPORT = 8192,
};

static const double FADED = 1e-3;

/* The features of a step, as parameters of the linear policy. */
struct trace {
    uint32_t count;
    uint32_t parameter[FEATURES];
    float strength[FEATURES];
};

/* Where learning is; with the weights and the environment all that going on needs. */
struct progress {
    struct rng rng;
    uint64_t steps, traces; /* traces: steps since the episode began */
    struct trace ring[RING];
};

struct sarsa {
    struct environment *environment;
    struct policy *values; /* a linear policy whose logits and values add up to action values */
    struct sarsa_settings settings;
    struct progress progress;
    uint32_t observation, action; /* to be taken next, in this observation */
    uint32_t reach;               /* traces that have not faded */
    float fading[RING];           /* trace by age */
    float *logit, *value;         /* of the environment's observations */
};

struct sarsa_settings sarsa_defaults(void)
{
    return (struct sarsa_settings){
        .total_timesteps = 1000000,
        .learning_rate = 0.1,
        .learning_rate_end = 0.01,
        .gamma = 0.97,
        .lambda = 0.8,
        .epsilon = 0.3,
        .epsilon_end = 0.01,
        .temperature = 0.02,
    };
}

static int check(const struct environment *environment, const struct policy *policy,
                 const struct sarsa_settings *s, struct error *error)
{
    if (s->total_timesteps == 0)
        return error_set(error, "learning: total steps must be above 0");
    if (environment->n_envs != 1 || policy->shape.kind != POLICY_LINEAR)
        return error_set(error, "learning: sarsa takes one copy and a linear policy");
    if (!environment->observations.first_of_logit)
        return error_set(error, "learning: sarsa takes an environment with features of actions");
    if (error_range(error, "temperature", s->temperature, 1e-6, 1e6) != 0 ||
        error_range(error, "learning rate", s->learning_rate, 0, 10) != 0 ||
        error_range(error, "final learning rate", s->learning_rate_end, 0, 10) != 0 ||
        error_range(error, "gamma", s->gamma, 0, 1) != 0 ||
        error_range(error, "lambda", s->lambda, 0, 1) != 0 ||
        error_range(error, "epsilon", s->epsilon, 0, 1) != 0 ||
        error_range(error, "final epsilon", s->epsilon_end, 0, 1) != 0)
        return error_prefix(error, "learning");
    return 0;
}

/* Works out the values of the actions of an observation. */
static void evaluate(struct sarsa *sarsa, uint32_t observation)
{
    float scratch;
    policy_forward(sarsa->values, &sarsa->environment->observations, &observation, 1, &scratch,
                   sarsa->logit, sarsa->value);
}

static float value_of(const struct sarsa *sarsa, uint32_t observation, uint32_t action)
{
    return sarsa->logit[sarsa->environment->observations.first_logit[observation] + action] +
           sarsa->value[observation];
}

/* Epsilon-greedy, of an observation that has been evaluated. */
static uint32_t choose(struct sarsa *sarsa, uint32_t observation)
{
    const uint32_t *first = sarsa->environment->observations.first_logit + observation;
    const float *logit = sarsa->logit + first[0];
    uint32_t actions = first[1] - first[0], best = 0;
    if (actions == 1)
        return 0;
    if (rng_double(&sarsa->progress.rng) <
        learning_schedule(sarsa->settings.epsilon, sarsa->settings.epsilon_end,
                          sarsa->progress.steps, sarsa->settings.total_timesteps))
        return rng_below(&sarsa->progress.rng, actions);
    for (uint32_t a = 1; a < actions; a++)
        if (logit[a] > logit[best])
            best = a;
    return best;
}

static void add_features(struct trace *trace, uint32_t offset, const uint32_t *feature,
                         const float *strength, uint32_t from, uint32_t end)
{
    for (uint32_t f = from; f < end && trace->count < FEATURES; f++) {
        trace->parameter[trace->count] = offset + feature[f];
        trace->strength[trace->count++] = strength ? strength[f] : 1;
    }
}

/* Remembers the features of an action, and returns their squared length or 1. */
static float remember(struct sarsa *sarsa, uint32_t observation, uint32_t action)
{
    const struct observations *observations = &sarsa->environment->observations;
    struct trace *trace = &sarsa->progress.ring[sarsa->progress.traces++ % RING];
    uint32_t logit = observations->first_logit[observation] + action;
    float square = 0;
    trace->count = 0;
    add_features(trace, 0, observations->action_feature, observations->action_strength,
                 observations->first_of_logit[logit], observations->first_of_logit[logit + 1]);
    add_features(trace, sarsa->values->shape.actions, observations->feature, observations->strength,
                 observations->first_feature[observation],
                 observations->first_feature[observation + 1]);
    for (uint32_t f = 0; f < trace->count; f++)
        square += trace->strength[f] * trace->strength[f];
    return square > 1 ? square : 1;
}

/* Moves the weights of every step on the trace by its share of the error. */
static void spread(struct sarsa *sarsa, float move)
{
    const struct progress *progress = &sarsa->progress;
    for (uint32_t age = 0; age < sarsa->reach && age < progress->traces; age++) {
        const struct trace *trace = &progress->ring[(progress->traces - 1 - age) % RING];
        for (uint32_t f = 0; f < trace->count; f++)
            sarsa->values->parameter[trace->parameter[f]] +=
                move * sarsa->fading[age] * trace->strength[f];
    }
}

static void step(struct sarsa *sarsa, struct learning_report *report)
{
    const struct sarsa_settings *settings = &sarsa->settings;
    struct environment *environment = sarsa->environment;
    struct progress *progress = &sarsa->progress;
    const struct observations *observations = &environment->observations;
    float reward, length = remember(sarsa, sarsa->observation, sarsa->action);
    float old = value_of(sarsa, sarsa->observation, sarsa->action);
    uint32_t arrived, next, action = observations->first_action[sarsa->observation] + sarsa->action;
    unsigned char episode;
    environment->ops->step(environment, &action,
                           &(struct transition){&reward, &arrived, &next, &episode});
    evaluate(sarsa, arrived);
    float error = reward - old;
    uint32_t then = choose(sarsa, arrived);
    if (episode != EPISODE_TERMINATED)
        error += (float)settings->gamma * value_of(sarsa, arrived, then);
    report->learning_rate = learning_schedule(settings->learning_rate, settings->learning_rate_end,
                                              progress->steps, settings->total_timesteps);
    spread(sarsa, (float)report->learning_rate * error / length);
    report->reward += (double)reward;
    report->value_loss += (double)error * (double)error / 2;
    progress->steps++;
    if (episode != EPISODE_GOES_ON)
        progress->traces = 0;
    if (progress->steps % SARSA_STEPS == 0)
        environment->ops->begin(environment, &next);
    evaluate(sarsa, next);
    sarsa->observation = next;
    sarsa->action = episode == EPISODE_GOES_ON ? then : choose(sarsa, next);
}

/* The first action of all, or the first after going on from an export. */
static void begin(struct sarsa *sarsa)
{
    sarsa->environment->ops->begin(sarsa->environment, &sarsa->observation);
    evaluate(sarsa, sarsa->observation);
}

struct sarsa *sarsa_open(struct environment *environment, const struct policy *policy,
                         const struct sarsa_settings *settings, struct error *error)
{
    if (check(environment, policy, settings, error) != 0)
        return NULL;
    struct sarsa *sarsa = calloc(1, sizeof *sarsa);
    if (sarsa) {
        sarsa->values = policy_copy(policy, error);
        sarsa->logit = malloc(environment->max_logits * sizeof *sarsa->logit);
        sarsa->value = malloc(environment->max_observations * sizeof *sarsa->value);
    }
    if (!sarsa || !sarsa->values || !sarsa->logit || !sarsa->value) {
        sarsa_close(sarsa);
        error_set(error, "learning: out of memory");
        return NULL;
    }
    sarsa->environment = environment;
    sarsa->settings = *settings;
    for (size_t i = 0; i < sarsa->values->parameters; i++)
        sarsa->values->parameter[i] *= (float)settings->temperature;
    double trace = 1;
    while (sarsa->reach < RING && trace >= FADED) {
        sarsa->fading[sarsa->reach++] = (float)trace;
        trace *= settings->gamma * settings->lambda;
    }
    rng_seed(&sarsa->progress.rng, settings->seed, STREAM);
    begin(sarsa);
    sarsa->action = choose(sarsa, sarsa->observation);
    return sarsa;
}

void sarsa_close(struct sarsa *sarsa)
{
    if (!sarsa)
        return;
    policy_free(sarsa->values);
    free(sarsa->logit);
    free(sarsa->value);
    free(sarsa);
}

int sarsa_run(struct sarsa *sarsa, uint64_t until, learning_callback *watch, void *context,
              struct error *error)
{
    while (sarsa->progress.steps < until) {
        struct learning_report report = {.entropy = NAN,
                                         .approx_kl = NAN,
                                         .clip_fraction = NAN,
                                         .policy_loss = NAN,
                                         .explained_variance = NAN,
                                         .grad_norm = NAN};
        while (report.updates < REPORT && sarsa->progress.steps < until) {
            step(sarsa, &report);
            report.updates++;
        }
        report.steps = sarsa->progress.steps;
        report.reward /= report.updates;
        report.value_loss /= report.updates;
        if (!isfinite(report.value_loss))
            return error_set(error,
                             "training diverged after %llu steps; use a smaller learning rate",
                             (unsigned long long)sarsa->progress.steps);
        if (watch && !watch(context, &report))
            break;
    }
    return 0;
}

uint64_t sarsa_steps(const struct sarsa *sarsa)
{
    return sarsa->progress.steps;
}

struct policy *sarsa_policy(const struct sarsa *sarsa, struct error *error)
{
    struct policy *policy = policy_copy(sarsa->values, error);
    for (size_t i = 0; policy && i < policy->shape.actions; i++)
        policy->parameter[i] /= (float)sarsa->settings.temperature;
    return policy;
}

/* An export is this head, the progress, the weights and the environment's bytes,
 * in the machine's own byte order, which the head shows. */
struct export_head {
    char mark[8];
    uint64_t order, parameters, action;
};

static const struct export_head head_like = {.mark = "SARSA 2", .order = 0x0102030405060708};

unsigned char *sarsa_export(const struct sarsa *sarsa, size_t *length, struct error *error)
{
    const struct environment *environment = sarsa->environment;
    struct export_head head = head_like;
    size_t floats = sarsa->values->parameters * sizeof(float);
    *length =
        sizeof head + sizeof sarsa->progress + floats + environment->ops->state_length(environment);
    unsigned char *bytes = malloc(*length), *at = bytes;
    if (!bytes) {
        error_set(error, "learning: out of memory");
        return NULL;
    }
    head.parameters = sarsa->values->parameters;
    head.action = sarsa->action;
    at = (unsigned char *)mempcpy(at, &head, sizeof head);
    at = (unsigned char *)mempcpy(at, &sarsa->progress, sizeof sarsa->progress);
    at = (unsigned char *)mempcpy(at, sarsa->values->parameter, floats);
    environment->ops->save(environment, at);
    return bytes;
}

static bool fits(const struct sarsa *sarsa)
{
    const struct progress *progress = &sarsa->progress;
    const struct observations *observations = &sarsa->environment->observations;
    size_t parameters = sarsa->values->parameters;
    for (uint32_t i = 0; i < RING; i++)
        for (uint32_t f = 0; f < FEATURES; f++)
            if (progress->ring[i].count > FEATURES || progress->ring[i].parameter[f] >= parameters)
                return false;
    for (size_t i = 0; i < parameters; i++)
        if (!isfinite(sarsa->values->parameter[i]))
            return false;
    return sarsa->action < observations->first_logit[sarsa->observation + 1] -
                               observations->first_logit[sarsa->observation];
}

int sarsa_import(struct sarsa *sarsa, const unsigned char *bytes, size_t length,
                 struct error *error)
{
    struct environment *environment = sarsa->environment;
    struct export_head head;
    size_t floats = sarsa->values->parameters * sizeof(float);
    size_t before = sizeof head + sizeof sarsa->progress + floats;
    if (length < before)
        goto other;
    memcpy(&head, bytes, sizeof head);
    if (memcmp(head.mark, head_like.mark, sizeof head.mark) != 0 || head.order != head_like.order ||
        head.parameters != sarsa->values->parameters ||
        environment->ops->restore(environment, bytes + before, length - before) != 0)
        goto other;
    memcpy(&sarsa->progress, bytes + sizeof head, sizeof sarsa->progress);
    memcpy(sarsa->values->parameter, bytes + sizeof head + sizeof sarsa->progress, floats);
    begin(sarsa);
    sarsa->action = (uint32_t)head.action;
    if (fits(sarsa))
        return 0;
other:
    return error_set(error, "the state of training is not of this process; it cannot be "
                            "resumed");
}
