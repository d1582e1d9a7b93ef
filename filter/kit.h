/* Drum kits: which channels play one, by what the player's events say.
 *
 * - A bank whose MSB is 127 or 126 (Yamaha XG: kits, SFX kits) or 120 (General
 *   MIDI 2) makes its channel a kit as soon as it is chosen; a program change
 *   with another bank ends that.
 * - SysEx makes a part a rhythm part or a melodic one again: Roland GS "use for
 *   rhythm part", XG "part mode".
 * - General MIDI, GS and XG on, and a system reset, end all kits.
 *
 * Channel 10 of General MIDI is a kit without a word; that is for the caller to
 * know. SysEx may come in chunks. A plain struct; zeroed, no channel is a kit. */
#ifndef FILTER_KIT_H
#define FILTER_KIT_H

#include "midi/event.h"

enum { KIT_SYSEX = 12 }; /* bytes of the longest message that is understood, and one */

struct kits {
    uint16_t by_bank, by_part; /* bit c: channel c from 0 */
    uint8_t bank[16];          /* MSB that the next program change takes */
    uint8_t sysex[KIT_SYSEX];  /* of a message that is not over */
    uint8_t sysex_length;      /* KIT_SYSEX: it is longer than any that is understood */
};

/* Takes in a control change, program change, SysEx or reset; ignores all others. */
void kits_event(struct kits *kits, const struct midi_event *event);

static inline bool kits_have(const struct kits *kits, unsigned channel)
{
    return (kits->by_bank | kits->by_part) >> channel & 1;
}

#endif
