/* HTML by hand: a heading for each question a learner has, figures with their
 * contents in words, tables with headers, and a layout that narrows to a phone.
 * Colours have a contrast of 7 to 1 at least, on light and on dark, and nothing is told by
 * colour alone. Paper takes less: smaller letters, no tables that the strip tells as well. */
#include "picture/engrave.h"
#include "tool/report_private.h"

#include <string.h>

static const char style[] =
    ":root{color-scheme:light dark;--text:#222;--paper:#fff;--faint:#4a4a4a;--line:#bbb;"
    "--accent:#0072b2;--weak:#f6c7ad;--shaky:#fbe3b5;--near:#e3ecc8;--sure:#bfe3d0}"
    "@media screen and (prefers-color-scheme:dark){:root{--text:#eee;--paper:#161616;"
    "--faint:#c4c4c4;--line:#555;--accent:#6cc0f5;--weak:#5c2a14;--shaky:#57400f;--near:#3a471b;"
    "--sure:#1b4737}}"
    "body{font:1rem/1.5 system-ui,sans-serif;color:var(--text);background:var(--paper);"
    "margin:0 auto;padding:1rem;max-width:64rem}"
    "h1{font-size:1.6rem;line-height:1.2;margin:.5rem 0;overflow-wrap:anywhere}"
    "h2{font-size:1.25rem;margin:2rem 0 .5rem;border-bottom:2px solid var(--accent)}"
    "h3{font-size:1rem;margin:0 0 .3rem}"
    "p{max-width:44rem}"
    "a{color:var(--accent)}"
    ".note{color:var(--faint)}"
    "dl{display:grid;grid-template-columns:repeat(auto-fit,minmax(9rem,1fr));gap:.6rem;margin:1rem "
    "0}"
    "dl div{border:1px solid var(--line);border-radius:.4rem;padding:.4rem .7rem}"
    "dt{color:var(--faint);font-size:.85rem}"
    "dd{margin:0;font-size:1.1rem;font-weight:600;overflow-wrap:anywhere}"
    ".places{list-style:none;margin:0;padding:0;display:grid;gap:1.2rem;"
    "grid-template-columns:repeat(auto-fill,minmax(min(100%,26rem),1fr))}"
    ".places>li{border:1px solid var(--line);border-radius:.4rem;padding:.7rem;break-inside:avoid}"
    ".places ul{margin:.4rem 0 0;padding-left:1.2rem}"
    ".todo{display:block;color:var(--faint)}"
    "svg{display:block;max-width:100%;height:auto}"
    ".roll,.legend{background:#fff}.roll svg,.legend svg{width:100%}"
    ".legend{max-width:24rem;margin-bottom:.7rem}"
    ".staff svg{width:auto;max-width:min(100%,36rem)}" ENGRAVE_STYLE
    ".key b{color:#8f3500}@media screen and (prefers-color-scheme:dark){.key b{color:#ff9d66}}"
    "table{border-collapse:collapse;width:100%;max-width:44rem;font-variant-numeric:tabular-nums}"
    "caption{text-align:left;color:var(--faint);padding-bottom:.3rem}"
    "th,td{border-bottom:1px solid var(--line);padding:.25rem .4rem;text-align:right;"
    "vertical-align:top}"
    "th:first-child,td:first-child{text-align:left;overflow-wrap:anywhere;min-width:4.2rem}"
    "thead th{border-bottom:2px solid var(--faint);vertical-align:bottom}"
    "tbody th{font-weight:normal}"
    "span{white-space:nowrap}.todo,.wide{white-space:normal}"
    "tr.worst th,tr.worst td{font-weight:600}"
    ".strip{list-style:none;margin:.5rem 0;padding:0;display:grid;gap:.25rem;"
    "grid-template-columns:repeat(auto-fill,minmax(4.6rem,1fr))}"
    ".strip li{border:1px solid var(--line);border-radius:.3rem;padding:.1rem .35rem;"
    "font-size:.85rem;break-inside:avoid}.strip b{display:block}"
    ".weak{background:var(--weak)}.shaky{background:var(--shaky)}.near{background:var(--near)}"
    ".sure{background:var(--sure)}"
    "summary{cursor:pointer}"
    ".progress{display:grid;gap:.5rem 2rem;align-items:start;"
    "grid-template-columns:repeat(auto-fit,minmax(min(100%,22rem),1fr))}"
    ".curve{width:100%;max-width:34rem}.curve text{font:12px system-ui,sans-serif}"
    "@media(max-width:30rem){body{padding:.6rem}th,td{padding:.25rem .15rem;font-size:.85rem}"
    "th:first-child,td:first-child{min-width:3rem}}"
    "@page{margin:12mm}"
    "@media print{body{max-width:none;padding:0;font-size:9pt;line-height:1.3}"
    "h1{font-size:14pt;margin:0}h2{font-size:11pt;margin:.5rem 0 "
    ".2rem;break-after:avoid}h3{font-size:"
    "10pt}dl{gap:.25rem;margin:.3rem 0;grid-template-columns:repeat(8,auto)}dl div{padding:.1rem "
    ".3rem}dt{font-size:7.5pt}dd{font-size:9pt}.places{gap:.4rem;grid-template-columns:1fr 1fr}"
    ".places>li{padding:.3rem .4rem}.places ul{margin:.1rem 0 0;padding-left:1rem}"
    ".places li li:nth-child(n+4){display:none}.staff svg{max-height:4.2cm}"
    ".roll svg{width:auto;height:4.6cm}.legend svg{width:7cm}"
    "ul{margin:.2rem 0}.progress{grid-template-columns:1fr 1fr}"
    "p{margin:.2rem 0;max-width:none}table{max-width:none}th,td{padding:.05rem .3rem}"
    ".strip{grid-template-columns:repeat(12,1fr)}.strip "
    "li{font-size:7.5pt;white-space:nowrap;padding:0 .2rem;print-color-adjust:exact;"
    "-webkit-print-color-adjust:exact}details{display:none}.curve{max-width:9cm}}";

