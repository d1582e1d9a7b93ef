/* The two sums a fixed network spends its time on, in plain C, in vectors of 16 bytes (SSE2,
 * NEON) and of 32 (AVX2); private to it. All ways give the same numbers. */
#ifndef RL_FIXED_SUM_H
#define RL_FIXED_SUM_H

#include "rl/dense.h"
#include "rl/policy.h"

#include <string.h>

#ifdef __x86_64__
#include <immintrin.h>
#elif defined __aarch64__
#include <arm_neon.h>
#endif

enum { FIXED_ROWS = 256 };

/* Rows of weights, and the shares of them that are added, in units of 2^-15, rounded. Sums end
 * at the ends of 16 bits, so the order counts. */
struct fixed_rows {
    uint32_t count;
    const int16_t *row[FIXED_ROWS];
    int16_t share[FIXED_ROWS];
};

static inline int16_t fixed_end(int32_t sum)
{
    return (int16_t)(sum > INT16_MAX ? INT16_MAX : sum < INT16_MIN ? INT16_MIN : sum);
}

/* to[n] += rows; n: a multiple of 16. */
static inline void fixed_add_plain(int16_t *to, const struct fixed_rows *rows, uint32_t n)
{
    for (uint32_t i = 0; i < rows->count; i++)
        for (uint32_t j = 0; j < n; j++)
            to[j] = fixed_end(to[j] + ((rows->row[i][j] * rows->share[i] + (1 << 14)) >> 15));
}

/* logit[j] += sum over d of relu(bias[d] + sum over c of h[j][c] weight[c][d]) out[d], for
 * j < count; weight: [c / 2][d][2]. The outer sum is of eight partial ones, added in pairs
 * that stand 4, 2 and 1 apart. */
static inline void fixed_say_plain(const int16_t *h, uint32_t count, uint32_t c, uint32_t d,
                                   const int16_t *weight, const int32_t *bias, const float *out,
                                   float *logit)
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

#if defined __x86_64__ || defined __aarch64__
#ifdef __x86_64__
typedef __m128i fixed_eight;
typedef __m128i fixed_four;

static inline fixed_eight fixed_load(const int16_t *from)
{
    return _mm_loadu_si128((const void *)from);
}

static inline void fixed_store(int16_t *to, fixed_eight value)
{
    _mm_storeu_si128((void *)to, value);
}

/* a + row * share / 2^15, rounded: of the 32 bits of the product, 17 and the next one. */
static inline fixed_eight fixed_add_share(fixed_eight a, fixed_eight row, int16_t share)
{
    __m128i by = _mm_set1_epi16(share);
    __m128i high = _mm_mulhi_epi16(row, by), low = _mm_mullo_epi16(row, by);
    __m128i whole = _mm_or_si128(_mm_slli_epi16(high, 1), _mm_srli_epi16(low, 15));
    __m128i half = _mm_and_si128(_mm_srli_epi16(low, 14), _mm_set1_epi16(1));
    return _mm_adds_epi16(a, _mm_add_epi16(whole, half));
}

static inline fixed_four fixed_load_four(const int32_t *from)
{
    return _mm_loadu_si128((const void *)from);
}

/* z[l] + h[0] weight[l][0] + h[1] weight[l][1]. */
static inline fixed_four fixed_add_pair(fixed_four z, const int16_t h[2], const int16_t *weight)
{
    int32_t pair;
    memcpy(&pair, h, sizeof pair);
    return _mm_add_epi32(z, _mm_madd_epi16(_mm_set1_epi32(pair), fixed_load(weight)));
}

static inline void fixed_store_cut(float *to, fixed_four z)
{
    __m128i positive = _mm_cmpgt_epi32(z, _mm_setzero_si128());
    _mm_storeu_ps(to, _mm_cvtepi32_ps(_mm_and_si128(z, positive)));
}
#else
typedef int16x8_t fixed_eight;
typedef int32x4_t fixed_four;

static inline fixed_eight fixed_load(const int16_t *from)
{
    return vld1q_s16(from);
}

static inline void fixed_store(int16_t *to, fixed_eight value)
{
    vst1q_s16(to, value);
}

