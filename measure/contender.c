/* Models in memory, and what does without. */
#include "measure/contender.h"

#include "correct/corrector.h"
#include "measure/run.h"
#include "rl/policy.h"
#include "rl/sarsa.h"

#include <stdlib.h>
#include <string.h>

/* Two beats' sets of pitches, one after the other. */
struct move {
    uint64_t from[2], to[2];
};

struct contender_music {
    uint8_t lowest, highest, median;
    struct move *moves; /* legal ones, sorted */
    size_t count;
};

struct contender contender_of_model(const struct model *model)
{
    return (struct contender){"trained", CONTENDER_POLICY, model, NULL};
}

struct contender contender_noise(void)
{
    return (struct contender){"noise in range", CONTENDER_NOISE, NULL, NULL};
}

struct contender contender_median(void)
{
    return (struct contender){"constant median", CONTENDER_MEDIAN, NULL, NULL};
}

void contender_close(struct contender *contender)
{
    model_free(contender->owned);
    contender->owned = NULL;
    contender->model = NULL;
}

/* A model of the same pieces with another policy, which it takes over. */
static int make(struct contender *contender, const char *name, const struct model *model,
                const char *algorithm, struct policy *policy, struct error *error)
{
    if (!policy)
        return -1;
    size_t count = model_songs(model), n = 0;
    struct song **songs = calloc(count + 1, sizeof(struct song *));
    while (songs && n < count && (songs[n] = song_copy(model_song(model, n), error)))
        n++;
    struct process *process = NULL;
    if (songs && n == count)
        process = beats_process((const struct song *const *)songs, count,
                                model_process(model)->context, error);
    if (!process) {
        for (size_t k = 0; songs && k < n; k++)
            song_free(songs[k]);
        free(songs);
        policy_free(policy);
        return songs ? -1 : error_set(error, "out of memory for %zu songs", count);
    }
    struct model_origin origin = {.steps = 0};
    strncpy(origin.algorithm, algorithm, sizeof origin.algorithm - 1);
    strncpy(origin.policy, policy_name(policy->shape.kind), sizeof origin.policy - 1);
    contender->name = name;
    contender->kind = CONTENDER_POLICY;
    contender->owned = model_create(songs, count, process, policy, &origin, error);
    contender->model = contender->owned;
    free(songs);
    return contender->owned ? 0 : -1;
}

int contender_untrained(struct contender *contender, const struct model *model, uint64_t seed,
                        struct error *error)
{
    return make(contender, "untrained", model, "counts",
                policy_create(&model_policy(model)->shape, seed, error), error);
}

/* A table whose probabilities are proportional to a weight an arc. */
static struct policy *weighted(const struct process *process, const double *weight,
                               struct error *error)
{
    float *probability = malloc(process->arcs * sizeof *probability);
    if (!probability) {
        error_set(error, "out of memory for %u arcs", process->arcs);
        return NULL;
    }
    for (uint32_t s = 0; s < process->states; s++) {
        uint32_t first = process->first_arc[s], end = process->first_arc[s + 1];
        double sum = 0;
        for (uint32_t a = first; a < end; a++)
            sum += weight[a];
        for (uint32_t a = first; a < end; a++)
            probability[a] = (float)(sum > 0 ? weight[a] / sum : 1.0 / (end - first));
    }
    struct policy *policy = policy_of_probability(process, probability, error);
    free(probability);
    return policy;
}

enum weighting { ALL_ALIKE, AS_OBSERVED, BEST_ONLY };

static int make_weighted(struct contender *contender, const char *name, const struct model *model,
                         enum weighting weighting, struct error *error)
{
    const struct process *process = model_process(model);
    double *weight = calloc(process->arcs, sizeof *weight);
    if (!weight)
        return error_set(error, "out of memory for %u arcs", process->arcs);
    for (uint32_t s = 0; s < process->states; s++) {
        uint32_t best = process->first_arc[s];
        for (uint32_t a = process->first_arc[s]; a < process->first_arc[s + 1]; a++) {
            weight[a] = weighting == ALL_ALIKE     ? 1
                        : weighting == AS_OBSERVED ? process->arc_count[a]
                                                   : 0;
            if (process->arc_reward[a] > process->arc_reward[best])
                best = a;
        }
        if (weighting == BEST_ONLY)
            weight[best] = 1;
    }
    struct policy *policy = weighted(process, weight, error);
    free(weight);
    return make(contender, name, model, "counts", policy, error);
}

int contender_random_legal(struct contender *contender, const struct model *model,
                           struct error *error)
{
    return make_weighted(contender, "random legal", model, ALL_ALIKE, error);
}

int contender_observed(struct contender *contender, const struct model *model, struct error *error)
{
    return make_weighted(contender, "observed", model, AS_OBSERVED, error);
}

int contender_greedy(struct contender *contender, const struct model *model, struct error *error)
{
    return make_weighted(contender, "greedy loop", model, BEST_ONLY, error);
}

int contender_sarsa(struct contender *contender, const struct model *model, uint64_t steps,
                    uint32_t horizon, uint64_t seed, struct error *error)
{
    struct sarsa_settings settings = sarsa_defaults();
    settings.total_steps = steps;
    settings.horizon = horizon;
    settings.seed = seed;
    struct sarsa *sarsa = sarsa_open(model_process(model), &settings, error);
    if (!sarsa)
        return -1;
    struct policy *policy = NULL;
    if (sarsa_run(sarsa, steps, NULL, NULL, error) == 0)
        policy = sarsa_policy(sarsa, error);
    sarsa_close(sarsa);
    return make(contender, "SARSA", model, "sarsa", policy, error);
}

