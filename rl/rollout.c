/* Collecting steps, and looking back on them. */
#include "rl/rollout.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

int rollout_open(struct rollout *rollout, const struct environment *environment,
                 const struct policy *policy, uint32_t n_steps, struct error *error)
{
    size_t n_envs = environment->n_envs, all = n_steps * n_envs;
    size_t logits = environment->max_logits, most = environment->max_observations;
    *rollout = (struct rollout){
        .n_steps = n_steps,
        .n_envs = environment->n_envs,
        .current = malloc(n_envs * sizeof *rollout->current),
        .observation = malloc(all * sizeof *rollout->observation),
        .logit = malloc(all * sizeof *rollout->logit),
        .arrived = malloc(all * sizeof *rollout->arrived),
        .reward = malloc(all * sizeof *rollout->reward),
        .episode = malloc(all),
        .sample = malloc(all * sizeof *rollout->sample),
        .log_probability = malloc(logits * sizeof *rollout->log_probability),
        .probability = malloc(logits * sizeof *rollout->probability),
        .value = malloc(most * sizeof *rollout->value),
        .scratch = malloc(policy_scratch(policy, (uint32_t)most) * sizeof *rollout->scratch),
        .id = malloc(most * sizeof *rollout->id),
        .action = malloc(n_envs * sizeof *rollout->action),
    };
    if (!rollout->current || !rollout->observation || !rollout->logit || !rollout->arrived ||
        !rollout->reward || !rollout->episode || !rollout->sample || !rollout->log_probability ||
        !rollout->probability || !rollout->value || !rollout->scratch || !rollout->id ||
        !rollout->action) {
        rollout_close(rollout);
        return error_set(error, "rollout: out of memory for %zu steps", all);
    }
    for (size_t i = 0; i < most; i++)
        rollout->id[i] = (uint32_t)i;
    return 0;
}

void rollout_close(struct rollout *rollout)
{
    free(rollout->current);
    free(rollout->observation);
    free(rollout->logit);
    free(rollout->arrived);
    free(rollout->reward);
    free(rollout->episode);
    free(rollout->sample);
    free(rollout->log_probability);
    free(rollout->probability);
    free(rollout->value);
    free(rollout->scratch);
    free(rollout->id);
    free(rollout->action);
    *rollout = (struct rollout){0};
}

/* Shows the policy the observations that have been added since `known`. */
static uint32_t evaluate(struct rollout *rollout, const struct observations *observations,
                         const struct policy *policy, uint32_t known)
{
    const uint32_t *fresh = rollout->id + known;
    uint32_t n = observations->count - known;
    if (n) {
        policy_forward(policy, observations, fresh, n, rollout->scratch, rollout->log_probability,
                       rollout->value);
        policy_softmax(observations, fresh, n, rollout->log_probability, rollout->log_probability,
                       rollout->probability);
    }
    return observations->count;
}

static void draw_actions(struct rollout *rollout, const struct observations *observations,
                         const uint32_t *observation, uint32_t *logit, struct rng *rng)
{
    for (uint32_t i = 0; i < rollout->n_envs; i++) {
        uint32_t o = observation[i];
        uint32_t first = observations->first_logit[o], last = observations->first_logit[o + 1] - 1,
                 a = first;
        if (first < last) {
            float left = rng_float(rng);
            while (a < last && left >= rollout->probability[a])
                left -= rollout->probability[a++];
        }
        logit[i] = a;
        rollout->action[i] = observations->first_action[o] + (a - first);
    }
}

void rollout_collect(struct rollout *rollout, struct environment *environment,
                     const struct policy *policy, struct rng *rng)
{
    uint32_t n_envs = rollout->n_envs, known = 0;
    environment->ops->begin(environment, rollout->current);
    known = evaluate(rollout, &environment->observations, policy, known);
    for (uint32_t t = 0; t < rollout->n_steps; t++) {
        size_t row = (size_t)t * n_envs;
        memcpy(rollout->observation + row, rollout->current, n_envs * sizeof *rollout->current);
        draw_actions(rollout, &environment->observations, rollout->current, rollout->logit + row,
                     rng);
        struct transition to = {rollout->reward + row, rollout->arrived + row, rollout->current,
                                rollout->episode + row};
        environment->ops->step(environment, rollout->action, &to);
        known = evaluate(rollout, &environment->observations, policy, known);
    }
}

void rollout_advantages(struct rollout *rollout, double gamma, double lambda, double scale)
{
    uint32_t n_envs = rollout->n_envs;
    const float unit = (float)scale, discount = (float)gamma, trace = (float)(gamma * lambda);
    const float *value = rollout->value;
    for (uint32_t t = rollout->n_steps; t-- > 0;) {
        for (uint32_t i = 0; i < n_envs; i++) {
            size_t at = (size_t)t * n_envs + i;
            float here = value[rollout->observation[at]];
            float delta = unit * rollout->reward[at] - here;
            if (rollout->episode[at] != EPISODE_TERMINATED)
                delta += discount * value[rollout->arrived[at]];
            if (rollout->episode[at] == EPISODE_GOES_ON && t + 1 < rollout->n_steps)
                delta += trace * rollout->sample[at + n_envs].advantage;
            rollout->sample[at] =
                (struct sample){rollout->observation[at], rollout->logit[at], delta, delta + here};
        }
    }
}

void rollout_normalise(struct rollout *rollout)
{
    size_t all = (size_t)rollout->n_steps * rollout->n_envs;
    double sum = 0, square = 0;
    for (size_t i = 0; i < all; i++) {
        sum += (double)rollout->sample[i].advantage;
        square += (double)rollout->sample[i].advantage * (double)rollout->sample[i].advantage;
    }
    double mean = sum / (double)all, variance = square / (double)all - mean * mean;
    const float shift = (float)mean;
    const float scale = (float)(1 / (sqrt(variance > 0 ? variance : 0) + 1e-8));
    for (size_t i = 0; i < all; i++)
        rollout->sample[i].advantage = (rollout->sample[i].advantage - shift) * scale;
}
