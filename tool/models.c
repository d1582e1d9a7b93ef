/* Loading of models, and making of untrained ones. */
#include "tool/models.h"

#include "load/shipped.h"
#include "rl/policy.h"
#include "tool/files.h"
#include "tool/knobs.h"

#include <string.h>
#include <unistd.h>

enum { COUNTS_CONTEXT = 0 };

struct model *models_untrained(struct song *const *songs, size_t count, uint32_t context,
                               enum models_policy kind, struct error *error)
{
    struct model_origin origin = {.algorithm = "counts", .policy = "table"};
    struct song **copies = song_copy_all(songs, count, error);
    if (!copies)
        return NULL;
    struct process *process =
        beats_process((const struct song *const *)copies, count, context, error);
    struct policy *policy = NULL;
    struct model *model = NULL;
    if (process) {
        float *probability = g_new(float, process->arcs);
        if (kind == MODELS_OBSERVED)
            process_observed(process, probability);
        else
            process_uniform(process, probability);
        policy = policy_of_probability(process, probability, error);
        g_free(probability);
    }
    if (policy) {
        model = model_create(copies, count, process, policy, &origin, error);
        free(copies);
    } else {
        song_free_all(copies, count);
        process_free(process);
    }
    return model;
}

/* A piece as it stands, or a model: by its bytes. */
static struct model *load(const char *path, const struct take_choice *choice,
                          const struct command_common *common, struct error *error)
{
    size_t length = 0;
    unsigned char *bytes = files_read(path, &length, error);
    if (!bytes)
        return NULL;
    struct model *model = NULL;
    if (filekind_of(bytes, length) == FILEKIND_MODEL) {
        model = model_load_memory(bytes, length, files_name(path), false, error);
    } else {
        struct music *music = music_read(bytes, length, path, choice, error);
        struct song *song = music ? music_song(music, error) : NULL;
        if (song) {
            music_tell(music, choice, common);
            model = models_untrained(&song, 1, COUNTS_CONTEXT, MODELS_OBSERVED, error);
        }
        song_free(song);
        music_free(music);
    }
    g_free(bytes);
    return model;
}

static int load_named(struct models *models, char *const *paths, const struct take_choice *choice,
                      const struct command_common *common, struct error *error)
{
    *models = (struct models){.path = files_expand(paths, FILES_MUSIC | FILES_MODELS, error)};
    if (!models->path)
        return -1;
    models->model = g_new0(struct model *, g_strv_length(models->path) + 1);
    for (; models->path[models->count]; models->count++) {
        struct model *model = load(models->path[models->count], choice, common, error);
        if (!model) {
            models_free(models);
            return -1;
        }
        models->model[models->count] = model;
    }
    return 0;
}

/* The style model that comes with the program. 1: there is none. */
static int add_shipped(struct models *models, struct error *error)
{
    char *path = shipped_model();
    if (!path)
        return 1;
    struct model *model = model_load(path, error);
    if (!model) {
        free(path);
        return -1;
    }
    models->model = g_renew(struct model *, models->model, models->count + 1);
    models->path = g_renew(char *, models->path, models->count + 2);
    models->path[models->count] = g_strdup(path);
    free(path);
    models->model[models->count++] = model;
    models->path[models->count] = NULL;
    return 0;
}

bool models_have_pieces(const struct models *models)
{
    for (size_t i = 0; i < models->count; i++)
        if (model_songs(models->model[i]) > 0)
            return true;
    return false;
}

/* Styles cannot generate. */
static int check_modes(struct models *models, const enum correct_mode *modes, size_t count,
                       struct error *error)
{
    for (size_t i = 0; i < count; i++)
        if (modes[i] == CORRECT_GENERATE && !models_have_pieces(models)) {
            models_free(models);
            return error_set(error, "mode generate needs a piece, and a style model has none; name "
                                    "a .mid or a score with -m as well");
        }
    return 0;
}

int models_find(struct models *models, char *const *paths, const struct take_choice *choice,
                const enum correct_mode *modes, size_t mode_count,
                const struct command_common *common, struct error *error)
{
    const char *needing = NULL;
    for (size_t i = 0; i < mode_count && !needing; i++)
        if (modes[i] == CORRECT_CORRECT || modes[i] == CORRECT_GENERATE)
            needing = knobs_mode_name(modes[i]);
    *models = (struct models){0};
    if (paths && paths[0])
        return load_named(models, paths, choice, common, error) == 0
                   ? check_modes(models, modes, mode_count, error)
                   : -1;
    if (!needing)
        return 0;
    int found = add_shipped(models, error);
    if (found < 0)
        return -1;
    if (found > 0)
        return error_set(error,
                         "no model: mode %s needs one; name it with -m (audiogenrl train makes "
                         "one from a .mid)%s",
                         needing,
                         common->offers & COMMAND_MODE ? ", or use --mode scale, which needs none"
                                                       : "");
    return check_modes(models, modes, mode_count, error);
}

int models_add_style(struct models *models, const enum correct_mode *modes, size_t mode_count,
                     struct error *error)
{
    bool corrects = false;
    for (size_t i = 0; i < mode_count; i++)
        corrects |= modes[i] == CORRECT_CORRECT;
    for (size_t i = 0; i < models->count; i++)
        if (strcmp(model_origin(models->model[i])->algorithm, "style") == 0)
            return 0;
    if (!corrects || add_shipped(models, error) >= 0)
        return 0;
    models_free(models);
    return -1;
}

int models_forget(struct models *untrained, const struct models *models, struct error *error)
{
    *untrained = (struct models){.model = g_new0(struct model *, models->count + 1)};
    for (size_t m = 0; m < models->count; m++) {
        const struct model *model = models->model[m];
        size_t count = model_songs(model);
        if (count == 0)
            continue;
        struct song **songs = g_new(struct song *, count);
        for (size_t i = 0; i < count; i++)
            songs[i] = (struct song *)model_song(model, i);
        struct model *forgotten =
            models_untrained(songs, count, model_process(model)->context, MODELS_UNIFORM, error);
        g_free(songs);
        if (!forgotten) {
            models_free(untrained);
            return -1;
        }
        untrained->model[untrained->count++] = forgotten;
    }
    return 0;
}

void models_free(struct models *models)
{
    for (size_t i = 0; i < models->count; i++)
        model_free(models->model[i]);
    g_free(models->model);
    g_strfreev(models->path);
    *models = (struct models){0};
}
