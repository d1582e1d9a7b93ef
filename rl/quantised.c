/* The layout is the policy's, written out in smaller numbers; of the mlp only the
 * embedding is. Weights are kept finer than sums: a share of 2^-2 of one is it. */
#include "rl/quantised.h"

#include "rl/quantised_wide.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum {
    SUM_UNITS = 1 << 9,     /* to 1 */
    SQUARE_UNITS = 1 << 8,  /* of squared units */
    WEIGHT_UNITS = 1 << 11, /* of rows */
    MOST_UNITS = 1 << 12,   /* of the second layer's weights */
    LINE = 64               /* bytes */
};

_Static_assert(4 * SUM_UNITS == WEIGHT_UNITS, "strengths end at 4");

struct quantised {
    struct policy_shape shape;
    uint32_t flat, placed, span; /* actions * channels; plane features; rows of a plane */
    uint32_t embedding, other;   /* width of the mlp's first layer; of rows that are no planes */
    uint32_t outputs;            /* actions, rounded up to whole blocks */
    uint64_t planes_each;        /* a feature's share of a plane, in units of 2^-32 */
    bool gated;
    int16_t *row, *others;  /* kernel[planes * span][C], others[][other], bias[C] */
    int16_t *embedded;      /* [inputs + 1][embedding], the last being the bias */
    int16_t *most;          /* of each plane, then of each other row: how far its numbers go */
    int16_t *most_embedded; /* [inputs] */
    int16_t *weight;        /* [C / 2][D][2] */
    int32_t *bias2;         /* [D] */
    float *vector;          /* [D], times the unit of what it is multiplied with */
    float *dense;           /* of each other layer: weight[before][width], bias[width] */
    float *open;            /* [inputs - placed][planes], of a gated network */
};

static size_t kernels_of(const struct quantised *network)
{
    const uint32_t *width = network->shape.width;
    return (size_t)width[POLICY_PLANES] * network->span * width[POLICY_CHANNELS];
}

static size_t others_of(const struct quantised *network)
{
    return (size_t)(network->shape.inputs - network->placed) * network->other;
}

static uint32_t outputs_of(const struct quantised *network, uint32_t layer)
{
    return layer < network->shape.layers ? network->shape.width[layer] : network->outputs;
}

/* Zeros, no vector of which lies on two lines of the cache. */
static int16_t *allocate_rows(size_t count)
{
    size_t bytes = (count * sizeof(int16_t) / LINE + 1) * LINE;
    int16_t *rows = aligned_alloc(LINE, bytes);
    if (rows)
        memset(rows, 0, bytes);
    return rows;
}

static int allocate(struct quantised *network)
{
    const struct policy_shape *shape = &network->shape;
    const uint32_t *width = shape->width;
    size_t dense = 1; /* never none */
    for (uint32_t l = 1; l <= shape->layers; l++)
        dense += ((size_t)width[l - 1] + 1) * outputs_of(network, l);
    network->row = allocate_rows(kernels_of(network) + others_of(network) + width[POLICY_CHANNELS]);
    network->others = network->row ? network->row + kernels_of(network) : NULL;
    network->embedded = allocate_rows(((size_t)shape->inputs + 1) * network->embedding);
    network->weight = allocate_rows((size_t)width[POLICY_CHANNELS] * width[POLICY_CHANNELS2]);
    network->bias2 = calloc(width[POLICY_CHANNELS2], sizeof *network->bias2);
    network->vector = calloc(width[POLICY_CHANNELS2], sizeof *network->vector);
    network->dense = calloc(dense, sizeof *network->dense);
    size_t gates = network->gated ? (size_t)width[POLICY_PLANES] : 0;
    network->open = calloc((shape->inputs - network->placed) * gates + 1, sizeof *network->open);
    network->most = calloc((size_t)width[POLICY_PLANES] + shape->inputs, sizeof *network->most);
    network->most_embedded = calloc(shape->inputs, sizeof *network->most_embedded);
    return network->row && network->embedded && network->weight && network->bias2 &&
                   network->vector && network->dense && network->open && network->most &&
                   network->most_embedded
               ? 0
               : -1;
}

