/* From the bytes of a .mid to a model: take, song, process, policy. */
#include "daemon/piece_loader.h"

#include "filter/take.h"
#include "rl/environment.h"
#include "rl/policy.h"
#include "rl/ppo.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum {
    SEED = 1,
    CONTEXT = 2,  /* beats before the current one that belong to a state */
    LANES = 64,   /* environments stepped together */
    HORIZON = 64, /* steps an episode */
};

static bool ends_in(const char *name, const char *ending)
{
    const char *dot = strrchr(name, '.');
    return dot && strcasecmp(dot, ending) == 0;
}

static bool is_music(const char *name)
{
    return ends_in(name, ".mid") || ends_in(name, ".midi");
}

bool piece_loader_takes(const char *name)
{
    return is_music(name) || ends_in(name, ".model");
}

void piece_loader_name(const char *path, char *name, size_t size)
{
    const char *slash = strrchr(path, '/');
    const char *base = slash ? slash + 1 : path;
    size_t length = strlen(base);
    if (is_music(base))
        length = (size_t)(strrchr(base, '.') - base);
    if (length >= size)
        length = size - 1;
    memcpy(name, base, length);
    name[length] = '\0';
}

static struct song *read_song(const void *bytes, size_t length, const char *path,
                              const struct task *task, struct error *error)
{
    const struct take_choice choice = {.grid = TAKE_GRID_DECIDE, .task = task};
    char name[256];
    struct song *song = NULL;
    struct midifile *file = midifile_load_memory(bytes, length, path, error);
    bool goes_on = file && task_step(task, 0, error) == 0;
    struct take *take = goes_on ? take_create(file, path, &choice, error) : NULL;
    piece_loader_name(path, name, sizeof name);
    if (take)
        song = take_song(take, file, name, error);
    take_free(take);
    midifile_free(file);
    return song;
}

static bool watch_learning(void *context, const struct learning_report *report)
{
    const struct task *task = context;
    (void)report;
    return task_step(task, 0, NULL) == 0;
}

/* A policy for the process; `steps` are those it took. */
static struct policy *learn(const struct process *process, const struct task *task, uint64_t *steps,
                            struct error *error)
{
    struct ppo_settings settings = ppo_defaults(POLICY_TABLE);
    settings.seed = SEED;
    struct policy_shape shape = policy_shape_of_process(POLICY_TABLE, process);
    struct policy *policy = policy_create(&shape, SEED, error);
    struct environment *environment =
        policy ? environment_of_process(process, LANES, HORIZON, SEED, error) : NULL;
    struct ppo *ppo = environment ? ppo_open(environment, policy, &settings, error) : NULL;
    bool learned =
        ppo && ppo_run(ppo, settings.total_steps, watch_learning, (void *)task, error) == 0;
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

struct model *piece_loader_learn(const void *bytes, size_t length, const char *path,
                                 const struct task *task, struct error *error)
{
    if (length > PIECE_LOADER_MAX_BYTES) {
        error_set(error, "%s: is larger than %d MiB, the most that a piece may be", path,
                  PIECE_LOADER_MAX_BYTES >> 20);
        return NULL;
    }
    struct song *song = read_song(bytes, length, path, task, error);
    if (!song)
        return NULL;
    struct model_origin origin = {.algorithm = "ppo", .policy = "table", .seed = SEED};
    const struct song *songs[] = {song};
    struct process *process = beats_process(songs, 1, CONTEXT, error);
    struct policy *policy = process ? learn(process, task, &origin.steps, error) : NULL;
    if (policy)
        return model_create(&song, 1, process, policy, &origin, error);
    process_free(process);
    song_free(song);
    return NULL;
}
