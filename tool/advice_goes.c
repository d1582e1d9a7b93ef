/* Rules of how goes through a passage compare: tempo, hands. */
#include "tool/advice_private.h"

#include "follow/follow.h"

#include <stdlib.h>

static const double slow = .8, hurries = 1.2; /* shares of the session's tempo */
static const double alone_right = .05, together_wrong = .1;
static const double faster = 1.15;

enum { FEWEST_COMPARED = 4 };

/* A go through the passage. */
struct pass {
    size_t number;
    int hands;
    unsigned due, faults;
    double quarters, seconds, session;
};

static double tempo_of(const struct pass *pass)
{
    return pass->seconds > 0 ? 60 * pass->quarters / pass->seconds : 0;
}

static double share_of(unsigned faults, unsigned due)
{
    return due ? (double)faults / due : 0;
}

static GArray *gather(const struct adviser *adviser)
{
    GArray *passes = g_array_new(FALSE, TRUE, sizeof(struct pass));
    const struct passage *passage = adviser->passage;
    for (guint i = 0; i < adviser->tally->go->len; i++) {
        const struct tally_go *go = &g_array_index(adviser->tally->go, struct tally_go, i);
        if (go->bar < passage->first || go->bar >= passage->first + passage->count)
            continue;
        struct pass *last =
            passes->len ? &g_array_index(passes, struct pass, passes->len - 1) : NULL;
        if (!last || last->number != go->number) {
            struct pass fresh = {.number = go->number, .hands = go->hands, .session = go->tempo};
            g_array_append_val(passes, fresh);
            last = &g_array_index(passes, struct pass, passes->len - 1);
        }
        last->due += go->due;
        last->faults += go->faults;
        last->quarters += go->quarters;
        last->seconds += go->seconds;
    }
    return passes;
}

static void compare_with_session(struct adviser *adviser, const GArray *passes)
{
    unsigned timed = 0, slower = 0, quicker = 0;
    double slow_sum = 0, quick_sum = 0;
    for (guint i = 0; i < passes->len; i++) {
        const struct pass *pass = &g_array_index(passes, struct pass, i);
        double tempo = tempo_of(pass);
        if (!(tempo > 0 && pass->session > 0))
            continue;
        double ratio = tempo / pass->session;
        timed++;
        slower += ratio <= slow;
        slow_sum += ratio <= slow ? ratio : 0;
        quicker += ratio >= hurries;
        quick_sum += ratio >= hurries ? ratio : 0;
    }
    if (slower >= 2 && 2 * slower >= timed)
        advice_add(adviser, ADVICE_SLOW, .5 * slower,
                   g_strdup_printf(_("the tempo falls to %.0f %% of the rest, %u of %u times"),
                                   100 * slow_sum / slower, slower, timed),
                   _("Play the bars around it at the tempo that this passage allows."));
    if (quicker >= 2 && 2 * quicker >= timed)
        advice_add(
            adviser, ADVICE_HURRY, .5 * quicker,
            g_strdup_printf(_("it hurries: %.0f %% of the tempo of the rest, %u of %u times"),
                            100 * quick_sum / quicker, quicker, timed),
            _("Count aloud, or use a metronome here."));
}

