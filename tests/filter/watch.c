/* The reference: see watch.h. Slow on purpose. */
#include "watch.h"

#include "filter/kit.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_HELD = 16 * 128, MOST_SENT = 1 << 14, SHOWN = 8 };

struct sent {
    double seconds;
    uint8_t status, data[2];
    uint32_t length;
    const uint8_t *bytes; /* of what is not two bytes long */
};

struct held {
    unsigned channel, key, pitch;
};

struct watch {
    struct filter *filter;
    /* What follows is zero at the start, up to the lists. */
    struct corrector *corrector;
    double seconds;
    double heard;
    bool sensed;
    struct kits kits;
    size_t held_count;
    unsigned owed[16][128];     /* note-offs by channel and pitch that were held back */
    unsigned answered[16][128]; /* releases by channel and key that are to be swallowed */
    unsigned further[16][128];  /* and those of strikes that are over with another's release ... */
    unsigned last[16][128];     /* ... on this pitch */
    bool uneven[16][128];       /* a pitch was struck again by its key: releases may be lost */
    unsigned used;
    unsigned pressed;     /* switches by pedal that are down */
    int stack[16][128];   /* note-ons less note-offs, as a synth would count them */
    bool sounds[16][128]; /* for one that does not count */
    size_t sent_count;
    size_t expected_count;
    uint64_t notes, corrected, checked;
    struct held held[MOST_HELD]; /* in the order of their strikes */
    struct sent sent[MOST_SENT];
    struct sent expected[MOST_SENT];
};

static void record(struct sent *list, size_t *count, const struct midi_event *event)
{
    if (*count == MOST_SENT) {
        fprintf(stderr, "more than %d events for one\n", MOST_SENT);
        abort();
    }
    struct sent *sent = &list[(*count)++];
    *sent = (struct sent){.seconds = event->seconds,
                          .status = event->status,
                          .length = event->length,
                          .bytes = event->data};
    if (event->length <= 2 && event->data) {
        memcpy(sent->data, event->data, event->length);
        sent->bytes = NULL;
    }
}

static void take_sent(void *context, const struct midi_event *event)
{
    struct watch *watch = context;
    record(watch->sent, &watch->sent_count, event);
    if (!midi_is_channel(event) || event->length != 2 || event->data[0] > 127 ||
        event->data[1] > 127)
        return;
    int *stack = &watch->stack[midi_channel(event)][event->data[0]];
    watch->sounds[midi_channel(event)][event->data[0]] &= !midi_is_note_off(event);
    watch->sounds[midi_channel(event)][event->data[0]] |= midi_is_note_on(event);
    if (midi_is_note_on(event))
        ++*stack;
    else if (midi_is_note_off(event) && *stack > 0)
        --*stack;
}

static void expect(struct watch *watch, const struct midi_event *event)
{
    record(watch->expected, &watch->expected_count, event);
}

static void expect_short(struct watch *watch, unsigned status, unsigned first, unsigned second)
{
    uint8_t data[2] = {(uint8_t)first, (uint8_t)second};
    expect(watch,
           &(struct midi_event){
               .seconds = watch->seconds, .status = (uint8_t)status, .data = data, .length = 2});
}

static void expect_note(struct watch *watch, const struct midi_event *event, unsigned pitch)
{
    uint8_t data[2] = {(uint8_t)pitch, event->data[1]};
    struct midi_event moved = *event;
    moved.data = data;
    expect(watch, &moved);
}

static void show(const char *title, const struct sent *list, size_t count)
{
    fprintf(stderr, "%s, %zu:\n", title, count);
    for (size_t i = 0; i < count && i < SHOWN; i++)
        fprintf(stderr, "  %g: %02x %d %d, %u bytes at %p\n", list[i].seconds, list[i].status,
                list[i].data[0], list[i].data[1], list[i].length, (const void *)list[i].bytes);
}

static void compare(struct watch *watch, const struct midi_event *event)
{
    bool same = watch->sent_count == watch->expected_count;
    for (size_t i = 0; same && i < watch->sent_count; i++) {
        const struct sent *a = &watch->sent[i], *b = &watch->expected[i];
        bool timed = !(a->seconds < b->seconds || a->seconds > b->seconds) ||
                     (isnan(a->seconds) && isnan(b->seconds));
        same = timed && a->status == b->status && a->length == b->length && a->bytes == b->bytes &&
               memcmp(a->data, b->data, 2) == 0;
    }
    if (same)
        return;
    if (event)
        fprintf(stderr, "in: %g: %02x, %u bytes, %d %d\n", event->seconds, event->status,
                event->length, event->length > 0 ? event->data[0] : 0,
                event->length > 1 ? event->data[1] : 0);
    show("sent", watch->sent, watch->sent_count);
    show("expected", watch->expected, watch->expected_count);
    abort();
}

