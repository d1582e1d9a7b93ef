/* Music to learn a style from, and lanes that play it with mistakes.
 *
 * A lane plays one song after the other, each drawn at random, transposed at
 * random and with an error model drawn at random, and tells for every note
 * struck which pitch was meant. */
#ifndef STYLE_CORPUS_H
#define STYLE_CORPUS_H

#include "base/error.h"
#include "base/rng.h"
#include "correct/style.h"
#include "measure/inject.h"
#include "measure/take.h"

#include <stddef.h>

/* One voice or all voices of a file. */
struct style_song {
    char *voice;            /* name of the track; "" for all voices */
    struct take_note *note; /* in order of position */
    size_t count;
};

/* The voices of a file: one of them is drawn whenever the file is. */
struct style_work {
    char *name;
    uint32_t folder; /* the caller's */
    struct style_song *song;
    size_t songs;
};

struct style_corpus {
    struct style_work **work; /* the same one may stand there more than once */
    size_t works;
};

enum { STYLE_HELD = 24 };

struct style_lane {
    const struct style_corpus *corpus;
    struct rng rng;
    struct style memory;
    struct take_note *truth;
    struct take_played *take;
    size_t truth_count, count, next;
    float lead; /* share of notes after which the memory is told the truth */
    bool led;   /* this song's past is the truth */
    struct {
        double release; /* seconds */
        uint8_t pitch;
    } held[STYLE_HELD];
    uint32_t holding;
};

/* -1: out of memory. */
int style_lane_open(struct style_lane *lane, const struct style_corpus *corpus, uint64_t seed,
                    uint64_t stream, struct error *error);
void style_lane_close(struct style_lane *lane);

/* Goes on to the next note: the key struck, and the shift to the pitch meant (index
 * 0 .. STYLE_SHIFTS - 1; -1: farther than that). -1: out of memory. */
int style_lane_next(struct style_lane *lane, uint8_t *x, int *target, struct error *error);

/* The note to be judged again, if there is one; to be asked until there is none. */
bool style_lane_due(const struct style_lane *lane, struct style_view *view, int *target);
void style_lane_revise(struct style_lane *lane, int target,
                       const float log_probability[STYLE_SHIFTS]);

/* The pitches sent that sound when the next note is struck. */
note_set style_lane_held(struct style_lane *lane);

/* What is known of the next note. */
void style_lane_see(struct style_lane *lane, struct style_view *view);

/* What is known of it blindly, around a centre drawn evenly from those within reach
 * of the pitch meant; the target as above. */
void style_lane_see_blind(struct style_lane *lane, struct style_view *view, int *target);

/* Tells the lane what is believed of that note, and goes on. */
void style_lane_hear(struct style_lane *lane, int target,
                     const float log_probability[STYLE_SHIFTS]);

/* Another pitch than the likeliest was sent for the note just told. */
void style_lane_send(struct style_lane *lane, int pitch);

/* The index of the shift from key x to the pitch meant by a note of a take; -1:
 * none. For an added key it is the one it was brushed beside. */
int style_target(const struct take_note *truth, const struct take_played *played);

#endif
