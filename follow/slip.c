/* The measured slips, and what is learned of a player. The tables count substitutions (a key struck
 * instead of the right one) in aligned performances: advanced pianists from the competition
 * recordings of the (n)ASAP data set (Peter et al., "Automatic Note-Level Score-to-Performance
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
#include "follow/slip.h"

#include "follow/constants.h"

#include <math.h>
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

void slip_start(struct slip *slip)
{
    const struct follow_constants *c = &follow_constants;
    *slip = (struct slip){.wrong = c->wrong_start,
                          .way = {1 - c->slip_around - c->slip_any, c->slip_around, c->slip_any}};
}

void slip_ask(const struct slip *slip, const float landing[12][SLIP_WINDOW], int x,
              struct slip_key *key)
{
    static const float beyond = 1e-4f; /* of the wrong ones, farther than an octave, a key */
    float way[SLIP_WAYS];
    for (int w = 0; w < SLIP_WAYS; w++)
        way[w] = (float)(slip->wrong * slip->way[w]);
    for (int k = 0; k < SLIP_WINDOW; k++) {
        int off = k - SLIP_RANGE, meant = (x - off + 120) % 12;
        key->way[SLIP_MEASURED][k] = way[SLIP_MEASURED] * landing[meant][k];
        key->way[SLIP_AROUND][k] = off && off >= -2 && off <= 2 ? way[SLIP_AROUND] / 4 : 0;
        key->way[SLIP_ANY][k] = off ? way[SLIP_ANY] / (2 * SLIP_RANGE) : 0;
        key->probability[k] = off ? 0 : (float)(1 - slip->wrong);
        for (int w = 0; w < SLIP_WAYS; w++)
            key->probability[k] += key->way[w][k];
    }
    key->beyond = (float)slip->wrong * beyond;
}

void slip_learn(struct slip *slip, double right, const double wrong[SLIP_WAYS])
{
    const struct follow_constants *c = &follow_constants;
    double all = wrong[SLIP_MEASURED] + wrong[SLIP_AROUND] + wrong[SLIP_ANY];
    double rate = fmax(c->wrong_rate, 1 / (c->wrong_prior + slip->notes));
    slip->wrong += rate * (all * (1 - slip->wrong) - right * slip->wrong);
    slip->wrong = fmin(fmax(slip->wrong, c->wrong_least), c->wrong_most);
    for (int w = 0; w < SLIP_WAYS; w++)
        slip->way[w] +=
            fmax(c->way_rate, 1 / (c->wrong_prior + slip->notes)) * (wrong[w] - all * slip->way[w]);
    slip->notes++;
}
