/* The two sums a network network spends its time on, in plain C and in vectors of 16 bytes (SSE2,
 * NEON); private to it. Wider vectors are in rl/quantised_wide.h. All ways give the same numbers.
 */
#ifndef RL_QUANTISED_SUM_H
#define RL_QUANTISED_SUM_H

#include "rl/dense.h"
#include "rl/policy.h"

#include <string.h>

#ifdef __x86_64__
#include <immintrin.h>
#elif defined __aarch64__
#include <arm_neon.h>
#endif

enum { QUANTISED_ROWS = 256, QUANTISED_GROUP = 4 };

/* Rows of weights, and the shares of them that are added, in units of 2^-15, rounded. Sums end
 * at the ends of 16 bits, so the order counts. They are added in groups of QUANTISED_GROUP, in
 * order; those that are left, one by one. What a group adds must itself fit into 16 bits: then only
 * adding it has to mind the ends, which takes processors twice as long as adding does. */
struct quantised_rows {
    uint32_t count;
    const int16_t *row[QUANTISED_ROWS + QUANTISED_GROUP];
    int16_t share[QUANTISED_ROWS + QUANTISED_GROUP];
};

static inline int16_t quantised_saturate(int32_t sum)
{
    return (int16_t)(sum > INT16_MAX ? INT16_MAX : sum < INT16_MIN ? INT16_MIN : sum);
}

/* to[n] += rows; n: a multiple of 16. */
static inline void quantised_add_plain(int16_t *to, const struct quantised_rows *rows, uint32_t n)
{
    for (uint32_t i = 0, group; i < rows->count; i += group) {
        group = rows->count - i < QUANTISED_GROUP ? 1 : QUANTISED_GROUP;
        for (uint32_t j = 0; j < n; j++) {
            int32_t sum = to[j];
            for (uint32_t g = i; g < i + group; g++)
                sum += (rows->row[g][j] * rows->share[g] + (1 << 14)) >> 15;
            to[j] = quantised_saturate(sum);
        }
    }
}

/* logit[j] += sum over d of relu(bias[d] + sum over c of h[j][c] weight[c][d]) out[d], for
 * j < count; weight: [c / 2][d][2]. The outer sum is of eight partial ones, added in pairs
 * that stand 4, 2 and 1 apart. */
static inline void quantised_output_plain(const int16_t *h, uint32_t count, uint32_t c, uint32_t d,
                                          const int16_t *weight, const int32_t *bias,
                                          const float *out, float *logit)
{
    int32_t z[POLICY_MAX_WIDTH];
    for (uint32_t j = 0; j < count; j++, h += c) {
        float sum[LANES] = {0};
        memcpy(z, bias, d * sizeof *z);
        for (uint32_t q = 0; q < c; q += 2) {
            const int16_t *row = weight + (size_t)q * d;
            for (uint32_t l = 0; l < d; l++)
                z[l] += h[q] * row[2 * l] + h[q + 1] * row[2 * l + 1];
        }
        for (uint32_t k = 0; k < d; k += LANES)
            for (uint32_t l = 0; l < LANES; l++)
                sum[l] += (float)(z[k + l] < 0 ? 0 : z[k + l]) * out[k + l];
        for (uint32_t width = LANES / 2; width; width /= 2)
            for (uint32_t l = 0; l < width; l++)
                sum[l] += sum[l + width];
        logit[j] += sum[0];
    }
}

/* Defines add_block: to[at ..], `vectors` neighbouring ones, += rows. They stay in registers, at
 * most `most` of them, while the rows are added. */
