/* A plan says which row holds what; then each part draws itself. */
#include "tool/screen.h"

#include "tool/keyboard.h"
#include "tool/panel.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum {
    LEAST_ROWS = 8,
    LEAST_COLUMNS = 24,
    ROOMY = 14,      /* rows, from which on notices may have two */
    LABEL = 10,      /* columns of what stands before a value */
    LISTED = 10,     /* corrections at most */
    WIDEST = 110,    /* columns of a line of text */
    FIGURES = 4,     /* rows */
    FIGURES_AT = 32, /* column */
    TALLEST = 8,     /* rows of keys */
    GAUGE = 10,
    SHOWN_BEATS = 12, /* of a bar, one by one */
};

static const char *arrow(const struct cells *cells)
{
    return cells->unicode ? "\u2192" : "->";
}

/* --- Where things are --- */

struct plan {
    int piece, beat, input, output; /* rows; -1: not there */
    int roll, roll_rows;
    int keyboard, keyboard_height;
    int legend;
    int lower, lower_rows; /* corrections and figures */
    int notice, keys;
};

static int take(int *left, int wanted)
{
    int taken = *left < wanted ? *left : wanted;
    *left -= taken;
    return taken;
}

static struct plan plan_of(int rows)
{
    /* The title, the notice, the keys to press, and the smallest keyboard. */
    int left = rows - 3 - KEYBOARD_MARKS - 2;
    int beat = take(&left, 1), piece = take(&left, 1), legend = take(&left, 1);
    int lower = take(&left, 1 + FIGURES);
    int height = 2 + take(&left, 2);
    int ports = take(&left, 2);
    int roll = take(&left, 2);
    int gap_below = take(&left, 1), gap_above = take(&left, 1);
    int more = left / 3;
    lower += take(&left, more < 1 + LISTED - lower ? more : 1 + LISTED - lower);
    height += take(&left, more / 2 < TALLEST - height ? more / 2 : TALLEST - height);
    roll += left;

    struct plan plan = {.keyboard_height = height, .roll_rows = roll, .lower_rows = lower};
    int row = 1 + gap_above;
    plan.piece = piece ? row++ : -1;
    plan.beat = beat ? row++ : -1;
    plan.input = ports > 0 ? row++ : -1;
    plan.output = ports > 1 ? row++ : -1;
    plan.roll = row;
    plan.keyboard = row + roll;
    row = plan.keyboard + KEYBOARD_MARKS + height;
    plan.legend = legend ? row++ : -1;
    plan.lower = row + gap_below;
    plan.notice = rows - 2;
    plan.keys = rows - 1;
    return plan;
}

/* --- The title --- */

static void draw_uptime(struct cells *cells, const struct scene *scene)
{
    char text[64];
    long long up = (long long)scene->uptime;
    if (!scene->connected)
        snprintf(text, sizeof text, "%s", _(" NOT CONNECTED "));
    else if (!scene->known)
        snprintf(text, sizeof text, "%s", _("connected "));
    else
        snprintf(text, sizeof text, _("service up %lld:%02lld:%02lld "), up / 3600, up / 60 % 60,
                 up % 60);
    int column = cells->columns - cells_width(cells, text);
    cells_text(cells, 0, column, cells->columns, scene->connected ? STYLE_TITLE : STYLE_ALARM,
               text);
}

static void draw_title(struct cells *cells, const struct scene *scene)
{
    cells_paint(cells, 0, 0, cells->columns, STYLE_TITLE);
    int column = cells_text(cells, 0, 1, cells->columns, STYLE_TITLE, "AudioGenRL");
    draw_uptime(cells, scene);
    if (!scene->known)
        return;
    int end = cells->columns - 20;
    if (scene->bypass)
        column = cells_text(cells, 0, column + 2, end, STYLE_ALARM, _(" BYPASS "));
    column = cells_format(cells, 0, column + 2, end, STYLE_TITLE, _("mode %s"), scene->mode);
    column = cells_format(cells, 0, column + 2, end, STYLE_TITLE, "follow %.4g", scene->follow);
    cells_format(cells, 0, column + 2, end, STYLE_TITLE, "keep %.4g", scene->keep);
}

