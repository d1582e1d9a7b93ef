#include "load/notation.h"

#include "midi/event.h"
#include "midi/smfcheck.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    LEAST_PPQ = 480,
    MAX_STAVES = 8,
    GRACES_A_QUARTER = 8, /* how short a grace note is: a thirty-second */
    NAME_BYTES = 120,
    META_BYTES = 4 + 2 + 1 + NAME_BYTES, /* time, kind, length and content */
};

/* In the order in which events of one tick stand. */
enum kind { RELEASE, NAME, METER, KEY, TEMPO, PROGRAM, STRIKE, END };

struct event {
    uint32_t track, tick;
    uint32_t value; /* tempo; beats and unit; sharps and mode; pitch and velocity; program */
    uint32_t order;
    uint8_t kind;
    uint8_t channel;
};

struct strike {
    uint32_t tick, end;
    uint32_t part;
    uint8_t staff, pitch, velocity;
};

struct writer {
    const struct musicxml *score;
    int part;
    uint32_t scale; /* ticks of the file for one of the score */
    struct strike *strike;
    size_t strikes;
    struct event *event;
    size_t events;
    uint32_t track_of[128 * MAX_STAVES]; /* part and staff; 0: it has no notes */
    uint32_t tracks;
};

static bool takes(const struct writer *writer, uint32_t part)
{
    return writer->part == NOTATION_ALL_PARTS || (uint32_t)writer->part == part;
}

/* --- When notes begin and end --- */

/* The onset in this part and staff before note[at], and the graces that stand with it. */
static void place_graces(struct writer *writer, size_t at, size_t count, uint32_t before)
{
    const struct musicxml_note *note = &writer->score->note[at];
    uint32_t tick = note->tick * writer->scale;
    uint32_t steps = 0;
    for (size_t i = 0; i < count; i++)
        steps += i == 0 || !note[i].chord;
    uint32_t length = writer->score->division * writer->scale / GRACES_A_QUARTER;
    uint32_t room = tick > before ? (tick - before) / 2 : 0;
    if (room > 0 && length * steps > room)
        length = room / steps;
    if (length == 0)
        length = 1;
    uint32_t begin = room >= length * steps ? tick - length * steps : tick;
    uint32_t step = 0;
    for (size_t i = 0; i < count; i++) {
        if (i > 0 && !note[i].chord)
            step++;
        writer->strike[writer->strikes++] = (struct strike){.tick = begin + step * length,
                                                            .end = begin + (step + 1) * length,
                                                            .part = note[i].part,
                                                            .staff = note[i].staff,
                                                            .pitch = note[i].pitch,
                                                            .velocity = note[i].velocity};
    }
}

/* How long after its onset a note comes: only where graces could not come before it. */
static uint32_t delay_of(const struct writer *writer, const struct musicxml_note *note,
                         size_t first_grace, size_t graces)
{
    uint32_t tick = note->tick * writer->scale, latest = tick;
    for (size_t i = first_grace; i < first_grace + graces; i++) {
        const struct strike *grace = &writer->strike[i];
        if (grace->part == note->part && grace->staff == note->staff && grace->tick >= tick &&
            grace->end > latest)
            latest = grace->end;
    }
    uint32_t end = (note->tick + note->length) * writer->scale;
    return latest < end ? latest - tick : 0;
}

static bool same_place(const struct musicxml_note *a, const struct musicxml_note *b)
{
    return a->tick == b->tick && a->part == b->part && a->staff == b->staff && a->bar == b->bar;
}

