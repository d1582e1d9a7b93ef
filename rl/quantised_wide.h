/* The sums of rl/quantised_sum.h in vectors of 32 bytes (AVX2) and of 64 (AVX-512), for processors
 * that have them: the same numbers. */
#ifndef RL_QUANTISED_WIDE_H
#define RL_QUANTISED_WIDE_H

#include "rl/quantised_sum.h"

#ifdef __x86_64__
#define FIXED_AVX2 __attribute__((target("avx2"))) static inline

typedef __m256i fixed_sixteen;

FIXED_AVX2 fixed_sixteen fixed_sixteen_load(const int16_t *from)
{
    return _mm256_loadu_si256((const void *)from);
}

FIXED_AVX2 void fixed_sixteen_store(int16_t *to, fixed_sixteen value)
{
    _mm256_storeu_si256((void *)to, value);
}

FIXED_AVX2 fixed_sixteen fixed_sixteen_spread(int16_t number)
{
    return _mm256_set1_epi16(number);
}

FIXED_AVX2 fixed_sixteen fixed_sixteen_add(fixed_sixteen a, fixed_sixteen b)
{
    return _mm256_add_epi16(a, b);
}

FIXED_AVX2 fixed_sixteen fixed_sixteen_add_ended(fixed_sixteen a, fixed_sixteen b)
{
    return _mm256_adds_epi16(a, b);
}

FIXED_AVX2 fixed_sixteen fixed_sixteen_multiply(fixed_sixteen row, fixed_sixteen share)
{
    return _mm256_mulhrs_epi16(row, share);
}

FIXED_ADD_BLOCK(quantised_add_sixteens,
                __attribute__((target("avx2"), always_inline)) static inline, fixed_sixteen, 16,
                BLOCK)

FIXED_AVX2 void quantised_add_avx2(int16_t *to, const struct quantised_rows *rows, uint32_t n)
{
    uint32_t at = 0;
    for (; at + BLOCK * 16 <= n; at += BLOCK * 16)
        quantised_add_sixteens(to, rows, at, BLOCK);
    for (; at + 4 * 16 <= n; at += 4 * 16)
        quantised_add_sixteens(to, rows, at, 4);
    for (; at < n; at += 16)
        quantised_add_sixteens(to, rows, at, 1);
}

/* Eight numbers, added in pairs that stand 4, 2 and 1 apart. */
FIXED_AVX2 float fixed_together(__m256 sum)
{
    __m128 four = _mm_add_ps(_mm256_castps256_ps128(sum), _mm256_extractf128_ps(sum, 1));
    __m128 two = _mm_add_ps(four, _mm_movehl_ps(four, four));
    return _mm_cvtss_f32(_mm_add_ss(two, _mm_movehdup_ps(two)));
}

/* Of `rows` neighbouring j and 16 neighbouring d: adds to sum[rows]. */
__attribute__((target("avx2"), always_inline)) static inline void
quantised_output_block(const int16_t *h, uint32_t rows, uint32_t c, uint32_t d,
                       const int16_t *weight, const int32_t *bias, const float *out,
                       __m256 sum[ROWS])
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
quantised_output_rows(const int16_t *h, uint32_t rows, uint32_t c, uint32_t d,
                      const int16_t *weight, const int32_t *bias, const float *out, float *logit)
{
    __m256 sum[ROWS];
    for (uint32_t r = 0; r < rows; r++)
        sum[r] = _mm256_setzero_ps();
    for (uint32_t k = 0; k < d; k += 16)
        quantised_output_block(h, rows, c, d, weight + 2 * (size_t)k, bias + k, out + k, sum);
    for (uint32_t r = 0; r < rows; r++)
        logit[r] += fixed_together(sum[r]);
}

FIXED_AVX2 void quantised_output_avx2(const int16_t *h, uint32_t count, uint32_t c, uint32_t d,
                                      const int16_t *weight, const int32_t *bias, const float *out,
                                      float *logit)
{
    uint32_t j = 0;
    for (; j + ROWS <= count; j += ROWS)
        quantised_output_rows(h + (size_t)j * c, ROWS, c, d, weight, bias, out, logit + j);
    for (; j < count; j++)
        quantised_output_rows(h + (size_t)j * c, 1, c, d, weight, bias, out, logit + j);
}

#define FIXED_AVX512 __attribute__((target("avx2,avx512bw,avx512vnni"))) static inline
#define FIXED_AVX512_INLINE                                                                        \
    __attribute__((target("avx2,avx512bw,avx512vnni"), always_inline)) static inline

/* Whether the processor has vectors of 64 bytes and is not slowed down by them, as the first were
 * that had some. */
static inline bool quantised_avx512(void)
{
    return __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vnni") &&
           __builtin_cpu_supports("avx512vbmi2");
}

typedef __m512i fixed_many;

FIXED_AVX512 fixed_many fixed_many_load(const int16_t *from)
{
    return _mm512_loadu_si512((const void *)from);
}

FIXED_AVX512 void fixed_many_store(int16_t *to, fixed_many value)
{
    _mm512_storeu_si512((void *)to, value);
}

