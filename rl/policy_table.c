/* The table: parameter[action] is the action's logit, parameter[actions +
 * feature] the value of the observation's only feature. */
#include "rl/policy.h"

#include <string.h>

static size_t table_parameters(const struct policy_shape *shape)
{
    return (size_t)shape->actions + shape->inputs;
}

static size_t table_scratch(const struct policy_shape *shape, uint32_t n)
{
    (void)shape;
    (void)n;
    return 1;
}

static void table_initialise(struct policy *policy, uint64_t seed)
{
    (void)seed;
    memset(policy->parameter, 0, policy->parameters * sizeof *policy->parameter);
}

static void table_forward(const struct policy *policy, const struct observations *observations,
                          const uint32_t *id, uint32_t n, float *scratch, float *logit,
                          float *value)
{
    const float *values = policy->parameter + policy->shape.actions;
    (void)scratch;
    for (uint32_t k = 0; k < n; k++) {
        uint32_t i = id[k], first = observations->first_logit[i];
        const float *row = policy->parameter + observations->first_action[i];
        for (uint32_t a = 0; a < observations->first_logit[i + 1] - first; a++)
            logit[first + a] = row[a];
        value[i] = values[observations->feature[observations->first_feature[i]]];
    }
}

static void table_backward(const struct policy *policy, const struct observations *observations,
                           const uint32_t *id, uint32_t n, float *scratch,
                           const float *logit_gradient, const float *value_gradient,
                           float *gradient)
{
    float *values = gradient + policy->shape.actions;
    (void)scratch;
    for (uint32_t k = 0; k < n; k++) {
        uint32_t i = id[k], first = observations->first_logit[i];
        float *row = gradient + observations->first_action[i];
        for (uint32_t a = 0; a < observations->first_logit[i + 1] - first; a++)
            row[a] += logit_gradient[first + a];
        values[observations->feature[observations->first_feature[i]]] += value_gradient[i];
    }
}

const struct policy_ops policy_table_ops = {
    .name = "table",
    .parameters = table_parameters,
    .scratch = table_scratch,
    .initialise = table_initialise,
    .forward = table_forward,
    .backward = table_backward,
};
