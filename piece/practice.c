/* Each lane has an agent and a piece that is being played to it. */
#include "piece/practice.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { STREAM = 0x707261 };

static const double BEST_WORK = 1e9; /* beats times arcs: seconds */

const struct pianist_manner practice_manner = {.05, .05, .05, .05};

struct lane {
    struct agent *agent;
    struct rhythm *played; /* [longest] */
    uint32_t at, beats;
};

struct practice {
    struct environment environment; /* first, so that one is the other */
    const struct agent_task *task;
    struct agent_sight sight;
    struct rng rng;
    uint32_t songs, longest; /* beats */
    struct lane *lane;
};

static void begin_episode(struct practice *practice, struct lane *lane)
{
    struct rng *rng = &practice->rng;
    uint32_t k = rng_below(rng, practice->songs);
    const struct song *song = agent_task_song(practice->task, k);
    uint32_t first = rng_below(rng, 2) ? 0 : rng_below(rng, song_beats(song));
    double care = 2 * rng_double(rng);
    struct pianist_manner manner = {practice_manner.drop * care, practice_manner.add * care,
                                    practice_manner.jitter * care, practice_manner.walk * care};
    pianist_play(song, first, song_beats(song), &manner, rng, lane->played);
    lane->at = 0;
    lane->beats = song_beats(song) - first;
    agent_begin(lane->agent, k, first);
    agent_hear(lane->agent, &lane->played[0]);
}

static uint32_t look(struct practice *practice, const struct lane *lane)
{
    agent_look(lane->agent, &practice->sight);
    practice->environment.observations.count = practice->sight.seen.count;
    return practice->sight.seen.count - 1;
}

static void practice_begin(struct environment *environment, uint32_t *observation)
{
    struct practice *practice = (struct practice *)environment;
    practice->sight.seen.count = 0;
    for (uint32_t i = 0; i < environment->n_envs; i++)
        observation[i] = look(practice, &practice->lane[i]);
}

static void practice_step(struct environment *environment, const uint32_t *action,
                          const struct transition *to)
{
    struct practice *practice = (struct practice *)environment;
    for (uint32_t i = 0; i < environment->n_envs; i++) {
        struct lane *lane = &practice->lane[i];
        to->reward[i] = agent_take(lane->agent, action[i]);
        to->episode[i] = EPISODE_GOES_ON;
        if (++lane->at < lane->beats) {
            agent_hear(lane->agent, &lane->played[lane->at]);
        } else {
            to->episode[i] = EPISODE_TERMINATED;
            begin_episode(practice, lane);
        }
        to->observation[i] = to->arrived[i] = look(practice, lane);
    }
}

/* A lane's bytes: at, beats, what is played, what the agent remembers. */
static size_t lane_length(const struct practice *practice)
{
    return 2 * sizeof(uint32_t) + practice->longest * sizeof(struct rhythm) +
           agent_memory(practice->task);
}

static size_t practice_state_length(const struct environment *environment)
{
    const struct practice *practice = (const struct practice *)environment;
    return sizeof practice->rng + environment->n_envs * lane_length(practice);
}

static void practice_save(const struct environment *environment, unsigned char *bytes)
{
    const struct practice *practice = (const struct practice *)environment;
    memcpy(bytes, &practice->rng, sizeof practice->rng);
    bytes += sizeof practice->rng;
    for (uint32_t i = 0; i < environment->n_envs; i++, bytes += lane_length(practice)) {
        const struct lane *lane = &practice->lane[i];
        const uint32_t place[] = {lane->at, lane->beats};
        size_t played = practice->longest * sizeof(struct rhythm);
        memcpy(bytes, place, sizeof place);
        memcpy(bytes + sizeof place, lane->played, played);
        agent_save(lane->agent, bytes + sizeof place + played);
    }
}

static int practice_restore(struct environment *environment, const unsigned char *bytes,
                            size_t length)
{
    struct practice *practice = (struct practice *)environment;
    if (length != practice_state_length(environment))
        return -1;
    memcpy(&practice->rng, bytes, sizeof practice->rng);
    bytes += sizeof practice->rng;
    for (uint32_t i = 0; i < environment->n_envs; i++, bytes += lane_length(practice)) {
        struct lane *lane = &practice->lane[i];
        uint32_t place[2];
        size_t played = practice->longest * sizeof(struct rhythm);
        memcpy(place, bytes, sizeof place);
        memcpy(lane->played, bytes + sizeof place, played);
        lane->at = place[0];
        lane->beats = place[1];
        if (lane->beats > practice->longest || lane->at >= lane->beats ||
            agent_restore(lane->agent, bytes + sizeof place + played) != 0)
            return -1;
    }
    return 0;
}

