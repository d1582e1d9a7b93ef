/* Inside of the clock: a train of even pulses, and the tracker of source auto. */
#ifndef FILTER_CLOCK_PRIVATE_H
#define FILTER_CLOCK_PRIVATE_H

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { TRAIN_MEMORY = 24 };

/* Pulses that should come evenly (MIDI clocks, taps): time and period by the
 * least-squares line through the last `memory` of them. Pulses may go missing; where
 * several on end come late, or early, none did: the tempo has changed, and the line
 * begins anew with them. */
struct train {
    int memory;                 /* up to TRAIN_MEMORY */
    double low, high;           /* seconds a pulse that are believed */
    int known;                  /* pulses remembered */
    bool sure;                  /* `period` stands on SURE pulses at least */
    double pulse[TRAIN_MEMORY]; /* seconds of each, the last one last */
    int count[TRAIN_MEMORY];    /* ... and how many have passed before it */
    double time;                /* of the last pulse, smoothed */
    double period;              /* seconds */
    int late, early;            /* pulses on end that came so */
};

void train_start(struct train *train, int memory, double low, double high, double period);

/* A pulse; gives the number of pulses that have passed since the last one, those
 * missed counted: usually 1, 0 for the first. Negative: pulses that were counted
 * as missed before were none, the train has slowed down. */
int train_pulse(struct train *train, double seconds);

/* The tracker behind source auto. */
struct beat_tracker;

struct beat_tracker *beat_tracker_open(struct error *error);
void beat_tracker_close(struct beat_tracker *tracker);

/* Forgets everything; to be started. */
void beat_tracker_forget(struct beat_tracker *tracker);

/* Forgets the past but for the position, which goes on. */
void beat_tracker_start(struct beat_tracker *tracker, double position, double tempo);

/* An onset: its position in slots. */
double beat_tracker_note(struct beat_tracker *tracker, double seconds, uint8_t pitch);

/* Takes the onset given last in, if that is not done; beat_tracker_note does it first. */
void beat_tracker_settle(struct beat_tracker *tracker);

double beat_tracker_position(const struct beat_tracker *tracker, double seconds);
double beat_tracker_tempo(const struct beat_tracker *tracker);
bool beat_tracker_locked(const struct beat_tracker *tracker);

#endif
