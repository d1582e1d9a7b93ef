/* Music to learn a style from, and playbacks that play it with mistakes.
 *
 * A playback plays one song after the other, each drawn at random, transposed at
 * random and with an error model drawn at random, and tells for every note
 * struck which pitch was meant. One song of three is played in human time
 * (style/player.h), and its notes stand where the beat clock (filter/clock.h, source auto)
 * finds them: often right, often a slot beside, sometimes counted at half or twice the tempo. */
#ifndef STYLE_CORPUS_H
#define STYLE_CORPUS_H

#include "base/error.h"
#include "base/rng.h"
#include "correct/style.h"
#include "measure/inject.h"
#include "measure/take.h"

#include <stddef.h>

struct clock;

/* One voice or all voices of a file. */
struct style_song {
    char *voice;            /* name of the track; "" for all voices */
    struct take_note *note; /* in order of position */
    size_t count;
};

enum { STYLE_LEAST = 24 }; /* notes of a song */

/* The voices of a file: one of them is drawn whenever the file is. */
struct style_work {
    char *name;
    uint32_t folder;         /* the caller's */
    struct style_song *song; /* the first has all voices */
    size_t songs;
};

struct style_corpus {
    struct style_work **work; /* the same one may stand there more than once */
    size_t works;
};

enum { STYLE_HELD = 24 };

struct style_playback {
    const struct style_corpus *corpus;
    struct rng rng;
    struct take_note *truth;
    struct take_played *take;
    struct clock *clock; /* by which its notes are placed as they come; NULL: they are placed */
    double position;     /* of the note placed last */
    size_t placed;       /* notes */
    size_t truth_count, count, next;
    struct {
        double release; /* seconds */
        uint8_t pitch;
    } held[STYLE_HELD];
    uint32_t holding;
};

/* A note about to be judged. */
struct style_struck {
    double position; /* sixteenths */
    bool found;      /* the position is a clock's guess */
    uint8_t x;       /* the key */
    int target;      /* the shift to the pitch meant, 0 .. STYLE_SHIFTS - 1; -1: farther */
    bool first;      /* of its song */
    bool last;
    note_set held; /* pitches sent that still sound */
};

/* -1: out of memory. */
int style_playback_open(struct style_playback *playback, const struct style_corpus *corpus,
                        uint64_t seed, uint64_t stream, struct error *error);
void style_playback_close(struct style_playback *playback);

/* The next note. -1: out of memory. */
int style_playback_next(struct style_playback *playback, struct style_struck *struck,
                        struct error *error);

/* It is sent as the pitch `shift` (as the target above), and the playback goes on. */
void style_playback_send(struct style_playback *playback, int shift);

/* The index of the shift from key x to the pitch meant by a note of a take; -1:
 * none. For an added key it is the one it was brushed beside. */
int style_target(const struct take_note *truth, const struct take_played *played);

#endif
