/* Gathering a minibatch by observation and action, then the formulas. */
#include "rl/ppo_loss.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* The samples that took one action at one observation. */
struct action_sums {
    float plus, minus; /* sums of the advantages above and below 0 */
    uint32_t count;
};

/* The samples at one observation. */
struct value_sums {
    uint32_t count;
    float residual; /* sum of target - old value */
    float pull;     /* clip_range_vf: sum of the derivatives of the halved squares */
};

int ppo_loss_open(struct ppo_loss_work *work, const struct environment *environment,
                  const struct policy *policy, struct error *error)
{
    size_t logits = environment->max_logits, most = environment->max_observations;
    *work = (struct ppo_loss_work){
        .action = calloc(logits, sizeof *work->action),
        .value = calloc(most, sizeof *work->value),
        .id = malloc(most * sizeof *work->id),
        .logit = malloc(logits * sizeof *work->logit),
        .log_probability = malloc(logits * sizeof *work->log_probability),
        .probability = malloc(logits * sizeof *work->probability),
        .logit_gradient = malloc(logits * sizeof *work->logit_gradient),
        .anchored = malloc(logits * sizeof *work->anchored),
        .predicted = malloc(most * sizeof *work->predicted),
        .value_gradient = malloc(most * sizeof *work->value_gradient),
        .scratch = malloc(policy_scratch(policy, (uint32_t)most) * sizeof *work->scratch),
    };
    if (!work->action || !work->value || !work->id || !work->logit || !work->log_probability ||
        !work->probability || !work->logit_gradient || !work->anchored || !work->predicted ||
        !work->value_gradient || !work->scratch) {
        ppo_loss_close(work);
        return error_set(error, "learning: out of memory for %zu actions", logits);
    }
    return 0;
}

void ppo_loss_close(struct ppo_loss_work *work)
{
    free(work->action);
    free(work->value);
    free(work->id);
    free(work->logit);
    free(work->log_probability);
    free(work->probability);
    free(work->logit_gradient);
    free(work->anchored);
    free(work->predicted);
    free(work->value_gradient);
    free(work->scratch);
    *work = (struct ppo_loss_work){0};
}

static void add_observation(struct ppo_loss_work *work, const struct observations *observations,
                            uint32_t o)
{
    uint32_t first = observations->first_logit[o];
    work->id[work->ids++] = o;
    memset(work->action + first, 0,
           (observations->first_logit[o + 1] - first) * sizeof *work->action);
}

/* Sums the samples by observation and action. Returns the sum of the squared residuals. */
static double gather(struct ppo_loss_work *work, const struct observations *observations,
                     const struct rollout *rollout, const uint32_t *index, uint32_t n)
{
    double squares = 0;
    for (uint32_t k = 0; k < work->ids; k++)
        work->value[work->id[k]] = (struct value_sums){0};
    work->ids = 0;
    for (uint32_t i = 0; i < n; i++) {
        const struct sample *sample = &rollout->sample[index[i]];
        struct value_sums *value = &work->value[sample->observation];
        struct action_sums *action = &work->action[sample->logit];
        float residual = sample->target - rollout->value[sample->observation];
        if (value->count++ == 0)
            add_observation(work, observations, sample->observation);
        value->residual += residual;
        squares += (double)residual * (double)residual;
        action->plus += sample->advantage > 0 ? sample->advantage : 0;
        action->minus += sample->advantage > 0 ? 0 : sample->advantage;
        action->count++;
    }
    return squares;
}

/* The policy's part at one observation: losses, and gradients by its logits.
 * With g_a the derivative by log pi(a), that by logit j is g_j - pi_j sum_a g_a;
 * that of the entropy is - pi_j (log pi_j + H). */
static void policy_part(struct ppo_loss_work *work, const struct rollout *rollout, uint32_t first,
                        uint32_t end, float visits, float scale,
                        const struct ppo_loss_settings *settings, struct ppo_losses *sum)
{
    const float high = 1 + settings->clip_range, low = 1 - settings->clip_range;
    float entropy = 0, all = 0;
    for (uint32_t a = first; a < end; a++) {
        const struct action_sums *action = &work->action[a];
        float lp = work->log_probability[a], g = 0;
        entropy -= work->probability[a] > 0 ? work->probability[a] * lp : 0;
        if (action->count) {
            float change = lp - rollout->log_probability[a];
            float r = expf(change);
            g = -scale * r * ((r < high ? action->plus : 0) + (r > low ? action->minus : 0));
            sum->policy -= (double)action->plus * (double)(r < high ? r : high) +
                           (double)action->minus * (double)(r > low ? r : low);
            sum->approx_kl += action->count * (((double)r - 1) - (double)change);
            sum->clip_fraction += r < low || r > high ? action->count : 0;
        }
        work->logit_gradient[a] = g;
        all += g;
    }
    sum->entropy += (double)visits * (double)entropy;
    float bonus = scale * settings->ent_coef * visits;
    for (uint32_t a = first; a < end; a++) {
        float p = work->probability[a];
        float steep = p > 0 ? p * (work->log_probability[a] + entropy) : 0;
        work->logit_gradient[a] += bonus * steep - p * all;
    }
}

