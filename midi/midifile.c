/* Loading, saving and what can be asked of a file. The notes are found in
 * midifile_notes.c. */
#include "midi/midifile_private.h"

#include "base/infile.h"
#include "base/outfile.h"
#include "midi/text.h"

#include <stdlib.h>
#include <string.h>
#include <zlib.h>

enum { DEFAULT_TEMPO = 500000 }; /* microseconds a quarter note: 120 beats a minute */

/* The heap of the merge: tracks, the one whose next event comes first on top. */
struct merge {
    const struct smfread_event *event;
    uint32_t *next; /* [tracks] -> event[]: first not yet merged */
    uint32_t *heap;
    uint32_t size;
};

static int comes_before(const struct merge *merge, uint32_t a, uint32_t b)
{
    uint32_t ta = merge->event[merge->next[a]].tick, tb = merge->event[merge->next[b]].tick;
    return ta != tb ? ta < tb : a < b;
}

static void sink(struct merge *merge, uint32_t place)
{
    uint32_t track = merge->heap[place];
    for (;;) {
        uint32_t child = 2 * place + 1;
        if (child >= merge->size)
            break;
        if (child + 1 < merge->size &&
            comes_before(merge, merge->heap[child + 1], merge->heap[child]))
            child++;
        if (!comes_before(merge, merge->heap[child], track))
            break;
        merge->heap[place] = merge->heap[child];
        place = child;
    }
    merge->heap[place] = track;
}

/* Every track ends with its End of Track, so next[] + 1 is the start of the next track there. */
static void merge_all(struct merge *merge, uint32_t *order)
{
    for (uint32_t i = merge->size; i-- > 0;)
        sink(merge, i);
    while (merge->size > 0) {
        uint32_t top = merge->heap[0];
        uint32_t event = merge->next[top]++;
        *order++ = event;
        if (merge->event[event].status == MIDI_META &&
            merge->event[event].meta == MIDI_META_END_OF_TRACK)
            merge->heap[0] = merge->heap[--merge->size];
        if (merge->size > 0)
            sink(merge, 0);
    }
}

static int merge_tracks(struct midifile *file)
{
    uint32_t tracks = file->check.tracks;
    uint32_t *space = malloc(2 * (size_t)tracks * sizeof *space);
    if (!space)
        return -1;
    struct merge merge = {
        .event = file->event, .next = space, .heap = space + tracks, .size = tracks};
    uint32_t first = 0;
    for (uint32_t t = 0; t < tracks; t++) {
        merge.heap[t] = t;
        merge.next[t] = first;
        first += file->check.track[t].events;
    }
    merge_all(&merge, file->order);
    free(space);
    return 0;
}

static void add_tempo(struct midifile *file, uint32_t tick, uint32_t microseconds)
{
    struct midifile_tempo *last = &file->tempo[file->tempos - 1];
    if (last->tick == tick) {
        last->microseconds = microseconds;
        return;
    }
    double seconds = midifile_seconds(file, tick);
    file->tempo[file->tempos++] = (struct midifile_tempo){tick, microseconds, seconds};
}

static void add_meter(struct midifile *file, uint32_t tick, uint8_t numerator, uint8_t power)
{
    if (numerator == 0 || power > 16)
        return;
    if (file->meters == 0 || file->meter[file->meters - 1].tick != tick)
        file->meters++;
    file->meter[file->meters - 1] = (struct midifile_meter){tick, numerator, 1u << power};
}

static void set_key(struct midifile *file, const uint8_t *data)
{
    int8_t sharps = (int8_t)data[0];
    if (!file->key.known && sharps >= -7 && sharps <= 7 && data[1] <= 1)
        file->key = (struct midifile_key){true, sharps, data[1] == 1};
}

static int set_name(struct midifile *file, const struct smfread_event *event)
{
    char **name = &file->track_name[event->track];
    if (*name || event->length == 0)
        return 0;
    *name = midi_text(file->check.bytes + event->data, event->length);
    return *name ? 0 : -1;
}

static int take_meta(struct midifile *file, const struct smfread_event *event)
{
    const uint8_t *data = file->check.bytes + event->data;
    switch (event->meta) {
    case MIDI_META_TRACK_NAME:
        return set_name(file, event);
    case MIDI_META_TEMPO: {
        if (event->length != 3)
            return 0;
        uint32_t microseconds = (uint32_t)data[0] << 16 | (uint32_t)data[1] << 8 | data[2];
        if (microseconds > 0)
            add_tempo(file, event->tick, microseconds);
        return 0;
    }
    case MIDI_META_TIME_SIGNATURE:
        if (event->length >= 2)
            add_meter(file, event->tick, data[0], data[1]);
        return 0;
    case MIDI_META_KEY_SIGNATURE:
        if (event->length == 2)
            set_key(file, data);
        return 0;
    default:
        return 0;
    }
}

/* Tempo map, meters, key and names, from the meta events in merged order. */
static int take_metas(struct midifile *file)
{
    uint32_t tempos = 0, meters = 0;
    for (uint32_t i = 0; i < file->check.events; i++) {
        if (file->event[i].status != MIDI_META)
            continue;
        tempos += file->event[i].meta == MIDI_META_TEMPO;
        meters += file->event[i].meta == MIDI_META_TIME_SIGNATURE;
    }
    file->tempo = malloc(((size_t)tempos + 1) * sizeof *file->tempo);
    file->meter = malloc(((size_t)meters + 1) * sizeof *file->meter);
    file->track_name = calloc(file->check.tracks, sizeof *file->track_name);
    if (!file->tempo || !file->meter || !file->track_name)
        return -1;
    file->tempo[file->tempos++] = (struct midifile_tempo){0, DEFAULT_TEMPO, 0};
    for (uint32_t i = 0; i < file->check.events; i++) {
        const struct smfread_event *event = &file->event[file->order[i]];
        if (event->status == MIDI_META && take_meta(file, event) != 0)
            return -1;
    }
    return 0;
}

