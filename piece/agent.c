/* States with the same rhythm form a class, so that the fit with what is heard
 * is worked out once a class and not once a state. */
#include "piece/agent.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Features of actions; those of arcs at their visits follow. */
enum {
    SEEN_REWARD,
    SEEN_FIT,
    SEEN_LIKELY,
    SEEN_RETURN,
    SEEN_RETURN_MISFIT,
    SEEN_ARCS
};

/* Features of observations; states and beats follow. */
enum { WORTH_ALWAYS, WORTH_MISFIT, WORTH_LIKELY, WORTH_STATES };

enum { NO_ROW = UINT32_MAX, BEATS_A_STEP = 4 };

static const float LOST = 1e-3f;      /* chance of a move that the pieces never made */
static const float LEAST_LOG = -12;   /* below this, likelihoods are all alike */
static const float LOG_UNIT = 0.25f;  /* strength a nat, so that weights are of one size */
static const float MISFIT_KEPT = 0.7f; /* from beat to beat */
static const float RETURN_AT_FIRST = -6; /* weight before learning: once in 400 beats */

struct agent_score {
    const struct process *process;
    uint32_t classes, most_arcs, rows, steps;
    struct rhythm *rhythm; /* [classes] */
    uint32_t *class_of;    /* [states] */
    float *moved;          /* [arcs]: observed frequency */
    uint32_t *row;         /* [states]: of the first arc where there are several, or NO_ROW */
    float *turned;         /* [rows][AGENT_VISITS]: reward of an arc at a visit */
};

struct agent {
    const struct agent_score *score;
    float *likely, *next; /* [states] */
    float *fit;           /* [classes], with what is heard */
    uint16_t *left;       /* [rows]: how often a state with several arcs has been left */
    uint32_t state, beats, best;
    float misfit;
    bool counting;
};

float rhythm_fit(const struct rhythm *meant, const struct rhythm *heard)
{
    float fit = 1;
    for (int i = 0; i < SONG_SLOTS_A_BEAT; i++) {
        int m = meant->struck[i], h = heard->struck[i];
        fit *= m == h ? 1 : m && h ? (abs(m - h) == 1 ? 0.3f : 0.1f) : 0.05f;
    }
    return fit;
}

static float log_of(float likelihood)
{
    float value = likelihood > 0 ? logf(likelihood) : LEAST_LOG;
    return LOG_UNIT * (value > LEAST_LOG ? value : LEAST_LOG);
}

/* The rhythm of every state is that of any place it stands at. */
static void class_states(struct agent_score *score, const struct song *const *songs)
{
    const struct process *process = score->process;
    for (uint32_t k = 0; k < process->songs; k++)
        for (uint32_t b = process->song_start[k]; b < process->song_start[k + 1]; b++) {
            struct rhythm rhythm = player_written(songs[k], b - process->song_start[k]);
            uint32_t c = 0;
            while (c < score->classes && memcmp(&score->rhythm[c], &rhythm, sizeof rhythm) != 0)
                c++;
            score->rhythm[c] = rhythm;
            score->classes += c == score->classes;
            score->class_of[process->beat_state[b]] = c;
        }
}

static void number_rows(struct agent_score *score)
{
    const struct process *process = score->process;
    for (uint32_t s = 0; s < process->states; s++) {
        uint32_t arcs = process->first_arc[s + 1] - process->first_arc[s];
        score->row[s] = arcs > 1 ? score->rows : NO_ROW;
        score->rows += arcs > 1 ? arcs : 0;
        score->most_arcs = arcs > score->most_arcs ? arcs : score->most_arcs;
    }
    for (uint32_t k = 0; k < process->songs; k++) {
        uint32_t beats = process->song_start[k + 1] - process->song_start[k];
        if (beats / BEATS_A_STEP + 1 > score->steps)
            score->steps = beats / BEATS_A_STEP + 1;
    }
}

/* Where every piece goes on at each visit, counted over the pieces. */
static int count_turns(struct agent_score *score, struct error *error)
{
    const struct process *process = score->process;
    float *visits = calloc(score->rows * (size_t)AGENT_VISITS + 1, sizeof *visits);
    uint32_t *left = calloc(score->rows + 1, sizeof *left);
    score->turned = calloc(score->rows * (size_t)AGENT_VISITS + 1, sizeof *score->turned);
    if (!visits || !left || !score->turned) {
        free(visits);
        free(left);
        return error_set(error, "agent: out of memory for %u arcs", score->rows);
    }
    for (uint32_t k = 0; k < process->songs; k++) {
        uint32_t start = process->song_start[k], end = process->song_start[k + 1];
        uint32_t from = process->beat_state[end - 1];
        memset(left, 0, score->rows * sizeof *left);
        for (uint32_t b = start; b < end; from = process->beat_state[b++]) {
            uint32_t row = score->row[from], first = process->first_arc[from];
            if (row == NO_ROW)
                continue;
            uint32_t visit = left[row] < AGENT_VISITS ? left[row] : AGENT_VISITS - 1;
            uint32_t arc = process_find_arc(process, from, process->beat_state[b]);
            left[row]++;
            score->turned[(row + arc - first) * AGENT_VISITS + visit]++;
            for (uint32_t a = 0; a < process->first_arc[from + 1] - first; a++)
                visits[(row + a) * AGENT_VISITS + visit]++;
        }
    }
    for (size_t i = 0; i < score->rows * (size_t)AGENT_VISITS; i++)
        score->turned[i] = visits[i] > 0 ? score->turned[i] / visits[i] : -1;
    free(visits);
    free(left);
    return 0;
}

