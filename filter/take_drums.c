/* Which notes of a file are drums: by channel, by the events before them, by the name
 * of their track. */
#include "filter/kit.h"
#include "filter/take.h"

#include <stdlib.h>
#include <string.h>

enum {
    DRUMS = 9, /* General MIDI's channel 10, counted from 0 */
    LONGEST_WORD = 40,
};

/* In lower case; a track one of whose words it is holds drums. */
static const char *const words[] = {
    /* English */
    "drum",
    "drums",
    "drumkit",
    "drumset",
    "kit",
    "percussion",
    "perc",
    "snare",
    "kick",
    "hihat",
    "hihats",
    "hat",
    "cymbal",
    "cymbals",
    "toms",
    "bongo",
    "bongos",
    "conga",
    "congas",
    "cowbell",
    "tambourine",
    "maracas",
    "shaker",
    "claves",
    "claps",
    /* German, Dutch, the North */
    "schlagzeug",
    "perkussion",
    "trommel",
    "trommeln",
    "slagwerk",
    "drumstel",
    "slagverk",
    "trummor",
    "trommer",
    "slagtøj",
    "rummut",
    /* French, Italian, Spanish, Portuguese */
    "batterie",
    "percussions",
    "caisse",
    "tambour",
    "cymbales",
    "batteria",
    "percussione",
    "percussioni",
    "rullante",
    "piatti",
    "tamburo",
    "bateria",
    "batería",
    "percusion",
    "percusión",
    "percussão",
    "redoblante",
    "platillos",
    "tambor",
    /* Polish, Czech, Hungarian, Russian, Japanese, Chinese */
    "perkusja",
    "bębny",
    "werbel",
    "bicí",
    "dob",
    "dobok",
    "ударные",
    "барабаны",
    "ドラム",
    "ドラムス",
    "鼓",
};

/* The pitches of these are music. */
static const char *const tuned[] = {"steel", "tongue"};

static bool is_letter(unsigned char byte)
{
    return byte >= 0x80 || (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z');
}

/* ASCII, Latin-1's letters and Cyrillic, in UTF-8. */
static void lower(unsigned char *text, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        unsigned char before = i > 0 ? text[i - 1] : 0;
        if (text[i] >= 'A' && text[i] <= 'Z') {
            text[i] += 'a' - 'A';
        } else if ((before == 0xC3 && text[i] >= 0x80 && text[i] <= 0x9E) ||
                   (before == 0xD0 && text[i] >= 0x90 && text[i] <= 0x9F)) {
            text[i] += 0x20;
        } else if (before == 0xD0 && text[i] >= 0xA0 && text[i] <= 0xAF) {
            text[i - 1] = 0xD1;
            text[i] -= 0x20;
        }
    }
}

static bool is_among(const char *word, const char *const *list, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(word, list[i]) == 0)
            return true;
    return false;
}

static bool is_named_drums(const char *name)
{
    bool drums = false;
    for (const char *at = name; *at;) {
        size_t length = 0;
        while (is_letter((unsigned char)at[length]))
            length++;
        if (length > 0 && length < LONGEST_WORD) {
            unsigned char word[LONGEST_WORD] = {0};
            memcpy(word, at, length);
            lower(word, length);
            if (is_among((const char *)word, tuned, sizeof tuned / sizeof *tuned))
                return false;
            drums |= is_among((const char *)word, words, sizeof words / sizeof *words);
        }
        at += length > 0 ? length : 1;
    }
    return drums;
}

bool *take_find_drums(const struct midifile *file)
{
    uint32_t count = 0;
    const struct midifile_note *notes = midifile_notes(file, &count);
    uint32_t tracks = midifile_tracks(file);
    bool *named = calloc((size_t)tracks + 1, sizeof *named);
    bool *drums = calloc((size_t)count + 1, sizeof *drums);
    struct kits kits = {0};
    for (uint32_t t = 0; named && t < tracks; t++)
        named[t] = is_named_drums(midifile_track_name(file, t));
    for (uint32_t i = 0; named && drums && i < midifile_events(file); i++) {
        struct midi_event event = midifile_event(file, i);
        uint32_t n = midifile_event_note(file, i);
        if (n == MIDIFILE_NONE)
            kits_event(&kits, &event);
        else if (midi_is_note_on(&event))
            drums[n] = notes[n].channel == DRUMS || kits_have(&kits, notes[n].channel) ||
                       named[notes[n].track];
    }
    if (!named) {
        free(drums);
        drums = NULL;
    }
    free(named);
    return drums;
}
