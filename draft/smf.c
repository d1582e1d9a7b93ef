/* The piece as bytes. */
#include "draft/draft.h"

#include "filter/learned.h"
#include "midi/smfcheck.h"
#include "piece/score.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    PPQ = 480,
    NAME_BYTES = 120,
    TEXT_BYTES = 100,          /* of an event; more notes go to another */
    MOST_TICK = (1 << 28) - 1, /* of a delta time */
};

static const double slowest = 10, fastest = 1000; /* quarters a minute, that are written */
static const double same_tempo = .002;            /* share below which no tempo is written */

struct writer {
    uint8_t *bytes;
    size_t length, room;
    bool failed;
    size_t track; /* where the track's length stands */
    uint32_t tick;
};

static void put(struct writer *writer, const void *bytes, size_t length)
{
    if (writer->length + length > writer->room) {
        size_t room = (writer->length + length) * 2 + 1024;
        uint8_t *grown = realloc(writer->bytes, room);
        if (!grown) {
            writer->failed = true;
            return;
        }
        writer->bytes = grown;
        writer->room = room;
    }
    memcpy(writer->bytes + writer->length, bytes, length);
    writer->length += length;
}

static void put_number(struct writer *writer, uint32_t value, unsigned bytes)
{
    for (unsigned i = bytes; i-- > 0;) {
        uint8_t byte = (uint8_t)(value >> 8 * i);
        put(writer, &byte, 1);
    }
}

static void put_quantity(struct writer *writer, uint32_t value)
{
    uint8_t bytes[4];
    size_t length = smf_put_quantity(bytes, value);
    put(writer, bytes, length);
}

static void begin_track(struct writer *writer)
{
    put(writer, "MTrk", 4);
    writer->track = writer->length;
    writer->tick = 0;
    put_number(writer, 0, 4);
}

static void put_time(struct writer *writer, uint32_t tick)
{
    put_quantity(writer, tick > writer->tick ? tick - writer->tick : 0);
    writer->tick = tick > writer->tick ? tick : writer->tick;
}

static void put_meta(struct writer *writer, uint32_t tick, uint8_t kind, const void *bytes,
                     size_t length)
{
    const uint8_t head[] = {0xff, kind};
    put_time(writer, tick);
    put(writer, head, sizeof head);
    put_quantity(writer, (uint32_t)length);
    put(writer, bytes, length);
}

static void end_track(struct writer *writer)
{
    put_meta(writer, writer->tick, 0x2f, "", 0);
    if (writer->failed)
        return;
    size_t length = writer->length - writer->track - 4;
    for (size_t i = 0; i < 4; i++)
        writer->bytes[writer->track + i] = (uint8_t)(length >> (24 - 8 * i));
}

static uint32_t tick_of(double quarter)
{
    return (uint32_t)fmin(fmax(quarter * PPQ + .5, 0), MOST_TICK);
}

/* --- The track of tempo and texts --- */

static void put_tempo(struct writer *writer, uint32_t tick, double seconds)
{
    double least = 60 / fastest, most = 60 / slowest;
    uint32_t microseconds = (uint32_t)lrint(1e6 * fmin(fmax(seconds, least), most));
    const uint8_t bytes[] = {(uint8_t)(microseconds >> 16), (uint8_t)(microseconds >> 8),
                             (uint8_t)microseconds};
    put_meta(writer, tick, 0x51, bytes, sizeof bytes);
}

/* Notes of the onset that begins with note i, told by their pitch. The first note behind them. */
static size_t put_onset(struct writer *writer, const struct draft_piece *piece, size_t i)
{
    char text[TEXT_BYTES];
    size_t length = 0, end = i;
    uint32_t tick = tick_of(piece->note[i].quarter);
    for (; end < piece->count && tick_of(piece->note[end].quarter) == tick; end++) {
        const struct draft_note *note = &piece->note[end];
        int wrote =
            snprintf(text + length, sizeof text - length, "%s%d %d/%d %.3f", length ? ", " : "",
                     note->pitch, note->heard, note->passed, (double)note->doubt);
        if (wrote < 0 || (size_t)wrote >= sizeof text - length)
            break;
        length += (size_t)wrote;
    }
    put_meta(writer, tick, 0x01, text, length);
    return end;
}

