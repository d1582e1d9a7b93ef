/* The memory of an agent, what it sees, and what it gets. */
#include "piece/agent_private.h"

#include <stdlib.h>
#include <string.h>

static const float LOST = 1e-3f;       /* chance of a move that the pieces never made */
static const float FORGOTTEN = 1e-6f;  /* likelihood below which a state is dropped */
static const float MISFIT_KEPT = 0.7f; /* from beat to beat */

struct agent {
    const struct agent_task *task;
    float *likely, *next;      /* [states]: 0 for those not listed */
    uint32_t *listed, *coming; /* [states]: those that are likely at all */
    float *fit;                /* [classes], with what is heard */
    uint16_t *left;            /* [states]: how often, of those with several arcs */
    uint32_t listed_count, state, beats, best;
    float misfit;
    bool counting;
};

struct agent *agent_open(const struct agent_task *task, struct error *error)
{
    struct agent *agent = calloc(1, sizeof *agent);
    size_t states = task->process->states;
    if (agent) {
        agent->task = task;
        agent->likely = calloc(states, sizeof *agent->likely);
        agent->next = calloc(states, sizeof *agent->next);
        agent->listed = calloc(states, sizeof *agent->listed);
        agent->coming = calloc(states, sizeof *agent->coming);
        agent->fit = calloc(task->classes, sizeof *agent->fit);
        agent->left = calloc(states, sizeof *agent->left);
    }
    if (!agent || !agent->likely || !agent->next || !agent->listed || !agent->coming ||
        !agent->fit || !agent->left) {
        agent_close(agent);
        error_set(error, "agent: out of memory for %zu states", states);
        return NULL;
    }
    return agent;
}

void agent_close(struct agent *agent)
{
    if (!agent)
        return;
    free(agent->likely);
    free(agent->next);
    free(agent->listed);
    free(agent->coming);
    free(agent->fit);
    free(agent->left);
    free(agent);
}

/* Before the first beat of a piece stands the last one, from which all pieces are entered. */
void agent_begin(struct agent *agent, size_t song, uint32_t beat)
{
    const struct process *process = agent->task->process;
    uint32_t at = beat ? process->start[song] + beat : process->start[song + 1];
    memset(agent->likely, 0, process->states * sizeof *agent->likely);
    memset(agent->left, 0, process->states * sizeof *agent->left);
    agent->state = agent->best = agent->listed[0] = process->visited[at - 1];
    agent->listed_count = 1;
    agent->likely[agent->state] = 1;
    agent->counting = beat == 0;
    agent->beats = 0;
    agent->misfit = 0;
}

static bool opening(const struct agent *agent)
{
    return agent->counting && agent->beats == 0;
}

static float fit_of(const struct agent *agent, uint32_t state)
{
    return agent->fit[agent->task->class_of[state]];
}

static uint32_t add_likely(struct agent *agent, uint32_t state, float likelihood, uint32_t count)
{
    if (likelihood > 0 && agent->next[state] == 0)
        agent->coming[count++] = state;
    agent->next[state] += likelihood;
    return count;
}

/* Moves on by the arcs; returns how many states are coming. */
static uint32_t move_on(struct agent *agent)
{
    const struct agent_task *task = agent->task;
    const struct process *process = task->process;
    uint32_t count = 0;
    if (opening(agent)) {
        for (uint32_t e = 0; e < task->entries; e++)
            count = add_likely(agent, task->entry[e], 1 / (float)task->entries, count);
        return count;
    }
    for (uint32_t i = 0; i < agent->listed_count; i++) {
        uint32_t s = agent->listed[i];
        for (uint32_t a = process->first_arc[s]; a < process->first_arc[s + 1]; a++)
            count =
                add_likely(agent, process->arc_next[a], agent->likely[s] * task->moved[a], count);
    }
    return count;
}

/* One step of the forward algorithm. That the player may have gone anywhere
 * counts only where what is heard fits so badly that it matters. */
