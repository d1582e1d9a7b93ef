/* Banks by program change, parts by SysEx; what counts is told in kit.h. */
#include "filter/kit.h"

#include "midi/control.h"

#include <string.h>

enum {
    XG_KITS = 127,
    XG_SFX_KITS = 126,
    GM2_KITS = 120,
    END_OF_SYSEX = 0xF7,
    ANY = 0x80, /* in a pattern: any data byte ... */
    XG_PART,    /* ... the part that is meant ... */
    GS_PART,    /* ... the same in Roland's order ... */
    MODE,       /* ... its mode, 0 is melodic */
};

/* Between F0 and F7. */
static const struct message {
    uint8_t length;
    uint8_t byte[KIT_SYSEX - 1];
} messages[] = {
    {4, {0x7E, ANY, 0x09, ANY}},                                  /* General MIDI on, off */
    {9, {0x41, ANY, 0x42, 0x12, 0x40, 0x00, 0x7F, ANY, ANY}},     /* GS on, off */
    {7, {0x43, ANY, 0x4C, 0x00, 0x00, 0x7E, 0x00}},               /* XG on */
    {9, {0x41, ANY, 0x42, 0x12, 0x40, GS_PART, 0x15, MODE, ANY}}, /* GS use for rhythm part */
    {7, {0x43, ANY, 0x4C, 0x08, XG_PART, 0x07, MODE}},            /* XG part mode */
};

enum { ALL_PARTS = 16 };

/* Roland's first part is channel 10, which is left out after it. */
static unsigned gs_channel(unsigned block)
{
    return block == 0 ? 9 : block <= 9 ? block - 1 : block;
}

static bool matches(const struct message *message, const uint8_t *byte, unsigned length,
                    unsigned *channel, unsigned *mode)
{
    if (length != message->length)
        return false;
    for (unsigned i = 0; i < length; i++) {
        unsigned low = byte[i] & 15U;
        switch (message->byte[i]) {
        case ANY:
            break;
        case XG_PART:
            *channel = low;
            break;
        case GS_PART:
            if (byte[i] >> 4 != 1)
                return false;
            *channel = gs_channel(low);
            break;
        case MODE:
            *mode = byte[i];
            break;
        default:
            if (byte[i] != message->byte[i])
                return false;
        }
    }
    return true;
}

static void reset(struct kits *kits)
{
    *kits = (struct kits){0};
}

/* A whole message, without F0 and F7. */
static void sysex(struct kits *kits, const uint8_t *byte, unsigned length)
{
    for (unsigned m = 0; m < sizeof messages / sizeof *messages; m++) {
        unsigned channel = ALL_PARTS, mode = 0;
        if (!matches(&messages[m], byte, length, &channel, &mode))
            continue;
        if (channel == ALL_PARTS) {
            reset(kits);
            return;
        }
        uint16_t bit = (uint16_t)(1U << channel);
        kits->by_part = (uint16_t)(mode ? kits->by_part | bit : kits->by_part & ~bit);
        return;
    }
}

static void sysex_chunk(struct kits *kits, const struct midi_event *event)
{
    if (event->status == MIDI_SYSEX)
        kits->sysex_length = 0;
    for (uint32_t i = 0; i < event->length; i++) {
        if (event->data[i] == END_OF_SYSEX && kits->sysex_length < KIT_SYSEX)
            sysex(kits, kits->sysex, kits->sysex_length);
        if (event->data[i] >= 0x80) {
            kits->sysex_length = KIT_SYSEX;
            return;
        }
        if (kits->sysex_length < KIT_SYSEX)
            kits->sysex[kits->sysex_length++] = event->data[i];
    }
}

static bool is_kit_bank(uint8_t bank)
{
    return bank == XG_KITS || bank == XG_SFX_KITS || bank == GM2_KITS;
}

void kits_event(struct kits *kits, const struct midi_event *event)
{
    if (event->status == MIDI_SYSEX || event->status == MIDI_SYSEX_ESCAPE) {
        sysex_chunk(kits, event);
        return;
    }
    if (event->status == MIDI_META && event->meta == 0 && event->length == 0) {
        reset(kits); /* on a wire */
        return;
    }
    unsigned channel = midi_channel(event);
    uint16_t bit = (uint16_t)(1U << channel);
    if (midi_kind(event) == MIDI_CONTROL_CHANGE && event->data[0] == CC_BANK) {
        kits->bank[channel] = event->data[1];
        if (is_kit_bank(event->data[1]))
            kits->by_bank |= bit;
    } else if (midi_kind(event) == MIDI_PROGRAM_CHANGE && !is_kit_bank(kits->bank[channel])) {
        kits->by_bank = (uint16_t)(kits->by_bank & ~bit);
    }
}
