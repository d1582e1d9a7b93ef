/* Bars are those of struct pieces, found by position; a bar of an older epoch than the table's
 * is one that was never played. */
#include "correct/fade.h"

#include <math.h>
#include <stdlib.h>

/* Keys of a chord are struck within this time, seconds (follow/constants.h, merge_gap, and a
 * rolled chord's more). */
static const double chord = .12;

/* The help by the share of wrong keys. In a bar of ten keys that was without a fault, one wrong key
 * changes nothing, and another one in the next pass brings a little help back. */
static const float least_errors[] = {
    [FADE_NONE] = 0, [FADE_LITTLE] = .05f, [FADE_MUCH] = .12f, [FADE_ALL] = .25f};

enum { NO_BAR = UINT32_MAX };

struct entry {
    struct fade_bar bar;
    uint32_t epoch;
};

/* A bar that is being played. */
struct playing {
    uint32_t bar; /* NO_BAR: none */
    uint32_t position;
    double since;            /* when the position was begun */
    uint32_t struck, before; /* notes of the position and of the one before that were struck */
    uint32_t keys, wrong;
    uint32_t notes; /* of the score that were struck */
    bool onwards;   /* without a step back */
    bool unaided;   /* the bar had no help when it was begun */
    bool over;      /* it was counted: the piece has ended with it */
};

struct fade {
    const struct pieces *pieces;
    struct entry *entry; /* by bar */
    uint32_t epoch;
    struct playing playing;
    struct fade_pass done[FADE_PASSES]; /* a ring */
    size_t first, count;
};

static const struct fade_bar blank = {.errors = -1, .help = FADE_ALL};

struct fade *fade_open(const struct pieces *pieces, struct error *error)
{
    struct fade *fade = calloc(1, sizeof *fade);
    size_t bars = pieces->bar_first[pieces->count];
    if (!fade || !(fade->entry = calloc(bars + 1, sizeof *fade->entry))) {
        free(fade);
        error_set(error, "out of memory");
        return NULL;
    }
    fade->pieces = pieces;
    fade_forget(fade);
    return fade;
}

void fade_close(struct fade *fade)
{
    if (!fade)
        return;
    free(fade->entry);
    free(fade);
}

void fade_leave(struct fade *fade)
{
    fade->playing = (struct playing){.bar = NO_BAR};
}

void fade_forget(struct fade *fade)
{
    fade->epoch++;
    fade->count = 0;
    fade_leave(fade);
}

struct fade_bar fade_bar(const struct fade *fade, uint32_t bar)
{
    const struct entry *entry = &fade->entry[bar];
    return entry->epoch == fade->epoch ? entry->bar : blank;
}

void fade_put(struct fade *fade, uint32_t bar, struct fade_bar now)
{
    if (!(now.errors >= 0))
        now = blank;
    now.errors = fminf(now.errors, 1);
    now.help = now.help > FADE_ALL ? FADE_ALL : now.help;
    now.right = now.right > FADE_KNOWN ? FADE_KNOWN : now.right;
    fade->entry[bar] = (struct entry){now, fade->epoch};
}

/* --- Bars and positions --- */

/* The last bar that begins at a position or before it. */
static uint32_t find_bar(const struct pieces *pieces, uint32_t position)
{
    uint32_t piece = pieces->piece_of[position];
    uint32_t low = pieces->bar_first[piece];
    uint32_t high = pieces->bar_first[piece + 1];
    while (low + 1 < high) {
        uint32_t middle = low + (high - low) / 2;
        if (pieces->bar[middle] <= position)
            low = middle;
        else
            high = middle;
    }
    return low < high && pieces->bar[low] <= position ? low : NO_BAR;
}

/* The position after a bar. */
static uint32_t end_of(const struct pieces *pieces, uint32_t bar)
{
    const struct pieces_piece *piece = &pieces->piece[pieces->piece_of[pieces->bar[bar]]];
    uint32_t end = piece->first + piece->onsets;
    bool last = bar + 1 == pieces->bar_first[pieces->piece_of[pieces->bar[bar]] + 1];
    return last ? end : pieces->bar[bar + 1];
}

static uint32_t notes_of(const struct pieces *pieces, uint32_t from, uint32_t to)
{
    return pieces->first[to] - pieces->first[from];
}

/* The bit of a pitch among the notes of a position; 0: it is none of them. */
static uint32_t find_note(const struct pieces *pieces, uint32_t position, int pitch)
{
    uint32_t first = pieces->first[position];
    for (uint32_t k = 0; k < notes_of(pieces, position, position + 1); k++)
        if (pieces->pitch[first + k] == pitch)
            return UINT32_C(1) << k;
    return 0;
}

static bool is_struck(const struct pieces *pieces, const struct playing *playing)
{
    uint32_t notes = notes_of(pieces, playing->position, playing->position + 1);
    return playing->struck == (UINT64_C(1) << notes) - 1;
}

unsigned fade_help(const struct fade *fade, double seconds)
{
    const struct pieces *pieces = fade->pieces;
    const struct playing *playing = &fade->playing;
    if (playing->bar == NO_BAR)
        return FADE_ALL;
    bool goes_on = is_struck(pieces, playing) || seconds >= playing->since + chord;
    uint32_t bar = playing->bar;
    if (goes_on && playing->position + 1 == end_of(pieces, bar) &&
        bar + 1 < pieces->bar_first[pieces->piece_of[playing->position] + 1])
        bar++;
    return fade_bar(fade, bar).help;
}