FIXED_AVX512 fixed_many fixed_many_spread(int16_t number)
{
    return _mm512_set1_epi16(number);
}

FIXED_AVX512 fixed_many fixed_many_add(fixed_many a, fixed_many b)
{
    return _mm512_add_epi16(a, b);
}

FIXED_AVX512 fixed_many fixed_many_add_ended(fixed_many a, fixed_many b)
{
    return _mm512_adds_epi16(a, b);
}

FIXED_AVX512 fixed_many fixed_many_multiply(fixed_many row, fixed_many share)
{
    return _mm512_mulhrs_epi16(row, share);
}

enum { FIXED_MANY = 25, FIXED_MANY_ROWS = 5 };

FIXED_ADD_BLOCK(quantised_add_many, FIXED_AVX512_INLINE, fixed_many, 32, FIXED_MANY)

FIXED_AVX512 void quantised_add_avx512(int16_t *to, const struct quantised_rows *rows, uint32_t n)
{
    uint32_t at = 0;
    for (; at + FIXED_MANY * 32 <= n; at += FIXED_MANY * 32)
        quantised_add_many(to, rows, at, FIXED_MANY);
    for (; at + 4 * 32 <= n; at += 4 * 32)
        quantised_add_many(to, rows, at, 4);
    for (; at + 32 <= n; at += 32)
        quantised_add_many(to, rows, at, 1);
    if (at < n)
        quantised_add_sixteens(to, rows, at, 1);
}

/* Of `rows` neighbouring j and 16 * vectors neighbouring d: adds to sum[rows]. */
FIXED_AVX512_INLINE void quantised_output_many(const int16_t *h, uint32_t rows, uint32_t c,
                                               uint32_t d, uint32_t vectors, const int16_t *weight,
                                               const int32_t *bias, const float *out,
                                               __m256 sum[FIXED_MANY_ROWS])
{
    __m512i z[FIXED_MANY_ROWS][2];
    for (uint32_t r = 0; r < rows; r++)
        for (uint32_t v = 0; v < vectors; v++)
            z[r][v] = _mm512_loadu_si512((const void *)(bias + 16 * (size_t)v));
    for (uint32_t q = 0; q < c; q += 2, weight += 2 * (size_t)d) {
        __m512i pairs[2];
        for (uint32_t v = 0; v < vectors; v++)
            pairs[v] = _mm512_loadu_si512((const void *)(weight + 32 * (size_t)v));
        for (uint32_t r = 0; r < rows; r++) {
            int32_t pair;
            memcpy(&pair, h + (size_t)r * c + q, sizeof pair);
            __m512i both = _mm512_set1_epi32(pair);
            for (uint32_t v = 0; v < vectors; v++)
                z[r][v] = _mm512_dpwssd_epi32(z[r][v], both, pairs[v]);
        }
    }
    for (uint32_t r = 0; r < rows; r++)
        for (uint32_t v = 0; v < vectors; v++) {
            __m512i cut = _mm512_max_epi32(z[r][v], _mm512_setzero_si512());
            __m512 scaled =
                _mm512_mul_ps(_mm512_cvtepi32_ps(cut), _mm512_loadu_ps(out + 16 * (size_t)v));
            __m512d halves = _mm512_castps_pd(scaled);
            sum[r] = _mm256_add_ps(sum[r], _mm512_castps512_ps256(scaled));
            sum[r] = _mm256_add_ps(sum[r], _mm256_castpd_ps(_mm512_extractf64x4_pd(halves, 1)));
        }
}

FIXED_AVX512_INLINE void quantised_output_many_rows(const int16_t *h, uint32_t rows, uint32_t c,
                                                    uint32_t d, const int16_t *weight,
                                                    const int32_t *bias, const float *out,
                                                    float *logit)
{
    __m256 sum[FIXED_MANY_ROWS];
    uint32_t k = 0;
    for (uint32_t r = 0; r < rows; r++)
        sum[r] = _mm256_setzero_ps();
    for (; k + 32 <= d; k += 32)
        quantised_output_many(h, rows, c, d, 2, weight + 2 * (size_t)k, bias + k, out + k, sum);
    if (k < d)
        quantised_output_many(h, rows, c, d, 1, weight + 2 * (size_t)k, bias + k, out + k, sum);
    for (uint32_t r = 0; r < rows; r++)
        logit[r] += fixed_together(sum[r]);
}

FIXED_AVX512 void quantised_output_avx512(const int16_t *h, uint32_t count, uint32_t c, uint32_t d,
                                          const int16_t *weight, const int32_t *bias,
                                          const float *out, float *logit)
{
    uint32_t j = 0;
    for (; j + FIXED_MANY_ROWS <= count; j += FIXED_MANY_ROWS)
        quantised_output_many_rows(h + (size_t)j * c, FIXED_MANY_ROWS, c, d, weight, bias, out,
                                   logit + j);
    for (; j < count; j++)
        quantised_output_many_rows(h + (size_t)j * c, 1, c, d, weight, bias, out, logit + j);
}
#endif

#endif
