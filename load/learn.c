/* The two algorithms behind one face. */
#include "load/learn.h"

#include "rl/environment.h"
#include "rl/ppo.h"
#include "rl/sarsa.h"

#include <stdlib.h>
#include <string.h>

struct learner {
    const struct process *process;
    struct learn_settings settings;
    struct sarsa *sarsa;
    struct environment *environment;
    struct policy *policy; /* ppo's, changed in place */
    struct ppo *ppo;
};

static struct policy *copy_policy(const struct policy *policy, struct error *error)
{
    struct policy *copy = policy_create(&policy->shape, 0, error);
    if (copy)
        memcpy(copy->parameter, policy->parameter, policy->parameters * sizeof *copy->parameter);
    return copy;
}

static int open_sarsa(struct learner *learner, struct error *error)
{
    struct sarsa_settings settings = sarsa_defaults();
    if (learner->settings.steps)
        settings.total_steps = learner->settings.steps;
    learner->settings.steps = settings.total_steps;
    settings.horizon = LEARN_HORIZON;
    settings.seed = learner->settings.seed;
    learner->sarsa = sarsa_open(learner->process, &settings, error);
    return learner->sarsa ? 0 : -1;
}

static int open_ppo(struct learner *learner, const struct model *resume, struct error *error)
{
    enum policy_kind kind = learner->settings.policy;
    uint64_t seed = learner->settings.seed;
    struct ppo_settings settings = ppo_defaults(kind);
    if (learner->settings.steps)
        settings.total_steps = learner->settings.steps;
    learner->settings.steps = settings.total_steps;
    settings.seed = seed;
    struct policy_shape shape = policy_shape_of_process(kind, learner->process);
    learner->policy =
        resume ? copy_policy(model_policy(resume), error) : policy_create(&shape, seed, error);
    if (learner->policy)
        learner->environment =
            environment_of_process(learner->process, LEARN_LANES, LEARN_HORIZON, seed, error);
    if (learner->environment)
        learner->ppo = ppo_open(learner->environment, learner->policy, &settings, error);
    return learner->ppo ? 0 : -1;
}

static int go_on(struct learner *learner, const struct model *resume, struct error *error)
{
    size_t length = 0;
    const void *bytes = model_training(resume, &length);
    if (!bytes)
        return error_set(error, "the model holds no state of training to go on from");
    return learner->sarsa ? sarsa_import(learner->sarsa, bytes, length, error)
                          : ppo_import(learner->ppo, bytes, length, error);
}

struct learn_settings learn_defaults(void)
{
    return (struct learn_settings){.policy = POLICY_TABLE, .seed = 1};
}

struct learner *learn_open(const struct process *process, const struct learn_settings *settings,
                           const struct model *resume, struct error *error)
{
    struct learner *learner = calloc(1, sizeof *learner);
    if (!learner) {
        error_set(error, "learning: out of memory");
        return NULL;
    }
    learner->process = process;
    learner->settings = *settings;
    int status = settings->sarsa ? open_sarsa(learner, error) : open_ppo(learner, resume, error);
    if (status == 0 && resume)
        status = go_on(learner, resume, error);
    if (status == 0)
        return learner;
    learn_close(learner);
    return NULL;
}

void learn_close(struct learner *learner)
{
    if (!learner)
        return;
    ppo_close(learner->ppo);
    environment_free(learner->environment);
    policy_free(learner->policy);
    sarsa_close(learner->sarsa);
    free(learner);
}

uint64_t learn_total(const struct learner *learner)
{
    return learner->settings.steps;
}

uint64_t learn_steps(const struct learner *learner)
{
    return learner->sarsa ? sarsa_steps(learner->sarsa) : ppo_steps(learner->ppo);
}

int learn_run(struct learner *learner, uint64_t until, learning_watch *watch, void *context,
              struct error *error)
{
    return learner->sarsa ? sarsa_run(learner->sarsa, until, watch, context, error)
                          : ppo_run(learner->ppo, until, watch, context, error);
}

static int attach(const struct learner *learner, struct model *model, struct error *error)
{
    size_t length = 0;
    unsigned char *bytes = learner->sarsa ? sarsa_export(learner->sarsa, &length, error)
                                          : ppo_export(learner->ppo, &length, error);
    int status = bytes ? model_attach_training(model, bytes, length, error) : -1;
    free(bytes);
    return status;
}

struct model *learn_model(const struct learner *learner, struct song *const *songs, size_t count,
                          bool whole, struct error *error)
{
    struct model_origin origin = {.steps = learn_steps(learner), .seed = learner->settings.seed};
    strcpy(origin.algorithm, learner->sarsa ? "sarsa" : "ppo");
    strncpy(origin.policy, policy_name(learner->settings.policy), sizeof origin.policy - 1);
    struct song **copies = song_copy_all(songs, count, error);
    if (!copies)
        return NULL;
    struct process *process =
        beats_process((const struct song *const *)copies, count, learner->process->context, error);
    struct policy *policy = !process         ? NULL
                            : learner->sarsa ? sarsa_policy(learner->sarsa, error)
                                             : copy_policy(learner->policy, error);
    if (!policy) {
        song_free_all(copies, count);
        process_free(process);
        return NULL;
    }
    struct model *model = model_create(copies, count, process, policy, &origin, error);
    free(copies);
    if (model && whole && attach(learner, model, error) != 0) {
        model_free(model);
        return NULL;
    }
    return model;
}

struct model *learn_songs(struct song *const *songs, size_t count, uint32_t context,
                          const struct learn_settings *settings, learning_watch *watch,
                          void *watch_context, struct error *error)
{
    struct process *process =
        beats_process((const struct song *const *)songs, count, context, error);
    struct learner *learner = process ? learn_open(process, settings, NULL, error) : NULL;
    struct model *model = NULL;
    if (learner && learn_run(learner, learn_total(learner), watch, watch_context, error) == 0) {
        if (learn_steps(learner) < learn_total(learner))
            error_set(error, "stopped");
        else
            model = learn_model(learner, songs, count, false, error);
    }
    learn_close(learner);
    process_free(process);
    return model;
}

int learn_rewards(const struct model *model, struct learn_rewards *rewards, struct error *error)
{
    const struct process *process = model_process(model);
    struct policy *fresh =
        policy_create(&model_policy(model)->shape, model_origin(model)->seed, error);
    float *probability = malloc(process->arcs * sizeof *probability);
    int status = -1;
    if (!probability)
        error_set(error, "out of memory");
    else if (fresh)
        status = policy_arc_probability(fresh, process, probability, error);
    if (status == 0) {
        rewards->untrained = process_policy_reward(process, probability, LEARN_HORIZON);
        process_observed(process, probability);
        rewards->observed = process_policy_reward(process, probability, LEARN_HORIZON);
        rewards->policy =
            process_policy_reward(process, model_arc_probability(model), LEARN_HORIZON);
        rewards->best = process_best_reward(process, LEARN_HORIZON);
        if (rewards->policy < 0 || rewards->untrained < 0 || rewards->observed < 0 ||
            rewards->best < 0)
            status = error_set(error, "out of memory");
    }
    free(probability);
    policy_free(fresh);
    return status;
}