static void compare_hands(struct adviser *adviser, const GArray *passes)
{
    unsigned count[HANDS] = {0}, due[HANDS] = {0}, faults[HANDS] = {0};
    double quarters[HANDS] = {0}, seconds[HANDS] = {0};
    for (guint i = 0; i < passes->len; i++) {
        const struct pass *pass = &g_array_index(passes, struct pass, i);
        count[pass->hands]++;
        due[pass->hands] += pass->due;
        faults[pass->hands] += pass->faults;
        quarters[pass->hands] += pass->quarters;
        seconds[pass->hands] += pass->seconds;
    }
    bool alone = count[HANDS_RIGHT] && count[HANDS_LEFT];
    if (!alone) {
        if (!count[HANDS_RIGHT] && !count[HANDS_LEFT] && count[HANDS_BOTH] >= 2 &&
            adviser->piece->hands == 2 && advice_hand_errs(adviser, SCORE_RIGHT) &&
            advice_hand_errs(adviser, SCORE_LEFT))
            advice_add(adviser, ADVICE_HANDS, .4 * count[HANDS_BOTH],
                       g_strdup(_("both hands go wrong, and neither was played alone")),
                       _("Play each hand alone until it is right, then both slowly."));
        return;
    }
    double right = share_of(faults[HANDS_RIGHT], due[HANDS_RIGHT]);
    double left = share_of(faults[HANDS_LEFT], due[HANDS_LEFT]);
    double both = share_of(faults[HANDS_BOTH], due[HANDS_BOTH]);
    if (!count[HANDS_BOTH] || right > alone_right || left > alone_right)
        return;
    double tempo[HANDS];
    for (int h = 0; h < HANDS; h++)
        tempo[h] = seconds[h] > 0 ? 60 * quarters[h] / seconds[h] : 0;
    double slowest = MIN(tempo[HANDS_RIGHT], tempo[HANDS_LEFT]);
    bool slows = slowest > 0 && tempo[HANDS_BOTH] > 0 && tempo[HANDS_BOTH] <= slow * slowest;
    const char *todo =
        _("Put the hands together at half the tempo, then a little faster each time.");
    if (slows)
        advice_add(
            adviser, ADVICE_TOGETHER, 2,
            g_strdup_printf(_("each hand alone is right; together they slow down to %.0f %%"),
                            100 * tempo[HANDS_BOTH] / slowest),
            todo);
    else if (both >= together_wrong)
        advice_add(
            adviser, ADVICE_TOGETHER, 2,
            g_strdup_printf(_("each hand alone is right; together %.0f %% of the notes go wrong"),
                            100 * both),
            todo);
}

static int compare_tempos(const void *a, const void *b)
{
    const struct pass *x = a, *y = b;
    double left = tempo_of(x), right = tempo_of(y);
    if (left < right || left > right)
        return left < right ? -1 : 1;
    return x->number < y->number ? -1 : x->number > y->number;
}

static void compare_tempos_and_faults(struct adviser *adviser, GArray *passes)
{
    unsigned due[2] = {0}, faults[2] = {0};
    double sum[2] = {0};
    for (guint i = passes->len; i-- > 0;) {
        const struct pass *pass = &g_array_index(passes, struct pass, i);
        if (!(tempo_of(pass) > 0) || pass->hands != HANDS_BOTH)
            g_array_remove_index(passes, i);
    }
    if (passes->len < FEWEST_COMPARED)
        return;
    g_array_sort(passes, compare_tempos);
    guint half = passes->len / 2;
    for (guint i = 0; i < 2 * half; i++) {
        guint at = i < half ? i : passes->len - 2 * half + i;
        const struct pass *pass = &g_array_index(passes, struct pass, at);
        due[i >= half] += pass->due;
        faults[i >= half] += pass->faults;
        sum[i >= half] += tempo_of(pass) / half;
    }
    double calm = share_of(faults[0], due[0]), quick = share_of(faults[1], due[1]);
    if (sum[1] < faster * sum[0] || quick < together_wrong || quick < 2 * calm)
        return;
    char *at = word_tempo(sum[1], adviser->piece->pulse);
    char *other = word_tempo(sum[0], adviser->piece->pulse);
    advice_add(adviser, ADVICE_TOO_FAST, 1.5,
               g_strdup_printf(_("at %s, %.0f %% of the notes go wrong; at %s, %.0f %%"), at,
                               100 * quick, other, 100 * calm),
               _("Play it three times right at the slower tempo before you go faster."));
    g_free(at);
    g_free(other);
}

void advise_goes(struct adviser *adviser)
{
    GArray *passes = gather(adviser);
    compare_with_session(adviser, passes);
    compare_hands(adviser, passes);
    compare_tempos_and_faults(adviser, passes);
    g_array_free(passes, TRUE);
}
