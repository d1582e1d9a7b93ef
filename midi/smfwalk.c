/* The one place that knows how SMF events are laid out in bytes. Used on bytes
 * nobody has checked yet, so every read is bounded by walk->end. */
#include "midi/event.h"
#include "midi/smfcheck.h"

enum { QUANTITY_BYTES = 4 };

static int fault(struct smfwalk *walk, size_t at, const char *text)
{
    walk->fault = text;
    walk->fault_at = at;
    walk->cut = false;
    return -1;
}

static int fault_cut(struct smfwalk *walk, size_t at, const char *text)
{
    fault(walk, at, text);
    walk->cut = true;
    return -1;
}

/* Any number of bytes, as long as four can hold the value. */
static int get_quantity(struct smfwalk *walk, size_t *at, uint32_t *value,
                        struct smfwalk_event *event)
{
    size_t start = *at;
    uint32_t sum = 0;
    for (;;) {
        if (*at >= walk->end)
            return fault_cut(walk, start,
                             "the track ends inside an event, expected its time or length");
        uint8_t byte = walk->bytes[(*at)++];
        if (sum > SMFCHECK_MAX_QUANTITY >> 7)
            return fault(walk, start,
                         "a time or length above 268435455, the most that can be held");
        sum = sum << 7 | (byte & 0x7F);
        if (byte < 0x80)
            break;
    }
    if (*at - start > QUANTITY_BYTES)
        event->odd |= SMFWALK_LONG_QUANTITY;
    *value = sum;
    return 0;
}

static int channel_event(struct smfwalk *walk, size_t at, struct smfwalk_event *event)
{
    event->length = midi_channel_length(event->status);
    event->data = (uint32_t)at;
    if (walk->end - at < event->length)
        return fault_cut(walk, at, "the track ends inside an event, expected its data bytes");
    for (uint32_t i = 0; i < event->length; i++)
        if (walk->bytes[at + i] > 127)
            event->odd |= SMFWALK_DATA_BYTE;
    walk->running = event->status;
    walk->at = at + event->length;
    return 1;
}

static int long_event(struct smfwalk *walk, size_t at, struct smfwalk_event *event)
{
    size_t start = at;
    if (get_quantity(walk, &at, &event->length, event) != 0)
        return -1;
    if (walk->end - at < event->length)
        return fault_cut(walk, start,
                         "a SysEx or meta event longer than what is left of its track");
    event->data = (uint32_t)at;
    walk->at = at + event->length;
    return 1;
}

/* What only an F7 event may hold; it is read as one. Running status goes on, as on a wire. */
static int real_time_event(struct smfwalk *walk, size_t at, struct smfwalk_event *event)
{
    event->odd |= SMFWALK_REAL_TIME;
    event->length = event->status == MIDI_SONG_POSITION                                    ? 3
                    : event->status == MIDI_TIME_CODE || event->status == MIDI_SONG_SELECT ? 2
                                                                                           : 1;
    event->data = (uint32_t)at;
    event->status = MIDI_SYSEX_ESCAPE;
    if (walk->end - at < event->length)
        return fault_cut(walk, at, "the track ends inside an event, expected its data bytes");
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
    *event = (struct smfwalk_event){.begin = (uint32_t)at};
    if (get_quantity(walk, &at, &event->delta, event) != 0)
        return -1;
    if (event->delta > SMFCHECK_MAX_TICK - walk->tick)
        return fault(walk, walk->at, "a time beyond 2147483647 ticks, the last that can be held");
    event->tick = walk->tick + event->delta;
    if (at >= walk->end)
        return fault_cut(walk, at, "the track ends inside an event, expected its status byte");
    uint8_t byte = walk->bytes[at];
    int got;
    if (byte < 0x80 && !walk->running)
        return fault(walk, at, "a data byte with no status before it, expected a status byte");
    event->running = byte < 0x80;
    event->status = event->running ? walk->running : byte;
    if (event->running)
        got = channel_event(walk, at, event);
    else if (byte < 0xF0)
        got = channel_event(walk, at + 1, event);
    else if (byte == MIDI_SYSEX || byte == MIDI_SYSEX_ESCAPE)
        got = long_event(walk, at + 1, event);
    else if (byte != MIDI_META)
        got = real_time_event(walk, at, event);
    else if (at + 1 >= walk->end)
        return fault_cut(walk, at + 1,
                         "the track ends inside an event, expected the type of a meta event");
    else {
        event->meta = walk->bytes[at + 1];
        got = long_event(walk, at + 2, event);
    }
    if (got > 0)
        walk->tick = event->tick;
    return got;
}

size_t smfwalk_put(uint8_t *to, const uint8_t *bytes, const struct smfwalk_event *event)
{
    uint8_t *at = to;
    at += smf_put_quantity(at, event->delta);
    if (!event->running)
        *at++ = event->status;
    if (event->status == MIDI_META)
        *at++ = event->meta;
    if (event->status >= 0xF0)
        at += smf_put_quantity(at, event->length);
    for (uint32_t i = 0; i < event->length; i++) {
        uint8_t byte = bytes[event->data + i];
        *at++ = event->status < 0xF0 && byte > 127 ? 127 : byte;
    }
    return (size_t)(at - to);
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
