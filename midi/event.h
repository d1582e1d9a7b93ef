/* One MIDI event with its time: what files hold and what ports send.
 *
 * `data` are the bytes after the status byte; of SysEx and meta events those
 * after the length too, so that a complete SysEx message ends with its 0xF7.
 * The bytes belong to whoever made the event (a file, a port's buffer) and
 * live as long as that says. */
#ifndef MIDI_EVENT_H
#define MIDI_EVENT_H

#include <stdbool.h>
#include <stdint.h>

enum {
    MIDI_NOTE_OFF = 0x80,
    MIDI_NOTE_ON = 0x90,
    MIDI_POLY_AFTERTOUCH = 0xA0,
    MIDI_CONTROL_CHANGE = 0xB0,
    MIDI_PROGRAM_CHANGE = 0xC0,
    MIDI_CHANNEL_PRESSURE = 0xD0,
    MIDI_PITCH_BEND = 0xE0,
    MIDI_SYSEX = 0xF0,
    MIDI_TIME_CODE = 0xF1,
    MIDI_SONG_POSITION = 0xF2,
    MIDI_SONG_SELECT = 0xF3,
    MIDI_SYSEX_ESCAPE =
        0xF7,         /* files only: a later SysEx packet, or any bytes to be sent as they are */
    MIDI_META = 0xFF, /* files only; on a wire this byte is a reset */
};

enum {
    MIDI_META_TEXT = 0x01,
    MIDI_META_TRACK_NAME = 0x03,
    MIDI_META_END_OF_TRACK = 0x2F,
    MIDI_META_TEMPO = 0x51,
    MIDI_META_TIME_SIGNATURE = 0x58,
    MIDI_META_KEY_SIGNATURE = 0x59,
};

struct midi_event {
    double seconds;  /* since the start of the file or of the playing */
    uint32_t tick;   /* files only: since the start */
    uint32_t track;  /* files only: from 0 */
    uint32_t length; /* bytes of data */
    const uint8_t *data;
    uint8_t status; /* kind and, below 0xF0, channel */
    uint8_t meta;   /* type of a meta event; else 0 */
};

static inline bool midi_is_channel(const struct midi_event *event)
{
    return event->status >= 0x80 && event->status < 0xF0;
}

/* 0 .. 15; of channel messages only. */
static inline uint8_t midi_channel(const struct midi_event *event)
{
    return event->status & 0x0F;
}

static inline uint8_t midi_kind(const struct midi_event *event)
{
    return event->status < 0xF0 ? event->status & 0xF0 : event->status;
}

static inline bool midi_is_note_on(const struct midi_event *event)
{
    return midi_kind(event) == MIDI_NOTE_ON && event->data[1] != 0;
}

/* A note-on of velocity 0 is a release. */
static inline bool midi_is_note_off(const struct midi_event *event)
{
    return midi_kind(event) == MIDI_NOTE_OFF ||
           (midi_kind(event) == MIDI_NOTE_ON && event->data[1] == 0);
}

static inline bool midi_is_meta(const struct midi_event *event, uint8_t type)
{
    return event->status == MIDI_META && event->meta == type;
}

/* Data bytes of a channel message: 1 or 2. */
static inline uint32_t midi_channel_length(uint8_t status)
{
    return (status & 0xE0) == 0xC0 ? 1 : 2;
}

#endif
