#include "midi/smfread.h"

#include "midi/event.h"

#include <pthread.h>
#include <smf.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum {
    STRETCH_EVENTS = 256,
    MESSAGE_BYTES = 127, /* data of the longest message given to libsmf */
    /* Time, status, type, length and data of one event. */
    EVENT_BYTES = 4 + 1 + 1 + 1 + MESSAGE_BYTES,
    HEAD_BYTES = 14 + 8,
    STRETCH_BYTES = HEAD_BYTES + (STRETCH_EVENTS + 1) * EVENT_BYTES,
};

struct stretch {
    uint8_t *bytes; /* [STRETCH_BYTES] */
    size_t length;
    uint32_t start; /* tick of the last event before it */
    uint32_t events;
};

static void drop_message(const gchar *domain, GLogLevelFlags level, const gchar *text,
                         gpointer data)
{
    (void)domain;
    (void)level;
    (void)text;
    (void)data;
}

/* Of the domain "libsmf" alone: other users of GLib in the process log as before. */
static void silence_libsmf(void)
{
    g_log_set_handler("libsmf", G_LOG_LEVEL_MASK, drop_message, NULL);
}

static bool libsmf_can_hold(const struct smfwalk_event *event)
{
    if (event->status < 0xF0)
        return true;
    if (event->length > MESSAGE_BYTES || event->status == MIDI_SYSEX_ESCAPE)
        return false;
    if (event->status == MIDI_SYSEX)
        return event->length > 0;
    /* An End of Track would end the stretch; what stands in libsmf's tempo map
     * must have its whole content. */
    return event->meta != MIDI_META_END_OF_TRACK && event->meta != MIDI_META_TEMPO &&
           event->meta != MIDI_META_TIME_SIGNATURE;
}

static void begin_stretch(struct stretch *stretch, uint32_t start)
{
    static const uint8_t head[HEAD_BYTES] = {'M', 'T', 'h', 'd', 0,   0,   0,   6, 0, 0, 0,
                                             1,   0,   96,  'M', 'T', 'r', 'k', 0, 0, 0, 0};
    memcpy(stretch->bytes, head, sizeof head);
    stretch->length = sizeof head;
    stretch->start = start;
    stretch->events = 0;
}

static void put_event(struct stretch *stretch, const uint8_t *bytes,
                      const struct smfwalk_event *event)
{
    uint8_t *to = stretch->bytes + stretch->length;
    to += smf_put_quantity(to, event->delta);
    if (libsmf_can_hold(event)) {
        *to++ = event->status;
        if (event->status == MIDI_META)
            *to++ = event->meta;
        if (event->status >= 0xF0)
            *to++ = (uint8_t)event->length;
        memcpy(to, bytes + event->data, event->length);
        to += event->length;
    } else {
        static const uint8_t placeholder[3] = {MIDI_META, MIDI_META_TEXT, 0};
        memcpy(to, placeholder, sizeof placeholder);
        to += sizeof placeholder;
    }
    stretch->length = (size_t)(to - stretch->bytes);
    stretch->events++;
}

static void end_stretch(struct stretch *stretch)
{
    static const uint8_t end[4] = {0, MIDI_META, MIDI_META_END_OF_TRACK, 0};
    memcpy(stretch->bytes + stretch->length, end, sizeof end);
    stretch->length += sizeof end;
    smf_put_u32(stretch->bytes + HEAD_BYTES - 4, (uint32_t)(stretch->length - HEAD_BYTES));
}

/* Time and message of each event as libsmf has them; placeholders keep what the walk found. */
static int take_events(smf_t *smf, const struct stretch *stretch, struct smfread_event *events)
{
    smf_track_t *track = smf_get_track_by_number(smf, 1);
    if (!track || track->number_of_events != (int)stretch->events + 1)
        return -1;
    for (uint32_t i = 0; i < stretch->events; i++) {
        const smf_event_t *got = smf_track_get_event_by_number(track, (int)i + 1);
        struct smfread_event *event = &events[i];
        event->tick = stretch->start + (uint32_t)got->time_pulses;
        if (event->status < 0xF0)
            event->status = got->midi_buffer[0];
    }
    return 0;
}

static int read_stretch(struct stretch *stretch, struct smfread_event *events)
{
    end_stretch(stretch);
    smf_t *smf = smf_load_from_memory(stretch->bytes, (int)stretch->length);
    if (!smf)
        return -1;
    int result = take_events(smf, stretch, events);
    smf_delete(smf);
    return result;
}

static int read_track(const struct smfcheck *check, uint32_t track, struct stretch *stretch,
                      struct smfread_event *events)
{
    struct smfwalk walk = smfwalk_track(check, track);
    struct smfwalk_event event;
    struct smfread_event *first = events;
    begin_stretch(stretch, 0);
    while (smfwalk_next(&walk, &event) > 0) {
        put_event(stretch, check->bytes, &event);
        *events++ = (struct smfread_event){
            .data = event.data,
            .length = event.length,
            .track = (uint16_t)track,
            .status = event.status,
            .meta = event.meta,
        };
        if (stretch->events == STRETCH_EVENTS) {
            if (read_stretch(stretch, first) != 0)
                return -1;
            first = events;
            begin_stretch(stretch, event.tick);
        }
    }
    return stretch->events > 0 ? read_stretch(stretch, first) : 0;
}

int smfread_events(const struct smfcheck *check, const char *name, struct smfread_event *events,
                   struct error *error)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, silence_libsmf);
    struct stretch stretch = {.bytes = malloc(STRETCH_BYTES)};
    if (!stretch.bytes)
        return error_set(error, "%s: out of memory", name);
    int result = 0;
    for (uint32_t t = 0; t < check->tracks && result == 0; t++) {
        if (read_track(check, t, &stretch, events) != 0)
            result =
                error_set(error, "%s: byte %u, track %u: libsmf could not read what was checked",
                          name, check->track[t].begin, t + 1);
        events += check->track[t].events;
    }
    free(stretch.bytes);
    return result;
}
