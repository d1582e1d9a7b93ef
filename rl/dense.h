/* Products of small dense matrices, and what else the layers of a network need;
 * private to the policies.
 *
 * Each element is summed in one fixed order, whatever the width of the machine's
 * vectors: results do not depend on the processor. What is DENSE_INLINE is
 * compiled anew in callers that are meant for wider vectors. */
#ifndef RL_DENSE_H
#define RL_DENSE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define DENSE_INLINE static inline __attribute__((always_inline))

/* By which what features add to the gates of a relative network is multiplied. */
static const float gate_scale = .3f;

/* Whether the processor has vectors of eight floats. */
static inline bool dense_wide(void)
{
#ifdef __x86_64__
    return __builtin_cpu_supports("avx2");
#else
    return false;
#endif
}

typedef float vector __attribute__((vector_size(32), aligned(4), may_alias));

enum { LANES = 8, ROWS = 4 };

/* rows x (vectors * LANES) elements of c stay in registers while q runs. */
DENSE_INLINE void multiply_block(float *c, const float *a, size_t down, size_t across,
                                 const float *b, uint32_t inner, uint32_t m, uint32_t rows,
                                 uint32_t vectors)
{
    vector sum[ROWS][2];
    for (uint32_t r = 0; r < rows; r++)
        for (uint32_t v = 0; v < vectors; v++)
            sum[r][v] = *(const vector *)(c + (size_t)r * m + (size_t)v * LANES);
    for (uint32_t q = 0; q < inner; q++, a += across, b += m) {
        for (uint32_t v = 0; v < vectors; v++) {
            vector row = *(const vector *)(b + (size_t)v * LANES);
            for (uint32_t r = 0; r < rows; r++)
                sum[r][v] += a[r * down] * row;
        }
    }
    for (uint32_t r = 0; r < rows; r++)
        for (uint32_t v = 0; v < vectors; v++)
            *(vector *)(c + (size_t)r * m + (size_t)v * LANES) = sum[r][v];
}

/* c[rows][m] += a * b[inner][m], where a's element (r, q) is a[r * down + q *
 * across], m a multiple of 16. */
DENSE_INLINE void multiply_all(float *c, const float *a, size_t down, size_t across, const float *b,
                               uint32_t rows, uint32_t inner, uint32_t m, uint32_t vectors)
{
    for (uint32_t j = 0; j < m; j += vectors * LANES) {
        uint32_t r = 0;
        for (; r + ROWS <= rows; r += ROWS)
            multiply_block(c + (size_t)r * m + j, a + r * down, down, across, b + j, inner, m, ROWS,
                           vectors);
        for (; r < rows; r++)
            multiply_block(c + (size_t)r * m + j, a + r * down, down, across, b + j, inner, m, 1,
                           vectors);
    }
}

#ifdef __x86_64__
__attribute__((target("avx2"))) static inline void multiply_add_avx2(float *c, const float *a,
                                                                     size_t down, size_t across,
                                                                     const float *b, uint32_t rows,
                                                                     uint32_t inner, uint32_t m)
{
    multiply_all(c, a, down, across, b, rows, inner, m, 2);
}
#endif

static inline void multiply_add(float *c, const float *a, size_t down, size_t across,
                                const float *b, uint32_t rows, uint32_t inner, uint32_t m)
{
#ifdef __x86_64__
    if (dense_wide()) {
        multiply_add_avx2(c, a, down, across, b, rows, inner, m);
        return;
    }
#endif
    multiply_all(c, a, down, across, b, rows, inner, m, 1);
}

/* Sixteen partial sums, added pairwise: an order that vectors keep. n: multiple of 16. */
DENSE_INLINE float dot(const float *a, const float *b, uint32_t n)
{
    float sum[16] = {0};
    for (uint32_t i = 0; i < n; i += 16)
        for (uint32_t j = 0; j < 16; j++)
            sum[j] += a[i + j] * b[i + j];
    for (uint32_t width = 8; width; width /= 2)
        for (uint32_t j = 0; j < width; j++)
            sum[j] += sum[j + width];
    return sum[0];
}

