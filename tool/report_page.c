/* HTML by hand: a heading for each question a learner has, figures with their
 * contents in words, tables with headers, and a layout that narrows to a phone.
 * Colours have a contrast of 7 to 1 at least, and nothing is told by colour alone. */
#include "tool/report.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    PICTURE_WIDTH = 280, /* of the drawing; the page scales it, on a phone a little */
    LEGEND_WIDTH = 300,
    MOST_EVENTS = 8, /* listed in words for a place */
};

static const char style[] =
    "body{font:1rem/1.5 system-ui,sans-serif;color:#222;background:#fff;margin:0 auto;"
    "padding:1rem;max-width:64rem}"
    "h1{font-size:1.6rem;line-height:1.2;margin:.5rem 0;overflow-wrap:anywhere}"
    "h2{font-size:1.25rem;margin:2rem 0 .5rem;border-bottom:2px solid #0072b2}"
    "h3{font-size:1rem;margin:0 0 .3rem}"
    "p{max-width:44rem}"
    ".note{color:#4a4a4a}"
    "dl{display:grid;grid-template-columns:repeat(auto-fit,minmax(9rem,1fr));gap:.6rem;margin:1rem "
    "0}"
    "dl div{border:1px solid #bbb;border-radius:.4rem;padding:.4rem .7rem}"
    "dl div:first-child{grid-column:span 2}"
    "dt{color:#4a4a4a;font-size:.85rem}"
    "dd{margin:0;font-size:1.25rem;font-weight:600;overflow-wrap:anywhere}"
    ".places{list-style:none;margin:0;padding:0;display:grid;gap:1.2rem;"
    "grid-template-columns:repeat(auto-fit,minmax(min(100%,24rem),1fr))}"
    ".places>li{border:1px solid #bbb;border-radius:.4rem;padding:.7rem;break-inside:avoid}"
    ".places ul{margin:.4rem 0 0;padding-left:1.2rem}"
    "svg{display:block;width:100%;height:auto}"
    ".legend{max-width:24rem;margin-bottom:.7rem}"
    "table{border-collapse:collapse;width:100%;max-width:44rem;font-variant-numeric:tabular-nums}"
    "caption{text-align:left;color:#4a4a4a;padding-bottom:.3rem}"
    "th,td{border-bottom:1px solid #ccc;padding:.25rem .4rem;text-align:right;vertical-align:top}"
    "th:first-child,td:first-child{text-align:left;overflow-wrap:anywhere;min-width:4.2rem}"
    "thead th{border-bottom:2px solid #666;vertical-align:bottom}"
    "tbody th{font-weight:normal}"
    "span{white-space:nowrap}"
    "tr.worst{background:#fdf0e6}tr.worst th,tr.worst td{font-weight:600}"
    "@media(max-width:30rem){body{padding:.6rem}th,td{padding:.25rem .15rem;font-size:.85rem}"
    "th:first-child,td:first-child{min-width:3rem}}"
    "@media print{body{max-width:none;padding:0}}";

double report_share(const struct session_count *count)
{
    size_t due = session_due(count);
    return due ? 100.0 * (double)count->right / (double)due : 0;
}

static void put_text(GString *page, const char *text)
{
    char *valid = g_utf8_make_valid(text, -1);
    for (char *at = valid; *at; at++)
        if ((unsigned char)*at < 0x20)
            *at = ' ';
    char *escaped = g_markup_escape_text(valid, -1);
    g_string_append(page, escaped);
    g_free(escaped);
    g_free(valid);
}

/* Names come from files, where a line stands for a space. */
static void put_name(GString *page, const char *name)
{
    char *spaced = g_strdelimit(g_strdup(name), "_", ' ');
    put_text(page, spaced);
    g_free(spaced);
}

