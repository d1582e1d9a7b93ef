/* One line for each batch of the dispatcher. */
#include "daemon/watch.h"

#include <math.h>

/* NULL: out of memory. */
static json_t *describe(const struct ring_entry *entry)
{
    if (entry->kind == RING_LET_GO)
        return json_pack("[f, s]", entry->seconds, "let go");
    const char *kind = entry->kind == RING_PLAYED ? "played" : "sent";
    if (midi_channel_length(entry->status) == 1)
        return json_pack("[f, s, i, i]", entry->seconds, kind, entry->status, entry->data[0]);
    return json_pack("[f, s, i, i, i]", entry->seconds, kind, entry->status, entry->data[0],
                     entry->data[1]);
}

/* NULL: out of memory; nothing of it is told, rather than a part. */
static json_t *describe_all(const struct ring_entry *entries, size_t count)
{
    json_t *events = json_array();
    for (size_t i = 0; i < count; i++)
        if (json_array_append_new(events, describe(&entries[i])) != 0) {
            json_decref(events);
            return NULL;
        }
    return json_pack("{s:s, s:o}", "watch", "events", "events", events);
}

void watch_receive(void *control, const struct ring_entry *entries, size_t count, uint64_t lost)
{
    if (lost > 0)
        control_miss(control, lost);
    if (count == 0)
        return;
    json_t *line = describe_all(entries, count);
    if (line)
        control_tell(control, line, count);
    else
        control_miss(control, count);
    json_decref(line);
}
