#include "plain.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum { MOST = 1024 }; /* actions of one observation */

/* Where a layer's weights and biases begin; layer L is the logits, L + 1 the value. */
static void places(const struct policy_shape *shape, size_t *weight, size_t *bias)
{
    size_t at = 0, before = shape->inputs;
    uint32_t top = shape->layers;
    for (uint32_t l = 0; l < top; l++) {
        weight[l] = at;
        bias[l] = at + before * shape->width[l];
        at = bias[l] + shape->width[l];
        before = shape->width[l];
    }
    weight[top] = at;
    bias[top] = at + before * shape->actions;
    weight[top + 1] = bias[top] + shape->actions;
    bias[top + 1] = weight[top + 1] + before;
}

struct pass {
    double after[POLICY_MAX_LAYERS][POLICY_MAX_WIDTH];
    double logit[MOST], value;
};

static double strength_of(const float *strength, uint32_t feature)
{
    return strength ? (double)strength[feature] : 1;
}

static void linear_pass(const struct policy_shape *shape, const double *p,
                        const struct observations *seen, uint32_t o, struct pass *pass)
{
    uint32_t first = seen->first_logit[o];
    for (uint32_t l = first; l < seen->first_logit[o + 1]; l++) {
        pass->logit[l - first] = 0;
        for (uint32_t f = seen->first_of_logit[l]; f < seen->first_of_logit[l + 1]; f++)
            pass->logit[l - first] +=
                p[seen->action_feature[f]] * strength_of(seen->action_strength, f);
    }
    pass->value = 0;
    for (uint32_t f = seen->first_feature[o]; f < seen->first_feature[o + 1]; f++)
        pass->value += p[shape->actions + seen->feature[f]] * strength_of(seen->strength, f);
}

static void linear_backward(const struct policy_shape *shape, const struct observations *seen,
                            uint32_t o, const double *logit_slope, double value_slope,
                            double *gradient)
{
    uint32_t first = seen->first_logit[o];
    for (uint32_t l = first; l < seen->first_logit[o + 1]; l++)
        for (uint32_t f = seen->first_of_logit[l]; f < seen->first_of_logit[l + 1]; f++)
            gradient[seen->action_feature[f]] +=
                logit_slope[l - first] * strength_of(seen->action_strength, f);
    for (uint32_t f = seen->first_feature[o]; f < seen->first_feature[o + 1]; f++)
        gradient[shape->actions + seen->feature[f]] += value_slope * strength_of(seen->strength, f);
}

static void table_pass(const struct policy_shape *shape, const double *p,
                       const struct observations *seen, uint32_t o, struct pass *pass)
{
    uint32_t actions = seen->first_logit[o + 1] - seen->first_logit[o];
    for (uint32_t a = 0; a < actions; a++)
        pass->logit[a] = p[seen->first_action[o] + a];
    pass->value = p[shape->actions + seen->feature[seen->first_feature[o]]];
}

static void forward(const struct policy_shape *shape, const double *p,
                    const struct observations *seen, uint32_t o, struct pass *pass)
{
    size_t weight[POLICY_MAX_LAYERS + 2] = {0}, bias[POLICY_MAX_LAYERS + 2] = {0};
    if (shape->kind == POLICY_LINEAR) {
        linear_pass(shape, p, seen, o, pass);
        return;
    }
    if (shape->kind == POLICY_TABLE) {
        table_pass(shape, p, seen, o, pass);
        return;
    }
    places(shape, weight, bias);
    for (uint32_t l = 0; l < shape->layers; l++) {
        uint32_t width = shape->width[l];
        for (uint32_t j = 0; j < width; j++) {
            double sum = p[bias[l] + j];
            if (l == 0)
                for (uint32_t f = seen->first_feature[o]; f < seen->first_feature[o + 1]; f++)
                    sum += (seen->strength ? (double)seen->strength[f] : 1.0) *
                           p[weight[0] + (size_t)seen->feature[f] * width + j];
            else
                for (uint32_t i = 0; i < shape->width[l - 1]; i++)
                    sum += pass->after[l - 1][i] * p[weight[l] + (size_t)i * width + j];
            pass->after[l][j] = sum > 0 ? sum : 0;
        }
    }
    uint32_t top = shape->layers, width = shape->width[top - 1];
    const double *last = pass->after[top - 1];
    for (uint32_t a = 0; a < seen->first_logit[o + 1] - seen->first_logit[o]; a++) {
        size_t action = seen->first_action[o] + a;
        pass->logit[a] = p[bias[top] + action];
        for (uint32_t j = 0; j < width; j++)
            pass->logit[a] += last[j] * p[weight[top] + action * width + j];
    }
    pass->value = p[bias[top + 1]];
    for (uint32_t j = 0; j < width; j++)
        pass->value += last[j] * p[weight[top + 1] + j];
}

