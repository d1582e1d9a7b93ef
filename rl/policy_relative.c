/* A network for actions that are distances: what the same small network says from every
 * action's place, added to the logits of an mlp.
 *
 * The first planes * window features are planes, `window` distances
 * each, around a centre; the A actions are distances from the same centre, the
 * middle of the one being the middle of the other. Seen from action a, feature r
 * of a plane stands at distance r - a, so one kernel a plane serves all actions:
 * what is learned of a distance holds wherever it occurs. Other features have a
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
 * A shape without layers is a gated network: it has no mlp and says nothing of values. What is
 * not in planes says the same to all actions, row[..][C], and how much each plane counts:
 *
 *     gate[plane] = 1 + .3 * sum over others open[feature][plane]
 *
 * multiplies its features' strengths. (.3: many features add to a gate, each of which moves at
 * every step.) Its first layer's units are squared (So et al., "Primer", arXiv 2109.08668). Behind
 * v stands open[inputs - planes * window][planes].
 *
 * Scratch for n observations: the mlp's or gates[n][planes], h[n][A][C], z[n][A][D], what flows
 * back through either, a transposed weight. */
#include "base/rng.h"
#include "rl/dense.h"
#include "rl/policy.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

struct layout {
    struct policy_shape mlp;
    size_t mlp_parameters, kernel, row, bias, weight, bias2, vector, open, parameters;
    uint32_t actions, c, d, planes, window, flat; /* flat: actions * c */
    uint32_t placed, other;                       /* plane features; width of the other rows */
    bool gated;
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
    at.placed = at.planes * at.window;
    at.gated = shape->layers == 0;
    at.other = at.gated ? at.c : at.flat;
    at.mlp_parameters = at.gated ? 0 : policy_mlp_ops.parameters(&at.mlp);
    at.kernel = at.mlp_parameters;
    at.row = at.kernel + (size_t)at.planes * (at.window + at.actions - 1) * at.c;
    at.bias = at.row + (size_t)(shape->inputs - at.placed) * at.other;
    at.weight = at.bias + at.c;
    at.bias2 = at.weight + (size_t)at.c * at.d;
    at.vector = at.bias2 + at.d;
    at.open = at.vector + at.d;
    at.parameters = at.open + (at.gated ? (size_t)(shape->inputs - at.placed) * at.planes : 0);
    return at;
}

static size_t relative_parameters(const struct policy_shape *shape)
{
    return lay_out(shape).parameters;
}

/* The mlp's, or gates. */
static size_t front_scratch(const struct layout *at, uint32_t n)
{
    return at->gated ? (size_t)n * at->planes : policy_mlp_ops.scratch(&at->mlp, n);
}

static size_t relative_scratch(const struct policy_shape *shape, uint32_t n)
{
    struct layout at = lay_out(shape);
    return front_scratch(&at, n) + 2 * (size_t)n * at.actions * (at.c + at.d) + (size_t)at.c * at.d;
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
    if (!at.gated)
        policy_mlp_ops.initialise(&mlp, seed);
    size_t embedding = at.gated ? 0 : (size_t)at.mlp.inputs * at.mlp.width[0];
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
    if (feature >= at->placed)
        return at->row + (size_t)(feature - at->placed) * at->other;
    uint32_t plane = feature / at->window, r = feature % at->window;
    return at->kernel + ((size_t)plane * (at->window + at->actions - 1) + r) * at->c;
}

/* Gates, the two layers' outputs of all observations, and what flows back. */
struct flow {
    float *gate, *h, *z, *h_back, *z_back, *turned;
};

static struct flow flow_in(const struct layout *at, uint32_t n, float *scratch)
{
    size_t h = (size_t)n * at->flat, z = (size_t)n * at->actions * at->d;
    struct flow flow = {.gate = scratch, .h = scratch + front_scratch(at, n)};
    flow.z = flow.h + h;
    flow.h_back = flow.z + z;
    flow.z_back = flow.h_back + h;
    flow.turned = flow.z_back + z;
    return flow;
}

/* The features of one observation. */
struct sight {
    const uint32_t *feature;
    const float *strength;
    uint32_t count;
};

static inline struct sight sight_of(const struct observations *observations, uint32_t i)
{
    uint32_t first = observations->first_feature[i];
    return (struct sight){observations->feature + first,
                          observations->strength ? observations->strength + first : NULL,
                          observations->first_feature[i + 1] - first};
}

static inline float strength_of(const struct sight *sight, uint32_t f)
{
    return sight->strength ? sight->strength[f] : 1;
}

/* Adds the rows of the features from `least` to `end` - 1 to h[width]; gate: of planes, or NULL. */
DENSE_INLINE void see_features(const float *p, const struct layout *at, const struct sight *sight,
                               uint32_t least, uint32_t end, const float *gate, uint32_t width,
                               float *h)
{
    for (uint32_t f = 0; f < sight->count;) {
        struct weighted_rows active;
        for (active.count = 0; active.count < MAX_ROWS && f < sight->count; f++) {
            uint32_t feature = sight->feature[f];
            if (feature < least || feature >= end)
                continue;
            active.row[active.count] = p + row_of(at, feature);
            active.strength[active.count++] =
                strength_of(sight, f) * (gate ? gate[feature / at->window] : 1);
        }
        add_rows(h, &active, width);
    }
}