static int fill(struct midifile *file, struct error *error)
{
    size_t events = file->check.events;
    file->event = malloc(events * sizeof *file->event);
    file->order = malloc(events * sizeof *file->order);
    file->event_note = malloc(events * sizeof *file->event_note);
    if (!file->event || !file->order || !file->event_note)
        return error_set(error, "%s: out of memory", file->name);
    if (smfread_events(&file->check, file->name, file->event, error) != 0)
        return -1;
    if (merge_tracks(file) != 0 || take_metas(file) != 0 || midifile_find_notes(file) != 0)
        return error_set(error, "%s: out of memory", file->name);
    return 0;
}

struct midifile *midifile_load_memory(const void *bytes, size_t length, const char *name,
                                      struct error *error)
{
    struct midifile *file = calloc(1, sizeof *file);
    if (!file || !(file->name = strdup(name))) {
        error_set(error, "%s: out of memory", name);
        free(file);
        return NULL;
    }
    if (smfcheck_run(bytes, length, name, &file->check, error) != 0 || fill(file, error) != 0) {
        midifile_free(file);
        return NULL;
    }
    file->checksum = (uint32_t)crc32_z(0, bytes, length);
    smfmend_text(&file->check.mended, name, file->warning, sizeof file->warning);
    return file;
}

struct midifile *midifile_load(const char *path, struct error *error)
{
    size_t length;
    void *bytes = infile_read(path, SMFCHECK_MAX_BYTES, &length, error);
    struct midifile *file =
        bytes ? midifile_load_memory(bytes, length, infile_name(path), error) : NULL;
    free(bytes);
    return file;
}

int midifile_save(const struct midifile *file, const char *path, struct error *error)
{
    return outfile_write(path, file->check.bytes, file->check.length, error);
}

void midifile_free(struct midifile *file)
{
    if (!file)
        return;
    if (file->track_name)
        for (uint32_t t = 0; t < file->check.tracks; t++)
            free(file->track_name[t]);
    free(file->track_name);
    free(file->name);
    free(file->event);
    free(file->order);
    free(file->event_note);
    free(file->tempo);
    free(file->meter);
    free(file->note);
    free(file->note_on);
    free(file->note_off);
    free(file->note_touch);
    free(file->touch);
    smfcheck_free(&file->check);
    free(file);
}

const uint8_t *midifile_bytes(const struct midifile *file, size_t *length)
{
    *length = file->check.length;
    return file->check.bytes;
}

const char *midifile_warning(const struct midifile *file)
{
    return file->warning;
}

uint32_t midifile_checksum(const struct midifile *file)
{
    return file->checksum;
}

uint32_t midifile_format(const struct midifile *file)
{
    return file->check.format;
}

uint32_t midifile_ppq(const struct midifile *file)
{
    return file->check.division;
}

uint32_t midifile_tracks(const struct midifile *file)
{
    return file->check.tracks;
}

const char *midifile_track_name(const struct midifile *file, uint32_t track)
{
    return file->track_name[track] ? file->track_name[track] : "";
}

uint32_t midifile_length_ticks(const struct midifile *file)
{
    return file->event[file->order[file->check.events - 1]].tick;
}

double midifile_length_seconds(const struct midifile *file)
{
    return midifile_seconds(file, midifile_length_ticks(file));
}

uint32_t midifile_events(const struct midifile *file)
{
    return file->check.events;
}

struct midi_event midifile_raw_event(const struct midifile *file, uint32_t index)
{
    const struct smfread_event *event = &file->event[index];
    return (struct midi_event){
        .tick = event->tick,
        .track = event->track,
        .length = event->length,
        .data = file->check.bytes + event->data,
        .status = event->status,
        .meta = event->meta,
    };
}

struct midi_event midifile_event(const struct midifile *file, uint32_t index)
{
    struct midi_event event = midifile_raw_event(file, file->order[index]);
    event.seconds = midifile_seconds(file, event.tick);
    return event;
}

uint32_t midifile_event_note(const struct midifile *file, uint32_t index)
{
    return file->event_note[file->order[index]];
}

const struct midifile_note *midifile_notes(const struct midifile *file, uint32_t *count)
{
    *count = file->notes;
    return file->note;
}

const struct midifile_tempo *midifile_tempos(const struct midifile *file, uint32_t *count)
{
    *count = file->tempos;
    return file->tempo;
}

const struct midifile_meter *midifile_meters(const struct midifile *file, uint32_t *count)
{
    *count = file->meters;
    return file->meter;
}

struct midifile_key midifile_key(const struct midifile *file)
{
    return file->key;
}

double midifile_seconds(const struct midifile *file, uint32_t tick)
{
    uint32_t low = 0, high = file->tempos;
    while (high - low > 1) {
        uint32_t middle = low + (high - low) / 2;
        if (file->tempo[middle].tick <= tick)
            low = middle;
        else
            high = middle;
    }
    const struct midifile_tempo *tempo = &file->tempo[low];
    return tempo->seconds +
           (double)(tick - tempo->tick) * tempo->microseconds / (1e6 * file->check.division);
}