struct agent_score *agent_score_open(const struct process *process,
                                     const struct song *const *songs, struct error *error)
{
    struct agent_score *score = calloc(1, sizeof *score);
    if (score) {
        score->process = process;
        score->rhythm = calloc(process->states + 1, sizeof *score->rhythm);
        score->class_of = calloc(process->states, sizeof *score->class_of);
        score->moved = calloc(process->arcs, sizeof *score->moved);
        score->row = calloc(process->states, sizeof *score->row);
    }
    if (!score || !score->rhythm || !score->class_of || !score->moved || !score->row) {
        agent_score_close(score);
        error_set(error, "agent: out of memory for %u states", process->states);
        return NULL;
    }
    class_states(score, songs);
    number_rows(score);
    process_observed(process, score->moved);
    if (count_turns(score, error) != 0) {
        agent_score_close(score);
        return NULL;
    }
    return score;
}

void agent_score_close(struct agent_score *score)
{
    if (!score)
        return;
    free(score->rhythm);
    free(score->class_of);
    free(score->moved);
    free(score->row);
    free(score->turned);
    free(score);
}

const struct process *agent_score_process(const struct agent_score *score)
{
    return score->process;
}

uint32_t agent_score_most_actions(const struct agent_score *score)
{
    return score->most_arcs + 1;
}

struct policy *agent_policy(const struct agent_score *score, struct error *error)
{
    struct policy_shape shape = {.kind = POLICY_LINEAR,
                                 .inputs = WORTH_STATES + score->process->states + score->steps,
                                 .actions = SEEN_ARCS + score->rows * AGENT_VISITS};
    struct policy *policy = policy_create(&shape, 0, error);
    if (policy)
        policy->parameter[SEEN_RETURN] = RETURN_AT_FIRST;
    return policy;
}

