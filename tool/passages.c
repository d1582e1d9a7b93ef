#include "tool/passages.h"

static const double once = .25;      /* weight of what was due once */
static const double together = .3;   /* of a bar that slows with both hands */
static const double slow = .8;       /* share of the session's tempo, or of the slower hand's */
static const double joins = 1.0 / 3; /* share of the heaviest bar's weight */

static double weigh(unsigned faults, unsigned due)
{
    if (!tally_again(faults, due))
        return 0;
    return due <= 1 ? once : (double)faults * faults / due;
}

size_t passage_notes(const struct session_piece *piece, size_t printed, uint32_t *first)
{
    const struct bar *bar = &piece->bars[piece->printed_bar[printed]];
    uint32_t from = 0, to = piece->score->notes;
    while (from < to) {
        uint32_t middle = (from + to) / 2;
        if (piece->onset[middle] < bar->start - 1e-6)
            from = middle + 1;
        else
            to = middle;
    }
    *first = from;
    while (to < piece->score->notes && piece->onset[to] < bar->start + bar->length - 1e-6)
        to++;
    return to - from;
}

/* Goes through a bar. */
struct pace {
    unsigned timed, slow;
    double quarters[HANDS], seconds[HANDS];
};

static void weigh_pace(const struct tally *tally, double *weight)
{
    size_t bars = tally->piece->printed_bars;
    struct pace *pace = g_new0(struct pace, bars + 1);
    for (guint i = 0; i < tally->go->len; i++) {
        const struct tally_go *go = &g_array_index(tally->go, struct tally_go, i);
        if (!(go->seconds > 0 && go->tempo > 0))
            continue;
        pace[go->bar].timed++;
        pace[go->bar].slow += 60 * go->quarters / go->seconds <= slow * go->tempo;
        pace[go->bar].quarters[go->hands] += go->quarters;
        pace[go->bar].seconds[go->hands] += go->seconds;
    }
    for (size_t b = 0; b < bars; b++) {
        double tempo[HANDS];
        for (int h = 0; h < HANDS; h++)
            tempo[h] = pace[b].seconds[h] > 0 ? pace[b].quarters[h] / pace[b].seconds[h] : 0;
        double alone = MIN(tempo[HANDS_RIGHT], tempo[HANDS_LEFT]);
        if (pace[b].slow >= 2 && 2 * pace[b].slow >= pace[b].timed)
            weight[b] += .5 * pace[b].slow;
        else if (alone > 0 && tempo[HANDS_BOTH] > 0 && tempo[HANDS_BOTH] <= slow * alone)
            weight[b] += together;
    }
    g_free(pace);
}

static double *weigh_bars(const struct tally *tally)
{
    const struct session_piece *piece = tally->piece;
    double *weight = g_new0(double, piece->printed_bars + 1);
    unsigned *due = g_new0(unsigned, piece->printed_bars + 1);
    for (size_t b = 0; b < piece->printed_bars; b++) {
        uint32_t first;
        size_t count = passage_notes(piece, b, &first);
        for (size_t n = first; n < first + count; n++) {
            const struct tally_spot *spot = &tally->spot[n];
            weight[b] += weigh(spot->wrong + spot->left_out, spot->due);
            weight[b] += weigh(spot->waits, spot->due);
            due[b] = MAX(due[b], spot->due);
        }
    }
    for (guint i = 0; i < tally->extra->len; i++) {
        const struct tally_extra *extra = &g_array_index(tally->extra, struct tally_extra, i);
        weight[extra->bar] += weigh(extra->times, MAX(due[extra->bar], extra->times));
    }
    g_free(due);
    weigh_pace(tally, weight);
    return weight;
}

static void count_passage(const struct tally *tally, struct passage *passage)
{
    for (size_t b = passage->first; b < passage->first + passage->count; b++) {
        uint32_t first;
        size_t count = passage_notes(tally->piece, b, &first);
        for (size_t n = first; n < first + count; n++) {
            const struct tally_spot *spot = &tally->spot[n];
            passage->due += spot->due;
            passage->faults += spot->wrong + spot->left_out;
            passage->goes = MAX(passage->goes, spot->due);
        }
    }
    for (guint i = 0; i < tally->extra->len; i++) {
        const struct tally_extra *extra = &g_array_index(tally->extra, struct tally_extra, i);
        if (extra->bar >= passage->first && extra->bar < passage->first + passage->count)
            passage->faults += extra->times;
    }
}

/* The passage around a bar; its bars weigh nothing from then on. */
static struct passage take_passage(double *weight, size_t bars, size_t seed)
{
    struct passage passage = {.first = seed, .count = 1, .weight = weight[seed]};
    double least = joins * weight[seed];
    weight[seed] = 0;
    while (passage.count < PASSAGE_BARS) {
        size_t after = passage.first + passage.count;
        double below = passage.first > 0 ? weight[passage.first - 1] : 0;
        double above = after < bars ? weight[after] : 0;
        double more = MAX(below, above);
        if (!(more > 0 && more >= least))
            break;
        passage.weight += more;
        if (below > above)
            passage.first--;
        weight[below > above ? passage.first : after] = 0;
        passage.count++;
    }
    return passage;
}

static int compare_passages(const void *a, const void *b)
{
    const struct passage *x = a, *y = b;
    if (x->weight < y->weight || x->weight > y->weight)
        return x->weight > y->weight ? -1 : 1;
    return x->first < y->first ? -1 : x->first > y->first;
}

size_t passages_find(const struct tally *tally, struct passage passage[PASSAGES])
{
    size_t bars = tally->piece->printed_bars, count = 0;
    double *weight = weigh_bars(tally);
    while (count < PASSAGES) {
        size_t best = 0;
        for (size_t b = 1; b < bars; b++)
            if (weight[b] > weight[best])
                best = b;
        if (bars == 0 || !(weight[best] > 0))
            break;
        passage[count] = take_passage(weight, bars, best);
        count_passage(tally, &passage[count++]);
    }
    qsort(passage, count, sizeof *passage, compare_passages);
    g_free(weight);
    return count;
}
