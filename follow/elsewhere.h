/* What keys a player strikes who follows no known piece: what a known piece must
 * explain better. Pitches come back, melodies move by small steps, and what followed
 * a pitch once follows it again.
 *
 * Value type, no memory of its own. */
#ifndef FOLLOW_ELSEWHERE_H
#define FOLLOW_ELSEWHERE_H

#include <stdint.h>

enum { ELSEWHERE_RECENT = 8, ELSEWHERE_PAIRS = 1024 };

struct elsewhere {
    float share[128]; /* of the pitches, forgetting; sums to 1 */
    uint8_t recent[ELSEWHERE_RECENT];
    uint32_t count; /* keys heard */
    struct {
        uint16_t key;
        uint8_t follower, count;
    } pair[ELSEWHERE_PAIRS]; /* what last followed two keys */
};

void elsewhere_start(struct elsewhere *elsewhere);

/* The probability of a key. */
float elsewhere_expect(const struct elsewhere *elsewhere, uint8_t x);

void elsewhere_hear(struct elsewhere *elsewhere, uint8_t x);

#endif
