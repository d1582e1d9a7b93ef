/* The linear policy: with the features f of an action or an observation and
 * their strengths x,
 *
 *     logit = sum of weight[f] x        parameter[0 .. actions - 1]
 *     value = sum of worth[f] x         parameter[actions .. actions + inputs - 1] */
#include "rl/policy.h"

#include <string.h>

static size_t linear_parameters(const struct policy_shape *shape)
{
    return (size_t)shape->actions + shape->inputs;
}

static size_t linear_scratch(const struct policy_shape *shape, uint32_t n)
{
    (void)shape;
    (void)n;
    return 1;
}

static void linear_initialise(struct policy *policy, uint64_t seed)
{
    (void)seed;
    memset(policy->parameter, 0, policy->parameters * sizeof *policy->parameter);
}

static float sum_of(const float *weight, const uint32_t *feature, const float *strength,
                    uint32_t from, uint32_t end)
{
    float sum = 0;
    for (uint32_t f = from; f < end; f++)
        sum += weight[feature[f]] * (strength ? strength[f] : 1);
    return sum;
}

static void add_to(float *gradient, const uint32_t *feature, const float *strength, uint32_t from,
                   uint32_t end, float by)
{
    for (uint32_t f = from; f < end; f++)
        gradient[feature[f]] += by * (strength ? strength[f] : 1);
}

static void linear_forward(const struct policy *policy, const struct observations *observations,
                           const uint32_t *id, uint32_t n, float *scratch, float *logit,
                           float *value)
{
    (void)scratch;
    for (uint32_t k = 0; k < n; k++) {
        uint32_t i = id[k];
        for (uint32_t l = observations->first_logit[i]; l < observations->first_logit[i + 1]; l++)
            logit[l] = sum_of(policy->parameter, observations->action_feature,
                              observations->action_strength, observations->first_of_logit[l],
                              observations->first_of_logit[l + 1]);
        value[i] = sum_of(policy->parameter + policy->shape.actions, observations->feature,
                          observations->strength, observations->first_feature[i],
                          observations->first_feature[i + 1]);
    }
}

static void linear_backward(const struct policy *policy, const struct observations *observations,
                            const uint32_t *id, uint32_t n, float *scratch,
                            const float *logit_gradient, const float *value_gradient,
                            float *gradient)
{
    (void)scratch;
    for (uint32_t k = 0; k < n; k++) {
        uint32_t i = id[k];
        for (uint32_t l = observations->first_logit[i]; l < observations->first_logit[i + 1]; l++)
            if (logit_gradient[l] != 0)
                add_to(gradient, observations->action_feature, observations->action_strength,
                       observations->first_of_logit[l], observations->first_of_logit[l + 1],
                       logit_gradient[l]);
        add_to(gradient + policy->shape.actions, observations->feature, observations->strength,
               observations->first_feature[i], observations->first_feature[i + 1],
               value_gradient[i]);
    }
}

const struct policy_ops policy_linear_ops = {
    .name = "linear",
    .parameters = linear_parameters,
    .scratch = linear_scratch,
    .initialise = linear_initialise,
    .forward = linear_forward,
    .backward = linear_backward,
};
