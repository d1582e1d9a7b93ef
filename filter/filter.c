/* Dispatch by kind of event, and the strike and release of notes
 * through the note map. The filter owns its clock and note map and borrows the
 * corrector. */
#include "filter/filter_private.h"

#include "midi/control.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    DRUMS = 9,    /* General MIDI's channel 10, counted from 0 */
    NO_OWNER = 0, /* of notes that no corrector chose */
    ACTIVE_SENSING = 0xFE,
};

/* A piece tells the beat where its position is likelier than all else. */
static const float sure_of_place = 0.5F;

/* Seconds without an event after which a device that sends active sensing is gone: it
 * sends at least every 300 ms, and the MIDI specification allows a tenth more. */
static const double sensing_patience = 0.330;

struct filter_settings filter_defaults(void)
{
    return (struct filter_settings){
        .channels = (uint16_t) ~(1U << DRUMS),
        .lowest = 0,
        .highest = NOTEMAP_KEYS - 1,
        .correct = correct_defaults(),
        .clock = clock_defaults(),
    };
}

static int settings_check(const struct filter_settings *settings, struct error *error)
{
    if (settings->lowest > settings->highest || settings->highest >= NOTEMAP_KEYS)
        return error_set(error, "range is keys %u to %u, expected 0 to 127, the lower one first",
                         settings->lowest, settings->highest);
    if (settings->transpose < -FILTER_TRANSPOSE || settings->transpose > FILTER_TRANSPOSE)
        return error_set(error, "transpose is %d semitones, expected %d to %d", settings->transpose,
                         -FILTER_TRANSPOSE, FILTER_TRANSPOSE);
    if (correct_check(&settings->correct, error) != 0 || filter_switch_check(settings, error) != 0)
        return -1;
    return clock_check(&settings->clock, error);
}

/* The corrector's mode is off while bypassed, so that it goes on listening. */
static void update_corrector(struct filter *filter)
{
    struct correct_settings correct = filter->settings.correct;
    if (filter->settings.bypass)
        correct.mode = CORRECT_OFF;
    if (filter->corrector)
        corrector_set(filter->corrector, &correct, NULL);
}

struct filter *filter_open(const struct filter_settings *settings, filter_send *send, void *context,
                           struct error *error)
{
    if (settings_check(settings, error) != 0)
        return NULL;
    struct filter *filter = calloc(1, sizeof *filter);
    if (!filter) {
        error_set(error, "out of memory");
        return NULL;
    }
    filter->send = send;
    filter->context = context;
    filter->clock = clock_open(&settings->clock, error);
    if (!filter->clock) {
        free(filter);
        return NULL;
    }
    filter_start(filter, settings, NULL);
    return filter;
}

int filter_start(struct filter *filter, const struct filter_settings *settings, struct error *error)
{
    if (settings_check(settings, error) != 0)
        return -1;
    clock_start(filter->clock, &settings->clock, NULL);
    *filter = (struct filter){.settings = *settings,
                              .send = filter->send,
                              .context = filter->context,
                              .clock = filter->clock,
                              .seconds = -HUGE_VAL,
                              .status.place.piece = -1};
    patch_clear(&filter->patch);
    return 0;
}

void filter_close(struct filter *filter)
{
    if (!filter)
        return;
    clock_close(filter->clock);
    free(filter);
}

/* Times never fall and are finite. */
static double advance(struct filter *filter, double seconds)
{
    if (isfinite(seconds) && seconds > filter->seconds)
        filter->seconds = seconds;
    else if (!isfinite(filter->seconds))
        filter->seconds = 0;
    return filter->seconds;
}

static void send_short(struct filter *filter, uint8_t status, uint8_t first, uint8_t second)
{
    uint8_t data[2] = {first, second};
    struct midi_event event = {
        .seconds = filter->seconds, .status = status, .data = data, .length = sizeof data};
    filter->send(filter->context, &event);
}