static inline fixed_eight fixed_add_share(fixed_eight a, fixed_eight row, int16_t share)
{
    return vqaddq_s16(a, vqrdmulhq_n_s16(row, share));
}

static inline fixed_four fixed_load_four(const int32_t *from)
{
    return vld1q_s32(from);
}

static inline fixed_four fixed_add_pair(fixed_four z, const int16_t h[2], const int16_t *weight)
{
    int16x4x2_t both = vld2_s16(weight);
    return vmlal_n_s16(vmlal_n_s16(z, both.val[0], h[0]), both.val[1], h[1]);
}

static inline void fixed_store_cut(float *to, fixed_four z)
{
    vst1q_f32(to, vcvtq_f32_s32(vmaxq_s32(z, vdupq_n_s32(0))));
}
#endif

DENSE_INLINE void fixed_add_eights(int16_t *to, const struct fixed_rows *rows, uint32_t at,
                                   uint32_t vectors)
{
    fixed_eight sum[BLOCK];
    for (uint32_t v = 0; v < vectors; v++)
        sum[v] = fixed_load(to + at + 8 * (size_t)v);
    for (uint32_t i = 0; i < rows->count; i++)
        for (uint32_t v = 0; v < vectors; v++)
            sum[v] = fixed_add_share(sum[v], fixed_load(rows->row[i] + at + 8 * (size_t)v),
                                     rows->share[i]);
    for (uint32_t v = 0; v < vectors; v++)
        fixed_store(to + at + 8 * (size_t)v, sum[v]);
}

static inline void fixed_add_narrow(int16_t *to, const struct fixed_rows *rows, uint32_t n)
{
    uint32_t at = 0;
    for (; at + 6 * 8 <= n; at += 6 * 8)
        fixed_add_eights(to, rows, at, 6);
    for (; at < n; at += 8)
        fixed_add_eights(to, rows, at, 1);
}

