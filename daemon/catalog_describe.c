/* What there is, for the control socket: the plugin needs none of it. */
#include "daemon/catalog_private.h"
#include "daemon/report.h"

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
    return json_pack("{s:o, s:s, s:o}", "file", file, "state", "ready", "names", names);
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
