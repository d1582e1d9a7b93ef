/* Music for tests, made from random numbers: pieces with repeats, and ways of
 * playing them, well and badly. Running out of memory ends the test. */
#ifndef TESTS_CORRECT_MUSIC_H
#define TESTS_CORRECT_MUSIC_H

#include "base/rng.h"
#include "correct/corrector.h"

enum music_kind {
    MUSIC_MELODY, /* one voice */
    MUSIC_PIANO,  /* a voice over broken and struck chords */
};

enum { MUSIC_BAR = 16 }; /* slots */

/* A piece of sections of eight bars, A A B A C ..., in a key of its own. */
struct song *music_compose(enum music_kind kind, uint64_t seed, uint32_t sections);

/* A piece written down: note i is {slot, pitch}. */
struct song *music_written(const struct song_note *notes, size_t count);

/* The untrained model of some pieces; they become the model's. */
struct model *music_model(struct song **songs, size_t count);

/* The model of one composed piece. */
struct model *music_model_of(enum music_kind kind, uint64_t seed, uint32_t sections);

/* Notes as played, what was meant by each, and what was sent for them. */
struct playing {
    struct correct_note *note;
    uint8_t *meant;
    uint8_t *extra; /* 1: struck beside another note, none was meant */
    uint8_t *sent;
    size_t count, room;
    double end; /* slot after the last one */
};

/* Adds slots from .. to-1 of a song, put at the end of the playing. */
void playing_add(struct playing *playing, const struct song *song, uint32_t from, uint32_t to);

/* Nothing for some slots. */
void playing_rest(struct playing *playing, double slots);

/* Mistakes, each note with probability p: a wrong key up to `most` semitones
 * away; left out; a second key a semitone or two beside; a slot early or late. */
void playing_shift(struct playing *playing, struct rng *rng, double p, int most);
void playing_drop(struct playing *playing, struct rng *rng, double p);
void playing_brush(struct playing *playing, struct rng *rng, double p);
void playing_jitter(struct playing *playing, struct rng *rng, double p);

/* Plays it; every note is released when the next slot is struck. */
void playing_play(struct playing *playing, struct corrector *corrector);

void playing_free(struct playing *playing);

/* Per cent, over notes first .. count-1 but those that were not meant: sent as
 * meant; of those played right, sent so; sent as played. 100 of nothing. */
struct tally {
    double right, kept, as_played;
};
struct tally playing_tally(const struct playing *playing, size_t first);

/* A corrector with the default settings but for the mode. */
struct corrector *music_corrector(const struct model *model, enum correct_mode mode);

#endif
