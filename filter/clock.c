/* The four sources behind one position that never falls back. */
#include "filter/clock.h"

#include "filter/clock_private.h"

#include <math.h>
#include <stdlib.h>

enum {
    BEAT = 4, /* slots */
    CLOCKS_A_BEAT = 24,
    CLOCKS_A_SLOT = 6,
    TAPS_REMEMBERED = 6,
};

static const double slowest = 20, fastest = 400;              /* beats a minute */
static const double slowest_clock = 10, fastest_clock = 1000; /* of MIDI clocks */
static const double clock_pause = 2;     /* seconds without a MIDI clock: there is none */
static const double tap_pause = 3;       /* seconds after which taps begin anew */
static const double farthest_back = 0.5; /* slots */

enum {
    REALTIME_POSITION = 0xF2,
    REALTIME_CLOCK = 0xF8,
    REALTIME_START = 0xFA,
    REALTIME_CONTINUE = 0xFB,
    REALTIME_STOP = 0xFC,
};

struct clock {
    struct clock_settings settings;
    struct beat_tracker *tracker;
    double seconds; /* of the last call */
    bool begun;     /* there was a last call */
    double last;    /* highest position given so far */
    /* fixed, midi, tap: a straight line from here on */
    double line_seconds, line_position;
    double period; /* seconds a beat */
    bool locked;
    struct train train; /* of MIDI clocks or taps */
    bool running;       /* midi: between start or continue and stop */
    bool missing;       /* midi: there is no clock, the beat is found */
    double pulse;       /* midi: seconds of the last clock */
    bool aligned;       /* midi: the next clock need not be put in its place */
    int64_t song;       /* midi: clocks since the start of the song, of the last clock */
};

struct clock_settings clock_defaults(void)
{
    return (struct clock_settings){.source = CLOCK_AUTO, .tempo = 100};
}

int clock_check(const struct clock_settings *settings, struct error *error)
{
    if (settings->source < CLOCK_AUTO || settings->source > CLOCK_TAP)
        return error_set(error, "clock source %d does not exist", (int)settings->source);
    if (!(settings->tempo >= slowest && settings->tempo <= fastest))
        return error_set(error, "tempo is %g beats a minute, expected %g to %g", settings->tempo,
                         slowest, fastest);
    return 0;
}

static void start_source(struct clock *clock)
{
    const struct clock_settings *settings = &clock->settings;
    clock->period = 60 / settings->tempo;
    clock->locked = settings->source == CLOCK_FIXED;
    clock->running = settings->source != CLOCK_MIDI;
    clock->aligned = true;
    clock->missing = settings->source == CLOCK_MIDI;
    if (settings->source == CLOCK_MIDI)
        train_start(&clock->train, CLOCKS_A_BEAT, 60 / fastest_clock / CLOCKS_A_BEAT,
                    60 / slowest_clock / CLOCKS_A_BEAT, clock->period / CLOCKS_A_BEAT);
    else
        train_start(&clock->train, TAPS_REMEMBERED, 60 / fastest, 60 / slowest, clock->period);
    beat_tracker_start(clock->tracker, clock->line_position, settings->tempo);
}

struct clock *clock_open(const struct clock_settings *settings, struct error *error)
{
    if (clock_check(settings, error) != 0)
        return NULL;
    struct clock *clock = calloc(1, sizeof *clock);
    if (!clock) {
        error_set(error, "out of memory");
        return NULL;
    }
    clock->tracker = beat_tracker_open(error);
    if (!clock->tracker) {
        free(clock);
        return NULL;
    }
    clock_start(clock, settings, NULL);
    return clock;
}

int clock_start(struct clock *clock, const struct clock_settings *settings, struct error *error)
{
    if (clock_check(settings, error) != 0)
        return -1;
    *clock = (struct clock){.settings = *settings, .tracker = clock->tracker};
    beat_tracker_forget(clock->tracker);
    start_source(clock);
    return 0;
}

void clock_close(struct clock *clock)
{
    if (!clock)
        return;
    beat_tracker_close(clock->tracker);
    free(clock);
}

static double line_at(const struct clock *clock, double seconds)
{
    return clock->line_position + (seconds - clock->line_seconds) / clock->period * BEAT;
}

bool clock_finds(const struct clock *clock)
{
    return clock->settings.source == CLOCK_AUTO || clock->missing;
}

static bool is_silent(const struct clock *clock, double seconds)
{
    return clock->settings.source == CLOCK_MIDI && seconds - clock->pulse > clock_pause;
}

static double position_at(const struct clock *clock, double seconds)
{
    double position = clock_finds(clock) ? beat_tracker_position(clock->tracker, seconds)
                                         : line_at(clock, seconds);
    return fmax(position, clock->last - farthest_back);
}

/* Times never fall; position 0 is at the first of all. */
static double advance(struct clock *clock, double seconds)
{
    if (!clock->begun)
        clock->line_seconds = seconds;
    else if (seconds < clock->seconds)
        seconds = clock->seconds;
    clock->begun = true;
    clock->seconds = seconds;
    if (!clock->missing && is_silent(clock, seconds)) {
        beat_tracker_start(clock->tracker, position_at(clock, seconds), 60 / clock->period);
        clock->missing = true;
    }
    return seconds;
}

