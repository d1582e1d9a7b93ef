/* The slip model's tables and its learning; see slip.h for the shares. */
#include "correct/slip.h"

#include <string.h>

/* Shares of the classes before anything is known of the player, and how many
 * keys share each class: landing on one of them takes an equal part. */
static const float start[SLIP_CLASSES] = {.85f, .052f, .048f, .036f, .01f, .004f};
static const float keys[SLIP_CLASSES] = {1, 2, 2, 18, 2, 40};

static const float brush[SLIP_CLASSES] = {.4f, .28f, .22f, .06f, .03f, .01f};

static const float start_notes = 8; /* the start counts as much as so many notes */
static const float forget = .98f;   /* a note */

static void slip_update(struct slip *slip)
{
    float sum = start_notes;
    for (int c = 0; c < SLIP_CLASSES; c++)
        sum += slip->seen[c];
    for (int c = 0; c < SLIP_CLASSES; c++)
        slip->probability[c] = (slip->seen[c] + start_notes * start[c]) / (sum * keys[c]);
}

/* table[bits]: one set bit more than the same without its lowest. */
static void fill(uint32_t *table, uint32_t bits, unsigned first)
{
    table[0] = 0;
    for (uint32_t b = 1; b < 1u << bits; b++) {
        unsigned candidate = first + (unsigned)__builtin_ctz(b);
        table[b] = table[b & (b - 1)] + (1u << SLIP_FIELD * slip_class_of(SLIP_RANGE, candidate));
    }
}

void slip_init(struct slip *slip)
{
    memset(slip, 0, sizeof *slip);
    fill(slip->low, SLIP_LOW_BITS, 0);
    fill(slip->high, SLIP_HIGH_BITS, SLIP_LOW_BITS);
    for (int c = 0; c < SLIP_CLASSES; c++)
        slip->brush[c] = brush[c] / keys[c];
    slip_update(slip);
}

void slip_learn(struct slip *slip, const float share[SLIP_CLASSES])
{
    for (int c = 0; c < SLIP_CLASSES; c++)
        slip->seen[c] = slip->seen[c] * forget + share[c];
    slip_update(slip);
}
