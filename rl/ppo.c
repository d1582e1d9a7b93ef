/* The loop around rollouts and minibatches. */
#include "rl/ppo.h"

#include "rl/adam.h"
#include "rl/ppo_loss.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { STREAM = 0x70706f };

struct ppo {
    struct ppo_settings settings;
    struct environment *environment;
    struct policy *policy;
    const struct policy *anchor;
    struct rollout rollout;
    struct ppo_loss_work loss;
    struct adam adam;
    struct rng rng;
    float *gradient;
    uint32_t *order; /* of the samples in an epoch */
    uint64_t steps;
};

struct ppo_settings ppo_defaults(enum policy_kind kind)
{
    return (struct ppo_settings){
        .n_steps = 128,
        .n_epochs = 4,
        .minibatches = 4,
        .total_timesteps = kind == POLICY_LINEAR ? 1000000 : 2000000,
        .learning_rate = kind == POLICY_LINEAR  ? 0.1
                         : kind == POLICY_TABLE ? 0.03
                                                : 0.001,
        .gamma = 0.97,
        .gae_lambda = 0.95,
        .clip_range = 0.2,
        .clip_range_end = 0.2,
        .vf_coef = 0.5,
        .ent_coef = 0.01,
        .max_grad_norm = 0.5,
        .target_kl = 0.02,
        .normalize_advantage = true,
    };
}

static int check(const struct ppo_settings *s, uint32_t n_envs, struct error *error)
{
    double batch = (double)s->n_steps * n_envs;
    if (error_range(error, "n_steps", s->n_steps, 1, 65536) != 0 ||
        error_range(error, "n_envs * n_steps", batch, 1, 1 << 26) != 0 ||
        error_range(error, "n_epochs", s->n_epochs, 1, 100) != 0 ||
        error_range(error, "minibatches", s->minibatches, 1, batch) != 0 ||
        error_range(error, "total steps", (double)s->total_timesteps, 1, 1e15) != 0 ||
        error_range(error, "learning rate", s->learning_rate, 0, 10) != 0 ||
        error_range(error, "final learning rate", s->learning_rate_end, 0, 10) != 0 ||
        error_range(error, "gamma", s->gamma, 0, s->reward_scale > 0 ? 1 : 0.999999) != 0 ||
        error_range(error, "reward scale", s->reward_scale, 0, 1e6) != 0 ||
        error_range(error, "lambda", s->gae_lambda, 0, 1) != 0 ||
        error_range(error, "clip", s->clip_range, 1e-6, 10) != 0 ||
        error_range(error, "final clip", s->clip_range_end, 0, 10) != 0 ||
        error_range(error, "value clip", s->clip_range_vf, 0, 1e6) != 0 ||
        error_range(error, "value weight", s->vf_coef, 0, 1e6) != 0 ||
        error_range(error, "entropy", s->ent_coef, 0, 100) != 0 ||
        error_range(error, "final entropy", s->ent_coef_end, 0, 100) != 0 ||
        error_range(error, "gradient length", s->max_grad_norm, 0, 1e9) != 0 ||
        error_range(error, "anchor weight", s->anchor_weight, 0, 1e6) != 0 ||
        error_range(error, "kl", s->target_kl, 0, 100) != 0)
        return error_prefix(error, "learning");
    return 0;
}

/* Every feature and action that may come must be one the policy has. */
static int check_shape(const struct environment *environment, const struct policy *policy,
                       struct error *error)
{
    const struct observations *observations = &environment->observations;
    for (uint32_t o = 0; o < observations->count; o++) {
        uint32_t actions = observations->first_logit[o + 1] - observations->first_logit[o];
        uint32_t from = observations->first_feature[o], to = observations->first_feature[o + 1];
        bool linear = policy->shape.kind == POLICY_LINEAR;
        bool fits = (linear ? observations->first_of_logit != NULL
                            : observations->first_action[o] + actions <= policy->shape.actions) &&
                    (policy->shape.kind != POLICY_TABLE || to == from + 1);
        for (uint32_t f = from; f < to; f++)
            fits &= observations->feature[f] < policy->shape.inputs;
        if (!fits)
            return error_set(error, "learning: the policy does not fit observation %u", o);
    }
    return 0;
}

