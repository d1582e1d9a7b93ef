/* Where in a beat notes are struck: the metrical prior of beat tracking.
 *
 * A beat (quarter note) is 24 units. Onsets stand at twelve of them: the four
 * sixteenths, the places of triplets and of sextuplets, and the thirty-seconds
 * between. From one place the next onset follows at unit u with chance
 *
 *     P(step) = chance[u | texture] * product over the places v passed of (1 - chance[v | texture])
 *
 * where the texture is the step before (a run of sixteenths, of triplets, of
 * eighths ...): a hazard for every place, so that a strong place left empty
 * speaks against a grid as much as a weak place that is struck. Accents add
 * how chords and bass notes lean on the beat. The figures are frequencies
 * counted in piano music (POP909 data set; Mutopia Project; OpenScore Lieder
 * and OpenEWLD corpora); beat tracking with such a prior goes back to
 * Cemgil and Kappen, "Monte Carlo methods for tempo tracking and rhythm
 * quantization", JAIR 18, 2003.
 *
 * All values are natural logarithms. Read-only after rhythm_init; any thread. */
#ifndef GRID_RHYTHM_H
#define GRID_RHYTHM_H

#include <stdint.h>

enum {
    RHYTHM_UNITS = 24,    /* units a beat */
    RHYTHM_SLOT = 6,      /* units a slot */
    RHYTHM_TEXTURES = 8,  /* kinds of step before */
    RHYTHM_SPAN = 96,     /* longest step in the table: four beats */
    RHYTHM_CUES = 5 * 11, /* kinds of events told apart by rhythm_cue */
    RHYTHM_MEMORY = 7,
    RHYTHM_ANY_TEXTURE = 7, /* nothing known of the step before */
};

/* Seconds from the first to the last onset of a chord; notes that come later are another event. */
#define RHYTHM_CHORD_SPAN .080

struct rhythm {
    /* [unit in the beat][texture][step]: -INFINITY where no onset may stand; step 0 is the
     * same place again (a broken chord, a grace note). */
    float step[RHYTHM_UNITS][RHYTHM_TEXTURES][RHYTHM_SPAN + 1];
    float accent[RHYTHM_UNITS][RHYTHM_CUES]; /* log weight of a cue here */
    float start[RHYTHM_UNITS];               /* where the first onset stands */
};

/* The last events, newest first. Zeroed: no events yet. */
struct rhythm_history {
    int16_t lowest[RHYTHM_MEMORY];
    uint16_t notes[RHYTHM_MEMORY];
    uint8_t count;
};

/* Takes the next event and says what kind it is, 0 .. RHYTHM_CUES - 1: by how
 * many notes are struck together against the events before, how deep its lowest note lies and
 * whether it is under the last three. lowest < 0: pitches are not known. */
int rhythm_cue(struct rhythm_history *history, unsigned notes, int lowest);

void rhythm_init(struct rhythm *rhythm);

/* Chance of a step of any length >= 0 from `unit`; beyond RHYTHM_SPAN it decays
 * and only sixteenths are reached. */
float rhythm_step(const struct rhythm *rhythm, int unit, int texture, long step);

/* The texture that a step leaves behind; step > 0. */
int rhythm_texture(long step);

#endif
