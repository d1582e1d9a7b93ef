#include "tool/report_json.h"

static json_t *counts(const struct session_count *count)
{
    return json_pack("{s:I, s:I, s:I, s:I}", "right", (json_int_t)count->right, "wrong",
                     (json_int_t)count->wrong, "left_out", (json_int_t)count->left_out, "added",
                     (json_int_t)count->added);
}

/* As they are played, with the numbers that are printed. */
static json_t *bars(const struct report *report)
{
    json_t *list = json_array();
    for (size_t b = 0; report->piece && b < report->piece->bar_count; b++) {
        const struct session_bar *bar = &report->session->bar[b];
        json_t *object = counts(&bar->count);
        json_object_set_new(object, "bar", json_integer(report->piece->bars[b].number));
        json_object_set_new(object, "passes", json_integer(bar->passes));
        json_object_set_new(object, "tempo", bar->tempo > 0 ? json_real(bar->tempo) : json_null());
        json_array_append_new(list, object);
    }
    return list;
}

static json_t *earlier(const struct report *report)
{
    json_t *list = json_array();
    for (size_t i = 0; i < report->earlier_count; i++) {
        json_t *object = counts(&report->earlier[i].total);
        json_object_set_new(object, "session", command_text(report->earlier[i].name));
        json_object_set_new(object, "tempo", json_real(report->earlier[i].tempo));
        json_array_append_new(list, object);
    }
    return list;
}

static json_t *advice(const GArray *list)
{
    json_t *array = json_array();
    for (guint i = 0; i < list->len; i++) {
        const struct advice *one = &g_array_index(list, struct advice, i);
        json_array_append_new(array, json_pack("{s:s, s:o, s:o}", "rule", advice_name(one->rule),
                                               "what", command_text(one->what), "todo",
                                               one->todo ? command_text(one->todo) : json_null()));
    }
    return array;
}

static json_t *passages(const struct report *report)
{
    json_t *list = json_array();
    const struct session_piece *piece = report->piece;
    for (size_t i = 0; piece && i < report->passages; i++) {
        const struct passage *passage = &report->passage[i];
        unsigned first = piece->bars[piece->printed_bar[passage->first]].number;
        unsigned last = piece->bars[piece->printed_bar[passage->first + passage->count - 1]].number;
        json_array_append_new(
            list, json_pack("{s:I, s:I, s:I, s:I, s:I, s:o}", "from", (json_int_t)first, "to",
                            (json_int_t)last, "goes", (json_int_t)passage->goes, "due",
                            (json_int_t)passage->due, "faults", (json_int_t)passage->faults,
                            "advice", advice(report->advice[i])));
    }
    return list;
}

static unsigned bar_of(const struct session_piece *piece, size_t note)
{
    return piece->bars[bars_find(piece->bars, piece->bar_count, piece->onset[note] + 1e-6)].number;
}

static json_t *goes(const struct report *report)
{
    static const char *const hands[HANDS] = {
        [HANDS_BOTH] = "both", [HANDS_RIGHT] = "right", [HANDS_LEFT] = "left"};
    const struct alignment *alignment = &report->session->alignment;
    const struct correct_note *notes = report->session->music->take->note;
    json_t *list = json_array();
    for (size_t p = 0; report->piece && p < alignment->passes; p++) {
        const struct align_pass *pass = &alignment->pass[p];
        json_array_append_new(list,
                              json_pack("{s:I, s:I, s:s, s:f, s:f}", "from",
                                        (json_int_t)bar_of(report->piece, pass->first), "to",
                                        (json_int_t)bar_of(report->piece, pass->last), "hands",
                                        hands[pass->hands], "begins", notes[pass->begin].seconds,
                                        "ends", notes[pass->end - 1].seconds));
    }
    return list;
}

json_t *report_json(const struct report *report, const char *output)
{
    const struct session *session = report->session;
    return json_pack("{s:o, s:o, s:o, s:f, s:I, s:I, s:I, s:I, s:f, s:f, s:o, s:o, s:o, s:o, s:o, "
                     "s:o, s:o}",
                     "recording", command_text(session->path), "output", command_text(output),
                     "piece", report->piece ? command_text(report->piece->name) : json_null(),
                     "seconds", session->seconds, "notes", (json_int_t)session->notes, "elsewhere",
                     (json_int_t)session->elsewhere, "passes",
                     (json_int_t)session->alignment.passes, "stops", (json_int_t)session->stops,
                     "tempo", session->tempo, "unsteady", session->unsteady, "total",
                     counts(&session->total), "right_hand", counts(&session->hand[0]), "left_hand",
                     counts(&session->hand[1]), "bars", bars(report), "practise", passages(report),
                     "earlier", earlier(report), "goes", goes(report));
}
