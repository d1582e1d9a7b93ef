/* A file made anew from an old one's other events and a list of notes: all
 * events are listed with their place, sorted, written as SMF bytes and loaded. */
#include "midi/midifile_private.h"

#include <stdlib.h>
#include <string.h>

enum { LONGEST_DELTA = 0x0FFFFFFF };

/* Among events of one tick in a track. */
enum place {
    PLACE_NEW_RELEASE,
    PLACE_OLD, /* where it stood in the old file */
    PLACE_NEW_NOTE,
    PLACE_END_OF_TRACK,
};

struct item {
    uint32_t track;
    uint32_t tick;
    uint32_t place;
    uint32_t rank;  /* inside the place: old event, or new note */
    uint32_t event; /* the old event whose bytes it takes, or MIDIFILE_NONE */
    uint32_t note;  /* the new note it belongs to, or MIDIFILE_NONE */
    uint32_t part;  /* of the note: 0 note-on, 1 aftertouch, 2 release */
};

struct rewrite {
    const struct midifile *file;
    const struct midifile_new_note *note;
    size_t notes;
    struct item *item;
    size_t items;
    struct error *error;
};

static int by_place(const void *a, const void *b)
{
    const struct item *x = a, *y = b;
    const uint32_t left[] = {x->track, x->tick, x->place, x->rank, x->note, x->part, x->event};
    const uint32_t right[] = {y->track, y->tick, y->place, y->rank, y->note, y->part, y->event};
    for (size_t i = 0; i < sizeof left / sizeof left[0]; i++)
        if (left[i] != right[i])
            return left[i] < right[i] ? -1 : 1;
    return 0;
}

static int check_notes(const struct rewrite *rewrite)
{
    for (size_t i = 0; i < rewrite->notes; i++) {
        const struct midifile_new_note *n = &rewrite->note[i];
        const char *fault = NULL;
        if (n->track >= rewrite->file->check.tracks)
            fault = "its track is not in the file";
        else if (n->channel > 15 || n->pitch > 127 || n->velocity < 1 || n->velocity > 127)
            fault = "its channel, pitch or velocity is out of range";
        else if (n->tick > SMFCHECK_MAX_TICK || n->duration_ticks > SMFCHECK_MAX_TICK - n->tick)
            fault = "it ends beyond 2147483647 ticks";
        else if (n->source != MIDIFILE_NONE && n->source >= rewrite->file->notes)
            fault = "the note it was made from is not in the file";
        if (fault)
            return error_set(rewrite->error, "%s: new note %zu: %s", rewrite->file->name, i, fault);
    }
    return 0;
}

static void add(struct rewrite *rewrite, struct item item)
{
    rewrite->item[rewrite->items++] = item;
}

/* Everything but notes, their releases and their aftertouch. */
static void add_others(struct rewrite *rewrite)
{
    const struct midifile *file = rewrite->file;
    for (uint32_t i = 0; i < file->check.events; i++) {
        if (file->event_note[i] != MIDIFILE_NONE)
            continue;
        const struct smfread_event *event = &file->event[i];
        struct item item = {.track = event->track,
                            .tick = event->tick,
                            .place = PLACE_OLD,
                            .rank = i,
                            .event = i,
                            .note = MIDIFILE_NONE};
        if (event->status == MIDI_META && event->meta == MIDI_META_END_OF_TRACK) {
            /* To be sorted after all else; settle_ends gives it its time. */
            item.place = PLACE_END_OF_TRACK;
            item.tick = UINT32_MAX;
            item.rank = event->tick;
        }
        add(rewrite, item);
    }
}

static bool is_at(const struct rewrite *rewrite, uint32_t event, uint32_t track, uint32_t tick)
{
    const struct smfread_event *old = &rewrite->file->event[event];
    return old->track == track && old->tick == tick;
}

/* An old event stays where it stood unless its note moved to another tick or
 * track; what belongs to a note struck anew in this tick must follow it. */
