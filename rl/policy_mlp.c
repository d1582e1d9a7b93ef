/* The network: rectified linear layers over sparse inputs, output rows for the
 * legal actions only, and a value.
 *
 * With w[0] .. w[L-1] the widths of the hidden layers, the parameters are, in
 * this order:
 *
 *     row[inputs][w[0]], bias[w[0]]          layer 0: sum of the active rows
 *     weight[w[l-1]][w[l]], bias[w[l]]       layers 1 .. L-1
 *     row[actions][w[L-1]], bias[actions]    logits
 *     row[w[L-1]], bias                      value
 *
 * Scratch, for n observations: after[l][n][w[l]] for every layer, two arrays
 * [n][widest] for what flows back, a transposed weight [widest][widest].. */
#include "base/rng.h"
#include "rl/dense.h"
#include "rl/policy.h"

#include <math.h>
#include <string.h>

struct layout {
    size_t weight[POLICY_MAX_LAYERS + 2]; /* layers, then logits, then value */
    size_t bias[POLICY_MAX_LAYERS + 2];
    size_t parameters;
    uint32_t widest;
};

static struct layout lay_out(const struct policy_shape *shape)
{
    struct layout at = {0};
    size_t place = 0, before = shape->inputs;
    for (uint32_t l = 0; l < shape->layers; l++) {
        at.weight[l] = place;
        place += before * shape->width[l];
        at.bias[l] = place;
        place += shape->width[l];
        before = shape->width[l];
        if (shape->width[l] > at.widest)
            at.widest = shape->width[l];
    }
    at.weight[shape->layers] = place;
    place += before * shape->actions;
    at.bias[shape->layers] = place;
    place += shape->actions;
    at.weight[shape->layers + 1] = place;
    place += before;
    at.bias[shape->layers + 1] = place;
    at.parameters = place + 1;
    return at;
}

static size_t mlp_parameters(const struct policy_shape *shape)
{
    return lay_out(shape).parameters;
}

static size_t mlp_scratch(const struct policy_shape *shape, uint32_t n)
{
    size_t widest = lay_out(shape).widest, sum = 2 * widest;
    for (uint32_t l = 0; l < shape->layers; l++)
        sum += shape->width[l];
    return sum * n + widest * widest;
}

static void mlp_initialise(struct policy *policy, uint64_t seed)
{
    const struct policy_shape *shape = &policy->shape;
    struct layout at = lay_out(shape);
    struct rng rng;
    rng_seed(&rng, seed, 0x6d6c70);
    memset(policy->parameter, 0, policy->parameters * sizeof *policy->parameter);
    uint32_t last = shape->width[shape->layers - 1];
    for (uint32_t l = 0; l <= shape->layers + 1; l++) {
        /* Few features are active at once, so the first layer's fan-in is taken as 2. */
        double fan_in = l == 0 ? 2 : l < shape->layers ? shape->width[l - 1] : last;
        double scale = sqrt(2 / fan_in) * (l == shape->layers ? 0.01 : 1);
        for (size_t i = at.weight[l]; i < at.bias[l]; i++)
            policy->parameter[i] = (float)(scale * rng_normal(&rng));
    }
}

/* Adds the rows of features to sum[width]. */
DENSE_INLINE void embed_features(const float *rows, uint32_t width, const uint32_t *feature,
                                 const float *strength, uint32_t count, float *sum)
{
    for (uint32_t f = 0; f < count;) {
        struct weighted_rows active;
        for (active.count = 0; active.count < MAX_ROWS && f < count; active.count++, f++) {
            active.row[active.count] = rows + (size_t)feature[f] * width;
            active.strength[active.count] = strength ? strength[f] : 1;
        }
        add_rows(sum, &active, width);
    }
}

DENSE_INLINE void embed(const struct policy *policy, const struct layout *at,
                        const struct observations *observations, const uint32_t *id, uint32_t n,
                        float *after)
{
    uint32_t width = policy->shape.width[0];
    const float *row = policy->parameter + at->weight[0];
    const float *base = policy->parameter + at->bias[0];
    for (uint32_t k = 0; k < n; k++, after += width) {
        uint32_t f = observations->first_feature[id[k]],
                 end = observations->first_feature[id[k] + 1];
        memcpy(after, base, width * sizeof *after);
        embed_features(row, width, observations->feature + f,
                       observations->strength ? observations->strength + f : NULL, end - f, after);
        rectify(after, width);
    }
}

DENSE_INLINE void forward_all(const struct policy *policy, const struct observations *observations,
                              const uint32_t *id, uint32_t n, float *scratch, float *logit,
                              float *value)
{
    const struct policy_shape *shape = &policy->shape;
    const float *p = policy->parameter;
    struct layout at = lay_out(shape);
    float *after = scratch;
    embed(policy, &at, observations, id, n, after);
    for (uint32_t l = 1; l < shape->layers; l++) {
        uint32_t before = shape->width[l - 1], width = shape->width[l];
        const float *input = after;
        after += (size_t)n * before;
        for (uint32_t k = 0; k < n; k++)
            memcpy(after + (size_t)k * width, p + at.bias[l], width * sizeof *after);
        multiply_add(after, input, before, 1, p + at.weight[l], n, before, width);
        rectify(after, (size_t)n * width);
    }
    uint32_t width = shape->width[shape->layers - 1], out = shape->layers;
    for (uint32_t k = 0; k < n; k++, after += width) {
        uint32_t i = id[k], first = observations->first_logit[i],
                 action = observations->first_action[i];
        for (uint32_t a = 0; a < observations->first_logit[i + 1] - first; a++, action++)
            logit[first + a] = p[at.bias[out] + action] +
                               dot(p + at.weight[out] + (size_t)action * width, after, width);
        value[i] = p[at.bias[out + 1]] + dot(p + at.weight[out + 1], after, width);
    }
}