double report_share(const struct session_count *count)
{
    size_t due = session_due(count);
    return due ? 100.0 * (double)count->right / (double)due : 0;
}

void page_text(GString *page, const char *text)
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

void page_name(GString *page, const char *name)
{
    char *spaced = g_strdelimit(g_strdup(name), "_", ' ');
    page_text(page, spaced);
    g_free(spaced);
}

void page_open(GString *page, const char *title)
{
    g_string_append_printf(page,
                           "<!DOCTYPE html>\n<html lang=\"%s\">\n<head>\n"
                           "<meta charset=\"utf-8\">\n<meta name=\"viewport\" "
                           "content=\"width=device-width, initial-scale=1\">\n<title>",
                           words_language());
    page_text(page, title);
    g_string_append_printf(page, "</title>\n<style>%s</style>\n</head>\n<body>\n<main>\n", style);
}

void page_close(GString *page)
{
    g_string_append(page, "</main>\n</body>\n</html>\n");
}

void page_item(GString *list, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    char *text = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    g_string_append(list, "<li>");
    page_text(list, text);
    g_string_append(list, "</li>\n");
    g_free(text);
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
    page_text(page, text);
    g_string_append(page, "</dd></div>\n");
    g_free(text);
}

static const char *judge_steadiness(double unsteady)
{
    return unsteady < 3    ? _("very steady")
           : unsteady < 7  ? _("steady")
           : unsteady < 15 ? _("uneven")
                           : _("very uneven");
}

static void put_summary(GString *page, const struct report *report)
{
    const struct session *session = report->session;
    int seconds = (int)(session->seconds + 0.5);
    g_string_append_printf(page, "<h2>%s</h2>\n<dl>\n", _("At a glance"));
    put_fact(page, _("Length"), _("%d min %02d s"), seconds / 60, seconds % 60);
    put_fact(page, _("Notes played"), "%zu", session->notes);
    if (report->piece) {
        put_fact(page, _("Right"), "%.0f %%", report_share(&session->total));
        put_fact(page, _("Wrong"), "%zu", session->total.wrong);
        put_fact(page, _("Left out"), "%zu", session->total.left_out);
        put_fact(page, _("Added"), "%zu", session->total.added);
    }
    if (report->piece && session->tempo > 0) {
        char *tempo = word_tempo(session->tempo, report->piece->pulse);
        put_fact(page, _("Tempo"), "%s", tempo);
        put_fact(page, _("Steadiness"), "%s (± %.0f %%)", judge_steadiness(session->unsteady),
                 session->unsteady);
        g_free(tempo);
    }
    g_string_append(page, "</dl>\n");
}

/* The sentences below the figures. */
static void put_story(GString *page, const struct report *report)
{
    const struct session *session = report->session;
    if (!report->piece) {
        g_string_append_printf(page, "<p>%s</p>\n",
                               _("The music was not recognised, so nothing can be said of wrong "
                                 "notes. Name the piece, or a folder of pieces, with "
                                 "<code>-m</code>."));
        return;
    }
    size_t due = session_due(&session->total), goes = session->alignment.passes;
    g_string_append(page, "<p>");
    g_string_append_printf(page,
                           ngettext("%zu notes of the piece came up in %zu go; %zu of them "
                                    "were right.",
                                    "%zu notes of the piece came up in %zu goes; %zu of "
                                    "them were right.",
                                    goes),
                           due, goes, session->total.right);
    if (session->stops) {
        g_string_append_c(page, ' ');
        g_string_append_printf(page,
                               ngettext("The playing stopped %zu time where the music goes "
                                        "on.",
                                        "The playing stopped %zu times where the music goes "
                                        "on.",
                                        session->stops),
                               session->stops);
    }
    if (session->elsewhere) {
        g_string_append_c(page, ' ');
        g_string_append_printf(page,
                               ngettext("%zu note played belongs to something else and is "
                                        "not counted.",
                                        "%zu notes played belong to something else and are "
                                        "not counted.",
                                        session->elsewhere),
                               session->elsewhere);
    }
    g_string_append(page, "</p>\n");
}

