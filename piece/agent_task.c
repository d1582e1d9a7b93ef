/* States with the same rhythm form a class, so that the fit with what is heard
 * is worked out once a class and not once a state. */
#include "piece/agent_private.h"

#include <stdlib.h>
#include <string.h>

static const float RETURN_AT_FIRST = -6; /* weight before learning: once in 400 beats */

float rhythm_fit(const struct rhythm *meant, const struct rhythm *heard)
{
    float fit = 1;
    for (int i = 0; i < SONG_SLOTS_A_BEAT; i++) {
        int m = meant->struck[i], h = heard->struck[i];
        fit *= m == h ? 1 : m && h ? (abs(m - h) == 1 ? 0.3f : 0.1f) : 0.05f;
    }
    return fit;
}

/* The rhythm of every state is that of any place it stands at. */
static void class_states(struct agent_task *task)
{
    const struct process *process = task->process;
    for (uint32_t k = 0; k < process->trajectories; k++)
        for (uint32_t b = process->start[k]; b < process->start[k + 1]; b++) {
            struct rhythm rhythm = pianist_written(task->songs[k], b - process->start[k]);
            uint32_t c = 0;
            while (c < task->classes && memcmp(&task->rhythm[c], &rhythm, sizeof rhythm) != 0)
                c++;
            task->rhythm[c] = rhythm;
            task->classes += c == task->classes;
            task->class_of[process->visited[b]] = c;
        }
}

static void number_rows(struct agent_task *task)
{
    const struct process *process = task->process;
    for (uint32_t s = 0; s < process->states; s++) {
        uint32_t first = process->first_arc[s], end = process->first_arc[s + 1];
        task->branches[s] = end - first > 1;
        for (uint32_t a = first; a < end; a++)
            task->row[a] = task->branches[s] && process->arc_count[a] > 0 ? task->rows++ : NO_ROW;
        if (end - first >= task->most_actions)
            task->most_actions = end - first + 1;
    }
    for (uint32_t k = 0; k < process->trajectories; k++) {
        uint32_t beats = process->start[k + 1] - process->start[k];
        if (beats / BEATS_A_STEP + 1 > task->steps)
            task->steps = beats / BEATS_A_STEP + 1;
    }
}

static int by_number(const void *left, const void *right)
{
    uint32_t a = *(const uint32_t *)left, b = *(const uint32_t *)right;
    return (a > b) - (a < b);
}

static void list_entries(struct agent_task *task)
{
    const struct process *process = task->process;
    for (uint32_t k = 0; k < process->trajectories; k++)
        task->entry[k] = process->visited[process->start[k]];
    qsort(task->entry, process->trajectories, sizeof *task->entry, by_number);
    for (uint32_t k = 0; k < process->trajectories; k++)
        if (k == 0 || task->entry[k] != task->entry[k - 1])
            task->entry[task->entries++] = task->entry[k];
    if (task->entries > task->most_actions)
        task->most_actions = task->entries;
}

/* Adds the visits of a piece: which arc it left a state by at which of them. */
static void count_visits(struct agent_task *task, uint32_t song, uint16_t *left, float *visits)
{
    const struct process *process = task->process;
    for (uint32_t b = process->start[song]; b + 1 < process->start[song + 1]; b++) {
        uint32_t from = process->visited[b];
        if (!task->branches[from])
            continue;
        uint32_t visit = agent_visit(left[from]);
        if (left[from] < UINT16_MAX)
            left[from]++;
        for (uint32_t a = process->first_arc[from]; a < process->first_arc[from + 1]; a++)
            if (task->row[a] != NO_ROW) {
                size_t at = (size_t)task->row[a] * AGENT_VISITS + visit;
                visits[at]++;
                task->turned[at] += process->arc_next[a] == process->visited[b + 1];
            }
    }
}

static int count_turns(struct agent_task *task)
{
    const struct process *process = task->process;
    size_t all = (size_t)task->rows * AGENT_VISITS;
    float *visits = calloc(all + 1, sizeof *visits);
    uint16_t *left = malloc(process->states * sizeof *left);
    task->turned = calloc(all + 1, sizeof *task->turned);
    bool done = visits && left && task->turned;
    for (uint32_t k = 0; done && k < process->trajectories; k++) {
        memset(left, 0, process->states * sizeof *left);
        count_visits(task, k, left, visits);
    }
    for (size_t i = 0; done && i < all; i++)
        task->turned[i] = visits[i] > 0 ? task->turned[i] / visits[i] : -1;
    free(visits);
    free(left);
    return done ? 0 : -1;
}

struct agent_task *agent_task_open(const struct process *process, const struct song *const *songs,
                                   struct error *error)
{
    struct agent_task *task = calloc(1, sizeof *task);
    if (task) {
        task->process = process;
        task->songs = songs;
        task->rhythm = calloc(process->states + 1, sizeof *task->rhythm);
        task->class_of = calloc(process->states, sizeof *task->class_of);
        task->moved = calloc(process->arcs, sizeof *task->moved);
        task->row = calloc(process->arcs, sizeof *task->row);
        task->branches = calloc(process->states, sizeof *task->branches);
        task->entry = calloc(process->trajectories, sizeof *task->entry);
    }
    if (!task || !task->rhythm || !task->class_of || !task->moved || !task->row ||
        !task->branches || !task->entry) {
        agent_task_close(task);
        error_set(error, "agent: out of memory for %u states", process->states);
        return NULL;
    }
    class_states(task);
    number_rows(task);
    list_entries(task);
    process_observed(process, task->moved);
    if (count_turns(task) == 0)
        return task;
    agent_task_close(task);
    error_set(error, "agent: out of memory for %u arcs", process->arcs);
    return NULL;
}