static void add_part(struct rewrite *rewrite, uint32_t index, uint32_t tick, uint32_t part,
                     uint32_t event)
{
    const struct midifile_new_note *n = &rewrite->note[index];
    struct item item = {.track = n->track,
                        .tick = tick,
                        .place = PLACE_NEW_NOTE,
                        .rank = index,
                        .event = event,
                        .note = index,
                        .part = part};
    bool struck_now = tick == n->tick && n->source != MIDIFILE_NONE &&
                      !is_at(rewrite, rewrite->file->note_on[n->source], n->track, n->tick);
    if (event != MIDIFILE_NONE && is_at(rewrite, event, n->track, tick) && !struck_now) {
        item.place = PLACE_OLD;
        item.rank = event;
    } else if (part == 2 && n->duration_ticks > 0) {
        item.place = PLACE_NEW_RELEASE;
    }
    add(rewrite, item);
}

static void add_touches(struct rewrite *rewrite, uint32_t index, uint32_t source)
{
    const struct midifile *file = rewrite->file;
    const struct midifile_new_note *n = &rewrite->note[index];
    for (uint32_t t = file->note_touch[source]; t != MIDIFILE_NONE; t = file->touch[t].next) {
        uint32_t after = file->event[file->touch[t].event].tick - file->note[source].tick;
        if (after > n->duration_ticks)
            after = n->duration_ticks;
        add_part(rewrite, index, n->tick + after, 1, file->touch[t].event);
    }
}

/* `used` marks the sources that have given their aftertouch away already. */
static void add_notes(struct rewrite *rewrite, uint8_t *used)
{
    const struct midifile *file = rewrite->file;
    for (uint32_t i = 0; i < rewrite->notes; i++) {
        const struct midifile_new_note *n = &rewrite->note[i];
        uint32_t source = n->source;
        if (source == MIDIFILE_NONE) {
            add_part(rewrite, i, n->tick, 0, MIDIFILE_NONE);
            add_part(rewrite, i, n->tick + n->duration_ticks, 2, MIDIFILE_NONE);
            continue;
        }
        add_part(rewrite, i, n->tick, 0, file->note_on[source]);
        if (!used[source])
            add_touches(rewrite, i, source);
        used[source] = 1;
        /* What was never released stays so, unless it is to end at another time. */
        const struct midifile_note *old = &file->note[source];
        if (old->released || n->tick + n->duration_ticks != old->tick + old->duration_ticks)
            add_part(rewrite, i, n->tick + n->duration_ticks, 2, file->note_off[source]);
    }
}

static size_t put_note(uint8_t *to, const struct rewrite *rewrite, const struct item *item)
{
    const struct midifile_new_note *n = &rewrite->note[item->note];
    struct midi_event old = {0};
    if (item->event != MIDIFILE_NONE)
        old = midifile_raw_event(rewrite->file, item->event);
    uint8_t kind = old.status ? old.status & 0xF0 : item->part == 0 ? MIDI_NOTE_ON : MIDI_NOTE_OFF;
    to[0] = kind | n->channel;
    to[1] = n->pitch;
    to[2] = item->part == 0 ? n->velocity : old.status ? old.data[1] : 64;
    return 3;
}

static size_t put_other(uint8_t *to, const struct midi_event *event)
{
    uint8_t *at = to;
    *at++ = event->status;
    if (event->status == MIDI_META)
        *at++ = event->meta;
    if (event->status >= 0xF0)
        at += smf_put_quantity(at, event->length);
    memcpy(at, event->data, event->length);
    return (size_t)(at - to) + event->length;
}

/* Longest form of all items, and of the headers. */
static size_t room_for(const struct rewrite *rewrite)
{
    size_t room = 14 + 8 * (size_t)rewrite->file->check.tracks;
    for (size_t i = 0; i < rewrite->items; i++) {
        uint32_t event = rewrite->item[i].event;
        room +=
            4 + 1 + 1 + 4 + 3 + (event != MIDIFILE_NONE ? rewrite->file->event[event].length : 0);
    }
    return room;
}