struct ppo *ppo_open(struct environment *environment, struct policy *policy,
                     const struct ppo_settings *settings, struct error *error)
{
    if (check(settings, environment->n_envs, error) != 0 ||
        check_shape(environment, policy, error) != 0)
        return NULL;
    size_t batch = (size_t)settings->n_steps * environment->n_envs;
    struct ppo *ppo = calloc(1, sizeof *ppo);
    if (!ppo) {
        error_set(error, "learning: out of memory");
        return NULL;
    }
    ppo->settings = *settings;
    ppo->environment = environment;
    ppo->policy = policy;
    ppo->gradient = malloc(policy->parameters * sizeof *ppo->gradient);
    ppo->order = malloc(batch * sizeof *ppo->order);
    if (!ppo->gradient || !ppo->order) {
        error_set(error, "learning: out of memory for %zu steps", batch);
        goto fail;
    }
    if (rollout_open(&ppo->rollout, environment, policy, settings->n_steps, error) != 0 ||
        ppo_loss_open(&ppo->loss, environment, policy, error) != 0 ||
        adam_open(&ppo->adam, policy->parameters, error) != 0)
        goto fail;
    ppo->adam.epsilon = 1e-5;
    rng_seed(&ppo->rng, settings->seed, STREAM);
    return ppo;
fail:
    ppo_close(ppo);
    return NULL;
}

void ppo_close(struct ppo *ppo)
{
    if (!ppo)
        return;
    rollout_close(&ppo->rollout);
    ppo_loss_close(&ppo->loss);
    adam_close(&ppo->adam);
    free(ppo->gradient);
    free(ppo->order);
    free(ppo);
}

void ppo_set_anchor(struct ppo *ppo, const struct policy *anchor)
{
    ppo->anchor = anchor;
}

uint64_t ppo_steps(const struct ppo *ppo)
{
    return ppo->steps;
}

/* Fisher and Yates. */
static void shuffle(uint32_t *order, uint32_t n, struct rng *rng)
{
    for (uint32_t i = n - 1; i > 0; i--) {
        uint32_t j = rng_below(rng, i + 1), swap = order[i];
        order[i] = order[j];
        order[j] = swap;
    }
}

/* One optimiser step; 1: the KL says to stop before it. */
static int update(struct ppo *ppo, const uint32_t *index, uint32_t n,
                  const struct ppo_loss_settings *weights, struct learning_report *report,
                  struct error *error)
{
    struct ppo_losses losses = ppo_loss_forward(
        &ppo->loss, ppo->policy, &ppo->environment->observations, &ppo->rollout, index, n, weights);
    if (!isfinite(losses.total))
        return error_set(error, "training diverged after %llu steps; use a smaller learning rate",
                         (unsigned long long)ppo->steps);
    report->approx_kl = losses.approx_kl;
    if (ppo->settings.target_kl > 0 && losses.approx_kl > 1.5 * ppo->settings.target_kl)
        return 1;
    memset(ppo->gradient, 0, ppo->policy->parameters * sizeof *ppo->gradient);
    ppo_loss_backward(&ppo->loss, ppo->policy, &ppo->environment->observations, ppo->gradient);
    report->grad_norm +=
        gradient_clip(ppo->gradient, ppo->policy->parameters, ppo->settings.max_grad_norm);
    adam_step(&ppo->adam, ppo->policy->parameter, ppo->gradient, report->learning_rate);
    report->entropy += losses.entropy;
    report->policy_loss += losses.policy;
    report->value_loss += losses.value;
    report->clip_fraction += losses.clip_fraction;
    report->updates++;
    return 0;
}

static int update_all(struct ppo *ppo, struct learning_report *report, struct error *error)
{
    const struct ppo_settings *settings = &ppo->settings;
    const struct ppo_loss_settings weights = {
        .clip_range = (float)learning_schedule(settings->clip_range, settings->clip_range_end,
                                               ppo->steps, settings->total_timesteps),
        .clip_range_vf = (float)settings->clip_range_vf,
        .vf_coef = (float)settings->vf_coef,
        .ent_coef = (float)learning_schedule(settings->ent_coef, settings->ent_coef_end, ppo->steps,
                                             settings->total_timesteps),
        .anchor_weight = (float)settings->anchor_weight,
        .anchor = ppo->anchor,
    };
    uint64_t batch = (uint64_t)settings->n_steps * ppo->environment->n_envs;
    for (uint32_t i = 0; i < batch; i++)
        ppo->order[i] = i;
    report->learning_rate = learning_schedule(settings->learning_rate, settings->learning_rate_end,
                                              ppo->steps, settings->total_timesteps);
    for (uint32_t epoch = 0; epoch < settings->n_epochs; epoch++) {
        shuffle(ppo->order, (uint32_t)batch, &ppo->rng);
        for (uint32_t m = 0; m < settings->minibatches; m++) {
            uint32_t from = (uint32_t)(batch * m / settings->minibatches);
            uint32_t to = (uint32_t)(batch * (m + 1) / settings->minibatches);
            int status = update(ppo, ppo->order + from, to - from, &weights, report, error);
            if (status != 0)
                return status < 0 ? -1 : 0;
        }
    }
    return 0;
}