/* --- Piece, beat, ports --- */

static void draw_gauge(struct cells *cells, int row, int column, double share)
{
    for (int i = 0; i < GAUGE; i++)
        cells_mark(cells, row, column + i,
                   i < (int)lround(GAUGE * share) ? GLYPH_BAR_FULL : GLYPH_BAR_EMPTY, STYLE_PLAIN);
}

static void draw_no_piece(struct cells *cells, const struct scene *scene, int row)
{
    if (scene->pieces == 0)
        cells_text(cells, row, LABEL, cells->columns, STYLE_PLAIN,
                   scene->learning ? _("the repertoire is being learned")
                                   : _("the repertoire is empty; put .mid files into its folder"));
    else {
        int column = cells_format(
            cells, row, LABEL, cells->columns, STYLE_PLAIN,
            scene->learning
                ? _("none recognised, of %lld in the repertoire, which is learning more")
                : _("none recognised, of %lld in the repertoire"),
            scene->pieces);
        if (scene->learned.name[0] && !scene->learning)
            cells_format(cells, row, column, cells->columns, STYLE_PLAIN,
                         _("; heard %lld times: %s"), scene->learned.heard, scene->learned.name);
    }
}

static void draw_piece(struct cells *cells, const struct scene *scene, int row)
{
    const struct scene_piece *piece = &scene->piece;
    char place[64];
    cells_text(cells, row, 1, LABEL, STYLE_FAINT, _("Piece"));
    if (!scene->known)
        return;
    if (!piece->known) {
        draw_no_piece(cells, scene, row);
        return;
    }
    int end = cells->columns < WIDEST ? cells->columns : WIDEST;
    int gauge = end - GAUGE - 7;
    int width =
        snprintf(place, sizeof place, _("bar %.0f, beat %.0f"), piece->bar, floor(piece->beat));
    int at = gauge - 2 - width;
    bool wide = at > LABEL + 20;
    cells_text(cells, row, LABEL, wide ? at - 2 : cells->columns, STYLE_STRONG, piece->name);
    if (!wide)
        return;
    cells_text(cells, row, at, gauge, STYLE_STRONG, place);
    draw_gauge(cells, row, gauge, piece->confidence);
    cells_format(cells, row, gauge + GAUGE, cells->columns, STYLE_PLAIN, "%4.0f %%",
                 floor(100 * piece->confidence));
}

/* The beats of a bar; where we are in brackets. */
static int draw_beats(struct cells *cells, int row, struct scene_beat beat)
{
    int column = LABEL;
    int now = beat.known ? (int)beat.beat : 0;
    for (int i = 1; i <= (int)beat.beats && i <= SHOWN_BEATS; i++)
        column = cells_format(cells, row, column, cells->columns,
                              i == now ? STYLE_STRONG : STYLE_FAINT, i == now ? "[%d]" : " %d ", i);
    if (beat.beats > SHOWN_BEATS && beat.known)
        column = cells_format(cells, row, column, cells->columns, STYLE_STRONG, " ... %d", now);
    return column;
}

static const char *clock_words(const struct scene *scene, struct scene_beat beat)
{
    const struct scene_clock *clock = &scene->clock;
    if (!clock->running)
        return _("MIDI clock, stopped");
    if (strcmp(clock->source, "auto") == 0)
        return !clock->locked ? _("beat not found yet")
               : beat.known   ? _("beat found")
                              : _("at rest");
    if (strcmp(clock->source, "midi") == 0)
        return _("MIDI clock");
    return strcmp(clock->source, "tap") == 0 ? _("tapped") : _("fixed tempo");
}