/* gate[planes] of an observation; what its other features say to all actions, added to row[c]. */
DENSE_INLINE void see_others(const float *p, const struct layout *at, const struct sight *sight,
                             float *gate, float *row)
{
    for (uint32_t i = 0; i < at->planes; i++)
        gate[i] = 1;
    for (uint32_t f = 0; f < sight->count; f++)
        if (sight->feature[f] >= at->placed)
            add_scaled(gate, gate_scale * strength_of(sight, f),
                       p + at->open + (size_t)(sight->feature[f] - at->placed) * at->planes,
                       at->planes);
    see_features(p, at, sight, at->placed, UINT32_MAX, NULL, at->c, row);
}

DENSE_INLINE void see_all(const float *p, const struct layout *at,
                          const struct observations *observations, const uint32_t *id, uint32_t n,
                          float *gate, float *h)
{
    for (uint32_t k = 0; k < n; k++, h += at->flat) {
        const struct sight sight = sight_of(observations, id[k]);
        float row[POLICY_MAX_WIDTH];
        memcpy(row, p + at->bias, at->c * sizeof *row);
        if (at->gated)
            see_others(p, at, &sight, gate + (size_t)k * at->planes, row);
        for (uint32_t j = 0; j < at->actions; j++)
            memcpy(h + (size_t)j * at->c, row, at->c * sizeof *h);
        see_features(p, at, &sight, 0, at->gated ? at->placed : UINT32_MAX,
                     at->gated ? gate + (size_t)k * at->planes : NULL, at->flat, h);
        rectify(h, at->flat);
        for (uint32_t i = 0; at->gated && i < at->flat; i++)
            h[i] *= h[i];
    }
}

/* Of planes: their rows, and what flows back to the gates. */
DENSE_INLINE void learn_planes(const float *p, float *gradient, const struct layout *at,
                               const struct sight *sight, const float *gate, const float *flow,
                               float *gate_back)
{
    for (uint32_t f = 0; f < sight->count; f++) {
        uint32_t feature = sight->feature[f], plane = feature / at->window;
        if (feature >= at->placed)
            continue;
        size_t row = row_of(at, feature);
        float strength = strength_of(sight, f);
        gate_back[plane] += strength * add_scaled_dot(gradient + row, strength * gate[plane], flow,
                                                      p + row, at->flat);
    }
}

/* sum[c]: what flows back to all actions together. */
DENSE_INLINE void learn_others(float *gradient, const struct layout *at, const struct sight *sight,
                               const float *sum, const float *gate_back)
{
    for (uint32_t f = 0; f < sight->count; f++) {
        uint32_t feature = sight->feature[f];
        if (feature < at->placed)
            continue;
        add_scaled(gradient + row_of(at, feature), strength_of(sight, f), sum, at->c);
        add_scaled(gradient + at->open + (size_t)(feature - at->placed) * at->planes,
                   gate_scale * strength_of(sight, f), gate_back, at->planes);
    }
}

/* Whether nothing flows back: what an observation has to teach was left out. */
DENSE_INLINE bool is_still(const float *flow, uint32_t n)
{
    float most = 0;
    for (uint32_t i = 0; i < n; i++)
        most = flow[i] != 0 ? 1 : most;
    return most == 0;
}

DENSE_INLINE void learn_all(const float *p, float *gradient, const struct layout *at,
                            const struct observations *observations, const uint32_t *id, uint32_t n,
                            const float *gate, const float *flow)
{
    for (uint32_t k = 0; k < n; k++, flow += at->flat) {
        if (is_still(flow, at->flat))
            continue;
        const struct sight sight = sight_of(observations, id[k]);
        float sum[POLICY_MAX_WIDTH] = {0}, gate_back[POLICY_MAX_WIDTH] = {0};
        bias_backward(flow, at->actions, at->c, sum);
        add_scaled(gradient + at->bias, 1, sum, at->c);
        if (at->gated) {
            learn_planes(p, gradient, at, &sight, gate + (size_t)k * at->planes, flow, gate_back);
            learn_others(gradient, at, &sight, sum, gate_back);
            continue;
        }
        for (uint32_t f = 0; f < sight.count; f++)
            add_scaled(gradient + row_of(at, sight.feature[f]), strength_of(&sight, f), flow,
                       at->flat);
    }
}

/* Adds what the second layer says of every action that an observation has. */
DENSE_INLINE void say_all(const float *p, const struct layout *at,
                          const struct observations *observations, const uint32_t *id, uint32_t n,
                          const float *z, float *logit)
{
    for (uint32_t k = 0; k < n; k++, z += (size_t)at->actions * at->d) {
        uint32_t first = observations->first_logit[id[k]],
                 action = observations->first_action[id[k]];
        for (uint32_t a = first; a < observations->first_logit[id[k] + 1]; a++, action++)
            logit[a] += dot(z + (size_t)(at->actions - 1 - action) * at->d, p + at->vector, at->d);
    }
}

