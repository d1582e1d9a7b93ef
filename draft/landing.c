/* The slip model as a table of logarithms. */
#include "draft/draft_private.h"

#include "follow/constants.h"
#include "follow/slip.h"

#include <math.h>

_Static_assert(SLIP_WINDOW == 25, "struct landing has room for it");

void landing_make(struct landing *landing, double wrong)
{
    static const double farther = 1e-4; /* of the wrong ones, a key, as in follow/slip.c */
    const struct follow_constants *c = &follow_constants;
    double measured = 1 - c->slip_around - c->slip_any;
    for (int y = 0; y < 12; y++) {
        double lands[SLIP_WINDOW];
        slip_landing(y, lands);
        for (int k = 0; k < SLIP_WINDOW; k++) {
            int off = k - SLIP_RANGE;
            double around = off >= -2 && off <= 2 ? c->slip_around / 4 : 0;
            double p = measured * lands[k] + around + c->slip_any / (2 * SLIP_RANGE);
            landing->near[y][k] = log(off ? wrong * p : 1 - wrong);
        }
    }
    landing->beyond = log(wrong * farther);
}

double landing_log(const struct landing *landing, int x, int y)
{
    int off = x - y;
    return off >= -SLIP_RANGE && off <= SLIP_RANGE ? landing->near[y % 12][off + SLIP_RANGE]
                                                   : landing->beyond;
}

double landing_wrong(const struct material *material, const struct sheet *sheet,
                     const struct placing *placing)
{
    static const double least = .01, most = .5;
    double wrong = 1, all = 20; /* a twentieth before anything is heard, as constants.h has it */
    for (size_t k = 0; k < material->count; k++)
        if (placing->column_of[k] >= 0) {
            wrong += material->key[k].pitch != sheet->column[placing->column_of[k]].pitch;
            all++;
        }
    return fmin(fmax(wrong / all, least), most);
}