static int16_t nearest(float value)
{
    float most = INT16_MAX;
    return (int16_t)lrintf(value > most ? most : value < -most ? -most : value);
}

static const float *take_rows(const float *from, size_t count, float scale, int16_t *to)
{
    for (size_t i = 0; i < count; i++)
        to[i] = nearest(from[i] * scale);
    return from + count;
}

/* most[i]: how far from 0 row[i][0 .. width - 1] goes. */
static void find_most(const int16_t *row, size_t count, size_t width, int16_t *most)
{
    for (size_t i = 0; i < count; i++, row += width)
        for (size_t j = 0; j < width; j++)
            if (abs(row[j]) > most[i])
                most[i] = (int16_t)abs(row[j]);
}

/* The layers of the mlp behind its embedding; returns what stands behind its parameters. */
static const float *take_dense(struct quantised *network, const float *p)
{
    const struct policy_shape *shape = &network->shape;
    float *to = network->dense;
    for (uint32_t l = 1; l < shape->layers; l++) {
        size_t count = ((size_t)shape->width[l - 1] + 1) * shape->width[l];
        memcpy(to, p, count * sizeof *to);
        p += count;
        to += count;
    }
    uint32_t before = shape->width[shape->layers - 1];
    for (uint32_t a = 0; a < shape->actions; a++)
        for (uint32_t i = 0; i < before; i++)
            to[(size_t)i * network->outputs + a] = *p++;
    memcpy(to + (size_t)before * network->outputs, p, shape->actions * sizeof *to);
    return p + shape->actions + before + 1;
}

/* As fine as leaves room for the greatest sum there can be. */
static const float *take_second(struct quantised *network, const float *weight)
{
    uint32_t c = network->shape.width[POLICY_CHANNELS], d = network->shape.width[POLICY_CHANNELS2];
    const float *bias = weight + (size_t)c * d, *out = bias + d;
    float most = 0, units = MOST_UNITS, unit = 1.f / (network->gated ? SQUARE_UNITS : SUM_UNITS);
    for (uint32_t l = 0; l < d; l++) {
        float sum = fabsf(bias[l]) / (unit * (1 << 15));
        for (uint32_t q = 0; q < c; q++)
            sum += fabsf(weight[(size_t)q * d + l]);
        most = fmaxf(most, sum);
    }
    while (most * units >= 1 << 15)
        units /= 2;
    for (uint32_t q = 0; q < c; q++)
        for (uint32_t l = 0; l < d; l++)
            network->weight[((size_t)(q / 2) * d + l) * 2 + q % 2] =
                nearest(weight[(size_t)q * d + l] * units);
    for (uint32_t l = 0; l < d; l++) {
        network->bias2[l] = (int32_t)lrintf(bias[l] * units / unit);
        network->vector[l] = out[l] * unit / units;
    }
    return out + d;
}

static void take_policy(struct quantised *network, const struct policy *policy)
{
    const struct policy_shape *shape = &network->shape;
    uint32_t c = shape->width[POLICY_CHANNELS];
    size_t others = shape->inputs - network->placed;
    const float *p = policy->parameter;
    if (!network->gated) {
        p = take_rows(p, (size_t)shape->inputs * network->embedding, WEIGHT_UNITS,
                      network->embedded);
        p = take_rows(p, network->embedding, SUM_UNITS,
                      network->embedded + (size_t)shape->inputs * network->embedding);
        p = take_dense(network, p);
    }
    p = take_rows(p, kernels_of(network) + others_of(network), WEIGHT_UNITS, network->row);
    p = take_rows(p, c, SUM_UNITS, network->others + others_of(network));
    p = take_second(network, p);
    uint32_t planes = shape->width[POLICY_PLANES];
    find_most(network->row, planes, (size_t)network->span * c, network->most);
    find_most(network->others, others, network->other, network->most + planes);
    find_most(network->embedded, shape->inputs, network->embedding, network->most_embedded);
    if (network->gated)
        memcpy(network->open, p, others * shape->width[POLICY_PLANES] * sizeof *network->open);
}

