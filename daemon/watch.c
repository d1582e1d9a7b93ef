/* One line for each batch of the relay. */
#include "daemon/watch.h"

#include <math.h>

static json_t *describe(const struct tape_entry *entry)
{
    if (entry->kind == TAPE_LET_GO)
        return json_pack("[f, s]", entry->seconds, "let go");
    json_t *event =
        json_pack("[f, s, i, i]", entry->seconds, entry->kind == TAPE_PLAYED ? "played" : "sent",
                  entry->status, entry->data[0]);
    if (midi_channel_length(entry->status) > 1)
        json_array_append_new(event, json_integer(entry->data[1]));
    return event;
}

void watch_hear(void *control, const struct tape_entry *entries, size_t count, uint64_t lost)
{
    json_t *events = json_array();
    for (size_t i = 0; i < count; i++)
        json_array_append_new(events, describe(&entries[i]));
    json_t *line = json_pack("{s:s, s:o}", "watch", "events", "events", events);
    if (lost > 0)
        control_miss(control, lost);
    if (line && count > 0)
        control_tell(control, line, count);
    json_decref(line);
}