/* Of `rows` neighbouring j. */
DENSE_INLINE void fixed_say_eights(const int16_t *h, uint32_t rows, uint32_t c, uint32_t d,
                                   const int16_t *weight, const int32_t *bias, const float *out,
                                   float *logit)
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
                    z[r][v] = fixed_add_pair(z[r][v], h + (size_t)r * c + q,
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

static inline void fixed_say_narrow(const int16_t *h, uint32_t count, uint32_t c, uint32_t d,
                                    const int16_t *weight, const int32_t *bias, const float *out,
                                    float *logit)
{
    uint32_t j = 0;
    for (; j + ROWS <= count; j += ROWS)
        fixed_say_eights(h + (size_t)j * c, ROWS, c, d, weight, bias, out, logit + j);
    for (; j < count; j++)
        fixed_say_eights(h + (size_t)j * c, 1, c, d, weight, bias, out, logit + j);
}
#else
static inline void fixed_add_narrow(int16_t *to, const struct fixed_rows *rows, uint32_t n)
{
    fixed_add_plain(to, rows, n);
}

static inline void fixed_say_narrow(const int16_t *h, uint32_t count, uint32_t c, uint32_t d,
                                    const int16_t *weight, const int32_t *bias, const float *out,
                                    float *logit)
{
    fixed_say_plain(h, count, c, d, weight, bias, out, logit);
}
#endif

#ifdef __x86_64__
#define FIXED_AVX2 __attribute__((target("avx2"))) static inline

/* `vectors` neighbouring vectors stay in registers while the rows are added. */
__attribute__((target("avx2"), always_inline)) static inline void
fixed_add_block(int16_t *to, const struct fixed_rows *rows, uint32_t at, uint32_t vectors)
{
    __m256i sum[BLOCK];
    for (uint32_t v = 0; v < vectors; v++)
        sum[v] = _mm256_loadu_si256((const void *)(to + at + 16 * (size_t)v));
    for (uint32_t i = 0; i < rows->count; i++) {
        __m256i share = _mm256_set1_epi16(rows->share[i]);
        for (uint32_t v = 0; v < vectors; v++) {
            __m256i row = _mm256_loadu_si256((const void *)(rows->row[i] + at + 16 * (size_t)v));
            sum[v] = _mm256_adds_epi16(sum[v], _mm256_mulhrs_epi16(row, share));
        }
    }
    for (uint32_t v = 0; v < vectors; v++)
        _mm256_storeu_si256((void *)(to + at + 16 * (size_t)v), sum[v]);
}

FIXED_AVX2 void fixed_add_avx2(int16_t *to, const struct fixed_rows *rows, uint32_t n)
{
    uint32_t at = 0;
    for (; at + BLOCK * 16 <= n; at += BLOCK * 16)
        fixed_add_block(to, rows, at, BLOCK);
    for (; at + 4 * 16 <= n; at += 4 * 16)
        fixed_add_block(to, rows, at, 4);
    for (; at < n; at += 16)
        fixed_add_block(to, rows, at, 1);
}

/* Of `rows` neighbouring j and 16 neighbouring d: adds to sum[rows]. */
__attribute__((target("avx2"), always_inline)) static inline void
fixed_say_block(const int16_t *h, uint32_t rows, uint32_t c, uint32_t d, const int16_t *weight,
                const int32_t *bias, const float *out, __m256 sum[ROWS])
{
    __m256i z[ROWS][2];
    for (uint32_t r = 0; r < rows; r++)
        for (uint32_t v = 0; v < 2; v++)
            z[r][v] = _mm256_loadu_si256((const void *)(bias + 8 * (size_t)v));
    for (uint32_t q = 0; q < c; q += 2, weight += 2 * (size_t)d) {
        __m256i low = _mm256_loadu_si256((const void *)weight);
        __m256i high = _mm256_loadu_si256((const void *)(weight + 16));
        for (uint32_t r = 0; r < rows; r++) {
            int32_t pair;
            memcpy(&pair, h + (size_t)r * c + q, sizeof pair);
            __m256i both = _mm256_set1_epi32(pair);
            z[r][0] = _mm256_add_epi32(z[r][0], _mm256_madd_epi16(both, low));
            z[r][1] = _mm256_add_epi32(z[r][1], _mm256_madd_epi16(both, high));
        }
    }
    for (uint32_t r = 0; r < rows; r++)
        for (uint32_t v = 0; v < 2; v++) {
            __m256i cut = _mm256_max_epi32(z[r][v], _mm256_setzero_si256());
            __m256 scaled =
                _mm256_mul_ps(_mm256_cvtepi32_ps(cut), _mm256_loadu_ps(out + 8 * (size_t)v));
            sum[r] = _mm256_add_ps(sum[r], scaled);
        }
}

__attribute__((target("avx2"), always_inline)) static inline void
fixed_say_rows(const int16_t *h, uint32_t rows, uint32_t c, uint32_t d, const int16_t *weight,
               const int32_t *bias, const float *out, float *logit)
{
    __m256 sum[ROWS];
    for (uint32_t r = 0; r < rows; r++)
        sum[r] = _mm256_setzero_ps();
    for (uint32_t k = 0; k < d; k += 16)
        fixed_say_block(h, rows, c, d, weight + 2 * (size_t)k, bias + k, out + k, sum);
    for (uint32_t r = 0; r < rows; r++) {
        __m128 four = _mm_add_ps(_mm256_castps256_ps128(sum[r]), _mm256_extractf128_ps(sum[r], 1));
        __m128 two = _mm_add_ps(four, _mm_movehl_ps(four, four));
        logit[r] += _mm_cvtss_f32(_mm_add_ss(two, _mm_movehdup_ps(two)));
    }
}

FIXED_AVX2 void fixed_say_avx2(const int16_t *h, uint32_t count, uint32_t c, uint32_t d,
                               const int16_t *weight, const int32_t *bias, const float *out,
                               float *logit)
{
    uint32_t j = 0;
    for (; j + ROWS <= count; j += ROWS)
        fixed_say_rows(h + (size_t)j * c, ROWS, c, d, weight, bias, out, logit + j);
    for (; j < count; j++)
        fixed_say_rows(h + (size_t)j * c, 1, c, d, weight, bias, out, logit + j);
}
#endif

#endif
