/* The layout is the policy's, written out in smaller numbers; of the mlp only the
 * embedding is. */
#include "rl/fixed.h"

#include "rl/fixed_sum.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    MOST_WHOLE = 8,       /* |strength| */
    MOST_SCALE = 1 << 9,  /* units to 1: sums have room to 64 */
    ROOM = 1 << 14,       /* the greatest weight is at most so many units */
    MOST_UNITS = 1 << 12, /* of the second layer's weights to 1 */
    LINE = 64             /* bytes */
};

struct fixed {
    struct policy_shape shape;
    uint32_t flat, pitches, span; /* actions * channels; plane features; rows of a plane */
    uint32_t outputs;             /* actions, rounded up to whole blocks */
    uint64_t planes_each;         /* a feature's share of a plane, in units of 2^-32 */
    float unit;                   /* of the sums of rows */
    int16_t *row, *others;        /* kernel[planes * span][C], others[][flat], bias[flat] */
    int16_t *embedding;           /* [inputs + 1][width 0], the last being the bias */
    int16_t *weight;              /* [C / 2][D][2] */
    int32_t *bias2;               /* [D] */
    float *vector;                /* [D], times the unit of what it is multiplied with */
    float *dense;                 /* of each other layer: weight[before][width], bias[width] */
};

static size_t kernels_of(const struct fixed *fixed)
{
    const uint32_t *width = fixed->shape.width;
    return (size_t)width[POLICY_PLANES] * fixed->span * width[POLICY_CHANNELS];
}

static size_t others_of(const struct fixed *fixed)
{
    return (size_t)(fixed->shape.inputs - fixed->pitches) * fixed->flat;
}

static uint32_t outputs_of(const struct fixed *fixed, uint32_t layer)
{
    return layer < fixed->shape.layers ? fixed->shape.width[layer] : fixed->outputs;
}

/* Zeros, no vector of which lies on two lines of the cache. */
static int16_t *allocate_rows(size_t count)
{
    size_t bytes = (count * sizeof(int16_t) + LINE - 1) / LINE * LINE;
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
    fixed->row = allocate_rows(kernels_of(fixed) + others_of(fixed) + fixed->flat);
    fixed->others = fixed->row ? fixed->row + (size_t)width[POLICY_PLANES] * fixed->span *
                                                  width[POLICY_CHANNELS]
                               : NULL;
    fixed->embedding = allocate_rows(((size_t)shape->inputs + 1) * width[0]);
    fixed->weight = allocate_rows((size_t)width[POLICY_CHANNELS] * width[POLICY_CHANNELS2]);
    fixed->bias2 = calloc(width[POLICY_CHANNELS2], sizeof *fixed->bias2);
    fixed->vector = calloc(width[POLICY_CHANNELS2], sizeof *fixed->vector);
    fixed->dense = calloc(dense, sizeof *fixed->dense);
    return fixed->row && fixed->embedding && fixed->weight && fixed->bias2 && fixed->vector &&
                   fixed->dense
               ? 0
               : -1;
}

static float greatest(const float *weight, size_t count)
{
    float most = 0;
    for (size_t i = 0; i < count; i++)
        most = fmaxf(most, fabsf(weight[i]));
    return most;
}

