/* Each track is kept as it will stand in the file; what recording_file adds are
 * the releases, the end and the lengths. */
#include "daemon/recording.h"

#include "midi/smfcheck.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    TICKS_A_SECOND = 10000,
    TICKS_A_QUARTER = 5000, /* at the 120 beats a minute that files have by default */
    MICROSECONDS_A_QUARTER = 500000,
    CHANNELS = 16,
    KEYS = 128,
    TRACKS = 2,
    MOST_EVENT = 7, /* bytes: a delta time of 4, a message of 3 */
    VELOCITY = 64,  /* of a release that nobody played */
    FILE_HEAD = 14, /* bytes: MThd with its length */
    TRACK_HEAD = 8, /* MTrk with its length */
};

struct track {
    uint8_t *byte;
    size_t length;
    size_t room;
    int64_t tick; /* of its last event */
    uint16_t held[CHANNELS][KEYS];
};

struct recording {
    double start;
    size_t notes;
    struct track track[TRACKS];
};

static int reserve(struct track *track, size_t more)
{
    if (track->room - track->length >= more)
        return 0;
    size_t room = 2 * track->room + more;
    uint8_t *byte = realloc(track->byte, room);
    if (!byte)
        return -1;
    track->byte = byte;
    track->room = room;
    return 0;
}

static int add_message(struct track *track, int64_t tick, unsigned status, const uint8_t *data)
{
    if (reserve(track, MOST_EVENT) != 0)
        return -1;
    int64_t delta = tick > track->tick ? tick - track->tick : 0;
    uint8_t *to = track->byte + track->length;
    size_t length = smf_put_quantity(to, delta < SMFCHECK_MAX_QUANTITY ? (uint32_t)delta
                                                                       : SMFCHECK_MAX_QUANTITY);
    to[length++] = (uint8_t)status;
    for (uint32_t i = 0; i < midi_channel_length((uint8_t)status); i++)
        to[length++] = data[i] & 0x7F;
    track->length += length;
    track->tick += delta;
    return 0;
}

/* Releases all that is held, at the tick or, if that is before, where the track ends. */
static int release_held(struct track *track, int64_t tick)
{
    for (unsigned channel = 0; channel < CHANNELS; channel++)
        for (unsigned key = 0; key < KEYS; key++)
            for (; track->held[channel][key] > 0; track->held[channel][key]--) {
                const uint8_t data[2] = {(uint8_t)key, VELOCITY};
                if (add_message(track, tick, MIDI_NOTE_OFF | channel, data) != 0)
                    return -1;
            }
    return 0;
}

static int begin_track(struct track *track, const char *name, bool tempo)
{
    static const uint8_t set_tempo[] = {0,
                                        MIDI_META,
                                        MIDI_META_TEMPO,
                                        3,
                                        MICROSECONDS_A_QUARTER >> 16,
                                        MICROSECONDS_A_QUARTER >> 8 & 0xFF,
                                        MICROSECONDS_A_QUARTER & 0xFF};
    const uint8_t head[] = {0, MIDI_META, MIDI_META_TRACK_NAME, (uint8_t)strlen(name)};
    if (reserve(track, sizeof head + strlen(name) + sizeof set_tempo) != 0)
        return -1;
    memcpy(track->byte, head, sizeof head);
    memcpy(track->byte + sizeof head, name, strlen(name));
    track->length = sizeof head + strlen(name);
    if (tempo) {
        memcpy(track->byte + track->length, set_tempo, sizeof set_tempo);
        track->length += sizeof set_tempo;
    }
    return 0;
}

struct recording *recording_open(double seconds, struct error *error)
{
    struct recording *recording = calloc(1, sizeof *recording);
    if (recording && begin_track(&recording->track[RING_PLAYED], "played", true) == 0 &&
        begin_track(&recording->track[RING_SENT], "sent", false) == 0) {
        recording->start = seconds;
        return recording;
    }
    recording_free(recording);
    error_set(error, "out of memory");
    return NULL;
}

void recording_free(struct recording *recording)
{
    if (!recording)
        return;
    for (int t = 0; t < TRACKS; t++)
        free(recording->track[t].byte);
    free(recording);
}