#define FIXED_ADD_BLOCK(add_block, target, vector, numbers, most)                                  \
    target void add_block(int16_t *to, const struct quantised_rows *rows, uint32_t at,             \
                          uint32_t vectors)                                                        \
    {                                                                                              \
        vector sum[most];                                                                          \
        uint32_t i = 0;                                                                            \
        for (uint32_t v = 0; v < vectors; v++)                                                     \
            sum[v] = vector##_load(to + at + (numbers) * (size_t)v);                               \
        for (; i + QUANTISED_GROUP <= rows->count; i += QUANTISED_GROUP) {                         \
            vector share[QUANTISED_GROUP];                                                         \
            for (uint32_t g = 0; g < QUANTISED_GROUP; g++)                                         \
                share[g] = vector##_spread(rows->share[i + g]);                                    \
            for (uint32_t v = 0; v < vectors; v++) {                                               \
                size_t here = at + (numbers) * (size_t)v;                                          \
                vector all = vector##_multiply(vector##_load(rows->row[i] + here), share[0]);      \
                for (uint32_t g = 1; g < QUANTISED_GROUP; g++)                                     \
                    all = vector##_add(                                                            \
                        all, vector##_multiply(vector##_load(rows->row[i + g] + here), share[g])); \
                sum[v] = vector##_add_ended(sum[v], all);                                          \
            }                                                                                      \
        }                                                                                          \
        for (; i < rows->count; i++) {                                                             \
            vector share = vector##_spread(rows->share[i]);                                        \
            for (uint32_t v = 0; v < vectors; v++) {                                               \
                vector row = vector##_load(rows->row[i] + at + (numbers) * (size_t)v);             \
                sum[v] = vector##_add_ended(sum[v], vector##_multiply(row, share));                \
            }                                                                                      \
        }                                                                                          \
        for (uint32_t v = 0; v < vectors; v++)                                                     \
            vector##_store(to + at + (numbers) * (size_t)v, sum[v]);                               \
    }

#if defined __x86_64__ || defined __aarch64__
#ifdef __x86_64__
typedef __m128i fixed_eight;
typedef __m128i fixed_four;

static inline fixed_eight fixed_eight_load(const int16_t *from)
{
    return _mm_loadu_si128((const void *)from);
}

static inline void fixed_eight_store(int16_t *to, fixed_eight value)
{
    _mm_storeu_si128((void *)to, value);
}

static inline fixed_eight fixed_eight_spread(int16_t number)
{
    return _mm_set1_epi16(number);
}

static inline fixed_eight fixed_eight_add(fixed_eight a, fixed_eight b)
{
    return _mm_add_epi16(a, b);
}

static inline fixed_eight fixed_eight_add_ended(fixed_eight a, fixed_eight b)
{
    return _mm_adds_epi16(a, b);
}

/* row * share / 2^15, rounded: of the 32 bits of the product, 17 and the next one. */
static inline fixed_eight fixed_eight_multiply(fixed_eight row, fixed_eight share)
{
    __m128i high = _mm_mulhi_epi16(row, share), low = _mm_mullo_epi16(row, share);
    __m128i whole = _mm_or_si128(_mm_slli_epi16(high, 1), _mm_srli_epi16(low, 15));
    __m128i half = _mm_and_si128(_mm_srli_epi16(low, 14), _mm_set1_epi16(1));
    return _mm_add_epi16(whole, half);
}

static inline fixed_four fixed_load_four(const int32_t *from)
{
    return _mm_loadu_si128((const void *)from);
}

/* z[l] + h[0] weight[l][0] + h[1] weight[l][1]. */
static inline fixed_four quantised_add_pair(fixed_four z, const int16_t h[2], const int16_t *weight)
{
    int32_t pair;
    memcpy(&pair, h, sizeof pair);
    return _mm_add_epi32(z, _mm_madd_epi16(_mm_set1_epi32(pair), fixed_eight_load(weight)));
}

static inline void fixed_store_cut(float *to, fixed_four z)
{
    __m128i positive = _mm_cmpgt_epi32(z, _mm_setzero_si128());
    _mm_storeu_ps(to, _mm_cvtepi32_ps(_mm_and_si128(z, positive)));
}
#else
typedef int16x8_t fixed_eight;
typedef int32x4_t fixed_four;

static inline fixed_eight fixed_eight_load(const int16_t *from)
{
    return vld1q_s16(from);
}

static inline void fixed_eight_store(int16_t *to, fixed_eight value)
{
    vst1q_s16(to, value);
}

static inline fixed_eight fixed_eight_spread(int16_t number)
{
    return vdupq_n_s16(number);
}

