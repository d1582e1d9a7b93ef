/* Correcting for places, aligning, counting, timing. */
#include "tool/session.h"

#include "tool/progress.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum {
    FEWEST_PLACED = 4, /* notes that must have been placed in a piece to look closer */
    FEWEST_RIGHT = 4,  /* one note in so many must be right, */
    SHORTEST_WAY = 8,  /* and a pass have so many notes, on average: else it only sounds like it */
};

static const double stop_ratio = 2.5;  /* a wait that much longer than due ... */
static const double stop_excess = 1.0; /* ... and by so many seconds is a stop */

/* --- Counting --- */

enum fault { FAULT_NONE, FAULT_WRONG, FAULT_LEFT_OUT, FAULT_ADDED };

static void add_fault(struct session_count *count, enum fault fault)
{
    count->right += fault == FAULT_NONE;
    count->wrong += fault == FAULT_WRONG;
    count->left_out += fault == FAULT_LEFT_OUT;
    count->added += fault == FAULT_ADDED;
}

struct counter {
    struct session *session;
    const struct session_piece *piece;
    struct session_count *bar; /* [bar_count], of the pass at hand */
    bool *struck;              /* [notes of the score], in the pass at hand */
};

static void count_note(struct counter *counter, double beat, unsigned hand, enum fault fault)
{
    size_t bar = bars_find(counter->piece->bars, counter->piece->bar_count, beat);
    add_fault(&counter->bar[bar], fault);
    add_fault(&counter->session->bar[bar].count, fault);
    add_fault(&counter->session->total, fault);
    add_fault(&counter->session->hand[hand], fault);
}

static void count_pass(struct counter *counter, int32_t number)
{
    struct session *session = counter->session;
    const struct session_piece *piece = counter->piece;
    const struct align_pass *pass = &session->alignment.pass[number];
    memset(counter->bar, 0, piece->bar_count * sizeof *counter->bar);
    memset(counter->struck, 0, piece->score->notes * sizeof *counter->struck);
    for (size_t i = pass->begin; i < pass->end; i++) {
        const struct align_answer *answer = &session->alignment.answer[i];
        int pitch = session->music->take->note[i].pitch;
        if (answer->pass != number || align_is_ornament(answer))
            continue;
        if (answer->note == ALIGN_NONE) {
            count_note(counter, answer->quarter, session_piece_hand(piece, answer->quarter, pitch),
                       FAULT_ADDED);
            continue;
        }
        counter->struck[answer->note] = true;
        bool right = session->meant[i] == pitch;
        count_note(counter, piece->onset[answer->note], piece->hand[answer->note],
                   right ? FAULT_NONE : FAULT_WRONG);
    }
    for (size_t n = pass->first; n <= pass->last; n++)
        if (!counter->struck[n] && align_is_due(pass, piece->score, n))
            count_note(counter, piece->onset[n], piece->hand[n], FAULT_LEFT_OUT);
}

static void count_all(struct session *session, const struct session_piece *piece)
{
    struct counter counter = {.session = session,
                              .piece = piece,
                              .bar = g_new(struct session_count, piece->bar_count),
                              .struck = g_new(bool, piece->score->notes)};
    size_t *most = g_new0(size_t, piece->bar_count);
    for (size_t b = 0; b < piece->bar_count; b++)
        session->bar[b].worst = ALIGN_NONE;
    for (size_t p = 0; p < session->alignment.passes; p++) {
        count_pass(&counter, (int32_t)p);
        for (size_t b = 0; b < piece->bar_count; b++) {
            size_t faults = session_faults(&counter.bar[b]);
            session->bar[b].passes += session_due(&counter.bar[b]) + faults > 0;
            if (faults <= most[b])
                continue;
            most[b] = faults;
            session->bar[b].worst = (int32_t)p;
        }
    }
    for (size_t i = 0; i < session->notes; i++)
        session->elsewhere += session->alignment.answer[i].pass == ALIGN_NONE;
    g_free(counter.bar);
    g_free(counter.struck);
    g_free(most);
}