static void draw_beat(struct cells *cells, const struct scene *scene, int row, double now)
{
    cells_text(cells, row, 1, LABEL, STYLE_FAINT, _("Beat"));
    if (!scene->known)
        return;
    struct scene_beat beat = scene_beat(scene, now);
    int column = draw_beats(cells, row, beat);
    column = cells_format(cells, row, column + 2, cells->columns, STYLE_PLAIN, "%u/%u", beat.beats,
                          beat.unit);
    column = cells_format(cells, row, column + 3, cells->columns, STYLE_STRONG, "%.1f bpm",
                          scene->clock.tempo);
    column =
        cells_text(cells, row, column + 3, cells->columns, STYLE_PLAIN, clock_words(scene, beat));
    if (beat.known && !scene->piece.known)
        cells_format(cells, row, column + 3, cells->columns, STYLE_PLAIN, _("bar %.0f"), beat.bar);
}

static void draw_port(struct cells *cells, int row, const char *label, const char *names,
                      const char *none)
{
    cells_text(cells, row, 1, LABEL, STYLE_FAINT, label);
    cells_text(cells, row, LABEL, cells->columns, names[0] ? STYLE_PLAIN : STYLE_STRONG,
               names[0] ? names : none);
}

/* Why there are none, on the rows of both. */
static void draw_waiting(struct cells *cells, const struct plan *plan, const char *trouble)
{
    char line[CELLS_LINE];
    cells_text(cells, plan->input, 1, LABEL, STYLE_FAINT, _("Ports"));
    const char *rest = cells_wrap(cells, trouble, cells->columns - LABEL - 1, line);
    cells_text(cells, plan->input, LABEL, cells->columns, STYLE_STRONG, line);
    cells_text(cells, plan->output, LABEL, cells->columns, STYLE_STRONG, rest);
}

static void draw_ports(struct cells *cells, const struct scene *scene, const struct plan *plan)
{
    const struct scene_ports *ports = &scene->ports;
    if (scene->known && !ports->open) {
        draw_waiting(cells, plan, ports->trouble);
        return;
    }
    draw_port(cells, plan->input, _("Input"), scene->known ? ports->inputs : " ",
              _("no keyboard is connected: audiogenrl ports lists what there is"));
    draw_port(cells, plan->output, _("Output"), scene->known ? ports->outputs : " ",
              _("no synth is connected"));
}

/* --- Below the keyboard --- */

static int sign(struct cells *cells, int row, int column, enum cells_glyph glyph,
                enum cells_style style, const char *words)
{
    if (column + 2 + cells_width(cells, words) > cells->columns)
        return column;
    cells_mark(cells, row, column, glyph, style);
    return cells_text(cells, row, column + 2, cells->columns, STYLE_FAINT, words) + 3;
}

static void draw_legend(struct cells *cells, int row)
{
    int column = sign(cells, row, 1, GLYPH_PLAYED, STYLE_HELD, _("played"));
    column = sign(cells, row, column, GLYPH_WRONG, STYLE_WRONG, _("played, not sounding"));
    column = sign(cells, row, column, GLYPH_SENT, STYLE_HELD, _("sent"));
    sign(cells, row, column, GLYPH_INSTEAD, STYLE_INSTEAD, _("sent instead"));
}

static void draw_correction(struct cells *cells, const struct scene_correction *correction, int row,
                            enum word_names names, double now)
{
    double ago = floor(now - correction->at);
    char *played = word_key(correction->played, names, cells->unicode);
    char *sent = word_key(correction->sent, names, cells->unicode);
    cells_mark(cells, row, 1, GLYPH_WRONG, STYLE_WRONG);
    cells_text(cells, row, 3, 8, STYLE_WRONG, played);
    cells_text(cells, row, 8, 10, STYLE_PLAIN, arrow(cells));
    cells_mark(cells, row, 11, GLYPH_INSTEAD, STYLE_INSTEAD);
    cells_text(cells, row, 13, 18, STYLE_INSTEAD, sent);
    g_free(played);
    g_free(sent);
    if (ago < 1)
        cells_text(cells, row, 19, FIGURES_AT - 1, STYLE_STRONG, _("now"));
    else if (ago < 60)
        cells_format(cells, row, 19, FIGURES_AT - 1, STYLE_FAINT, _("%.0f s ago"), ago);
    else if (ago < 6000)
        cells_format(cells, row, 19, FIGURES_AT - 1, STYLE_FAINT, _("%.0f min ago"),
                     floor(ago / 60));
}

