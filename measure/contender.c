/* What answers a take: agents, corrections, and what needs no music. */
#include "measure/contender.h"

#include "measure/run.h"
#include "piece/practice.h"
#include "rl/sarsa.h"

#include <stdlib.h>
#include <string.h>

/* Two beats' sets of pitches, one after the other. */
struct move {
    uint64_t from[2], to[2];
};

/* Where a state's last beat stands. */
struct place {
    uint32_t song, beat;
};

struct contender_music {
    const struct model *model;
    const struct song **songs;
    struct agent_task *task;
    struct place *place; /* [states] */
    uint8_t lowest, highest, median;
    struct move *moves; /* legal ones, sorted */
    size_t count;
};

struct contender contender_of_model(const struct model *model)
{
    return (struct contender){
        .name = "trained", .kind = CONTENDER_AGENT, .policy = model_policy(model)};
}

struct contender contender_of_mode(const char *name, enum correct_mode mode)
{
    return (struct contender){.name = name, .kind = CONTENDER_MODE, .mode = mode};
}

struct contender contender_noise(void)
{
    return (struct contender){.name = "noise in range", .kind = CONTENDER_NOISE};
}

struct contender contender_median(void)
{
    return (struct contender){.name = "constant median", .kind = CONTENDER_MEDIAN};
}

void contender_close(struct contender *contender)
{
    policy_free(contender->owned);
    contender->owned = NULL;
    contender->policy = NULL;
}

static int own(struct contender *contender, const char *name, struct policy *policy)
{
    *contender = (struct contender){
        .name = name, .kind = CONTENDER_AGENT, .policy = policy, .owned = policy};
    return policy ? 0 : -1;
}

int contender_untrained(struct contender *contender, const struct contender_music *music,
                        struct error *error)
{
    return own(contender, "untrained", agent_policy(music->task, error));
}

/* A policy without learning, with a weight for one of the features and no returns. */
static int own_weighted(struct contender *contender, const char *name,
                        const struct contender_music *music, uint32_t feature, float weight,
                        struct error *error)
{
    struct policy *policy = agent_policy(music->task, error);
    if (policy) {
        policy->parameter[AGENT_RETURN] = -1e6f;
        policy->parameter[feature] = weight;
    }
    return own(contender, name, policy);
}

int contender_observed(struct contender *contender, const struct contender_music *music,
                       struct error *error)
{
    /* Strengths are a quarter of the logarithm. */
    return own_weighted(contender, "observed", music, AGENT_OBSERVED, 4, error);
}

int contender_greedy(struct contender *contender, const struct contender_music *music,
                     struct error *error)
{
    return own_weighted(contender, "greedy loop", music, AGENT_OBSERVED, 1e4f, error);
}

int contender_nearest(struct contender *contender, const struct contender_music *music,
                      struct error *error)
{
    return own_weighted(contender, "nearest rhythm", music, AGENT_FIT, 1e4f, error);
}

