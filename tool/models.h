/* The models that a command works with. */
#ifndef TOOL_MODELS_H
#define TOOL_MODELS_H

#include "piece/model.h"
#include "tool/music.h"

struct models {
    size_t count;
    struct model **model; /* [count] */
    char **path;          /* [count]: the file each is from; NULL after models_forget */
};

/* Loads what -m named (NULL or empty: the installed default model, if one of
 * the modes needs a model): models, pieces, and folders of both. A piece is learned
 * as it stands: its process with the frequencies observed as policy, untrained.
 * -1: error, nothing to free. */
int models_find(struct models *models, char *const *paths, const struct take_choice *choice,
                const enum correct_mode *modes, size_t mode_count,
                const struct command_common *common, struct error *error);

/* Adds the installed style model beside pieces where no style was named: for the
 * stretches that the pieces do not explain, as the service has it. Nothing is added
 * where none is installed, or without mode correct among the modes. -1: it cannot be read. */
int models_add_style(struct models *models, const enum correct_mode *modes, size_t mode_count,
                     struct error *error);

void models_free(struct models *models);

/* Whether one of them is of pieces, and not of a style only. */
bool models_have_pieces(const struct models *models);

/* A model without training, with copies of the songs: the policy is how often
 * the pieces took each arc, or the same for all legal arcs. */
enum models_policy { MODELS_OBSERVED, MODELS_UNIFORM };
struct model *models_untrained(struct song *const *songs, size_t count, uint32_t context,
                               enum models_policy policy, struct error *error);

/* The same models with uniform policies, styles left out: what learning is compared with. */
int models_forget(struct models *untrained, const struct models *models, struct error *error);

#endif
