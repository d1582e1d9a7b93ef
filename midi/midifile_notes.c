/* Notes out of events: which note-on, release and aftertouch belong together. */
#include "midi/midifile_private.h"

#include <stdlib.h>
#include <string.h>

enum { KEYS = 16 * 128 }; /* channel and note number */

/* Notes held on each key, first struck first. */
struct held {
    uint32_t first[KEYS];
    uint32_t last[KEYS];
    uint32_t *next; /* [notes] */
};

static uint32_t key_of(const struct midi_event *event)
{
    return (uint32_t)midi_channel(event) << 7 | event->data[0];
}

static void held_clear(struct held *held)
{
    memset(held->first, 0xFF, sizeof held->first);
}

static void held_push(struct held *held, uint32_t key, uint32_t note)
{
    held->next[note] = MIDIFILE_NONE;
    if (held->first[key] == MIDIFILE_NONE)
        held->first[key] = note;
    else
        held->next[held->last[key]] = note;
    held->last[key] = note;
}

static uint32_t held_pop(struct held *held, uint32_t key)
{
    uint32_t note = held->first[key];
    if (note != MIDIFILE_NONE)
        held->first[key] = held->next[note];
    return note;
}

static int make_room(struct midifile *file)
{
    size_t notes = 0, touches = 0;
    for (uint32_t i = 0; i < file->check.events; i++) {
        struct midi_event event = midifile_raw_event(file, i);
        notes += midi_is_note_on(&event);
        touches += midi_kind(&event) == MIDI_POLY_AFTERTOUCH;
    }
    /* One more than needed: malloc(0) may answer NULL. */
    file->note = malloc((notes + 1) * sizeof *file->note);
    file->note_on = malloc((notes + 1) * sizeof *file->note_on);
    file->note_off = malloc((notes + 1) * sizeof *file->note_off);
    file->note_touch = malloc((notes + 1) * sizeof *file->note_touch);
    file->touch = malloc((touches + 1) * sizeof *file->touch);
    return file->note && file->note_on && file->note_off && file->note_touch && file->touch ? 0
                                                                                            : -1;
}

/* Notes are numbered in the merged order. */
static void number_notes(struct midifile *file)
{
    for (uint32_t i = 0; i < file->check.events; i++) {
        uint32_t index = file->order[i];
        file->event_note[index] = MIDIFILE_NONE;
        struct midi_event event = midifile_raw_event(file, index);
        if (!midi_is_note_on(&event))
            continue;
        uint32_t n = file->notes++;
        file->event_note[index] = n;
        file->note_on[n] = index;
        file->note_off[n] = MIDIFILE_NONE;
        file->note_touch[n] = MIDIFILE_NONE;
        file->note[n] = (struct midifile_note){
            .track = event.track,
            .tick = event.tick,
            .duration_ticks = file->check.track[event.track].end_tick - event.tick,
            .channel = midi_channel(&event),
            .pitch = event.data[0],
            .velocity = event.data[1],
            .seconds = midifile_seconds(file, event.tick),
        };
    }
}

static void release(struct midifile *file, uint32_t note, uint32_t index)
{
    file->note_off[note] = index;
    file->event_note[index] = note;
    file->note[note].duration_ticks = file->event[index].tick - file->note[note].tick;
    file->note[note].released = true;
}

static void touch(struct midifile *file, uint32_t note, uint32_t index)
{
    file->touch[file->touches] = (struct midifile_touch){index, file->note_touch[note]};
    file->note_touch[note] = file->touches++;
    file->event_note[index] = note;
}

