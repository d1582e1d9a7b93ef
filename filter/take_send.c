/* A file's pitches as the filter would send them. */
#include "filter/take.h"

#include <stdlib.h>
#include <string.h>

enum {
    CHANNELS = 16,
    KEYS = 128,
    STRIKES = 8, /* of one key that wait for their releases */
    CC_SOUND_OFF = 120,
    CC_NOTES_OFF = 123,
};

/* The strikes of a key whose releases are to come, the oldest first. */
struct key {
    uint8_t count;
    uint8_t pitch[STRIKES];
    bool ended[STRIKES];
};

/* What the file's events sound as. A file keeps its events, so none can be held back,
 * swallowed or added: a release that must end nothing is given a pitch that does not sound. */
struct sounding {
    struct key key[CHANNELS][KEYS];
    uint16_t holders[CHANNELS][KEYS]; /* keys, by pitch */
};

static bool ends_all(const struct midi_event *event)
{
    return midi_kind(event) == MIDI_CONTROL_CHANGE &&
           (event->data[0] == CC_SOUND_OFF || event->data[0] >= CC_NOTES_OFF);
}

static bool holds(const struct key *key, uint8_t pitch)
{
    for (unsigned i = 0; i < key->count; i++)
        if (!key->ended[i] && key->pitch[i] == pitch)
            return true;
    return false;
}

/* The key no longer holds the pitch, however often it struck it. */
static void end_pitch(struct sounding *sounding, unsigned channel, struct key *key, uint8_t pitch)
{
    if (holds(key, pitch))
        sounding->holders[channel][pitch]--;
    for (unsigned i = 0; i < key->count; i++)
        key->ended[i] |= key->pitch[i] == pitch;
}

static void forget_oldest(struct key *key)
{
    key->count--;
    memmove(key->pitch, key->pitch + 1, key->count * sizeof *key->pitch);
    memmove(key->ended, key->ended + 1, key->count * sizeof *key->ended);
}

static void strike(struct sounding *sounding, unsigned channel, unsigned number, uint8_t pitch)
{
    struct key *key = &sounding->key[channel][number];
    if (key->count == STRIKES) {
        end_pitch(sounding, channel, key, key->pitch[0]);
        forget_oldest(key);
    }
    if (!holds(key, pitch))
        sounding->holders[channel][pitch]++;
    key->pitch[key->count] = pitch;
    key->ended[key->count++] = false;
}

/* The pitch nearest to `pitch` that no key of the channel holds; the lower one of two. */
static uint8_t silent(const struct sounding *sounding, unsigned channel, unsigned pitch)
{
    const uint16_t *holders = sounding->holders[channel];
    for (unsigned away = 0; away < KEYS; away++) {
        if (pitch >= away && holders[pitch - away] == 0)
            return (uint8_t)(pitch - away);
        if (pitch + away < KEYS && holders[pitch + away] == 0)
            return (uint8_t)(pitch + away);
    }
    return (uint8_t)pitch;
}

static uint8_t release(struct sounding *sounding, unsigned channel, unsigned number)
{
    struct key *key = &sounding->key[channel][number];
    if (key->count == 0)
        return silent(sounding, channel, number);
    uint8_t pitch = key->pitch[0];
    bool ended = key->ended[0];
    end_pitch(sounding, channel, key, pitch);
    forget_oldest(key);
    bool ends = !ended && sounding->holders[channel][pitch] == 0;
    return ends ? pitch : silent(sounding, channel, number);
}

static uint8_t pressed(const struct sounding *sounding, unsigned channel, unsigned number)
{
    const struct key *key = &sounding->key[channel][number];
    return key->count ? key->pitch[key->count - 1] : (uint8_t)number;
}

static void end_channel(struct sounding *sounding, unsigned channel)
{
    memset(sounding->key[channel], 0, sizeof sounding->key[channel]);
    memset(sounding->holders[channel], 0, sizeof sounding->holders[channel]);
}

static void send(struct midifile *file, uint32_t index, struct sounding *sounding,
                 const uint8_t *sent)
{
    struct midi_event event = midifile_event(file, index);
    if (!midi_is_channel(&event))
        return;
    unsigned channel = midi_channel(&event), pitch = event.data[0];
    if (midi_is_note_on(&event)) {
        pitch = sent[midifile_event_note(file, index)];
        strike(sounding, channel, event.data[0], (uint8_t)pitch);
    } else if (midi_is_note_off(&event))
        pitch = release(sounding, channel, pitch);
    else if (midi_kind(&event) == MIDI_POLY_AFTERTOUCH)
        pitch = pressed(sounding, channel, pitch);
    else if (ends_all(&event))
        end_channel(sounding, channel);
    if (pitch != event.data[0])
        midifile_set_event_pitch(file, index, (uint8_t)pitch);
}

/* A strike whose release the file has not takes the pitch of the one after it on its key,
 * whose release will end both. */
static void join_unreleased(const struct midifile *file, uint8_t *sent)
{
    uint32_t count = 0;
    const struct midifile_note *notes = midifile_notes(file, &count);
    uint32_t(*after)[KEYS] = malloc(CHANNELS * sizeof *after);
    if (!after)
        return;
    memset(after, 0xFF, CHANNELS * sizeof *after);
    for (uint32_t n = count; n-- > 0;) {
        uint32_t *next = &after[notes[n].channel][notes[n].pitch];
        if (!notes[n].released && *next != UINT32_MAX)
            sent[n] = sent[*next];
        *next = n;
    }
    free(after);
}

int take_send(const struct take *take, struct midifile *file, const uint8_t *pitches,
              struct error *error)
{
    uint32_t count = 0;
    const struct midifile_note *notes = midifile_notes(file, &count);
    struct sounding *sounding = calloc(1, sizeof *sounding);
    uint8_t *sent = malloc((size_t)count + 1);
    int status = -1;
    if (sounding && sent) {
        for (uint32_t i = 0; i < count; i++)
            sent[i] = notes[i].pitch;
        for (size_t i = 0; i < take->count; i++)
            sent[take->index[i]] = pitches[i];
        join_unreleased(file, sent);
        for (uint32_t i = 0; i < midifile_events(file); i++)
            send(file, i, sounding, sent);
        status = 0;
    } else {
        error_set(error, "out of memory");
    }
    free(sent);
    free(sounding);
    return status;
}
