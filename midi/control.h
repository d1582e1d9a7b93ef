/* Numbers of control changes (MIDI 1.0 Detailed Specification, table III). */
#ifndef MIDI_CONTROL_H
#define MIDI_CONTROL_H

enum {
    CC_BANK = 0,
    CC_MODULATION = 1,
    CC_DATA = 6,
    CC_EXPRESSION = 11,
    CC_BANK_LOW = 32,
    CC_DATA_LOW = 38,
    CC_SUSTAIN = 64,
    CC_PORTAMENTO = 65,
    CC_SOSTENUTO = 66,
    CC_SOFT = 67,
    CC_LEGATO = 68,
    CC_HOLD_2 = 69,
    CC_INCREMENT = 96,
    CC_DECREMENT = 97,
    CC_OTHER_LOW = 98, /* the number of a non-registered parameter */
    CC_OTHER = 99,
    CC_REGISTERED_LOW = 100, /* the number of a registered parameter */
    CC_REGISTERED = 101,
    CC_SOUND_OFF = 120,
    CC_RESET = 121,
    CC_NOTES_OFF = 123, /* it and all after it end notes */
    CC_LAST = 127,
};

#endif
