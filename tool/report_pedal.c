/* The pedal: how often, how long, and where it holds one harmony over into the next. */
#include "tool/report_private.h"

#include <math.h>
#include <string.h>

enum {
    SUSTAIN = 64, /* the controller; from 64 up it is down */
    DOWN = 64,
    MOST_NAMED = 8,
};

/* A player who changes the pedal with the harmony does so within this after the new bass, seconds
 * (pedal legato: down again behind the note). */
static const double changes_within = .3;

/* While the pedal is down, seconds. */
struct press {
    double from, to;
};

/* Tracks with notes of the take; where none of them has a pedal, all. */
static bool *find_tracks(const struct music *music)
{
    const struct midifile *file = music->file;
    uint32_t count = 0;
    const struct midifile_note *notes = midifile_notes(file, &count);
    bool *takes = g_new0(bool, midifile_tracks(file) + 1), any = false;
    for (size_t i = 0; i < music->take->count; i++)
        takes[notes[music->take->index[i]].track] = true;
    for (uint32_t e = 0; e < midifile_events(file) && !any; e++) {
        struct midi_event event = midifile_event(file, e);
        any = takes[event.track] && midi_kind(&event) == MIDI_CONTROL_CHANGE &&
              event.data[0] == SUSTAIN;
    }
    for (uint32_t t = 0; t < midifile_tracks(file) && !any; t++)
        takes[t] = true;
    return takes;
}

static GArray *find_presses(const struct session *session)
{
    const struct midifile *file = session->music->file;
    GArray *presses = g_array_new(FALSE, FALSE, sizeof(struct press));
    bool *takes = find_tracks(session->music), down = false;
    for (uint32_t e = 0; e < midifile_events(file); e++) {
        struct midi_event event = midifile_event(file, e);
        if (!takes[event.track] || midi_kind(&event) != MIDI_CONTROL_CHANGE ||
            event.data[0] != SUSTAIN)
            continue;
        bool now = event.data[1] >= DOWN;
        if (now && !down) {
            struct press press = {.from = event.seconds, .to = INFINITY};
            g_array_append_val(presses, press);
        } else if (!now && down) {
            g_array_index(presses, struct press, presses->len - 1).to = event.seconds;
        }
        down = now;
    }
    g_free(takes);
    return presses;
}

/* Of the time from the first note to the last release. */
static double share_down(const struct session *session, const GArray *presses)
{
    double begin = session->music->take->note[0].seconds, end = begin + session->seconds, sum = 0;
    for (guint i = 0; i < presses->len; i++) {
        const struct press *press = &g_array_index(presses, struct press, i);
        sum += fmax(0, fmin(press->to, end) - fmax(press->from, begin));
    }
    return session->seconds > 0 ? 100 * sum / session->seconds : 0;
}

static bool holds(const GArray *presses, double from, double to)
{
    for (guint i = 0; i < presses->len; i++) {
        const struct press *press = &g_array_index(presses, struct press, i);
        if (press->from <= from && press->to >= to)
            return true;
    }
    return false;
}

/* The bass at the beginning of a bar, as it is written. */
struct bass {
    size_t bar;
    int32_t pass;
    double seconds;
    uint8_t pitch;
};

static void add_bass(GArray *list, struct bass bass)
{
    struct bass *last = list->len ? &g_array_index(list, struct bass, list->len - 1) : NULL;
    if (!last || last->bar != bass.bar || last->pass != bass.pass)
        g_array_append_val(list, bass);
    else if (bass.pitch < last->pitch)
        last->pitch = bass.pitch;
}

static GArray *find_basses(const struct report *report)
{
    const struct session *session = report->session;
    const struct session_piece *piece = report->piece;
    GArray *list = g_array_new(FALSE, FALSE, sizeof(struct bass));
    for (size_t i = 0; i < session->notes; i++) {
        const struct align_answer *answer = &session->alignment.answer[i];
        if (answer->note == ALIGN_NONE)
            continue;
        double onset = piece->onset[answer->note];
        size_t bar = bars_find(piece->bars, piece->bar_count, onset + 1e-6);
        if (fabs(onset - piece->bars[bar].start) < 1e-3)
            add_bass(list, (struct bass){.bar = bar,
                                         .pass = answer->pass,
                                         .seconds = session->music->take->note[i].seconds,
                                         .pitch = piece->score->pitch[answer->note]});
    }
    return list;
}

/* Bars, by their numbers, into which the pedal is held from the one before over a change of the
 * bass. */
static char *find_held(const struct report *report, const GArray *presses, unsigned *count)
{
    const struct session_piece *piece = report->piece;
    GArray *basses = find_basses(report);
    GString *list = g_string_new(NULL);
    bool *told = g_new0(bool, piece->printed_bars + 1);
    for (guint i = 1; i < basses->len; i++) {
        const struct bass *now = &g_array_index(basses, struct bass, i), *before = now - 1;
        size_t printed = piece->printed[now->bar];
        if (now->bar != before->bar + 1 || now->pass != before->pass ||
            (now->pitch - before->pitch) % 12 == 0 || told[printed] ||
            !holds(presses, now->seconds, now->seconds + changes_within))
            continue;
        told[printed] = true;
        if (++*count <= MOST_NAMED)
            g_string_append_printf(list, "%s%u", *count > 1 ? ", " : "",
                                   piece->bars[now->bar].number);
    }
    if (*count > MOST_NAMED)
        g_string_append(list, " …");
    g_free(told);
    g_array_free(basses, TRUE);
    return g_string_free(list, FALSE);
}

void page_pedal(GString *list, const struct report *report)
{
    GArray *presses = find_presses(report->session);
    unsigned bars = 0;
    if (presses->len) {
        char *held = find_held(report, presses, &bars);
        page_item(list,
                  ngettext("The pedal was pressed %u time and was down %.0f %% of the time.",
                           "The pedal was pressed %u times and was down %.0f %% of the time.",
                           presses->len),
                  presses->len, share_down(report->session, presses));
        if (bars)
            page_item(list,
                      ngettext("The pedal is held over a change of the bass into bar %s.",
                               "The pedal is held over a change of the bass into bars %s.", bars),
                      held);
        g_free(held);
    }
    g_array_free(presses, TRUE);
}