static int write_items(const struct rewrite *rewrite, uint8_t *bytes, size_t *length)
{
    static const uint8_t tag[4] = {'M', 'T', 'r', 'k'};
    const struct midifile *file = rewrite->file;
    const uint8_t *bytes_start = bytes;
    uint8_t *chunk = NULL;
    uint32_t tick = 0;
    memcpy(bytes, file->check.bytes, 14);
    smf_put_u32(bytes + 4, 6);
    bytes += 14;
    for (size_t i = 0; i < rewrite->items; i++) {
        const struct item *item = &rewrite->item[i];
        if (i == 0 || item->track != item[-1].track) {
            chunk = bytes;
            memcpy(chunk, tag, sizeof tag);
            bytes += 8;
            tick = 0;
        }
        if (item->tick - tick > LONGEST_DELTA)
            return error_set(rewrite->error,
                             "%s: nothing happens in track %u after tick %u for longer than a file "
                             "can say",
                             file->name, item->track + 1, tick);
        bytes += smf_put_quantity(bytes, item->tick - tick);
        tick = item->tick;
        if (item->note != MIDIFILE_NONE) {
            bytes += put_note(bytes, rewrite, item);
        } else {
            struct midi_event event = midifile_raw_event(file, item->event);
            bytes += put_other(bytes, &event);
        }
        smf_put_u32(chunk + 4, (uint32_t)(bytes - chunk) - 8);
    }
    *length = (size_t)(bytes - bytes_start);
    return 0;
}

/* End of Track comes last, wherever the last note ends. */
static void settle_ends(struct rewrite *rewrite)
{
    uint32_t last = 0;
    for (size_t i = 0; i < rewrite->items; i++) {
        struct item *item = &rewrite->item[i];
        if (i == 0 || item->track != item[-1].track)
            last = 0;
        if (item->place == PLACE_END_OF_TRACK)
            item->tick = item->rank > last ? item->rank : last;
        last = item->tick;
    }
}

static struct midifile *write_and_load(struct rewrite *rewrite)
{
    size_t room = room_for(rewrite), length = 0;
    uint8_t *bytes = malloc(room);
    if (!bytes) {
        error_set(rewrite->error, "%s: out of memory", rewrite->file->name);
        return NULL;
    }
    struct midifile *made = NULL;
    if (write_items(rewrite, bytes, &length) == 0)
        made = midifile_load_memory(bytes, length, rewrite->file->name, rewrite->error);
    free(bytes);
    return made;
}

struct midifile *midifile_rewrite_notes(const struct midifile *file,
                                        const struct midifile_new_note *notes, size_t count,
                                        struct error *error)
{
    struct rewrite rewrite = {.file = file, .note = notes, .notes = count, .error = error};
    if (count > SMFCHECK_MAX_BYTES / 6) {
        error_set(error, "%s: more notes than a file of %d MiB can hold", file->name,
                  SMFCHECK_MAX_BYTES >> 20);
        return NULL;
    }
    if (check_notes(&rewrite) != 0)
        return NULL;
    uint8_t *used = calloc((size_t)file->notes + 1, 1);
    rewrite.item = malloc(((size_t)file->check.events + 2 * count) * sizeof *rewrite.item);
    struct midifile *made = NULL;
    if (used && rewrite.item) {
        add_others(&rewrite);
        add_notes(&rewrite, used);
        qsort(rewrite.item, rewrite.items, sizeof *rewrite.item, by_place);
        settle_ends(&rewrite);
        made = write_and_load(&rewrite);
    } else {
        error_set(error, "%s: out of memory", file->name);
    }
    free(used);
    free(rewrite.item);
    return made;
}