/* The line goes through `position` at `seconds` from now on. */
static void set_line(struct clock *clock, double seconds, double position)
{
    clock->line_seconds = seconds;
    clock->line_position = position;
}

int clock_set(struct clock *clock, const struct clock_settings *settings, double seconds,
              struct error *error)
{
    if (clock_check(settings, error) != 0)
        return -1;
    bool same = settings->source == clock->settings.source &&
                fabs(settings->tempo - clock->settings.tempo) < 1e-9;
    if (same)
        return 0;
    if (clock->begun) {
        seconds = advance(clock, seconds);
        set_line(clock, seconds, position_at(clock, seconds));
    }
    clock->settings = *settings;
    start_source(clock);
    return 0;
}

double clock_note(struct clock *clock, double seconds, uint8_t pitch)
{
    seconds = advance(clock, seconds);
    double position = clock_finds(clock) ? beat_tracker_note(clock->tracker, seconds, pitch)
                                         : line_at(clock, seconds);
    position = fmax(position, clock->last - farthest_back);
    clock->last = fmax(clock->last, position);
    return position;
}

void clock_settle(struct clock *clock)
{
    beat_tracker_settle(clock->tracker);
}

/* A position that differs from `wanted` by whole beats, as near to `position` as may be. */
static double align(const struct clock *clock, double position, double wanted)
{
    double lowest = clock->last - farthest_back;
    double aligned = wanted + BEAT * floor((position - wanted) / BEAT + 0.5);
    return aligned < lowest ? aligned + BEAT * ceil((lowest - aligned) / BEAT) : aligned;
}

static void midi_clock(struct clock *clock, double seconds)
{
    /* Where the beat was found, it goes on from there, and to its place in the song. */
    bool found = clock->missing;
    double before = found ? position_at(clock, seconds) : line_at(clock, clock->train.time);
    int passed = train_pulse(&clock->train, seconds);
    double position = found ? before : before + (double)passed / CLOCKS_A_SLOT;
    clock->pulse = seconds;
    clock->missing = false;
    clock->period = clock->train.period * CLOCKS_A_BEAT;
    clock->locked = clock->train.known >= CLOCKS_A_BEAT / 2;
    if (clock->running)
        clock->song += clock->aligned ? passed : 0;
    if (!clock->aligned || (found && clock->running))
        position = align(clock, position, (double)clock->song / CLOCKS_A_SLOT);
    clock->aligned = true;
    set_line(clock, clock->train.time, position);
}

static void song_position(struct clock *clock, const struct midi_event *event)
{
    if (event->length < 2)
        return;
    clock->song = CLOCKS_A_SLOT * (int64_t)((event->data[0] & 0x7F) | (event->data[1] & 0x7F) << 7);
    clock->aligned = !clock->running;
}

void clock_event(struct clock *clock, const struct midi_event *event)
{
    if (clock->settings.source != CLOCK_MIDI || event->status < REALTIME_POSITION)
        return;
    double seconds = advance(clock, event->seconds);
    switch (event->status) {
    case REALTIME_POSITION:
        song_position(clock, event);
        break;
    case REALTIME_CLOCK:
        midi_clock(clock, seconds);
        break;
    case REALTIME_START:
        clock->song = 0;
        clock->running = true;
        clock->aligned = false;
        break;
    case REALTIME_CONTINUE:
        clock->running = true;
        clock->aligned = false;
        break;
    case REALTIME_STOP:
        clock->song += clock->running; /* where the next clock will stand */
        clock->running = false;
        clock->aligned = true;
        break;
    default:
        break;
    }
}

void clock_tap(struct clock *clock, double seconds)
{
    enum clock_source source = clock->settings.source;
    if (source != CLOCK_FIXED && source != CLOCK_TAP)
        return;
    seconds = advance(clock, seconds);
    if (source == CLOCK_FIXED) {
        set_line(clock, seconds, align(clock, line_at(clock, seconds), 0));
        return;
    }
    double position = line_at(clock, seconds);
    if (clock->train.known > 0 && seconds - clock->train.time > tap_pause)
        train_start(&clock->train, TAPS_REMEMBERED, 60 / fastest, 60 / slowest, clock->period);
    double tapped = clock->train.known > 0 ? line_at(clock, clock->train.time) : position;
    int passed = train_pulse(&clock->train, seconds);
    clock->locked |= clock->train.known > 1;
    if (clock->train.known > 1)
        clock->period = clock->train.period;
    /* From the beat of the tap before by whole beats, or the nearest one at first. */
    double wanted = passed ? tapped + BEAT * passed : position;
    set_line(clock, clock->train.time, align(clock, wanted, 0));
}

struct clock_state clock_state(const struct clock *clock, double seconds)
{
    if (seconds < clock->seconds || !clock->begun)
        seconds = clock->seconds;
    bool found = clock_finds(clock);
    return (struct clock_state){
        .position = position_at(clock, seconds),
        .tempo = found ? beat_tracker_tempo(clock->tracker) : 60 / clock->period,
        .locked = found ? beat_tracker_locked(clock->tracker) : clock->locked,
        .running = clock->running,
        .missing = clock->missing || is_silent(clock, seconds),
    };
}
