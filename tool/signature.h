/* How much of a file lies in the key that it is signed with.
 *
 * Music that was converted without the accidentals of its signature is a semitone off in a
 * third of its notes: it lies in C major, whatever is signed. Of tonal music nine notes of
 * ten lie in the signed key. */
#ifndef TOOL_SIGNATURE_H
#define TOOL_SIGNATURE_H

#include "midi/midifile.h"

#include <stdbool.h>
#include <stdint.h>

/* Notes that are not drums. */
struct signature_count {
    uint64_t notes;       /* under a signature */
    uint64_t in_key;      /* of these, among the seven pitch classes that it has */
    uint64_t in_c;        /* of these, among the white keys */
    uint64_t accidentals; /* under a signature that has sharps or flats */
};

/* A note counts under the last signature before it, or with it. */
struct signature_count signature_count(const struct midifile *file);

/* Adds up files: each counts the same, whatever its length. */
struct signature_mean {
    uint32_t files;      /* that have any notes under a signature with sharps or flats */
    double in_key, in_c; /* sums of their shares */
};

void signature_add(struct signature_mean *mean, const struct signature_count *count);

/* Files so signed lie less in their keys than music does. */
bool signature_is_implausible(const struct signature_mean *mean);

#endif