struct quantised *quantised_open(const struct policy *policy, struct error *error)
{
    const struct policy_shape *shape = &policy->shape;
    if (shape->kind != POLICY_RELATIVE) {
        error_set(error, "policy: not of the kind %s", policy_name(POLICY_RELATIVE));
        return NULL;
    }
    struct quantised *network = calloc(1, sizeof *network);
    if (network)
        *network = (struct quantised){
            .shape = *shape,
            .flat = shape->actions * shape->width[POLICY_CHANNELS],
            .placed = shape->width[POLICY_PLANES] * shape->width[POLICY_WINDOW],
            .planes_each = shape->width[POLICY_WINDOW]
                               ? ((uint64_t)1 << 32) / shape->width[POLICY_WINDOW] + 1
                               : 0,
            .span = shape->width[POLICY_WINDOW] + shape->actions - 1,
            .embedding = shape->layers ? shape->width[0] : 0,
            .other = shape->width[POLICY_CHANNELS] * (shape->layers ? shape->actions : 1),
            .gated = shape->layers == 0,
            .outputs = (shape->actions + 2 * LANES - 1) / (2 * LANES) * (2 * LANES),
        };
    if (!network || allocate(network) != 0) {
        error_set(error, "policy: out of memory");
        quantised_close(network);
        return NULL;
    }
    take_policy(network, policy);
    return network;
}

void quantised_close(struct quantised *network)
{
    if (!network)
        return;
    free(network->row);
    free(network->embedded);
    free(network->weight);
    free(network->bias2);
    free(network->vector);
    free(network->dense);
    free(network->open);
    free(network->most);
    free(network->most_embedded);
    free(network);
}

/* Gates stand behind the embedding, and it behind the rows. */
size_t quantised_accumulator_length(const struct quantised *network)
{
    const size_t line = LINE / sizeof(int16_t);
    size_t gates = network->gated ? 2 * (size_t)network->shape.width[POLICY_PLANES] : 0;
    return ((size_t)network->flat + network->embedding + gates + line - 1) / line * line;
}

int16_t *quantised_accumulators(const struct quantised *network, size_t count)
{
    return allocate_rows(count * quantised_accumulator_length(network));
}

/* Exact for all planes and features there can be. */
static uint32_t plane_of(const struct quantised *network, uint32_t feature)
{
    return (uint32_t)(feature * network->planes_each >> 32);
}

/* Numbers, none of which is farther from 0 than `most`. */
struct row {
    const int16_t *number;
    int16_t most;
};

/* A plane has actions - 1 rows more than features. */
static struct row row_of(const struct quantised *network, uint32_t feature, uint32_t plane)
{
    const uint32_t *width = network->shape.width;
    size_t other = feature - network->placed;
    if (feature >= network->placed)
        return (struct row){network->others + other * network->other,
                            network->most[width[POLICY_PLANES] + other]};
    return (struct row){network->row + (feature + (size_t)plane * (network->shape.actions - 1)) *
                                           width[POLICY_CHANNELS],
                        network->most[plane]};
}

static void add(int16_t *sum, const struct quantised_rows *rows, uint32_t n)
{
#ifdef __x86_64__
    if (quantised_avx512()) {
        quantised_add_avx512(sum, rows, n);
        return;
    }
    if (dense_wide()) {
        quantised_add_avx2(sum, rows, n);
        return;
    }
#endif
    quantised_add_narrow(sum, rows, n);
}

/* Rows to add, and how much the group that the next one belongs to can add at most. */
struct list {
    struct quantised_rows rows;
    int32_t most;
};