static void must(bool condition, const char *promise)
{
    if (condition)
        return;
    fprintf(stderr, "broken: %s\n", promise);
    abort();
}

static void begin(struct watch *watch)
{
    watch->sent_count = 0;
    watch->expected_count = 0;
}

static size_t find(const struct watch *watch, unsigned channel, unsigned key)
{
    for (size_t i = 0; i < watch->held_count; i++)
        if (watch->held[i].channel == channel && watch->held[i].key == key)
            return i;
    return MOST_HELD;
}

static bool is_pitch_held(const struct watch *watch, unsigned channel, unsigned pitch)
{
    for (size_t i = 0; i < watch->held_count; i++)
        if (watch->held[i].channel == channel && watch->held[i].pitch == pitch)
            return true;
    return false;
}

/* Ends a note. Note-offs are due when nobody else holds its pitch: how many. */
static unsigned end_note(struct watch *watch, size_t index)
{
    struct held note = watch->held[index];
    memmove(watch->held + index, watch->held + index + 1,
            (watch->held_count - index - 1) * sizeof *watch->held);
    watch->held_count--;
    unsigned *owed = &watch->owed[note.channel][note.pitch];
    ++*owed;
    if (is_pitch_held(watch, note.channel, note.pitch))
        return 0;
    unsigned due = *owed;
    *owed = 0;
    return due;
}

static void end_by_filter(struct watch *watch, size_t index)
{
    struct held note = watch->held[index];
    for (unsigned due = end_note(watch, index); due > 0; due--)
        expect_short(watch, MIDI_NOTE_OFF | note.channel, note.pitch, 64);
}

static void expect_drop(struct watch *watch, unsigned channel)
{
    bool any = false;
    for (size_t i = 0; i < watch->held_count; i++)
        any |= watch->held[i].channel == channel;
    for (unsigned key = 0; any && key < 128; key++) {
        size_t index = find(watch, channel, key);
        if (index == MOST_HELD)
            continue;
        end_by_filter(watch, index);
        watch->answered[channel][key] = watch->further[channel][key] + 1;
        watch->further[channel][key] = 0;
    }
}

static void expect_release_all(struct watch *watch)
{
    for (unsigned channel = 0; channel < 16; channel++) {
        if (!(watch->used >> channel & 1))
            continue;
        expect_drop(watch, channel);
        expect_short(watch, MIDI_CONTROL_CHANGE | channel, 64, 0);
        expect_short(watch, MIDI_CONTROL_CHANGE | channel, 123, 0);
        expect_short(watch, MIDI_CONTROL_CHANGE | channel, 120, 0);
    }
    watch->used = 0;
    must(watch->held_count == 0, "nothing is held after a release of all");
}

static const struct filter_trigger *switch_of(const struct filter_settings *settings,
                                              unsigned which)
{
    return which == 0   ? &settings->toggle_bypass
           : which == 1 ? &settings->next_mode
           : which == 2 ? &settings->panic
                        : &settings->tap;
}

static bool expect_switch(struct watch *watch, const struct midi_event *event,
                          const struct filter_settings *settings)
{
    unsigned kind = midi_kind(event);
    unsigned number = event->data[0];
    bool key = kind == MIDI_NOTE_ON || kind == MIDI_NOTE_OFF || kind == MIDI_POLY_AFTERTOUCH;
    bool taken = false;
    if (key && !midi_is_note_on(event) && find(watch, midi_channel(event), number) < MOST_HELD)
        return false;
    for (unsigned which = 0; which < 4; which++) {
        const struct filter_trigger *by = switch_of(settings, which);
        bool mine = (by->kind == FILTER_BY_KEY && key) ||
                    (by->kind == FILTER_BY_CONTROL && kind == MIDI_CONTROL_CHANGE) ||
                    (by->kind == FILTER_BY_PROGRAM && kind == MIDI_PROGRAM_CHANGE);
        if (!mine || by->number != number)
            continue;
        taken = true;
        bool press = kind == MIDI_PROGRAM_CHANGE || midi_is_note_on(event);
        if (kind == MIDI_CONTROL_CHANGE) {
            bool down = event->data[1] >= 64;
            press = down && !(watch->pressed >> which & 1);
            watch->pressed = (watch->pressed & ~(1U << which)) | (unsigned)down << which;
        }
        if (press && which == 2)
            expect_release_all(watch);
    }
    return taken;
}

