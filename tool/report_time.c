/* Time: tempo, where it changes and stops, how even runs and trills and how together chords are,
 * and how loud the hands. Measured, not judged: what is good depends on the piece. */
#include "tool/report_private.h"

#include <math.h>
#include <stdlib.h>

enum {
    RUN_NOTES = 6, /* on end, of equal length, that make a run */
    MOST_PLACES = 4,
};

static const double run_quarters = .51; /* notes of a run are eighths at most */
static const double wait_ratio = 2;     /* times the run's mean: the player waits, and a run ends */
static const double slower = .8, faster = 1.2;
static const double uneven_run = .15;     /* of the times of a run, that is worth its place */
static const double sounds_together = .3; /* seconds: more is no chord any more */

static void put_tempo(GString *page, const struct report *report)
{
    const struct session_piece *piece = report->piece;
    if (!(report->session->tempo > 0))
        return;
    char *tempo = word_tempo(report->session->tempo, piece->pulse);
    char *own = word_tempo(piece->tempo, piece->pulse);
    if (piece->tempo > 0)
        page_item(page, _("Tempo %s; the piece's own is %s (%.0f %% of it)."), tempo, own,
                  100 * report->session->tempo / piece->tempo);
    else
        page_item(page, _("Tempo %s."), tempo);
    g_free(tempo);
    g_free(own);
}

/* Bars of this session that are slower or faster than it is, by their numbers. */
static void put_changes(GString *page, const struct report *report)
{
    const struct session_piece *piece = report->piece;
    double *quarters = g_new0(double, piece->printed_bars + 1);
    double *seconds = g_new0(double, piece->printed_bars + 1);
    for (guint i = 0; i < report->tally.go->len; i++) {
        const struct tally_go *go = &g_array_index(report->tally.go, struct tally_go, i);
        if (!go->own)
            continue;
        quarters[go->bar] += go->quarters;
        seconds[go->bar] += go->seconds;
    }
    GString *list[2] = {g_string_new(NULL), g_string_new(NULL)};
    unsigned count[2] = {0};
    for (size_t b = 0; b < piece->printed_bars; b++) {
        double ratio = seconds[b] > 0 && report->session->tempo > 0
                           ? 60 * quarters[b] / seconds[b] / report->session->tempo
                           : 1;
        if (ratio > slower && ratio < faster)
            continue;
        int which = ratio >= faster;
        g_string_append_printf(list[which], "%s%u", count[which]++ ? ", " : "",
                               piece->bars[piece->printed_bar[b]].number);
    }
    if (count[0])
        page_item(page,
                  ngettext("Slower by a fifth or more: bar %s.",
                           "Slower by a fifth or more: bars %s.", count[0]),
                  list[0]->str);
    if (count[1])
        page_item(page,
                  ngettext("Faster by a fifth or more: bar %s.",
                           "Faster by a fifth or more: bars %s.", count[1]),
                  list[1]->str);
    g_string_free(list[0], TRUE);
    g_string_free(list[1], TRUE);
    g_free(quarters);
    g_free(seconds);
}

static void put_waits(GString *page, const struct report *report)
{
    const struct tally *tally = &report->tally;
    bool *told = g_new0(bool, report->piece->score->notes + 1);
    for (int place = 0; place < MOST_PLACES; place++) {
        uint32_t best = 0;
        for (uint32_t n = 1; n < report->piece->score->notes; n++)
            if (!told[n] && tally->spot[n].waits > (told[best] ? 0 : tally->spot[best].waits))
                best = n;
        unsigned waits = told[best] ? 0 : tally->spot[best].waits;
        if (waits == 0)
            break;
        told[best] = true;
        char *where = advice_place(report->piece, best);
        page_item(page,
                  ngettext("A wait before %s, %u time.", "A wait before %s, %u times.", waits),
                  where, waits);
        g_free(where);
    }
    g_free(told);
}

/* What is gathered of the session's notes. */
struct measures {
    double squares; /* of relative deviations of steps in runs */
    size_t steps;
    double worst;  /* of a run; 0: none */
    int32_t first; /* its first note, of the score */
    double spread; /* of chords, seconds */
    size_t chords;
    double loud[SESSION_HANDS];
    size_t notes[SESSION_HANDS];
};

/* Steps on end of one hand. */
struct run {
    double step[16], quarters; /* more of them are another run */
    size_t count;
    int32_t first; /* note of the score */
};

static void end_run(struct run *run, struct measures *measures)
{
    double mean = 0, squares = 0;
    for (size_t i = 0; i < run->count; i++)
        mean += run->step[i] / (double)run->count;
    for (size_t i = 0; i < run->count; i++)
        squares += (run->step[i] / mean - 1) * (run->step[i] / mean - 1);
    if (run->count + 1 >= RUN_NOTES) {
        double uneven = sqrt(squares / (double)run->count);
        measures->squares += squares;
        measures->steps += run->count;
        if (uneven > measures->worst) {
            measures->worst = uneven;
            measures->first = run->first;
        }
    }
    run->count = 0;
}

