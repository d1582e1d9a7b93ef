/* Whole takes: the belief of each note, known what came after it.
 *
 * The forward pass leaves a lattice: the hypotheses that were held after each note
 * and the explanations that led from one to the next, with the probability that reached them.
 * Backward, each is weighed by how well the rest of the take goes on from it. */
#include "follow/belief.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { NOTES_A_STEP = 256 };

static const double FIRST_RUN = .4; /* of the work */

enum { POOL = UINT16_MAX }; /* explanations that come from anywhere: beginnings and jumps */

static const float worth_keeping = 1e-6f; /* explanations below this share are forgotten */

struct state {
    uint32_t position;
    float weight; /* forward probability */
    float after;  /* backward: how well the rest goes on, relative */
    float best;   /* logarithm of the likeliest way here */
    uint32_t way; /* the explanation that it came by; UINT32_MAX: none */
    int8_t shift;
    uint8_t hands;
};

struct edge {
    float weight; /* of all that reaches the note, the share that goes this way */
    float ratio;  /* what a vote for it counts, over that */
    uint16_t from, to;
    int16_t y; /* pitch of the piece's note; -1: as played */
    uint8_t how;
};

struct layer {
    size_t state, edge; /* the first of this note */
    uint32_t states;    /* those that explanations lead to; arrivals follow */
    uint32_t edges, arrivals;
    float away, after, best;    /* elsewhere: as in struct state */
    bool came;                  /* the likeliest way to elsewhere left a piece here */
    float away_stays;           /* share of elsewhere that stays there, by this note */
    float leaves;               /* what each hypothesis gives to elsewhere, a unit of its weight */
    float pool_away, pool_each; /* what they give to the pool, a unit of their weight */
};

struct lattice {
    struct layer *layer;
    size_t layers;
    struct state *state;
    size_t states, state_room;
    struct edge *edge;
    size_t edges, edge_room, edge_begin;
    bool failed;
};

static void *more(void *array, size_t size, size_t needed, size_t *room, bool *failed)
{
    if (needed <= *room || *failed)
        return array;
    size_t wanted = needed * 2 + 1024;
    void *grown = realloc(array, wanted * size);
    if (!grown) {
        *failed = true;
        return array;
    }
    *room = wanted;
    return grown;
}

void lattice_explain(struct lattice *lattice, const struct follow *follow,
                     const struct hypothesis *from, uint32_t to, enum explanation how, int y,
                     float weight)
{
    bool held = from >= follow->now && from < follow->now + BELIEF_HELD;
    lattice->edge = more(lattice->edge, sizeof *lattice->edge, lattice->edges + 1,
                         &lattice->edge_room, &lattice->failed);
    if (!lattice->failed)
        lattice->edge[lattice->edges++] =
            (struct edge){.weight = weight,
                          .ratio = follow->ratio,
                          .from = held ? (uint16_t)(from - follow->now) : POOL,
                          .to = (uint16_t)to,
                          .y = (int16_t)y,
                          .how = (uint8_t)how};
}

static struct state *add_state(struct lattice *lattice, const struct hypothesis *of, float weight)
{
    lattice->state = more(lattice->state, sizeof *lattice->state, lattice->states + 1,
                          &lattice->state_room, &lattice->failed);
    if (lattice->failed)
        return NULL;
    struct state *state = &lattice->state[lattice->states++];
    *state = (struct state){.position = of->position,
                            .weight = weight,
                            .way = UINT32_MAX,
                            .shift = of->shift,
                            .hands = of->hands};
    return state;
}

void lattice_arrive(struct lattice *lattice, const struct hypothesis *to)
{
    if (lattice->layers && add_state(lattice, to, to->weight))
        lattice->layer[lattice->layers - 1].arrivals++;
}

void lattice_settle(struct lattice *lattice, const struct follow *follow, const uint16_t *kept,
                    float sum)
{
    const struct follow_constants *c = &follow_constants;
    uint16_t index[BELIEF_ROOM];
    struct layer *layer = &lattice->layer[lattice->layers++];
    float believed = 0, before = 0;
    *layer = (struct layer){.state = lattice->states,
                            .edge = lattice->edge_begin,
                            .states = follow->count,
                            .away = follow->next_away / sum};
    memset(index, 0xff, sizeof index);
    for (uint32_t k = 0; k < follow->count; k++) {
        index[kept[k]] = (uint16_t)k;
        add_state(lattice, &follow->next[kept[k]], follow->next[kept[k]].weight / sum);
    }
    if (lattice->failed)
        return;
    if (lattice->layers > 1) {
        const struct layer *last = layer - 1;
        for (uint32_t i = 0; i < last->states + last->arrivals; i++)
            believed += lattice->state[last->state + i].weight;
        before = last->away;
        float source = before * (float)c->enter + believed * (float)c->leave;
        float left = before * (float)(1 - c->enter) + believed * (float)c->leave;
        layer->away_stays = layer->away * (float)(1 - c->enter) / left;
        layer->leaves = layer->away * (float)c->leave / left;
        layer->pool_away = (float)c->enter / source;
        layer->pool_each = (float)c->leave / source;
    }
    size_t end = lattice->edge_begin;
    for (size_t e = lattice->edge_begin; e < lattice->edges; e++) {
        struct edge edge = lattice->edge[e];
        edge.weight /= sum;
        edge.to = index[edge.to];
        if (edge.to != UINT16_MAX && edge.weight > worth_keeping)
            lattice->edge[end++] = edge;
    }
    layer->edges = (uint32_t)(end - lattice->edge_begin);
    lattice->edges = lattice->edge_begin = end;
}