static void practice_destroy(struct environment *environment)
{
    struct practice *practice = (struct practice *)environment;
    for (uint32_t i = 0; practice->lane && i < environment->n_envs; i++) {
        agent_close(practice->lane[i].agent);
        free(practice->lane[i].played);
    }
    free(practice->lane);
    agent_sight_close(&practice->sight);
    free(practice);
}

static const struct environment_ops practice_ops = {
    .begin = practice_begin,
    .step = practice_step,
    .state_length = practice_state_length,
    .save = practice_save,
    .restore = practice_restore,
    .destroy = practice_destroy,
};

static int open_lanes(struct practice *practice, struct error *error)
{
    for (uint32_t k = 0; k < practice->songs; k++) {
        uint32_t beats = song_beats(agent_task_song(practice->task, k));
        practice->longest = beats > practice->longest ? beats : practice->longest;
    }
    for (uint32_t i = 0; i < practice->environment.n_envs; i++) {
        struct lane *lane = &practice->lane[i];
        lane->agent = agent_open(practice->task, error);
        lane->played = calloc(practice->longest, sizeof *lane->played);
        if (!lane->agent || !lane->played)
            return error_set(error, "practice: out of memory");
        begin_episode(practice, lane);
    }
    return 0;
}

struct environment *practice_open(const struct agent_task *task, uint32_t lanes, uint32_t steps,
                                  uint64_t seed, struct error *error)
{
    size_t observations = (size_t)lanes * (steps + 1);
    struct practice *practice = lanes && steps ? calloc(1, sizeof *practice) : NULL;
    if (!practice) {
        error_set(error, "practice: out of memory for %u lanes of %u steps", lanes, steps);
        return NULL;
    }
    practice->environment.ops = &practice_ops;
    practice->environment.n_envs = lanes;
    practice->task = task;
    practice->songs = agent_task_process(task)->trajectories;
    rng_seed(&practice->rng, seed, STREAM);
    practice->lane = calloc(lanes, sizeof *practice->lane);
    if (!practice->lane || agent_sight_open(&practice->sight, task, observations, error) != 0 ||
        open_lanes(practice, error) != 0) {
        practice_destroy(&practice->environment);
        return NULL;
    }
    practice->environment.max_observations = (uint32_t)practice->sight.most_observations;
    practice->environment.max_logits = (uint32_t)practice->sight.most_logits;
    practice->environment.observations = practice->sight.seen;
    return &practice->environment;
}

/* An action drawn from the policy at the only observation there is. */
static uint32_t draw(const struct policy *policy, const struct observations *seen, float *work,
                     struct rng *rng)
{
    uint32_t id = 0, last = seen->first_logit[1] - 1, a = 0;
    float value, scratch, *probability = work;
    policy_forward(policy, seen, &id, 1, &scratch, probability, &value);
    policy_softmax(seen, &id, 1, probability, probability, probability);
    float left = rng_float(rng);
    while (a < last && left >= probability[a])
        left -= probability[a++];
    return a;
}

/* An agent, and what it sees one observation at a time. */
struct stage {
    struct agent *agent;
    struct agent_sight sight;
    float *work; /* [most_logits] */
};

static void stage_close(struct stage *stage)
{
    free(stage->work);
    agent_sight_close(&stage->sight);
    agent_close(stage->agent);
}

static int stage_open(struct stage *stage, const struct agent_task *task)
{
    *stage = (struct stage){.agent = agent_open(task, NULL)};
    if (stage->agent && agent_sight_open(&stage->sight, task, 1, NULL) == 0)
        stage->work = malloc(stage->sight.most_logits * sizeof *stage->work);
    if (stage->work)
        return 0;
    stage_close(stage);
    return -1;
}

double practice_play(const struct agent_task *task, const struct policy *policy, size_t song,
                     const struct rhythm *played, uint32_t beats, struct rng *rng, uint32_t *state)
{
    struct stage stage;
    double reward = 0;
    if (stage_open(&stage, task) != 0)
        return -1;
    agent_begin(stage.agent, song, 0);
    for (uint32_t b = 0; b < beats; b++) {
        agent_hear(stage.agent, &played[b]);
        stage.sight.seen.count = 0;
        agent_look(stage.agent, &stage.sight);
        reward += (double)agent_take(stage.agent, draw(policy, &stage.sight.seen, stage.work, rng));
        state[b] = agent_state(stage.agent);
    }
    stage_close(&stage);
    return beats ? reward / beats : 0;
}

