/* What the file says of bars, and a guess at the hands. */
#include "tool/staff.h"

#include <math.h>
#include <string.h>

enum {
    MIDDLE_C = 60,
    CHANNELS = 16,
    FEWEST_SHARE = 10, /* a hand has one note in so many */
};

static const struct midifile_note *file_note(const struct music *music, size_t note)
{
    uint32_t count = 0;
    return &midifile_notes(music->file, &count)[music->take->index[note]];
}

double staff_onset(const struct music *music, size_t note)
{
    if (music->take->found)
        return music->take->note[note].slot / SONG_SLOTS_A_BEAT;
    return (double)file_note(music, note)->tick / midifile_ppq(music->file);
}

double staff_duration(const struct music *music, size_t note)
{
    const struct take *take = music->take;
    if (take->found)
        return (take->release[note] - take->note[note].seconds) * take->tempo / 60;
    return (double)file_note(music, note)->duration_ticks / midifile_ppq(music->file);
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
    return !music->take->found;
}

struct bar *staff_bars(const struct music *music, size_t *count, struct error *error)
{
    uint32_t meters = 0;
    const struct midifile_meter *meter = midifile_meters(music->file, &meters);
    if (music->take->found)
        meters = 0;
    struct bars_meter *list = g_new(struct bars_meter, meters + 1);
    for (uint32_t i = 0; i < meters; i++)
        list[i] = (struct bars_meter){.beat = (double)meter[i].tick / midifile_ppq(music->file),
                                      .numerator = meter[i].numerator,
                                      .denominator = meter[i].denominator};
    double end = 0;
    for (size_t i = 0; i < music->take->count; i++)
        end = fmax(end, staff_onset(music, i) + 1.0 / SONG_SLOTS_A_BEAT);
    struct bar *bars = bars_create(list, meters, end, count, error);
    g_free(list);
    return bars;
}

/* Where notes of one voice lie: a track's, or a channel's in a single track. */
struct voice {
    double sum;
    size_t notes;
};

static size_t voice_of(const struct music *music, size_t note, bool by_track)
{
    const struct midifile_note *played = file_note(music, note);
    return by_track ? played->track : played->channel;
}

static size_t gather(const struct music *music, bool by_track, struct voice *voices, size_t count)
{
    size_t used = 0;
    for (size_t i = 0; i < count; i++)
        voices[i] = (struct voice){0};
    for (size_t i = 0; i < music->take->count; i++) {
        struct voice *voice = &voices[voice_of(music, i, by_track)];
        used += voice->notes == 0;
        voice->sum += music->take->note[i].pitch;
        voice->notes++;
    }
    return used;
}

/* The middle between the highest and the lowest voice, by their mean pitches. */
static double find_middle(const struct voice *voices, size_t count)
{
    double low = 127;
    double high = 0;
    for (size_t i = 0; i < count; i++) {
        if (voices[i].notes == 0)
            continue;
        low = fmin(low, voices[i].sum / (double)voices[i].notes);
        high = fmax(high, voices[i].sum / (double)voices[i].notes);
    }
    return (low + high) / 2;
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
    size_t tracks = midifile_tracks(music->file);
    size_t room = tracks > CHANNELS ? tracks : CHANNELS;
    struct voice *voices = g_new0(struct voice, room);
    bool by_track = true;
    size_t used = gather(music, by_track, voices, room);
    if (used == 1) {
        by_track = false;
        used = gather(music, by_track, voices, room);
    }
    if (used > 1) {
        double middle = find_middle(voices, room);
        for (size_t i = 0; i < music->take->count; i++) {
            const struct voice *voice = &voices[voice_of(music, i, by_track)];
            bool low = voice->sum / (double)voice->notes < middle;
            hands[i] = low ? STAFF_LEFT : STAFF_RIGHT;
        }
    }
    g_free(voices);
    return used > 1 ? 2 : split_at_middle_c(music, hands);
}
