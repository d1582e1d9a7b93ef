/* The one place that knows how SMF events are laid out in bytes. Used on bytes
 * nobody has checked yet, so every read is bounded by walk->end. */
#include "midi/event.h"
#include "midi/smfcheck.h"

enum { QUANTITY_BYTES = 4 };

static int fault(struct smfwalk *walk, size_t at, const char *text)
{
    walk->fault = text;
    walk->fault_at = at;
    return -1;
}

static int get_quantity(struct smfwalk *walk, size_t *at, uint32_t *value)
{
    uint32_t sum = 0;
    for (int i = 0; i < QUANTITY_BYTES; i++) {
        if (*at + i >= walk->end)
            return fault(walk, *at, "the track ends inside an event, expected its time or length");
        uint8_t byte = walk->bytes[*at + i];
        sum = sum << 7 | (byte & 0x7F);
        if (byte < 0x80) {
            *at += i + 1;
            *value = sum;
            return 0;
        }
    }
    return fault(walk, *at, "a time or length of more than four bytes, expected at most four");
}

static int channel_event(struct smfwalk *walk, size_t at, struct smfwalk_event *event)
{
    event->length = midi_channel_length(event->status);
    event->data = (uint32_t)at;
    if (walk->end - at < event->length)
        return fault(walk, at, "the track ends inside an event, expected its data bytes");
    for (uint32_t i = 0; i < event->length; i++)
        if (walk->bytes[at + i] > 127)
            return fault(walk, at + i,
                         "a status byte inside an event, expected a data byte of 0 to 127");
    walk->running = event->status;
    walk->at = at + event->length;
    return 1;
}

static int long_event(struct smfwalk *walk, size_t at, struct smfwalk_event *event)
{
    size_t start = at;
    if (get_quantity(walk, &at, &event->length) != 0)
        return -1;
    if (walk->end - at < event->length)
        return fault(walk, start, "a SysEx or meta event longer than what is left of its track");
    event->data = (uint32_t)at;
    walk->at = at + event->length;
    return 1;
}

struct smfwalk smfwalk_track(const struct smfcheck *check, uint32_t track)
{
    return (struct smfwalk){
        .bytes = check->bytes,
        .at = check->track[track].begin,
        .end = check->track[track].end,
    };
}

int smfwalk_next(struct smfwalk *walk, struct smfwalk_event *event)
{
    size_t at = walk->at;
    if (at >= walk->end)
        return 0;
    if (get_quantity(walk, &at, &event->delta) != 0)
        return -1;
    if (event->delta > SMFCHECK_MAX_TICK - walk->tick)
        return fault(walk, walk->at, "a time beyond 2147483647 ticks, the last that can be held");
    walk->tick += event->delta;
    event->tick = walk->tick;
    event->meta = 0;
    if (at >= walk->end)
        return fault(walk, at, "the track ends inside an event, expected its status byte");
    uint8_t byte = walk->bytes[at];
    if (byte < 0x80) {
        if (!walk->running)
            return fault(walk, at, "a data byte with no status before it, expected a status byte");
        event->status = walk->running;
        return channel_event(walk, at, event);
    }
    event->status = byte;
    at++;
    if (byte < 0xF0)
        return channel_event(walk, at, event);
    if (byte == MIDI_SYSEX || byte == MIDI_SYSEX_ESCAPE)
        return long_event(walk, at, event);
    if (byte != MIDI_META)
        return fault(walk, at - 1,
                     "a real-time or common message (0xF1 to 0xFE), which files may hold "
                     "inside an F7 event only");
    if (at >= walk->end)
        return fault(walk, at, "the track ends inside an event, expected the type of a meta event");
    event->meta = walk->bytes[at];
    return long_event(walk, at + 1, event);
}

size_t smf_put_quantity(uint8_t *to, uint32_t value)
{
    size_t count = value > 0x1FFFFF ? 4 : value > 0x3FFF ? 3 : value > 0x7F ? 2 : 1;
    for (size_t i = 0; i < count; i++)
        to[i] = (uint8_t)((value >> (7 * (count - 1 - i)) & 0x7F) | (i + 1 < count ? 0x80 : 0));
    return count;
}

void smf_put_u32(uint8_t *to, uint32_t value)
{
    for (int i = 0; i < 4; i++)
        to[i] = (uint8_t)(value >> (24 - 8 * i));
}