static void backward(const struct policy_shape *shape, const double *p,
                     const struct observations *seen, uint32_t o, const struct pass *pass,
                     const double *logit_slope, double value_slope, double *gradient)
{
    size_t weight[POLICY_MAX_LAYERS + 2] = {0}, bias[POLICY_MAX_LAYERS + 2] = {0};
    double flow[POLICY_MAX_WIDTH] = {0}, below[POLICY_MAX_WIDTH];
    uint32_t actions = seen->first_logit[o + 1] - seen->first_logit[o], top = shape->layers;
    if (shape->kind == POLICY_LINEAR) {
        linear_backward(shape, seen, o, logit_slope, value_slope, gradient);
        return;
    }
    if (shape->kind == POLICY_TABLE) {
        for (uint32_t a = 0; a < actions; a++)
            gradient[seen->first_action[o] + a] += logit_slope[a];
        gradient[shape->actions + seen->feature[seen->first_feature[o]]] += value_slope;
        return;
    }
    places(shape, weight, bias);
    uint32_t width = shape->width[top - 1];
    for (uint32_t a = 0; a <= actions; a++) {
        bool value = a == actions;
        size_t action = value ? 0 : seen->first_action[o] + a;
        size_t row = value ? weight[top + 1] : weight[top] + action * width;
        double slope = value ? value_slope : logit_slope[a];
        gradient[(value ? bias[top + 1] : bias[top] + action)] += slope;
        for (uint32_t j = 0; j < width; j++) {
            gradient[row + j] += slope * pass->after[top - 1][j];
            flow[j] += slope * p[row + j];
        }
    }
    for (uint32_t l = top; l-- > 0;) {
        width = shape->width[l];
        memset(below, 0, sizeof below);
        for (uint32_t j = 0; j < width; j++) {
            double slope = pass->after[l][j] > 0 ? flow[j] : 0;
            gradient[bias[l] + j] += slope;
            for (uint32_t i = 0; l > 0 && i < shape->width[l - 1]; i++) {
                gradient[weight[l] + (size_t)i * width + j] += slope * pass->after[l - 1][i];
                below[i] += slope * p[weight[l] + (size_t)i * width + j];
            }
            for (uint32_t f = seen->first_feature[o]; l == 0 && f < seen->first_feature[o + 1]; f++)
                gradient[weight[0] + (size_t)seen->feature[f] * width + j] +=
                    slope * (seen->strength ? (double)seen->strength[f] : 1.0);
        }
        memcpy(flow, below, sizeof flow);
    }
}