static void put_row_counts(GString *page, const struct session_count *count)
{
    const size_t faults[] = {count->wrong, count->left_out, count->added};
    g_string_append_printf(page, "<td>%zu</td>", session_due(count));
    for (size_t i = 0; i < G_N_ELEMENTS(faults); i++)
        g_string_append_printf(page, faults[i] ? "<td><b>%zu</b></td>" : "<td>%zu</td>", faults[i]);
}

static void put_hands(GString *page, const struct report *report)
{
    const char *const names[] = {_("Right hand"), _("Left hand")};
    if (report->piece->hands < 2)
        return;
    g_string_append_printf(page,
                           "<h2>%s</h2>\n<table>\n<thead><tr><th scope=\"col\">%s</th>"
                           "<th scope=\"col\">%s</th><th scope=\"col\">%s</th><th scope=\"col\">%s"
                           "</th><th scope=\"col\">%s</th><th scope=\"col\">%s</th></tr></thead>\n"
                           "<tbody>\n",
                           _("Left hand and right hand"), _("Hand"), _("Notes"), _("Wrong"),
                           _("Left out"), _("Added"), _("Right"));
    for (int hand = SESSION_HANDS - 1; hand >= 0; hand--) {
        const struct session_count *count = &report->session->hand[hand];
        g_string_append_printf(page, "<tr><th scope=\"row\">%s</th>", names[hand]);
        put_row_counts(page, count);
        g_string_append_printf(page, "<td>%.0f %%</td></tr>\n", report_share(count));
    }
    g_string_append(page, "</tbody></table>\n");
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

/* Dates are broken nowhere but before the time. */
void page_session(GString *page, const char *name, int64_t time)
{
    if (is_dated(name)) {
        g_string_append_printf(page, "<span>%.10s</span> <span>%.2s:%.2s</span>", name, name + 11,
                               name + 14);
        return;
    }
    page_text(page, name);
    GDateTime *date = time ? g_date_time_new_from_unix_local(time) : NULL;
    if (date) {
        char *when = g_date_time_format(date, ", <span>%Y-%m-%d</span> <span>%H:%M</span>");
        g_string_append(page, when);
        g_free(when);
        g_date_time_unref(date);
    }
}

static void put_method(GString *page)
{
    g_string_append_printf(
        page, "<h2>%s</h2>\n<p class=\"note\">%s</p>\n", _("How it was counted"),
        _("Wrong: another key was struck where the piece has a note. Left out: the piece has a "
          "note there and nothing was struck for it. Added: a key that belongs to no note of the "
          "piece. A bar played twice counts twice. Where several bars have the same notes, the "
          "one counts that needs the fewest and smallest jumps. Steadiness is how far the bars' "
          "tempos lie from their median, bars with a stop left out."));
}

char *report_page(const struct report *report, struct error *error)
{
    GString *page = g_string_new(NULL);
    const char *name = report->piece ? report->piece->name : report->session->name;
    char *title = g_strdup_printf(_("%s: practice report"), name);
    page_open(page, title);
    g_string_append_printf(page, "<h1>%s ", _("Practice report:"));
    page_name(page, name);
    g_string_append_printf(page, "</h1>\n<p class=\"note\">%s ", _("Recording"));
    page_session(page, report->session->name, report->time);
    g_string_append(page, "</p>\n");
    put_summary(page, report);
    put_story(page, report);
    int status = 0;
    if (report->piece) {
        status = page_passages(page, report, error);
        page_time(page, report);
        put_hands(page, report);
        page_progress(page, report);
        page_bars(page, report);
        put_method(page);
    }
    page_close(page);
    g_free(title);
    return g_string_free(page, status != 0);
}

char *report_index(const struct report_entry *entry, size_t count)
{
    GString *page = g_string_new(NULL);
    page_open(page, _("Practice reports"));
    g_string_append_printf(page,
                           "<h1>%s</h1>\n<table>\n<thead><tr><th scope=\"col\">%s</th>"
                           "<th scope=\"col\">%s</th><th scope=\"col\">%s</th></tr></thead>\n"
                           "<tbody>\n",
                           _("Practice reports"), _("Piece"), _("Sessions"),
                           _("Right, the last time"));
    for (size_t i = 0; i < count; i++) {
        char *address = g_uri_escape_string(entry[i].page, NULL, FALSE);
        g_string_append_printf(page, "<tr><th scope=\"row\"><a href=\"%s\">", address);
        page_name(page, entry[i].piece);
        g_string_append_printf(page, "</a></th><td>%zu</td><td>%.0f %%</td></tr>\n",
                               entry[i].sessions, entry[i].share);
        g_free(address);
    }
    g_string_append(page, "</tbody></table>\n");
    page_close(page);
    return g_string_free(page, FALSE);
}
