/* Progress: a curve over the sessions, and the bars of the printed page by how well they go. */
#include "tool/report_private.h"

#include <math.h>
#include <stdlib.h>

enum {
    CURVE_WIDTH = 360,
    CURVE_HEIGHT = 120,
    LEFT = 44,
    RIGHT = 18,
    TOP = 18,
    BOTTOM = 14,
    TENTH = 10,
};

/* Shares of right notes, per cent: where the bars' colours change. */
static const double sure = 97, near = 90, shaky = 75;

/* --- The curve --- */

static double share_of(const struct report *report, size_t session)
{
    return report_share(session < report->earlier_count ? &report->earlier[session].total
                                                        : &report->session->total);
}

struct scale {
    double low; /* per cent, at the bottom */
    size_t sessions;
};

static double curve_x(const struct scale *scale, size_t session)
{
    return LEFT +
           (double)(CURVE_WIDTH - LEFT - RIGHT) * (double)session / (double)(scale->sessions - 1);
}

static double curve_y(const struct scale *scale, double share)
{
    return TOP + (CURVE_HEIGHT - TOP - BOTTOM) * (100 - share) / (100 - scale->low);
}

static void put_grid(GString *page, const struct scale *scale)
{
    int step = scale->low < 60 ? 2 * TENTH : TENTH;
    for (int share = 100; share >= (int)scale->low; share -= step) {
        double y = curve_y(scale, share);
        g_string_append_printf(page,
                               "<path d=\"M%d %.1fH%d\" stroke=\"var(--line)\" fill=\"none\"/>"
                               "<text x=\"%d\" y=\"%.1f\" text-anchor=\"end\" "
                               "fill=\"currentColor\">%d %%</text>\n",
                               LEFT, y, CURVE_WIDTH - RIGHT, LEFT - 6, y + 4, share);
    }
}

static void put_curve(GString *page, const struct report *report)
{
    struct scale scale = {.low = 100 - TENTH, .sessions = report->earlier_count + 1};
    for (size_t i = 0; i < scale.sessions; i++)
        scale.low = fmin(scale.low, floor(share_of(report, i) / TENTH) * TENTH);
    g_string_append_printf(page,
                           "<svg class=\"curve\" viewBox=\"0 0 %d %d\" role=\"img\" "
                           "aria-labelledby=\"curve-title\"><title id=\"curve-title\">%s</title>\n",
                           CURVE_WIDTH, CURVE_HEIGHT,
                           _("Right notes, session by session; as numbers in the table below"));
    put_grid(page, &scale);
    g_string_append(page, "<polyline fill=\"none\" stroke=\"var(--accent)\" stroke-width=\"2.5\" "
                          "points=\"");
    for (size_t i = 0; i < scale.sessions; i++)
        g_string_append_printf(page, "%s%.1f,%.1f", i ? " " : "", curve_x(&scale, i),
                               curve_y(&scale, share_of(report, i)));
    g_string_append(page, "\"/>\n");
    for (size_t i = 0; i < scale.sessions; i++)
        g_string_append_printf(page,
                               "<circle cx=\"%.1f\" cy=\"%.1f\" r=\"4\" fill=\"var(--accent)\"/>",
                               curve_x(&scale, i), curve_y(&scale, share_of(report, i)));
    g_string_append(page, "\n</svg>\n");
}

static void put_row(GString *page, const struct session_piece *piece, const char *name,
                    int64_t time, const struct session_count *total, double tempo, double unsteady)
{
    g_string_append(page, "<tr><th scope=\"row\">");
    page_session(page, name, time);
    g_string_append_printf(page, "</th><td>%zu</td><td>%.0f %%</td>", session_due(total),
                           report_share(total));
    if (tempo > 0) {
        char *beats = word_tempo(tempo, piece->pulse);
        g_string_append_printf(page, "<td><span>%s ± %.0f %%</span></td></tr>\n", beats, unsteady);
        g_free(beats);
    } else {
        g_string_append(page, "<td>–</td></tr>\n");
    }
}

void page_progress(GString *page, const struct report *report)
{
    const struct session *session = report->session;
    g_string_append_printf(page, "<h2>%s</h2>\n", _("Progress"));
    if (report->earlier_count == 0) {
        g_string_append_printf(page, "<p>%s</p>\n",
                               _("No earlier session of this piece lies in the recording's "
                                 "folder."));
        return;
    }
    double before = share_of(report, report->earlier_count - 1);
    double change = report_share(&session->total) - before;
    g_string_append(page, "<p>");
    g_string_append_printf(page,
                           _("%.0f %% of the notes were right, after %.0f %% the time before: %s."),
                           report_share(&session->total), before,
                           change > 1    ? _("better")
                           : change < -1 ? _("not as good")
                                         : _("about the same"));
    g_string_append(page, "</p>\n");
    g_string_append(page, "<div class=\"progress\">\n");
    put_curve(page, report);
    g_string_append_printf(page,
                           "<table>\n<thead><tr><th scope=\"col\">%s</th><th scope=\"col\">%s</th>"
                           "<th scope=\"col\">%s</th><th scope=\"col\">%s</th></tr></thead>\n"
                           "<tbody>\n",
                           _("Session"), _("Notes"), _("Right"), _("Tempo"));
    for (size_t i = 0; i < report->earlier_count; i++)
        put_row(page, report->piece, report->earlier[i].name, report->earlier[i].time,
                &report->earlier[i].total, report->earlier[i].tempo, report->earlier[i].unsteady);
    put_row(page, report->piece, session->name, report->time, &session->total, session->tempo,
            session->unsteady);
    g_string_append(page, "</tbody></table>\n</div>\n");
}

