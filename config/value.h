/* The values that keys may have, from text. Each answers 0, or -1 with what was
 * expected and what was found instead. */
#ifndef CONFIG_VALUE_H
#define CONFIG_VALUE_H

#include "config/config.h"

/* One of `count` words; `list` names them for people. */
int value_word(const char *text, const char *const *words, int count, int *value,
               struct error *error);

int value_number(const char *text, double least, double most, double *value, struct error *error);
int value_integer(const char *text, int least, int most, int *value, struct error *error);

/* yes, no, true, false, on, off, 1, 0 */
int value_switch(const char *text, bool *value, struct error *error);

/* "1-9,11": bit c stands for channel c + 1. */
int value_channels(const char *text, uint16_t *channels, struct error *error);

/* "1:2,3-5:4": what channels become, counted from 0; those that are not named stay as they are. */
int value_map(const char *text, uint8_t *map, struct error *error);

/* "B3:2": the highest key of the lower half, and its channel, counted from 0. */
int value_split(const char *text, int *split, uint8_t *lower, struct error *error);

/* "A0-C8"; C4 is note number 60; # and b may follow the letter. */
int value_range(const char *text, uint8_t *lowest, uint8_t *highest, struct error *error);

/* "D dorian", "F# minor pentatonic": bit p stands for pitch class p, C is 0; "auto": none. */
int value_key(const char *text, uint16_t *classes, struct error *error);

/* "4/4" */
int value_meter(const char *text, unsigned *beats, unsigned *unit, struct error *error);

/* "cc:64", "note:A0", "program:5" or "none" */
int value_trigger(const char *text, struct config_trigger *trigger, struct error *error);

/* "ADDRESS:PORT", an IPv4 address or an IPv6 one in brackets, in numbers; PORT is 1 .. 65535. */
int value_address(const char *text, struct error *error);

/* "cc:64" or "none" */
int value_knob(const char *text, struct config_trigger *trigger, struct error *error);

#endif
