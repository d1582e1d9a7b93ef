/* The layout is the policy's, written out in smaller numbers; of the mlp only the
 * embedding is. Weights are kept finer than sums: a share of 2^-2 of one is it. */
#include "rl/fixed.h"

#include "rl/fixed_wide.h"

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

struct fixed {
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

static size_t kernels_of(const struct fixed *fixed)
{
    const uint32_t *width = fixed->shape.width;
    return (size_t)width[POLICY_PLANES] * fixed->span * width[POLICY_CHANNELS];
}

static size_t others_of(const struct fixed *fixed)
{
    return (size_t)(fixed->shape.inputs - fixed->placed) * fixed->other;
}

static uint32_t outputs_of(const struct fixed *fixed, uint32_t layer)
{
    return layer < fixed->shape.layers ? fixed->shape.width[layer] : fixed->outputs;
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

static int allocate(struct fixed *fixed)
{
    const struct policy_shape *shape = &fixed->shape;
    const uint32_t *width = shape->width;
    size_t dense = 1; /* never none */
    for (uint32_t l = 1; l <= shape->layers; l++)
        dense += ((size_t)width[l - 1] + 1) * outputs_of(fixed, l);
    fixed->row = allocate_rows(kernels_of(fixed) + others_of(fixed) + width[POLICY_CHANNELS]);
    fixed->others = fixed->row ? fixed->row + kernels_of(fixed) : NULL;
    fixed->embedded = allocate_rows(((size_t)shape->inputs + 1) * fixed->embedding);
    fixed->weight = allocate_rows((size_t)width[POLICY_CHANNELS] * width[POLICY_CHANNELS2]);
    fixed->bias2 = calloc(width[POLICY_CHANNELS2], sizeof *fixed->bias2);
    fixed->vector = calloc(width[POLICY_CHANNELS2], sizeof *fixed->vector);
    fixed->dense = calloc(dense, sizeof *fixed->dense);
    size_t gates = fixed->gated ? (size_t)width[POLICY_PLANES] : 0;
    fixed->open = calloc((shape->inputs - fixed->placed) * gates + 1, sizeof *fixed->open);
    fixed->most = calloc((size_t)width[POLICY_PLANES] + shape->inputs, sizeof *fixed->most);
    fixed->most_embedded = calloc(shape->inputs, sizeof *fixed->most_embedded);
    return fixed->row && fixed->embedded && fixed->weight && fixed->bias2 && fixed->vector &&
                   fixed->dense && fixed->open && fixed->most && fixed->most_embedded
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
static const float *take_dense(struct fixed *fixed, const float *p)
{
    const struct policy_shape *shape = &fixed->shape;
    float *to = fixed->dense;
    for (uint32_t l = 1; l < shape->layers; l++) {
        size_t count = ((size_t)shape->width[l - 1] + 1) * shape->width[l];
        memcpy(to, p, count * sizeof *to);
        p += count;
        to += count;
    }
    uint32_t before = shape->width[shape->layers - 1];
    for (uint32_t a = 0; a < shape->actions; a++)
        for (uint32_t i = 0; i < before; i++)
            to[(size_t)i * fixed->outputs + a] = *p++;
    memcpy(to + (size_t)before * fixed->outputs, p, shape->actions * sizeof *to);
    return p + shape->actions + before + 1;
}

/* As fine as leaves room for the greatest sum there can be. */
static const float *take_second(struct fixed *fixed, const float *weight)
{
    uint32_t c = fixed->shape.width[POLICY_CHANNELS], d = fixed->shape.width[POLICY_CHANNELS2];
    const float *bias = weight + (size_t)c * d, *out = bias + d;
    float most = 0, units = MOST_UNITS, unit = 1.f / (fixed->gated ? SQUARE_UNITS : SUM_UNITS);
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
            fixed->weight[((size_t)(q / 2) * d + l) * 2 + q % 2] =
                nearest(weight[(size_t)q * d + l] * units);
    for (uint32_t l = 0; l < d; l++) {
        fixed->bias2[l] = (int32_t)lrintf(bias[l] * units / unit);
        fixed->vector[l] = out[l] * unit / units;
    }
    return out + d;
}

static void take_policy(struct fixed *fixed, const struct policy *policy)
{
    const struct policy_shape *shape = &fixed->shape;
    uint32_t c = shape->width[POLICY_CHANNELS];
    size_t others = shape->inputs - fixed->placed;
    const float *p = policy->parameter;
    if (!fixed->gated) {
        p = take_rows(p, (size_t)shape->inputs * fixed->embedding, WEIGHT_UNITS, fixed->embedded);
        p = take_rows(p, fixed->embedding, SUM_UNITS,
                      fixed->embedded + (size_t)shape->inputs * fixed->embedding);
        p = take_dense(fixed, p);
    }
    p = take_rows(p, kernels_of(fixed) + others_of(fixed), WEIGHT_UNITS, fixed->row);
    p = take_rows(p, c, SUM_UNITS, fixed->others + others_of(fixed));
    p = take_second(fixed, p);
    uint32_t planes = shape->width[POLICY_PLANES];
    find_most(fixed->row, planes, (size_t)fixed->span * c, fixed->most);
    find_most(fixed->others, others, fixed->other, fixed->most + planes);
    find_most(fixed->embedded, shape->inputs, fixed->embedding, fixed->most_embedded);
    if (fixed->gated)
        memcpy(fixed->open, p, others * shape->width[POLICY_PLANES] * sizeof *fixed->open);
}

struct fixed *fixed_open(const struct policy *policy, struct error *error)
{
    const struct policy_shape *shape = &policy->shape;
    if (shape->kind != POLICY_RELATIVE) {
        error_set(error, "policy: not of the kind %s", policy_name(POLICY_RELATIVE));
        return NULL;
    }
    struct fixed *fixed = calloc(1, sizeof *fixed);
    if (fixed)
        *fixed = (struct fixed){
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
    if (!fixed || allocate(fixed) != 0) {
        error_set(error, "policy: out of memory");
        fixed_close(fixed);
        return NULL;
    }
    take_policy(fixed, policy);
    return fixed;
}

void fixed_close(struct fixed *fixed)
{
    if (!fixed)
        return;
    free(fixed->row);
    free(fixed->embedded);
    free(fixed->weight);
    free(fixed->bias2);
    free(fixed->vector);
    free(fixed->dense);
    free(fixed->open);
    free(fixed->most);
    free(fixed->most_embedded);
    free(fixed);
}

/* Gates stand behind the embedding, and it behind the rows. */
size_t fixed_length(const struct fixed *fixed)
{
    const size_t line = LINE / sizeof(int16_t);
    size_t gates = fixed->gated ? 2 * (size_t)fixed->shape.width[POLICY_PLANES] : 0;
    return ((size_t)fixed->flat + fixed->embedding + gates + line - 1) / line * line;
}

int16_t *fixed_sums(const struct fixed *fixed, size_t count)
{
    return allocate_rows(count * fixed_length(fixed));
}

/* Exact for all planes and features there can be. */
static uint32_t plane_of(const struct fixed *fixed, uint32_t feature)
{
    return (uint32_t)(feature * fixed->planes_each >> 32);
}

/* Numbers, none of which is farther from 0 than `most`. */
struct row {
    const int16_t *number;
    int16_t most;
};

/* A plane has actions - 1 rows more than features. */
static struct row row_of(const struct fixed *fixed, uint32_t feature, uint32_t plane)
{
    const uint32_t *width = fixed->shape.width;
    size_t other = feature - fixed->placed;
    if (feature >= fixed->placed)
        return (struct row){fixed->others + other * fixed->other,
                            fixed->most[width[POLICY_PLANES] + other]};
    return (struct row){fixed->row + (feature + (size_t)plane * (fixed->shape.actions - 1)) *
                                         width[POLICY_CHANNELS],
                        fixed->most[plane]};
}

static void add(int16_t *sum, const struct fixed_rows *rows, uint32_t n)
{
#ifdef __x86_64__
    if (fixed_widest()) {
        fixed_add_avx512(sum, rows, n);
        return;
    }
    if (dense_wide()) {
        fixed_add_avx2(sum, rows, n);
        return;
    }
#endif
    fixed_add_narrow(sum, rows, n);
}

/* Rows to add, and how much the group that the next one belongs to can add at most. */
struct list {
    struct fixed_rows rows;
    int32_t most;
};

/* What does not fit into the group that is not full yet begins one. */
static void list(struct list *list, struct row row, float strength)
{
    const float units = (float)SUM_UNITS / WEIGHT_UNITS * (1 << 15);
    struct fixed_rows *rows = &list->rows;
    int16_t share = nearest(strength * units);
    int32_t most = (row.most * abs(share) + (1 << 14)) >> 15;
    bool begins = rows->count % FIXED_GROUP == 0;
    if (!begins && list->most + most > INT16_MAX) {
        for (; rows->count % FIXED_GROUP != 0; rows->count++) {
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
static void add_features(const struct fixed *fixed, const struct features *features, uint32_t least,
                         uint32_t end, const float *gate, uint32_t width, int16_t *sum)
{
    for (uint32_t f = 0; f < features->count;) {
        struct list listed;
        for (listed.rows.count = 0; listed.rows.count < FIXED_ROWS && f < features->count; f++) {
            uint32_t feature = features->feature[f], plane = plane_of(fixed, feature);
            if (feature >= least && feature < end)
                list(&listed, row_of(fixed, feature, plane),
                     features->strength[f] * (gate ? gate[plane] : 1));
        }
        add(sum, &listed.rows, width);
    }
}

static void add_embedded(const struct fixed *fixed, const struct features *features, int16_t *sum)
{
    for (uint32_t f = 0; f < features->count;) {
        struct list listed;
        for (listed.rows.count = 0; listed.rows.count < FIXED_ROWS && f < features->count; f++) {
            uint32_t feature = features->feature[f];
            const struct row row = {fixed->embedded + (size_t)feature * fixed->embedding,
                                    fixed->most_embedded[feature]};
            list(&listed, row, features->strength[f]);
        }
        add(sum, &listed.rows, fixed->embedding);
    }
}

static float *gates_of(const struct fixed *fixed, int16_t *sum)
{
    return (float *)(void *)(sum + fixed->flat + fixed->embedding);
}

DENSE_INLINE void add_gates(const struct fixed *fixed, const struct features *features, float *gate)
{
    uint32_t planes = fixed->shape.width[POLICY_PLANES];
    for (uint32_t i = 0; i < planes; i++)
        gate[i] = 1;
    for (uint32_t f = 0; f < features->count; f++)
        if (features->feature[f] >= fixed->placed)
            add_scaled(gate, gate_scale * features->strength[f],
                       fixed->open + (size_t)(features->feature[f] - fixed->placed) * planes,
                       planes);
}

#ifdef __x86_64__
__attribute__((target("avx2"))) static void
add_gates_avx2(const struct fixed *fixed, const struct features *features, float *gate)
{
    add_gates(fixed, features, gate);
}
#endif

static void see_gates(const struct fixed *fixed, const struct features *features, float *gate)
{
#ifdef __x86_64__
    if (dense_wide()) {
        add_gates_avx2(fixed, features, gate);
        return;
    }
#endif
    add_gates(fixed, features, gate);
}

/* A sum of no features; of a gated network, of those that say the same to all actions. */
static void begin(const struct fixed *fixed, const struct features *features, int16_t *sum)
{
    uint32_t c = fixed->shape.width[POLICY_CHANNELS];
    int16_t row[POLICY_MAX_WIDTH];
    memcpy(row, fixed->others + others_of(fixed), c * sizeof *row);
    if (fixed->gated) {
        see_gates(fixed, features, gates_of(fixed, sum));
        add_features(fixed, features, fixed->placed, UINT32_MAX, NULL, c, row);
    }
    for (uint32_t a = 0; a < fixed->shape.actions; a++)
        memcpy(sum + (size_t)a * c, row, c * sizeof *sum);
    memcpy(sum + fixed->flat, fixed->embedded + (size_t)fixed->shape.inputs * fixed->embedding,
           fixed->embedding * sizeof *sum);
}

void fixed_see(const struct fixed *fixed, const int16_t *from, const struct features *features,
               int16_t *to)
{
    if (!from)
        begin(fixed, features, to);
    else if (from != to)
        memcpy(to, from, fixed_length(fixed) * sizeof *to);
    add_features(fixed, features, 0, fixed->gated ? fixed->placed : UINT32_MAX,
                 fixed->gated ? gates_of(fixed, to) : NULL, fixed->flat, to);
    if (!fixed->gated)
        add_embedded(fixed, features, to + fixed->flat);
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
DENSE_INLINE void say_dense(const struct fixed *fixed, const int16_t *embedded, float *logit)
{
    const struct policy_shape *shape = &fixed->shape;
    float before[POLICY_MAX_WIDTH + 2 * LANES], after[POLICY_MAX_WIDTH + 2 * LANES];
    const float *p = fixed->dense;
    for (uint32_t i = 0; i < shape->width[0]; i++)
        before[i] = (float)embedded[i] * (1.f / SUM_UNITS);
    for (uint32_t l = 1; l <= shape->layers; l++) {
        uint32_t width = outputs_of(fixed, l), inputs = shape->width[l - 1];
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
DENSE_INLINE void rectify_sum(const struct fixed *fixed, int16_t *sum, float *logit)
{
    if (fixed->gated) {
        square(sum, fixed->flat);
        memset(logit, 0, fixed->shape.actions * sizeof *logit);
        return;
    }
    for (uint32_t i = 0; i < fixed->flat + fixed->embedding; i++)
        sum[i] = sum[i] < 0 ? 0 : sum[i];
    say_dense(fixed, sum + fixed->flat, logit);
}

#ifdef __x86_64__
__attribute__((target("avx2"))) static void rectify_avx2(const struct fixed *fixed, int16_t *sum,
                                                         float *logit)
{
    rectify_sum(fixed, sum, logit);
}
#endif

static void say(const struct fixed *fixed, const int16_t *sum, float *said)
{
    const uint32_t *width = fixed->shape.width, c = width[POLICY_CHANNELS];
    const uint32_t d = width[POLICY_CHANNELS2], actions = fixed->shape.actions;
#ifdef __x86_64__
    if (fixed_widest()) {
        fixed_say_avx512(sum, actions, c, d, fixed->weight, fixed->bias2, fixed->vector, said);
        return;
    }
    if (dense_wide()) {
        fixed_say_avx2(sum, actions, c, d, fixed->weight, fixed->bias2, fixed->vector, said);
        return;
    }
#endif
    fixed_say_narrow(sum, actions, c, d, fixed->weight, fixed->bias2, fixed->vector, said);
}

/* What the other layers say stands in the order of their rows, actions counted down. */
void fixed_ask(const struct fixed *fixed, int16_t *sum, float *logit)
{
    const uint32_t actions = fixed->shape.actions;
    float said[POLICY_MAX_WIDTH];
    memset(said, 0, actions * sizeof *said);
#ifdef __x86_64__
    if (dense_wide())
        rectify_avx2(fixed, sum, logit);
    else
#endif
        rectify_sum(fixed, sum, logit);
    say(fixed, sum, said);
    for (uint32_t a = 0; a < actions; a++)
        logit[a] += said[actions - 1 - a];
}