/* What does not fit into the group that is not full yet begins one. */
static void list(struct list *list, struct row row, float strength)
{
    const float units = (float)SUM_UNITS / WEIGHT_UNITS * (1 << 15);
    struct quantised_rows *rows = &list->rows;
    int16_t share = nearest(strength * units);
    int32_t most = (row.most * abs(share) + (1 << 14)) >> 15;
    bool begins = rows->count % QUANTISED_GROUP == 0;
    if (!begins && list->most + most > INT16_MAX) {
        for (; rows->count % QUANTISED_GROUP != 0; rows->count++) {
            rows->row[rows->count] = row.number;
            rows->share[rows->count] = 0;
        }
        begins = true;
    }
    list->most = (begins ? 0 : list->most) + most;
    rows->row[rows->count] = row.number;
    rows->share[rows->count++] = share;
}

/* Adds the rows of the features from `least` to `end` - 1 to sum[width]; gate: of planes, or
 * NULL. */
static void add_features(const struct quantised *network, const struct features *features,
                         uint32_t least, uint32_t end, const float *gate, uint32_t width,
                         int16_t *sum)
{
    for (uint32_t f = 0; f < features->count;) {
        struct list listed;
        for (listed.rows.count = 0; listed.rows.count < QUANTISED_ROWS && f < features->count;
             f++) {
            uint32_t feature = features->feature[f], plane = plane_of(network, feature);
            if (feature >= least && feature < end)
                list(&listed, row_of(network, feature, plane),
                     features->strength[f] * (gate ? gate[plane] : 1));
        }
        add(sum, &listed.rows, width);
    }
}

static void add_embedded(const struct quantised *network, const struct features *features,
                         int16_t *sum)
{
    for (uint32_t f = 0; f < features->count;) {
        struct list listed;
        for (listed.rows.count = 0; listed.rows.count < QUANTISED_ROWS && f < features->count;
             f++) {
            uint32_t feature = features->feature[f];
            const struct row row = {network->embedded + (size_t)feature * network->embedding,
                                    network->most_embedded[feature]};
            list(&listed, row, features->strength[f]);
        }
        add(sum, &listed.rows, network->embedding);
    }
}

static float *gates_of(const struct quantised *network, int16_t *sum)
{
    return (float *)(void *)(sum + network->flat + network->embedding);
}

DENSE_INLINE void add_gates(const struct quantised *network, const struct features *features,
                            float *gate)
{
    uint32_t planes = network->shape.width[POLICY_PLANES];
    for (uint32_t i = 0; i < planes; i++)
        gate[i] = 1;
    for (uint32_t f = 0; f < features->count; f++)
        if (features->feature[f] >= network->placed)
            add_scaled(gate, gate_scale * features->strength[f],
                       network->open + (size_t)(features->feature[f] - network->placed) * planes,
                       planes);
}

#ifdef __x86_64__
__attribute__((target("avx2"))) static void
add_gates_avx2(const struct quantised *network, const struct features *features, float *gate)
{
    add_gates(network, features, gate);
}
#endif

static void see_gates(const struct quantised *network, const struct features *features, float *gate)
{
#ifdef __x86_64__
    if (dense_wide()) {
        add_gates_avx2(network, features, gate);
        return;
    }
#endif
    add_gates(network, features, gate);
}

/* A sum of no features; of a gated network, of those that say the same to all actions. */
static void begin(const struct quantised *network, const struct features *features, int16_t *sum)
{
    uint32_t c = network->shape.width[POLICY_CHANNELS];
    int16_t row[POLICY_MAX_WIDTH];
    memcpy(row, network->others + others_of(network), c * sizeof *row);
    if (network->gated) {
        see_gates(network, features, gates_of(network, sum));
        add_features(network, features, network->placed, UINT32_MAX, NULL, c, row);
    }
    for (uint32_t a = 0; a < network->shape.actions; a++)
        memcpy(sum + (size_t)a * c, row, c * sizeof *sum);
    memcpy(sum + network->flat,
           network->embedded + (size_t)network->shape.inputs * network->embedding,
           network->embedding * sizeof *sum);
}