static void expect_strike(struct watch *watch, const struct midi_event *event,
                          const struct filter_settings *settings)
{
    unsigned channel = midi_channel(event);
    unsigned key = event->data[0];
    unsigned pitch = 128;
    for (size_t i = 0; i < watch->sent_count; i++)
        if ((watch->sent[i].status & 0xF0) == MIDI_NOTE_ON)
            pitch = watch->sent[i].data[0];
    must(pitch < 128, "a note-on for a note-on");
    bool corrected = watch->corrector && settings->channels >> channel & 1 &&
                     (settings->kits || !kits_have(&watch->kits, channel)) &&
                     key >= settings->lowest && key <= settings->highest && !settings->bypass &&
                     settings->correct.mode != CORRECT_OFF;
    must(corrected || pitch == key, "as played what is not corrected");
    size_t index = find(watch, channel, key);
    if (index < MOST_HELD && watch->held[index].pitch != pitch) {
        end_by_filter(watch, index);
        index = MOST_HELD;
    }
    if (index < MOST_HELD) {
        watch->further[channel][key]++;
        watch->uneven[channel][pitch] = true;
    } else {
        for (bool full = watch->owed[channel][pitch] >= 1024;
             full && watch->owed[channel][pitch] > 0; watch->owed[channel][pitch]--)
            expect_short(watch, MIDI_NOTE_OFF | channel, pitch, 64);
        if (watch->stack[channel][pitch] == 1 && !is_pitch_held(watch, channel, pitch))
            watch->uneven[channel][pitch] = false;
        watch->held[watch->held_count++] = (struct held){channel, key, pitch};
        watch->answered[channel][key] = watch->further[channel][key] = 0;
        watch->last[channel][key] = pitch;
    }
    expect_note(watch, event, pitch);
    watch->notes++;
    watch->corrected += pitch != key;
}

static void expect_release(struct watch *watch, const struct midi_event *event)
{
    unsigned channel = midi_channel(event);
    unsigned key = event->data[0];
    unsigned pitch = key;
    size_t index = find(watch, channel, key);
    if (index < MOST_HELD) {
        pitch = watch->held[index].pitch;
        for (unsigned due = end_note(watch, index); due > 0; due--)
            expect_note(watch, event, pitch);
        return;
    }
    if (watch->answered[channel][key] > 0) {
        watch->answered[channel][key]--;
        return;
    }
    if (watch->further[channel][key] > 0) {
        watch->further[channel][key]--;
        pitch = watch->last[channel][key];
        watch->uneven[channel][pitch] = true;
        watch->owed[channel][pitch] += is_pitch_held(watch, channel, pitch);
    }
    if (!is_pitch_held(watch, channel, pitch))
        expect_note(watch, event, pitch);
}

static void expect_pressure(struct watch *watch, const struct midi_event *event)
{
    size_t index = find(watch, midi_channel(event), event->data[0]);
    expect_note(watch, event, index < MOST_HELD ? watch->held[index].pitch : event->data[0]);
}

static void expect_event(struct watch *watch, const struct midi_event *event,
                         const struct filter_settings *settings)
{
    unsigned kind = midi_kind(event);
    bool sound = event->status < 0x80 || event->status >= 0xF0;
    if (midi_is_channel(event)) {
        sound = event->length == midi_channel_length(event->status) && event->data[0] < 128 &&
                (event->length < 2 || event->data[1] < 128);
        if (sound && expect_switch(watch, event, settings))
            return;
        if (sound)
            watch->used |= 1U << midi_channel(event);
    }
    if (!sound || !midi_is_channel(event)) {
        for (unsigned c = 0; event->status == 0xFF && !event->meta && !event->length && c < 16; c++)
            expect_drop(watch, c);
        if (event->status >= 0xF0)
            kits_event(&watch->kits, event);
        expect(watch, event);
    } else if (midi_is_note_on(event)) {
        expect_strike(watch, event, settings);
    } else if (midi_is_note_off(event)) {
        expect_release(watch, event);
    } else if (kind == MIDI_POLY_AFTERTOUCH) {
        expect_pressure(watch, event);
    } else {
        kits_event(&watch->kits, event);
        if (kind == MIDI_CONTROL_CHANGE && (event->data[0] == 120 || event->data[0] >= 123))
            expect_drop(watch, midi_channel(event));
        expect(watch, event);
    }
}