DENSE_INLINE void add_scaled(float *sum, float scale, const float *row, uint32_t n)
{
    for (uint32_t j = 0; j < n; j++)
        sum[j] += scale * row[j];
}

/* add_scaled, and the product of row and other, in one pass: of four vectors of partial sums,
 * added in pairs. n: a multiple of 16. */
DENSE_INLINE float add_scaled_dot(float *sum, float scale, const float *row, const float *other,
                                  uint32_t n)
{
    vector part[4] = {{0}};
    for (uint32_t i = 0; i < n; i += 4 * LANES)
        for (uint32_t v = 0; v < 4 && i + v * LANES < n; v++) {
            vector flow = *(const vector *)(row + i + (size_t)v * LANES);
            *(vector *)(sum + i + (size_t)v * LANES) += scale * flow;
            part[v] += flow * *(const vector *)(other + i + (size_t)v * LANES);
        }
    part[0] = (part[0] + part[1]) + (part[2] + part[3]);
    return ((part[0][0] + part[0][1]) + (part[0][2] + part[0][3])) +
           ((part[0][4] + part[0][5]) + (part[0][6] + part[0][7]));
}

enum {
    BLOCK = 8, /* vectors that registers have room for */
    MAX_ROWS = 128,
};

/* Rows of weights, and how strongly each counts. */
struct weighted_rows {
    uint32_t count;
    const float *row[MAX_ROWS];
    float strength[MAX_ROWS];
};

/* `vectors` neighbouring vectors of h stay in registers while the rows are added. */
DENSE_INLINE void add_block(float *h, const struct weighted_rows *rows, uint32_t from,
                            uint32_t vectors)
{
    vector sum[BLOCK];
    for (uint32_t v = 0; v < vectors; v++)
        sum[v] = *(const vector *)(h + from + (size_t)v * LANES);
    for (uint32_t i = 0; i < rows->count; i++) {
        const float *row = rows->row[i] + from;
        for (uint32_t v = 0; v < vectors; v++)
            sum[v] += rows->strength[i] * *(const vector *)(row + (size_t)v * LANES);
    }
    for (uint32_t v = 0; v < vectors; v++)
        *(vector *)(h + from + (size_t)v * LANES) = sum[v];
}

/* Adds rows, in their order, to h[flat]; flat: a multiple of 16. */
DENSE_INLINE void add_rows(float *h, const struct weighted_rows *rows, uint32_t flat)
{
    uint32_t from = 0;
    for (; from + BLOCK * LANES <= flat; from += BLOCK * LANES)
        add_block(h, rows, from, BLOCK);
    for (; from < flat; from += 2 * LANES)
        add_block(h, rows, from, 2);
}

/* What is not a number stays so, for the loss to notice. */
DENSE_INLINE void rectify(float *x, size_t n)
{
    for (size_t i = 0; i < n; i++)
        x[i] = x[i] < 0 ? 0 : x[i];
}

/* Nothing flows back through a unit that was cut off. */
static inline void rectify_backward(float *flow, const float *after, size_t n)
{
    for (size_t i = 0; i < n; i++)
        flow[i] = after[i] > 0 ? flow[i] : 0;
}

DENSE_INLINE void bias_backward(const float *flow, uint32_t n, uint32_t width, float *gradient)
{
    for (uint32_t k = 0; k < n; k++)
        add_scaled(gradient, 1, flow + (size_t)k * width, width);
}

static inline void transpose(const float *from, uint32_t rows, uint32_t columns, float *to)
{
    for (uint32_t r = 0; r < rows; r++)
        for (uint32_t c = 0; c < columns; c++)
            to[(size_t)c * rows + r] = from[(size_t)r * columns + c];
}

#endif
