#include "midi/smfwrap.h"

#include <stdbool.h>
#include <string.h>

enum {
    RIFF_CHUNK_HEADER = 8,
    MACBINARY_HEADER = 128,
    TEXT_SEARCHED = 4096, /* bytes in which the names of XML's root elements are looked for */
};

struct signature {
    size_t at;
    const char *bytes;
    size_t length;
    const char *kind;
};

#define SIGNATURE(at, text, kind)                                                                  \
    {                                                                                              \
        at, text, sizeof text - 1, kind                                                            \
    }

static const struct signature signatures[] = {
    SIGNATURE(0, "AGRL", "an AudioGenRL model"),
    SIGNATURE(0, "ID3", "an MP3 recording"),
    SIGNATURE(0, "\xFF\xFB", "an MP3 recording"),
    SIGNATURE(0, "\xFF\xF3", "an MP3 recording"),
    SIGNATURE(0, "\xFF\xF2", "an MP3 recording"),
    SIGNATURE(8, "WAVE", "a WAV recording"),
    SIGNATURE(8, "AIFF", "an AIFF recording"),
    SIGNATURE(0, "OggS", "an Ogg recording"),
    SIGNATURE(0, "fLaC", "a FLAC recording"),
    SIGNATURE(4, "ftyp", "an MP4 recording"),
    SIGNATURE(0, "%PDF", "a PDF document"),
    SIGNATURE(0, "\x89PNG", "a picture"),
    SIGNATURE(0, "\xFF\xD8\xFF", "a picture"),
    SIGNATURE(0, "GIF8", "a picture"),
    SIGNATURE(0, "PK\3\4", "a zip archive"),
    SIGNATURE(0, "\x1F\x8B", "a gzip archive"),
    SIGNATURE(0,
              "\x7F"
              "ELF",
              "a program"),
};

/* Names in the text, the first that is found counts. */
static const struct {
    const char *word;
    const char *kind;
} words[] = {
    {"<score-partwise", "a MusicXML score"},
    {"<score-timewise", "a MusicXML score"},
    {"<museScore", "a MuseScore score"},
    {"<!DOCTYPE html", "a web page"},
    {"<html", "a web page"},
    {"<HTML", "a web page"},
    {"<!doctype html", "a web page"},
    {"<?xml", "an XML document"},
};

static bool is_tag(const uint8_t *bytes, size_t left, const char *tag)
{
    return left >= 4 && memcmp(bytes, tag, 4) == 0;
}

static bool is_text(const uint8_t *bytes, size_t length)
{
    for (size_t i = 0; i < length; i++)
        if (bytes[i] < 0x20 && !strchr("\t\n\r\f", bytes[i]))
            return false;
    return length > 0;
}

const char *smfwrap_kind(const uint8_t *bytes, size_t length)
{
    for (size_t i = 0; i < sizeof signatures / sizeof signatures[0]; i++) {
        const struct signature *s = &signatures[i];
        if (length >= s->at + s->length && memcmp(bytes + s->at, s->bytes, s->length) == 0)
            return s->kind;
    }
    size_t searched = length < TEXT_SEARCHED ? length : TEXT_SEARCHED;
    if (memchr(bytes, 0, searched))
        return NULL;
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (memmem(bytes, searched, words[i].word, strlen(words[i].word)))
            return words[i].kind;
    return is_text(bytes, searched) ? "a text file" : NULL;
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
    const char *kind = *begin == 0 ? smfwrap_kind(bytes, length) : NULL;
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
