#include "midi/smfwrap.h"

#include "base/filekind.h"

#include <stdbool.h>
#include <string.h>

enum {
    RIFF_CHUNK_HEADER = 8,
    MACBINARY_HEADER = 128,
};

static bool is_tag(const uint8_t *bytes, size_t left, const char *tag)
{
    return left >= 4 && memcmp(bytes, tag, 4) == 0;
}

/* RMID: RIFF, length (little-endian), "RMID", then chunks, of which "data" is the SMF. */
static int unwrap_rmid(const uint8_t *bytes, size_t length, const char *name, size_t *begin,
                       size_t *end, struct error *error)
{
    size_t at = 12;
    while (length - at >= RIFF_CHUNK_HEADER) {
        const uint8_t *p = bytes + at;
        size_t size = p[4] | (size_t)p[5] << 8 | (size_t)p[6] << 16 | (size_t)p[7] << 24;
        size_t left = length - at - RIFF_CHUNK_HEADER;
        if (is_tag(p, 4, "data")) {
            *begin = at + RIFF_CHUNK_HEADER;
            /* Some writers leave the size 0 or too long; the SMF's own chunks bound it then. */
            *end = size > 0 && size < left ? *begin + size : length;
            return 0;
        }
        if (size + (size & 1) > left)
            break;
        at += RIFF_CHUNK_HEADER + size + (size & 1);
    }
    return error_set(error,
                     "%s: byte %zu: an RMID file without the chunk \"data\" that "
                     "should hold the music",
                     name, at);
}

/* MacBinary: a header of 128 bytes (zero, the name's length, ...), the data fork, its
 * length standing at byte 83. */
static bool is_macbinary(const uint8_t *bytes, size_t length)
{
    return length > MACBINARY_HEADER && bytes[0] == 0 && bytes[1] >= 1 && bytes[1] <= 63 &&
           is_tag(bytes + MACBINARY_HEADER, length - MACBINARY_HEADER, "MThd");
}

static void unwrap_macbinary(const uint8_t *bytes, size_t length, size_t *begin, size_t *end)
{
    const uint8_t *p = bytes + 83;
    size_t size = (size_t)p[0] << 24 | (size_t)p[1] << 16 | (size_t)p[2] << 8 | p[3];
    *begin = MACBINARY_HEADER;
    if (size > 0 && size <= length - MACBINARY_HEADER)
        *end = MACBINARY_HEADER + size;
}

int smfwrap_find(const uint8_t *bytes, size_t length, const char *name, size_t *begin, size_t *end,
                 struct smfmend_list *mended, struct error *error)
{
    *begin = 0;
    *end = length;
    if (length == 0)
        return error_set(error, "%s: is empty, expected a Standard MIDI File", name);
    if (length >= 12 && is_tag(bytes, length, "RIFF") && is_tag(bytes + 8, 4, "RMID")) {
        smfmend_add(mended, SMFMEND_RMID, 0, 0);
        if (unwrap_rmid(bytes, length, name, begin, end, error) != 0)
            return -1;
    } else if (is_macbinary(bytes, length)) {
        smfmend_add(mended, SMFMEND_MACBINARY, 0, 0);
        unwrap_macbinary(bytes, length, begin, end);
    }
    const uint8_t *p = bytes + *begin;
    size_t left = *end - *begin;
    if (is_tag(p, left, "MThd"))
        return 0;
    bool other = filekind_of(bytes, length) != FILEKIND_MIDI;
    const char *kind = other ? filekind_name(bytes, length) : NULL;
    if (kind)
        return error_set(error, "%s: is %s, expected a Standard MIDI File", name, kind);
    if (left < 4)
        return error_set(error, "%s: byte %zu: only %zu bytes, too short for a Standard MIDI File",
                         name, *begin, left);
    return error_set(error,
                     "%s: byte %zu: not a Standard MIDI File: found %02X %02X %02X %02X, "
                     "expected 4D 54 68 64 (\"MThd\")",
                     name, *begin, p[0], p[1], p[2], p[3]);
}