/* --- Timing --- */

/* From one onset of the piece to the next one that was played. */
struct step {
    size_t bar;
    int32_t pass;
    double beats, seconds;
};

static GArray *find_steps(const struct session *session, const struct session_piece *piece)
{
    GArray *steps = g_array_new(FALSE, FALSE, sizeof(struct step));
    const struct correct_note *notes = session->music->take->note;
    size_t last = session->notes;
    for (size_t i = 0; i < session->notes; i++) {
        const struct align_answer *answer = &session->alignment.answer[i];
        if (answer->note == ALIGN_NONE)
            continue;
        const struct align_answer *before =
            last < session->notes ? &session->alignment.answer[last] : NULL;
        if (before && before->pass == answer->pass) {
            double start = piece->onset[before->note];
            struct step step = {.bar = bars_find(piece->bars, piece->bar_count, start),
                                .pass = answer->pass,
                                .beats = piece->onset[answer->note] - start,
                                .seconds = notes[i].seconds - notes[last].seconds};
            if (step.beats <= 1e-6)
                continue; /* of the same chord, or behind the time */
            if (step.seconds > 0)
                g_array_append_val(steps, step);
        }
        last = i;
    }
    return steps;
}

static int compare_doubles(const void *a, const void *b)
{
    double x = *(const double *)a;
    double y = *(const double *)b;
    return (x > y) - (x < y);
}

/* The tempo of a bar in a pass. */
struct bar_tempo {
    double tempo, seconds, beats;
    size_t bar;
    int32_t pass;
    bool stopped;
};

static GArray *find_bar_tempos(const GArray *steps)
{
    GArray *tempos = g_array_new(FALSE, FALSE, sizeof(struct bar_tempo));
    for (guint i = 0; i < steps->len; i++) {
        const struct step *step = &g_array_index(steps, struct step, i);
        struct bar_tempo *last =
            tempos->len ? &g_array_index(tempos, struct bar_tempo, tempos->len - 1) : NULL;
        if (!last || last->bar != step->bar || last->pass != step->pass) {
            struct bar_tempo fresh = {.bar = step->bar, .pass = step->pass};
            g_array_append_val(tempos, fresh);
            last = &g_array_index(tempos, struct bar_tempo, tempos->len - 1);
        }
        last->beats += step->beats;
        last->seconds += step->seconds;
        last->tempo = 60 * last->beats / last->seconds;
    }
    return tempos;
}

static double find_median(const GArray *tempos)
{
    double *values = g_new(double, tempos->len + 1);
    for (guint i = 0; i < tempos->len; i++)
        values[i] = g_array_index(tempos, struct bar_tempo, i).tempo;
    qsort(values, tempos->len, sizeof *values, compare_doubles);
    guint half = tempos->len / 2;
    double median = 0;
    if (tempos->len)
        median = tempos->len % 2 ? values[half] : (values[half - 1] + values[half]) / 2;
    g_free(values);
    return median;
}

static void find_stops(struct session *session, const GArray *steps, GArray *tempos)
{
    for (guint i = 0; i < steps->len; i++) {
        const struct step *step = &g_array_index(steps, struct step, i);
        double due = step->beats * 60 / session->tempo;
        if (step->seconds <= stop_ratio * due || step->seconds <= due + stop_excess)
            continue;
        session->stops++;
        for (guint t = 0; t < tempos->len; t++) {
            struct bar_tempo *tempo = &g_array_index(tempos, struct bar_tempo, t);
            tempo->stopped |= tempo->bar == step->bar && tempo->pass == step->pass;
        }
    }
}

