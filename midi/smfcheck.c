/* Chunk by chunk: each track is walked, copied event by event to the output, and
 * its length made true. The output can grow to twice the input at most: a
 * real-time message (a time and a byte) becomes 4 bytes, a track chunk (8 bytes
 * at least) may gain an End of Track of 4. */
#include "midi/smfcheck.h"

#include "midi/event.h"
#include "midi/smfwrap.h"

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
    size_t header; /* where the "MThd" stands */
    uint16_t told; /* tracks, by the header */
    size_t wasted; /* bytes of tracks that were read in vain */
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

static bool is_printable(const uint8_t *tag)
{
    for (int i = 0; i < 4; i++)
        if (tag[i] < 0x20 || tag[i] > 0x7E)
            return false;
    return true;
}

static bool is_known_chunk(const struct source *source, size_t at)
{
    return is_tag(source, at, "MTrk") || is_tag(source, at, "MThd");
}

/* A chunk of another name, and no padding: it has a name, or some of one and a length that
 * leads to another chunk or the end. */
static bool is_other_chunk(const struct source *source, size_t at)
{
    if (source->end - at < CHUNK_HEADER)
        return false;
    size_t length = get_u32(source->bytes + at + 4), left = source->end - at - CHUNK_HEADER;
    return length <= left && source->bytes[at] > 0x20 &&
           (is_printable(source->bytes + at) || length == left ||
            is_known_chunk(source, at + CHUNK_HEADER + length));
}

/* The first "MTrk" or "MThd" from `at` on; the end where there is none. */
static size_t next_chunk(const struct source *source, size_t at)
{
    while (at < source->end) {
        const uint8_t *found = memchr(source->bytes + at, 'M', source->end - at);
        if (!found)
            break;
        at = (size_t)(found - source->bytes);
        if (is_known_chunk(source, at))
            return at;
        at++;
    }
    return source->end;
}

