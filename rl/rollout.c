/* Collecting steps, and looking back on them. */
#include "rl/rollout.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

int rollout_open(struct rollout *rollout, const struct environment *environment,
                 const struct policy *policy, uint32_t steps, struct error *error)
{
    size_t lanes = environment->lanes, all = steps * lanes;
    size_t logits = environment->most_logits, most = environment->most_observations;
    *rollout = (struct rollout){
        .steps = steps,
        .lanes = environment->lanes,
        .current = malloc(lanes * sizeof *rollout->current),
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
        .action = malloc(lanes * sizeof *rollout->action),
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
static uint32_t look(struct rollout *rollout, const struct observations *seen,
                     const struct policy *policy, uint32_t known)
{
    const uint32_t *fresh = rollout->id + known;
    uint32_t n = seen->count - known;
    if (n) {
        policy_forward(policy, seen, fresh, n, rollout->scratch, rollout->log_probability,
                       rollout->value);
        policy_softmax(seen, fresh, n, rollout->log_probability, rollout->log_probability,
                       rollout->probability);
    }
    return seen->count;
}

static void draw_actions(struct rollout *rollout, const struct observations *seen,
                         const uint32_t *observation, uint32_t *logit, struct rng *rng)
{
    for (uint32_t i = 0; i < rollout->lanes; i++) {
        uint32_t o = observation[i];
        uint32_t first = seen->first_logit[o], last = seen->first_logit[o + 1] - 1, a = first;
        if (first < last) {
            float left = rng_float(rng);
            while (a < last && left >= rollout->probability[a])
                left -= rollout->probability[a++];
        }
        logit[i] = a;
        rollout->action[i] = seen->first_action[o] + (a - first);
    }
}

void rollout_collect(struct rollout *rollout, struct environment *environment,
                     const struct policy *policy, struct rng *rng)
{
    uint32_t lanes = rollout->lanes, known = 0;
    environment->ops->begin(environment, rollout->current);
    known = look(rollout, &environment->seen, policy, known);
    for (uint32_t t = 0; t < rollout->steps; t++) {
        size_t row = (size_t)t * lanes;
        memcpy(rollout->observation + row, rollout->current, lanes * sizeof *rollout->current);
        draw_actions(rollout, &environment->seen, rollout->current, rollout->logit + row, rng);
        struct transition to = {rollout->reward + row, rollout->arrived + row, rollout->current,
                                rollout->episode + row};
        environment->ops->step(environment, rollout->action, &to);
        known = look(rollout, &environment->seen, policy, known);
    }
}

void rollout_advantages(struct rollout *rollout, double gamma, double lambda, double scale)
{
    uint32_t lanes = rollout->lanes;
    const float unit = (float)scale, discount = (float)gamma, trace = (float)(gamma * lambda);
    const float *value = rollout->value;
    for (uint32_t t = rollout->steps; t-- > 0;) {
        for (uint32_t i = 0; i < lanes; i++) {
            size_t at = (size_t)t * lanes + i;
            float here = value[rollout->observation[at]];
            float delta = unit * rollout->reward[at] - here;
            if (rollout->episode[at] != EPISODE_OVER)
                delta += discount * value[rollout->arrived[at]];
            if (rollout->episode[at] == EPISODE_GOES_ON && t + 1 < rollout->steps)
                delta += trace * rollout->sample[at + lanes].advantage;
            rollout->sample[at] =
                (struct sample){rollout->observation[at], rollout->logit[at], delta, delta + here};
        }
    }
}

void rollout_normalise(struct rollout *rollout)
{
    size_t all = (size_t)rollout->steps * rollout->lanes;
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
