/* A simulated player.
 *
 * The tempo is about the file's own, or any where that says nothing. It walks at random,
 * swells in phrases, slows down at their ends; notes jitter, chords are spread, learners
 * wait. In concert the upper voice leads, chords are rolled, notes get mordents that the
 * piece does not have, and some are left out. Wrong notes are played, too. */
#ifndef BENCH_PLAY_H
#define BENCH_PLAY_H

#include "base/rng.h"
#include "filter/take.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { PLAY_MANNERS = 4, PLAY_MOST_ONSETS = 20000, PLAY_MOST_BEATS = 8192 };

struct play_manner {
    const char *name;
    double walk;   /* deviation of log tempo a beat */
    double swell;  /* of the tempo over a phrase, share */
    double ritard; /* slowing at the end of a phrase, share */
    double push;   /* deviation of a beat's place, seconds */
    double jitter; /* of an onset, seconds */
    double spread; /* of a chord, seconds */
    double wait;   /* chance of a hesitation before a beat */
    double lead;   /* of the highest note of a chord, seconds */
    double roll;   /* chance of a chord being rolled */
    double adorn;  /* chance of a mordent on a note that is struck alone or highest */
    double omit;   /* chance of a note being left out */
};

/* Steady, rubato, learner, concert. */
extern const struct play_manner play_manners[PLAY_MANNERS];

struct play_onset {
    double seconds;
    double slot; /* truth */
    double period;
    uint8_t pitch, struck; /* meant, and played with errors */
    bool extra;            /* not in the piece */
    size_t note;           /* of the take, that it plays */
    double position;       /* as the clock has it */
    double tempo;
};

struct play {
    struct play_onset onset[PLAY_MOST_ONSETS];
    size_t count;
    double beat[PLAY_MOST_BEATS + 2];   /* seconds of the true beats */
    double length[PLAY_MOST_BEATS + 2]; /* of a beat, the wait after it not counted */
    size_t beats;
    double told[PLAY_MOST_BEATS]; /* of the clock's */
    size_t told_count;
    double last_told; /* position */
};

/* Plays a take whose grid is the truth, from its beginning or, `middle`, from any bar of its
 * first half. What is beyond the most onsets and beats is left out. What the clock makes of
 * it is left to who asks the clock. */
void play_make(struct play *play, const struct take *take, const struct play_manner *manner,
               bool middle, struct rng *rng);

#endif
