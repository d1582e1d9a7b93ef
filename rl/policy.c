/* What all kinds of policies share: making, the masked softmax, and the way
 * from the states of a process to observations and back to arcs. */
#include "rl/policy.h"

#include "rl/quantised.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

static const struct policy_ops *const kinds[] = {
    [POLICY_TABLE] = &policy_table_ops,
    [POLICY_MLP] = &policy_mlp_ops,
    [POLICY_RELATIVE] = &policy_relative_ops,
    [POLICY_LINEAR] = &policy_linear_ops,
};

const char *policy_name(enum policy_kind kind)
{
    return kinds[kind]->name;
}

int policy_kind(const char *name)
{
    for (int i = 0; i < (int)(sizeof kinds / sizeof(struct policy_ops *)); i++)
        if (strcmp(kinds[i]->name, name) == 0)
            return i;
    return -1;
}

static bool relative_in_range(const struct policy_shape *shape)
{
    uint32_t channels = shape->width[POLICY_CHANNELS], second = shape->width[POLICY_CHANNELS2];
    uint32_t planes = shape->width[POLICY_PLANES], window = shape->width[POLICY_WINDOW];
    return shape->layers <= 2 && channels && channels % 16 == 0 && channels <= POLICY_MAX_WIDTH &&
           second && second % 16 == 0 && second <= POLICY_MAX_WIDTH && planes <= POLICY_MAX_WIDTH &&
           window <= POLICY_MAX_WIDTH && planes * window <= shape->inputs &&
           shape->actions <= POLICY_MAX_WIDTH;
}

size_t policy_parameters(const struct policy_shape *shape)
{
    if (shape->inputs == 0 || shape->actions == 0)
        return 0;
    if (shape->kind == POLICY_TABLE || shape->kind == POLICY_LINEAR)
        return shape->layers == 0 ? kinds[shape->kind]->parameters(shape) : 0;
    if (shape->kind == POLICY_RELATIVE && !relative_in_range(shape))
        return 0;
    if ((shape->layers == 0 && shape->kind != POLICY_RELATIVE) || shape->layers > POLICY_MAX_LAYERS)
        return 0;
    for (uint32_t i = 0; i < shape->layers; i++)
        if (shape->width[i] == 0 || shape->width[i] % 16 || shape->width[i] > POLICY_MAX_WIDTH)
            return 0;
    return kinds[shape->kind]->parameters(shape);
}

struct policy *policy_create(const struct policy_shape *shape, uint64_t seed, struct error *error)
{
    size_t parameters = policy_parameters(shape);
    if (parameters == 0) {
        error_set(error, "policy: a shape that is out of range");
        return NULL;
    }
    struct policy *policy = calloc(1, sizeof *policy);
    if (policy)
        policy->parameter = calloc(parameters, sizeof *policy->parameter);
    if (!policy || !policy->parameter) {
        policy_free(policy);
        error_set(error, "policy: out of memory for %zu parameters", parameters);
        return NULL;
    }
    policy->shape = *shape;
    policy->ops = kinds[shape->kind];
    policy->parameters = parameters;
    policy->ops->initialise(policy, seed);
    return policy;
}

void policy_free(struct policy *policy)
{
    if (!policy)
        return;
    free(policy->parameter);
    quantised_close(policy->quantised);
    free(policy);
}

int policy_quantise(struct policy *policy, struct error *error)
{
    quantised_close(policy->quantised);
    policy->quantised = quantised_open(policy, error);
    return policy->quantised ? 0 : -1;
}

struct policy *policy_copy(const struct policy *policy, struct error *error)
{
    struct policy *copy = policy_create(&policy->shape, 0, error);
    if (copy)
        memcpy(copy->parameter, policy->parameter, policy->parameters * sizeof *copy->parameter);
    return copy;
}

size_t policy_scratch(const struct policy *policy, uint32_t n)
{
    return policy->ops->scratch(&policy->shape, n);
}

void policy_forward(const struct policy *policy, const struct observations *observations,
                    const uint32_t *id, uint32_t n, float *scratch, float *logit, float *value)
{
    policy->ops->forward(policy, observations, id, n, scratch, logit, value);
}