static int by_sets(const void *left, const void *right)
{
    const struct move *a = left, *b = right;
    const uint64_t x[4] = {a->from[0], a->from[1], a->to[0], a->to[1]};
    const uint64_t y[4] = {b->from[0], b->from[1], b->to[0], b->to[1]};
    for (int k = 0; k < 4; k++)
        if (x[k] != y[k])
            return x[k] < y[k] ? -1 : 1;
    return 0;
}

/* The pitches of the beat that each state ends with, [states][2]. */
static void fill_state_sets(const struct model *model, uint64_t (*set)[2])
{
    const struct process *process = model_process(model);
    for (uint32_t k = 0; k < process->trajectories; k++) {
        const struct song *song = model_song(model, k);
        for (uint32_t beat = 0; beat < song_beats(song); beat++) {
            uint64_t *into = set[process->visited[process->start[k] + beat]];
            for (uint32_t slot = 0; slot < SONG_SLOTS_A_BEAT; slot++) {
                uint64_t struck[2];
                song_slot_set(song, beat * SONG_SLOTS_A_BEAT + slot, struck);
                into[0] |= struck[0];
                into[1] |= struck[1];
            }
        }
    }
}

static void fill_range(struct contender_music *music, const struct model *model)
{
    uint64_t counts[128] = {0}, all = 0, below = 0;
    for (size_t k = 0; k < model_songs(model); k++) {
        const struct song *song = model_song(model, k);
        for (uint32_t n = 0; n < song->notes; n++)
            counts[song->pitch[n]]++;
        all += song->notes;
    }
    music->lowest = 127;
    for (uint8_t pitch = 0; pitch < 128; pitch++) {
        if (counts[pitch] == 0)
            continue;
        if (pitch < music->lowest)
            music->lowest = pitch;
        music->highest = pitch;
        if (2 * below < all)
            music->median = pitch;
        below += counts[pitch];
    }
}

struct contender_music *contender_music_open(const struct model *model, struct error *error)
{
    const struct process *process = model_process(model);
    struct contender_music *music = calloc(1, sizeof *music);
    uint64_t(*set)[2] = calloc(process->states, sizeof *set);
    if (music)
        music->moves = calloc(process->arcs, sizeof *music->moves);
    if (!music || !set || !music->moves) {
        free(set);
        contender_music_close(music);
        error_set(error, "out of memory for %u arcs", process->arcs);
        return NULL;
    }
    fill_range(music, model);
    fill_state_sets(model, set);
    for (uint32_t s = 0; s < process->states; s++)
        for (uint32_t a = process->first_arc[s]; a < process->first_arc[s + 1]; a++) {
            struct move *move = &music->moves[music->count++];
            memcpy(move->from, set[s], sizeof move->from);
            memcpy(move->to, set[process->arc_next[a]], sizeof move->to);
        }
    qsort(music->moves, music->count, sizeof *music->moves, by_sets);
    free(set);
    return music;
}

void contender_music_close(struct contender_music *music)
{
    if (!music)
        return;
    free(music->moves);
    free(music);
}

static int send_policy(const struct contender *contender, const struct take_played *take,
                       size_t count, uint8_t *sent, struct error *error)
{
    struct correct_settings settings = correct_defaults();
    settings.mode = CORRECT_GENERATE;
    settings.follow = 0;
    settings.keep = 0;
    struct corrector *corrector = corrector_open(&contender->model, 1, &settings, error);
    if (!corrector)
        return -1;
    int result = run_live(corrector, take, count, sent, NULL, error);
    corrector_close(corrector);
    return result;
}

int contender_send(const struct contender *contender, const struct contender_music *music,
                   const struct take_played *take, size_t count, struct rng *rng, uint8_t *sent,
                   struct error *error)
{
    uint32_t range = (uint32_t)(music->highest - music->lowest) + 1;
    switch (contender->kind) {
    case CONTENDER_POLICY:
        return send_policy(contender, take, count, sent, error);
    case CONTENDER_NOISE:
        for (size_t i = 0; i < count; i++)
            sent[i] = (uint8_t)(music->lowest + rng_below(rng, range));
        break;
    case CONTENDER_MEDIAN:
        memset(sent, music->median, count);
        break;
    }
    return 0;
}

void contender_count_moves(const struct contender_music *music, const struct take_played *take,
                           size_t count, const uint8_t *sent, uint64_t *moves, uint64_t *legal)
{
    struct move move = {{0, 0}, {0, 0}};
    uint32_t last = UINT32_MAX;
    for (size_t i = 0; i < count;) {
        uint32_t beat = take_slot(take[i].note.position) / SONG_SLOTS_A_BEAT;
        memcpy(move.from, move.to, sizeof move.from);
        move.to[0] = move.to[1] = 0;
        for (; i < count && take_slot(take[i].note.position) / SONG_SLOTS_A_BEAT == beat; i++)
            move.to[sent[i] >> 6] |= UINT64_C(1) << (sent[i] & 63);
        if (last != UINT32_MAX && beat == last + 1) {
            ++*moves;
            *legal += bsearch(&move, music->moves, music->count, sizeof move, by_sets) != NULL;
        }
        last = beat;
    }
}
