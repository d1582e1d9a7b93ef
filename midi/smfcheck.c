/* Chunk by chunk: each track is walked once, then copied to the output with
 * its length made true. The output can only grow by an End of Track (4 bytes)
 * for each track chunk (8 bytes at least). */
#include "midi/smfcheck.h"

#include "midi/event.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum {
    CHUNK_HEADER = 8,
    HEADER_BYTES = 14, /* MThd with its six bytes of content */
    MAX_TRACKS = 65535,
};

static const uint8_t end_of_track[4] = {0x00, 0xFF, MIDI_META_END_OF_TRACK, 0x00};

struct source {
    const uint8_t *bytes;
    size_t at;
    size_t end;
    const char *name;
    struct error *error;
};

static uint32_t get_u32(const uint8_t *p)
{
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static uint16_t get_u16(const uint8_t *p)
{
    return (uint16_t)(p[0] << 8 | p[1]);
}

static bool is_tag(const struct source *source, size_t at, const char *tag)
{
    return source->end - at >= 4 && memcmp(source->bytes + at, tag, 4) == 0;
}

/* RMID: RIFF, length (little-endian), "RMID", then chunks, of which "data" is the SMF. */
static int unwrap_rmid(struct source *source)
{
    if (source->end < 12 || !is_tag(source, 0, "RIFF"))
        return 0;
    if (!is_tag(source, 8, "RMID"))
        return error_set(source->error,
                         "%s: byte 8: a RIFF file that holds no MIDI, expected \"RMID\"",
                         source->name);
    size_t at = 12;
    while (source->end - at >= CHUNK_HEADER) {
        const uint8_t *p = source->bytes + at;
        size_t length = p[4] | (size_t)p[5] << 8 | (size_t)p[6] << 16 | (size_t)p[7] << 24;
        size_t left = source->end - at - CHUNK_HEADER;
        if (is_tag(source, at, "data")) {
            source->at = at + CHUNK_HEADER;
            /* Some writers leave the length 0 or too long; the SMF's own chunks bound it then. */
            if (length > 0 && length < left)
                source->end = source->at + length;
            return 0;
        }
        if (length + (length & 1) > left)
            break;
        at += CHUNK_HEADER + length + (length & 1);
    }
    return error_set(source->error,
                     "%s: byte %zu: an RMID file without the chunk \"data\" that "
                     "should hold the music",
                     source->name, at);
}

static int check_header(struct source *source, struct smfcheck *out)
{
    const char *name = source->name;
    struct error *error = source->error;
    if (source->end == 0)
        return error_set(error, "%s: is empty, expected a Standard MIDI File", name);
    if (unwrap_rmid(source) != 0)
        return -1;
    const uint8_t *p = source->bytes + source->at;
    size_t at = source->at, left = source->end - at;
    if (left < 4)
        return error_set(error, "%s: byte %zu: only %zu bytes, too short for a Standard MIDI File",
                         name, at, left);
    if (!is_tag(source, at, "MThd"))
        return error_set(error,
                         "%s: byte %zu: not a Standard MIDI File: found %02X %02X %02X %02X, "
                         "expected 4D 54 68 64 (\"MThd\")",
                         name, at, p[0], p[1], p[2], p[3]);
    uint32_t length = left >= CHUNK_HEADER ? get_u32(p + 4) : 0;
    if (left < HEADER_BYTES || length > left - CHUNK_HEADER)
        return error_set(error, "%s: byte %zu: the file ends inside its header", name, source->end);
    if (length < 6)
        return error_set(error, "%s: byte %zu: a header of %u bytes, expected 6", name, at + 4,
                         length);
    out->format = get_u16(p + 8);
    out->division = get_u16(p + 12);
    if (out->format == 2)
        return error_set(error,
                         "%s: byte %zu: a file of type 2 (independent sequences), expected type 0 "
                         "or 1; save it as type 1",
                         name, at + 8);
    if (out->format > 2)
        return error_set(error, "%s: byte %zu: type %u, expected 0 or 1", name, at + 8,
                         out->format);
    if (out->division & 0x8000)
        return error_set(error,
                         "%s: byte %zu: time is counted in SMPTE frames, expected ticks a quarter "
                         "note; save it with a beat grid",
                         name, at + 12);
    if (out->division == 0)
        return error_set(error, "%s: byte %zu: 0 ticks a quarter note, expected 1 to 32767", name,
                         at + 12);
    memcpy(out->bytes, p, CHUNK_HEADER + (size_t)length);
    out->length = CHUNK_HEADER + (size_t)length;
    source->at += out->length;
    return 0;
}

static struct smfcheck_track *add_track(const struct source *source, struct smfcheck *out)
{
    if (out->tracks == MAX_TRACKS) {
        error_set(source->error, "%s: byte %zu: more than %d tracks", source->name, source->at,
                  MAX_TRACKS);
        return NULL;
    }
    /* Room doubles when the count reaches a power of two. */
    if ((out->tracks & (out->tracks - 1)) == 0) {
        size_t room = out->tracks ? 2 * (size_t)out->tracks : 1;
        struct smfcheck_track *more = realloc(out->track, room * sizeof *more);
        if (!more) {
            error_set(source->error, "%s: out of memory", source->name);
            return NULL;
        }
        out->track = more;
    }
    struct smfcheck_track *track = &out->track[out->tracks++];
    *track = (struct smfcheck_track){0};
    return track;
}

/* Walks the track in the source up to its End of Track or the end of its bytes. 1: End of Track
 * seen. */
static int walk_track(struct source *source, struct smfwalk *walk, struct smfcheck *out,
                      struct smfcheck_track *track, bool cut)
{
    struct smfwalk_event event;
    int got;
    while ((got = smfwalk_next(walk, &event)) > 0) {
        track->events++;
        if (event.status == MIDI_META && event.meta == MIDI_META_END_OF_TRACK)
            return 1;
    }
    if (got < 0)
        return error_set(source->error, "%s: byte %zu, track %u%s: %s", source->name,
                         walk->fault_at, out->tracks,
                         cut ? " (the file is shorter than this track says)" : "", walk->fault);
    return 0;
}

static int check_track(struct source *source, struct smfcheck *out)
{
    struct smfcheck_track *track = add_track(source, out);
    if (!track)
        return -1;
    size_t begin = source->at + CHUNK_HEADER;
    size_t length = get_u32(source->bytes + source->at + 4);
    bool cut = length > source->end - begin;
    struct smfwalk walk = {
        .bytes = source->bytes, .at = begin, .end = cut ? source->end : begin + length};
    int ended = walk_track(source, &walk, out, track, cut);
    if (ended < 0)
        return -1;
    /* A length that is too long cannot say where the next chunk begins; End of Track can. */
    size_t end = cut ? walk.at : begin + length;
    uint8_t *to = out->bytes + out->length;
    memcpy(to, source->bytes + source->at, CHUNK_HEADER + end - begin);
    track->begin = (uint32_t)(out->length + CHUNK_HEADER);
    track->end = track->begin + (uint32_t)(walk.at - begin);
    track->end_tick = walk.tick;
    out->length += CHUNK_HEADER + end - begin;
    if (!ended) {
        memcpy(out->bytes + out->length, end_of_track, sizeof end_of_track);
        out->length += sizeof end_of_track;
        track->end += sizeof end_of_track;
        track->events++;
    }
    smf_put_u32(to + 4, (uint32_t)(out->bytes + out->length - to) - CHUNK_HEADER);
    out->events += track->events;
    source->at = end;
    return 0;
}

static void copy(struct source *source, struct smfcheck *out, size_t length)
{
    memcpy(out->bytes + out->length, source->bytes + source->at, length);
    out->length += length;
    source->at += length;
}

static int check_chunks(struct source *source, struct smfcheck *out)
{
    while (source->end - source->at >= CHUNK_HEADER) {
        if (is_tag(source, source->at, "MTrk")) {
            if (check_track(source, out) != 0)
                return -1;
            continue;
        }
        if (is_tag(source, source->at, "MThd"))
            return error_set(
                source->error,
                "%s: byte %zu: a second header, expected a track; are these two files in "
                "one?",
                source->name, source->at);
        size_t length = get_u32(source->bytes + source->at + 4);
        if (length > source->end - source->at - CHUNK_HEADER)
            break;
        copy(source, out, CHUNK_HEADER + length);
    }
    if (out->tracks == 0)
        return error_set(source->error, "%s: byte %zu: no track found, expected \"MTrk\"",
                         source->name, source->at);
    copy(source, out, source->end - source->at);
    return 0;
}

static void settle_header(struct smfcheck *out)
{
    if (out->format == 0 && out->tracks > 1)
        out->format = 1;
    out->bytes[9] = (uint8_t)out->format;
    out->bytes[10] = (uint8_t)(out->tracks >> 8);
    out->bytes[11] = (uint8_t)out->tracks;
}

int smfcheck_run(const void *bytes, size_t length, const char *name, struct smfcheck *out,
                 struct error *error)
{
    *out = (struct smfcheck){0};
    struct source source = {.bytes = bytes, .end = length, .name = name, .error = error};
    if (length > SMFCHECK_MAX_BYTES)
        return error_set(error, "%s: larger than %d MiB, the most that is read", name,
                         SMFCHECK_MAX_BYTES >> 20);
    out->bytes = malloc(length + length / 2 + 1);
    if (!out->bytes)
        return error_set(error, "%s: out of memory", name);
    if (check_header(&source, out) != 0 || check_chunks(&source, out) != 0) {
        smfcheck_free(out);
        return -1;
    }
    settle_header(out);
    uint8_t *trimmed = realloc(out->bytes, out->length);
    if (trimmed)
        out->bytes = trimmed;
    return 0;
}

void smfcheck_free(struct smfcheck *check)
{
    free(check->bytes);
    free(check->track);
    *check = (struct smfcheck){0};
}