static void place_notes(struct writer *writer)
{
    const struct musicxml *score = writer->score;
    uint32_t last[128 * MAX_STAVES] = {0}, now[128 * MAX_STAVES] = {0};
    for (size_t n = 0; n < score->notes;) {
        const struct musicxml_note *note = &score->note[n];
        size_t place = (size_t)note->part * MAX_STAVES + note->staff, count = 1;
        while (n + count < score->notes && same_place(note, &score->note[n + count]))
            count++;
        if (takes(writer, note->part)) {
            uint32_t tick = note->tick * writer->scale;
            if (now[place] != tick)
                last[place] = now[place];
            now[place] = tick;
            size_t first = writer->strikes, graces = 0;
            while (graces < count && note[graces].grace)
                graces++;
            if (graces > 0)
                place_graces(writer, n, graces, last[place]);
            for (size_t i = graces; i < count; i++) {
                uint32_t delay = delay_of(writer, &note[i], first, graces);
                writer->strike[writer->strikes++] =
                    (struct strike){.tick = tick + delay,
                                    .end = tick + note[i].length * writer->scale,
                                    .part = note[i].part,
                                    .staff = note[i].staff,
                                    .pitch = note[i].pitch,
                                    .velocity = note[i].velocity};
            }
        }
        n += count;
    }
}

static int by_key(const void *a, const void *b)
{
    const struct strike *x = a, *y = b;
    const uint32_t left[] = {x->part, x->pitch, x->tick, x->end};
    const uint32_t right[] = {y->part, y->pitch, y->tick, y->end};
    for (size_t i = 0; i < sizeof left / sizeof left[0]; i++)
        if (left[i] != right[i])
            return left[i] < right[i] ? -1 : 1;
    return 0;
}

/* A key that is struck again has been released. */
static void end_before_next(struct writer *writer)
{
    qsort(writer->strike, writer->strikes, sizeof *writer->strike, by_key);
    for (size_t i = 1; i < writer->strikes; i++) {
        struct strike *first = &writer->strike[i - 1];
        const struct strike *next = &writer->strike[i];
        if (first->part == next->part && first->pitch == next->pitch && next->tick > first->tick &&
            first->end > next->tick)
            first->end = next->tick;
    }
}

/* --- Events --- */

static void add(struct writer *writer, struct event event)
{
    event.order = (uint32_t)writer->events;
    writer->event[writer->events++] = event;
}

/* All but 10, the drums'. */
static uint8_t channel_of(uint32_t part)
{
    uint8_t channel = (uint8_t)(part % 15);
    return channel >= 9 ? channel + 1 : channel;
}

static void number_tracks(struct writer *writer)
{
    writer->tracks = 1;
    for (size_t i = 0; i < writer->strikes; i++)
        writer->track_of[writer->strike[i].part * MAX_STAVES + writer->strike[i].staff] = 1;
    for (size_t place = 0; place < sizeof writer->track_of / sizeof writer->track_of[0]; place++)
        if (writer->track_of[place])
            writer->track_of[place] = writer->tracks++;
}

static void add_track_heads(struct writer *writer)
{
    for (uint32_t place = 0; place < 128 * MAX_STAVES; place++) {
        uint32_t track = writer->track_of[place], part = place / MAX_STAVES;
        if (!track)
            continue;
        add(writer, (struct event){.track = track, .kind = NAME, .value = place + 1});
        add(writer, (struct event){.track = track,
                                   .kind = PROGRAM,
                                   .channel = channel_of(part),
                                   .value = writer->score->part[part].program});
    }
}

/* The time signature that makes a bar as long as it is, beats and unit; a pick-up, or a bar that
 * a repeat divides, has its own. 0: none can. */
static uint32_t meter_of(const struct musicxml *score, const struct musicxml_bar *bar,
                         const struct musicxml_meter *meter)
{
    for (uint32_t unit = meter->unit; unit <= 64; unit *= 2) {
        uint64_t beats = (uint64_t)bar->length * unit, whole = 4 * (uint64_t)score->division;
        if (beats % whole == 0 && beats / whole <= 255)
            return (uint32_t)(beats / whole) << 8 | unit;
    }
    return 0;
}

/* Bars begin where those of the score do. */
static void add_meters(struct writer *writer)
{
    const struct musicxml *score = writer->score;
    uint32_t last = 0, m = 0;
    for (uint32_t b = 0; b < score->bars; b++) {
        const struct musicxml_bar *bar = &score->bar[b];
        while (m + 1 < score->meters && score->meter[m + 1].tick <= bar->tick)
            m++;
        uint32_t written = (uint32_t)score->meter[m].beats << 8 | score->meter[m].unit;
        uint32_t meter = meter_of(score, bar, &score->meter[m]);
        if (meter == 0 || meter != last)
            add(writer, (struct event){.kind = METER,
                                       .tick = bar->tick * writer->scale,
                                       .value = meter ? meter : written});
        last = meter;
    }
}

