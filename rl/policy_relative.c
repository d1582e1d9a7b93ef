/* A network for actions that are distances: to the logits of an mlp it adds, for
 * every action, what the same small network says from that action's place.
 *
 * The first planes * window features are planes of pitches, `window` distances
 * each, around a centre; the A actions are distances from the same centre, the
 * middle of the one being the middle of the other. Seen from action a, feature r
 * of a plane stands at distance r - a, so one kernel a plane serves all actions:
 * what is learned of an interval holds wherever it occurs. Other features have a
 * row of their own for every action. With C and D the widths of the two layers,
 * and the actions counted down (j = A - 1 - a):
 *
 *     h[j][C] = relu(b + sum over plane features kernel[plane][r + j] + sum over others row[j])
 *     z[j][D] = relu(c + h[j] weight)
 *     logit[a] += z[A - 1 - a] . v
 *
 * As kernel[plane][r .. r + A - 1] are neighbours, both sums are of rows of A * C
 * floats. Parameters, in this order: those of the mlp, then
 *
 *     kernel[planes][window + A - 1][C], row[inputs - planes * window][A][C], b[C],
 *     weight[C][D], c[D], v[D]
 *
 * Scratch for n observations: the mlp's, h[n][A][C], z[n][A][D], what flows back
 * through either, a transposed weight. */
#include "base/rng.h"
#include "rl/dense.h"
#include "rl/policy.h"

#include <math.h>
#include <string.h>

struct layout {
    struct policy_shape mlp;
    size_t mlp_parameters, kernel, row, bias, weight, bias2, vector, parameters;
    uint32_t actions, c, d, planes, window, flat; /* flat: actions * c */
};

static struct layout lay_out(const struct policy_shape *shape)
{
    struct layout at = {.mlp = *shape,
                        .actions = shape->actions,
                        .c = shape->width[POLICY_CHANNELS],
                        .d = shape->width[POLICY_CHANNELS2],
                        .planes = shape->width[POLICY_PLANES],
                        .window = shape->width[POLICY_WINDOW]};
    at.mlp.kind = POLICY_MLP;
    for (uint32_t l = shape->layers; l < POLICY_MAX_LAYERS; l++)
        at.mlp.width[l] = 0;
    at.flat = at.actions * at.c;
    at.mlp_parameters = policy_mlp_ops.parameters(&at.mlp);
    at.kernel = at.mlp_parameters;
    at.row = at.kernel + (size_t)at.planes * (at.window + at.actions - 1) * at.c;
    at.bias = at.row + (size_t)(shape->inputs - at.planes * at.window) * at.flat;
    at.weight = at.bias + at.c;
    at.bias2 = at.weight + (size_t)at.c * at.d;
    at.vector = at.bias2 + at.d;
    at.parameters = at.vector + at.d;
    return at;
}

static size_t relative_parameters(const struct policy_shape *shape)
{
    return lay_out(shape).parameters;
}

static size_t relative_scratch(const struct policy_shape *shape, uint32_t n)
{
    struct layout at = lay_out(shape);
    return policy_mlp_ops.scratch(&at.mlp, n) + 2 * (size_t)n * at.actions * (at.c + at.d) +
           (size_t)at.c * at.d;
}

static struct policy mlp_of(const struct policy *policy, const struct layout *at)
{
    return (struct policy){.shape = at->mlp,
                           .ops = &policy_mlp_ops,
                           .parameters = at->mlp_parameters,
                           .parameter = policy->parameter};
}

static void draw(float *parameter, size_t count, double scale, struct rng *rng)
{
    for (size_t i = 0; i < count; i++)
        parameter[i] = (float)(scale * rng_normal(rng));
}

/* Many features are active at once: their rows start small. */
static void relative_initialise(struct policy *policy, uint64_t seed)
{
    struct layout at = lay_out(&policy->shape);
    struct policy mlp = mlp_of(policy, &at);
    struct rng rng;
    policy_mlp_ops.initialise(&mlp, seed);
    size_t embedding = (size_t)at.mlp.inputs * at.mlp.width[0];
    for (size_t i = 0; i < embedding; i++)
        policy->parameter[i] *= .1f;
    memset(policy->parameter + at.kernel, 0,
           (at.parameters - at.kernel) * sizeof *policy->parameter);
    rng_seed(&rng, seed, 0x72656c);
    draw(policy->parameter + at.kernel, at.bias - at.kernel, .1, &rng);
    draw(policy->parameter + at.weight, at.bias2 - at.weight, sqrt(2. / at.c), &rng);
    draw(policy->parameter + at.vector, at.d, .1 * sqrt(2. / at.d), &rng);
}