/* Reward and explained variance, while the advantages are as estimated. */
static void describe(const struct rollout *rollout, struct learning_report *report)
{
    size_t all = (size_t)rollout->n_steps * rollout->n_envs;
    double reward = 0, target = 0, targets = 0, residual = 0, residuals = 0;
    for (size_t i = 0; i < all; i++) {
        double r = rollout->sample[i].target, e = rollout->sample[i].advantage;
        reward += (double)rollout->reward[i];
        target += r;
        targets += r * r;
        residual += e;
        residuals += e * e;
    }
    double n = (double)all, spread = targets / n - target / n * (target / n);
    report->reward = reward / n;
    report->explained_variance =
        spread > 1e-12 ? 1 - (residuals / n - residual / n * (residual / n)) / spread : (double)NAN;
}

static void average(struct learning_report *report)
{
    double n = report->updates ? report->updates : 1;
    report->entropy /= n;
    report->policy_loss /= n;
    report->value_loss /= n;
    report->clip_fraction /= n;
    report->grad_norm /= n;
}

int ppo_run(struct ppo *ppo, uint64_t until, learning_callback *watch, void *context,
            struct error *error)
{
    const struct ppo_settings *settings = &ppo->settings;
    double scale = settings->reward_scale > 0 ? settings->reward_scale : 1 - settings->gamma;
    while (ppo->steps < until) {
        struct learning_report report = {0};
        rollout_collect(&ppo->rollout, ppo->environment, ppo->policy, &ppo->rng);
        rollout_advantages(&ppo->rollout, settings->gamma, settings->gae_lambda, scale);
        describe(&ppo->rollout, &report);
        if (settings->normalize_advantage)
            rollout_normalise(&ppo->rollout);
        if (update_all(ppo, &report, error) != 0)
            return -1;
        ppo->steps += (uint64_t)settings->n_steps * ppo->environment->n_envs;
        report.steps = ppo->steps;
        average(&report);
        if (watch && !watch(context, &report))
            break;
    }
    return 0;
}

/* What an export begins with; the optimiser's two arrays and the environment's
 * bytes follow. In the machine's own byte order, which `mark` shows. */
struct export_head {
    char mark[8];
    uint64_t order, parameters, steps, adam_steps;
    struct rng rng;
};

static const struct export_head head_like = {.mark = "PPO 1", .order = 0x0102030405060708};

unsigned char *ppo_export(const struct ppo *ppo, size_t *length, struct error *error)
{
    const struct environment *environment = ppo->environment;
    struct export_head head = head_like;
    size_t floats = ppo->policy->parameters * sizeof(float);
    *length = sizeof head + 2 * floats + environment->ops->state_length(environment);
    unsigned char *bytes = malloc(*length);
    if (!bytes) {
        error_set(error, "learning: out of memory");
        return NULL;
    }
    head.parameters = ppo->policy->parameters;
    head.steps = ppo->steps;
    head.adam_steps = ppo->adam.steps;
    head.rng = ppo->rng;
    memcpy(bytes, &head, sizeof head);
    memcpy(bytes + sizeof head, ppo->adam.mean, floats);
    memcpy(bytes + sizeof head + floats, ppo->adam.square, floats);
    environment->ops->save(environment, bytes + sizeof head + 2 * floats);
    return bytes;
}

int ppo_import(struct ppo *ppo, const unsigned char *bytes, size_t length, struct error *error)
{
    struct environment *environment = ppo->environment;
    struct export_head head;
    size_t floats = ppo->policy->parameters * sizeof(float), before = sizeof head + 2 * floats;
    if (length < before)
        goto other;
    memcpy(&head, bytes, sizeof head);
    if (memcmp(head.mark, head_like.mark, sizeof head.mark) != 0 || head.order != head_like.order ||
        head.parameters != ppo->policy->parameters ||
        environment->ops->restore(environment, bytes + before, length - before) != 0)
        goto other;
    ppo->steps = head.steps;
    ppo->adam.steps = head.adam_steps;
    ppo->rng = head.rng;
    memcpy(ppo->adam.mean, bytes + sizeof head, floats);
    memcpy(ppo->adam.square, bytes + sizeof head + floats, floats);
    for (size_t i = 0; i < ppo->policy->parameters; i++)
        if (!isfinite(ppo->adam.mean[i]) || !(ppo->adam.square[i] >= 0))
            goto other;
    return 0;
other:
    return error_set(error, "the state of training is not of this process, policy and number of "
                            "copies; it cannot be resumed");
}