/* In Petzold's minuet with 15 % of the keys slipped to a neighbour, these repair 97, 71 and 37 % of
 * them (audiogenrl evaluate --live --errors slip:p=0.15 --follow X). */
float fade_trust(unsigned help)
{
    static const float trust[] = {
        [FADE_NONE] = 2.25f, [FADE_LITTLE] = 2.25f, [FADE_MUCH] = 1.5f, [FADE_ALL] = 1};
    return trust[help > FADE_ALL ? FADE_ALL : help];
}

/* --- Passes --- */

static unsigned help_for(float errors)
{
    unsigned help = FADE_ALL;
    while (help > FADE_NONE && errors <= least_errors[help])
        help--;
    return help;
}

static void keep(struct fade *fade, const struct fade_pass *pass)
{
    fade->done[(fade->first + fade->count) % FADE_PASSES] = *pass;
    if (fade->count < FADE_PASSES)
        fade->count++;
    else
        fade->first = (fade->first + 1) % FADE_PASSES;
}

/* The pass is over. */
static void finish(struct fade *fade)
{
    const struct pieces *pieces = fade->pieces;
    struct playing *playing = &fade->playing;
    if (playing->bar == NO_BAR || playing->over)
        return;
    playing->over = true;
    uint32_t notes = notes_of(pieces, pieces->bar[playing->bar], end_of(pieces, playing->bar));
    if (3 * playing->keys < notes)
        return;
    struct fade_bar bar = fade_bar(fade, playing->bar);
    float share = (float)playing->wrong / (float)playing->keys;
    bar.errors = bar.errors < 0 ? share : (bar.errors + share) / 2;
    unsigned help = help_for(bar.errors);
    if (help > bar.help)
        bar.help = (uint8_t)help;
    else if (help < bar.help)
        bar.help--;
    if (playing->wrong > 0)
        bar.right = 0;
    else if (playing->unaided && playing->onwards && playing->notes == notes &&
             bar.right < FADE_KNOWN)
        bar.right++;
    fade_put(fade, playing->bar, bar);
    keep(fade, &(struct fade_pass){playing->bar, bar});
}

/* Whether the player has gone back to the beginning of the bar, far enough to be no doubt of the
 * follower's. */
static bool begins_again(const struct pieces *pieces, const struct playing *playing,
                         uint32_t position)
{
    uint32_t begin = pieces->bar[playing->bar];
    return position == begin && playing->position > begin &&
           (playing->position >= begin + 2 ||
            playing->position + 1 == end_of(pieces, playing->bar));
}

static void move(struct playing *playing, const struct follow_place *place)
{
    if (place->position == playing->position)
        return;
    bool next = place->position == playing->position + 1;
    playing->onwards &= place->position > playing->position;
    playing->before = next ? playing->struck : 0;
    playing->struck = 0;
    playing->position = place->position;
    playing->since = place->onset_time;
}

/* Whether the key is one of the score's, here or just before. */
static bool strike(const struct pieces *pieces, struct playing *playing, int pitch)
{
    uint32_t first = pieces->piece[pieces->piece_of[playing->position]].first;
    uint32_t note = find_note(pieces, playing->position, pitch);
    uint32_t *struck = &playing->struck;
    if (!note && playing->position > first) {
        note = find_note(pieces, playing->position - 1, pitch);
        struck = &playing->before;
    }
    bool here = struck == &playing->struck || playing->position > pieces->bar[playing->bar];
    if (here && note && !(*struck & note))
        playing->notes++;
    *struck |= note;
    return note != 0;
}

void fade_note(struct fade *fade, const struct follow_place *place, uint8_t key)
{
    const struct pieces *pieces = fade->pieces;
    struct playing *playing = &fade->playing;
    uint32_t bar = place->piece < 0 ? NO_BAR : find_bar(pieces, place->position);
    if (bar == NO_BAR) {
        fade_leave(fade);
        return;
    }
    if (bar != playing->bar || begins_again(pieces, playing, place->position)) {
        finish(fade);
        *playing = (struct playing){.bar = bar,
                                    .position = place->position,
                                    .since = place->onset_time,
                                    .onwards = true,
                                    .unaided = fade_bar(fade, bar).help == FADE_NONE};
    }
    if (playing->over)
        return;
    move(playing, place);
    playing->keys++;
    playing->wrong += !strike(pieces, playing, key - place->shift);
    /* Nothing comes after the last note of a piece. */
    uint32_t piece = pieces->piece_of[playing->position];
    if (playing->position + 1 == pieces->piece[piece].first + pieces->piece[piece].onsets &&
        is_struck(pieces, playing))
        finish(fade);
}

size_t fade_take(struct fade *fade, struct fade_pass *passes, size_t most)
{
    size_t count = fade->count < most ? fade->count : most;
    for (size_t i = 0; i < count; i++)
        passes[i] = fade->done[(fade->first + i) % FADE_PASSES];
    fade->first = (fade->first + count) % FADE_PASSES;
    fade->count -= count;
    return count;
}