static inline size_t row_of(const struct layout *at, uint32_t feature)
{
    uint32_t pitches = at->planes * at->window;
    if (feature >= pitches)
        return at->row + (size_t)(feature - pitches) * at->flat;
    uint32_t plane = feature / at->window, r = feature % at->window;
    return at->kernel + ((size_t)plane * (at->window + at->actions - 1) + r) * at->c;
}

/* The two layers' outputs of all observations, and what flows back. */
struct flow {
    float *h, *z, *h_back, *z_back, *turned;
};

static struct flow flow_in(const struct layout *at, uint32_t n, float *scratch)
{
    size_t h = (size_t)n * at->flat, z = (size_t)n * at->actions * at->d;
    struct flow flow = {.h = scratch + policy_mlp_ops.scratch(&at->mlp, n)};
    flow.z = flow.h + h;
    flow.h_back = flow.z + z;
    flow.z_back = flow.h_back + h;
    flow.turned = flow.z_back + z;
    return flow;
}

DENSE_INLINE void see_features(const float *p, const struct layout *at, const uint32_t *feature,
                               const float *strength, uint32_t count, float *h)
{
    for (uint32_t f = 0; f < count;) {
        struct some some;
        for (some.count = 0; some.count < SOME && f < count; some.count++, f++) {
            some.row[some.count] = p + row_of(at, feature[f]);
            some.strength[some.count] = strength ? strength[f] : 1;
        }
        add_rows(h, &some, at->flat);
    }
}

DENSE_INLINE void see_all(const float *p, const struct layout *at, const struct observations *seen,
                          const uint32_t *id, uint32_t n, float *h)
{
    for (uint32_t k = 0; k < n; k++, h += at->flat) {
        uint32_t f = seen->first_feature[id[k]], end = seen->first_feature[id[k] + 1];
        for (uint32_t j = 0; j < at->actions; j++)
            memcpy(h + (size_t)j * at->c, p + at->bias, at->c * sizeof *h);
        see_features(p, at, seen->feature + f, seen->strength ? seen->strength + f : NULL, end - f,
                     h);
        rectify(h, at->flat);
    }
}

DENSE_INLINE void learn_all(float *gradient, const struct layout *at,
                            const struct observations *seen, const uint32_t *id, uint32_t n,
                            const float *flow)
{
    for (uint32_t k = 0; k < n; k++, flow += at->flat) {
        bias_backward(flow, at->actions, at->c, gradient + at->bias);
        for (uint32_t f = seen->first_feature[id[k]]; f < seen->first_feature[id[k] + 1]; f++)
            add_scaled(gradient + row_of(at, seen->feature[f]),
                       seen->strength ? seen->strength[f] : 1, flow, at->flat);
    }
}

/* Adds what the second layer says of every action that an observation has. */
DENSE_INLINE void say_all(const float *p, const struct layout *at, const struct observations *seen,
                          const uint32_t *id, uint32_t n, const float *z, float *logit)
{
    for (uint32_t k = 0; k < n; k++, z += (size_t)at->actions * at->d) {
        uint32_t first = seen->first_logit[id[k]], action = seen->first_action[id[k]];
        for (uint32_t a = first; a < seen->first_logit[id[k] + 1]; a++, action++)
            logit[a] += dot(z + (size_t)(at->actions - 1 - action) * at->d, p + at->vector, at->d);
    }
}

#ifdef __x86_64__
__attribute__((target("avx2"))) static void say_avx2(const float *p, const struct layout *at,
                                                     const struct observations *seen,
                                                     const uint32_t *id, uint32_t n, const float *z,
                                                     float *logit)
{
    say_all(p, at, seen, id, n, z, logit);
}

__attribute__((target("avx2"))) static void see_avx2(const float *p, const struct layout *at,
                                                     const struct observations *seen,
                                                     const uint32_t *id, uint32_t n, float *h)
{
    see_all(p, at, seen, id, n, h);
}