static bool is_wait(const struct run *run, double seconds)
{
    double sum = 0;
    for (size_t i = 0; i < run->count; i++)
        sum += run->step[i];
    return run->count && seconds > wait_ratio * sum / (double)run->count;
}

/* A step of the piece from note `from`. */
static void add_step(struct run *run, double quarters, double seconds, int32_t from,
                     struct measures *measures)
{
    bool fits = quarters > 1e-6 && quarters <= run_quarters && seconds > 0 &&
                !(fabs(quarters - run->quarters) < 1e-3 && is_wait(run, seconds));
    if (run->count &&
        (!fits || fabs(quarters - run->quarters) > 1e-3 || run->count == G_N_ELEMENTS(run->step)))
        end_run(run, measures);
    if (!fits)
        return;
    run->quarters = quarters;
    run->first = run->count ? run->first : from;
    run->step[run->count++] = seconds;
}

/* Notes of a hand in the order of playing; those of one onset are a chord. */
static void measure_hand(const struct report *report, uint8_t hand, struct measures *measures)
{
    const struct session *session = report->session;
    const struct correct_note *notes = session->music->take->note;
    const struct session_piece *piece = report->piece;
    struct run run = {.count = 0};
    size_t first = session->notes, last = session->notes;
    for (size_t i = 0; i < session->notes; i++) {
        const struct align_answer *answer = &session->alignment.answer[i];
        if (answer->note == ALIGN_NONE || piece->hand[answer->note] != hand)
            continue;
        measures->loud[hand] += notes[i].velocity;
        measures->notes[hand]++;
        const struct align_answer *before =
            first < session->notes ? &session->alignment.answer[first] : NULL;
        double quarters = before ? piece->onset[answer->note] - piece->onset[before->note] : -1;
        double seconds = before ? notes[i].seconds - notes[first].seconds : 0;
        if (before && before->pass == answer->pass && fabs(quarters) < 1e-6 &&
            seconds < sounds_together) {
            last = i;
            continue;
        }
        if (before && last != first) {
            measures->spread += notes[last].seconds - notes[first].seconds;
            measures->chords++;
        }
        if (before)
            add_step(&run, before->pass == answer->pass ? quarters : -1, seconds, before->note,
                     measures);
        first = last = i;
    }
    end_run(&run, measures);
}

static void put_runs(GString *page, const struct report *report, const struct measures *all)
{
    if (!all->steps)
        return;
    page_item(page, _("Runs of equal notes: their lengths differ by %.0f %%."),
              100 * sqrt(all->squares / (double)all->steps));
    if (all->worst < uneven_run)
        return;
    char *place = advice_place(report->piece, (uint32_t)all->first);
    page_item(page, _("The most uneven run begins at %s: %.0f %%."), place, 100 * all->worst);
    g_free(place);
}

static void put_trills(GString *page, const struct session *session)
{
    double seconds = 0, uneven = 0;
    size_t times = 0;
    unsigned count = 0;
    for (size_t i = 0; i < session->alignment.trills; i++) {
        const struct trill *trill = &session->alignment.trill[i];
        if (session->alignment.answer[trill->first].pass == ALIGN_NONE)
            continue;
        seconds += trill->seconds;
        times += trill->strikes - 1;
        uneven += trill->uneven * (double)(trill->strikes - 1);
        count++;
    }
    if (count)
        page_item(page,
                  ngettext("%u trill: a note every %.0f ms; the times differ by %.0f %%.",
                           "%u trills: a note every %.0f ms; the times differ by %.0f %%.", count),
                  count, 1000 * seconds / (double)times, uneven / (double)times);
}

static void put_measures(GString *page, const struct report *report)
{
    struct measures all = {0};
    for (uint8_t hand = 0; hand < report->piece->hands; hand++)
        measure_hand(report, hand, &all);
    put_runs(page, report, &all);
    put_trills(page, report->session);
    if (all.chords)
        page_item(page, _("Notes of a chord come within %.0f ms."),
                  1000 * all.spread / (double)all.chords);
    if (all.notes[0] && all.notes[1])
        page_item(page, _("Loudness (MIDI velocity): right hand %.0f, left hand %.0f."),
                  all.loud[0] / (double)all.notes[0], all.loud[1] / (double)all.notes[1]);
}

void page_time(GString *page, const struct report *report)
{
    GString *list = g_string_new(NULL);
    put_tempo(list, report);
    put_changes(list, report);
    put_waits(list, report);
    put_measures(list, report);
    page_pedal(list, report);
    if (list->len)
        g_string_append_printf(page, "<h2>%s</h2>\n<ul>\n%s</ul>\n", _("Time"), list->str);
    g_string_free(list, TRUE);
}