/* Pairs inside each track. Returns how many releases and aftertouches found no note. */
static uint32_t pair_in_tracks(struct midifile *file, struct held *held)
{
    uint32_t orphans = 0;
    for (uint32_t i = 0; i < file->check.events; i++) {
        struct midi_event event = midifile_raw_event(file, i);
        if (i == 0 || event.track != file->event[i - 1].track)
            held_clear(held);
        if (!midi_is_channel(&event))
            continue;
        uint32_t key = key_of(&event);
        if (midi_is_note_on(&event)) {
            held_push(held, key, file->event_note[i]);
        } else if (midi_is_note_off(&event)) {
            uint32_t note = held_pop(held, key);
            if (note != MIDIFILE_NONE)
                release(file, note, i);
            else
                orphans++;
        } else if (midi_kind(&event) == MIDI_POLY_AFTERTOUCH) {
            if (held->first[key] != MIDIFILE_NONE)
                touch(file, held->last[key], i);
            else
                orphans++;
        }
    }
    return orphans;
}

/* The rest, across tracks: releases end notes that nothing else does, aftertouch
 * goes to the note last struck on its key, if that still sounds. */
static void pair_across_tracks(struct midifile *file, struct held *held, uint32_t *newest)
{
    held_clear(held);
    memset(newest, 0xFF, KEYS * sizeof *newest);
    for (uint32_t i = 0; i < file->check.events; i++) {
        uint32_t index = file->order[i];
        struct midi_event event = midifile_raw_event(file, index);
        if (!midi_is_channel(&event))
            continue;
        uint32_t key = key_of(&event);
        if (midi_is_note_on(&event)) {
            uint32_t note = file->event_note[index];
            newest[key] = note;
            if (!file->note[note].released)
                held_push(held, key, note);
        } else if (midi_is_note_off(&event)) {
            uint32_t note = file->event_note[index];
            if (note == MIDIFILE_NONE && (note = held_pop(held, key)) != MIDIFILE_NONE)
                release(file, note, index);
            if (note == newest[key])
                newest[key] = MIDIFILE_NONE;
        } else if (midi_kind(&event) == MIDI_POLY_AFTERTOUCH) {
            if (file->event_note[index] == MIDIFILE_NONE && newest[key] != MIDIFILE_NONE)
                touch(file, newest[key], index);
        }
    }
}

int midifile_find_notes(struct midifile *file)
{
    if (make_room(file) != 0)
        return -1;
    number_notes(file);
    struct held *held = malloc(sizeof *held);
    uint32_t *newest = malloc(KEYS * sizeof *newest);
    uint32_t *next = malloc(((size_t)file->notes + 1) * sizeof *next);
    int result = held && newest && next ? 0 : -1;
    if (result == 0) {
        held->next = next;
        if (pair_in_tracks(file, held) > 0)
            pair_across_tracks(file, held, newest);
    }
    free(next);
    free(newest);
    free(held);
    return result;
}

/* The number is the first data byte of all three kinds of event. */
static void write_pitch(struct midifile *file, uint32_t event, uint8_t pitch)
{
    file->check.bytes[file->event[event].data] = pitch;
}

int midifile_set_pitch(struct midifile *file, uint32_t note, uint8_t pitch)
{
    if (note >= file->notes || pitch > 127)
        return -1;
    file->note[note].pitch = pitch;
    write_pitch(file, file->note_on[note], pitch);
    if (file->note_off[note] != MIDIFILE_NONE)
        write_pitch(file, file->note_off[note], pitch);
    for (uint32_t t = file->note_touch[note]; t != MIDIFILE_NONE; t = file->touch[t].next)
        write_pitch(file, file->touch[t].event, pitch);
    return 0;
}

int midifile_set_event_pitch(struct midifile *file, uint32_t index, uint8_t pitch)
{
    if (index >= file->check.events || pitch > 127)
        return -1;
    uint32_t at = file->order[index];
    struct midi_event event = midifile_raw_event(file, at);
    bool press = midi_kind(&event) == MIDI_POLY_AFTERTOUCH;
    if (!midi_is_channel(&event) ||
        (!press && !midi_is_note_on(&event) && !midi_is_note_off(&event)))
        return -1;
    if (midi_is_note_on(&event))
        file->note[file->event_note[at]].pitch = pitch;
    write_pitch(file, at, pitch);
    return 0;
}