static int check_header(struct source *source, struct smfcheck *out)
{
    const char *name = source->name;
    struct error *error = source->error;
    const uint8_t *p = source->bytes + source->at;
    size_t at = source->at, left = source->end - at;
    uint32_t length = left >= CHUNK_HEADER ? get_u32(p + 4) : 0;
    if (left < HEADER_BYTES || length > left - CHUNK_HEADER)
        return error_set(error, "%s: byte %zu: the file ends inside its header", name, source->end);
    if (length < 6)
        return error_set(error, "%s: byte %zu: a header of %u bytes, expected 6", name, at + 4,
                         length);
    out->format = get_u16(p + 8);
    out->division = get_u16(p + 12);
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
    source->header = at;
    source->told = get_u16(p + 10);
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

static void copy(struct source *source, struct smfcheck *out, size_t length)
{
    memcpy(out->bytes + out->length, source->bytes + source->at, length);
    out->length += length;
    source->at += length;
}

/* How a walk over a track's bytes came to its end. */
enum stop {
    STOP_END_OF_TRACK,
    STOP_BETWEEN, /* the bytes end between two events */
    STOP_CUT,     /* the bytes end inside an event */
    STOP_CHUNK,   /* the next chunk stands where an event should */
    STOP_FAULT,   /* no bytes of an event */
};

/* What can be taken back. */
struct progress {
    struct smfwalk walk;
    struct smfcheck_track track;
    struct smfmend_list mended;
    size_t length;
};

static void note_odd(struct smfcheck *out, const struct smfwalk_event *event)
{
    static const struct {
        enum smfwalk_odd bit;
        enum smfmend_kind kind;
    } odds[] = {{SMFWALK_LONG_QUANTITY, SMFMEND_QUANTITY},
                {SMFWALK_DATA_BYTE, SMFMEND_DATA},
                {SMFWALK_REAL_TIME, SMFMEND_REAL_TIME}};
    for (size_t i = 0; i < sizeof odds / sizeof odds[0]; i++)
        if (event->odd & odds[i].bit)
            smfmend_add(&out->mended, odds[i].kind, out->tracks, event->begin);
}

/* Copies events until something stops it; what is odd in them is written as it should be. */
static enum stop copy_events(const struct source *source, struct smfwalk *walk,
                             struct smfcheck *out, struct smfcheck_track *track, bool see_chunks)
{
    struct smfwalk_event event;
    for (;;) {
        if (see_chunks && walk->at < walk->end && is_known_chunk(source, walk->at))
            return STOP_CHUNK;
        int got = smfwalk_next(walk, &event);
        if (got < 0)
            return walk->cut ? STOP_CUT : STOP_FAULT;
        if (got == 0)
            return STOP_BETWEEN;
        uint8_t *to = out->bytes + out->length;
        if (event.odd) {
            note_odd(out, &event);
            out->length += smfwalk_put(to, source->bytes, &event);
        } else {
            memcpy(to, source->bytes + event.begin, walk->at - event.begin);
            out->length += walk->at - event.begin;
        }
        track->events++;
        if (event.status == MIDI_META && event.meta == MIDI_META_END_OF_TRACK)
            return STOP_END_OF_TRACK;
    }
}

static bool is_silent(const uint8_t *bytes, size_t length)
{
    for (size_t i = 0; i < length; i++)
        if (bytes[i] != 0)
            return false;
    return true;
}

static struct progress keep_progress(const struct smfwalk *walk, const struct smfcheck *out,
                                     const struct smfcheck_track *track)
{
    return (struct progress){*walk, *track, out->mended, out->length};
}

static void take_back(const struct progress *before, struct smfwalk *walk, struct smfcheck *out,
                      struct smfcheck_track *track)
{
    *walk = before->walk;
    *track = before->track;
    out->mended = before->mended;
    out->length = before->length;
}

static bool ends_track(const struct source *source, size_t begin, size_t end)
{
    size_t length = sizeof end_of_track - 1; /* without the time before it */
    return end - begin > length &&
           memcmp(source->bytes + end - length, end_of_track + 1, length) == 0;
}

/* A length that leads to a chunk or to the end of the file is believed, and so is one that leads
 * exactly to an End of Track: that is how a mended track is written, whatever stands behind it.
 * Elsewhere a chunk may begin before that length is over. What is read in vain is bounded: no more
 * than the file, and the track in which that is reached. */
static enum stop copy_track(struct source *source, struct smfwalk *walk, struct smfcheck *out,
                            struct smfcheck_track *track, bool trusted)
{
    if (!trusted &&
        (source->wasted > source->end || !ends_track(source, walk->at, walk->end)))
        return copy_events(source, walk, out, track, true);
    const struct progress before = keep_progress(walk, out, track);
    enum stop stop = copy_events(source, walk, out, track, false);
    if (trusted || (stop == STOP_END_OF_TRACK && walk->at == walk->end))
        return stop;
    source->wasted += walk->at - before.walk.at;
    take_back(&before, walk, out, track);
    return copy_events(source, walk, out, track, true);
}

/* The track's length ended its walk before an End of Track, and no chunk stands there: perhaps
 * the length is too short. Goes on to the next chunk, or back to where it was. */
static enum stop try_longer(struct source *source, struct smfwalk *walk, struct smfcheck *out,
                            struct smfcheck_track *track, enum stop stop)
{
    const struct progress before = keep_progress(walk, out, track);
    walk->end = next_chunk(source, walk->end);
    enum stop longer = copy_events(source, walk, out, track, false);
    bool silent = is_silent(source->bytes + before.walk.end, walk->end - before.walk.end);
    if (longer == STOP_END_OF_TRACK || (longer == STOP_BETWEEN && !silent))
        return longer;
    take_back(&before, walk, out, track);
    return stop;
}

static void end_track(struct smfcheck *out, struct smfcheck_track *track)
{
    memcpy(out->bytes + out->length, end_of_track, sizeof end_of_track);
    out->length += sizeof end_of_track;
    track->events++;
}

/* What stands between the End of Track and the track's end as its length says: a track that the
 * length swallows, or bytes to be carried along. */
static void after_end(struct source *source, struct smfcheck *out, size_t begin, size_t claimed)
{
    size_t left = claimed - source->at;
    if (next_chunk(source, source->at) < claimed) {
        smfmend_add(&out->mended, SMFMEND_LENGTH, out->tracks, begin - 4);
        return;
    }
    if (!is_silent(source->bytes + source->at, left))
        smfmend_add(&out->mended, SMFMEND_AFTER_END, out->tracks, source->at);
    copy(source, out, left);
}

static int check_track(struct source *source, struct smfcheck *out)
{
    struct smfcheck_track *track = add_track(source, out);
    if (!track)
        return -1;
    size_t begin = source->at + CHUNK_HEADER, chunk = out->length;
    size_t length = get_u32(source->bytes + source->at + 4);
    bool beyond = length > source->end - begin;
    size_t claimed = beyond ? source->end : begin + length;
    bool trusted = !beyond && (claimed == source->end || is_known_chunk(source, claimed) ||
                               is_other_chunk(source, claimed));
    copy(source, out, CHUNK_HEADER);
    track->begin = (uint32_t)out->length;
    struct smfwalk walk = {.bytes = source->bytes, .at = begin, .end = claimed};
    enum stop stop = copy_track(source, &walk, out, track, trusted);
    if (!trusted && !beyond && (stop == STOP_BETWEEN || stop == STOP_CUT))
        stop = try_longer(source, &walk, out, track, stop);
    if (stop == STOP_FAULT)
        return error_set(source->error, "%s: byte %zu, track %u: %s", source->name, walk.fault_at,
                         out->tracks, walk.fault);
    if (stop == STOP_CUT || (stop == STOP_BETWEEN && beyond))
        smfmend_add(&out->mended, SMFMEND_CUT, out->tracks, walk.at);
    else if (beyond || walk.at > claimed || stop == STOP_CHUNK)
        smfmend_add(&out->mended, SMFMEND_LENGTH, out->tracks, begin - 4);
    if (stop != STOP_END_OF_TRACK) {
        if (stop != STOP_CUT && !beyond)
            smfmend_add(&out->mended, SMFMEND_NO_END, out->tracks, walk.at);
        end_track(out, track);
    }
    track->end = (uint32_t)out->length;
    track->end_tick = walk.tick;
    out->events += track->events;
    source->at = stop == STOP_CUT ? walk.end : walk.at;
    if (stop == STOP_END_OF_TRACK && !beyond && walk.at < claimed)
        after_end(source, out, begin, claimed);
    smf_put_u32(out->bytes + chunk + 4, (uint32_t)(out->length - chunk - CHUNK_HEADER));
    return 0;
}

static int check_chunks(struct source *source, struct smfcheck *out)
{
    while (source->end - source->at >= CHUNK_HEADER) {
        size_t at = source->at, found = at;
        if (!is_known_chunk(source, at) && is_other_chunk(source, at)) {
            copy(source, out, CHUNK_HEADER + (size_t)get_u32(source->bytes + at + 4));
            continue;
        }
        if (!is_known_chunk(source, at))
            found = next_chunk(source, at);
        if (is_tag(source, found, "MThd")) {
            smfmend_add(&out->mended, SMFMEND_SECOND_FILE, 0, found);
            break;
        }
        if (source->end - found < CHUNK_HEADER)
            break;
        if (found > at)
            smfmend_add(&out->mended, SMFMEND_PADDING, 0, at);
        source->at = found;
        if (check_track(source, out) != 0)
            return -1;
    }
    if (out->tracks == 0)
        return error_set(source->error, "%s: byte %zu: no track found, expected \"MTrk\"",
                         source->name, source->at);
    copy(source, out, source->end - source->at);
    return 0;
}

static int settle_header(const struct source *source, struct smfcheck *out)
{
    uint8_t *header = out->bytes;
    if (out->format == 2 && out->tracks > 1)
        return error_set(source->error,
                         "%s: byte %zu: a file of type 2 (independent sequences) with %u tracks, "
                         "expected type 0 or 1; save it as type 1",
                         source->name, source->header + 8, out->tracks);
    if (out->format == 2) {
        smfmend_add(&out->mended, SMFMEND_TYPE_2, 0, source->header + 8);
        out->format = 0;
    } else if (out->format == 0 && out->tracks > 1) {
        smfmend_add(&out->mended, SMFMEND_TYPE_0, 0, source->header + 8);
        out->format = 1;
    }
    if (source->told != out->tracks)
        smfmend_add(&out->mended, SMFMEND_TRACK_COUNT, 0, source->header + 10);
    header[9] = (uint8_t)out->format;
    header[10] = (uint8_t)(out->tracks >> 8);
    header[11] = (uint8_t)out->tracks;
    return 0;
}

int smfcheck_run(const void *bytes, size_t length, const char *name, struct smfcheck *out,
                 struct error *error)
{
    *out = (struct smfcheck){0};
    struct source source = {.bytes = bytes, .name = name, .error = error};
    if (length > SMFCHECK_MAX_BYTES)
        return error_set(error, "%s: larger than %d MiB, the most that is read", name,
                         SMFCHECK_MAX_BYTES >> 20);
    if (smfwrap_find(bytes, length, name, &source.at, &source.end, &out->mended, error) != 0)
        return -1;
    out->bytes = malloc(2 * length);
    if (!out->bytes)
        return error_set(error, "%s: out of memory", name);
    int result = check_header(&source, out);
    if (result == 0)
        result = check_chunks(&source, out);
    if (result == 0)
        result = settle_header(&source, out);
    if (result == 0 && out->length > SMFCHECK_MAX_BYTES)
        result = error_set(error, "%s: larger than %d MiB when it is mended", name,
                           SMFCHECK_MAX_BYTES >> 20);
    if (result != 0) {
        smfcheck_free(out);
        return -1;
    }
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