/* As it came, but on another pitch. */
static void send_note(struct filter *filter, const struct midi_event *event, uint8_t pitch)
{
    if (event->data[0] == pitch) {
        filter->send(filter->context, event);
        return;
    }
    uint8_t data[2] = {pitch, event->data[1]};
    struct midi_event sent = *event;
    sent.data = data;
    filter->send(filter->context, &sent);
}

static void forget_strike(struct filter *filter, struct notemap_answer answer)
{
    if (!answer.ended)
        return;
    filter->status.sounding--;
    if (filter->corrector && answer.owner == filter->owner)
        corrector_release(filter->corrector, answer.pitch);
}

/* Note-offs that the player did not send. */
static void send_releases(struct filter *filter, unsigned channel, uint8_t pitch, unsigned times)
{
    for (unsigned i = 0; i < times; i++)
        send_short(filter, (uint8_t)(MIDI_NOTE_OFF | channel), pitch, 64);
}

static void end_strike(struct filter *filter, unsigned channel, struct notemap_answer answer)
{
    forget_strike(filter, answer);
    send_releases(filter, channel, answer.pitch, answer.times);
}

/* A channel whose notes are corrected, now. */
static bool is_chosen(const struct filter *filter, unsigned channel)
{
    const struct filter_settings *settings = &filter->settings;
    return settings->channels >> channel & 1 &&
           (settings->kits || !kits_have(&filter->kits, channel));
}

static bool is_corrected(const struct filter *filter, unsigned channel, unsigned key)
{
    const struct filter_settings *settings = &filter->settings;
    return filter->corrector && is_chosen(filter, channel) && key >= settings->lowest &&
           key <= settings->highest;
}

/* Slot and pitch of a note. */
static uint8_t decide(struct filter *filter, struct correct_note *note)
{
    note->slot = clock_note(filter->clock, note->seconds, note->pitch);
    note->found = clock_finds(filter->clock);
    filter->status.slot = note->slot;
    filter->past[filter->asked++ % FILTER_RECALL] = *note;
    filter->decided = true;
    return corrector_note(filter->corrector, note);
}

/* The corrector takes in the note that was decided; it says where in a known piece that
 * note stands. */
static void place_note(struct filter *filter)
{
    if (!filter->decided)
        return;
    filter->decided = false;
    filter->status.place = corrector_place(filter->corrector);
}

/* The corrector counts the keys that hold a pitch: a key that was struck again counts
 * once. */
static void count_once(struct filter *filter, uint8_t decided)
{
    corrector_release(filter->corrector, decided);
}

/* What a key stands for; beyond the ends of the keyboard in the nearest octave within. */
static uint8_t transpose(const struct filter *filter, unsigned channel, uint8_t key)
{
    int pitch = key + (is_chosen(filter, channel) ? filter->settings.transpose : 0);
    while (pitch < 0)
        pitch += 12;
    while (pitch >= NOTEMAP_KEYS)
        pitch -= 12;
    return (uint8_t)pitch;
}

static void strike(struct filter *filter, const struct midi_event *event, double seconds)
{
    unsigned channel = midi_channel(event);
    uint8_t key = event->data[0];
    const uint8_t intended = transpose(filter, channel, key);
    uint8_t pitch = intended;
    bool corrected = is_corrected(filter, channel, key);
    bool as_played =
        !corrected || filter->settings.bypass || filter->settings.correct.mode == CORRECT_OFF;
    struct correct_note note = {.seconds = seconds, .pitch = intended, .velocity = event->data[1]};
    if (!as_played)
        pitch = decide(filter, &note);
    else if (is_chosen(filter, channel))
        filter->waiting = true;
    /* A key that is struck again was released: what it holds ends, unless it sounds on. */
    if (notemap_is_held(&filter->map, channel, key) &&
        notemap_pressed(&filter->map, channel, key) != pitch)
        end_strike(filter, channel, notemap_release(&filter->map, channel, key));
    struct notemap_strike given =
        notemap_strike(&filter->map, channel, key, pitch, corrected ? filter->owner : NO_OWNER);
    if (given.again && !as_played)
        count_once(filter, pitch);
    send_releases(filter, channel, given.pitch, given.due);
    send_note(filter, event, given.pitch);
    filter->note = note;
    filter->note_channel = (uint8_t)channel;
    filter->note_key = key;
    filter->again = given.again;
    filter->status.notes++;
    filter->status.corrected += given.pitch != intended;
    filter->status.sounding += !given.again;
}

