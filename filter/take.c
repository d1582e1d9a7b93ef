/* Choosing, placing, and the two ways of correcting. */
#include "filter/take.h"

#include "base/monotonic.h"

#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { CHANNELS = 16 };

static const char *read_channel(const char *at, unsigned *channel)
{
    unsigned value = 0;
    int digits = 0;
    for (; isdigit((unsigned char)*at) && digits < 3; at++, digits++)
        value = value * 10 + (unsigned)(*at - '0');
    *channel = value;
    return digits > 0 && value >= 1 && value <= CHANNELS ? at : NULL;
}

int take_read_channels(const char *list, uint16_t *channels, struct error *error)
{
    uint16_t chosen = 0;
    const char *at = list;
    for (;;) {
        unsigned first = 0;
        unsigned last = 0;
        at = read_channel(at, &first);
        last = first;
        if (at && *at == '-')
            at = read_channel(at + 1, &last);
        if (!at || last < first)
            break;
        for (unsigned c = first; c <= last; c++)
            chosen |= (uint16_t)(1U << (c - 1));
        if (*at == '\0') {
            *channels = chosen;
            return 0;
        }
        if (*at++ != ',')
            break;
    }
    return error_set(error, "'%s' is no list of channels from 1 to 16, such as 1-9,11", list);
}

/* Marks the tracks that one entry of a list of tracks names; how many. */
static uint32_t mark_tracks(const struct midifile *file, const char *entry, size_t length,
                            bool *marked)
{
    uint32_t found = 0;
    uint32_t tracks = midifile_tracks(file);
    char *end = NULL;
    unsigned long number = strtoul(entry, &end, 10);
    bool numbered = isdigit((unsigned char)*entry) && end == entry + length;
    for (uint32_t t = 0; t < tracks; t++) {
        const char *name = midifile_track_name(file, t);
        bool same = numbered ? number == t + 1UL
                             : strlen(name) == length && strncasecmp(name, entry, length) == 0;
        if (same)
            marked[t] = true;
        found += same;
    }
    return found;
}

static int choose_tracks(const struct midifile *file, const char *name, const char *list,
                         bool *marked, struct error *error)
{
    uint32_t tracks = midifile_tracks(file);
    for (uint32_t t = 0; !list && t < tracks; t++)
        marked[t] = true;
    for (const char *at = list; at; at = strchr(at, ',') ? strchr(at, ',') + 1 : NULL) {
        size_t length = strcspn(at, ",");
        if (mark_tracks(file, at, length, marked) == 0)
            return error_set(error,
                             "%s: has no track '%.*s'; audiogenrl inspect lists its %u tracks",
                             name, (int)length, at, tracks);
    }
    return 0;
}

/* By track: are all of its notes drums? */
static void find_drum_tracks(const struct midifile *file, const bool *drums, bool *tracks)
{
    uint32_t count = 0;
    const struct midifile_note *notes = midifile_notes(file, &count);
    memset(tracks, true, midifile_tracks(file) * sizeof *tracks);
    for (uint32_t i = 0; i < count; i++)
        tracks[notes[i].track] &= drums[i];
}

static void choose_notes(struct take *take, const struct midifile *file,
                         const struct take_choice *choice, const bool *marked, const bool *drums,
                         const bool *drum_tracks)
{
    uint32_t count = 0;
    const struct midifile_note *notes = midifile_notes(file, &count);
    for (uint32_t i = 0; i < count; i++) {
        const struct midifile_note *note = &notes[i];
        bool channel = choice->channels ? choice->channels >> note->channel & 1
                                        : !drums[i] || (choice->tracks && drum_tracks[note->track]);
        if (marked[note->track] && channel)
            take->index[take->count++] = i;
    }
}

static int no_notes(const struct midifile *file, const char *name, const struct take_choice *choice,
                    const bool *drums, struct error *error)
{
    uint32_t count = 0;
    midifile_notes(file, &count);
    uint32_t all = 0;
    for (uint32_t i = 0; i < count; i++)
        all += drums[i];
    if (count == 0)
        return error_set(error, "%s: holds no notes, expected a piece of music", name);
    if (!choice->channels && !choice->tracks && all == count)
        return error_set(error,
                         "%s: holds only drums (channel 10, drum kits, tracks named so), which are "
                         "left alone unless their channel is chosen",
                         name);
    return error_set(error,
                     "%s: holds no notes in the tracks and channels chosen; audiogenrl "
                     "inspect lists what it has",
                     name);
}

static int choose(struct take *take, const struct midifile *file, const char *name,
                  const struct take_choice *choice, struct error *error)
{
    uint32_t tracks = midifile_tracks(file);
    bool *marked = calloc(tracks ? 2 * (size_t)tracks : 1, sizeof *marked);
    bool *drums = take_find_drums(file);
    int status = -1;
    if (!marked || !drums)
        error_set(error, "%s: out of memory", name);
    else
        status = choose_tracks(file, name, choice->tracks, marked, error);
    if (status == 0) {
        find_drum_tracks(file, drums, marked + tracks);
        choose_notes(take, file, choice, marked, drums, marked + tracks);
        if (take->count == 0)
            status = no_notes(file, name, choice, drums, error);
    }
    free(drums);
    free(marked);
    return status;
}

