/* What there is, for the control socket: the plugin needs none of it. */
#include "daemon/catalog_private.h"
#include "daemon/report.h"

enum { FACTS = 200 }; /* bytes of them, and of what is added of its playing, about */

/* Of all pieces of the model. */
static json_t *facts_of(const struct entry *entry, const struct model *model)
{
    struct score_facts sum = {0};
    for (size_t i = 0; i < model_songs(model); i++)
        score_add_facts(model_score(model, i), &sum);
    return json_pack("{s:s, s:i, s:I, s:I, s:f, s:I}", "from", folder_origin_name(entry->origin),
                     "takes", (int)entry->takes, "notes", (json_int_t)sum.notes, "bars",
                     (json_int_t)sum.bars, "doubt", score_facts_doubt(&sum), "doubtful",
                     (json_int_t)sum.doubtful);
}

static json_t *describe(const struct entry *entry, size_t *bytes)
{
    json_t *file = report_text(catalog_name_of(entry));
    *bytes += 64 + json_string_length(file);
    if (!entry->shared && !entry->why)
        return json_pack("{s:o, s:s}", "file", file, "state", "learning");
    if (!entry->shared) {
        json_t *why = report_text(entry->why);
        *bytes += json_string_length(why);
        return json_pack("{s:o, s:s, s:o}", "file", file, "state", "unusable", "why", why);
    }
    const struct model *model = shared_model(entry->shared);
    json_t *names = json_array();
    for (size_t i = 0; i < model_songs(model) && *bytes < CATALOG_DESCRIBED; i++) {
        json_t *name = report_text(model_song(model, i)->name);
        *bytes += 4 + json_string_length(name);
        json_array_append_new(names, name);
    }
    json_t *described =
        json_pack("{s:o, s:s, s:o}", "file", file, "state", "ready", "names", names);
    if (described && model_songs(model) > 0)
        json_object_update_new(described, facts_of(entry, model));
    *bytes += FACTS;
    return described;
}

json_t *catalog_describe(const struct catalog *catalog)
{
    json_t *files = json_array();
    size_t bytes = 0;
    for (size_t i = 0; i < catalog->files && bytes < CATALOG_DESCRIBED; i++)
        if (json_array_append_new(files, describe(&catalog->file[i], &bytes)) != 0) {
            json_decref(files);
            return NULL;
        }
    return files;
}