#ifdef __x86_64__
__attribute__((target("avx2"))) static void forward_avx2(const struct policy *policy,
                                                         const struct observations *observations,
                                                         const uint32_t *id, uint32_t n,
                                                         float *scratch, float *logit, float *value)
{
    forward_all(policy, observations, id, n, scratch, logit, value);
}
#endif

static void mlp_forward(const struct policy *policy, const struct observations *observations,
                        const uint32_t *id, uint32_t n, float *scratch, float *logit, float *value)
{
#ifdef __x86_64__
    if (dense_wide()) {
        forward_avx2(policy, observations, id, n, scratch, logit, value);
        return;
    }
#endif
    forward_all(policy, observations, id, n, scratch, logit, value);
}

/* Gradient by the last hidden layer, into flow[n][width], and by the output rows. */
DENSE_INLINE void output_backward(const struct policy *policy, const struct layout *at,
                                  const struct observations *observations, const uint32_t *id,
                                  uint32_t n, const float *after, const float *logit_gradient,
                                  const float *value_gradient, float *flow, float *gradient)
{
    uint32_t out = policy->shape.layers, width = policy->shape.width[out - 1];
    const float *row = policy->parameter + at->weight[out];
    float *row_gradient = gradient + at->weight[out];
    memset(flow, 0, (size_t)n * width * sizeof *flow);
    for (uint32_t k = 0; k < n; k++, after += width, flow += width) {
        uint32_t i = id[k], first = observations->first_logit[i],
                 action = observations->first_action[i];
        for (uint32_t a = first; a < observations->first_logit[i + 1]; a++, action++) {
            float g = logit_gradient[a];
            if (g == 0)
                continue;
            gradient[at->bias[out] + action] += g;
            add_scaled(flow, g, row + (size_t)action * width, width);
            add_scaled(row_gradient + (size_t)action * width, g, after, width);
        }
        float g = value_gradient[i];
        gradient[at->bias[out + 1]] += g;
        add_scaled(flow, g, policy->parameter + at->weight[out + 1], width);
        add_scaled(gradient + at->weight[out + 1], g, after, width);
    }
}

DENSE_INLINE void embed_backward(const struct policy *policy, const struct layout *at,
                                 const struct observations *observations, const uint32_t *id,
                                 uint32_t n, const float *flow, float *gradient)
{
    uint32_t width = policy->shape.width[0];
    float *row = gradient + at->weight[0];
    for (uint32_t k = 0; k < n; k++, flow += width)
        for (uint32_t f = observations->first_feature[id[k]];
             f < observations->first_feature[id[k] + 1]; f++)
            add_scaled(row + (size_t)observations->feature[f] * width,
                       observations->strength ? observations->strength[f] : 1, flow, width);
}

DENSE_INLINE void backward_all(const struct policy *policy, const struct observations *observations,
                               const uint32_t *id, uint32_t n, float *scratch,
                               const float *logit_gradient, const float *value_gradient,
                               float *gradient)
{
    const struct policy_shape *shape = &policy->shape;
    struct layout at = lay_out(shape);
    const float *after[POLICY_MAX_LAYERS] = {0};
    float *end = scratch;
    for (uint32_t l = 0; l < shape->layers; l++) {
        after[l] = end;
        end += (size_t)n * shape->width[l];
    }
    const float *last = end - (size_t)n * shape->width[shape->layers - 1];
    float *flow = end, *before = flow + (size_t)n * at.widest;
    float *turned = before + (size_t)n * at.widest;
    output_backward(policy, &at, observations, id, n, last, logit_gradient, value_gradient, flow,
                    gradient);
    for (uint32_t l = shape->layers; l-- > 0;) {
        uint32_t width = shape->width[l];
        rectify_backward(flow, after[l], (size_t)n * width);
        bias_backward(flow, n, width, gradient + at.bias[l]);
        if (l == 0)
            break;
        uint32_t lower = shape->width[l - 1];
        multiply_add(gradient + at.weight[l], after[l - 1], 1, lower, flow, lower, n, width);
        transpose(policy->parameter + at.weight[l], lower, width, turned);
        memset(before, 0, (size_t)n * lower * sizeof *before);
        multiply_add(before, flow, width, 1, turned, n, width, lower);
        float *swap = flow;
        flow = before;
        before = swap;
    }
    embed_backward(policy, &at, observations, id, n, flow, gradient);
}

#ifdef __x86_64__
__attribute__((target("avx2"))) static void
backward_avx2(const struct policy *policy, const struct observations *observations,
              const uint32_t *id, uint32_t n, float *scratch, const float *logit_gradient,
              const float *value_gradient, float *gradient)
{
    backward_all(policy, observations, id, n, scratch, logit_gradient, value_gradient, gradient);
}
#endif

static void mlp_backward(const struct policy *policy, const struct observations *observations,
                         const uint32_t *id, uint32_t n, float *scratch,
                         const float *logit_gradient, const float *value_gradient, float *gradient)
{
#ifdef __x86_64__
    if (dense_wide()) {
        backward_avx2(policy, observations, id, n, scratch, logit_gradient, value_gradient,
                      gradient);
        return;
    }
#endif
    backward_all(policy, observations, id, n, scratch, logit_gradient, value_gradient, gradient);
}

const struct policy_ops policy_mlp_ops = {
    .name = "mlp",
    .parameters = mlp_parameters,
    .scratch = mlp_scratch,
    .initialise = mlp_initialise,
    .forward = mlp_forward,
    .backward = mlp_backward,
};
