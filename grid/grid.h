/* The grid of sixteenths under a performance: does a given one fit, and where is
 * it when none is given.
 *
 * Slots are sixteenths, four to a beat (a quarter note). Times are seconds,
 * pitches MIDI note numbers, velocities 1 .. 127; nothing here knows of files,
 * ticks or devices. The functions keep no state and may run in any thread. Same
 * input, same result. */
#ifndef GRID_GRID_H
#define GRID_GRID_H

#include "base/error.h"
#include "base/task.h"
#include "grid/pulse.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    GRID_SLOTS_A_BEAT = 4,
    GRID_MAX_ONSETS = 1 << 22,
};

/* --- Does a given grid fit? --- */

struct grid_fit {
    double score;   /* mean log likelihood ratio of an event, grid against no grid, nats */
    double on_grid; /* share of the events within 1/8 slot of a sixteenth or triplet place */
    size_t events;  /* onsets, chords counted once */
    bool fits;      /* score >= GRID_FIT_THRESHOLD, or too few events to tell */
};

/* Measured on 963 files of piano music, songs and lead sheets: 97.7 % of the
 * files' own grids score above it (medians 1.0 to 1.5), and 0.4 % of takes of the
 * same music played freely and laid over 120 beats a minute (median -0.42). */
#define GRID_FIT_THRESHOLD (-0.1)
enum {
    GRID_FIT_ENOUGH = 8, /* with fewer events the grid is trusted */
};

/* Judges `slots[count]`, onsets counted in slots of the grid in question
 * (4 * ticks / PPQ for a file), in ascending order, finite and >= 0. The score
 * is the mean over events of log p(x) where x is the place in the beat and p a
 * mixture of normal densities (deviation 0.1 slot) about the sixteenths,
 * triplets, sextuplets and thirty-seconds, weighted as they are in real scores,
 * over an even floor; an even density would have 0, and so a grid that means
 * nothing scores below 0. -1: values out of order or range. */
int grid_fit(const double *slots, size_t count, struct grid_fit *fit, struct error *error);

/* --- Finding a grid --- */

struct grid_onsets {
    const double *seconds;   /* [count], ascending, finite, >= 0 */
    const uint8_t *pitch;    /* [count] or NULL: low notes lean on the beat */
    size_t count;            /* 0 .. GRID_MAX_ONSETS */
    const struct task *task; /* who waits for the track, or NULL; asked after every event */
};

struct grid_place {
    double position; /* as played, in slots; the whole numbers are the slots' centres */
    uint32_t slot;   /* decided: the slot this onset belongs to; a chord is in one slot */
};

struct grid_track {
    struct grid_place *place; /* [count of the onsets], in their order */
    double *beat;             /* [beats]: seconds of slot 0, 4, 8 ...; may begin below 0 */
    size_t beats;
    double tempo;       /* median, beats a minute; 0 without onsets */
    double confidence;  /* 0 .. 1: share of the events after the first that came where the
                         * beat expected them, within a quarter of a slot */
    size_t hesitations; /* waits that were taken out of the beat */
    bool steady;        /* NULL options: pulse_steady explained it better */
};

/* Finds beats and slots from onsets alone, for takes played without a click:
 * chords are gathered (onsets that follow each other within 42 ms, 80 ms in
 * all), pulse.h tracks tempo and place, the best path over the whole take is
 * taken and smoothed (Rauch, Tung and Striebel, AIAA Journal 3, 1965). Slot 0
 * begins the beat that the first onset is in. `options`: NULL tries pulse_steady
 * and pulse_rubato and takes what explains the take better.
 *
 * Onsets off the sixteenths (triplets, ornaments) get the nearest slot, upwards
 * from half way. A wait becomes the rests it lasts or a few slots of music that
 * came late, whichever explains it better. What no onset can tell is a guess:
 * whether slow eighths are fast sixteenths (beats of 75 to 125 a minute are
 * preferred; set options->period where the tempo is known), and beats in
 * compound time, which are taken for quarters or triplets of quarters.
 *
 * Work grows with count * width; memory with count, and 8192 * 8 * width bytes:
 * beyond 8192 events the oldest 4096 are decided by what is best then. With 0
 * onsets the track is empty; with 1 there is a single beat.
 * -1: times out of order, negative or not finite, too many, options out of
 * range, out of memory, stopped; `track` then holds nothing. */
int grid_track(const struct grid_onsets *onsets, const struct pulse_options *options,
               struct grid_track *track, struct error *error);

/* Frees what grid_track put there; an empty or zeroed one is fine. */
void grid_track_free(struct grid_track *track);

#endif
