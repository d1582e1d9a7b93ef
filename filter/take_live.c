/* A file through the filter, as if it were played. */
#include "filter/filter.h"
#include "filter/take.h"

#include <stdlib.h>

/* The pitch of the note-on that comes out. */
static void catch_pitch(void *context, const struct midi_event *event)
{
    uint8_t *pitch = context;
    if (midi_is_channel(event) && midi_is_note_on(event))
        *pitch = event->data[0];
}

/* Notes of the file that the take left out do not get to the filter. */
static bool *mark_chosen(const struct take *take, const struct midifile *file)
{
    uint32_t notes = 0;
    midifile_notes(file, &notes);
    bool *chosen = calloc((size_t)notes + 1, sizeof *chosen);
    for (size_t i = 0; chosen && i < take->count; i++)
        chosen[take->index[i]] = true;
    return chosen;
}

int take_live(struct take *take, const struct midifile *file, struct corrector *corrector,
              const struct correct_settings *settings, uint8_t *pitches, struct error *error)
{
    struct filter_settings chosen_all = filter_defaults();
    chosen_all.channels = UINT16_MAX;
    chosen_all.kits = true;
    chosen_all.correct = *settings;
    uint8_t pitch = 0;
    struct filter *filter = filter_open(&chosen_all, catch_pitch, &pitch, error);
    if (!filter)
        return -1;
    bool *chosen = mark_chosen(take, file);
    if (!chosen) {
        filter_close(filter);
        return error_set(error, "out of memory");
    }
    filter_set_corrector(filter, corrector);
    size_t at = 0;
    for (uint32_t i = 0; i < midifile_events(file); i++) {
        struct midi_event event = midifile_event(file, i);
        uint32_t note = midifile_event_note(file, i);
        if (note != MIDIFILE_NONE && !chosen[note])
            continue;
        filter_event(filter, &event);
        filter_settle(filter);
        if (note == MIDIFILE_NONE || !midi_is_note_on(&event))
            continue;
        take->note[at].slot = filter_status(filter).slot;
        pitches[at++] = pitch;
    }
    take->found = true;
    take->tempo = filter_status(filter).clock.tempo;
    free(chosen);
    filter_close(filter);
    return 0;
}
