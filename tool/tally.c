#include "tool/tally.h"

#include <math.h>
#include <string.h>

/* A wait: so many times as long as the step before a note should be, and so much longer. */
static const double wait_ratio = 2.0;
static const double wait_seconds = 0.4;

enum fault { FAULT_NONE, FAULT_WRONG, FAULT_LEFT_OUT, FAULT_ADDED };

/* A go, while it is counted. */
struct counter {
    struct tally *tally;
    const struct session *session;
    struct tally_go *bar; /* [printed bars] */
    bool *struck;         /* [notes] */
};

void tally_open(struct tally *tally, const struct session_piece *piece)
{
    *tally = (struct tally){
        .piece = piece,
        .spot = g_new0(struct tally_spot, piece->score->notes + 1),
        .extra = g_array_new(FALSE, FALSE, sizeof(struct tally_extra)),
        .go = g_array_new(FALSE, FALSE, sizeof(struct tally_go)),
    };
}

void tally_close(struct tally *tally)
{
    if (!tally->piece)
        return;
    g_free(tally->spot);
    g_array_free(tally->extra, TRUE);
    g_array_free(tally->go, TRUE);
    *tally = (struct tally){0};
}

static size_t printed_at(const struct session_piece *piece, double quarter, double *offset)
{
    size_t bar = bars_find(piece->bars, piece->bar_count, quarter + 1e-6);
    *offset = quarter - piece->bars[bar].start;
    return piece->printed[bar];
}

static void count_key(struct tally_spot *spot, uint8_t key)
{
    size_t k = 0;
    while (k + 1 < TALLY_KEYS && spot->struck[k].times && spot->struck[k].key != key)
        k++;
    if (spot->struck[k].times && spot->struck[k].key != key)
        return; /* one more than is kept */
    spot->struck[k].key = key;
    spot->struck[k].times++;
    for (; k > 0 && spot->struck[k].times > spot->struck[k - 1].times; k--) {
        struct tally_struck more = spot->struck[k];
        spot->struck[k] = spot->struck[k - 1];
        spot->struck[k - 1] = more;
    }
}

static void count_note(struct counter *counter, uint32_t note, enum fault fault, uint8_t key)
{
    const struct session_piece *piece = counter->tally->piece;
    struct tally_spot *spot = &counter->tally->spot[piece->same[note]];
    double offset;
    struct tally_go *bar = &counter->bar[printed_at(piece, piece->onset[note], &offset)];
    bar->due++;
    bar->faults += fault != FAULT_NONE;
    spot->due++;
    spot->right += fault == FAULT_NONE;
    spot->left_out += fault == FAULT_LEFT_OUT;
    spot->wrong += fault == FAULT_WRONG;
    if (fault == FAULT_WRONG)
        count_key(spot, key);
}

static void count_extra(struct counter *counter, double quarter, uint8_t key)
{
    struct tally *tally = counter->tally;
    struct tally_extra extra = {
        .key = key, .hand = session_piece_hand(tally->piece, quarter, key), .times = 1};
    extra.bar = printed_at(tally->piece, quarter, &extra.offset);
    counter->bar[extra.bar].faults++;
    for (guint i = 0; i < tally->extra->len; i++) {
        struct tally_extra *other = &g_array_index(tally->extra, struct tally_extra, i);
        if (other->bar == extra.bar && other->key == key &&
            fabs(other->offset - extra.offset) < .26) {
            other->times++;
            return;
        }
    }
    g_array_append_val(tally->extra, extra);
}

static void count_notes(struct counter *counter, int32_t number)
{
    const struct session *session = counter->session;
    const struct align_pass *pass = &session->alignment.pass[number];
    for (size_t i = pass->begin; i < pass->end; i++) {
        const struct align_answer *answer = &session->alignment.answer[i];
        uint8_t key = session->music->take->note[i].pitch;
        if (answer->pass != number || align_is_ornament(answer))
            continue;
        if (answer->note == ALIGN_NONE) {
            count_extra(counter, answer->quarter, key);
            continue;
        }
        counter->struck[answer->note] = true;
        count_note(counter, (uint32_t)answer->note,
                   session->meant[i] == key ? FAULT_NONE : FAULT_WRONG, key);
    }
    for (size_t n = pass->first; n <= pass->last; n++)
        if (!counter->struck[n] && align_is_due(pass, counter->tally->piece->score, n))
            count_note(counter, (uint32_t)n, FAULT_LEFT_OUT, 0);
}

/* Quarters between two onsets; where the piece itself slows, more of them. */
static double own_quarters(const struct session_piece *piece, double from, double to)
{
    const struct score *score = piece->score;
    double seconds =
        score->second[score_find(score, to + 1e-6)] - score->second[score_find(score, from + 1e-6)];
    return piece->tempo > 0 && seconds > 0 ? seconds * piece->tempo / 60 : to - from;
}

/* Time from onset to onset. */
static void count_time(struct counter *counter, int32_t number)
{
    const struct session *session = counter->session;
    const struct session_piece *piece = counter->tally->piece;
    const struct align_pass *pass = &session->alignment.pass[number];
    const struct correct_note *notes = session->music->take->note;
    size_t last = pass->end;
    for (size_t i = pass->begin; i < pass->end; i++) {
        const struct align_answer *answer = &session->alignment.answer[i];
        if (answer->pass != number || answer->note == ALIGN_NONE)
            continue;
        double offset, quarter = piece->onset[answer->note];
        double from = last < pass->end ? piece->onset[session->alignment.answer[last].note] : 0;
        double quarters = quarter - from;
        double seconds = last < pass->end ? notes[i].seconds - notes[last].seconds : 0;
        if (last < pass->end && quarters <= 1e-6)
            continue; /* of the same chord, or behind the time */
        if (last < pass->end && seconds > 0 && session->tempo > 0) {
            quarters = own_quarters(piece, from, quarter);
            double due = quarters * 60 / session->tempo;
            struct tally_go *bar = &counter->bar[printed_at(piece, from, &offset)];
            if (seconds > wait_ratio * due && seconds > due + wait_seconds) {
                counter->tally->spot[piece->same[answer->note]].waits++;
            } else {
                bar->quarters += quarters;
                bar->seconds += seconds;
            }
        }
        last = i;
    }
}

void tally_add(struct tally *tally, const struct session *session, bool own)
{
    const struct session_piece *piece = tally->piece;
    struct counter counter = {.tally = tally,
                              .session = session,
                              .bar = g_new(struct tally_go, piece->printed_bars + 1),
                              .struck = g_new(bool, piece->score->notes + 1)};
    for (size_t p = 0; p < session->alignment.passes; p++) {
        memset(counter.bar, 0, piece->printed_bars * sizeof *counter.bar);
        memset(counter.struck, 0, piece->score->notes * sizeof *counter.struck);
        count_notes(&counter, (int32_t)p);
        count_time(&counter, (int32_t)p);
        for (size_t b = 0; b < piece->printed_bars; b++) {
            struct tally_go *go = &counter.bar[b];
            go->bar = b;
            go->hands = session->alignment.pass[p].hands;
            go->tempo = session->tempo;
            go->own = own;
            if (go->due + go->faults == 0)
                continue;
            go->number = tally->gone + p;
            g_array_append_vals(tally->go, go, 1);
        }
    }
    tally->gone += session->alignment.passes;
    g_free(counter.bar);
    g_free(counter.struck);
}