/* The likeliest way to every state of a layer. Weights hold the forward probability of where
 * they come from, which is divided out. */
static void find_ways(struct lattice *lattice, size_t n)
{
    struct layer *layer = &lattice->layer[n];
    const struct layer *last = n ? layer - 1 : NULL;
    for (uint32_t i = 0; i < layer->states; i++)
        lattice->state[layer->state + i].best = -INFINITY;
    float pool = last ? last->best + logf(layer->pool_away) : 0;
    layer->best = last ? last->best + logf(layer->away_stays) : logf(layer->away);
    for (uint32_t i = 0; last && i < last->states + last->arrivals; i++) {
        float best = lattice->state[last->state + i].best;
        pool = fmaxf(pool, best + logf(layer->pool_each));
        if (best + logf(layer->leaves) > layer->best) {
            layer->best = best + logf(layer->leaves);
            layer->came = true;
        }
    }
    for (uint32_t e = 0; e < layer->edges; e++) {
        const struct edge *edge = &lattice->edge[layer->edge + e];
        struct state *to = &lattice->state[layer->state + edge->to];
        float way = logf(edge->weight);
        if (edge->from == POOL || !last)
            way += pool;
        else {
            const struct state *from = &lattice->state[last->state + edge->from];
            way += from->best - logf(from->weight);
        }
        if (way > to->best) {
            to->best = way;
            to->way = e;
        }
    }
    /* Those found by a line of notes were elsewhere until then. */
    for (uint32_t i = 0; i < layer->arrivals; i++) {
        struct state *to = &lattice->state[layer->state + layer->states + i];
        to->best = layer->best + logf(to->weight / fmaxf(layer->away, 1e-20f));
    }
}

/* How well the take goes on from the states of the layer before, from those of layer n. */
static void look_back(struct lattice *lattice, size_t n)
{
    struct layer *layer = &lattice->layer[n], *last = layer - 1;
    float pool = 0, largest = 0;
    uint32_t count = last->states + last->arrivals;
    for (uint32_t i = 0; i < count; i++)
        lattice->state[last->state + i].after = 0;
    for (uint32_t e = 0; e < layer->edges; e++) {
        const struct edge *edge = &lattice->edge[layer->edge + e];
        float share = edge->weight * lattice->state[layer->state + edge->to].after;
        if (edge->from == POOL)
            pool += share;
        else {
            struct state *from = &lattice->state[last->state + edge->from];
            from->after += share / from->weight;
        }
    }
    last->after = layer->away_stays * layer->after + pool * layer->pool_away;
    for (uint32_t i = 0; i < count; i++) {
        struct state *state = &lattice->state[last->state + i];
        state->after += layer->leaves * layer->after + pool * layer->pool_each;
    }
    for (uint32_t i = last->states; i < count; i++) {
        const struct state *arrived = &lattice->state[last->state + i];
        last->after += arrived->after * arrived->weight / fmaxf(last->away, 1e-20f);
    }
    for (uint32_t i = 0; i < count; i++)
        largest = fmaxf(largest, lattice->state[last->state + i].after);
    largest = fmaxf(largest, last->after);
    if (!(largest > 0)) /* what led on was forgotten */
        return;
    for (uint32_t i = 0; i < count; i++)
        lattice->state[last->state + i].after /= largest;
    last->after /= largest;
}

static void vote(const struct lattice *lattice, size_t n, float votes[128],
                 struct follow_rest *rest)
{
    const struct layer *layer = &lattice->layer[n];
    memset(votes, 0, 128 * sizeof *votes);
    *rest = (struct follow_rest){.elsewhere = layer->away * layer->after};
    for (uint32_t e = 0; e < layer->edges; e++) {
        const struct edge *edge = &lattice->edge[layer->edge + e];
        float share = edge->weight * lattice->state[layer->state + edge->to].after;
        if (edge->y >= 0 && edge->y < 128)
            votes[edge->y] += share * edge->ratio;
        else
            rest->as_played += share;
    }
}

/* The probability of a position. */
static float sure_of(const struct lattice *lattice, const struct layer *layer, uint32_t position)
{
    float there = 0, all = layer->away * layer->after;
    for (uint32_t i = 0; i < layer->states; i++) {
        const struct state *state = &lattice->state[layer->state + i];
        all += state->weight * state->after;
        if (state->position == position)
            there += state->weight * state->after;
    }
    return all > 0 ? there / all : 0;
}

