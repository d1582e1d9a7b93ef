/* Source auto: the tracker of grid/pulse.h with few guesses.
 *
 * An onset is placed by what the first of the guesses make of it; all of them
 * take it in afterwards, when beat_tracker_settle is called or the next event comes.
 * Positions are the steps added up, so that they go on evenly when another guess
 * comes out best; if that one says another place in the beat, and goes on saying
 * so, the position is put right at a step that has room for it.
 *
 * Notes close together are one event, known by its first note; that more came,
 * and how low, is told to the tracker before the next event. */
#include "filter/clock_private.h"

#include "grid/pulse.h"
#include "grid/rhythm.h"

#include <math.h>
#include <stdlib.h>

enum {
    BEAT = 4,     /* slots */
    GUESSES = 24, /* kept; more find hardly better beats */
    PEEKED = 3,   /* that place an onset */
    PATIENCE = 1, /* events that say the same place in the beat as the one before */
    LOCKED = 16,  /* events on end without a change of mind that make the beat sure */
};

static const double chord_gap = 0.035; /* seconds between neighbours of a chord */
static const double clear_lead = 2;    /* nats before a place in the beat is put right */
static const double tempo_weight = 0.25;
static const double fastest_beat = 0.18, slowest_beat = 2.4; /* seconds that are tried */
static const double neutral_tempo = 100; /* at which the tracker's own prior stands */
static const double pause_seconds = 3;   /* without an onset, and as many beats as below: */
static const double pause_beats = 6;     /* the music has stopped */

struct beat_tracker {
    struct pulse *pulse;
    struct pulse_options options;
    bool begun;
    bool waiting;         /* the last event is not taken in yet */
    double first, latest; /* onsets of the last event */
    uint8_t pitch;        /* of its first note */
    unsigned notes;
    int lowest;
    double stopped;  /* seconds in all for which the music stood still */
    double position; /* of the last event, slots */
    struct pulse_state best;
    double astray; /* slots that the best guess's place in the beat is ahead */
    int astray_count;
    int sure; /* events on end that the best guess stayed */
};

struct beat_tracker *beat_tracker_open(struct error *error)
{
    struct beat_tracker *tracker = calloc(1, sizeof *tracker);
    if (!tracker) {
        error_set(error, "out of memory");
        return NULL;
    }
    tracker->options = pulse_rubato;
    tracker->options.width = GUESSES;
    tracker->options.drift = 0.06;
    tracker->options.timing = 0.025;
    tracker->options.period_weight = tempo_weight;
    tracker->options.period_low = fastest_beat;
    tracker->options.period_high = slowest_beat;
    tracker->pulse = pulse_create(&tracker->options, error);
    if (!tracker->pulse) {
        free(tracker);
        return NULL;
    }
    return tracker;
}

void beat_tracker_close(struct beat_tracker *tracker)
{
    if (!tracker)
        return;
    pulse_free(tracker->pulse);
    free(tracker);
}

void beat_tracker_forget(struct beat_tracker *tracker)
{
    *tracker = (struct beat_tracker){.pulse = tracker->pulse, .options = tracker->options};
}

void beat_tracker_start(struct beat_tracker *tracker, double position, double tempo)
{
    struct pulse *pulse = tracker->pulse;
    pulse_reset(pulse);
    pulse_aim(pulse, pulse_rubato.period * neutral_tempo / tempo);
    *tracker = (struct beat_tracker){.pulse = pulse,
                                     .options = tracker->options,
                                     .position = position,
                                     .best = {.period = 60 / tempo}};
}

static double remainder_of(double x, double of)
{
    double rest = x - of * floor(x / of);
    return rest > of - 1e-6 || rest < 1e-6 ? 0 : rest;
}

/* Slots that a guess's place in the beat is ahead of the position's. */
static double ahead_of(const struct beat_tracker *tracker, const struct pulse_state *state)
{
    double place = (double)(state->units % RHYTHM_UNITS) / RHYTHM_SLOT;
    return remainder_of(place - tracker->position, BEAT);
}

