/* Passages to practise: staves of what is written and what was struck, and advice. Where
 * abcm2ps is not installed, or a rhythm is beyond it, a piano roll stands in. */
#include "picture/engrave.h"
#include "tool/report_private.h"

#include <stdlib.h>
#include <string.h>

enum {
    ROLL_WIDTH = 280,  /* of the drawing; the page scales it, on a phone a little */
    STAFF_WIDTH = 420, /* points, at least; */
    STAFF_HEAD = 70,   /* clef, key and time, */
    STAFF_ONSET = 26,  /* and what an onset takes of a line */
    STAFF_WIDEST = 900,
    LEGEND_WIDTH = 300,
    MOST_ADVICE = 5, /* said of a passage */
};

/* A passage as notes; its bars one after another from 0. */
struct excerpt {
    struct bar *bar;
    size_t bars;
    GArray *note; /* struct roll_note */
};

static void add_spot(struct excerpt *excerpt, const struct tally *tally, uint32_t note,
                     double onset)
{
    const struct session_piece *piece = tally->piece;
    const struct tally_spot *spot = &tally->spot[note];
    struct roll_note roll = {.onset = onset,
                             .duration = (double)piece->score->length[note],
                             .played = piece->score->pitch[note],
                             .sent = piece->score->pitch[note],
                             .part = piece->hand[note],
                             .kind = ROLL_STRUCK,
                             .finger = piece->score->finger ? piece->score->finger[note] : 0};
    bool again = tally_again(spot->wrong + spot->left_out, spot->due);
    if (again && spot->wrong && spot->wrong >= spot->left_out)
        roll.played = spot->struck[0].key;
    else if (again)
        roll.kind = ROLL_LEFT_OUT;
    g_array_append_val(excerpt->note, roll);
}

static void add_bar(struct excerpt *excerpt, const struct report *report,
                    const struct passage *passage, size_t printed)
{
    const struct session_piece *piece = report->piece;
    struct bar bar = piece->bars[piece->printed_bar[printed]];
    uint32_t first;
    size_t count = passage_notes(piece, printed, &first);
    double from = bar.start;
    const struct bar *last = excerpt->bars ? &excerpt->bar[excerpt->bars - 1] : NULL;
    bar.start = last ? last->start + last->length : 0;
    for (size_t n = first; n < first + count; n++)
        add_spot(excerpt, &report->tally, (uint32_t)n, piece->onset[n] - from + bar.start);
    for (guint i = 0; i < report->tally.extra->len; i++) {
        const struct tally_extra *extra =
            &g_array_index(report->tally.extra, struct tally_extra, i);
        if (extra->bar != printed || !tally_again(extra->times, MAX(passage->goes, extra->times)))
            continue;
        struct roll_note note = {.onset = bar.start + extra->offset,
                                 .duration = 1.0 / SONG_SLOTS_A_BEAT,
                                 .played = extra->key,
                                 .sent = extra->key,
                                 .part = extra->hand,
                                 .kind = ROLL_ADDED};
        g_array_append_val(excerpt->note, note);
    }
    excerpt->bar[excerpt->bars++] = bar;
}

/* As wide as its fullest bar needs, so that lines end with bars. */
static double staff_width(const struct excerpt *excerpt)
{
    size_t most = 0;
    for (size_t b = 0; b < excerpt->bars; b++) {
        const struct bar *bar = &excerpt->bar[b];
        size_t onsets = 0;
        double last = -1;
        for (double at = bar->start; at < bar->start + bar->length;) {
            double next = bar->start + bar->length;
            for (guint i = 0; i < excerpt->note->len; i++) {
                double onset = g_array_index(excerpt->note, struct roll_note, i).onset;
                if (onset > last + .02 && onset >= at - 1e-6 && onset < next)
                    next = onset;
            }
            if (next >= bar->start + bar->length)
                break;
            last = next;
            at = next;
            onsets++;
        }
        most = MAX(most, onsets);
    }
    return CLAMP(STAFF_HEAD + STAFF_ONSET * (double)most, STAFF_WIDTH, STAFF_WIDEST);
}

static char *draw(const struct excerpt *excerpt, const struct session_piece *piece, size_t number,
                  const char *name, bool *staff, struct error *error)
{
    char *id = g_strdup_printf("passage-%zu", number + 1);
    char *title = g_strdup_printf(_("Notes of %s"), name);
    const char *desc = _("What is written and what was struck; in words below.");
    const struct roll roll = {.title = title,
                              .notes = (void *)excerpt->note->data,
                              .count = excerpt->note->len,
                              .bars = excerpt->bar,
                              .bar_count = excerpt->bars};
    const struct engrave engrave = {.roll = &roll,
                                    .sharps = piece->score->sharps,
                                    .hands = piece->hands,
                                    .width = staff_width(excerpt)};
    char *svg = engrave_available() ? engrave_inline(&engrave, id, title, desc, NULL) : NULL;
    *staff = svg != NULL;
    if (!svg)
        svg = roll_inline(&roll, ROLL_WIDTH, id, desc, error);
    g_free(id);
    g_free(title);
    return svg;
}