void policy_backward(const struct policy *policy, const struct observations *observations,
                     const uint32_t *id, uint32_t n, float *scratch, const float *logit_gradient,
                     const float *value_gradient, float *gradient)
{
    policy->ops->backward(policy, observations, id, n, scratch, logit_gradient, value_gradient,
                          gradient);
}

void policy_softmax(const struct observations *observations, const uint32_t *id, uint32_t n,
                    const float *logit, float *log_probability, float *probability)
{
    for (uint32_t k = 0; k < n; k++) {
        uint32_t first = observations->first_logit[id[k]],
                 end = observations->first_logit[id[k] + 1];
        /* Most states have one way on; no exponential is spent on it. */
        if (end == first + 1 && isfinite(logit[first])) {
            log_probability[first] = 0;
            probability[first] = 1;
            continue;
        }
        float top = logit[first];
        for (uint32_t a = first + 1; a < end; a++)
            top = logit[a] > top ? logit[a] : top;
        float sum = expf(logit[first] - top);
        for (uint32_t a = first + 1; a < end; a++)
            sum += expf(logit[a] - top);
        float log_sum = logf(sum);
        for (uint32_t a = first; a < end; a++) {
            float lp = logit[a] - top - log_sum;
            log_probability[a] = lp;
            probability[a] = expf(lp);
        }
    }
}

int observations_of_process(struct observations *observations, const struct process *process,
                            struct error *error)
{
    uint32_t most = process->states > process->arcs ? process->states : process->arcs;
    uint32_t *identity = malloc(((size_t)most + 1) * sizeof *identity);
    if (!identity)
        return error_set(error, "policy: out of memory");
    for (uint32_t s = 0; s <= most; s++)
        identity[s] = s;
    *observations = (struct observations){
        .count = process->states,
        .first_feature = identity,
        .feature = identity,
        .first_logit = process->first_arc,
        .first_action = process->first_arc,
        .first_of_logit = identity,
        .action_feature = identity,
    };
    return 0;
}

void observations_release(struct observations *observations)
{
    free((void *)observations->feature);
    *observations = (struct observations){0};
}

struct policy_shape policy_shape_of_process(enum policy_kind kind, const struct process *process)
{
    struct policy_shape shape = {.kind = kind, .inputs = process->states, .actions = process->arcs};
    if (kind == POLICY_MLP) {
        shape.layers = 3;
        for (uint32_t i = 0; i < shape.layers; i++)
            shape.width[i] = 64;
    }
    return shape;
}

int policy_arc_probability(const struct policy *policy, const struct process *process,
                           float *probability, struct error *error)
{
    if (policy->shape.inputs != process->states || policy->shape.actions != process->arcs)
        return error_set(
            error, "policy for %u states and %u arcs, the process has %u states and %u arcs",
            policy->shape.inputs, policy->shape.actions, process->states, process->arcs);
    struct observations observations = {0};
    if (observations_of_process(&observations, process, error) != 0)
        return -1;
    float *scratch = malloc(policy_scratch(policy, observations.count) * sizeof *scratch);
    float *value = malloc(((size_t)observations.count + 1) * sizeof *value);
    float *logs = malloc(process->arcs * sizeof *logs);
    int status = 0;
    if (!scratch || !value || !logs) {
        status = error_set(error, "policy: out of memory");
        goto out;
    }
    policy_forward(policy, &observations, observations.feature, observations.count, scratch, logs,
                   value);
    policy_softmax(&observations, observations.feature, observations.count, logs, logs,
                   probability);
    for (uint32_t a = 0; a < process->arcs && status == 0; a++)
        if (!isfinite(probability[a]))
            status = error_set(error, "policy: the probability of arc %u is not a number", a);
out:
    free(scratch);
    free(value);
    free(logs);
    observations_release(&observations);
    return status;
}

struct policy *policy_of_probability(const struct process *process, const float *probability,
                                     struct error *error)
{
    struct policy_shape shape = policy_shape_of_process(POLICY_TABLE, process);
    struct policy *policy = policy_create(&shape, 0, error);
    for (uint32_t a = 0; policy && a < process->arcs; a++)
        policy->parameter[a] = logf(probability[a] > 1e-6f ? probability[a] : 1e-6f);
    return policy;
}