static void find_tempo(struct session *session, const struct session_piece *piece)
{
    GArray *steps = find_steps(session, piece);
    GArray *tempos = find_bar_tempos(steps);
    session->tempo = find_median(tempos);
    if (session->tempo > 0)
        find_stops(session, steps, tempos);
    double *seconds = g_new0(double, piece->bar_count);
    double *beats = g_new0(double, piece->bar_count);
    size_t going = 0;
    for (guint i = 0; i < tempos->len; i++) {
        const struct bar_tempo *tempo = &g_array_index(tempos, struct bar_tempo, i);
        seconds[tempo->bar] += tempo->seconds;
        beats[tempo->bar] += tempo->beats;
        if (tempo->stopped)
            continue;
        session->unsteady += 100 * fabs(tempo->tempo - session->tempo) / session->tempo;
        going++;
    }
    if (going)
        session->unsteady /= (double)going;
    for (size_t b = 0; b < piece->bar_count; b++)
        if (seconds[b] > 0)
            session->bar[b].tempo = 60 * beats[b] / seconds[b];
    g_free(seconds);
    g_free(beats);
    g_array_free(steps, TRUE);
    g_array_free(tempos, TRUE);
}

/* --- The session --- */

/* A recording of the service holds what was played and what was sent; the
 * former is the one to judge. */
static const char *played_track(const char *path)
{
    struct midifile *file = midifile_load(path, NULL);
    bool found = false;
    for (uint32_t t = 0; file && t < midifile_tracks(file); t++)
        found |= strcasecmp(midifile_track_name(file, t), "played") == 0;
    midifile_free(file);
    return found ? "played" : NULL;
}

static int choose_piece(const struct session_pieces *pieces, const struct follow_reading *reading,
                        size_t count)
{
    size_t *placed = g_new0(size_t, pieces->count + 1);
    int best = ALIGN_NONE;
    for (size_t i = 0; i < count; i++)
        if (reading[i].piece >= 0)
            placed[reading[i].piece]++;
    for (size_t p = 0; p < pieces->count; p++)
        if (placed[p] >= FEWEST_PLACED && (best == ALIGN_NONE || placed[p] > placed[best]))
            best = (int)p;
    g_free(placed);
    return best;
}

static void align(struct session *session, const struct pieces *laid,
                  const struct session_piece *piece, struct follow_reading *reading)
{
    const struct take *take = session->music->take;
    double *seconds = g_new(double, take->count + 1);
    uint8_t *key = g_new(uint8_t, take->count + 1);
    session->meant = g_new(int, take->count + 1);
    for (size_t i = 0; i < take->count; i++) {
        seconds[i] = take->note[i].seconds;
        key[i] = take->note[i].pitch;
    }
    alignment_create(&session->alignment, reading, key, seconds, take->count, laid, session->piece,
                     piece->score);
    for (size_t i = 0; i < take->count; i++)
        session->meant[i] = reading[i].pitch;
    g_free(seconds);
    g_free(key);
}

/* Music of the same kind has much in common with a piece, in shreds. */
static bool is_piece(const struct session *session)
{
    size_t own = session->notes - session->elsewhere;
    bool whole = own >= SHORTEST_WAY * session->alignment.passes || session->notes < SHORTEST_WAY;
    return whole && session->total.right * FEWEST_RIGHT >= session->notes;
}

static void forget_piece(struct session *session)
{
    session->piece = ALIGN_NONE;
    session->elsewhere = 0;
    session->total = (struct session_count){0};
    memset(session->hand, 0, sizeof session->hand);
    alignment_clear(&session->alignment);
}

static void judge(struct session *session, const struct pieces *laid,
                  const struct session_pieces *pieces, struct follow_reading *reading)
{
    session->piece = choose_piece(pieces, reading, session->notes);
    if (session->piece == ALIGN_NONE)
        return;
    const struct session_piece *piece = &pieces->piece[session->piece];
    session->bar = g_new0(struct session_bar, piece->bar_count);
    align(session, laid, piece, reading);
    count_all(session, piece);
    if (is_piece(session))
        find_tempo(session, piece);
    else
        forget_piece(session);
}

