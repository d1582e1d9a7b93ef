/* A file's pitches as the filter would send them. */
#include "filter/notemap.h"
#include "filter/take.h"

#include <stdlib.h>
#include <string.h>

enum {
    CC_SOUND_OFF = 120,
    CC_NOTES_OFF = 123,
    NO_OWNER = 0,
};

/* The notes of a file that are struck before a key is released belong together:
 * they end together, so they sound as one pitch. */
struct gathering {
    uint8_t *sent;                                 /* [notes of the file] */
    bool *chosen;                                  /* [the same] */
    uint32_t *before;                              /* [the same]: struck on the same held key */
    uint32_t last[NOTEMAP_CHANNELS][NOTEMAP_KEYS]; /* note that holds the key */
};

static bool ends_all(const struct midi_event *event)
{
    return midi_kind(event) == MIDI_CONTROL_CHANGE &&
           (event->data[0] == CC_SOUND_OFF || event->data[0] >= CC_NOTES_OFF);
}

static void gather_note(struct gathering *gathering, const struct midi_event *event, uint32_t note)
{
    uint8_t key = event->data[0];
    uint32_t *last = &gathering->last[midi_channel(event)][key];
    gathering->before[note] = *last;
    if (*last != MIDIFILE_NONE && gathering->chosen[note])
        gathering->sent[note] = gathering->sent[*last];
    /* One that is not to be corrected leaves the others no choice. */
    for (uint32_t n = *last; n != MIDIFILE_NONE && gathering->sent[n] != gathering->sent[note];
         n = gathering->before[n])
        gathering->sent[n] = gathering->sent[note];
    *last = note;
}

static void gather(struct gathering *gathering, const struct midifile *file)
{
    memset(gathering->last, 0xFF, sizeof gathering->last);
    for (uint32_t i = 0; i < midifile_events(file); i++) {
        struct midi_event event = midifile_event(file, i);
        if (!midi_is_channel(&event))
            continue;
        uint32_t *last = gathering->last[midi_channel(&event)];
        if (midi_is_note_on(&event))
            gather_note(gathering, &event, midifile_event_note(file, i));
        else if (midi_is_note_off(&event))
            last[event.data[0]] = MIDIFILE_NONE;
        else if (ends_all(&event))
            memset(last, 0xFF, sizeof gathering->last[0]);
    }
}

/* As the file has them, but for the take's. */
static void begin(struct gathering *gathering, const struct take *take, const struct midifile *file,
                  const uint8_t *pitches)
{
    uint32_t count = 0;
    const struct midifile_note *notes = midifile_notes(file, &count);
    for (uint32_t i = 0; i < count; i++)
        gathering->sent[i] = notes[i].pitch;
    for (size_t i = 0; i < take->count; i++) {
        gathering->sent[take->index[i]] = pitches[i];
        gathering->chosen[take->index[i]] = true;
    }
}

int take_gather(const struct take *take, const struct midifile *file, uint8_t *pitches,
                struct error *error)
{
    uint32_t notes = 0;
    midifile_notes(file, &notes);
    size_t room = (size_t)notes + 1;
    struct gathering *gathering = calloc(1, sizeof *gathering);
    int status = -1;
    if (gathering) {
        gathering->sent = malloc(room);
        gathering->chosen = calloc(room, sizeof *gathering->chosen);
        gathering->before = malloc(room * sizeof *gathering->before);
    }
    if (gathering && gathering->sent && gathering->chosen && gathering->before) {
        begin(gathering, take, file, pitches);
        gather(gathering, file);
        for (size_t i = 0; i < take->count; i++)
            pitches[i] = gathering->sent[take->index[i]];
        status = 0;
    } else {
        error_set(error, "out of memory");
    }
    if (gathering) {
        free(gathering->sent);
        free(gathering->chosen);
        free(gathering->before);
    }
    free(gathering);
    return status;
}

static void drop_channel(struct notemap *map, unsigned channel)
{
    for (unsigned key = 0; key < NOTEMAP_KEYS; key++)
        if (notemap_is_held(map, channel, key))
            notemap_drop(map, channel, key);
}

/* A release that must end nothing goes to a pitch that does not sound. */
static unsigned release(struct notemap *map, unsigned channel, unsigned key)
{
    struct notemap_answer answer = notemap_release(map, channel, key);
    return answer.times > 0 ? answer.pitch : notemap_silent(map, channel, key);
}

static void send(struct midifile *file, uint32_t index, struct notemap *map, const uint8_t *sent)
{
    struct midi_event event = midifile_event(file, index);
    if (!midi_is_channel(&event))
        return;
    unsigned channel = midi_channel(&event);
    unsigned pitch = event.data[0];
    if (midi_is_note_on(&event))
        pitch =
            notemap_strike(map, channel, pitch, sent[midifile_event_note(file, index)], NO_OWNER)
                .pitch;
    else if (midi_is_note_off(&event))
        pitch = release(map, channel, pitch);
    else if (midi_kind(&event) == MIDI_POLY_AFTERTOUCH)
        pitch = notemap_pressed(map, channel, pitch);
    else if (ends_all(&event))
        drop_channel(map, channel);
    if (pitch != event.data[0])
        midifile_set_event_pitch(file, index, (uint8_t)pitch);
}

int take_send(const struct take *take, struct midifile *file, const uint8_t *pitches,
              struct error *error)
{
    uint32_t count = 0;
    const struct midifile_note *notes = midifile_notes(file, &count);
    struct notemap *map = calloc(1, sizeof *map);
    uint8_t *sent = malloc((size_t)count + 1);
    int status = -1;
    if (map && sent) {
        for (uint32_t i = 0; i < count; i++)
            sent[i] = notes[i].pitch;
        for (size_t i = 0; i < take->count; i++)
            sent[take->index[i]] = pitches[i];
        for (uint32_t i = 0; i < midifile_events(file); i++)
            send(file, i, map, sent);
        status = 0;
    } else {
        error_set(error, "out of memory");
    }
    free(sent);
    free(map);
    return status;
}