/* --- The bars --- */

/* This session's, all times that a printed bar was played together. */
static struct session_bar *sum_bars(const struct report *report)
{
    const struct session_piece *piece = report->piece;
    struct session_bar *sum = g_new0(struct session_bar, piece->printed_bars + 1);
    for (size_t b = 0; b < piece->bar_count; b++) {
        const struct session_bar *bar = &report->session->bar[b];
        struct session_bar *to = &sum[piece->printed[b]];
        if (bar->passes && bar->tempo > 0)
            to->tempo =
                (to->tempo * to->passes + bar->tempo * bar->passes) / (to->passes + bar->passes);
        to->passes += bar->passes;
        to->count.right += bar->count.right;
        to->count.wrong += bar->count.wrong;
        to->count.left_out += bar->count.left_out;
        to->count.added += bar->count.added;
    }
    return sum;
}

/* Right notes of all that sounded or should have, whole per cent. */
static double share_of_bar(const struct session_count *count)
{
    size_t all = session_due(count) + count->added;
    return all ? round(100.0 * (double)count->right / (double)all) : 100;
}

static void put_strip(GString *page, const struct session_piece *piece,
                      const struct session_bar *sum)
{
    g_string_append_printf(page, "<ol class=\"strip\" aria-label=\"%s\">\n",
                           _("Right notes of each bar"));
    for (size_t b = 0; b < piece->printed_bars; b++) {
        double share = share_of_bar(&sum[b].count);
        const char *kind = share >= sure    ? "sure"
                           : share >= near  ? "near"
                           : share >= shaky ? "shaky"
                                            : "weak";
        const char *sign = share >= sure ? "●" : share >= near ? "◕" : share >= shaky ? "◑" : "○";
        unsigned number = piece->bars[piece->printed_bar[b]].number;
        if (sum[b].passes)
            g_string_append_printf(page,
                                   "<li class=\"%s\"><b>%u</b><span aria-hidden=\"true\">%s "
                                   "</span>%.0f %%</li>\n",
                                   kind, number, sign, share);
        else
            g_string_append_printf(page, "<li><b>%u</b>–</li>\n", number);
    }
    g_string_append(page, "</ol>\n");
}

static bool is_passage(const struct report *report, size_t printed)
{
    for (size_t i = 0; i < report->passages; i++)
        if (printed >= report->passage[i].first &&
            printed < report->passage[i].first + report->passage[i].count)
            return true;
    return false;
}

static void put_table_row(GString *page, const struct report *report, const struct session_bar *bar,
                          size_t printed)
{
    const struct session_count *count = &bar->count;
    bool worst = is_passage(report, printed);
    g_string_append_printf(page,
                           "<tr%s><th scope=\"row\">%u%s</th><td>%zu</td><td>%zu</td><td>%zu</td>"
                           "<td>%zu</td>",
                           worst ? " class=\"worst\"" : "",
                           report->piece->bars[report->piece->printed_bar[printed]].number,
                           worst ? " ★" : "", session_due(count), count->wrong, count->left_out,
                           count->added);
    if (bar->tempo > 0) {
        char *tempo = word_tempo(bar->tempo, report->piece->pulse);
        g_string_append_printf(page, "<td><span>%s</span></td></tr>\n", tempo);
        g_free(tempo);
    } else {
        g_string_append(page, "<td>–</td></tr>\n");
    }
}

void page_bars(GString *page, const struct report *report)
{
    const struct session_piece *piece = report->piece;
    struct session_bar *sum = sum_bars(report);
    g_string_append_printf(page, "<h2>%s</h2>\n", _("Bar by bar"));
    put_strip(page, piece, sum);
    g_string_append_printf(
        page,
        "<p class=\"note\">%s</p>\n<details><summary>%s</summary>\n<table>\n"
        "<caption>%s</caption>\n<thead><tr><th scope=\"col\">%s</th>"
        "<th scope=\"col\">%s</th><th scope=\"col\">%s</th><th scope=\"col\">%s"
        "</th><th scope=\"col\">%s</th><th scope=\"col\">%s</th></tr></thead>\n"
        "<tbody>\n",
        _("&#9679; 97 % right or more, &#9685; 90 %, &#9681; 75 %, &#9675; less, "
          "&ndash; not played; keys struck besides count as wrong."),
        _("The same as a table"), _("Bars of a passage to practise are marked with a star."),
        _("Bar"), _("Notes"), _("Wrong"), _("Left out"), _("Added"), _("Tempo"));
    for (size_t b = 0; b < piece->printed_bars; b++)
        if (sum[b].passes)
            put_table_row(page, report, &sum[b], b);
    g_string_append(page, "</tbody></table>\n</details>\n");
    if (piece->folded)
        g_string_append_printf(page, "<p class=\"note\">%s</p>\n",
                               _("The piece plays some stretches twice; both times stand under "
                                 "the numbers of the first, as a repeat sign prints them."));
    if (!piece->knows_bars)
        g_string_append_printf(page, "<p class=\"note\">%s</p>\n",
                               _("Nothing says where this piece's bars begin; they are counted in "
                                 "fours from its start. A .mid with time signatures, or a score, "
                                 "named with <code>-m</code>, gives its own bars."));
    g_free(sum);
}