static void update_likely(struct agent *agent)
{
    const struct process *process = agent->task->process;
    uint32_t count = move_on(agent), kept = 0;
    float sum = 0;
    for (uint32_t i = 0; i < count; i++)
        sum += agent->next[agent->coming[i]] * fit_of(agent, agent->coming[i]);
    if (sum < LOST)
        for (uint32_t s = 0; s < process->states; s++)
            count = add_likely(agent, s, LOST / (float)process->states, count);
    agent->best = agent->coming[0];
    sum = 0;
    for (uint32_t i = 0; i < count; i++) {
        uint32_t s = agent->coming[i];
        sum += agent->next[s] *= fit_of(agent, s);
        if (agent->next[s] > agent->next[agent->best])
            agent->best = s;
    }
    for (uint32_t i = 0; i < agent->listed_count; i++)
        agent->likely[agent->listed[i]] = 0;
    for (uint32_t i = 0; i < count; i++) {
        uint32_t s = agent->coming[i];
        agent->likely[s] = agent->next[s] / sum;
        agent->next[s] = 0;
        if (agent->likely[s] >= FORGOTTEN)
            agent->listed[kept++] = s;
        else
            agent->likely[s] = 0;
    }
    agent->listed_count = kept;
}

void agent_hear(struct agent *agent, const struct rhythm *rhythm)
{
    agent_task_hear(agent->task, rhythm, agent->fit);
    update_likely(agent);
}

/* The actions but the return. */
static uint32_t moves_of(const struct agent *agent)
{
    const uint32_t *first = agent->task->process->first_arc + agent->state;
    return opening(agent) ? agent->task->entries : first[1] - first[0];
}

static bool may_return(const struct agent *agent)
{
    return !opening(agent) &&
           process_find_arc(agent->task->process, agent->state, agent->best) == UINT32_MAX;
}

static uint32_t target_of(const struct agent *agent, uint32_t action)
{
    const struct process *process = agent->task->process;
    if (action >= moves_of(agent))
        return agent->best;
    return opening(agent) ? agent->task->entry[action]
                          : process->arc_next[process->first_arc[agent->state] + action];
}

struct cursor {
    uint32_t *feature, count;
    float *strength;
};

static void add(struct cursor *at, uint32_t feature, float strength)
{
    at->feature[at->count] = feature;
    at->strength[at->count++] = strength;
}

static void look_at_action(const struct agent *agent, uint32_t action, struct cursor *at)
{
    const struct agent_task *task = agent->task;
    uint32_t target = target_of(agent, action);
    uint32_t arc = task->process->first_arc[agent->state] + action;
    add(at, AGENT_FIT, agent_log(fit_of(agent, target)));
    add(at, AGENT_LIKELY, agent_log(agent->likely[target] / agent->likely[agent->best]));
    if (action == moves_of(agent)) {
        add(at, AGENT_RETURN, 1);
        add(at, AGENT_MISFIT, agent->misfit);
    } else if (!opening(agent)) {
        add(at, AGENT_OBSERVED, agent_log(task->moved[arc]));
        if (agent->counting && task->row[arc] != NO_ROW)
            add(at,
                AGENT_ARCS + task->row[arc] * AGENT_VISITS + agent_visit(agent->left[agent->state]),
                1);
    }
}

static void look_around(const struct agent *agent, struct cursor *at)
{
    const struct agent_task *task = agent->task;
    uint32_t step = agent->beats / BEATS_A_STEP;
    add(at, WORTH_ALWAYS, 1);
    add(at, WORTH_MISFIT, agent->misfit);
    add(at, WORTH_LIKELY, agent_log(agent->likely[agent->state]));
    add(at, WORTH_STATES + agent->state, 1);
    if (agent->counting && step < task->steps)
        add(at, WORTH_STATES + task->process->states + step, 1);
}

void agent_look(const struct agent *agent, struct agent_sight *sight)
{
    uint32_t o = sight->seen.count++, logit = sight->first_logit[o];
    uint32_t actions = moves_of(agent) + may_return(agent);
    struct cursor around = {sight->feature, sight->first_feature[o], sight->strength};
    struct cursor each = {sight->action_feature, sight->first_of_logit[logit],
                          sight->action_strength};
    look_around(agent, &around);
    for (uint32_t a = 0; a < actions; a++) {
        look_at_action(agent, a, &each);
        sight->first_of_logit[logit + a + 1] = each.count;
    }
    sight->first_feature[o + 1] = around.count;
    sight->first_action[o] = 0;
    sight->first_logit[o + 1] = logit + actions;
}