static void place_by_file(struct take *take, const struct midifile *file)
{
    uint32_t count = 0;
    const struct midifile_note *notes = midifile_notes(file, &count);
    double slots_a_tick = (double)SONG_SLOTS_A_BEAT / midifile_ppq(file);
    for (size_t i = 0; i < take->count; i++) {
        const struct midifile_note *note = &notes[take->index[i]];
        take->note[i] = (struct correct_note){.seconds = note->seconds,
                                              .slot = note->tick * slots_a_tick,
                                              .pitch = note->pitch,
                                              .velocity = note->velocity};
        take->release[i] = midifile_seconds(file, note->tick + note->duration_ticks);
    }
}

static int fit_file_grid(struct take *take, const char *name, struct error *error)
{
    double *slots = malloc((take->count + 1) * sizeof *slots);
    if (!slots)
        return error_set(error, "%s: out of memory", name);
    for (size_t i = 0; i < take->count; i++)
        slots[i] = take->note[i].slot;
    int status = grid_fit(slots, take->count, &take->fit, error);
    free(slots);
    return status == 0 ? 0 : error_prefix(error, name);
}

static int place_by_onsets(struct take *take, const char *name, const struct task *task,
                           struct error *error)
{
    double *seconds = malloc((take->count + 1) * sizeof *seconds);
    uint8_t *pitch = malloc(take->count + 1);
    struct grid_track track = {0};
    int status = -1;
    if (!seconds || !pitch) {
        error_set(error, "out of memory");
    } else {
        for (size_t i = 0; i < take->count; i++) {
            seconds[i] = take->note[i].seconds;
            pitch[i] = take->note[i].pitch;
        }
        struct grid_onsets onsets = {
            .seconds = seconds, .pitch = pitch, .count = take->count, .task = task};
        status = grid_track(&onsets, NULL, &track, error);
    }
    for (size_t i = 0; status == 0 && i < take->count; i++)
        take->note[i].slot = track.place[i].slot;
    take->found = true;
    take->tempo = track.tempo;
    take->confidence = track.confidence;
    grid_track_free(&track);
    free(seconds);
    free(pitch);
    return status == 0 ? 0 : error_prefix(error, name);
}

/* Onsets of a score stand at simple fractions of a quarter, also where these are no
 * sixteenths: triplets, runs, ornaments. Where a player put them, one in ten does by chance. */
static bool is_written(const struct take *take, const struct midifile *file)
{
    static const uint32_t parts[] = {24, 32, 20, 28}; /* of a quarter */
    static const double most_of_them = .8;
    uint32_t count = 0, ppq = midifile_ppq(file);
    const struct midifile_note *notes = midifile_notes(file, &count);
    size_t written = 0;
    for (size_t i = 0; i < take->count; i++) {
        bool simple = false;
        for (size_t p = 0; p < sizeof parts / sizeof *parts; p++) {
            /* Ticks are rounded where a part has no whole number of them. */
            uint32_t rest = (uint32_t)((uint64_t)notes[take->index[i]].tick * parts[p] % ppq);
            bool whole = ppq % parts[p] == 0;
            simple |= whole ? rest == 0 : rest < parts[p] || rest > ppq - parts[p];
        }
        written += simple;
    }
    return ppq >= 96 && (double)written >= most_of_them * (double)take->count;
}

static int place(struct take *take, const struct midifile *file, const char *name,
                 const struct take_choice *choice, struct error *error)
{
    enum take_grid grid = choice->grid;
    place_by_file(take, file);
    if (fit_file_grid(take, name, error) != 0)
        return -1;
    take->written = take->fit.fits || grid == TAKE_GRID_FILE || is_written(take, file);
    bool may = grid == TAKE_GRID_DECIDE && take->count <= GRID_MAX_ONSETS;
    if (grid == TAKE_GRID_AUTO || (may && !take->fit.fits))
        return place_by_onsets(take, name, choice->task, error);
    return 0;
}

struct take *take_create(const struct midifile *file, const char *name,
                         const struct take_choice *choice, struct error *error)
{
    uint32_t count = 0;
    midifile_notes(file, &count);
    struct take *take = calloc(1, sizeof *take);
    size_t room = count ? count : 1;
    if (take) {
        take->note = malloc(room * sizeof *take->note);
        take->index = malloc(room * sizeof *take->index);
        take->release = malloc(room * sizeof *take->release);
    }
    if (!take || !take->note || !take->index || !take->release)
        error_set(error, "%s: out of memory", name);
    else if (choose(take, file, name, choice, error) == 0 &&
             place(take, file, name, choice, error) == 0)
        return take;
    take_free(take);
    return NULL;
}

void take_free(struct take *take)
{
    if (!take)
        return;
    free(take->note);
    free(take->index);
    free(take->release);
    free(take);
}

/* By slot; notes of the same place keep their order. */
struct place_order {
    double slot;
    size_t place; /* in the take; makes the order total */
};

