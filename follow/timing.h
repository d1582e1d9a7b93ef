/* How long notes take, and how even this player's time is.
 *
 * The time to the next onset is log-normal around tempo times score time: a mixture of
 * steady, expressive and any playing, and a hesitation with a long tail. How steady the steady part
 * is, is learned while playing (expectation maximisation, one step a note; Cappé and Moulines
 * 2009). A single onset's own jitter adds to it, which is what counts in fast notes. Shares and
 * deviations: docs/following.md. Durations in seconds. Plain values. */
#ifndef FOLLOW_TIMING_H
#define FOLLOW_TIMING_H

/* How even this player's time is. */
struct evenness {
    float variance; /* of the steady part, of the logarithm of steps' times over those due */
    float steps;    /* that it stands on, with those that what is known of players is worth */
};

/* Densities of the time of a note, a second, whatever the hypothesis. */
struct timing {
    float since; /* seconds since the last note */
    float any;   /* anything */
    float chord; /* another note of an onset */
    float again, brush;
};

/* Of a note so many seconds after the last one. */
struct timing timing_since(float since);

/* The density of a step's time, a second. timing_most: none is larger. */
float timing_step(const struct evenness *even, float passed, double quarters, float tempo);
float timing_most(const struct evenness *even, float passed);

/* A player of whom nothing is known; who made a step whose time over that due has this logarithm,
 * with that probability. */
void timing_start(struct evenness *even);
void timing_learn(struct evenness *even, float z, float probability);

/* The logarithm of a step's time over that due; 0: no tempo is known. */
float timing_off(float tempo, double quarters, float passed);

/* The tempo after a step of so many quarters in so many seconds. */
float timing_follow(float tempo, unsigned steps, double quarters, float passed);

#endif