static void draw_corrections(struct cells *cells, const struct scene *scene,
                             const struct plan *plan, enum word_names names, double now)
{
    if (plan->lower_rows == 0)
        return;
    cells_text(cells, plan->lower, 1, FIGURES_AT, STYLE_FAINT, _("Last corrections"));
    if (scene->corrections == 0 && plan->lower_rows > 1)
        cells_text(cells, plan->lower + 1, 1, FIGURES_AT - 1, STYLE_FAINT, _("none yet"));
    for (int i = 0; i < plan->lower_rows - 1 && (uint64_t)i < scene->corrections; i++)
        draw_correction(
            cells, &scene->correction[(scene->corrections - 1 - (uint64_t)i) % SCENE_CORRECTIONS],
            plan->lower + 1 + i, names, now);
}

/* "12 us", "3.4 ms". */
static void duration(double microseconds, const struct cells *cells, char text[16])
{
    if (microseconds < 1000)
        snprintf(text, 16, "%.0f %s", microseconds, cells->unicode ? "\u00b5s" : "us");
    else if (microseconds < 1e6)
        snprintf(text, 16, "%.1f ms", 1e-3 * microseconds);
    else
        snprintf(text, 16, "%.3g s", 1e-6 * microseconds);
}

/* And what is recorded. */
static void draw_pedal(struct cells *cells, const struct scene *scene, int row, int column)
{
    const struct scene_recording *recording = &scene->recording;
    cells_text(cells, row, column, cells->columns, scene->pedal ? STYLE_STRONG : STYLE_PLAIN,
               scene->pedal ? _("down") : _("up"));
    if (recording->trouble[0])
        cells_format(cells, row, column + 8, cells->columns, STYLE_ALARM, _(" not recorded: %s "),
                     recording->trouble);
    else if (recording->on)
        cells_format(cells, row, column + 8, cells->columns, STYLE_PLAIN, _("recorded: %lld notes"),
                     recording->notes);
}

static void draw_figures(struct cells *cells, const struct scene *scene, int row, int rows)
{
    const struct scene_counts *counts = &scene->counts;
    char p50[16], p99[16], most[16];
    const char *labels[FIGURES] = {_("Notes"), _("Latency"), _("Lost"), _("Pedal")};
    int end = cells->columns, at = FIGURES_AT + LABEL;
    if (rows > FIGURES)
        rows = FIGURES;
    for (int i = 0; i < rows; i++)
        cells_text(cells, row + i, FIGURES_AT, end, STYLE_FAINT, labels[i]);
    if (!scene->known)
        return;
    duration(counts->p50, cells, p50);
    duration(counts->p99, cells, p99);
    duration(counts->most, cells, most);
    if (rows > 0)
        cells_format(cells, row, at, end, STYLE_PLAIN, _("%lld, corrected %lld (%.1f %%)"),
                     counts->notes, counts->corrected,
                     counts->notes > 0 ? 100.0 * (double)counts->corrected / (double)counts->notes
                                       : 0.0);
    if (rows > 1)
        cells_format(cells, row + 1, at, end, STYLE_PLAIN, "p50 %s, p99 %s, max %s", p50, p99,
                     most);
    if (rows > 2)
        cells_format(cells, row + 2, at, end,
                     counts->dropped || counts->overruns ? STYLE_STRONG : STYLE_PLAIN,
                     _("%lld dropped, %lld overruns, %llu not shown"), counts->dropped,
                     counts->overruns, (unsigned long long)scene->missed);
    if (rows > 3)
        draw_pedal(cells, scene, row + 3, at);
}

/* --- The last rows --- */