static int compare_places(const void *a, const void *b)
{
    const struct place_order *x = a;
    const struct place_order *y = b;
    if (x->slot < y->slot || x->slot > y->slot)
        return x->slot < y->slot ? -1 : 1;
    return x->place < y->place ? -1 : 1;
}

/* malloced, [count]. */
static struct place_order *order_notes(const struct correct_note *notes, size_t count)
{
    struct place_order *order = malloc(count * sizeof *order);
    for (size_t i = 0; order && i < count; i++)
        order[i] = (struct place_order){notes[i].slot, i};
    if (order)
        qsort(order, count, sizeof *order, compare_places);
    return order;
}

struct song *take_song(const struct take *take, const struct midifile *file, const char *name,
                       struct error *error)
{
    struct song_note *notes = malloc(take->count * sizeof *notes);
    if (!notes) {
        error_set(error, "%s: out of memory", name);
        return NULL;
    }
    for (size_t i = 0; i < take->count; i++) {
        double slot = floor(take->note[i].slot + 0.5);
        notes[i] =
            (struct song_note){.slot = slot < SONG_MAX_SLOTS ? (uint32_t)slot : SONG_MAX_SLOTS,
                               .pitch = take->note[i].pitch};
    }
    struct song *song = song_create(name, midifile_checksum(file), notes, take->count, error);
    free(notes);
    if (song && !(song->score = take_score(take, file, name, error))) {
        song_free(song);
        return NULL;
    }
    return song;
}

/* A release that is due: a binary heap by time, then by number. */
struct release {
    double seconds;
    size_t note;
};

static bool release_before(struct release a, struct release b)
{
    return a.seconds < b.seconds || (a.seconds <= b.seconds && a.note < b.note);
}

static void heap_push(struct release *heap, size_t *count, struct release release)
{
    size_t at = (*count)++;
    for (; at > 0 && release_before(release, heap[(at - 1) / 2]); at = (at - 1) / 2)
        heap[at] = heap[(at - 1) / 2];
    heap[at] = release;
}

static struct release heap_pop(struct release *heap, size_t *count)
{
    struct release top = heap[0];
    struct release last = heap[--*count];
    size_t at = 0;
    for (size_t child = 1; child < *count; child = 2 * at + 1) {
        if (child + 1 < *count && release_before(heap[child + 1], heap[child]))
            child++;
        if (release_before(last, heap[child]))
            break;
        heap[at] = heap[child];
        at = child;
    }
    heap[at] = last;
    return top;
}

static uint8_t correct_note(struct corrector *corrector, const struct correct_note *note,
                            const struct take_trace *trace, size_t number)
{
    uint64_t began = trace && trace->nanoseconds ? monotonic_nanoseconds() : 0;
    uint8_t pitch = corrector_note(corrector, note);
    if (trace && trace->nanoseconds)
        trace->nanoseconds[number] = monotonic_nanoseconds() - began;
    corrector_settle(corrector);
    if (trace && trace->place)
        trace->place[number] = corrector_place(corrector);
    return pitch;
}

static int correct_live(const struct correct_note *notes, const double *releases, size_t count,
                        struct corrector *corrector, uint8_t *pitches,
                        const struct take_trace *trace, struct error *error)
{
    struct release *held = malloc((count + 1) * sizeof *held);
    if (!held)
        return error_set(error, "out of memory");
    size_t holding = 0;
    for (size_t i = 0; i < count; i++) {
        while (holding > 0 && held[0].seconds <= notes[i].seconds)
            corrector_release(corrector, pitches[heap_pop(held, &holding).note]);
        pitches[i] = correct_note(corrector, &notes[i], trace, i);
        heap_push(held, &holding, (struct release){releases[i], i});
    }
    free(held);
    return 0;
}

static int correct_whole(const struct correct_note *notes, size_t count,
                         struct corrector *corrector, uint8_t *pitches,
                         struct correct_place *places, struct error *error)
{
    struct place_order *order = order_notes(notes, count);
    struct correct_place *told = places ? malloc(count * sizeof *told) : NULL;
    struct correct_note *sorted = malloc(count * sizeof *sorted);
    uint8_t *sent = malloc(count);
    int status = -1;
    if (!order || !sorted || !sent || (places && !told)) {
        error_set(error, "out of memory");
    } else {
        for (size_t i = 0; i < count; i++)
            sorted[i] = notes[order[i].place];
        status = corrector_take(corrector, sorted, count, sent, told, error);
    }
    for (size_t i = 0; status == 0 && i < count; i++) {
        pitches[order[i].place] = sent[i];
        if (places)
            places[order[i].place] = told[i];
    }
    free(told);
    free(order);
    free(sorted);
    free(sent);
    return status;
}

int take_correct(const struct correct_note *notes, const double *releases, size_t count,
                 struct corrector *corrector, bool live, uint8_t *pitches,
                 const struct take_trace *trace, struct error *error)
{
    if (count == 0)
        return 0;
    return live ? correct_live(notes, releases, count, corrector, pitches, trace, error)
                : correct_whole(notes, count, corrector, pitches, trace ? trace->place : NULL,
                                error);
}