struct agent *agent_open(const struct agent_score *score, struct error *error)
{
    struct agent *agent = calloc(1, sizeof *agent);
    if (agent) {
        agent->score = score;
        agent->likely = calloc(score->process->states, sizeof *agent->likely);
        agent->next = calloc(score->process->states, sizeof *agent->next);
        agent->fit = calloc(score->classes, sizeof *agent->fit);
        agent->left = calloc(score->rows + 1, sizeof *agent->left);
    }
    if (!agent || !agent->likely || !agent->next || !agent->fit || !agent->left) {
        agent_close(agent);
        error_set(error, "agent: out of memory");
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
    free(agent->fit);
    free(agent->left);
    free(agent);
}

void agent_begin(struct agent *agent, uint32_t state, bool opening)
{
    memset(agent->likely, 0, agent->score->process->states * sizeof *agent->likely);
    memset(agent->left, 0, agent->score->rows * sizeof *agent->left);
    agent->likely[state] = 1;
    agent->state = agent->best = state;
    agent->counting = opening;
    agent->beats = 0;
    agent->misfit = 0;
}

/* One step of the forward algorithm. */
static void update_likely(struct agent *agent)
{
    const struct agent_score *score = agent->score;
    const struct process *process = score->process;
    float *next = agent->next, lost = LOST / (float)process->states, sum = 0;
    for (uint32_t s = 0; s < process->states; s++)
        next[s] = lost;
    for (uint32_t s = 0; s < process->states; s++)
        if (agent->likely[s] > 1e-9f)
            for (uint32_t a = process->first_arc[s]; a < process->first_arc[s + 1]; a++)
                next[process->arc_next[a]] += agent->likely[s] * score->moved[a];
    agent->best = 0;
    for (uint32_t s = 0; s < process->states; s++) {
        next[s] *= agent->fit[score->class_of[s]];
        sum += next[s];
        agent->best = next[s] > next[agent->best] ? s : agent->best;
    }
    float scale = 1 / sum;
    for (uint32_t s = 0; s < process->states; s++)
        next[s] *= scale;
    agent->next = agent->likely;
    agent->likely = next;
}

void agent_hear(struct agent *agent, const struct rhythm *rhythm)
{
    for (uint32_t c = 0; c < agent->score->classes; c++)
        agent->fit[c] = rhythm_fit(&agent->score->rhythm[c], rhythm);
    update_likely(agent);
}

static uint32_t arcs_of(const struct agent *agent)
{
    const uint32_t *first = agent->score->process->first_arc + agent->state;
    return first[1] - first[0];
}

uint32_t agent_actions(const struct agent *agent)
{
    bool reached = process_find_arc(agent->score->process, agent->state, agent->best) != UINT32_MAX;
    return arcs_of(agent) + !reached;
}

uint32_t agent_target(const struct agent *agent, uint32_t action)
{
    const struct process *process = agent->score->process;
    return action < arcs_of(agent) ? process->arc_next[process->first_arc[agent->state] + action]
                                   : agent->best;
}

static float fit_of(const struct agent *agent, uint32_t state)
{
    return agent->fit[agent->score->class_of[state]];
}

static uint32_t visit_of(const struct agent *agent)
{
    uint32_t visit = agent->left[agent->score->row[agent->state]];
    return visit < AGENT_VISITS ? visit : AGENT_VISITS - 1;
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
    const struct agent_score *score = agent->score;
    const struct process *process = score->process;
    uint32_t target = agent_target(agent, action), row = score->row[agent->state];
    add(at, SEEN_FIT, log_of(fit_of(agent, target)));
    add(at, SEEN_LIKELY, log_of(agent->likely[target] / agent->likely[agent->best]));
    if (action == arcs_of(agent)) {
        add(at, SEEN_RETURN, 1);
        add(at, SEEN_RETURN_MISFIT, agent->misfit);
        return;
    }
    uint32_t arc = process->first_arc[agent->state] + action;
    add(at, SEEN_REWARD, log_of(process->arc_reward[arc]));
    if (agent->counting && row != NO_ROW)
        add(at, SEEN_ARCS + (row + action) * AGENT_VISITS + visit_of(agent), 1);
}

static void look_around(const struct agent *agent, struct cursor *at)
{
    const struct agent_score *score = agent->score;
    uint32_t step = agent->beats / BEATS_A_STEP;
    add(at, WORTH_ALWAYS, 1);
    add(at, WORTH_MISFIT, agent->misfit);
    add(at, WORTH_LIKELY, log_of(agent->likely[agent->state]));
    add(at, WORTH_STATES + agent->state, 1);
    if (agent->counting && step < score->steps)
        add(at, WORTH_STATES + score->process->states + step, 1);
}

void agent_look(const struct agent *agent, struct agent_sight *sight)
{
    uint32_t o = sight->seen.count++, logit = sight->first_logit[o];
    uint32_t actions = agent_actions(agent);
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

/* Of the arc now: over the visits to the state that the agent cannot tell from this one. */
static float reward_of(const struct agent *agent, uint32_t action)
{
    const struct agent_score *score = agent->score;
    const struct process *process = score->process;
    uint32_t row = score->row[agent->state];
    float turned = -1;
    if (agent->counting && row != NO_ROW)
        turned = score->turned[(row + action) * AGENT_VISITS + visit_of(agent)];
    return turned >= 0 ? turned : process->arc_reward[process->first_arc[agent->state] + action];
}

float agent_take(struct agent *agent, uint32_t action)
{
    uint32_t target = agent_target(agent, action), row = agent->score->row[agent->state];
    float fit = fit_of(agent, target);
    float reward = action < arcs_of(agent) ? reward_of(agent, action) * fit : 0;
    if (row != NO_ROW && agent->left[row] < UINT16_MAX)
        agent->left[row]++;
    agent->misfit = MISFIT_KEPT * agent->misfit - (1 - MISFIT_KEPT) * log_of(fit);
    agent->state = target;
    agent->beats++;
    return reward;
}

uint32_t agent_state(const struct agent *agent)
{
    return agent->state;
}

int agent_sight_open(struct agent_sight *sight, const struct agent_score *score,
                     size_t observations, struct error *error)
{
    size_t logits = observations * agent_score_most_actions(score);
    *sight = (struct agent_sight){
        .first_feature = calloc(observations + 1, sizeof(uint32_t)),
        .feature = calloc(observations * AGENT_FEATURES, sizeof(uint32_t)),
        .strength = calloc(observations * AGENT_FEATURES, sizeof(float)),
        .first_logit = calloc(observations + 1, sizeof(uint32_t)),
        .first_action = calloc(observations, sizeof(uint32_t)),
        .first_of_logit = calloc(logits + 1, sizeof(uint32_t)),
        .action_feature = calloc(logits * AGENT_ACTION_FEATURES, sizeof(uint32_t)),
        .action_strength = calloc(logits * AGENT_ACTION_FEATURES, sizeof(float)),
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