static const float *take_rows(const float *from, size_t count, float scale, int16_t *to)
{
    for (size_t i = 0; i < count; i++)
        to[i] = (int16_t)lrintf(from[i] * scale);
    return from + count;
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
static void take_second(struct fixed *fixed, const float *weight)
{
    uint32_t c = fixed->shape.width[POLICY_CHANNELS], d = fixed->shape.width[POLICY_CHANNELS2];
    const float *bias = weight + (size_t)c * d, *out = bias + d;
    float most = 0, units = MOST_UNITS;
    for (uint32_t l = 0; l < d; l++) {
        float sum = fabsf(bias[l]) * fixed->unit;
        for (uint32_t q = 0; q < c; q++)
            sum += fabsf(weight[(size_t)q * d + l]);
        most = fmaxf(most, sum);
    }
    while (most * units >= 1 << 15)
        units /= 2;
    for (uint32_t q = 0; q < c; q++)
        for (uint32_t l = 0; l < d; l++)
            fixed->weight[((size_t)(q / 2) * d + l) * 2 + q % 2] =
                (int16_t)lrintf(weight[(size_t)q * d + l] * units);
    for (uint32_t l = 0; l < d; l++) {
        fixed->bias2[l] = (int32_t)lrintf(bias[l] * units / fixed->unit);
        fixed->vector[l] = out[l] * fixed->unit / units;
    }
}

static void take_policy(struct fixed *fixed, const struct policy *policy)
{
    const struct policy_shape *shape = &fixed->shape;
    uint32_t c = shape->width[POLICY_CHANNELS], embedding = shape->width[0];
    const float *p = policy->parameter;
    float most = greatest(p, policy->parameters), scale = MOST_SCALE;
    while (most * scale > ROOM)
        scale /= 2;
    fixed->unit = 1 / scale;
    p = take_rows(p, ((size_t)shape->inputs + 1) * embedding, scale, fixed->embedding);
    p = take_dense(fixed, p);
    p = take_rows(p, kernels_of(fixed) + others_of(fixed), scale, fixed->row);
    for (uint32_t a = 0; a < shape->actions; a++)
        take_rows(p, c, scale, fixed->others + others_of(fixed) + (size_t)a * c);
    take_second(fixed, p + c);
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
            .pitches = shape->width[POLICY_PLANES] * shape->width[POLICY_WINDOW],
            .planes_each = ((uint64_t)1 << 32) / shape->width[POLICY_WINDOW] + 1,
            .span = shape->width[POLICY_WINDOW] + shape->actions - 1,
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
    free(fixed->embedding);
    free(fixed->weight);
    free(fixed->bias2);
    free(fixed->vector);
    free(fixed->dense);
    free(fixed);
}

size_t fixed_length(const struct fixed *fixed)
{
    const size_t line = LINE / sizeof(int16_t);
    return ((size_t)fixed->flat + fixed->shape.width[0] + line - 1) / line * line;
}

int16_t *fixed_sums(const struct fixed *fixed, size_t count)
{
    return allocate_rows(count * fixed_length(fixed));
}

/* A plane has actions - 1 rows more than features. */
static const int16_t *row_of(const struct fixed *fixed, uint32_t feature)
{
    const uint32_t *width = fixed->shape.width;
    if (feature >= fixed->pitches)
        return fixed->others + (size_t)(feature - fixed->pitches) * fixed->flat;
    uint32_t plane = (uint32_t)(feature * fixed->planes_each >> 32);
    return fixed->row +
           (feature + (size_t)plane * (fixed->shape.actions - 1)) * width[POLICY_CHANNELS];
}

static void add(int16_t *to, const int16_t *from, const struct fixed_rows *rows, uint32_t n)
{
#ifdef __x86_64__
    if (dense_wide()) {
        fixed_add_avx2(to, from, rows, n);
        return;
    }
#endif
    fixed_add_plain(to, from, rows, n);
}

/* The rows of features, in both tables. */
struct sums {
    struct fixed_rows row, embedding;
};

static void add_part(struct fixed_rows *rows, const int16_t *row, float strength)
{
    long share = lrintf(strength * (1 << 15));
    rows->part[rows->parts] = row;
    rows->share[rows->parts++] = (int16_t)(share > INT16_MAX ? INT16_MAX : share);
}

static void list(const struct fixed *fixed, uint32_t feature, float strength, struct sums *sums)
{
    const int16_t *row = row_of(fixed, feature);
    const int16_t *embedding = fixed->embedding + (size_t)feature * fixed->shape.width[0];
    float left = strength > MOST_WHOLE ? MOST_WHOLE : strength;
    for (int whole = left >= 1 ? (int)left : 0; whole > 0; whole--, left -= 1) {
        sums->row.whole[sums->row.wholes++] = row;
        sums->embedding.whole[sums->embedding.wholes++] = embedding;
    }
    for (int i = 0; left != 0 && i < MOST_WHOLE; i++) {
        float part = left < -1 ? -1 : left;
        add_part(&sums->row, row, part);
        add_part(&sums->embedding, embedding, part);
        left -= part;
    }
}

/* The embedding stands behind the rows. */
void fixed_see(const struct fixed *fixed, const int16_t *from, const struct features *features,
               int16_t *to)
{
    struct sums sums;
    uint32_t embedding = fixed->shape.width[0], f = 0;
    const int16_t *rows = from ? from : fixed->others + others_of(fixed);
    const int16_t *embedded =
        from ? from + fixed->flat : fixed->embedding + (size_t)fixed->shape.inputs * embedding;
    do {
        sums.row.wholes = sums.row.parts = sums.embedding.wholes = sums.embedding.parts = 0;
        for (; f < features->count && sums.row.wholes + MOST_WHOLE < FIXED_ROWS &&
               sums.row.parts + MOST_WHOLE < FIXED_ROWS;
             f++)
            list(fixed, features->feature[f], features->strength[f], &sums);
        add(to, rows, &sums.row, fixed->flat);
        add(to + fixed->flat, embedded, &sums.embedding, embedding);
        rows = to;
        embedded = to + fixed->flat;
    } while (f < features->count);
}

/* The mlp behind its embedding: the logits. */
DENSE_INLINE void say_dense(const struct fixed *fixed, const int16_t *embedding, float *logit)
{
    const struct policy_shape *shape = &fixed->shape;
    float before[POLICY_MAX_WIDTH + 2 * LANES], after[POLICY_MAX_WIDTH + 2 * LANES];
    const float *p = fixed->dense;
    for (uint32_t i = 0; i < shape->width[0]; i++)
        before[i] = (float)embedding[i] * fixed->unit;
    for (uint32_t l = 1; l <= shape->layers; l++) {
        uint32_t width = l < shape->layers ? shape->width[l] : fixed->outputs;
        uint32_t inputs = shape->width[l - 1];
        memcpy(after, p + (size_t)inputs * width, width * sizeof *after);
        multiply_all(after, before, 0, 1, p, 1, inputs, width, 2);
        p += ((size_t)inputs + 1) * width;
        if (l < shape->layers)
            rectify(after, width);
        memcpy(before, after, width * sizeof *after);
    }
    memcpy(logit, before, shape->actions * sizeof *logit);
}

/* What the other layers say stands in the order of their rows, actions counted down. */
DENSE_INLINE void answer(const struct fixed *fixed, int16_t *sum, bool wide, float *logit)
{
    const uint32_t *width = fixed->shape.width;
    uint32_t actions = fixed->shape.actions, c = width[POLICY_CHANNELS];
    uint32_t d = width[POLICY_CHANNELS2];
    float said[POLICY_MAX_WIDTH];
    for (size_t i = 0; i < fixed->flat + width[0]; i++)
        sum[i] = sum[i] < 0 ? 0 : sum[i];
    memset(said, 0, actions * sizeof *said);
    say_dense(fixed, sum + fixed->flat, logit);
#ifdef __x86_64__
    if (wide)
        fixed_say_avx2(sum, actions, c, d, fixed->weight, fixed->bias2, fixed->vector, said);
    else
#endif
        fixed_say_plain(sum, actions, c, d, fixed->weight, fixed->bias2, fixed->vector, said);
    (void)wide;
    for (uint32_t a = 0; a < actions; a++)
        logit[a] += said[actions - 1 - a];
}

#ifdef __x86_64__
__attribute__((target("avx2"))) static void answer_avx2(const struct fixed *fixed, int16_t *sum,
                                                        float *logit)
{
    answer(fixed, sum, true, logit);
}
#endif

void fixed_ask(const struct fixed *fixed, int16_t *sum, float *logit)
{
#ifdef __x86_64__
    if (dense_wide()) {
        answer_avx2(fixed, sum, logit);
        return;
    }
#endif
    answer(fixed, sum, false, logit);
}