/* Tells clock and corrector of a note that was sent as played. */
static void observe_note(struct filter *filter)
{
    if (filter->waiting) {
        filter->waiting = false;
        if (is_corrected(filter, filter->note_channel, filter->note_key)) {
            uint8_t decided = decide(filter, &filter->note);
            if (filter->again)
                count_once(filter, decided);
        } else {
            filter->status.slot =
                clock_note(filter->clock, filter->note.seconds, filter->note.pitch);
        }
    }
    place_note(filter);
}

void filter_settle(struct filter *filter)
{
    observe_note(filter);
    clock_settle(filter->clock);
}

static void release(struct filter *filter, const struct midi_event *event)
{
    struct notemap_answer answer =
        notemap_release(&filter->map, midi_channel(event), event->data[0]);
    forget_strike(filter, answer);
    for (unsigned i = 0; i < answer.times; i++)
        send_note(filter, event, answer.pitch);
}

/* All strikes of a channel; releases of their keys that still come are swallowed. */
static void drop_channel(struct filter *filter, unsigned channel)
{
    for (unsigned key = 0; notemap_held(&filter->map, channel) > 0 && key < NOTEMAP_KEYS; key++)
        if (notemap_is_held(&filter->map, channel, key))
            end_strike(filter, channel, notemap_drop(&filter->map, channel, key));
}

void filter_release_all(struct filter *filter, double seconds)
{
    observe_note(filter);
    advance(filter, seconds);
    for (unsigned channel = 0; channel < NOTEMAP_CHANNELS; channel++) {
        if (!(filter->used >> channel & 1))
            continue;
        drop_channel(filter, channel);
        uint8_t control = (uint8_t)(MIDI_CONTROL_CHANGE | channel);
        send_short(filter, control, CC_SUSTAIN, 0);
        send_short(filter, control, CC_NOTES_OFF, 0);
        send_short(filter, control, CC_SOUND_OFF, 0);
    }
    filter->used = 0;
}

void filter_lose_input(struct filter *filter, double seconds)
{
    filter_release_all(filter, seconds);
    patch_lift_pedals(&filter->patch);
    filter->sensed = false;
}

double filter_deadline(const struct filter *filter)
{
    return filter->sensed ? filter->heard + sensing_patience : HUGE_VAL;
}

void filter_wait(struct filter *filter, double seconds)
{
    double deadline = filter_deadline(filter);
    if (seconds >= deadline)
        filter_lose_input(filter, deadline);
}

void filter_tell_patch(const struct filter *filter, double seconds, filter_send *send,
                       void *context)
{
    patch_tell(&filter->patch, seconds, send, context);
}

static bool is_sound(const struct midi_event *event)
{
    uint32_t length = midi_channel_length(event->status);
    if (event->length != length || !event->data)
        return false;
    return event->data[0] < 128 && (length == 1 || event->data[1] < 128);
}

static void channel_event(struct filter *filter, const struct midi_event *event, double seconds)
{
    unsigned channel = midi_channel(event);
    if (filter_switch_take(filter, event, seconds))
        return;
    filter->used |= (uint16_t)(1U << channel);
    if (midi_is_note_on(event)) {
        strike(filter, event, seconds);
    } else if (midi_is_note_off(event)) {
        release(filter, event);
    } else if (midi_kind(event) == MIDI_POLY_AFTERTOUCH) {
        send_note(filter, event, (uint8_t)notemap_pressed(&filter->map, channel, event->data[0]));
    } else {
        uint8_t control = midi_kind(event) == MIDI_CONTROL_CHANGE ? event->data[0] : 0;
        if (control == CC_SOUND_OFF || (control >= CC_NOTES_OFF && control <= CC_LAST))
            drop_channel(filter, channel);
        kits_event(&filter->kits, event);
        patch_event(&filter->patch, event);
        filter->send(filter->context, event);
    }
}