static void put_conductor(struct writer *writer, const struct draft_piece *piece, const char *name)
{
    static const uint8_t four_four[] = {4, 2, 24, 8};
    char text[TEXT_BYTES];
    double written = 0;
    begin_track(writer);
    put_meta(writer, 0, 0x03, name, strnlen(name, NAME_BYTES));
    int length = snprintf(text, sizeof text,
                          LEARNED_MARK "%u takes; notes: pitch heard/passed doubt", piece->takes);
    put_meta(writer, 0, 0x01, text, (size_t)length);
    put_meta(writer, 0, 0x58, four_four, sizeof four_four);
    size_t beat = 0;
    if (!piece->beats)
        put_tempo(writer, 0, .5);
    for (size_t i = 0; i < piece->count || (piece->beats && beat + 1 < piece->beat_count);) {
        size_t note = i < piece->count ? tick_of(piece->note[i].quarter) : SIZE_MAX;
        if (piece->beats && beat + 1 < piece->beat_count && beat * PPQ <= note) {
            double seconds = piece->beat[beat + 1] - piece->beat[beat];
            if (!(fabs(seconds - written) < same_tempo * written)) {
                put_tempo(writer, (uint32_t)beat * PPQ, seconds);
                written = seconds;
            }
            beat++;
        } else if (i < piece->count)
            i = put_onset(writer, piece, i);
    }
    end_track(writer);
}

/* --- Notes --- */

struct strike {
    uint32_t tick;
    bool begins;
    uint8_t pitch, velocity;
};

static int compare_strikes(const void *a, const void *b)
{
    const struct strike *x = a, *y = b;
    if (x->tick != y->tick)
        return x->tick < y->tick ? -1 : 1;
    if (x->begins != y->begins)
        return x->begins ? 1 : -1;
    return (x->pitch > y->pitch) - (x->pitch < y->pitch);
}

/* When the key is struck again. */
static uint32_t next_of(const struct draft_piece *piece, size_t i)
{
    for (size_t j = i + 1; j < piece->count; j++)
        if (piece->note[j].pitch == piece->note[i].pitch)
            return tick_of(piece->note[j].quarter);
    return MOST_TICK;
}

static int put_notes(struct writer *writer, const struct draft_piece *piece, uint8_t hand,
                     const char *name)
{
    struct strike *strikes = malloc((2 * piece->count + 1) * sizeof *strikes);
    size_t count = 0;
    if (!strikes)
        return -1;
    for (size_t i = 0; i < piece->count; i++) {
        const struct draft_note *note = &piece->note[i];
        if (note->hand != hand)
            continue;
        uint32_t begin = tick_of(note->quarter), end = tick_of(note->quarter + note->length);
        uint32_t next = next_of(piece, i);
        end = end > next ? next : end;
        end = end > begin ? end : begin + 1;
        strikes[count++] = (struct strike){begin, true, note->pitch, note->velocity};
        strikes[count++] = (struct strike){end, false, note->pitch, 64};
    }
    qsort(strikes, count, sizeof *strikes, compare_strikes);
    begin_track(writer);
    put_meta(writer, 0, 0x03, name, strlen(name));
    for (size_t i = 0; i < count; i++) {
        const uint8_t event[] = {strikes[i].begins ? 0x90 : 0x80, strikes[i].pitch,
                                 strikes[i].velocity};
        put_time(writer, strikes[i].tick);
        put(writer, event, sizeof event);
    }
    end_track(writer);
    free(strikes);
    return 0;
}

uint8_t *draft_smf(const struct draft_piece *piece, const char *name, size_t *length,
                   struct error *error)
{
    struct writer writer = {0};
    put(&writer, "MThd\0\0\0\6\0\1", 10);
    put_number(&writer, piece->hands ? 3 : 2, 2);
    put_number(&writer, PPQ, 2);
    put_conductor(&writer, piece, name);
    int status = piece->hands ? put_notes(&writer, piece, SCORE_RIGHT, "right hand")
                              : put_notes(&writer, piece, SCORE_NO_HAND, "notes");
    if (status == 0 && piece->hands)
        status = put_notes(&writer, piece, SCORE_LEFT, "left hand");
    if (status != 0 || writer.failed) {
        free(writer.bytes);
        error_set(error, "%s: out of memory", name);
        return NULL;
    }
    *length = writer.length;
    return writer.bytes;
}