static void draw_keys(struct cells *cells, int row)
{
    static const char *const keys[][2] = {
        {"q", N_("quit")}, {"b", N_("bypass")}, {"m", N_("mode")},
        {"+-", "follow"},  {"?", N_("help")},   {"p", N_("panic")},
        {"t", N_("tap")},  {"kK", "keep"},      {"r", N_("reload")},
    };
    int column = 1;
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        const char *word = _(keys[i][1]);
        int width = (int)strlen(keys[i][0]) + 1 + cells_width(cells, word);
        if (column + width > cells->columns)
            return;
        column = cells_text(cells, row, column, cells->columns, STYLE_STRONG, keys[i][0]) + 1;
        column = cells_text(cells, row, column, cells->columns, STYLE_PLAIN, word) + 2;
    }
}

/* Two lines where it is long and there is room, the second at `row`. */
static void draw_notice(struct cells *cells, const struct scene *scene, int row)
{
    bool trouble = scene->connected && scene->trouble[0];
    const char *text = trouble ? scene->trouble : scene->notice;
    enum cells_style style = trouble ? STYLE_ALARM : STYLE_STRONG;
    char line[CELLS_LINE];
    const char *rest = cells_wrap(cells, text, cells->columns - 2, line);
    if (*rest && cells->rows >= ROOMY) {
        cells_format(cells, row - 1, 0, cells->columns, STYLE_PLAIN, "%*s", cells->columns, "");
        cells_format(cells, row - 1, 0, cells->columns, style, " %s ", line);
        text = rest;
    }
    if (*text)
        cells_format(cells, row, 0, cells->columns, style, " %s ", text);
}

/* --- In the middle --- */

static void draw_help(struct cells *cells)
{
    panel_draw(cells, _("AudioGenRL monitor"),
               _("b      bypass: notes sound as played, or are corrected\n"
                 "m      mode: correct, generate, scale, off\n"
                 "+ -    follow: trust in the player (arrow keys too)\n"
                 "K k    keep: favour for leaving a note as played, more or less\n"
                 "t      a tap on the beat\n"
                 "p      panic: release everything that sounds\n"
                 "r      read settings and repertoire anew\n"
                 "q      quit; the service goes on\n"
                 "\n"
                 "Signs above the keyboard are keys that you hold, signs below it "
                 "are notes that sound. A cross is a key that is not heard; the "
                 "note that is heard in its place has a diamond.\n"
                 "\n"
                 "Any key closes this."));
}

static void draw_absence(struct cells *cells, const struct scene *scene)
{
    char text[2 * SCENE_TEXT];
    snprintf(text, sizeof text, _("%s\n\nTrying again every second; q quits."), scene->trouble);
    panel_draw(cells, _("No service"), text);
}

static void draw_all(struct cells *cells, const struct scene *scene, struct screen_view *view,
                     double now)
{
    struct plan plan = plan_of(cells->rows);
    struct keyboard keyboard = keyboard_fit(cells->columns, view->lowest, scene);
    view->lowest = keyboard.lowest;
    keyboard.names = view->names;
    draw_title(cells, scene);
    draw_piece(cells, scene, plan.piece);
    draw_beat(cells, scene, plan.beat, now);
    draw_ports(cells, scene, &plan);
    keyboard_roll(&keyboard, cells, scene, plan.roll, plan.roll_rows);
    keyboard_draw(&keyboard, cells, scene, plan.keyboard, plan.keyboard_height);
    draw_legend(cells, plan.legend);
    draw_corrections(cells, scene, &plan, view->names, now);
    draw_figures(cells, scene, plan.lower, plan.lower_rows);
    draw_notice(cells, scene, plan.notice);
    draw_keys(cells, plan.keys);
}

void screen_draw(struct cells *cells, const struct scene *scene, struct screen_view *view,
                 double now)
{
    cells_clear(cells);
    if (cells->rows < LEAST_ROWS || cells->columns < LEAST_COLUMNS) {
        cells_text(cells, 0, 0, cells->columns, STYLE_PLAIN, _("Too small; q quits"));
        return;
    }
    draw_all(cells, scene, view, now);
    if (view->help)
        draw_help(cells);
    else if (!scene->connected)
        draw_absence(cells, scene);
}