#ifdef __x86_64__
__attribute__((target("avx2"))) static void say_avx2(const float *p, const struct layout *at,
                                                     const struct observations *observations,
                                                     const uint32_t *id, uint32_t n, const float *z,
                                                     float *logit)
{
    say_all(p, at, observations, id, n, z, logit);
}

__attribute__((target("avx2"))) static void see_avx2(const float *p, const struct layout *at,
                                                     const struct observations *observations,
                                                     const uint32_t *id, uint32_t n, float *gate,
                                                     float *h)
{
    see_all(p, at, observations, id, n, gate, h);
}

__attribute__((target("avx2"))) static void learn_avx2(const float *p, float *gradient,
                                                       const struct layout *at,
                                                       const struct observations *observations,
                                                       const uint32_t *id, uint32_t n,
                                                       const float *gate, const float *flow)
{
    learn_all(p, gradient, at, observations, id, n, gate, flow);
}
#endif

static void see(const float *p, const struct layout *at, const struct observations *observations,
                const uint32_t *id, uint32_t n, float *gate, float *h)
{
#ifdef __x86_64__
    if (dense_wide()) {
        see_avx2(p, at, observations, id, n, gate, h);
        return;
    }
#endif
    see_all(p, at, observations, id, n, gate, h);
}

static void say(const float *p, const struct layout *at, const struct observations *observations,
                const uint32_t *id, uint32_t n, const float *z, float *logit)
{
#ifdef __x86_64__
    if (dense_wide()) {
        say_avx2(p, at, observations, id, n, z, logit);
        return;
    }
#endif
    say_all(p, at, observations, id, n, z, logit);
}

static void learn(const float *p, float *gradient, const struct layout *at,
                  const struct observations *observations, const uint32_t *id, uint32_t n,
                  const float *gate, const float *flow)
{
#ifdef __x86_64__
    if (dense_wide()) {
        learn_avx2(p, gradient, at, observations, id, n, gate, flow);
        return;
    }
#endif
    learn_all(p, gradient, at, observations, id, n, gate, flow);
}

static void say_nothing(const struct observations *observations, const uint32_t *id, uint32_t n,
                        float *logit, float *value)
{
    for (uint32_t k = 0; k < n; k++) {
        for (uint32_t a = observations->first_logit[id[k]];
             a < observations->first_logit[id[k] + 1]; a++)
            logit[a] = 0;
        value[id[k]] = 0;
    }
}

static void relative_forward(const struct policy *policy, const struct observations *observations,
                             const uint32_t *id, uint32_t n, float *scratch, float *logit,
                             float *value)
{
    struct layout at = lay_out(&policy->shape);
    struct policy mlp = mlp_of(policy, &at);
    struct flow flow = flow_in(&at, n, scratch);
    const float *p = policy->parameter;
    if (at.gated)
        say_nothing(observations, id, n, logit, value);
    else
        policy_mlp_ops.forward(&mlp, observations, id, n, scratch, logit, value);
    see(p, &at, observations, id, n, flow.gate, flow.h);
    for (size_t j = 0; j < (size_t)n * at.actions; j++)
        memcpy(flow.z + j * at.d, p + at.bias2, at.d * sizeof *flow.z);
    multiply_add(flow.z, flow.h, at.c, 1, p + at.weight, n * at.actions, at.c, at.d);
    rectify(flow.z, (size_t)n * at.actions * at.d);
    say(p, &at, observations, id, n, flow.z, logit);
}

static void relative_backward(const struct policy *policy, const struct observations *observations,
                              const uint32_t *id, uint32_t n, float *scratch,
                              const float *logit_gradient, const float *value_gradient,
                              float *gradient)
{
    struct layout at = lay_out(&policy->shape);
    struct policy mlp = mlp_of(policy, &at);
    struct flow flow = flow_in(&at, n, scratch);
    const float *p = policy->parameter;
    size_t hs = (size_t)n * at.flat, zs = (size_t)n * at.actions * at.d;
    if (!at.gated)
        policy_mlp_ops.backward(&mlp, observations, id, n, scratch, logit_gradient, value_gradient,
                                gradient);
    memset(flow.z_back, 0, zs * sizeof *flow.z_back);
    for (uint32_t k = 0; k < n; k++) {
        uint32_t first = observations->first_logit[id[k]],
                 action = observations->first_action[id[k]];
        for (uint32_t a = first; a < observations->first_logit[id[k] + 1]; a++, action++) {
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
    if (at.gated)
        for (size_t i = 0; i < hs; i++)
            flow.h_back[i] *= 2 * sqrtf(flow.h[i]);
    else
        rectify_backward(flow.h_back, flow.h, hs);
    learn(p, gradient, &at, observations, id, n, flow.gate, flow.h_back);
}

const struct policy_ops policy_relative_ops = {
    .name = "relative",
    .parameters = relative_parameters,
    .scratch = relative_scratch,
    .initialise = relative_initialise,
    .forward = relative_forward,
    .backward = relative_backward,
};
