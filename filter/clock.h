/* The beat clock: where in the beat an onset falls, as it comes.
 *
 * Positions are counted in slots (sixteenths), four to a beat; a whole number is
 * the middle of a slot, a multiple of four a beat. They never fall by more than
 * half a slot. Four sources:
 *
 * - fixed: the tempo that was set.
 * - midi: 24 clocks a beat, start, stop, continue and song position; a line through
 *   the last beat's clocks rides over jitter, and clocks that were lost are counted
 *   when they are missed. Another tempo, of 10 to 1,000 beats a minute, is taken over
 *   within 24 clocks. While stopped, and before the first start, time goes on at the
 *   last tempo. Without a clock for 2 seconds, and before the first, the beat is
 *   found as by auto.
 * - tap: one tap a beat. The last taps give tempo and phase; between and after
 *   them time goes on. A tap later than 3 s after the last begins anew.
 * - auto: tempo and phase from the onsets alone (grid/pulse.h, with few guesses).
 *   An onset is placed with nothing known of what follows. A hesitation is a step
 *   of the music; after a longer rest (3 s and 6 beats) it goes on within 8 slots.
 *
 * Times are seconds from any fixed start and must be finite; one that lies
 * before the last one is taken as the last one. Opening allocates all; no other
 * call allocates, locks or looks at a clock of its own, and the work of each is
 * bounded. One thread at a time. */
#ifndef FILTER_CLOCK_H
#define FILTER_CLOCK_H

#include "base/error.h"
#include "midi/event.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum clock_source {
    CLOCK_AUTO,
    CLOCK_FIXED,
    CLOCK_MIDI,
    CLOCK_TAP,
};

struct clock_settings {
    enum clock_source source;
    double tempo; /* beats a minute, 20 .. 400; auto: a hint, 100 is none: at 200 the beat is
                     looked for twice as fast */
};

/* For displays. */
struct clock_state {
    double position; /* slots */
    double tempo;    /* beats a minute */
    bool locked;     /* the tempo was found, not assumed */
    bool running;    /* midi: started; else true */
    bool missing;    /* midi: no clock comes, the beat is found */
};

struct clock;

/* auto, 100 beats a minute. */
struct clock_settings clock_defaults(void);

/* -1: out of range, with a sentence. */
int clock_check(const struct clock_settings *settings, struct error *error);

/* NULL: out of range, out of memory. */
struct clock *clock_open(const struct clock_settings *settings, struct error *error);
void clock_close(struct clock *clock);

/* Begins anew, as a clock that was just opened. -1: out of range, nothing changed. */
int clock_start(struct clock *clock, const struct clock_settings *settings, struct error *error);

/* Changes the settings; the position goes on from where it is, at `seconds` (which
 * do not count before the first other call). -1: out of range, nothing changed. */
int clock_set(struct clock *clock, const struct clock_settings *settings, double seconds,
              struct error *error);

/* An onset: its position. */
double clock_note(struct clock *clock, double seconds, uint8_t pitch);

/* Whether the position of the next onset is found from the onsets: always by source
 * auto, by midi while there is no clock. */
bool clock_finds(const struct clock *clock);

/* Does the larger part of the work on the onset given last, which could wait
 * until the note was sent. clock_note does it first if it was left undone, but
 * not for the notes of one chord. */
void clock_settle(struct clock *clock);

/* A clock, start, stop, continue or song position message; others are ignored. */
void clock_event(struct clock *clock, const struct midi_event *event);

/* A tap on the beat. Heard by source tap; by fixed as the place of the beat. */
void clock_tap(struct clock *clock, double seconds);

struct clock_state clock_state(const struct clock *clock, double seconds);

#endif
