/* Numbers are read with strtod and strtol in the C locale, which programs that
 * never call setlocale are in; what follows a number is always looked at. */
#include "config/value.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CHANNELS = 16, NOTES = 128, OCTAVE = 12 };

int value_word(const char *text, const char *const *words, int count, int *value,
               struct error *error)
{
    char list[128] = "";
    size_t used = 0;
    for (int i = 0; i < count; i++) {
        if (strcmp(text, words[i]) == 0) {
            *value = i;
            return 0;
        }
        int more = snprintf(list + used, sizeof list - used, "%s%s",
                            i == 0           ? ""
                            : i == count - 1 ? " or "
                                             : ", ",
                            words[i]);
        used = more > 0 && used + (size_t)more < sizeof list ? used + (size_t)more : used;
    }
    return error_set(error, "expected %s, found '%s'", list, text);
}

int value_number(const char *text, double least, double most, double *value, struct error *error)
{
    char *end = NULL;
    double number = strtod(text, &end);
    if (end == text || *end != '\0' || !isfinite(number) || number < least || number > most)
        return error_set(error, "expected a number from %g to %g, found '%s'", least, most, text);
    *value = number;
    return 0;
}

int value_integer(const char *text, int least, int most, int *value, struct error *error)
{
    char *end = NULL;
    errno = 0;
    long number = strtol(text, &end, 10);
    if (end == text || *end != '\0' || errno != 0 || number < least || number > most)
        return error_set(error, "expected a whole number from %d to %d, found '%s'", least, most,
                         text);
    *value = (int)number;
    return 0;
}

int value_switch(const char *text, bool *value, struct error *error)
{
    static const char *const words[] = {"no", "yes", "false", "true", "off", "on", "0", "1"};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (strcmp(text, words[i]) == 0) {
            *value = i % 2 == 1;
            return 0;
        }
    return error_set(error, "expected yes or no, found '%s'", text);
}

/* Reads up to three digits; the place behind them, or NULL. */
static const char *read_digits(const char *at, int *value)
{
    int digits = 0;
    *value = 0;
    for (; isdigit((unsigned char)*at) && digits < 3; at++, digits++)
        *value = *value * 10 + (*at - '0');
    return digits > 0 ? at : NULL;
}

static const char *read_channel(const char *at, int *channel)
{
    at = read_digits(at, channel);
    return at && *channel >= 1 && *channel <= CHANNELS ? at : NULL;
}

/* "3" or "3-5"; the place behind, or NULL. */
static const char *read_channels(const char *at, int *first, int *last)
{
    at = read_channel(at, first);
    *last = *first;
    if (at && *at == '-')
        at = read_channel(at + 1, last);
    return at && *last >= *first ? at : NULL;
}

int value_map(const char *text, uint8_t *map, struct error *error)
{
    uint8_t found[CHANNELS];
    memcpy(found, map, sizeof found);
    for (const char *at = text;; at++) {
        int first = 0, last = 0, to = 0;
        at = read_channels(at, &first, &last);
        at = at && *at == ':' ? read_channel(at + 1, &to) : NULL;
        for (int c = first; at && c <= last; c++)
            found[c - 1] = (uint8_t)(to - 1);
        if (at && *at == '\0') {
            memcpy(map, found, sizeof found);
            return 0;
        }
        if (!at || *at != ',')
            break;
    }
    return error_set(error, "expected channels from 1 to 16 such as 1:2,3-5:4, found '%s'", text);
}

int value_channels(const char *text, uint16_t *channels, struct error *error)
{
    uint16_t chosen = 0;
    for (const char *at = text;; at++) {
        int first = 0;
        int last = 0;
        at = read_channels(at, &first, &last);
        if (!at)
            break;
        for (int c = first; c <= last; c++)
            chosen |= (uint16_t)(1U << (c - 1));
        if (*at == '\0') {
            *channels = chosen;
            return 0;
        }
        if (*at != ',')
            break;
    }
    return error_set(error, "expected channels from 1 to 16 such as 1-9,11, found '%s'", text);
}

/* A letter with signs behind it, as the pitch class; NULL: none. */
static const char *read_letter(const char *at, int *pitch)
{
    static const int letter_pitch[] = {9, 11, 0, 2, 4, 5, 7}; /* A .. G above C */
    int letter = toupper((unsigned char)*at) - 'A';
    if (letter < 0 || letter > 6)
        return NULL;
    *pitch = letter_pitch[letter];
    at++;
    if (*at == '#')
        ++*pitch, at++;
    else if (*at == 'b')
        --*pitch, at++;
    return at;
}

/* A note's name, or its number; the place behind it, or NULL. */
static const char *read_note(const char *at, int *note)
{
    int pitch = 0;
    if (isdigit((unsigned char)*at)) {
        at = read_digits(at, note);
        return at && *note < NOTES ? at : NULL;
    }
    at = read_letter(at, &pitch);
    if (!at)
        return NULL;
    bool below = *at == '-';
    int octave = 0;
    at = read_digits(at + below, &octave);
    *note = pitch + OCTAVE * ((below ? -octave : octave) + 1);
    return at && *note >= 0 && *note < NOTES ? at : NULL;
}

