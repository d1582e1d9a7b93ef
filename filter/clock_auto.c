/* Source auto: the tracker of grid/pulse.h with few guesses.
 *
 * An onset is placed by what the first of the guesses make of it; all of them
 * take it in afterwards, when follower_settle is called or the next event comes.
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

static const double chord_gap = 0.035;  /* seconds between neighbours of a chord */
static const double chord_span = 0.080; /* from its first to its last onset */
static const double clear_lead = 2;     /* nats before a place in the beat is put right */
static const double tempo_weight = 0.25;
static const double fastest_beat = 0.18, slowest_beat = 2.4; /* seconds that are tried */
static const double neutral_tempo = 100; /* at which the tracker's own prior stands */
static const double pause_seconds = 3;   /* without an onset, and as many beats as below: */
static const double pause_beats = 6;     /* the music has stopped */

struct follower {
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

struct follower *follower_open(struct error *error)
{
    struct follower *follower = calloc(1, sizeof *follower);
    if (!follower) {
        error_set(error, "out of memory");
        return NULL;
    }
    follower->options = pulse_rubato;
    follower->options.width = GUESSES;
    follower->options.drift = 0.06;
    follower->options.timing = 0.025;
    follower->options.period_weight = tempo_weight;
    follower->options.period_low = fastest_beat;
    follower->options.period_high = slowest_beat;
    follower->pulse = pulse_create(&follower->options, error);
    if (!follower->pulse) {
        free(follower);
        return NULL;
    }
    return follower;
}

void follower_close(struct follower *follower)
{
    if (!follower)
        return;
    pulse_free(follower->pulse);
    free(follower);
}

void follower_forget(struct follower *follower)
{
    *follower = (struct follower){.pulse = follower->pulse, .options = follower->options};
}

void follower_start(struct follower *follower, double position, double tempo)
{
    struct pulse *pulse = follower->pulse;
    pulse_reset(pulse);
    pulse_aim(pulse, pulse_rubato.period * neutral_tempo / tempo);
    *follower = (struct follower){.pulse = pulse,
                                  .options = follower->options,
                                  .position = position,
                                  .best = {.period = 60 / tempo}};
}

static double remainder_of(double x, double of)
{
    double rest = x - of * floor(x / of);
    return rest > of - 1e-6 || rest < 1e-6 ? 0 : rest;
}

/* Slots that a guess's place in the beat is ahead of the position's. */
static double ahead_of(const struct follower *follower, const struct pulse_state *state)
{
    double place = (double)(state->units % RHYTHM_UNITS) / RHYTHM_SLOT;
    return remainder_of(place - follower->position, BEAT);
}

/* The best guess is well ahead of the first that has the beat where the position has it. */
static bool is_clear(const struct follower *follower)
{
    size_t count;
    const struct pulse_state *states = pulse_states(follower->pulse, &count);
    for (size_t i = 0; i < count && states[i].score > states[0].score - clear_lead; i++)
        if (ahead_of(follower, &states[i]) <= 0)
            return false;
    return true;
}

/* All guesses take the last event in. */
void follower_settle(struct follower *follower)
{
    if (!follower->waiting)
        return;
    follower->waiting = false;
    pulse_event(follower->pulse, follower->first, 1, follower->pitch);
    size_t count;
    follower->best = pulse_states(follower->pulse, &count)[0];
    follower->sure = follower->best.parent == 0 ? follower->sure + 1 : 0;
    double astray = ahead_of(follower, &follower->best);
    bool same = fabs(astray - follower->astray) < 1e-6 && is_clear(follower);
    follower->astray_count = same ? follower->astray_count + 1 : 0;
    follower->astray = astray;
}

/* A step that puts the place in the beat right, by the smallest shift that does
 * not go back. */
static double align(struct follower *follower, double step)
{
    if (follower->astray <= 0 || follower->astray_count < PATIENCE)
        return step;
    double ahead = follower->astray;
    bool room = step + ahead - BEAT >= fmin(1, step);
    follower->astray_count = 0;
    return step + ahead - (ahead > 0.5 * BEAT && room ? BEAT : 0);
}

static bool is_chord(const struct follower *follower, double seconds)
{
    return follower->begun && seconds - follower->latest < chord_gap &&
           seconds - follower->first < chord_span;
}

/* Where nothing was struck for long, the music stood still, and goes on with the
 * next beat but one. */
static void note_pause(struct follower *follower, double seconds)
{
    double period = follower->best.period;
    double rest = seconds - follower->first;
    if (!follower->begun || rest < pause_seconds || rest < pause_beats * period)
        return;
    double along = remainder_of((double)follower->best.units, RHYTHM_UNITS) / RHYTHM_UNITS;
    double resume = follower->best.time + (2 - along) * period;
    follower->stopped += fmax(0, seconds - fmax(resume, follower->latest));
}

double follower_note(struct follower *follower, double seconds, uint8_t pitch)
{
    seconds -= follower->stopped;
    if (is_chord(follower, seconds)) {
        follower->latest = seconds;
        follower->notes++;
        if (pitch < follower->lowest)
            follower->lowest = pitch;
        return follower->position;
    }
    follower_settle(follower);
    if (follower->notes > 1)
        pulse_amend(follower->pulse, follower->notes, follower->lowest);
    double stopped = follower->stopped;
    note_pause(follower, seconds);
    seconds -= follower->stopped - stopped;
    struct pulse_state next = pulse_peek(follower->pulse, seconds, 1, pitch, PEEKED);
    double step = (double)next.step / RHYTHM_SLOT;
    follower->position += follower->begun ? align(follower, step) : step;
    follower->best = next;
    follower->begun = true;
    follower->waiting = true;
    follower->first = follower->latest = seconds;
    follower->pitch = pitch;
    follower->notes = 1;
    follower->lowest = pitch;
    return follower->position;
}

double follower_position(const struct follower *follower, double seconds)
{
    if (!follower->begun)
        return follower->position;
    seconds -= follower->stopped;
    return follower->position + (seconds - follower->best.time) / follower->best.period * BEAT;
}

double follower_tempo(const struct follower *follower)
{
    return 60 / follower->best.period;
}

bool follower_locked(const struct follower *follower)
{
    return follower->sure >= LOCKED;
}