void quantised_accumulate(const struct quantised *network, const int16_t *from,
                          const struct features *features, int16_t *to)
{
    if (!from)
        begin(network, features, to);
    else if (from != to)
        memcpy(to, from, quantised_accumulator_length(network) * sizeof *to);
    add_features(network, features, 0, network->gated ? network->placed : UINT32_MAX,
                 network->gated ? gates_of(network, to) : NULL, network->flat, to);
    if (!network->gated)
        add_embedded(network, features, to + network->flat);
}

/* Rectified, and squared: as far as 16 bits go. */
DENSE_INLINE void square(int16_t *sum, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++) {
        /* (8 h)^2 / 2^16, h being in units of 2^-9 */
        uint16_t h = (uint16_t)((sum[i] < 0 ? 0 : sum[i] > 5792 ? 5792 : sum[i]) * 8);
        sum[i] = (int16_t)((uint32_t)h * h >> 16);
    }
}

/* The mlp behind its embedding: the logits. */
DENSE_INLINE void say_dense(const struct quantised *network, const int16_t *embedded, float *logit)
{
    const struct policy_shape *shape = &network->shape;
    float before[POLICY_MAX_WIDTH + 2 * LANES], after[POLICY_MAX_WIDTH + 2 * LANES];
    const float *p = network->dense;
    for (uint32_t i = 0; i < shape->width[0]; i++)
        before[i] = (float)embedded[i] * (1.f / SUM_UNITS);
    for (uint32_t l = 1; l <= shape->layers; l++) {
        uint32_t width = outputs_of(network, l), inputs = shape->width[l - 1];
        memcpy(after, p + (size_t)inputs * width, width * sizeof *after);
        multiply_all(after, before, 0, 1, p, 1, inputs, width, 2);
        p += ((size_t)inputs + 1) * width;
        if (l < shape->layers)
            rectify(after, width);
        memcpy(before, after, width * sizeof *after);
    }
    memcpy(logit, before, shape->actions * sizeof *logit);
}

/* The first layer's units; the logits of the mlp, if there is one. */
DENSE_INLINE void rectify_sum(const struct quantised *network, int16_t *sum, float *logit)
{
    if (network->gated) {
        square(sum, network->flat);
        memset(logit, 0, network->shape.actions * sizeof *logit);
        return;
    }
    for (uint32_t i = 0; i < network->flat + network->embedding; i++)
        sum[i] = sum[i] < 0 ? 0 : sum[i];
    say_dense(network, sum + network->flat, logit);
}

#ifdef __x86_64__
__attribute__((target("avx2"))) static void rectify_avx2(const struct quantised *network,
                                                         int16_t *sum, float *logit)
{
    rectify_sum(network, sum, logit);
}
#endif

static void say(const struct quantised *network, const int16_t *sum, float *said)
{
    const uint32_t *width = network->shape.width, c = width[POLICY_CHANNELS];
    const uint32_t d = width[POLICY_CHANNELS2], actions = network->shape.actions;
#ifdef __x86_64__
    if (quantised_avx512()) {
        quantised_output_avx512(sum, actions, c, d, network->weight, network->bias2,
                                network->vector, said);
        return;
    }
    if (dense_wide()) {
        quantised_output_avx2(sum, actions, c, d, network->weight, network->bias2, network->vector,
                              said);
        return;
    }
#endif
    quantised_output_narrow(sum, actions, c, d, network->weight, network->bias2, network->vector,
                            said);
}

/* What the other layers say stands in the order of their rows, actions counted down. */
void quantised_evaluate(const struct quantised *network, int16_t *sum, float *logit)
{
    const uint32_t actions = network->shape.actions;
    float said[POLICY_MAX_WIDTH];
    memset(said, 0, actions * sizeof *said);
#ifdef __x86_64__
    if (dense_wide())
        rectify_avx2(network, sum, logit);
    else
#endif
        rectify_sum(network, sum, logit);
    say(network, sum, said);
    for (uint32_t a = 0; a < actions; a++)
        logit[a] += said[actions - 1 - a];
}