static inline fixed_eight fixed_eight_add(fixed_eight a, fixed_eight b)
{
    return vaddq_s16(a, b);
}

static inline fixed_eight fixed_eight_add_ended(fixed_eight a, fixed_eight b)
{
    return vqaddq_s16(a, b);
}

static inline fixed_eight fixed_eight_multiply(fixed_eight row, fixed_eight share)
{
    return vqrdmulhq_s16(row, share);
}

static inline fixed_four fixed_load_four(const int32_t *from)
{
    return vld1q_s32(from);
}

static inline fixed_four quantised_add_pair(fixed_four z, const int16_t h[2], const int16_t *weight)
{
    int16x4x2_t both = vld2_s16(weight);
    return vmlal_n_s16(vmlal_n_s16(z, both.val[0], h[0]), both.val[1], h[1]);
}

static inline void fixed_store_cut(float *to, fixed_four z)
{
    vst1q_f32(to, vcvtq_f32_s32(vmaxq_s32(z, vdupq_n_s32(0))));
}
#endif

FIXED_ADD_BLOCK(quantised_add_eights, DENSE_INLINE, fixed_eight, 8, BLOCK)

static inline void quantised_add_narrow(int16_t *to, const struct quantised_rows *rows, uint32_t n)
{
    uint32_t at = 0;
    for (; at + 6 * 8 <= n; at += 6 * 8)
        quantised_add_eights(to, rows, at, 6);
    for (; at < n; at += 8)
        quantised_add_eights(to, rows, at, 1);
}

/* Of `rows` neighbouring j. */
DENSE_INLINE void quantised_output_eights(const int16_t *h, uint32_t rows, uint32_t c, uint32_t d,
                                          const int16_t *weight, const int32_t *bias,
                                          const float *out, float *logit)
{
    float sum[ROWS][LANES] = {{0}};
    for (uint32_t k = 0; k < d; k += LANES) {
        fixed_four z[ROWS][2];
        float cut[LANES];
        for (uint32_t r = 0; r < rows; r++)
            for (uint32_t v = 0; v < 2; v++)
                z[r][v] = fixed_load_four(bias + k + 4 * (size_t)v);
        for (uint32_t q = 0; q < c; q += 2)
            for (uint32_t r = 0; r < rows; r++)
                for (uint32_t v = 0; v < 2; v++)
                    z[r][v] = quantised_add_pair(z[r][v], h + (size_t)r * c + q,
                                                 weight + (size_t)q * d + 2 * (k + 4 * (size_t)v));
        for (uint32_t r = 0; r < rows; r++) {
            fixed_store_cut(cut, z[r][0]);
            fixed_store_cut(cut + 4, z[r][1]);
            for (uint32_t l = 0; l < LANES; l++)
                sum[r][l] += cut[l] * out[k + l];
        }
    }
    for (uint32_t r = 0; r < rows; r++) {
        for (uint32_t width = LANES / 2; width; width /= 2)
            for (uint32_t l = 0; l < width; l++)
                sum[r][l] += sum[r][l + width];
        logit[r] += sum[r][0];
    }
}

static inline void quantised_output_narrow(const int16_t *h, uint32_t count, uint32_t c, uint32_t d,
                                           const int16_t *weight, const int32_t *bias,
                                           const float *out, float *logit)
{
    uint32_t j = 0;
    for (; j + ROWS <= count; j += ROWS)
        quantised_output_eights(h + (size_t)j * c, ROWS, c, d, weight, bias, out, logit + j);
    for (; j < count; j++)
        quantised_output_eights(h + (size_t)j * c, 1, c, d, weight, bias, out, logit + j);
}
#else
static inline void quantised_add_narrow(int16_t *to, const struct quantised_rows *rows, uint32_t n)
{
    quantised_add_plain(to, rows, n);
}

static inline void quantised_output_narrow(const int16_t *h, uint32_t count, uint32_t c, uint32_t d,
                                           const int16_t *weight, const int32_t *bias,
                                           const float *out, float *logit)
{
    quantised_output_plain(h, count, c, d, weight, bias, out, logit);
}
#endif

#endif
