/* The bias corrections are folded into the step size and epsilon, so that one
 * pass of multiplications, one root and one division are left per parameter:
 *
 *     rate * (m / c1) / (sqrt(v / c2) + eps) = (rate / c1 * sqrt(c2)) * m / (sqrt(v) + eps *
 * sqrt(c2))
 */
#include "rl/adam.h"

#include <math.h>
#include <stdlib.h>

int adam_open(struct adam *adam, size_t parameters, struct error *error)
{
    *adam = (struct adam){.parameters = parameters, .beta1 = 0.9, .beta2 = 0.999, .epsilon = 1e-8};
    adam->mean = calloc(parameters, sizeof *adam->mean);
    adam->square = calloc(parameters, sizeof *adam->square);
    if (!adam->mean || !adam->square) {
        adam_close(adam);
        return error_set(error, "optimiser: out of memory for %zu parameters", parameters);
    }
    return 0;
}

void adam_close(struct adam *adam)
{
    free(adam->mean);
    free(adam->square);
    *adam = (struct adam){0};
}

void adam_step(struct adam *adam, float *parameter, const float *gradient, double rate)
{
    adam->steps++;
    double c1 = 1 - pow(adam->beta1, (double)adam->steps);
    double c2 = 1 - pow(adam->beta2, (double)adam->steps);
    const float beta1 = (float)adam->beta1, beta2 = (float)adam->beta2;
    const float gain1 = (float)(1 - adam->beta1), gain2 = (float)(1 - adam->beta2);
    const float step = (float)(rate / c1 * sqrt(c2)), epsilon = (float)(adam->epsilon * sqrt(c2));
    const float keep = (float)(1 - rate * adam->decay);
    float *restrict m = adam->mean, *restrict v = adam->square, *restrict p = parameter;
    for (size_t i = 0; i < adam->parameters; i++) {
        float g = gradient[i];
        m[i] = beta1 * m[i] + gain1 * g;
        v[i] = beta2 * v[i] + gain2 * g * g;
        p[i] = keep * p[i] - step * m[i] / (sqrtf(v[i]) + epsilon);
    }
}

double gradient_clip(float *gradient, size_t parameters, double most)
{
    /* Partial sums in double: exact enough for millions of terms, and independent adds. */
    double part[8] = {0}, sum = 0;
    size_t i = 0;
    for (; i + 8 <= parameters; i += 8)
        for (int j = 0; j < 8; j++)
            part[j] += (double)gradient[i + (size_t)j] * (double)gradient[i + (size_t)j];
    for (; i < parameters; i++)
        part[i % 8] += (double)gradient[i] * (double)gradient[i];
    for (int j = 0; j < 8; j++)
        sum += part[j];
    double length = sqrt(sum);
    if (most > 0 && length > most) {
        float scale = (float)(most / length);
        for (i = 0; i < parameters; i++)
            gradient[i] *= scale;
    }
    return length;
}
