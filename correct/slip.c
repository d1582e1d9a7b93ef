/* The measured slips; the classes' tables and their learning, see slip.h for the shares.
 * The tables count substitutions (a key struck instead of the right one)
 * in aligned performances: advanced pianists from the competition recordings of
 * the (n)ASAP data set (Peter et al., "Automatic Note-Level Score-to-Performance
 * Alignments in the ASAP Dataset", TISMIR 2023; 2,145 substitutions), learners
 * from 80 performances of the Expert-Novice data set (98 substitutions). Rows are
 * the colours of the key meant and the key struck, columns the distance from
 * -12 to 12 without 0.
 *
 * The chance of a distance depends on the key: from E one semitone up is a white
 * key, from C a black one. So each count is shared out among the pitch classes of
 * its colour from which the distance leads to the colour that was struck, all
 * taken as equally frequent; the two groups weigh the same, for the few learners
 * are those that the program is for, and the many advanced fill their gaps. */
#include "correct/slip.h"

#include <stdbool.h>
#include <string.h>

enum { GROUPS = 2, DISTANCES = 2 * SLIP_RANGE };

/* [group][colour meant: white, black][colour struck][distance] */
static const uint16_t slips[GROUPS][2][2][DISTANCES] = {
    {{{11, 2, 6, 6, 6, 23, 5, 25, 14, 48, 128, 81, 73, 154, 39, 27, 41, 1, 24, 4, 5, 9, 4, 16},
      {0, 1, 0, 2, 6, 0, 3, 2, 18, 13, 15, 134, 157, 9, 35, 17, 1, 12, 1, 6, 1, 3, 5, 0}},
     {{0, 2, 0, 1, 3, 2, 3, 4, 12, 24, 12, 271, 291, 21, 25, 12, 4, 12, 2, 7, 6, 1, 4, 0},
      {3, 0, 0, 1, 1, 4, 0, 16, 0, 10, 61, 0, 0, 74, 16, 4, 21, 0, 8, 1, 2, 3, 0, 8}}},
    {{{6, 0, 0, 0, 0, 1, 0, 0, 3, 4, 33, 7, 8, 5, 0, 3, 8, 0, 1, 0, 0, 1, 0, 3},
      {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}},
     {{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 3, 7, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0},
      {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}}},
};

static bool is_black(int pitch)
{
    /* Bits of the pitch classes of the five black keys. */
    return 0x54a >> (pitch + 120) % 12 & 1;
}

/* Of so many pitch classes of a colour the distance leads to a key of that colour. */
static int sharing(int from, int to, int semitones)
{
    int count = 0;
    for (int pitch = 0; pitch < 12; pitch++)
        count += is_black(pitch) == from && is_black(pitch + semitones) == to;
    return count;
}

void slip_landing(int meant, double landing[SLIP_WINDOW])
{
    int from = is_black(meant);
    double all[GROUPS] = {0}, sum = 0;
    for (int group = 0; group < GROUPS; group++)
        for (int n = 0; n < DISTANCES; n++)
            all[group] += slips[group][from][0][n] + slips[group][from][1][n];
    memset(landing, 0, SLIP_WINDOW * sizeof *landing);
    for (int n = 0; n < DISTANCES; n++) {
        int k = n + (n >= SLIP_RANGE), semitones = k - SLIP_RANGE;
        int to = is_black(meant + semitones), sharers = sharing(from, to, semitones);
        for (int group = 0; group < GROUPS; group++)
            landing[k] += slips[group][from][to][n] / (all[group] * sharers);
        sum += landing[k];
    }
    for (int k = 0; k < SLIP_WINDOW; k++)
        landing[k] /= sum;
}

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
