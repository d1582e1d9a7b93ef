/* A hand that the score does not name is that of its side of middle C. */
#include "tool/session_pieces.h"

#include "tool/printed.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { MIDDLE_C = 60 };

/* A tenth of the notes on each side of middle C, at least, are two hands. */
static unsigned find_hands(const struct score *score, uint8_t *hand)
{
    size_t low = 0;
    bool known = false;
    for (uint32_t n = 0; n < score->notes; n++) {
        known |= score->hand[n] == SCORE_LEFT;
        hand[n] = score->pitch[n] < MIDDLE_C ? SCORE_LEFT : SCORE_RIGHT;
        low += hand[n] == SCORE_LEFT;
    }
    if (known) {
        for (uint32_t n = 0; n < score->notes; n++)
            hand[n] = score->hand[n] == SCORE_LEFT ? SCORE_LEFT : SCORE_RIGHT;
        return 2;
    }
    if (10 * low >= score->notes && 10 * (score->notes - low) >= score->notes)
        return 2;
    memset(hand, SCORE_RIGHT, score->notes);
    return 1;
}

static struct bar *find_bars(const struct score *score)
{
    struct bar *bars = g_new(struct bar, score->bars);
    for (uint32_t b = 0; b < score->bars; b++) {
        const struct score_bar *bar = &score->bar[b];
        double whole = 4.0 * bar->beats / bar->unit;
        bool compound = bar->unit == 8 && bar->beats % 3 == 0 && bar->beats > 3;
        bars[b] = (struct bar){
            .start = bar->quarter,
            .length = b + 1 < score->bars ? score->bar[b + 1].quarter - bar->quarter : whole,
            .pulse = compound ? 1.5 : 4.0 / bar->unit,
            .number = bar->number,
            .beats = bar->beats,
            .unit = bar->unit};
    }
    return bars;
}

/* Of most bars; a piece begins with that of its first. */
static double find_pulse(const struct session_piece *piece)
{
    double pulse = 1;
    size_t most = 0;
    for (size_t b = 0; b < piece->bar_count; b++) {
        size_t same = 0;
        for (size_t k = b; k < piece->bar_count && k < b + 64; k++)
            same += fabs(piece->bars[k].pulse - piece->bars[b].pulse) < 1e-6;
        if (same > most) {
            most = same;
            pulse = piece->bars[b].pulse;
        }
    }
    return pulse;
}

static double find_tempo(const struct score *score)
{
    double quarters = score->quarter[score->onsets - 1] - score->quarter[0];
    double seconds = score->second[score->onsets - 1] - score->second[0];
    return quarters > 0 && seconds > 0 ? 60 * quarters / seconds : 0;
}

static void read_piece(struct session_piece *piece, const struct song *song,
                       const struct score *score)
{
    piece->score = score;
    piece->name = g_utf8_make_valid(song->name, -1);
    piece->onset = g_new(double, score->notes);
    piece->hand = g_new(uint8_t, score->notes);
    for (uint32_t o = 0; o < score->onsets; o++)
        for (uint32_t n = score->first[o]; n < score->first[o + 1]; n++)
            piece->onset[n] = score->quarter[o];
    piece->hands = find_hands(score, piece->hand);
    piece->bars = find_bars(score);
    piece->bar_count = score->bars;
    piece->knows_bars = score->bars_known;
    piece->pulse = find_pulse(piece);
    piece->tempo = find_tempo(score);
    printed_find(piece);
}

void session_pieces_load(struct session_pieces *pieces, const struct models *models)
{
    size_t count = 0;
    for (size_t m = 0; m < models->count; m++)
        count += model_songs(models->model[m]);
    *pieces = (struct session_pieces){.piece = g_new0(struct session_piece, count + 1)};
    for (size_t m = 0; m < models->count; m++)
        for (size_t s = 0; s < model_songs(models->model[m]); s++)
            read_piece(&pieces->piece[pieces->count++], model_song(models->model[m], s),
                       model_score(models->model[m], s));
}

void session_pieces_clear(struct session_pieces *pieces)
{
    for (size_t i = 0; i < pieces->count; i++) {
        struct session_piece *piece = &pieces->piece[i];
        g_free(piece->name);
        g_free(piece->onset);
        g_free(piece->hand);
        g_free(piece->bars);
        g_free(piece->printed);
        g_free(piece->printed_bar);
        g_free(piece->same);
    }
    g_free(pieces->piece);
    *pieces = (struct session_pieces){0};
}

uint8_t session_piece_hand(const struct session_piece *piece, double quarter, int pitch)
{
    const struct score *score = piece->score;
    int closest = 128;
    uint8_t hand = piece->hands == 2 && pitch < MIDDLE_C ? SCORE_LEFT : SCORE_RIGHT;
    for (uint32_t o = score_find(score, quarter - 1);
         o < score->onsets && score->quarter[o] <= quarter + 1; o++)
        for (uint32_t n = score->first[o]; n < score->first[o + 1]; n++) {
            int apart = abs(score->pitch[n] - pitch);
            if (apart < closest) {
                closest = apart;
                hand = piece->hand[n];
            }
        }
    return hand;
}