/* A reset on a wire has the status byte of a file's meta events. */
static bool is_reset(const struct midi_event *event)
{
    return event->status == MIDI_META && event->meta == 0 && event->length == 0;
}

void filter_event(struct filter *filter, const struct midi_event *event)
{
    observe_note(filter);
    filter_wait(filter, event->seconds);
    double seconds = advance(filter, event->seconds);
    filter->heard = seconds;
    filter->sensed |= event->status == ACTIVE_SENSING;
    if (midi_is_channel(event) && is_sound(event)) {
        channel_event(filter, event, seconds);
        return;
    }
    for (unsigned channel = 0; is_reset(event) && channel < NOTEMAP_CHANNELS; channel++)
        drop_channel(filter, channel);
    if (event->status >= MIDI_SYSEX) {
        clock_event(filter->clock, event);
        kits_event(&filter->kits, event);
        patch_event(&filter->patch, event);
    }
    filter->send(filter->context, event);
}

int filter_set(struct filter *filter, const struct filter_settings *settings, struct error *error)
{
    if (settings_check(settings, error) != 0)
        return -1;
    observe_note(filter);
    filter_switch_changes(filter, settings);
    filter->settings = *settings;
    clock_set(filter->clock, &settings->clock, filter->seconds, NULL);
    update_corrector(filter);
    return 0;
}

const struct filter_settings *filter_settings(const struct filter *filter)
{
    return &filter->settings;
}

void filter_set_corrector(struct filter *filter, struct corrector *corrector)
{
    observe_note(filter);
    filter->corrector = corrector;
    filter->owner++;
    if (filter->owner == NO_OWNER)
        filter->owner++;
    filter->status.place = (struct correct_place){.piece = -1};
    update_corrector(filter);
}

void filter_set_bypass(struct filter *filter, bool on)
{
    observe_note(filter);
    filter->settings.bypass = on;
    update_corrector(filter);
}

void filter_set_mode(struct filter *filter, enum correct_mode mode)
{
    if (mode < CORRECT_OFF || mode > CORRECT_GENERATE)
        return;
    observe_note(filter);
    filter->settings.correct.mode = mode;
    update_corrector(filter);
}

void filter_tap(struct filter *filter, double seconds)
{
    observe_note(filter);
    advance(filter, seconds);
    clock_tap(filter->clock, filter->seconds);
}

/* The beat of a known piece is where the belief has it; else the clock's. */
struct clock_state filter_clock(const struct filter *filter, double seconds)
{
    const struct correct_place *place = &filter->status.place;
    struct clock_state state = clock_state(filter->clock, isfinite(seconds) ? seconds : 0);
    if (place->piece < 0 || place->sure < sure_of_place || !(place->tempo > 0) ||
        !clock_finds(filter->clock))
        return state;
    double quarters = place->quarter + (seconds - place->seconds) / place->tempo;
    state.position = quarters * SONG_SLOTS_A_BEAT;
    state.tempo = 60 / place->tempo;
    state.locked = true;
    return state;
}

struct filter_status filter_status(const struct filter *filter)
{
    struct filter_status status = filter->status;
    status.clock = filter_clock(filter, isfinite(filter->seconds) ? filter->seconds : 0);
    return status;
}

size_t filter_recall(const struct filter *filter, struct correct_note *notes, size_t most)
{
    uint64_t count = filter->asked < FILTER_RECALL ? filter->asked : FILTER_RECALL;
    if (count > most)
        count = most;
    for (uint64_t i = 0; i < count; i++)
        notes[i] = filter->past[(filter->asked - count + i) % FILTER_RECALL];
    return count;
}

size_t filter_take_passes(struct filter *filter, struct fade_pass *passes, size_t most)
{
    return filter->corrector ? fade_take(corrector_fade(filter->corrector), passes, most) : 0;
}

void filter_forget(struct filter *filter)
{
    if (filter->corrector)
        fade_forget(corrector_fade(filter->corrector));
}
