/* Texts and notes are both in order of time. */
#include "filter/learned.h"

#include <stdlib.h>
#include <string.h>

enum { TEXT = 256 }; /* bytes of a text that are read */

/* The text of an event, cut where it is too long. false: it is none. */
static bool text_of(const struct midi_event *event, char text[TEXT])
{
    if (event->status != MIDI_META || event->meta != MIDI_META_TEXT)
        return false;
    size_t length = event->length < TEXT ? event->length : TEXT - 1;
    memcpy(text, event->data, length);
    text[length] = 0;
    return true;
}

unsigned learned_takes(const void *bytes, size_t length)
{
    static const char mark[] = LEARNED_MARK;
    size_t head = length < LEARNED_HEAD ? length : LEARNED_HEAD;
    const char *end = (const char *)bytes + head;
    const char *at = memmem(bytes, head, mark, sizeof mark - 1);
    unsigned takes = 0;
    if (!at)
        return 0;
    for (at += sizeof mark - 1; at < end && *at >= '0' && *at <= '9' && takes < 100000; at++)
        takes = takes * 10 + (unsigned)(*at - '0');
    return takes;
}

/* "64 3/3 0.012"; false: it is not of this form. */
static bool read_entry(const char *at, unsigned long *pitch, float *doubt)
{
    char *end;
    *pitch = strtoul(at, &end, 10);
    if (end == at || *end != ' ')
        return false;
    at = strchr(end, '/');
    if (!at || strtoul(at + 1, &end, 10) == 0)
        return false;
    at = end;
    *doubt = strtof(at, &end);
    return end > at && *doubt >= 0 && *doubt <= 1;
}

/* Gives the notes of a text, which begin at its tick, their doubts. first: the first note there. */
static void read_text(const char *text, const struct midifile_note *notes, uint32_t first,
                      uint32_t end, float *doubt)
{
    unsigned long pitch;
    float own;
    for (const char *at = text; at && read_entry(at, &pitch, &own);) {
        for (uint32_t n = first; n < end && notes[n].tick == notes[first].tick; n++)
            if (notes[n].pitch == pitch)
                doubt[n] = own;
        at = strchr(at, ',');
        at = at ? at + 1 : NULL;
    }
}

float *learned_doubts(const struct midifile *file)
{
    uint32_t count = 0, first = 0;
    const struct midifile_note *notes = midifile_notes(file, &count);
    size_t length = 0;
    const uint8_t *bytes = midifile_bytes(file, &length);
    float *doubt = learned_takes(bytes, length) ? calloc((size_t)count + 1, sizeof *doubt) : NULL;
    char text[TEXT];
    for (uint32_t i = 0; doubt && i < midifile_events(file); i++) {
        const struct midi_event event = midifile_event(file, i);
        if (!text_of(&event, text))
            continue;
        while (first < count && notes[first].tick < event.tick)
            first++;
        if (first < count && notes[first].tick == event.tick)
            read_text(text, notes, first, count, doubt);
    }
    return doubt;
}