static int analyse(struct session *session, const struct models *models,
                   const struct session_pieces *pieces, bool quiet, struct error *error)
{
    struct progress progress;
    const struct take *take = session->music->take;
    const struct correct_settings settings = correct_defaults();
    session->piece = ALIGN_NONE;
    session->notes = take->count;
    for (size_t i = 0; i < take->count; i++)
        session->seconds = fmax(session->seconds, take->release[i] - take->note[0].seconds);
    struct corrector *corrector =
        corrector_open((const struct model *const *)models->model, models->count, &settings, error);
    if (!corrector)
        return -1;
    struct follow_reading *reading = g_new(struct follow_reading, take->count + 1);
    corrector_watch(corrector, progress_watch(&progress, "reading", take->count, quiet));
    int status = corrector_read(corrector, take->note, take->count, session->sent, reading, error);
    progress_end(&progress);
    if (status == 0)
        judge(session, corrector_pieces(corrector), pieces, reading);
    g_free(reading);
    corrector_close(corrector);
    return status;
}

struct session *session_load(const char *path, const struct models *models,
                             const struct session_pieces *pieces, const struct take_choice *choice,
                             const struct command_common *common, struct error *error)
{
    struct take_choice chosen = *choice;
    if (!chosen.tracks && strcmp(path, "-") != 0)
        chosen.tracks = played_track(path);
    struct session *session = g_new0(struct session, 1);
    session->path = g_strdup(path);
    session->music = music_load(path, &chosen, common, error);
    if (session->music) {
        session->name = g_utf8_make_valid(session->music->stem, -1);
        session->sent = g_new(uint8_t, session->music->take->count);
    }
    if (session->music && analyse(session, models, pieces, common->quiet, error) == 0)
        return session;
    session_free(session);
    return NULL;
}

void session_free(struct session *session)
{
    if (!session)
        return;
    alignment_clear(&session->alignment);
    music_free(session->music);
    g_free(session->path);
    g_free(session->name);
    g_free(session->sent);
    g_free(session->meant);
    g_free(session->bar);
    g_free(session);
}

struct roll_note *session_roll(const struct session *session, const struct session_piece *piece,
                               int32_t pass, double start, double end, size_t *count)
{
    const struct align_pass *way = &session->alignment.pass[pass];
    const struct score *score = piece->score;
    struct roll_note *notes = g_new(struct roll_note, way->end - way->begin + score->notes);
    bool *struck = g_new0(bool, score->notes);
    *count = 0;
    for (size_t i = way->begin; i < way->end; i++) {
        const struct align_answer *answer = &session->alignment.answer[i];
        uint8_t pitch = session->music->take->note[i].pitch;
        bool added = answer->note == ALIGN_NONE;
        double onset = added ? answer->quarter : piece->onset[answer->note];
        if (answer->pass != pass || align_is_ornament(answer))
            continue;
        if (!added)
            struck[answer->note] = true;
        if (onset < start || onset >= end)
            continue;
        notes[(*count)++] = (struct roll_note){
            .onset = onset,
            .duration = added ? 1.0 / SONG_SLOTS_A_BEAT : (double)score->length[answer->note],
            .played = pitch,
            .sent = added ? pitch : score->pitch[answer->note],
            .part = added ? session_piece_hand(piece, onset, pitch) : piece->hand[answer->note],
            .kind = added ? ROLL_ADDED : ROLL_STRUCK};
    }
    for (size_t n = way->first; n <= way->last; n++)
        if (!struck[n] && align_is_due(way, score, n) && piece->onset[n] >= start &&
            piece->onset[n] < end)
            notes[(*count)++] = (struct roll_note){.onset = piece->onset[n],
                                                   .duration = (double)score->length[n],
                                                   .played = score->pitch[n],
                                                   .sent = score->pitch[n],
                                                   .part = piece->hand[n],
                                                   .kind = ROLL_LEFT_OUT};
    g_free(struck);
    return notes;
}