static void put_fact(GString *page, const char *name, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static void put_fact(GString *page, const char *name, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    char *text = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    g_string_append_printf(page, "<div><dt>%s</dt><dd>", name);
    put_text(page, text);
    g_string_append(page, "</dd></div>\n");
    g_free(text);
}

static const char *judge_steadiness(double unsteady)
{
    return unsteady < 3    ? "very steady"
           : unsteady < 7  ? "steady"
           : unsteady < 15 ? "uneven"
                           : "very uneven";
}

static const char *plural(size_t count)
{
    return count == 1 ? "" : "s";
}

static void put_summary(GString *page, const struct report *report)
{
    const struct session *session = report->session;
    int seconds = (int)(session->seconds + 0.5);
    g_string_append(page, "<h2>At a glance</h2>\n<dl>\n");
    g_string_append(page, "<div><dt>Piece</dt><dd>");
    put_name(page, report->piece ? report->piece->name : "not recognised");
    g_string_append(page, "</dd></div>\n");
    put_fact(page, "Length", "%d min %02d s", seconds / 60, seconds % 60);
    put_fact(page, "Notes played", "%zu", session->notes);
    if (report->piece) {
        put_fact(page, "Right", "%.0f %%", report_share(&session->total));
        put_fact(page, "Wrong", "%zu", session->total.wrong);
        put_fact(page, "Left out", "%zu", session->total.left_out);
        put_fact(page, "Added", "%zu", session->total.added);
    }
    if (session->tempo > 0) {
        put_fact(page, "Tempo", "%.0f a minute", session->tempo);
        put_fact(page, "Steadiness", "%s (± %.0f %%)", judge_steadiness(session->unsteady),
                 session->unsteady);
    }
    g_string_append(page, "</dl>\n");
}

/* The sentences below the figures. */
static void put_story(GString *page, const struct report *report)
{
    const struct session *session = report->session;
    if (!report->piece) {
        g_string_append(page, "<p>The music was not recognised, so nothing can be said of wrong "
                              "notes. Name the piece as a .mid or a model with <code>-m</code>."
                              "</p>\n");
        return;
    }
    size_t due = session_due(&session->total);
    g_string_append_printf(page,
                           "<p>%zu note%s of the piece came up in %zu go%s; %zu of them %s "
                           "right.",
                           due, plural(due), session->alignment.passes,
                           session->alignment.passes == 1 ? "" : "es", session->total.right,
                           session->total.right == 1 ? "was" : "were");
    if (session->stops)
        g_string_append_printf(page, " The playing stopped %zu time%s where the music goes on.",
                               session->stops, plural(session->stops));
    if (session->elsewhere)
        g_string_append_printf(page,
                               " %zu note%s played belong to something else and are not "
                               "counted.",
                               session->elsewhere, plural(session->elsewhere));
    g_string_append(page, "</p>\n");
}

/* --- Places to practise --- */

static void put_pitch(GString *text, unsigned pitch, bool flats)
{
    static const char *const sharp[] = {"C",  "C♯", "D",  "D♯", "E",  "F",
                                        "F♯", "G",  "G♯", "A",  "A♯", "B"};
    static const char *const flat[] = {"C",  "D♭", "D",  "E♭", "E",  "F",
                                       "G♭", "G",  "A♭", "A",  "B♭", "B"};
    g_string_append_printf(text, "%s%d", (flats ? flat : sharp)[pitch % 12], (int)pitch / 12 - 1);
}

static void put_event(GString *page, const struct session_piece *piece, const struct roll_note *note)
{
    const struct bar *bar = &piece->bars[bars_find(piece->bars, piece->bar_count, note->onset)];
    double beat = 1 + (note->onset - bar->start) / bar->pulse;
    double whole = floor(beat + 0.01);
    g_string_append(page, "<li>");
    if (note->kind == ROLL_LEFT_OUT) {
        put_pitch(page, note->sent, piece->flats);
        g_string_append(page, " left out");
    } else {
        put_pitch(page, note->played, piece->flats);
        g_string_append(page, note->kind == ROLL_ADDED ? " added" : " instead of ");
        if (note->kind == ROLL_STRUCK)
            put_pitch(page, note->sent, piece->flats);
    }
    g_string_append_printf(page, ", %s beat %.0f", beat - whole > 0.02 ? "after" : "on", whole);
    if (piece->hands == 2)
        g_string_append(page, note->part ? ", left hand" : ", right hand");
    g_string_append(page, "</li>\n");
}

static bool is_fault(const struct roll_note *note)
{
    return note->kind != ROLL_STRUCK || note->played != note->sent;
}

static int compare_onsets(const void *a, const void *b)
{
    const struct roll_note *x = a;
    const struct roll_note *y = b;
    if (x->onset < y->onset || x->onset > y->onset)
        return x->onset < y->onset ? -1 : 1;
    if (x->sent != y->sent)
        return (int)x->sent - y->sent;
    return (int)x->played - y->played;
}

static void put_events(GString *page, const struct session_piece *piece, const struct roll_note *notes,
                       size_t count)
{
    size_t faults = 0;
    g_string_append(page, "<ul>\n");
    for (size_t i = 0; i < count; i++) {
        if (!is_fault(&notes[i]))
            continue;
        if (faults++ < MOST_EVENTS)
            put_event(page, piece, &notes[i]);
    }
    if (faults > MOST_EVENTS)
        g_string_append_printf(page, "<li>and %zu more</li>\n", faults - MOST_EVENTS);
    g_string_append(page, "</ul>\n");
}

static void put_counts(GString *text, const struct session_count *count)
{
    const struct {
        size_t count;
        const char *what;
    } kinds[] = {{count->wrong, "wrong"}, {count->left_out, "left out"}, {count->added, "added"}};
    const char *comma = "";
    for (size_t i = 0; i < G_N_ELEMENTS(kinds); i++) {
        if (!kinds[i].count)
            continue;
        g_string_append_printf(text, "%s%zu %s", comma, kinds[i].count, kinds[i].what);
        comma = ", ";
    }
}

static int put_place(GString *page, const struct report *report, size_t place, struct error *error)
{
    const struct session_piece *piece = report->piece;
    size_t index = report->place[place];
    const struct session_bar *bar = &report->session->bar[index];
    const struct bar *where = &piece->bars[index];
    size_t count = 0;
    struct roll_note *notes = session_roll(report->session, piece, bar->worst, where->start,
                                           where->start + where->length, &count);
    qsort(notes, count, sizeof *notes, compare_onsets);
    char *id = g_strdup_printf("place-%zu", place + 1);
    char *title = g_strdup_printf("Piano roll of bar %u", where->number);
    const struct roll roll = {
        .title = title, .notes = notes, .count = count, .bars = where, .bar_count = 1};
    char *svg = roll_inline(&roll, PICTURE_WIDTH, id,
                            "What was played and what is written; in words below.", error);
    if (svg) {
        g_string_append_printf(page, "<li>\n<h3>Bar %u: ", where->number);
        put_counts(page, &bar->count);
        if (bar->passes > 1)
            g_string_append_printf(page, " in %u goes; the worst of them:", bar->passes);
        g_string_append_printf(page, "</h3>\n%s\n", svg);
        put_events(page, piece, notes, count);
        g_string_append(page, "</li>\n");
    }
    int status = svg ? 0 : -1;
    free(svg);
    g_free(id);
    g_free(title);
    g_free(notes);
    return status;
}

static int put_places(GString *page, const struct report *report, struct error *error)
{
    static const char *const numbers[] = {
        "", "The place", "Two places", "Three places", "Four places", "Five places"};
    if (report->places == 0) {
        g_string_append(page, "<h2>Places to practise</h2>\n<p>None: every note was right.</p>\n");
        return 0;
    }
    const struct roll hands = {
        .title = "",
        .part_name = {report->piece->hands == 2 ? "right hand" : "right note",
                      report->piece->hands == 2 ? "left hand" : NULL}};
    char *legend = roll_inline_legend(&hands, LEGEND_WIDTH, "legend", error);
    if (!legend)
        return -1;
    g_string_append_printf(page,
                           "<h2>%s to practise</h2>\n<div class=\"legend\">%s</div>\n"
                           "<ol class=\"places\">\n",
                           numbers[report->places], legend);
    free(legend);
    for (size_t i = 0; i < report->places; i++)
        if (put_place(page, report, i, error) != 0)
            return -1;
    g_string_append(page, "</ol>\n");
    return 0;
}

/* --- Tables --- */

static void put_row_counts(GString *page, const struct session_count *count)
{
    const size_t faults[] = {count->wrong, count->left_out, count->added};
    g_string_append_printf(page, "<td>%zu</td>", session_due(count));
    for (size_t i = 0; i < G_N_ELEMENTS(faults); i++)
        g_string_append_printf(page, faults[i] ? "<td><b>%zu</b></td>" : "<td>%zu</td>", faults[i]);
}

static void put_hands(GString *page, const struct report *report)
{
    static const char *const names[] = {"Right hand", "Left hand"};
    if (report->piece->hands < 2)
        return;
    g_string_append(page, "<h2>Left hand and right hand</h2>\n<table>\n<thead><tr>"
                          "<th scope=\"col\">Hand</th><th scope=\"col\">Notes</th>"
                          "<th scope=\"col\">Wrong</th><th scope=\"col\">Left out</th>"
                          "<th scope=\"col\">Added</th><th scope=\"col\">Right</th></tr></thead>\n"
                          "<tbody>\n");
    for (int hand = SESSION_HANDS - 1; hand >= 0; hand--) {
        const struct session_count *count = &report->session->hand[hand];
        g_string_append_printf(page, "<tr><th scope=\"row\">%s</th>", names[hand]);
        put_row_counts(page, count);
        g_string_append_printf(page, "<td>%.0f %%</td></tr>\n", report_share(count));
    }
    g_string_append(page, "</tbody></table>\n");
}

static bool is_place(const struct report *report, size_t bar)
{
    for (size_t i = 0; i < report->places; i++)
        if (report->place[i] == bar)
            return true;
    return false;
}

static void put_bars(GString *page, const struct report *report)
{
    const struct session_piece *piece = report->piece;
    size_t silent = 0;
    g_string_append(page, "<h2>Bar by bar</h2>\n<table>\n<caption>The places to practise are "
                          "marked with a star. Tempo in beats a minute.</caption>\n<thead><tr>"
                          "<th scope=\"col\">Bar</th><th scope=\"col\">Notes</th>"
                          "<th scope=\"col\">Wrong</th><th scope=\"col\">Left out</th>"
                          "<th scope=\"col\">Added</th><th scope=\"col\">Tempo</th></tr></thead>\n"
                          "<tbody>\n");
    for (size_t b = 0; b < piece->bar_count; b++) {
        const struct session_bar *bar = &report->session->bar[b];
        if (bar->passes == 0) {
            silent++;
            continue;
        }
        bool worst = is_place(report, b);
        g_string_append_printf(page, "<tr%s><th scope=\"row\">%u%s</th>",
                               worst ? " class=\"worst\"" : "", piece->bars[b].number,
                               worst ? " ★" : "");
        put_row_counts(page, &bar->count);
        if (bar->tempo > 0)
            g_string_append_printf(page, "<td>%.0f</td></tr>\n", bar->tempo);
        else
            g_string_append(page, "<td>–</td></tr>\n");
    }
    g_string_append(page, "</tbody></table>\n");
    if (silent)
        g_string_append_printf(page,
                               "<p class=\"note\">%zu of the piece's %zu bars hold nothing "
                               "or were not played.</p>\n",
                               silent, piece->bar_count);
    if (!piece->knows_bars)
        g_string_append(page, "<p class=\"note\">Nothing says where this piece's bars begin; they "
                              "are counted in fours from its start. A .mid with time signatures, "
                              "named with <code>-m</code>, gives its own bars.</p>\n");
}

/* Recordings of the service are called by when they began: 2025-06-30_18-05-59. */
static bool is_dated(const char *name)
{
    static const char form[] = "0000-00-00_00-00-00";
    size_t i = 0;
    for (; form[i] && name[i]; i++)
        if (form[i] == '0' ? !g_ascii_isdigit(name[i]) : form[i] != name[i])
            return false;
    return !form[i] && (!name[i] || name[i] == '-');
}

/* Its name, and when it was; dates are broken nowhere but before the time. */
static void put_session_name(GString *page, const char *name, int64_t time)
{
    if (is_dated(name)) {
        g_string_append_printf(page, "<span>%.10s</span> <span>%.2s:%.2s</span>", name, name + 11,
                               name + 14);
        return;
    }
    put_text(page, name);
    GDateTime *date = time ? g_date_time_new_from_unix_local(time) : NULL;
    if (date) {
        char *when = g_date_time_format(date, ", <span>%Y-%m-%d</span> <span>%H:%M</span>");
        g_string_append(page, when);
        g_free(when);
        g_date_time_unref(date);
    }
}

static void put_session_row(GString *page, const char *name, int64_t time,
                            const struct session_count *total, double tempo, double unsteady)
{
    g_string_append(page, "<tr><th scope=\"row\">");
    put_session_name(page, name, time);
    g_string_append_printf(page, "</th><td>%zu</td><td>%.0f %%</td>", session_due(total),
                           report_share(total));
    if (tempo > 0)
        g_string_append_printf(page, "<td><span>%.0f ± %.0f %%</span></td></tr>\n", tempo,
                               unsteady);
    else
        g_string_append(page, "<td>–</td></tr>\n");
}

static void put_progress(GString *page, const struct report *report)
{
    const struct session *session = report->session;
    g_string_append(page, "<h2>Progress</h2>\n");
    if (report->earlier_count == 0) {
        g_string_append(page, "<p>No earlier session of this piece lies in the recording's "
                              "folder.</p>\n");
        return;
    }
    const struct report_earlier *last = &report->earlier[report->earlier_count - 1];
    double change = report_share(&session->total) - report_share(&last->total);
    g_string_append_printf(page,
                           "<p>%.0f %% of the notes were right, after %.0f %% the time "
                           "before: %s.</p>\n",
                           report_share(&session->total), report_share(&last->total),
                           change > 1    ? "better"
                           : change < -1 ? "not as good"
                                         : "about the same");
    g_string_append(page, "<table>\n<thead><tr><th scope=\"col\">Session</th>"
                          "<th scope=\"col\">Notes</th>"
                          "<th scope=\"col\">Right</th><th scope=\"col\">Tempo</th></tr></thead>\n"
                          "<tbody>\n");
    for (size_t i = 0; i < report->earlier_count; i++)
        put_session_row(page, report->earlier[i].name, report->earlier[i].time,
                        &report->earlier[i].total, report->earlier[i].tempo,
                        report->earlier[i].unsteady);
    put_session_row(page, session->name, report->time, &session->total, session->tempo,
                    session->unsteady);
    g_string_append(page, "</tbody></table>\n");
}

char *report_page(const struct report *report, struct error *error)
{
    GString *page = g_string_new("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n"
                                 "<meta charset=\"utf-8\">\n<meta name=\"viewport\" "
                                 "content=\"width=device-width, initial-scale=1\">\n<title>");
    const char *name = report->piece ? report->piece->name : report->session->name;
    put_text(page, name);
    g_string_append_printf(page,
                           ": practice report</title>\n<style>%s</style>\n</head>\n<body>\n"
                           "<main>\n<h1>Practice report: ",
                           style);
    put_name(page, name);
    g_string_append(page, "</h1>\n<p class=\"note\">Recording ");
    put_session_name(page, report->session->name, report->time);
    g_string_append(page, "</p>\n");
    put_summary(page, report);
    put_story(page, report);
    int status = 0;
    if (report->piece) {
        status = put_places(page, report, error);
        put_hands(page, report);
        put_progress(page, report);
        put_bars(page, report);
        g_string_append(
            page,
            "<h2>How it was counted</h2>\n<p class=\"note\">Wrong: another key was struck where "
            "the piece has a note. Left out: the piece has a note there and nothing was struck "
            "for it. Added: a key that belongs to no note of the piece. A bar played twice counts "
            "twice. Where several bars have the same notes, the one counts that needs the fewest "
            "and smallest jumps. Tempo is that of quarter notes; steadiness is how far the bars' "
            "tempos lie "
            "from their median, bars with a stop left out.</p>\n");
    }
    g_string_append(page, "</main>\n</body>\n</html>\n");
    return g_string_free(page, status != 0);
}