static void add_conductor(struct writer *writer)
{
    const struct musicxml *score = writer->score;
    add(writer, (struct event){.kind = NAME});
    add_meters(writer);
    for (uint32_t i = 0; i < score->keys; i++)
        add(writer, (struct event){.kind = KEY,
                                   .tick = score->key[i].tick * writer->scale,
                                   .value = (uint32_t)(uint8_t)score->key[i].sharps << 8 |
                                            score->key[i].minor});
    for (uint32_t i = 0; i < score->tempos; i++)
        add(writer, (struct event){.kind = TEMPO,
                                   .tick = score->tempo[i].tick * writer->scale,
                                   .value = (uint32_t)(6e7 / score->tempo[i].bpm + .5)});
}

static void add_notes(struct writer *writer)
{
    for (size_t i = 0; i < writer->strikes; i++) {
        const struct strike *strike = &writer->strike[i];
        struct event event = {.track = writer->track_of[strike->part * MAX_STAVES + strike->staff],
                              .tick = strike->tick,
                              .kind = STRIKE,
                              .channel = channel_of(strike->part),
                              .value = (uint32_t)strike->pitch << 8 | strike->velocity};
        add(writer, event);
        event.tick = strike->end;
        event.kind = RELEASE;
        event.value = (uint32_t)strike->pitch << 8 | 64;
        add(writer, event);
    }
}

static int by_time(const void *a, const void *b)
{
    const struct event *x = a, *y = b;
    const uint32_t left[] = {x->track, x->tick, x->kind, x->value >> 8, x->order};
    const uint32_t right[] = {y->track, y->tick, y->kind, y->value >> 8, y->order};
    for (size_t i = 0; i < sizeof left / sizeof left[0]; i++)
        if (left[i] != right[i])
            return left[i] < right[i] ? -1 : 1;
    return 0;
}

/* --- Bytes --- */

static uint8_t *put_meta(uint8_t *to, uint8_t type, const void *content, size_t length)
{
    *to++ = MIDI_META;
    *to++ = type;
    *to++ = (uint8_t)length;
    memcpy(to, content, length);
    return to + length;
}

/* "Piano, left hand"; of the first track the title. */
static uint8_t *put_name(uint8_t *to, const struct writer *writer, uint32_t value)
{
    char text[2 * NAME_BYTES];
    if (value == 0) {
        snprintf(text, sizeof text, "%s", writer->score->title);
    } else {
        const struct musicxml_part *part = &writer->score->part[(value - 1) / MAX_STAVES];
        uint32_t staff = (value - 1) % MAX_STAVES;
        const char *hand = part->staves != 2 ? "" : staff == 0 ? ", right hand" : ", left hand";
        snprintf(text, sizeof text, "%.100s%s", part->name, hand);
    }
    size_t length = strnlen(text, NAME_BYTES);
    while (length == NAME_BYTES && length > 0 && ((uint8_t)text[length] & 0xC0) == 0x80)
        length--;
    return put_meta(to, MIDI_META_TRACK_NAME, text, length);
}

static uint8_t *put_event(uint8_t *to, const struct writer *writer, const struct event *event)
{
    uint8_t high = (uint8_t)(event->value >> 8), low = (uint8_t)event->value;
    switch ((enum kind)event->kind) {
    case NAME:
        return put_name(to, writer, event->value);
    case METER: {
        uint8_t power = 0;
        while (1u << power < low)
            power++;
        return put_meta(to, MIDI_META_TIME_SIGNATURE, (uint8_t[]){high, power, 24, 8}, 4);
    }
    case KEY:
        return put_meta(to, MIDI_META_KEY_SIGNATURE, (uint8_t[]){high, low}, 2);
    case TEMPO:
        return put_meta(to, MIDI_META_TEMPO, (uint8_t[]){(uint8_t)(event->value >> 16), high, low},
                        3);
    case PROGRAM:
        *to++ = MIDI_PROGRAM_CHANGE | event->channel;
        *to++ = low;
        return to;
    case END:
        return put_meta(to, MIDI_META_END_OF_TRACK, "", 0);
    default:
        *to++ = (event->kind == STRIKE ? MIDI_NOTE_ON : MIDI_NOTE_OFF) | event->channel;
        *to++ = high;
        *to++ = low;
        return to;
    }
}

