/* Random Standard MIDI Files that are known event by event: all kinds of
 * events, running status, overlapping and unreleased notes, oddities that must
 * be stood. What is listed is what was meant, not what any parser made of it. */
#ifndef TESTS_MIDI_SMFGEN_H
#define TESTS_MIDI_SMFGEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct smfgen_event {
    uint32_t track, tick, length;
    size_t data; /* in pool[] */
    uint8_t status, meta;
};

struct smfgen {
    uint8_t *bytes;
    size_t length;
    uint32_t tracks, division;
    bool clean;                 /* nothing to repair: must pass byte for byte */
    struct smfgen_event *event; /* track after track, with End of Track */
    size_t events;
    uint8_t *pool;
    size_t pooled;
};

/* `odd`: with repairs, wrappers and unknown chunks; without: what every reader stands. */
void smfgen_make(struct smfgen *gen, uint64_t seed, bool odd);
void smfgen_free(struct smfgen *gen);

#endif