int contender_sarsa(struct contender *contender, const struct contender_music *music,
                    uint64_t steps, uint64_t seed, struct error *error)
{
    struct sarsa_settings settings = sarsa_defaults();
    settings.total_timesteps = steps;
    settings.seed = seed;
    struct policy *fresh = agent_policy(music->task, error), *policy = NULL;
    struct environment *environment =
        fresh ? practice_open(music->task, 1, SARSA_STEPS, seed, error) : NULL;
    struct sarsa *sarsa = environment ? sarsa_open(environment, fresh, &settings, error) : NULL;
    if (sarsa && sarsa_run(sarsa, steps, NULL, NULL, error) == 0)
        policy = sarsa_policy(sarsa, error);
    sarsa_close(sarsa);
    environment_free(environment);
    policy_free(fresh);
    return own(contender, "SARSA", policy);
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

static void union_of(const struct song *song, uint32_t beat, uint64_t set[2])
{
    set[0] = set[1] = 0;
    for (uint32_t i = 0; i < SONG_SLOTS_A_BEAT; i++) {
        uint64_t struck[2];
        song_slot_set(song, beat * SONG_SLOTS_A_BEAT + i, struck);
        set[0] |= struck[0];
        set[1] |= struck[1];
    }
}

static void fill_places(struct contender_music *music)
{
    const struct process *process = model_process(music->model);
    for (uint32_t k = 0; k < process->trajectories; k++)
        for (uint32_t b = process->start[k]; b < process->start[k + 1]; b++)
            music->place[process->visited[b]] = (struct place){k, b - process->start[k]};
}

static void fill_moves(struct contender_music *music)
{
    const struct process *process = model_process(music->model);
    for (uint32_t s = 0; s < process->states; s++)
        for (uint32_t a = process->first_arc[s]; a < process->first_arc[s + 1]; a++) {
            struct move *move = &music->moves[music->count++];
            const struct place *from = &music->place[s];
            const struct place *to = &music->place[process->arc_next[a]];
            union_of(music->songs[from->song], from->beat, move->from);
            union_of(music->songs[to->song], to->beat, move->to);
        }
    qsort(music->moves, music->count, sizeof *music->moves, by_sets);
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
    if (music) {
        music->model = model;
        music->songs = calloc(model_songs(model), sizeof(const struct song *));
        music->place = calloc(process->states, sizeof *music->place);
        music->moves = calloc(process->arcs, sizeof *music->moves);
    }
    if (!music || !music->songs || !music->place || !music->moves) {
        contender_music_close(music);
        error_set(error, "out of memory for %u arcs", process->arcs);
        return NULL;
    }
    for (size_t k = 0; k < model_songs(model); k++)
        music->songs[k] = model_song(model, k);
    music->task = agent_task_open(process, music->songs, error);
    if (!music->task) {
        contender_music_close(music);
        return NULL;
    }
    fill_range(music, model);
    fill_places(music);
    fill_moves(music);
    return music;
}

void contender_music_close(struct contender_music *music)
{
    if (!music)
        return;
    agent_task_close(music->task);
    free(music->songs);
    free(music->place);
    free(music->moves);
    free(music);
}

const struct agent_task *contender_task(const struct contender_music *music)
{
    return music->task;
}

static int send_mode(const struct contender *contender, const struct contender_music *music,
                     const struct take_played *take, size_t count, uint8_t *sent,
                     struct error *error)
{
    struct correct_settings settings = correct_defaults();
    settings.mode = contender->mode;
    struct corrector *corrector = corrector_open(&music->model, 1, &settings, error);
    if (!corrector)
        return -1;
    int result = run_live(corrector, take, count, sent, NULL, error);
    corrector_close(corrector);
    return result;
}

static int by_pitch(const void *left, const void *right)
{
    return *(const uint8_t *)left - *(const uint8_t *)right;
}

/* The notes of a slot of a beat from low to high, or, where it has none, of the
 * nearest slot before it, else after it. */
static uint32_t notes_near(const struct song *song, uint32_t beat, uint32_t slot, uint8_t *pitch,
                           uint32_t most)
{
    uint32_t base = beat * SONG_SLOTS_A_BEAT;
    for (uint32_t i = 0; i < 2 * SONG_SLOTS_A_BEAT; i++) {
        uint32_t at = i <= slot ? slot - i : i;
        if (at >= SONG_SLOTS_A_BEAT)
            break;
        uint32_t first = song->first[base + at], notes = song->first[base + at + 1] - first;
        if (notes == 0)
            continue;
        notes = notes < most ? notes : most;
        memcpy(pitch, song->pitch + first, notes);
        qsort(pitch, notes, 1, by_pitch);
        return notes;
    }
    return 0;
}

/* The keys of a slot take the notes of the agent's beat there from low to high;
 * too few keys take the highest, too many double the last. */
static void send_slot(const struct song *song, uint32_t beat, uint32_t slot, size_t keys,
                      uint8_t *sent, uint8_t *last)
{
    uint8_t pitch[UINT8_MAX];
    uint32_t notes = notes_near(song, beat, slot, pitch, sizeof pitch);
    for (size_t i = 0; i < keys; i++) {
        size_t at = keys < notes ? notes - keys + i : i < notes ? i : notes - 1;
        if (notes)
            *last = pitch[at];
        sent[i] = *last;
    }
}

static size_t keys_in_slot(const struct take_played *take, size_t count, size_t from)
{
    size_t end = from;
    while (end < count && take_slot(take[end].note.position) == take_slot(take[from].note.position))
        end++;
    return end - from;
}

/* The agent hears how many keys are struck in every slot, and nothing else. */
static int send_agent(const struct contender *contender, const struct contender_music *music,
                      const struct take_played *take, size_t count, struct rng *rng, uint8_t *sent,
                      struct error *error)
{
    uint32_t beats = count ? take_slot(take[count - 1].note.position) / SONG_SLOTS_A_BEAT + 1 : 0;
    struct rhythm *heard = calloc(beats + 1, sizeof *heard);
    uint32_t *state = calloc((size_t)beats + 1, sizeof *state);
    uint8_t last = music->median;
    for (size_t i = 0; heard && i < count; i++) {
        uint32_t slot = take_slot(take[i].note.position);
        uint8_t *struck = &heard[slot / SONG_SLOTS_A_BEAT].struck[slot % SONG_SLOTS_A_BEAT];
        *struck = (uint8_t)(*struck + (*struck < UINT8_MAX));
    }
    bool played = heard && state &&
                  practice_play(music->task, contender->policy, 0, heard, beats, rng, state) >= 0;
    for (size_t i = 0; played && i < count;) {
        uint32_t slot = take_slot(take[i].note.position);
        const struct place *place = &music->place[state[slot / SONG_SLOTS_A_BEAT]];
        size_t keys = keys_in_slot(take, count, i);
        send_slot(music->songs[place->song], place->beat, slot % SONG_SLOTS_A_BEAT, keys, sent + i,
                  &last);
        i += keys;
    }
    free(heard);
    free(state);
    return played ? 0 : error_set(error, "out of memory for a take of %zu notes", count);
}

int contender_send(const struct contender *contender, const struct contender_music *music,
                   const struct take_played *take, size_t count, struct rng *rng, uint8_t *sent,
                   struct error *error)
{
    uint32_t range = (uint32_t)(music->highest - music->lowest) + 1;
    switch (contender->kind) {
    case CONTENDER_AGENT:
        return send_agent(contender, music, take, count, rng, sent, error);
    case CONTENDER_MODE:
        return send_mode(contender, music, take, count, sent, error);
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
