/* The two algorithms behind one face. */
#include "load/learn.h"

#include "piece/practice.h"
#include "rl/ppo.h"
#include "rl/sarsa.h"

#include <stdlib.h>
#include <string.h>

struct learner {
    const struct process *process;
    struct song *const *songs;
    struct learn_settings settings;
    struct agent_task *task;
    struct environment *environment;
    struct policy *policy; /* ppo's, changed in place; sarsa's at first */
    struct ppo *ppo;
    struct sarsa *sarsa;
};

static int open_sarsa(struct learner *learner, struct error *error)
{
    struct sarsa_settings settings = sarsa_defaults();
    struct learn_settings *wanted = &learner->settings;
    if (wanted->steps)
        settings.total_timesteps = wanted->steps;
    if (wanted->rate > 0) {
        settings.learning_rate_end *= wanted->rate / settings.learning_rate;
        settings.learning_rate = wanted->rate;
    }
    wanted->steps = settings.total_timesteps;
    settings.seed = wanted->seed;
    learner->environment = practice_open(learner->task, 1, SARSA_STEPS, wanted->seed, error);
    if (learner->environment)
        learner->sarsa = sarsa_open(learner->environment, learner->policy, &settings, error);
    return learner->sarsa ? 0 : -1;
}

static int open_ppo(struct learner *learner, struct error *error)
{
    struct ppo_settings settings = ppo_defaults(POLICY_LINEAR);
    struct learn_settings *wanted = &learner->settings;
    if (wanted->steps)
        settings.total_timesteps = wanted->steps;
    if (wanted->rate > 0)
        settings.learning_rate = wanted->rate;
    wanted->steps = settings.total_timesteps;
    settings.seed = wanted->seed;
    learner->environment =
        practice_open(learner->task, LEARN_ENVIRONMENTS, settings.n_steps, wanted->seed, error);
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
    return (struct learn_settings){.seed = 1};
}

struct learner *learn_open(const struct process *process, struct song *const *songs,
                           const struct learn_settings *settings, const struct model *resume,
                           struct error *error)
{
    struct learner *learner = calloc(1, sizeof *learner);
    int status = -1;
    if (!learner) {
        error_set(error, "learning: out of memory");
        return NULL;
    }
    learner->process = process;
    learner->songs = songs;
    learner->settings = *settings;
    learner->task = agent_task_open(process, (const struct song *const *)songs, error);
    if (learner->task)
        learner->policy =
            resume ? policy_copy(model_policy(resume), error) : agent_policy(learner->task, error);
    if (learner->policy)
        status = settings->sarsa ? open_sarsa(learner, error) : open_ppo(learner, error);
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
    sarsa_close(learner->sarsa);
    environment_free(learner->environment);
    policy_free(learner->policy);
    agent_task_close(learner->task);
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

int learn_run(struct learner *learner, uint64_t until, learning_callback *watch, void *context,
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

struct model *learn_model(const struct learner *learner, bool whole, struct error *error)
{
    struct model_origin origin = {.steps = learn_steps(learner), .seed = learner->settings.seed};
    size_t count = learner->process->trajectories;
    strcpy(origin.algorithm, learner->sarsa ? "sarsa" : "ppo");
    strncpy(origin.policy, policy_name(POLICY_LINEAR), sizeof origin.policy - 1);
    struct song **copies = song_copy_all(learner->songs, count, error);
    if (!copies)
        return NULL;
    struct process *process =
        beats_process((const struct song *const *)copies, count, learner->process->context, error);
    struct policy *policy = !process         ? NULL
                            : learner->sarsa ? sarsa_policy(learner->sarsa, error)
                                             : policy_copy(learner->policy, error);
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
                          const struct learn_settings *settings, learning_callback *watch,
                          void *watch_context, struct error *error)
{
    struct process *process =
        beats_process((const struct song *const *)songs, count, context, error);
    struct learner *learner = process ? learn_open(process, songs, settings, NULL, error) : NULL;
    struct model *model = NULL;
    if (learner && learn_run(learner, learn_total(learner), watch, watch_context, error) == 0) {
        if (learn_steps(learner) < learn_total(learner))
            error_set(error, "stopped");
        else
            model = learn_model(learner, false, error);
    }
    learn_close(learner);
    process_free(process);
    return model;
}

int learn_rewards(const struct model *model, struct learn_rewards *rewards, struct error *error)
{
    size_t count = model_songs(model);
    /* NOLINTNEXTLINE(bugprone-sizeof-expression) */
    const struct song **songs = malloc((count + 1) * sizeof *songs);
    if (!songs)
        return error_set(error, "out of memory");
    for (size_t i = 0; i < count; i++)
        songs[i] = model_song(model, i);
    uint64_t seed = model_origin(model)->seed;
    struct agent_task *task = agent_task_open(model_process(model), songs, error);
    struct policy *fresh = task ? agent_policy(task, error) : NULL;
    int status = fresh ? 0 : -1;
    if (status == 0 && !agent_policy_fits(task, model_policy(model)))
        status = error_set(error, "the policy was not learned from rhythm");
    /* Many pieces are a mean of many plays as they are. */
    uint32_t plays = count < 4 ? LEARN_PLAYS : 1 + 4 * LEARN_PLAYS / (uint32_t)(count + 1);
    if (status == 0) {
        rewards->policy = practice_reward(task, model_policy(model), plays, seed);
        rewards->untrained = practice_reward(task, fresh, plays, seed);
        rewards->best = practice_best_reward(task);
        if (rewards->policy < 0 || rewards->untrained < 0 || rewards->best < 0)
            status = error_set(error, "out of memory");
    }
    policy_free(fresh);
    agent_task_close(task);
    free(songs);
    return status;
}