int value_key(const char *text, uint16_t *classes, struct error *error)
{
    static const struct {
        const char *name;
        unsigned steps; /* bit s: s semitones above the tonic */
    } scales[] = {
        {"major", 0xAB5},
        {"minor", 0x5AD},
        {"ionian", 0xAB5},
        {"dorian", 0x6AD},
        {"phrygian", 0x5AB},
        {"lydian", 0xAD5},
        {"mixolydian", 0x6B5},
        {"aeolian", 0x5AD},
        {"locrian", 0x56B},
        {"harmonic minor", 0x9AD},
        {"melodic minor", 0xAAD},
        {"major pentatonic", 0x295},
        {"minor pentatonic", 0x4A9},
        {"blues", 0x4E9},
        {"whole tone", 0x555},
    };
    int tonic = 0;
    if (strcmp(text, "auto") == 0) {
        *classes = 0;
        return 0;
    }
    const char *at = read_letter(text, &tonic);
    for (size_t i = 0; at && i < sizeof scales / sizeof *scales; i++)
        if (*at == ' ' && strcasecmp(at + strspn(at, " "), scales[i].name) == 0) {
            unsigned up = (unsigned)(tonic + OCTAVE) % OCTAVE;
            *classes =
                (uint16_t)((scales[i].steps << up | scales[i].steps >> (OCTAVE - up)) & 0xFFF);
            return 0;
        }
    return error_set(
        error,
        "expected auto, or a note and major, minor, a mode (D dorian), harmonic minor, "
        "melodic minor, major or minor pentatonic, blues or whole tone, found '%s'",
        text);
}

int value_range(const char *text, uint8_t *lowest, uint8_t *highest, struct error *error)
{
    int low = 0;
    int high = 0;
    const char *at = read_note(text, &low);
    if (at && *at == '-')
        at = read_note(at + 1, &high);
    else
        at = NULL;
    if (!at || *at != '\0' || high < low)
        return error_set(error, "expected two notes, the lower first, such as A0-C8, found '%s'",
                         text);
    *lowest = (uint8_t)low;
    *highest = (uint8_t)high;
    return 0;
}

int value_split(const char *text, int *split, uint8_t *lower, struct error *error)
{
    int note = 0, channel = 0;
    const char *at = read_note(text, &note);
    at = at && *at == ':' ? read_channel(at + 1, &channel) : NULL;
    if (!at || *at != '\0')
        return error_set(error, "expected a note and a channel such as B3:2, found '%s'", text);
    *split = note;
    *lower = (uint8_t)(channel - 1);
    return 0;
}

int value_meter(const char *text, unsigned *beats, unsigned *unit, struct error *error)
{
    int above = 0;
    int below = 0;
    const char *at = read_digits(text, &above);
    if (at && *at == '/')
        at = read_digits(at + 1, &below);
    else
        at = NULL;
    bool power = below > 0 && (below & (below - 1)) == 0;
    if (!at || *at != '\0' || above < 1 || above > 32 || !power || below > 32)
        return error_set(error, "expected a meter such as 3/4 or 6/8, found '%s'", text);
    *beats = (unsigned)above;
    *unit = (unsigned)below;
    return 0;
}

int value_trigger(const char *text, struct config_trigger *trigger, struct error *error)
{
    static const struct {
        const char *prefix;
        enum config_trigger_kind kind;
    } kinds[] = {{"cc:", CONFIG_TRIGGER_CC},
                 {"note:", CONFIG_TRIGGER_NOTE},
                 {"program:", CONFIG_TRIGGER_PROGRAM}};
    if (strcmp(text, "none") == 0) {
        *trigger = (struct config_trigger){.kind = CONFIG_TRIGGER_NONE};
        return 0;
    }
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        size_t length = strlen(kinds[i].prefix);
        if (strncmp(text, kinds[i].prefix, length) != 0)
            continue;
        int number = 0;
        const char *at = kinds[i].kind == CONFIG_TRIGGER_NOTE ? read_note(text + length, &number)
                                                              : read_digits(text + length, &number);
        if (!at || *at != '\0' || number >= NOTES)
            break;
        *trigger = (struct config_trigger){.kind = kinds[i].kind, .number = (uint8_t)number};
        return 0;
    }
    return error_set(error,
                     "expected cc:NUMBER, note:NAME, program:NUMBER (0 to 127) or none, found '%s'",
                     text);
}

int value_address(const char *text, struct error *error)
{
    char host[INET6_ADDRSTRLEN];
    struct in6_addr address;
    int family = *text == '[' ? AF_INET6 : AF_INET;
    const char *begin = text + (family == AF_INET6);
    const char *colon = strrchr(text, ':');
    size_t length = colon ? (size_t)(colon - begin) : 0;
    bool closed = family == AF_INET || (length > 0 && begin[--length] == ']');
    if (closed && length > 0 && length < sizeof host) {
        memcpy(host, begin, length);
        host[length] = '\0';
        int port = 0;
        if (inet_pton(family, host, &address) == 1 &&
            value_integer(colon + 1, 1, 65535, &port, NULL) == 0)
            return 0;
    }
    return error_set(
        error, "expected off or ADDRESS:PORT, as 127.0.0.1:8322 or [::]:8322, found '%s'", text);
}

int value_knob(const char *text, struct config_trigger *trigger, struct error *error)
{
    struct config_trigger found = {.kind = CONFIG_TRIGGER_NONE};
    if (value_trigger(text, &found, NULL) != 0 ||
        (found.kind != CONFIG_TRIGGER_NONE && found.kind != CONFIG_TRIGGER_CC))
        return error_set(error, "expected cc:NUMBER (0 to 127) or none, found '%s'", text);
    *trigger = found;
    return 0;
}