/* Adds KL(probability || anchor) at an observation to the loss and to its slopes. */
static double plain_anchor(const struct policy *anchor, const struct observations *seen, uint32_t o,
                           const double *probability, double weight, double *slope)
{
    uint32_t actions = seen->first_logit[o + 1] - seen->first_logit[o];
    double *parameter = calloc(anchor->parameters, sizeof *parameter);
    struct pass *pass = calloc(1, sizeof *pass);
    double top = -INFINITY, sum = 0, kl = 0, log_ratio[MOST] = {0};
    for (size_t i = 0; i < anchor->parameters; i++)
        parameter[i] = anchor->parameter[i];
    forward(&anchor->shape, parameter, seen, o, pass);
    for (uint32_t a = 0; a < actions; a++)
        top = fmax(top, pass->logit[a]);
    for (uint32_t a = 0; a < actions; a++)
        sum += exp(pass->logit[a] - top);
    for (uint32_t a = 0; a < actions; a++) {
        log_ratio[a] = log(probability[a]) - (pass->logit[a] - top - log(sum));
        kl += probability[a] * log_ratio[a];
    }
    for (uint32_t a = 0; a < actions; a++)
        slope[a] += weight * probability[a] * (log_ratio[a] - kl);
    free(parameter);
    free(pass);
    return weight * kl;
}

struct ppo_losses plain_loss(const struct policy_shape *shape, const double *parameter,
                             const struct observations *seen, const struct rollout *rollout,
                             const uint32_t *index, uint32_t n,
                             const struct ppo_loss_settings *settings, double *gradient)
{
    struct ppo_losses mean = {0};
    struct pass *pass = calloc(1, sizeof *pass);
    double probability[MOST] = {0}, slope[MOST] = {0}, anchored = 0;
    for (uint32_t i = 0; pass && i < n; i++) {
        const struct sample *sample = &rollout->sample[index[i]];
        uint32_t o = sample->observation, first = seen->first_logit[o];
        uint32_t actions = seen->first_logit[o + 1] - first, taken = sample->logit - first;
        forward(shape, parameter, seen, o, pass);
        double top = -INFINITY, sum = 0, entropy = 0;
        for (uint32_t a = 0; a < actions; a++)
            top = fmax(top, pass->logit[a]);
        for (uint32_t a = 0; a < actions; a++)
            sum += probability[a] = exp(pass->logit[a] - top);
        for (uint32_t a = 0; a < actions; a++) {
            probability[a] /= sum;
            entropy -= probability[a] * log(probability[a]);
        }
        double change = log(probability[taken]) - (double)rollout->log_probability[sample->logit];
        double r = exp(change), advantage = sample->advantage, clip = settings->clip_range;
        double kept = fmin(fmax(r, 1 - clip), 1 + clip);
        bool moves = r * advantage <= kept * advantage;
        double old = rollout->value[o], error = pass->value - (double)sample->target,
               value_slope = error;
        double square = error * error;
        if (settings->clip_range_vf > 0) {
            double held = fmin(fmax(pass->value - old, -(double)settings->clip_range_vf),
                               (double)settings->clip_range_vf);
            double held_error = old + held - (double)sample->target;
            if (held != pass->value - old && held_error * held_error > square) {
                square = held_error * held_error;
                value_slope = 0;
            }
        }
        mean.policy -= fmin(r * advantage, kept * advantage) / n;
        mean.value += square / 2 / n;
        mean.entropy += entropy / n;
        mean.approx_kl += (r - 1 - change) / n;
        mean.clip_fraction += (fabs(r - 1) > clip ? 1.0 : 0.0) / n;
        for (uint32_t a = 0; a < actions; a++) {
            double by_log = moves ? -r * advantage / n : 0;
            slope[a] = by_log * ((a == taken ? 1 : 0) - probability[a]);
            slope[a] +=
                (double)settings->ent_coef / n * probability[a] * (log(probability[a]) + entropy);
        }
        if (settings->anchor)
            anchored += plain_anchor(settings->anchor, seen, o, probability,
                                     (double)settings->anchor_weight / n, slope);
        if (gradient)
            backward(shape, parameter, seen, o, pass, slope,
                     (double)settings->vf_coef * value_slope / n, gradient);
    }
    mean.total = mean.policy + (double)settings->vf_coef * mean.value -
                 (double)settings->ent_coef * mean.entropy + anchored;
    free(pass);
    return mean;
}
