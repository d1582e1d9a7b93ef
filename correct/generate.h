/* Generation: the policy alone decides what sounds, the player when.
 *
 * The state is the beat that was sent last; when a new beat begins, the policy
 * proposes the next one, and every note struck in it takes a pitch of that
 * proposal: of the same slot, or of the nearest slot that has notes. A chord
 * takes as many pitches as were struck, in the order of the proposal.
 *
 * Borrows the model. No allocation after generate_open; work a note is bounded
 * by the notes of a beat. One thread at a time; same seed, same pitches. */
#ifndef CORRECT_GENERATE_H
#define CORRECT_GENERATE_H

#include "base/error.h"
#include "base/rng.h"
#include "piece/model.h"

#include <stdbool.h>
#include <stdint.h>

struct generate_options {
    bool fold_octave;    /* in the octave nearest to what was played */
    bool keep_direction; /* up, down or same as the player moved, by octaves */
    bool avoid_semitone; /* not a semitone beside a sounding note, where another pitch serves */
};

struct generate {
    const struct model *model;
    struct song_beat *example; /* [states]: where each state's beat stands in the songs */
    uint64_t seed;
    struct rng rng;
    bool started;
    int64_t beat;    /* of the player */
    uint32_t state;  /* whose beat is being sent */
    int64_t slot;    /* of the last note */
    uint32_t struck; /* notes in that slot */
    bool has_last;
    uint8_t last_played, last_sent; /* the note before this slot, for the direction */
    uint8_t now_played, now_sent;
};

/* NULL: out of memory. The model must outlive it. */
struct generate *generate_open(const struct model *model, uint64_t seed, struct error *error);

void generate_close(struct generate *generate);

/* Begins again: at the first beat of the first piece, with the random numbers of the seed. */
void generate_start(struct generate *generate);

/* The pitch for x at a slot (sixteenths). sounding[p] counts the keys that hold pitch p. */
uint8_t generate_decide(struct generate *generate, double slot, uint8_t x,
                        const struct generate_options *options, const uint16_t sounding[128]);

#endif