__attribute__((target("avx2"))) static void learn_avx2(float *gradient, const struct layout *at,
                                                       const struct observations *seen,
                                                       const uint32_t *id, uint32_t n,
                                                       const float *flow)
{
    learn_all(gradient, at, seen, id, n, flow);
}
#endif

static void see(const float *p, const struct layout *at, const struct observations *seen,
                const uint32_t *id, uint32_t n, float *h)
{
#ifdef __x86_64__
    if (dense_wide()) {
        see_avx2(p, at, seen, id, n, h);
        return;
    }
#endif
    see_all(p, at, seen, id, n, h);
}

static void say(const float *p, const struct layout *at, const struct observations *seen,
                const uint32_t *id, uint32_t n, const float *z, float *logit)
{
#ifdef __x86_64__
    if (dense_wide()) {
        say_avx2(p, at, seen, id, n, z, logit);
        return;
    }
#endif
    say_all(p, at, seen, id, n, z, logit);
}

static void learn(float *gradient, const struct layout *at, const struct observations *seen,
                  const uint32_t *id, uint32_t n, const float *flow)
{
#ifdef __x86_64__
    if (dense_wide()) {
        learn_avx2(gradient, at, seen, id, n, flow);
        return;
    }
#endif
    learn_all(gradient, at, seen, id, n, flow);
}

static void relative_forward(const struct policy *policy, const struct observations *seen,
                             const uint32_t *id, uint32_t n, float *scratch, float *logit,
                             float *value)
{
    struct layout at = lay_out(&policy->shape);
    struct policy mlp = mlp_of(policy, &at);
    struct flow flow = flow_in(&at, n, scratch);
    const float *p = policy->parameter;
    policy_mlp_ops.forward(&mlp, seen, id, n, scratch, logit, value);
    see(p, &at, seen, id, n, flow.h);
    for (size_t j = 0; j < (size_t)n * at.actions; j++)
        memcpy(flow.z + j * at.d, p + at.bias2, at.d * sizeof *flow.z);
    multiply_add(flow.z, flow.h, at.c, 1, p + at.weight, n * at.actions, at.c, at.d);
    rectify(flow.z, (size_t)n * at.actions * at.d);
    say(p, &at, seen, id, n, flow.z, logit);
}

static void relative_backward(const struct policy *policy, const struct observations *seen,
                              const uint32_t *id, uint32_t n, float *scratch,
                              const float *logit_gradient, const float *value_gradient,
                              float *gradient)
{
    struct layout at = lay_out(&policy->shape);
    struct policy mlp = mlp_of(policy, &at);
    struct flow flow = flow_in(&at, n, scratch);
    const float *p = policy->parameter;
    size_t hs = (size_t)n * at.flat, zs = (size_t)n * at.actions * at.d;
    policy_mlp_ops.backward(&mlp, seen, id, n, scratch, logit_gradient, value_gradient, gradient);
    memset(flow.z_back, 0, zs * sizeof *flow.z_back);
    for (uint32_t k = 0; k < n; k++) {
        uint32_t first = seen->first_logit[id[k]], action = seen->first_action[id[k]];
        for (uint32_t a = first; a < seen->first_logit[id[k] + 1]; a++, action++) {
            size_t j = ((size_t)k * at.actions + at.actions - 1 - action) * at.d;
            add_scaled(gradient + at.vector, logit_gradient[a], flow.z + j, at.d);
            add_scaled(flow.z_back + j, logit_gradient[a], p + at.vector, at.d);
        }
    }
    rectify_backward(flow.z_back, flow.z, zs);
    bias_backward(flow.z_back, n * at.actions, at.d, gradient + at.bias2);
    multiply_add(gradient + at.weight, flow.h, 1, at.c, flow.z_back, at.c, n * at.actions, at.d);
    transpose(p + at.weight, at.c, at.d, flow.turned);
    memset(flow.h_back, 0, hs * sizeof *flow.h_back);
    multiply_add(flow.h_back, flow.z_back, at.d, 1, flow.turned, n * at.actions, at.d, at.c);
    rectify_backward(flow.h_back, flow.h, hs);
    learn(gradient, &at, seen, id, n, flow.h_back);
}

const struct policy_ops policy_relative_ops = {
    .name = "relative",
    .parameters = relative_parameters,
    .scratch = relative_scratch,
    .initialise = relative_initialise,
    .forward = relative_forward,
    .backward = relative_backward,
};