/* The state of a layer at the end of the likeliest way; -1: elsewhere. */
static int likeliest(const struct lattice *lattice, const struct layer *layer, bool arrivals)
{
    int found = -1;
    float best = layer->best;
    for (uint32_t i = 0; i < layer->states + (arrivals ? layer->arrivals : 0); i++)
        if (lattice->state[layer->state + i].best > best) {
            best = lattice->state[layer->state + i].best;
            found = (int)i;
        }
    return found;
}

static void read_ways(const struct lattice *lattice, const struct pieces *pieces,
                      struct follow_reading *reading)
{
    size_t n = lattice->layers;
    int at = n ? likeliest(lattice, &lattice->layer[n - 1], false) : -1;
    while (n-- > 0) {
        const struct layer *layer = &lattice->layer[n], *last = n ? layer - 1 : NULL;
        struct follow_reading *told = &reading[n];
        *told = (struct follow_reading){.piece = -1, .pitch = -1};
        if (at < 0 || at >= (int)layer->states) { /* elsewhere, or found only by the next notes */
            at = last && layer->came && at < 0 ? likeliest(lattice, last, true) : -1;
            continue;
        }
        const struct state *state = &lattice->state[layer->state + (uint32_t)at];
        const struct edge *edge = &lattice->edge[layer->edge + state->way];
        uint32_t piece = pieces->piece_of[state->position], first = pieces->piece[piece].first;
        told->piece = (int)piece;
        told->position = told->of = state->position;
        told->shift = state->shift;
        told->hands = hands_playing(state->hands);
        told->pitch = edge->y;
        told->jumped = edge->how == EXPLAIN_JUMP;
        if (edge->how == EXPLAIN_LATE)
            for (uint32_t m = 1; m < BELIEF_ONSETS && state->position >= first + m; m++) {
                uint32_t before = state->position - m;
                bool there = false;
                for (uint32_t k = pieces->first[before]; k < pieces->first[before + 1]; k++)
                    there |=
                        pieces->pitch[k] + state->shift == edge->y || pieces->pitch[k] == edge->y;
                if (there) {
                    told->of = before;
                    break;
                }
            }
        if (edge->from == POOL)
            at = last ? likeliest(lattice, last, true) : -1;
        else
            at = edge->from;
    }
}

/* Forward over all keys, into a lattice or none. False: stopped. */
static bool run(struct follow *follow, const struct follow_key *keys, size_t count, float trust,
                struct lattice *lattice, struct task_part part)
{
    float votes[128];
    bool goes_on = true;
    follow->lattice = lattice;
    for (size_t i = 0; i < count; i++) {
        goes_on = i % NOTES_A_STEP != 0 || task_part_goes_on(&part, (double)i / (double)count);
        if (!goes_on)
            break;
        follow_note(follow, keys[i].seconds, keys[i].pitch, trust, votes);
        follow_settle(follow, 1);
    }
    follow->lattice = NULL;
    return goes_on;
}

int follow_take(struct follow *follow, const struct follow_key *keys, size_t count, float trust,
                follow_decide *decide, void *context, struct follow_reading *reading,
                const struct task *task, struct error *error)
{
    struct lattice lattice = {.layer = calloc(count + 1, sizeof *lattice.layer)};
    if (!lattice.layer)
        return error_set(error, "out of memory for a take of %zu notes", count);
    follow_start(follow);
    bool goes_on = run(follow, keys, count, trust, NULL, (struct task_part){task, 0, FIRST_RUN});
    struct slip slip = follow->slip;
    follow_start(follow);
    follow->slip = slip;
    goes_on = goes_on &&
              run(follow, keys, count, trust, &lattice, (struct task_part){task, FIRST_RUN, 1});
    lattice.failed |= !goes_on;
    for (size_t n = 0; !lattice.failed && reading && n < count; n++)
        find_ways(&lattice, n);
    if (!lattice.failed && reading)
        read_ways(&lattice, follow->pieces, reading);
    for (size_t n = count; !lattice.failed && n-- > 0;) {
        struct layer *layer = &lattice.layer[n];
        if (n == count - 1) {
            layer->after = 1;
            for (uint32_t i = 0; i < layer->states; i++)
                lattice.state[layer->state + i].after = 1;
        }
        float votes[128];
        struct follow_rest rest;
        vote(&lattice, n, votes, &rest);
        decide(context, n, votes, &rest);
        if (reading && reading[n].piece >= 0)
            reading[n].sure = sure_of(&lattice, layer, reading[n].position);
        if (n > 0)
            look_back(&lattice, n);
    }
    bool failed = lattice.failed;
    free(lattice.layer);
    free(lattice.state);
    free(lattice.edge);
    if (!goes_on)
        return error_set(error, "stopped");
    return failed ? error_set(error, "out of memory for a take of %zu notes", count) : 0;
}