/* Over the visits to the state that the agent cannot tell from this one. */
static float reward_of(const struct agent *agent, uint32_t arc)
{
    const struct agent_task *task = agent->task;
    float turned = -1;
    if (agent->counting && task->row[arc] != NO_ROW)
        turned =
            task->turned[task->row[arc] * AGENT_VISITS + agent_visit(agent->left[agent->state])];
    return turned >= 0 ? turned : task->process->arc_reward[arc];
}

float agent_take(struct agent *agent, uint32_t action)
{
    uint32_t target = target_of(agent, action);
    float fit = fit_of(agent, target), reward = 0;
    if (!opening(agent)) {
        if (action < moves_of(agent))
            reward = fit * reward_of(agent, agent->task->process->first_arc[agent->state] + action);
        if (agent->left[agent->state] < UINT16_MAX)
            agent->left[agent->state]++;
    }
    agent->misfit = MISFIT_KEPT * agent->misfit - (1 - MISFIT_KEPT) * agent_log(fit);
    agent->state = target;
    agent->beats++;
    return reward;
}

uint32_t agent_state(const struct agent *agent)
{
    return agent->state;
}

/* What a memory is beside its arrays. */
struct place {
    uint32_t listed_count, state, beats, best, counting;
    float misfit;
};

size_t agent_memory(const struct agent_task *task)
{
    return sizeof(struct place) + task->classes * sizeof(float) +
           task->process->states * (sizeof(float) + sizeof(uint32_t) + sizeof(uint16_t));
}

void agent_save(const struct agent *agent, unsigned char *bytes)
{
    const struct agent_task *task = agent->task;
    size_t states = task->process->states;
    struct place place = {agent->listed_count, agent->state,    agent->beats,
                          agent->best,         agent->counting, agent->misfit};
    bytes = (unsigned char *)mempcpy(bytes, &place, sizeof place);
    bytes = (unsigned char *)mempcpy(bytes, agent->likely, states * sizeof *agent->likely);
    bytes = (unsigned char *)mempcpy(bytes, agent->listed, states * sizeof *agent->listed);
    bytes = (unsigned char *)mempcpy(bytes, agent->left, states * sizeof *agent->left);
    memcpy(bytes, agent->fit, task->classes * sizeof *agent->fit);
}

static bool fits(const struct agent *agent)
{
    const struct agent_task *task = agent->task;
    uint32_t states = task->process->states;
    bool good = agent->state < states && agent->best < states && isfinite(agent->misfit) &&
                agent->listed_count <= states;
    for (uint32_t i = 0; good && i < states; i++)
        good = agent->listed[i] < states && agent->likely[i] >= 0 && agent->likely[i] <= 1;
    for (uint32_t c = 0; good && c < task->classes; c++)
        good = agent->fit[c] >= 0 && agent->fit[c] <= 1;
    return good && agent->likely[agent->best] > 0;
}

int agent_restore(struct agent *agent, const unsigned char *bytes)
{
    const struct agent_task *task = agent->task;
    size_t states = task->process->states;
    struct place place;
    memcpy(&place, bytes, sizeof place);
    bytes += sizeof place;
    memcpy(agent->likely, bytes, states * sizeof *agent->likely);
    bytes += states * sizeof *agent->likely;
    memcpy(agent->listed, bytes, states * sizeof *agent->listed);
    bytes += states * sizeof *agent->listed;
    memcpy(agent->left, bytes, states * sizeof *agent->left);
    memcpy(agent->fit, bytes + states * sizeof *agent->left, task->classes * sizeof *agent->fit);
    agent->listed_count = place.listed_count;
    agent->state = place.state;
    agent->beats = place.beats;
    agent->best = place.best;
    agent->counting = place.counting != 0;
    agent->misfit = place.misfit;
    return fits(agent) ? 0 : -1;
}