/* The best guess is well ahead of the first that has the beat where the position has it. */
static bool is_clear(const struct beat_tracker *tracker)
{
    size_t count;
    const struct pulse_state *states = pulse_states(tracker->pulse, &count);
    for (size_t i = 0; i < count && states[i].score > states[0].score - clear_lead; i++)
        if (ahead_of(tracker, &states[i]) <= 0)
            return false;
    return true;
}

/* All guesses take the last event in. */
void beat_tracker_settle(struct beat_tracker *tracker)
{
    if (!tracker->waiting)
        return;
    tracker->waiting = false;
    pulse_event(tracker->pulse, tracker->first, 1, tracker->pitch);
    size_t count;
    tracker->best = pulse_states(tracker->pulse, &count)[0];
    tracker->sure = tracker->best.parent == 0 ? tracker->sure + 1 : 0;
    double astray = ahead_of(tracker, &tracker->best);
    bool same = fabs(astray - tracker->astray) < 1e-6 && is_clear(tracker);
    tracker->astray_count = same ? tracker->astray_count + 1 : 0;
    tracker->astray = astray;
}

/* A step that puts the place in the beat right, by the smallest shift that does
 * not go back. */
static double align(struct beat_tracker *tracker, double step)
{
    if (tracker->astray <= 0 || tracker->astray_count < PATIENCE)
        return step;
    double ahead = tracker->astray;
    bool room = step + ahead - BEAT >= fmin(1, step);
    tracker->astray_count = 0;
    return step + ahead - (ahead > 0.5 * BEAT && room ? BEAT : 0);
}

static bool is_chord(const struct beat_tracker *tracker, double seconds)
{
    return tracker->begun && seconds - tracker->latest < chord_gap &&
           seconds - tracker->first < RHYTHM_CHORD_SPAN;
}

/* Where nothing was struck for long, the music stood still, and goes on with the
 * next beat but one. */
static void note_pause(struct beat_tracker *tracker, double seconds)
{
    double period = tracker->best.period;
    double rest = seconds - tracker->first;
    if (!tracker->begun || rest < pause_seconds || rest < pause_beats * period)
        return;
    double along = remainder_of((double)tracker->best.units, RHYTHM_UNITS) / RHYTHM_UNITS;
    double resume = tracker->best.time + (2 - along) * period;
    tracker->stopped += fmax(0, seconds - fmax(resume, tracker->latest));
}

double beat_tracker_note(struct beat_tracker *tracker, double seconds, uint8_t pitch)
{
    seconds -= tracker->stopped;
    if (is_chord(tracker, seconds)) {
        tracker->latest = seconds;
        tracker->notes++;
        if (pitch < tracker->lowest)
            tracker->lowest = pitch;
        return tracker->position;
    }
    beat_tracker_settle(tracker);
    if (tracker->notes > 1)
        pulse_amend(tracker->pulse, tracker->notes, tracker->lowest);
    double stopped = tracker->stopped;
    note_pause(tracker, seconds);
    seconds -= tracker->stopped - stopped;
    struct pulse_state next = pulse_peek(tracker->pulse, seconds, 1, pitch, PEEKED);
    double step = (double)next.step / RHYTHM_SLOT;
    tracker->position += tracker->begun ? align(tracker, step) : step;
    tracker->best = next;
    tracker->begun = true;
    tracker->waiting = true;
    tracker->first = tracker->latest = seconds;
    tracker->pitch = pitch;
    tracker->notes = 1;
    tracker->lowest = pitch;
    return tracker->position;
}

double beat_tracker_position(const struct beat_tracker *tracker, double seconds)
{
    if (!tracker->begun)
        return tracker->position;
    seconds -= tracker->stopped;
    return tracker->position + (seconds - tracker->best.time) / tracker->best.period * BEAT;
}

double beat_tracker_tempo(const struct beat_tracker *tracker)
{
    return 60 / tracker->best.period;
}

bool beat_tracker_locked(const struct beat_tracker *tracker)
{
    return tracker->sure >= LOCKED;
}
