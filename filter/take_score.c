/* A take as a score: its onsets, hands and bars. */
#include "filter/learned.h"
#include "filter/take.h"
#include "piece/bars.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { CHANNELS = 16 };

static const struct midifile_note *file_note(const struct take *take, const struct midifile *file,
                                             size_t note)
{
    uint32_t count = 0;
    return &midifile_notes(file, &count)[take->index[note]];
}

double take_quarter(const struct take *take, const struct midifile *file, size_t note)
{
    if (!take->written)
        return take->note[note].seconds * take->tempo / 60;
    return (double)file_note(take, file, note)->tick / midifile_ppq(file);
}

double take_length(const struct take *take, const struct midifile *file, size_t note)
{
    if (!take->written)
        return (take->release[note] - take->note[note].seconds) * take->tempo / 60;
    return (double)file_note(take, file, note)->duration_ticks / midifile_ppq(file);
}

/* --- Hands --- */

/* The notes of one voice: a track's, or a channel's in a single track. */
struct voice {
    double sum; /* of their pitches */
    size_t notes;
};

static size_t voice_of(const struct midifile_note *note, bool by_track)
{
    return by_track ? note->track : note->channel;
}

static size_t gather(const struct take *take, const struct midifile *file, bool by_track,
                     struct voice *voices, size_t count)
{
    size_t used = 0;
    for (size_t i = 0; i < count; i++)
        voices[i] = (struct voice){0};
    for (size_t i = 0; i < take->count; i++) {
        struct voice *voice = &voices[voice_of(file_note(take, file, i), by_track)];
        used += voice->notes == 0;
        voice->sum += take->note[i].pitch;
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

static bool is_word(const char *word, size_t length, const char *wanted)
{
    return strlen(wanted) == length && strncasecmp(word, wanted, length) == 0;
}

/* What a word of the track's name says: "Piano right", "LH" and their like. */
static uint8_t named_hand(const char *name)
{
    static const char *const separators = " \t.,:;-_/()[]";
    for (const char *word = name; *word;) {
        size_t length = strcspn(word, separators);
        if (is_word(word, length, "right") || is_word(word, length, "rh"))
            return SCORE_RIGHT;
        if (is_word(word, length, "left") || is_word(word, length, "lh"))
            return SCORE_LEFT;
        word += length;
        word += strspn(word, separators);
    }
    return SCORE_NO_HAND;
}

bool take_hands(const struct take *take, const struct midifile *file, uint8_t *hands)
{
    size_t tracks = midifile_tracks(file);
    size_t room = tracks > CHANNELS ? tracks : CHANNELS;
    struct voice *voices = calloc(room, sizeof *voices);
    bool by_track = true;
    size_t used = voices ? gather(take, file, by_track, voices, room) : 0;
    memset(hands, SCORE_NO_HAND, take->count);
    if (used == 1) {
        by_track = false;
        used = gather(take, file, by_track, voices, room);
    }
    double middle = used > 1 ? find_middle(voices, room) : 0;
    for (size_t i = 0; used > 1 && i < take->count; i++) {
        const struct midifile_note *note = file_note(take, file, i);
        const struct voice *voice = &voices[voice_of(note, by_track)];
        hands[i] = by_track ? named_hand(midifile_track_name(file, note->track)) : SCORE_NO_HAND;
        if (hands[i] == SCORE_NO_HAND)
            hands[i] = voice->sum / (double)voice->notes < middle ? SCORE_LEFT : SCORE_RIGHT;
    }
    free(voices);
    return used > 1;
}

/* --- Bars --- */

bool take_knows_bars(const struct take *take)
{
    return take->written;
}

struct bar *take_bars(const struct take *take, const struct midifile *file, size_t *count,
                      struct error *error)
{
    uint32_t meters = 0;
    const struct midifile_meter *meter = midifile_meters(file, &meters);
    if (!take->written)
        meters = 0;
    struct bars_meter *list = malloc(((size_t)meters + 1) * sizeof *list);
    if (!list) {
        error_set(error, "bars: out of memory");
        return NULL;
    }
    for (uint32_t i = 0; i < meters; i++)
        list[i] = (struct bars_meter){.beat = (double)meter[i].tick / midifile_ppq(file),
                                      .numerator = meter[i].numerator,
                                      .denominator = meter[i].denominator};
    double end = 0;
    for (size_t i = 0; i < take->count; i++)
        end = fmax(end, take_quarter(take, file, i) + 1.0 / SONG_SLOTS_A_BEAT);
    struct bar *bars = bars_create(list, meters, end, count, error);
    free(list);
    return bars;
}

/* --- The score --- */

struct placed_note {
    struct score_note note;
    size_t place; /* in the take; makes the order total */
};

static int compare_placed(const void *a, const void *b)
{
    const struct placed_note *x = a;
    const struct placed_note *y = b;
    if (x->note.quarter < y->note.quarter || x->note.quarter > y->note.quarter)
        return x->note.quarter < y->note.quarter ? -1 : 1;
    return x->place < y->place ? -1 : 1;
}

/* Notes of a played file that were struck together get the time of the first of them. */
static void join_chords(const struct take *take, struct placed_note *placed)
{
    static const double together = .025; /* seconds from one to the next */
    double second = -1;
    for (size_t i = 0; i < take->count; i++) {
        double own = placed[i].note.second;
        if (i > 0 && own - second < together)
            placed[i].note.quarter = placed[i - 1].note.quarter;
        second = own;
    }
}

/* In the order of a score, malloced. */
static struct score_note *place_notes(const struct take *take, const struct midifile *file)
{
    struct placed_note *placed = malloc(take->count * sizeof *placed);
    struct score_note *notes = malloc(take->count * sizeof *notes);
    uint8_t *hands = malloc(take->count);
    float *doubt = learned_doubts(file);
    if (!placed || !notes || !hands) {
        free(notes);
        notes = NULL;
    } else {
        take_hands(take, file, hands);
        for (size_t i = 0; i < take->count; i++)
            placed[i] =
                (struct placed_note){.place = i,
                                     .note = {.quarter = take_quarter(take, file, i),
                                              .second = take->note[i].seconds,
                                              .length = (float)fmax(0, take_length(take, file, i)),
                                              .pitch = take->note[i].pitch,
                                              .hand = hands[i],
                                              .doubt = doubt ? doubt[take->index[i]] : 0}};
        qsort(placed, take->count, sizeof *placed, compare_placed);
        if (!take->written)
            join_chords(take, placed);
        for (size_t i = 0; i < take->count; i++) {
            notes[i] = placed[i].note;
            if (i > 0)
                notes[i].second = fmax(notes[i].second, notes[i - 1].second);
        }
    }
    free(placed);
    free(hands);
    free(doubt);
    return notes;
}

struct score *take_score(const struct take *take, const struct midifile *file, const char *name,
                         struct error *error)
{
    size_t count = 0;
    struct bar *bars = take_bars(take, file, &count, error);
    struct score_bar *made = bars ? score_bars(bars, count, error) : NULL;
    free(bars);
    if (!made) {
        error_prefix(error, name);
        return NULL;
    }
    struct score *score = NULL;
    struct score_note *notes = place_notes(take, file);
    struct midifile_key key = midifile_key(file);
    if (notes)
        score = score_create(name, notes, take->count, made, count, take_knows_bars(take),
                             key.known ? key.sharps : 0, error);
    else
        error_set(error, "%s: out of memory", name);
    free(notes);
    free(made);
    return score;
}
