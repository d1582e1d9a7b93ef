/* From .mid to model: take, song, process, policy. */
#include "daemon/lesson.h"

#include "filter/take.h"
#include "rl/environment.h"
#include "rl/policy.h"
#include "rl/ppo.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum {
    SEED = 1,
    CONTEXT = 0,  /* beats before the current one that belong to a state */
    LANES = 64,   /* environments stepped together */
    HORIZON = 64, /* steps an episode */
};

static bool ends_in(const char *name, const char *ending)
{
    const char *dot = strrchr(name, '.');
    return dot && strcasecmp(dot, ending) == 0;
}

bool lesson_is_music(const char *name)
{
    return ends_in(name, ".mid") || ends_in(name, ".midi");
}

bool lesson_is_model(const char *name)
{
    return ends_in(name, ".model");
}

/* The file's name without folder and ending. */
static void copy_stem(const char *path, char *stem, size_t room)
{
    const char *slash = strrchr(path, '/');
    const char *name = slash ? slash + 1 : path;
    size_t length = strlen(name);
    if (lesson_is_music(name))
        length = (size_t)(strrchr(name, '.') - name);
    if (length >= room)
        length = room - 1;
    memcpy(stem, name, length);
    stem[length] = '\0';
}

static struct song *load_song(const char *path, struct error *error)
{
    const struct take_choice choice = {.grid = TAKE_GRID_DECIDE};
    char stem[256];
    struct song *song = NULL;
    struct midifile *file = midifile_load(path, error);
    struct take *take = file ? take_create(file, path, &choice, error) : NULL;
    copy_stem(path, stem, sizeof stem);
    if (take)
        song = take_song(take, file, stem, error);
    take_free(take);
    midifile_free(file);
    return song;
}

/* A policy for the process; `steps` are those it took. */
static struct policy *learn(const struct process *process, learning_watch *watch, void *context,
                            uint64_t *steps, struct error *error)
{
    struct ppo_settings settings = ppo_defaults(POLICY_TABLE);
    settings.seed = SEED;
    struct policy_shape shape = policy_shape_of_process(POLICY_TABLE, process);
    struct policy *policy = policy_create(&shape, SEED, error);
    struct environment *environment =
        policy ? environment_of_process(process, LANES, HORIZON, SEED, error) : NULL;
    struct ppo *ppo = environment ? ppo_open(environment, policy, &settings, error) : NULL;
    bool learned = ppo && ppo_run(ppo, settings.total_steps, watch, context, error) == 0;
    if (learned)
        *steps = ppo_steps(ppo);
    if (learned && *steps < settings.total_steps) {
        error_set(error, "stopped");
        learned = false;
    }
    ppo_close(ppo);
    environment_free(environment);
    if (learned)
        return policy;
    policy_free(policy);
    return NULL;
}

static struct model *learn_song(struct song *song, learning_watch *watch, void *context,
                                struct error *error)
{
    struct model_origin origin = {.algorithm = "ppo", .policy = "table", .seed = SEED};
    const struct song *songs[] = {song};
    struct process *process = beats_process(songs, 1, CONTEXT, error);
    struct policy *policy = process ? learn(process, watch, context, &origin.steps, error) : NULL;
    if (policy)
        return model_create(&song, 1, process, policy, &origin, error);
    process_free(process);
    song_free(song);
    return NULL;
}

struct model *lesson_learn(const char *path, learning_watch *watch, void *context,
                           struct error *error)
{
    if (lesson_is_model(path))
        return model_load(path, error);
    struct song *song = load_song(path, error);
    return song ? learn_song(song, watch, context, error) : NULL;
}