static uint8_t *put_tracks(uint8_t *to, struct writer *writer)
{
    const struct musicxml_bar *last = &writer->score->bar[writer->score->bars - 1];
    uint32_t end = (last->tick + last->length) * writer->scale;
    size_t e = 0;
    for (uint32_t track = 0; track < writer->tracks; track++) {
        uint8_t *chunk = to;
        uint32_t tick = 0;
        memcpy(to, "MTrk", 4);
        to += 8;
        for (; e < writer->events && writer->event[e].track == track; e++) {
            to += smf_put_quantity(to, writer->event[e].tick - tick);
            tick = writer->event[e].tick;
            to = put_event(to, writer, &writer->event[e]);
        }
        to += smf_put_quantity(to, end > tick ? end - tick : 0);
        to = put_event(to, writer, &(struct event){.kind = END});
        smf_put_u32(chunk + 4, (uint32_t)(to - chunk) - 8);
    }
    return to;
}

static uint8_t *write_file(struct writer *writer, size_t *length)
{
    uint32_t ppq = writer->score->division * writer->scale;
    size_t named = writer->tracks + 1, other = writer->events;
    uint8_t *bytes = malloc(14 + named * (META_BYTES + 16) + other * 12);
    if (!bytes)
        return NULL;
    const uint8_t head[14] = {'M',
                              'T',
                              'h',
                              'd',
                              0,
                              0,
                              0,
                              6,
                              0,
                              1,
                              (uint8_t)(writer->tracks >> 8),
                              (uint8_t)writer->tracks,
                              (uint8_t)(ppq >> 8),
                              (uint8_t)ppq};
    memcpy(bytes, head, sizeof head);
    *length = (size_t)(put_tracks(bytes + sizeof head, writer) - bytes);
    return bytes;
}

static bool has_room(const struct writer *writer)
{
    const struct musicxml_bar *last = &writer->score->bar[writer->score->bars - 1];
    return ((uint64_t)last->tick + last->length) * writer->scale <= SMFCHECK_MAX_QUANTITY;
}

uint8_t *notation_smf(const struct musicxml *score, int part, const char *name, size_t *length,
                      struct error *error)
{
    struct writer *writer = calloc(1, sizeof *writer);
    uint8_t *bytes = NULL;
    if (writer) {
        *writer = (struct writer){
            .score = score,
            .part = part == NOTATION_KEYBOARD ? musicxml_keyboard(score) : part,
            .scale = (LEAST_PPQ + score->division - 1) / score->division,
        };
        writer->strike = malloc((score->notes + 1) * sizeof *writer->strike);
        writer->event = malloc((2 * score->notes + score->bars + score->keys + score->tempos +
                                2 * (size_t)score->parts * MAX_STAVES + 1) *
                               sizeof *writer->event);
    }
    if (!writer || !writer->strike || !writer->event) {
        error_set(error, "%s: out of memory", name);
    } else if (writer->part >= score->parts) {
        error_set(error, "%s: has %u parts, none of number %d", name, score->parts, part + 1);
    } else if (!has_room(writer)) {
        error_set(error, "%s: is longer than can be held", name);
    } else {
        place_notes(writer);
        end_before_next(writer);
        number_tracks(writer);
        add_track_heads(writer);
        add_conductor(writer);
        add_notes(writer);
        qsort(writer->event, writer->events, sizeof *writer->event, by_time);
        if (writer->strikes == 0)
            error_set(error, "%s: part %d has no notes", name, writer->part + 1);
        else if (!(bytes = write_file(writer, length)))
            error_set(error, "%s: out of memory", name);
    }
    if (writer) {
        free(writer->strike);
        free(writer->event);
    }
    free(writer);
    return bytes;
}
