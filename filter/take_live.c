/* A file, or notes, through the filter, as if they were played. */
#include "base/monotonic.h"
#include "filter/filter.h"
#include "filter/take.h"

#include <math.h>
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

static struct filter *open_filter(const struct correct_settings *settings, uint8_t *pitch,
                                  struct error *error)
{
    struct filter_settings chosen_all = filter_defaults();
    chosen_all.channels = UINT16_MAX;
    chosen_all.kits = true;
    chosen_all.correct = *settings;
    return filter_open(&chosen_all, catch_pitch, pitch, error);
}

int take_live(struct take *take, const struct midifile *file, struct corrector *corrector,
              const struct correct_settings *settings, uint8_t *pitches,
              struct correct_place *place, struct error *error)
{
    uint8_t pitch = 0;
    struct filter *filter = open_filter(settings, &pitch, error);
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
        if (place)
            place[at] = filter_status(filter).place;
        pitches[at++] = pitch;
    }
    take->found = true;
    take->tempo = filter_status(filter).clock.tempo;
    free(chosen);
    filter_close(filter);
    return 0;
}

/* A key that goes down or up. */
struct stroke {
    double seconds;
    size_t note;
    bool down;
};

/* In order of time; at the same time keys go up first. */
static int compare_strokes(const void *left, const void *right)
{
    const struct stroke *a = left, *b = right;
    if (a->seconds != b->seconds)
        return a->seconds < b->seconds ? -1 : 1;
    if (a->down != b->down)
        return a->down ? 1 : -1;
    return (a->note > b->note) - (a->note < b->note);
}

/* [2 * count]; every key is down for a moment at least. */
static struct stroke *list_strokes(const struct correct_note *notes, const double *releases,
                                   size_t count)
{
    struct stroke *strokes = malloc((2 * count + 1) * sizeof *strokes);
    for (size_t i = 0; strokes && i < count; i++) {
        double up = fmax(releases[i], nextafter(notes[i].seconds, HUGE_VAL));
        strokes[2 * i] = (struct stroke){notes[i].seconds, i, true};
        strokes[2 * i + 1] = (struct stroke){up, i, false};
    }
    if (strokes)
        qsort(strokes, 2 * count, sizeof *strokes, compare_strokes);
    return strokes;
}

static void strike(struct filter *filter, const struct correct_note *note,
                   const struct stroke *stroke)
{
    const uint8_t data[2] = {note->pitch, stroke->down ? note->velocity : 0};
    struct midi_event event = {
        .seconds = stroke->seconds, .length = 2, .data = data, .status = MIDI_NOTE_ON};
    filter_event(filter, &event);
}

int take_play(const struct correct_note *notes, const double *releases, size_t count,
              struct corrector *corrector, const struct correct_settings *settings,
              uint8_t *pitches, const struct take_trace *trace, struct error *error)
{
    uint8_t pitch = 0;
    struct filter *filter = open_filter(settings, &pitch, error);
    if (!filter)
        return -1;
    struct stroke *strokes = list_strokes(notes, releases, count);
    if (!strokes) {
        filter_close(filter);
        return error_set(error, "out of memory");
    }
    filter_set_corrector(filter, corrector);
    for (size_t k = 0; k < 2 * count; k++) {
        size_t note = strokes[k].note;
        uint64_t began = monotonic_nanoseconds();
        strike(filter, &notes[note], &strokes[k]);
        uint64_t sent = monotonic_nanoseconds();
        filter_settle(filter);
        if (!strokes[k].down)
            continue;
        pitches[note] = pitch;
        if (trace && trace->nanoseconds)
            trace->nanoseconds[note] = sent - began;
        if (trace && trace->place)
            trace->place[note] = filter_status(filter).place;
    }
    free(strokes);
    filter_close(filter);
    return 0;
}