/* The rhythm of a song as it is written; NULL: out of memory. */
static struct rhythm *written(const struct song *song)
{
    struct rhythm *rhythm = malloc(song_beats(song) * sizeof *rhythm);
    for (uint32_t b = 0; rhythm && b < song_beats(song); b++)
        rhythm[b] = pianist_written(song, b);
    return rhythm;
}

double practice_reward(const struct agent_task *task, const struct policy *policy, uint32_t plays,
                       uint64_t seed)
{
    const struct process *process = agent_task_process(task);
    struct rng rng;
    double sum = 0;
    uint64_t all = 0;
    rng_seed(&rng, seed, STREAM);
    for (uint32_t k = 0; k < process->trajectories; k++) {
        const struct song *song = agent_task_song(task, k);
        uint32_t beats = song_beats(song);
        struct rhythm *rhythm = written(song);
        uint32_t *state = malloc(beats * sizeof *state);
        double reward = 0;
        for (uint32_t i = 0; i < plays && reward >= 0; i++) {
            reward =
                rhythm && state ? practice_play(task, policy, k, rhythm, beats, &rng, state) : -1;
            sum += reward * beats;
            all += beats;
        }
        free(rhythm);
        free(state);
        if (reward < 0)
            return -1;
    }
    return all ? sum / (double)all : 0;
}

/* Value iteration over states and beats. */
struct values {
    const struct agent_task *task;
    double *after, *before; /* [states]: of the beat after, and of this one */
    float *most;            /* [arcs]: what each pays at most */
    float *fit;             /* [classes], with the rhythm of the beat */
};

static int values_open(struct values *values, const struct agent_task *task)
{
    const struct process *process = agent_task_process(task);
    *values = (struct values){
        .task = task,
        .after = calloc(process->states, sizeof *values->after),
        .before = calloc(process->states, sizeof *values->before),
        .most = malloc(((size_t)process->arcs + 1) * sizeof *values->most),
        .fit = malloc(((size_t)agent_task_classes(task) + 1) * sizeof *values->fit)};
    if (!values->after || !values->before || !values->most || !values->fit)
        return -1;
    for (uint32_t a = 0; a < process->arcs; a++)
        values->most[a] = agent_task_most(task, a);
    return 0;
}

static void values_close(struct values *values)
{
    free(values->after);
    free(values->before);
    free(values->most);
    free(values->fit);
}

/* The values of all states before a beat from those after it. */
static void back_up(struct values *values, const struct rhythm *heard)
{
    const struct process *process = agent_task_process(values->task);
    double anywhere = 0, *before = values->before;
    agent_task_hear(values->task, heard, values->fit);
    for (uint32_t s = 0; s < process->states; s++)
        anywhere = fmax(anywhere, values->after[s]);
    for (uint32_t s = 0; s < process->states; s++) {
        before[s] = anywhere; /* by a return */
        for (uint32_t a = process->first_arc[s]; a < process->first_arc[s + 1]; a++) {
            uint32_t next = process->arc_next[a];
            float pays = values->most[a] * values->fit[agent_task_class(values->task, next)];
            before[s] = fmax(before[s], (double)pays + values->after[next]);
        }
    }
    values->before = values->after;
    values->after = before;
}

/* The value of the first beat of the best beginning, which pays nothing itself. */
static double best_beginning(const struct process *process, const double *value)
{
    double best = 0;
    for (uint32_t k = 0; k < process->trajectories; k++)
        best = fmax(best, value[process->visited[process->start[k]]]);
    return best;
}

double practice_best_reward(const struct agent_task *task)
{
    const struct process *process = agent_task_process(task);
    uint32_t beats = process->start[process->trajectories];
    struct values values;
    double sum = 0;
    if ((double)beats * process->arcs > BEST_WORK)
        return (double)NAN;
    if (values_open(&values, task) != 0) {
        values_close(&values);
        return -1;
    }
    for (uint32_t k = 0; k < process->trajectories; k++) {
        const struct song *song = agent_task_song(task, k);
        memset(values.after, 0, process->states * sizeof *values.after);
        for (uint32_t b = song_beats(song); b-- > 1;) {
            struct rhythm rhythm = pianist_written(song, b);
            back_up(&values, &rhythm);
        }
        sum += best_beginning(process, values.after);
    }
    values_close(&values);
    return sum / beats;
}
