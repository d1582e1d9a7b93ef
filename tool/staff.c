/* What the file says of bars, and a guess at the hands where it says nothing. */
#include "tool/staff.h"

#include <math.h>
#include <string.h>

enum {
    MIDDLE_C = 60,
    FEWEST_SHARE = 10, /* a hand has one note in so many */
};

double staff_onset(const struct music *music, size_t note)
{
    if (music->take->found)
        return music->take->note[note].slot / SONG_SLOTS_A_BEAT;
    return take_quarter(music->take, music->file, note);
}

double staff_duration(const struct music *music, size_t note)
{
    return take_length(music->take, music->file, note);
}

double staff_seconds(const struct music *music, double beat)
{
    const struct take *take = music->take;
    if (!take->found)
        return midifile_seconds(music->file, (uint32_t)(beat * midifile_ppq(music->file) + 0.5));
    double first = INFINITY;
    for (size_t i = 0; i < take->count; i++)
        if (take->note[i].slot > beat * SONG_SLOTS_A_BEAT - 0.5)
            first = fmin(first, take->note[i].seconds);
    return first;
}

bool staff_knows_bars(const struct music *music)
{
    return take_knows_bars(music->take);
}

struct bar *staff_bars(const struct music *music, size_t *count, struct error *error)
{
    return take_bars(music->take, music->file, count, error);
}

static unsigned split_at_middle_c(const struct music *music, uint8_t *hands)
{
    const struct take *take = music->take;
    size_t left = 0;
    for (size_t i = 0; i < take->count; i++) {
        hands[i] = take->note[i].pitch < MIDDLE_C ? STAFF_LEFT : STAFF_RIGHT;
        left += hands[i] == STAFF_LEFT;
    }
    if (left * FEWEST_SHARE >= take->count && (take->count - left) * FEWEST_SHARE >= take->count)
        return 2;
    memset(hands, STAFF_RIGHT, take->count);
    return 1;
}

unsigned staff_hands(const struct music *music, uint8_t *hands)
{
    return take_hands(music->take, music->file, hands) ? 2 : split_at_middle_c(music, hands);
}