void agent_task_close(struct agent_task *task)
{
    if (!task)
        return;
    free(task->rhythm);
    free(task->class_of);
    free(task->moved);
    free(task->row);
    free(task->branches);
    free(task->entry);
    free(task->turned);
    free(task);
}

const struct process *agent_task_process(const struct agent_task *task)
{
    return task->process;
}

const struct song *agent_task_song(const struct agent_task *task, size_t index)
{
    return task->songs[index];
}

uint32_t agent_task_classes(const struct agent_task *task)
{
    return task->classes;
}

uint32_t agent_task_class(const struct agent_task *task, uint32_t state)
{
    return task->class_of[state];
}

void agent_task_hear(const struct agent_task *task, const struct rhythm *heard, float *fit)
{
    for (uint32_t c = 0; c < task->classes; c++)
        fit[c] = rhythm_fit(&task->rhythm[c], heard);
}

float agent_task_most(const struct agent_task *task, uint32_t arc)
{
    float most = task->process->arc_reward[arc];
    for (size_t v = 0; task->row[arc] != NO_ROW && v < AGENT_VISITS; v++) {
        float turned = task->turned[task->row[arc] * (size_t)AGENT_VISITS + v];
        most = turned > most ? turned : most;
    }
    return most;
}

static struct policy_shape shape_of(const struct agent_task *task)
{
    return (struct policy_shape){.kind = POLICY_LINEAR,
                                 .inputs = WORTH_STATES + task->process->states + task->steps,
                                 .actions = AGENT_ARCS + task->rows * AGENT_VISITS};
}

struct policy *agent_policy(const struct agent_task *task, struct error *error)
{
    struct policy_shape shape = shape_of(task);
    struct policy *policy = policy_create(&shape, 0, error);
    if (policy)
        policy->parameter[AGENT_RETURN] = RETURN_AT_FIRST;
    return policy;
}

bool agent_policy_fits(const struct agent_task *task, const struct policy *policy)
{
    struct policy_shape shape = shape_of(task);
    return policy->shape.kind == shape.kind && policy->shape.inputs == shape.inputs &&
           policy->shape.actions == shape.actions;
}

void agent_arc_probability(const struct agent_task *task, const struct policy *policy,
                           float *probability)
{
    const struct process *process = task->process;
    float weight = policy->parameter[AGENT_OBSERVED];
    for (uint32_t s = 0; s < process->states; s++) {
        uint32_t first = process->first_arc[s], end = process->first_arc[s + 1];
        float sum = 0;
        for (uint32_t a = first; a < end; a++)
            sum += probability[a] = expf(weight * agent_log(task->moved[a]));
        for (uint32_t a = first; a < end; a++)
            probability[a] = sum > 0 ? probability[a] / sum : 1 / (float)(end - first);
    }
}

int agent_sight_open(struct agent_sight *sight, const struct agent_task *task, size_t observations,
                     struct error *error)
{
    size_t logits = observations * task->most_actions;
    *sight = (struct agent_sight){
        .first_feature = calloc(observations + 1, sizeof(uint32_t)),
        .feature = calloc(observations * AGENT_FEATURES, sizeof(uint32_t)),
        .strength = calloc(observations * AGENT_FEATURES, sizeof(float)),
        .first_logit = calloc(observations + 1, sizeof(uint32_t)),
        .first_action = calloc(observations, sizeof(uint32_t)),
        .first_of_logit = calloc(logits + 1, sizeof(uint32_t)),
        .action_feature = calloc(logits * AGENT_ACTION_FEATURES, sizeof(uint32_t)),
        .action_strength = calloc(logits * AGENT_ACTION_FEATURES, sizeof(float)),
        .most_observations = observations,
        .most_logits = logits,
    };
    if (!sight->first_feature || !sight->feature || !sight->strength || !sight->first_logit ||
        !sight->first_action || !sight->first_of_logit || !sight->action_feature ||
        !sight->action_strength) {
        agent_sight_close(sight);
        return error_set(error, "agent: out of memory for %zu observations", observations);
    }
    sight->seen = (struct observations){
        .first_feature = sight->first_feature,
        .feature = sight->feature,
        .strength = sight->strength,
        .first_logit = sight->first_logit,
        .first_action = sight->first_action,
        .first_of_logit = sight->first_of_logit,
        .action_feature = sight->action_feature,
        .action_strength = sight->action_strength,
    };
    return 0;
}

void agent_sight_close(struct agent_sight *sight)
{
    free(sight->first_feature);
    free(sight->feature);
    free(sight->strength);
    free(sight->first_logit);
    free(sight->first_action);
    free(sight->first_of_logit);
    free(sight->action_feature);
    free(sight->action_strength);
    *sight = (struct agent_sight){0};
}
