/* Signatures at fixed places, and words in what is text. */
#include "base/filekind.h"

#include <stdbool.h>
#include <string.h>

enum { MACBINARY_HEADER = 128 };

struct signature {
    size_t at;
    const char *bytes;
    size_t length;
    enum filekind kind;
    const char *name;
};

#define SIGNATURE(at, text, kind, name)                                                            \
    {                                                                                              \
        at, text, sizeof(text) - 1, FILEKIND_##kind, name                                           \
    }

static const struct signature signatures[] = {
    SIGNATURE(0, "MThd", MIDI, "a Standard MIDI File"),
    SIGNATURE(8, "RMID", MIDI, "a Standard MIDI File"),
    SIGNATURE(0, "AGRL", MODEL, "an AudioGenRL model"),
    SIGNATURE(0, "ID3", OTHER, "an MP3 recording"),
    SIGNATURE(0, "\xFF\xFB", OTHER, "an MP3 recording"),
    SIGNATURE(0, "\xFF\xF3", OTHER, "an MP3 recording"),
    SIGNATURE(0, "\xFF\xF2", OTHER, "an MP3 recording"),
    SIGNATURE(8, "WAVE", OTHER, "a WAV recording"),
    SIGNATURE(8, "AIFF", OTHER, "an AIFF recording"),
    SIGNATURE(0, "OggS", OTHER, "an Ogg recording"),
    SIGNATURE(0, "fLaC", OTHER, "a FLAC recording"),
    SIGNATURE(4, "ftyp", OTHER, "an MP4 recording"),
    SIGNATURE(8, "sfbk", OTHER, "a SoundFont"),
    SIGNATURE(0, "%PDF", OTHER, "a PDF document"),
    SIGNATURE(0, "\x89PNG", OTHER, "a picture"),
    SIGNATURE(0, "\xFF\xD8\xFF", OTHER, "a picture"),
    SIGNATURE(0, "GIF8", OTHER, "a picture"),
    SIGNATURE(0, "\x1F\x8B", OTHER, "a gzip archive"),
    SIGNATURE(0,
              "\x7F"
              "ELF",
              OTHER, "a program"),
};

/* In the text of a file or the first names of an archive; the first that is found counts. */
struct word {
    const char *word;
    enum filekind kind;
    const char *name;
};

static const struct word words[] = {
    {"<score-partwise", FILEKIND_MUSICXML, "a MusicXML score"},
    {"<score-timewise", FILEKIND_MUSICXML, "a MusicXML score"},
    {"<museScore", FILEKIND_OTHER, "a MuseScore score"},
    {"<!DOCTYPE html", FILEKIND_OTHER, "a web page"},
    {"<html", FILEKIND_OTHER, "a web page"},
    {"<HTML", FILEKIND_OTHER, "a web page"},
    {"<!doctype html", FILEKIND_OTHER, "a web page"},
    {"<?xml", FILEKIND_OTHER, "an XML document"},
};

static const struct word archived[] = {
    {"application/epub", FILEKIND_OTHER, "an e-book"},
    {".mscx", FILEKIND_OTHER, "a MuseScore score"},
    {"application/vnd.recordare.musicxml", FILEKIND_MXL, "a compressed MusicXML score"},
    {"META-INF/container.xml", FILEKIND_MXL, "a compressed MusicXML score"},
    {"PK", FILEKIND_OTHER, "a zip archive"},
};

static bool is_at(const unsigned char *bytes, size_t length, size_t at, const char *text,
                  size_t text_length)
{
    return length >= at + text_length && memcmp(bytes + at, text, text_length) == 0;
}

static bool is_macbinary(const unsigned char *bytes, size_t length)
{
    return length > MACBINARY_HEADER && bytes[0] == 0 && bytes[1] >= 1 && bytes[1] <= 63 &&
           is_at(bytes, length, MACBINARY_HEADER, "MThd", 4);
}

static bool is_text(const unsigned char *bytes, size_t length)
{
    for (size_t i = 0; i < length; i++)
        if (bytes[i] < 0x20 && !strchr("\t\n\r\f", bytes[i]))
            return false;
    return length > 0;
}

static const struct word *find_word(const struct word *list, size_t count,
                                    const unsigned char *bytes, size_t length)
{
    for (size_t i = 0; i < count; i++)
        if (memmem(bytes, length, list[i].word, strlen(list[i].word)))
            return &list[i];
    return NULL;
}

static enum filekind find(const unsigned char *bytes, size_t length, const char **name)
{
    size_t searched = length < FILEKIND_BYTES ? length : FILEKIND_BYTES;
    for (size_t i = 0; i < sizeof signatures / sizeof signatures[0]; i++) {
        const struct signature *s = &signatures[i];
        if (is_at(bytes, length, s->at, s->bytes, s->length)) {
            *name = s->name;
            return s->kind;
        }
    }
    *name = "a Standard MIDI File";
    if (is_macbinary(bytes, length))
        return FILEKIND_MIDI;
    const struct word *word = NULL;
    if (is_at(bytes, length, 0, "PK\3\4", 4))
        word = find_word(archived, sizeof archived / sizeof archived[0], bytes, searched);
    else if (!memchr(bytes, 0, searched))
        word = find_word(words, sizeof words / sizeof words[0], bytes, searched);
    *name = word ? word->name : is_text(bytes, searched) ? "a text file" : NULL;
    return word ? word->kind : FILEKIND_OTHER;
}

enum filekind filekind_of(const void *bytes, size_t length)
{
    const char *name;
    return find(bytes, length, &name);
}

const char *filekind_name(const void *bytes, size_t length)
{
    const char *name;
    find(bytes, length, &name);
    return name;
}