/* However a synth counts, what is held sounds and what is not is silent. */
static void check_stacks(const struct watch *watch)
{
    int count[16][128] = {{0}};
    for (size_t i = 0; i < watch->held_count; i++)
        count[watch->held[i].channel][watch->held[i].pitch]++;
    for (unsigned c = 0; c < 16; c++)
        for (unsigned p = 0; p < 128; p++) {
            must((count[c][p] == 0) == !watch->sounds[c][p],
                 "what is held sounds, and nothing else");
            must(watch->uneven[c][p] || watch->stack[c][p] == count[c][p] + (int)watch->owed[c][p],
                 "as many note-offs as note-ons");
        }
}

static void advance(struct watch *watch, double seconds)
{
    if (!isfinite(watch->seconds))
        watch->seconds = isfinite(seconds) ? seconds : 0;
    if (isfinite(seconds) && seconds > watch->seconds)
        watch->seconds = seconds;
}

void watch_event(struct watch *watch, const struct midi_event *event)
{
    struct filter_settings settings = *filter_settings(watch->filter);
    uint64_t notes = watch->notes;
    begin(watch);
    filter_event(watch->filter, event);
    if (watch->sensed && event->seconds >= watch->heard + 0.33) {
        advance(watch, watch->heard + 0.33);
        expect_release_all(watch);
        watch->sensed = false;
    }
    advance(watch, event->seconds);
    watch->heard = watch->seconds;
    watch->sensed |= event->status == 0xFE;
    expect_event(watch, event, &settings);
    compare(watch, event);
    if (watch->notes != notes && watch->notes % 64 == 0)
        check_stacks(watch);
    must(filter_status(watch->filter).sounding == watch->held_count, "the count of held notes");
}

void watch_release_all(struct watch *watch, double seconds)
{
    begin(watch);
    advance(watch, seconds);
    filter_release_all(watch->filter, seconds);
    expect_release_all(watch);
    compare(watch, NULL);
    if (watch->checked != watch->notes)
        check_stacks(watch);
    watch->checked = watch->notes;
}

void watch_tap(struct watch *watch, double seconds)
{
    begin(watch);
    advance(watch, seconds);
    filter_tap(watch->filter, seconds);
    compare(watch, NULL);
}

void watch_set(struct watch *watch, const struct filter_settings *settings)
{
    struct error error;
    begin(watch);
    must(filter_set(watch->filter, settings, &error) == 0, error.text);
    watch->pressed = 0;
    compare(watch, NULL);
}

void watch_set_corrector(struct watch *watch, struct corrector *corrector)
{
    begin(watch);
    filter_set_corrector(watch->filter, corrector);
    watch->corrector = corrector;
    compare(watch, NULL);
}

/* Of a new filter. */
static void forget(struct watch *watch)
{
    watch->seconds = -INFINITY;
    watch->sensed = false;
    watch->kits = (struct kits){0};
    memset(watch->answered, 0, sizeof watch->answered);
    memset(watch->further, 0, sizeof watch->further);
    watch->pressed = 0;
}

struct watch *watch_open(const struct filter_settings *settings)
{
    struct error error;
    struct watch *watch = calloc(1, sizeof *watch);
    must(watch, "memory for the reference");
    watch->filter = filter_open(settings, take_sent, watch, &error);
    must(watch->filter, error.text);
    forget(watch);
    return watch;
}

void watch_start(struct watch *watch, const struct filter_settings *settings)
{
    uint8_t *from = (uint8_t *)&watch->corrector;
    memset(from, 0, (size_t)((uint8_t *)watch->held - from));
    must(filter_start(watch->filter, settings, NULL) == 0, "settings in range are taken");
    forget(watch);
}

void watch_reopen(struct watch *watch, const struct filter_settings *settings)
{
    watch_release_all(watch, watch->seconds);
    must(filter_start(watch->filter, settings, NULL) == 0, "settings in range are taken");
    filter_set_corrector(watch->filter, watch->corrector);
    forget(watch);
}

void watch_close(struct watch *watch)
{
    watch_release_all(watch, watch->seconds);
    filter_close(watch->filter);
    free(watch);
}

struct filter *watch_filter(struct watch *watch)
{
    return watch->filter;
}

uint64_t watch_notes(const struct watch *watch)
{
    return watch->notes;
}

uint64_t watch_corrected(const struct watch *watch)
{
    return watch->corrected;
}
