/* Source auto: the tracker of grid/pulse.h with few guesses, its steps added up. */
#include "filter/clock_private.h"

#include "grid/pulse.h"
#include "grid/rhythm.h"

#include <math.h>
#include <stdlib.h>

enum {
    GUESSES = 24,
};

static const double chord_gap = 0.035;  /* seconds between neighbours of a chord */
static const double chord_span = 0.080; /* from its first to its last onset */

struct follower {
    struct pulse *pulse;
    struct pulse_options options;
    bool begun;
    double first, latest; /* onsets of the event last heard */
    unsigned notes;       /* of that event */
    int lowest;
    double position; /* of that event, slots */
    struct pulse_state best;
    double base; /* position to begin from */
};

struct follower *follower_open(double tempo, struct error *error)
{
    struct follower *follower = calloc(1, sizeof *follower);
    if (!follower) {
        error_set(error, "out of memory");
        return NULL;
    }
    follower->options = pulse_rubato;
    follower->options.width = GUESSES;
    (void)tempo;
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

void follower_start(struct follower *follower, double position, double tempo)
{
    (void)tempo;
    pulse_reset(follower->pulse);
    follower->begun = false;
    follower->base = position;
}

double follower_note(struct follower *follower, double seconds, uint8_t pitch)
{
    if (follower->begun && seconds - follower->latest < chord_gap &&
        seconds - follower->first < chord_span) {
        follower->latest = seconds;
        follower->notes++;
        if (pitch < follower->lowest)
            follower->lowest = pitch;
        return follower->position;
    }
    if (follower->begun && follower->notes > 1)
        pulse_amend(follower->pulse, follower->notes, follower->lowest);
    pulse_event(follower->pulse, seconds, 1, pitch);
    size_t count;
    follower->best = pulse_states(follower->pulse, &count)[0];
    if (follower->begun)
        follower->position += (double)follower->best.step / RHYTHM_SLOT;
    else
        follower->position = follower->base + (double)follower->best.units / RHYTHM_SLOT;
    follower->begun = true;
    follower->first = follower->latest = seconds;
    follower->notes = 1;
    follower->lowest = pitch;
    return follower->position;
}

void follower_place(struct follower *follower, double slot)
{
    (void)follower;
    (void)slot;
}

double follower_position(const struct follower *follower, double seconds)
{
    return follower->position + (seconds - follower->best.time) / follower->best.period * 4;
}

double follower_tempo(const struct follower *follower)
{
    return 60 / follower->best.period;
}

bool follower_locked(const struct follower *follower)
{
    return follower->begun;
}