/* KL(pi || anchor) at one observation; its derivative by logit j is
 * pi_j (log pi_j - log anchor_j - KL). */
static double anchor_part(struct ppo_loss_work *work, uint32_t first, uint32_t end, float visits,
                          float scale, float weight)
{
    float kl = 0, pull = scale * weight * visits;
    for (uint32_t a = first; a < end; a++)
        if (work->probability[a] > 0)
            kl += work->probability[a] * (work->log_probability[a] - work->anchored[a]);
    for (uint32_t a = first; a < end; a++)
        if (work->probability[a] > 0)
            work->logit_gradient[a] +=
                pull * work->probability[a] * (work->log_probability[a] - work->anchored[a] - kl);
    return (double)visits * (double)kl;
}

/* The anchor's log-probabilities at the observations of this minibatch. */
static void evaluate_anchor(struct ppo_loss_work *work, const struct policy *anchor,
                            const struct observations *observations)
{
    policy_forward(anchor, observations, work->id, work->ids, work->scratch, work->anchored,
                   work->predicted);
    policy_softmax(observations, work->id, work->ids, work->anchored, work->anchored,
                   work->logit_gradient);
}

/* With a clipped value the larger error depends on each sample's target. Leaves
 * the derivatives in value_sums.pull and returns the sum of the squares. */
static double clipped_values(struct ppo_loss_work *work, const struct rollout *rollout,
                             const uint32_t *index, uint32_t n, float clip)
{
    double squares = 0;
    for (uint32_t i = 0; i < n; i++) {
        const struct sample *sample = &rollout->sample[index[i]];
        uint32_t o = sample->observation;
        float move = work->predicted[o] - rollout->value[o];
        float held = move > clip ? clip : move < -clip ? -clip : move;
        float residual = sample->target - rollout->value[o];
        float error = move - residual, held_error = held - residual;
        bool free_counts = error * error >= held_error * held_error;
        squares +=
            free_counts ? (double)error * (double)error : (double)held_error * (double)held_error;
        if (free_counts)
            work->value[o].pull += error;
    }
    return squares;
}

static double value_part(struct ppo_loss_work *work, const struct rollout *rollout,
                         const uint32_t *index, uint32_t n, double squares,
                         const struct ppo_loss_settings *settings)
{
    const float scale = settings->vf_coef / (float)n;
    if (settings->clip_range_vf > 0)
        squares = clipped_values(work, rollout, index, n, settings->clip_range_vf);
    for (uint32_t k = 0; k < work->ids; k++) {
        uint32_t o = work->id[k];
        const struct value_sums *value = &work->value[o];
        float move = work->predicted[o] - rollout->value[o], count = (float)value->count;
        if (settings->clip_range_vf > 0) {
            work->value_gradient[o] = scale * value->pull;
            continue;
        }
        work->value_gradient[o] = scale * (count * move - value->residual);
        squares += (double)move * ((double)count * (double)move - 2 * (double)value->residual);
    }
    return squares / 2;
}

struct ppo_losses ppo_loss_forward(struct ppo_loss_work *work, const struct policy *policy,
                                   const struct observations *observations,
                                   const struct rollout *rollout, const uint32_t *index, uint32_t n,
                                   const struct ppo_loss_settings *settings)
{
    struct ppo_losses sum = {0};
    double squares = gather(work, observations, rollout, index, n);
    double anchor = 0;
    if (settings->anchor)
        evaluate_anchor(work, settings->anchor, observations);
    policy_forward(policy, observations, work->id, work->ids, work->scratch, work->logit,
                   work->predicted);
    policy_softmax(observations, work->id, work->ids, work->logit, work->log_probability,
                   work->probability);
    for (uint32_t k = 0; k < work->ids; k++) {
        uint32_t o = work->id[k], first = observations->first_logit[o],
                 end = observations->first_logit[o + 1];
        policy_part(work, rollout, first, end, (float)work->value[o].count, 1 / (float)n, settings,
                    &sum);
        if (settings->anchor)
            anchor += anchor_part(work, first, end, (float)work->value[o].count, 1 / (float)n,
                                  settings->anchor_weight);
    }
    sum.value = value_part(work, rollout, index, n, squares, settings) / n;
    sum.policy /= n;
    sum.entropy /= n;
    sum.approx_kl /= n;
    sum.clip_fraction /= n;
    sum.total = sum.policy + (double)settings->vf_coef * sum.value -
                (double)settings->ent_coef * sum.entropy +
                (double)settings->anchor_weight * anchor / n;
    return sum;
}

void ppo_loss_backward(struct ppo_loss_work *work, const struct policy *policy,
                       const struct observations *observations, float *gradient)
{
    policy_backward(policy, observations, work->id, work->ids, work->scratch, work->logit_gradient,
                    work->value_gradient, gradient);
}
