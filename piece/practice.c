/* Each lane has a player and an agent of its own. */
#include "piece/practice.h"

#include <stdlib.h>
#include <math.h>
#include <string.h>

enum { STREAM = 0x707261 };

struct lane {
    struct agent *agent;
    struct rhythm *played; /* [longest song] */
    uint32_t at, beats;
};

struct practice {
    struct environment environment; /* first, so that one is the other */
    struct agent_sight sight;
    const struct process *process;
    const struct song *const *songs;
    struct player_manner manner;
    struct rng rng;
    struct lane *lane;
};

/* The state before a beat; before the first one of a piece, the last of any. */
static uint32_t state_before(const struct process *process, uint32_t song, uint32_t beat)
{
    uint32_t start = process->song_start[song];
    return process->beat_state[beat ? start + beat - 1 : process->song_start[song + 1] - 1];
}

static void begin_episode(struct practice *practice, struct lane *lane)
{
    struct rng *rng = &practice->rng;
    uint32_t song = rng_below(rng, practice->process->songs);
    uint32_t beats = song_beats(practice->songs[song]);
    uint32_t first = rng_below(rng, 2) ? 0 : rng_below(rng, beats);
    double care = getenv("CARE")?fmax(0,2*rng_double(rng)-1):rng_double(rng);
    struct player_manner manner = practice->manner;
    manner.drop *= care;
    manner.add *= care;
    manner.jitter *= care;
    manner.walk *= care;
    player_play(practice->songs[song], first, beats, &manner, rng, lane->played);
    lane->at = 0;
    lane->beats = beats - first;
    agent_begin(lane->agent, state_before(practice->process, song, first), first == 0);
    agent_hear(lane->agent, &lane->played[0]);
}

static uint32_t look(struct practice *practice, const struct lane *lane)
{
    agent_look(lane->agent, &practice->sight);
    practice->environment.seen.count = practice->sight.seen.count;
    return practice->sight.seen.count - 1;
}

static void practice_begin(struct environment *environment, uint32_t *observation)
{
    struct practice *practice = (struct practice *)environment;
    practice->sight.seen.count = 0;
    for (uint32_t i = 0; i < environment->lanes; i++)
        observation[i] = look(practice, &practice->lane[i]);
}

static void practice_step(struct environment *environment, const uint32_t *action,
                          const struct transition *to)
{
    struct practice *practice = (struct practice *)environment;
    for (uint32_t i = 0; i < environment->lanes; i++) {
        struct lane *lane = &practice->lane[i];
        to->reward[i] = agent_take(lane->agent, action[i]);
        to->episode[i] = EPISODE_GOES_ON;
        if (++lane->at == lane->beats) {
            to->episode[i] = EPISODE_OVER;
            begin_episode(practice, lane);
        } else {
            agent_hear(lane->agent, &lane->played[lane->at]);
        }
        to->observation[i] = to->arrived[i] = look(practice, lane);
    }
}

static void practice_destroy(struct environment *environment)
{
    struct practice *practice = (struct practice *)environment;
    for (uint32_t i = 0; practice->lane && i < environment->lanes; i++) {
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
    .destroy = practice_destroy,
};

static int open_lanes(struct practice *practice, const struct agent_score *score,
                      struct error *error)
{
    uint32_t longest = 0;
    for (uint32_t k = 0; k < practice->process->songs; k++)
        if (song_beats(practice->songs[k]) > longest)
            longest = song_beats(practice->songs[k]);
    for (uint32_t i = 0; i < practice->environment.lanes; i++) {
        struct lane *lane = &practice->lane[i];
        lane->agent = agent_open(score, error);
        lane->played = calloc(longest, sizeof *lane->played);
        if (!lane->agent || !lane->played)
            return error_set(error, "practice: out of memory");
        begin_episode(practice, lane);
    }
    return 0;
}

struct environment *practice_open(const struct agent_score *score, const struct song *const *songs,
                                  const struct player_manner *manner, uint32_t lanes,
                                  uint32_t steps, uint64_t seed, struct error *error)
{
    size_t observations = (size_t)lanes * (steps + 1);
    struct practice *practice = calloc(1, sizeof *practice);
    if (!practice) {
        error_set(error, "practice: out of memory");
        return NULL;
    }
    practice->environment.ops = &practice_ops;
    practice->environment.lanes = lanes;
    practice->environment.most_observations = (uint32_t)observations;
    practice->environment.most_logits =
        (uint32_t)(observations * agent_score_most_actions(score));
    practice->process = agent_score_process(score);
    practice->songs = songs;
    practice->manner = *manner;
    rng_seed(&practice->rng, seed, STREAM);
    practice->lane = calloc(lanes, sizeof *practice->lane);
    if (!practice->lane || agent_sight_open(&practice->sight, score, observations, error) != 0 ||
        open_lanes(practice, score, error) != 0) {
        practice_destroy(&practice->environment);
        return NULL;
    }
    practice->environment.seen = practice->sight.seen;
    return &practice->environment;
}
