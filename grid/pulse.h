/* Tempo and phase from onsets as they come: many guesses at once, each a place
 * in the beat and a Kalman filter over (time of the beat, seconds a beat).
 *
 * The switching state space model of Cemgil and Kappen (JAIR 18, 2003, section 2)
 * and Raphael (Artificial Intelligence 137, 2002): a guess that stands at place
 * m with time t and period p takes the next event as a step of d units,
 *
 *     t' = t + d/24 p + noise,   p' = p + noise,   event = t' + noise,
 *
 * with the prior of rhythm.h for d. Two ways out keep it honest: an event may be
 * carelessly timed (wide noise), and the player may hesitate (the step of the
 * score is taken, the time is what it was, the tempo survives). After each event
 * the guesses are ranked, those that agree in place, texture and tempo are one,
 * and the best `width` stay. Causal; the cost of an event is bounded by the
 * width, the memory too; nothing is allocated after pulse_create.
 *
 * An event is what is struck together: callers gather a chord first (all at once
 * from a file; live, its first note alone).
 *
 * Not for concurrent use of one pulse. */
#ifndef GRID_PULSE_H
#define GRID_PULSE_H

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct pulse_options {
    double period;        /* middle of the log-normal prior of the beat, seconds */
    double period_spread; /* its standard deviation, of log seconds */
    double period_weight; /* weight of that prior at every event */
    double period_low;    /* seconds a beat, fastest and slowest that are tried */
    double period_high;
    double timing;     /* standard deviation of an onset about its place, seconds */
    double careless;   /* the same for a carelessly timed onset, as a share of the beat */
    double drift;      /* change of the period over a beat, as a share of it (deviation) */
    double push;       /* shift of the beat against the tempo over a beat, a share of it */
    double hesitation; /* chance of one before an event */
    size_t width;      /* guesses kept */
};

/* Playing that keeps time, and playing with rubato, ritardandi and waits. */
extern const struct pulse_options pulse_steady, pulse_rubato;

/* 0, or -1 and a sentence: options out of range. */
int pulse_options_check(const struct pulse_options *options, struct error *error);

enum pulse_timing { PULSE_PLAIN, PULSE_CARELESS, PULSE_HESITATION, PULSE_TIMINGS };

struct pulse_state {
    double score;    /* log probability, up to what all guesses have in common */
    double time;     /* of this place, filtered, seconds */
    double period;   /* seconds a beat */
    double cov[3];   /* of (time, period): tt, tp, pp */
    int64_t units;   /* place: 24 units a beat from the beat that the first event fell into */
    uint32_t step;   /* units since the event before */
    uint16_t parent; /* index of its predecessor among the states after the event before */
    uint8_t texture;
    uint8_t timing; /* enum pulse_timing */
};

struct pulse;

/* NULL: options out of range, out of memory. NULL options: pulse_steady. */
struct pulse *pulse_create(const struct pulse_options *options, struct error *error);
void pulse_free(struct pulse *pulse);
void pulse_reset(struct pulse *pulse);

/* An event: seconds (finite, not before the last event's), `notes` >= 1 struck
 * together, `lowest`: the lowest of their note numbers, -1 where not known. */
void pulse_event(struct pulse *pulse, double seconds, unsigned notes, int lowest);

/* The best guess as it would be after such an event, at a small part of the cost:
 * only the first `guesses` of the present ones are followed. Nothing changes. */
struct pulse_state pulse_peek(struct pulse *pulse, double seconds, unsigned notes, int lowest,
                              size_t guesses);

/* The slot nearest to a place: thirty-seconds belong to the slot after them. */
static inline int64_t pulse_slot(int64_t units)
{
    return (units + 3) / 6;
}

/* Moves the middle of the prior of the beat, seconds, within the range that is tried. */
void pulse_aim(struct pulse *pulse, double period);

/* More notes of the last event have come: `notes` and `lowest` of all of them. Only
 * the ranking of the guesses changes. Not after pulse_keep. */
void pulse_amend(struct pulse *pulse, unsigned notes, int lowest);

/* The guesses after the last event, best first; at most 65535. Valid until the next call. */
const struct pulse_state *pulse_states(const struct pulse *pulse, size_t *count);

/* Log probability of all events so far by the best guess, to compare options by: a
 * sum of log densities in seconds and of the weighted priors. */
double pulse_evidence(const struct pulse *pulse);

/* Drops the guesses that are not to be kept: keep[i] belongs to state i. At least
 * one must stay; the others move up. */
void pulse_keep(struct pulse *pulse, const bool *keep);

/* Moves a state on by some beats without an onset (Kalman time update). */
void pulse_predict(const struct pulse_options *options, struct pulse_state *state, double beats);

/* One step of the filter: `state` is moved on by `step` units and corrected by
 * an onset at `seconds` taken as `timing`. Gives the log density of the onset
 * (without the prior of rhythm.h). For smoothing along a path that is known. */
double pulse_move(const struct pulse_options *options, struct pulse_state *state, uint32_t step,
                  double seconds, enum pulse_timing timing);

#endif
