/* Ways lie in order of their notes. */
#include "correct/trace.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

struct edge {
    uint32_t to;
    uint16_t from, shift;
    float weight;
};

struct step {
    size_t first, first_weight; /* its edges and weights */
    uint32_t edges, count;
};

struct trace {
    struct step *step;
    size_t steps;
    struct edge *edge;
    size_t edges, edge_room;
    float *weight;
    size_t weights, weight_room;
    bool failed;
};

struct trace *trace_open(size_t notes)
{
    struct trace *trace = calloc(1, sizeof *trace);
    if (trace)
        trace->step = malloc((notes + 1) * sizeof *trace->step);
    if (trace && trace->step)
        return trace;
    free(trace);
    return NULL;
}

void trace_close(struct trace *trace)
{
    if (!trace)
        return;
    free(trace->step);
    free(trace->edge);
    free(trace->weight);
    free(trace);
}

void trace_start(struct trace *trace)
{
    trace->steps = trace->edges = trace->weights = 0;
    trace->failed = false;
}

/* Room for `more` items after `used`; false: out of memory. */
static bool make_room(void **items, size_t *room, size_t used, size_t more, size_t size)
{
    if (*room - used >= more)
        return true;
    size_t larger = *room * 2 + more + 1024;
    void *moved = realloc(*items, larger * size);
    if (!moved)
        return false;
    *items = moved;
    *room = larger;
    return true;
}

void trace_step(struct trace *trace, const float *weight, uint32_t count)
{
    void *weights = trace->weight;
    if (trace->failed ||
        !make_room(&weights, &trace->weight_room, trace->weights, count, sizeof *weight)) {
        trace->failed = true;
        return;
    }
    trace->weight = weights;
    trace->step[trace->steps++] = (struct step){
        .first = trace->edges, .first_weight = trace->weights, .edges = 0, .count = count};
    memcpy(trace->weight + trace->weights, weight, count * sizeof *weight);
    trace->weights += count;
}

uint32_t trace_edge(struct trace *trace, uint32_t from, uint32_t shift, float weight)
{
    void *edges = trace->edge;
    if (trace->failed || trace->edges == TRACE_NONE ||
        !make_room(&edges, &trace->edge_room, trace->edges, 1, sizeof *trace->edge)) {
        trace->failed = true;
        return TRACE_NONE;
    }
    trace->edge = edges;
    trace->edge[trace->edges] = (struct edge){
        .to = TRACE_NONE, .from = (uint16_t)from, .shift = (uint16_t)shift, .weight = weight};
    trace->step[trace->steps - 1].edges++;
    return (uint32_t)trace->edges++;
}

void trace_lead(struct trace *trace, uint32_t edge, uint32_t to)
{
    trace->edge[edge].to = to;
}

static float add_logarithms(float a, float b)
{
    if (!(a > -INFINITY))
        return b;
    return a > b ? a + log1pf(expf(b - a)) : b + log1pf(expf(a - b));
}

/* Of one note: `after` says how likely the rest is from each hypothesis after it
 * (NULL: there is no rest); likewise `before`. */
static void smooth_step(const struct trace *trace, const struct step *step, const float *after,
                        float *before, float probability[TRACE_SHIFTS])
{
    const struct edge *edge = trace->edge + step->first;
    const float *weight = trace->weight + step->first_weight;
    float best = -INFINITY, sum = 0;
    for (uint32_t i = 0; i < step->count; i++)
        before[i] = -INFINITY;
    for (uint32_t e = 0; e < step->edges; e++) {
        if (after && edge[e].to == TRACE_NONE)
            continue;
        float rest = edge[e].weight + (after ? after[edge[e].to] : 0);
        before[edge[e].from] = add_logarithms(before[edge[e].from], rest);
        best = fmaxf(best, weight[edge[e].from] + rest);
    }
    memset(probability, 0, TRACE_SHIFTS * sizeof *probability);
    for (uint32_t e = 0; e < step->edges; e++) {
        if (after && edge[e].to == TRACE_NONE)
            continue;
        float rest = edge[e].weight + (after ? after[edge[e].to] : 0);
        float part = expf(weight[edge[e].from] + rest - best);
        probability[edge[e].shift] += part;
        sum += part;
    }
    for (int k = 0; k < TRACE_SHIFTS; k++)
        probability[k] /= sum;
    for (uint32_t i = 0; i < step->count; i++)
        before[i] -= best;
}

int trace_smooth(const struct trace *trace, float (*probability)[TRACE_SHIFTS])
{
    uint32_t most = 1;
    for (size_t t = 0; t < trace->steps; t++)
        most = trace->step[t].count > most ? trace->step[t].count : most;
    float *rest[2] = {malloc(most * sizeof(float)), malloc(most * sizeof(float))};
    bool failed = trace->failed || !rest[0] || !rest[1];
    for (size_t t = trace->steps; !failed && t-- > 0;)
        smooth_step(trace, &trace->step[t], t + 1 == trace->steps ? NULL : rest[(t + 1) & 1],
                    rest[t & 1], probability[t]);
    free(rest[0]);
    free(rest[1]);
    return failed ? -1 : 0;
}
