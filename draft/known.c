/* What is of a known piece is not learned. */
#include "draft/draft_private.h"

#include "follow/follow.h"

#include <stdlib.h>

enum { LEAST_RUN = 12 }; /* keys on end that a piece explains; fewer are found by chance */

static void decide_nothing(void *context, size_t note, float vote[128],
                           const struct follow_rest *rest)
{
    (void)context;
    (void)note;
    (void)vote;
    (void)rest;
}

static void mark_runs(struct material *material, size_t begin, size_t count,
                      const struct follow_reading *reading)
{
    for (size_t i = 0, end; i < count; i = end) {
        for (end = i; end < count && reading[end].piece >= 0;)
            end++;
        for (size_t k = i; end - i >= LEAST_RUN && k < end; k++)
            material->used[begin + k] = true;
        end += end == i;
    }
}

int known_leave_out(struct material *material, const struct model *const *models, size_t count,
                    const struct task *task, struct error *error)
{
    if (count == 0)
        return 0;
    struct pieces *pieces = pieces_open(models, count, error);
    struct follow *follow = pieces ? follow_open(pieces, error) : NULL;
    int status = follow ? 0 : -1;
    for (size_t t = 0; status == 0 && t < material->takes; t++) {
        size_t begin = material->begin[t], keys = material->begin[t + 1] - begin;
        struct follow_key *key = malloc((keys + 1) * sizeof *key);
        struct follow_reading *reading = malloc((keys + 1) * sizeof *reading);
        if (!key || !reading) {
            error_set(error, "out of memory for a take of %zu notes", keys);
            status = -1;
        }
        for (size_t k = 0; status == 0 && k < keys; k++)
            key[k] = (struct follow_key){material->key[begin + k].seconds,
                                         material->key[begin + k].pitch};
        if (status == 0 && keys > 0)
            status = follow_take(follow, key, keys, 1, decide_nothing, NULL, reading, task, error);
        if (status == 0)
            mark_runs(material, begin, keys, reading);
        free(key);
        free(reading);
    }
    follow_close(follow);
    pieces_close(pieces);
    return status;
}