static int add_note(struct recording *recording, const struct ring_entry *entry, int64_t tick)
{
    struct track *track = &recording->track[entry->kind];
    uint16_t *held = &track->held[entry->status & 0x0F][entry->data[0] & 0x7F];
    bool strike = (entry->status & 0xF0) == MIDI_NOTE_ON && entry->data[1] != 0;
    if (strike ? *held == UINT16_MAX : *held == 0)
        return 0;
    if (add_message(track, tick, entry->status, entry->data) != 0)
        return -1;
    *held = (uint16_t)(strike ? *held + 1 : *held - 1);
    recording->notes += strike && entry->kind == RING_PLAYED;
    return 0;
}

int recording_add(struct recording *recording, const struct ring_entry *entry)
{
    double ticks = floor((entry->seconds - recording->start) * TICKS_A_SECOND + 0.5);
    int64_t tick = ticks > 0 && ticks < (double)INT32_MAX ? (int64_t)ticks : 0;
    if (entry->kind == RING_LET_GO)
        return release_held(&recording->track[RING_PLAYED], tick);
    unsigned kind = entry->status & 0xF0;
    if (kind == MIDI_NOTE_ON || kind == MIDI_NOTE_OFF)
        return add_note(recording, entry, tick);
    return add_message(&recording->track[entry->kind], tick, entry->status, entry->data);
}

int recording_let_go(struct recording *recording)
{
    int status = 0;
    for (int t = 0; t < TRACKS; t++)
        status |= release_held(&recording->track[t], 0);
    return status;
}

size_t recording_notes(const struct recording *recording)
{
    return recording->notes;
}

size_t recording_size(const struct recording *recording)
{
    return recording->track[RING_PLAYED].length + recording->track[RING_SENT].length;
}

/* A copy of the track with the releases and the end that it lacks. -1: out of memory. */
static int finish(const struct track *from, struct track *to)
{
    static const uint8_t end[] = {0, MIDI_META, MIDI_META_END_OF_TRACK, 0};
    *to = *from;
    to->byte = malloc(from->length + sizeof end);
    if (!to->byte)
        return -1;
    to->room = from->length + sizeof end;
    memcpy(to->byte, from->byte, from->length);
    if (release_held(to, 0) != 0 || reserve(to, sizeof end) != 0)
        return -1;
    memcpy(to->byte + to->length, end, sizeof end);
    to->length += sizeof end;
    return 0;
}

static uint8_t *join(const struct track *tracks, size_t *length)
{
    static const uint8_t head[FILE_HEAD] = {'M',
                                            'T',
                                            'h',
                                            'd',
                                            0,
                                            0,
                                            0,
                                            6,
                                            0,
                                            1,
                                            0,
                                            TRACKS,
                                            TICKS_A_QUARTER >> 8,
                                            TICKS_A_QUARTER & 0xFF};
    *length = FILE_HEAD;
    for (int t = 0; t < TRACKS; t++)
        *length += TRACK_HEAD + tracks[t].length;
    uint8_t *file = malloc(*length);
    if (!file)
        return NULL;
    memcpy(file, head, FILE_HEAD);
    uint8_t *to = file + FILE_HEAD;
    for (int t = 0; t < TRACKS; t++) {
        memcpy(to, "MTrk", 4);
        smf_put_u32(to + 4, (uint32_t)tracks[t].length);
        memcpy(to + TRACK_HEAD, tracks[t].byte, tracks[t].length);
        to += TRACK_HEAD + tracks[t].length;
    }
    return file;
}

uint8_t *recording_file(const struct recording *recording, size_t *length)
{
    struct track *whole = calloc(TRACKS, sizeof *whole);
    uint8_t *file = NULL;
    int status = whole ? 0 : -1;
    for (int t = 0; t < TRACKS && status == 0; t++)
        status = finish(&recording->track[t], &whole[t]);
    if (status == 0)
        file = join(whole, length);
    for (int t = 0; t < TRACKS && whole; t++)
        free(whole[t].byte);
    free(whole);
    return file;
}
