/* Made-up takes with known beats: an accompaniment in the manner of a pop piano
 * (bass and chords on the beats, broken eighths, some sixteenths, a melody), its
 * notes at times that a tempo curve, a player's unsteady hands and spread chords
 * give. Everything comes from the seed. */
#ifndef TESTS_GRID_TAKE_H
#define TESTS_GRID_TAKE_H

#include <stddef.h>
#include <stdint.h>

enum {
    TAKE_UNITS = 24 /* a beat */
};

struct take_style {
    double tempo;         /* beats a minute at the start */
    double tempo_end;     /* at the end; 0: the same. In between in proportion of the logarithm */
    double wander;        /* random walk of log tempo a beat */
    double wander_limit;  /* it is drawn back within this deviation */
    double jitter;        /* deviation of an event, seconds */
    double spread;        /* of a chord's notes, seconds */
    double pause;         /* seconds that are put in ... */
    unsigned pause_every; /* ... before every so many beats; 0: never */
    int triplets;         /* some beats are triplets */
};

struct take {
    size_t count;
    double *seconds; /* ascending */
    uint8_t *pitch;
    uint32_t *units; /* true place */
    size_t beats;
    double *beat; /* true times */
};

struct take take_make(const struct take_style *style, size_t beats, uint64_t seed);
void take_free(struct take *take);

#endif