static void put_heading(GString *page, const struct passage *passage, const char *name)
{
    char *faults = g_strdup_printf(
        ngettext("%u of %u notes wrong, left out or added, played %u time",
                 "%u of %u notes wrong, left out or added, played %u times", passage->goes),
        passage->faults, passage->due, passage->goes);
    g_string_append_printf(page, "<li>\n<h3>%s: ", name);
    page_text(page, faults);
    g_string_append(page, "</h3>\n");
    g_free(faults);
}

static void put_advice(GString *page, const GArray *list)
{
    g_string_append(page, "<ul>\n");
    for (guint i = 0; i < list->len && i < MOST_ADVICE; i++) {
        const struct advice *advice = &g_array_index(list, struct advice, i);
        const struct advice *after = i + 1 < list->len && i + 1 < MOST_ADVICE ? advice + 1 : NULL;
        g_string_append(page, "<li>");
        page_text(page, advice->what);
        g_string_append_c(page, '.');
        /* Once for neighbours of one rule, behind the last. */
        if (advice->todo && !(after && after->todo && strcmp(after->todo, advice->todo) == 0)) {
            g_string_append(page, " <span class=\"todo\">");
            page_text(page, advice->todo);
            g_string_append(page, "</span>");
        }
        g_string_append(page, "</li>\n");
    }
    if (list->len > MOST_ADVICE)
        g_string_append_printf(
            page,
            ngettext("<li>and %u more</li>\n", "<li>and %u more</li>\n", list->len - MOST_ADVICE),
            list->len - MOST_ADVICE);
    g_string_append(page, "</ul>\n");
}

static char *name_of(const struct session_piece *piece, const struct passage *passage)
{
    unsigned first = piece->bars[piece->printed_bar[passage->first]].number;
    unsigned last = piece->bars[piece->printed_bar[passage->first + passage->count - 1]].number;
    return first == last ? g_strdup_printf(_("bar %u"), first)
                         : g_strdup_printf(_("bars %u to %u"), first, last);
}

static int put_passage(GString *page, const struct report *report, size_t number, bool *staff,
                       struct error *error)
{
    const struct passage *passage = &report->passage[number];
    struct excerpt excerpt = {.bar = g_new(struct bar, passage->count),
                              .note = g_array_new(FALSE, FALSE, sizeof(struct roll_note))};
    for (size_t b = passage->first; b < passage->first + passage->count; b++)
        add_bar(&excerpt, report, passage, b);
    char *name = name_of(report->piece, passage);
    char *svg = draw(&excerpt, report->piece, number, name, staff, error);
    if (svg) {
        name[0] = g_ascii_toupper(name[0]);
        put_heading(page, passage, name);
        g_string_append_printf(page, "<div class=\"%s\">%s</div>\n", *staff ? "staff" : "roll",
                               svg);
        put_advice(page, report->advice[number]);
        g_string_append(page, "</li>\n");
    }
    int status = svg ? 0 : -1;
    free(svg);
    g_free(name);
    g_free(excerpt.bar);
    g_array_free(excerpt.note, TRUE);
    return status;
}

/* Of the kinds of pictures that are there. */
static int put_legend(GString *page, const struct report *report, bool staves, bool rolls,
                      struct error *error)
{
    if (staves)
        g_string_append_printf(
            page, "<p class=\"note key\">%s</p>\n",
            _("In the staves: black, what is written; <b>&times;</b> struck in its "
              "place; <b>&#9671;</b> struck besides; <b>&#9645;</b> around a note that was "
              "left out. Shown is what happened most."));
    if (!rolls)
        return 0;
    bool two = report->piece->hands == 2;
    const struct roll hands = {
        .title = "",
        .part_name = {two ? _("right hand") : _("right note"), two ? _("left hand") : NULL}};
    char *legend = roll_inline_legend(&hands, LEGEND_WIDTH, "legend", error);
    if (!legend)
        return -1;
    g_string_append_printf(page, "<div class=\"legend\">%s</div>\n", legend);
    free(legend);
    return 0;
}

int page_passages(GString *page, const struct report *report, struct error *error)
{
    const char *const headings[] = {_("Passages to practise"),      _("The passage to practise"),
                                    _("Two passages to practise"),  _("Three passages to practise"),
                                    _("Four passages to practise"), _("Five passages to practise")};
    g_string_append_printf(page, "<h2>%s</h2>\n", headings[report->passages]);
    if (report->passages == 0) {
        g_string_append_printf(page, "<p>%s</p>\n",
                               _("None: nothing went wrong that went wrong again."));
        return 0;
    }
    GString *list = g_string_new("<ol class=\"places\">\n");
    bool staves = false, rolls = false;
    int status = 0;
    for (size_t i = 0; i < report->passages && status == 0; i++) {
        bool staff = false;
        status = put_passage(list, report, i, &staff, error);
        staves |= staff;
        rolls |= !staff;
    }
    if (status == 0)
        status = put_legend(page, report, staves, rolls, error);
    if (status == 0) {
        g_string_append_len(page, list->str, (gssize)list->len);
        g_string_append(page, "</ol>\n");
    }
    g_string_free(list, TRUE);
    return status;
}
