/* Learns to balance a pole on a cart (Barto, Sutton and Anderson 1983; the constants, the limit of
 * 500 steps and the reward of 1 a step are those of CartPole-v1 in Gymnasium) with PPO, and prints
 * the mean return of the learned policy. Hyper-parameters: RL Baselines3 Zoo.
 *
 *     cartpole [STEPS [SEED]]        0: a mean return of 475 or more, "solved"; 1: less
 *
 * With AudioGenRL's development files installed:
 *
 *     cc cartpole.c $(pkg-config --cflags --libs audiogenrl-rl) -o cartpole */
#include "rl/ppo.h"
#include "rl/simulation.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum { N_ENVS = 8, N_STEPS = 32, EPISODES = 300, STEPS = 100000 };

struct cart_pole {
    double position, speed, angle, turning; /* m, m/s, rad, rad/s */
};

static void reset(void *state, struct rng *rng)
{
    double *number = state;
    for (int i = 0; i < 4; i++)
        number[i] = .1 * rng_double(rng) - .05;
}

static bool step(void *state, uint32_t action, struct rng *rng, float *reward)
{
    const double gravity = 9.8, pole = .1, mass = 1.1, half_length = .5, seconds = .02;
    struct cart_pole *s = state;
    double sine = sin(s->angle), cosine = cos(s->angle);
    double push =
        ((action ? 10 : -10) + pole * half_length * s->turning * s->turning * sine) / mass;
    double torque =
        (gravity * sine - cosine * push) / (half_length * (4. / 3 - pole * cosine * cosine / mass));
    double acceleration = push - pole * half_length * torque * cosine / mass;
    (void)rng;
    s->position += seconds * s->speed;
    s->speed += seconds * acceleration;
    s->angle += seconds * s->turning;
    s->turning += seconds * torque;
    *reward = 1;
    return fabs(s->position) > 2.4 || fabs(s->angle) > 12 * 3.14159265358979 / 180;
}

static void observe(const void *state, float *observation)
{
    const double *number = state;
    for (int i = 0; i < 4; i++)
        observation[i] = (float)number[i];
}

int main(int argc, char **argv)
{
    const struct simulation task = {4, 2, 500, sizeof(struct cart_pole), reset, step, observe};
    const struct policy_shape shape = {
        .kind = POLICY_MLP, .inputs = 4, .actions = 2, .layers = 2, .width = {64, 64}};
    struct ppo_settings settings = ppo_defaults(POLICY_MLP);
    struct error error = {""};
    double mean = 0;
    settings.n_steps = N_STEPS;
    settings.n_epochs = 20;
    settings.minibatches = 1;
    settings.total_timesteps = argc > 1 ? strtoul(argv[1], NULL, 10) : STEPS;
    settings.seed = argc > 2 ? strtoul(argv[2], NULL, 10) : 1;
    settings.gamma = .98;
    settings.gae_lambda = .8;
    settings.ent_coef = 0;
    settings.clip_range_end = 0;
    settings.target_kl = 0;
    settings.reward_scale = 1;
    struct environment *environment =
        environment_of_simulation(&task, N_ENVS, N_STEPS, settings.seed, &error);
    struct policy *policy = policy_create(&shape, settings.seed, &error);
    struct ppo *ppo =
        environment && policy ? ppo_open(environment, policy, &settings, &error) : NULL;
    if (ppo && ppo_run(ppo, settings.total_timesteps, NULL, NULL, &error) == 0) {
        mean = simulation_evaluate(&task, policy, EPISODES, settings.seed + 1, &error);
        printf("mean return %.1f over %d episodes after %llu steps\n", mean, EPISODES,
               (unsigned long long)ppo_steps(ppo));
    } else {
        fprintf(stderr, "cartpole: %s\n", error.text);
    }
    ppo_close(ppo);
    policy_free(policy);
    environment_free(environment);
    return mean >= 475 ? 0 : 1;
}
