/* What a synth must be told that comes, or comes back, in the middle of the playing:
 * bank, program, pedals, bend and all controllers that the player has touched.
 *
 * It is kept by what the player said, so that a pedal that is held stays held where
 * the filter has lifted it for a synth that left. Registered parameters 0 to 2
 * (bend range, tuning) are kept by number; what was set through other parameter
 * numbers, and SysEx, is not. Reset all controllers and a system reset are heeded.
 *
 * A plain struct; patch_clear makes it say nothing. */
#ifndef FILTER_PATCH_H
#define FILTER_PATCH_H

#include "midi/event.h"

enum { PATCH_PARAMETERS = 3, PATCH_CONTROLS = 120 };

struct patch_channel {
    uint8_t control[PATCH_CONTROLS]; /* each of these: a data byte, or PATCH_UNTOLD */
    uint8_t program, pressure, bend[2];
    uint8_t parameter[PATCH_PARAMETERS][2]; /* MSB, LSB */
    bool registered;                        /* the parameter chosen last is a registered one */
};

struct patch {
    struct patch_channel channel[16];
};

#define PATCH_UNTOLD 0xFF

typedef void patch_send(void *context, const struct midi_event *event);

void patch_clear(struct patch *patch);

/* An event of the player; notes are ignored. */
void patch_event(struct patch *patch, const struct midi_event *event);

/* Nobody is there to lift the pedals. */
void patch_lift_pedals(struct patch *patch);

/* Says all of it, stamped with `seconds`: at most about 2,000 events. */
void patch_tell(const struct patch *patch, double seconds, patch_send *send, void *context);

#endif
