#include "midi/text.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* Bytes of the character at p, or 0 where it is not UTF-8 (RFC 3629: no overlong
 * forms, no surrogates, up to U+10FFFF). */
static size_t character(const uint8_t *p, size_t left)
{
    if (p[0] < 0x80)
        return 1;
    size_t count = p[0] >= 0xF0 ? 4 : p[0] >= 0xE0 ? 3 : 2;
    if (p[0] < 0xC2 || p[0] > 0xF4 || count > left)
        return 0;
    for (size_t i = 1; i < count; i++)
        if ((p[i] & 0xC0) != 0x80)
            return 0;
    if ((p[0] == 0xE0 && p[1] < 0xA0) || (p[0] == 0xED && p[1] > 0x9F) ||
        (p[0] == 0xF0 && p[1] < 0x90) || (p[0] == 0xF4 && p[1] > 0x8F))
        return 0;
    return count;
}

static bool is_utf8(const uint8_t *bytes, size_t length)
{
    for (size_t i = 0; i < length;) {
        size_t count = character(bytes + i, length - i);
        if (count == 0)
            return false;
        i += count;
    }
    return true;
}

/* C0, delete, and C1 (0xC2 0x80 .. 0x9F). */
static bool is_control(const uint8_t *character, size_t count)
{
    if (count == 1)
        return character[0] < 0x20 || character[0] == 0x7F;
    return count == 2 && character[0] == 0xC2 && character[1] < 0xA0;
}

static size_t take(uint8_t *to, const uint8_t *from, size_t left, bool utf8)
{
    if (utf8) {
        size_t count = character(from, left);
        memcpy(to, from, count);
        return count;
    }
    if (*from < 0x80) {
        to[0] = *from;
        return 1;
    }
    to[0] = (uint8_t)(0xC0 | *from >> 6);
    to[1] = (uint8_t)(0x80 | (*from & 0x3F));
    return 2;
}

char *midi_text(const uint8_t *bytes, size_t length)
{
    bool utf8 = is_utf8(bytes, length);
    uint8_t text[MIDI_TEXT_BYTES + 1];
    size_t used = 0;
    for (size_t i = 0; i < length;) {
        uint8_t next[4] = {0};
        size_t count = take(next, bytes + i, length - i, utf8);
        i += utf8 ? count : 1;
        if (is_control(next, count)) {
            next[0] = ' ';
            count = 1;
        }
        if (used + count > MIDI_TEXT_BYTES)
            break;
        if (used == 0 && next[0] == ' ')
            continue;
        memcpy(text + used, next, count);
        used += count;
    }
    while (used > 0 && text[used - 1] == ' ')
        used--;
    return strndup((const char *)text, used);
}
