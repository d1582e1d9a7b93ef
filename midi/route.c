/* Holders are a bit a channel, so that a key that is struck again holds once. */
#include "midi/route.h"

#include "midi/control.h"

#include <string.h>

void route_set(struct route *route, uint16_t channels, const uint8_t map[16])
{
    *route = (struct route){.channels = channels};
    memcpy(route->map, map, sizeof route->map);
}

bool route_map(const struct route *route, const struct midi_event *event, struct midi_event *mapped)
{
    *mapped = *event;
    if (!midi_is_channel(event))
        return true;
    mapped->status = (uint8_t)(midi_kind(event) | route->map[midi_channel(event)]);
    return route->channels >> midi_channel(event) & 1;
}

static void strike(struct route *route, unsigned from, unsigned to, unsigned pitch)
{
    route->held[to] = (uint8_t)(route->held[to] + !route->holders[to][pitch]);
    route->holders[to][pitch] |= (uint16_t)(1U << from);
}

/* How many releases to send. */
static unsigned release(struct route *route, unsigned from, unsigned to, unsigned pitch)
{
    uint16_t before = route->holders[to][pitch], after = before & (uint16_t) ~(1U << from);
    route->holders[to][pitch] = after;
    if (after) {
        route->back[to][pitch] =
            (uint8_t)(route->back[to][pitch] + (route->back[to][pitch] < ROUTE_BACKLOG));
        return 0;
    }
    route->held[to] = (uint8_t)(route->held[to] - (before != 0));
    unsigned times = 1U + route->back[to][pitch];
    route->back[to][pitch] = 0;
    return times;
}

static bool ends_notes(const struct midi_event *event)
{
    return midi_kind(event) == MIDI_CONTROL_CHANGE &&
           (event->data[0] == CC_SOUND_OFF || event->data[0] >= CC_NOTES_OFF);
}

void route_event(struct route *route, const struct midi_event *event, route_send *send,
                 void *context)
{
    struct midi_event mapped;
    unsigned times = 1;
    if (!route_map(route, event, &mapped))
        return;
    if (midi_is_channel(event) && event->length == 2 && event->data[0] < 128) {
        unsigned from = midi_channel(event), to = midi_channel(&mapped);
        if (midi_is_note_on(event))
            strike(route, from, to, event->data[0]);
        else if (midi_is_note_off(event))
            times = release(route, from, to, event->data[0]);
        else if (ends_notes(event) && route->held[to] > 0)
            times = 0;
    }
    for (unsigned i = 0; i < times; i++)
        send(context, &mapped);
}
