/* The filter: a MIDI event in, MIDI events out.
 *
 * Note-ons of the chosen channels and keys are given the pitch that the
 * corrector picks; it is told their time, and for music that is not known the slot
 * where the beat clock puts them. Releases and
 * poly aftertouch follow by the note map (filter/notemap.h tells its rules).
 * What comes out, by the order of what goes in:
 *
 * 1. As many note-ons as came in, at once, with their velocity and channel; only
 *    the pitch may differ. ("As played" is the pitch after transposing.)
 * 2. Every note-on gets its release, on the pitch it was given, whatever changed
 *    in between: mode, bypass, settings, corrector, panic, stop. No release cuts
 *    another holder's note.
 * 3. Every other event passes as it came: pedals with all their values, bends,
 *    programs, SysEx in chunks of any size, clock, active sensing, and what is
 *    no valid MIDI too (channel messages cut short, or with a data byte above
 *    127).
 *
 * Notes of a channel that the player's own events have made a drum kit
 * (filter/kit.h) sound as played.
 *
 * A device that sends active sensing and then nothing at all for 330 ms is gone:
 * all is released.
 *
 * All notes off and its kin (control changes 120, 123 .. 127, and a system reset)
 * first release what the channel sounds, then pass; releases of those keys that
 * come later are swallowed.
 *
 * A trigger makes a footswitch (a control change: pressed at 64 and above), a key
 * or a program change a switch of the program: its events are taken and not
 * sent, and it acts when it is pressed. A key that was struck as a note is
 * released as one. A knob is a control change whose value is a setting's. What a switch
 * asks of the program that runs the filter (the next piece), filter_asked tells.
 *
 * No I/O and no clock of its own. filter_open allocates all; nothing after it
 * allocates, locks or waits. Work an event: the corrector's and the clock's
 * bound for a note-on, at most NOTEMAP_BACKLOG + 256 events sent for any note, 128
 * keys released for all notes off, 16 times that for panic. One thread at a
 * time. */
#ifndef FILTER_FILTER_H
#define FILTER_FILTER_H

#include "base/error.h"
#include "correct/corrector.h"
#include "correct/fade.h"
#include "filter/clock.h"
#include "midi/event.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { FILTER_TRANSPOSE = 48 }; /* semitones, at most */

enum filter_trigger_kind {
    FILTER_BY_NOTHING,
    FILTER_BY_CONTROL, /* a control change; on any channel, as all triggers */
    FILTER_BY_KEY,
    FILTER_BY_PROGRAM,
};

struct filter_trigger {
    enum filter_trigger_kind kind;
    uint8_t number; /* 0 .. 127; of the controller, key, program */
};

/* The least and the most that a knob gives, at 0 and 127. A value of 64 gives `middle`, and between
 * these three it goes evenly. */
struct filter_knob_range {
    double least, middle, most;
};

enum filter_knob {
    FILTER_KNOB_FOLLOW, /* 0, 1, 4: from generating to hardly anything changed */
    FILTER_KNOB_KEEP,   /* 0, 2, 4 */
    FILTER_KNOB_TEMPO,  /* 40, 100, 240 */
    FILTER_KNOBS,
};

struct filter_knob_range filter_knob_range(enum filter_knob knob);

/* What a switch asks of the program that runs the filter. */
enum filter_wish {
    FILTER_NEXT_PIECE,
    FILTER_PREVIOUS_PIECE,
    FILTER_LOCK_PIECE, /* follow the piece that is being played alone; or all again */
    FILTER_RECORD,     /* begin or end a recording */
    FILTER_WISHES,
};

struct filter_settings {
    uint16_t channels;       /* bit c: notes of channel c (from 0) are corrected */
    uint8_t lowest, highest; /* keys that are corrected */
    bool kits;               /* those of drum kits (filter/kit.h) as well */
    int transpose; /* semitones added to the keys of these channels before all else, whether
                      they are corrected or not */
    bool bypass;   /* all notes sound as played; the corrector goes on listening */
    struct correct_settings correct;
    struct clock_settings clock;
    struct filter_trigger toggle_bypass;
    struct filter_trigger next_mode; /* correct, generate, scale, correct ... */
    struct filter_trigger panic;
    struct filter_trigger tap;
    struct filter_trigger set_mode[CORRECT_GENERATE + 1]; /* by mode */
    struct filter_trigger wish[FILTER_WISHES];
    struct filter_trigger knob[FILTER_KNOBS];             /* by control, or by nothing */
};

/* All channels but the drums' (10), all keys, no bypass, no triggers, and the
 * defaults of corrector and clock. */
struct filter_settings filter_defaults(void);

/* Takes an event that is to be sent now; its data live until the call returns. */
typedef void filter_send(void *context, const struct midi_event *event);

struct filter;

/* Without a corrector, until filter_set_corrector. NULL: settings out of range, out of memory. */
struct filter *filter_open(const struct filter_settings *settings, filter_send *send, void *context,
                           struct error *error);

/* Sends nothing: call filter_release_all before, while there is somebody to send to. */
void filter_close(struct filter *filter);

/* Begins anew, as a filter that was just opened: without a corrector, nothing held. Sends
 * nothing. -1: out of range, nothing changed. */
int filter_start(struct filter *filter, const struct filter_settings *settings,
                 struct error *error);

/* An event in; everything to be sent for it is sent before the call returns.
 * event->seconds never falls (an earlier one is taken as the last one). SysEx may
 * come in chunks, each an event. */
void filter_event(struct filter *filter, const struct midi_event *event);

/* Bits of enum filter_wish: the switches that were pressed since the last call. */
unsigned filter_asked(struct filter *filter);

/* Does what could wait until the events were on their way: call it when they are
 * flushed. Left undone, it is done before the next note that needs it. */
void filter_settle(struct filter *filter);

/* Changes settings between events; notes held stay in the note map. -1: out of
 * range, nothing changed. */
int filter_set(struct filter *filter, const struct filter_settings *settings, struct error *error);

/* The settings as they are now, after triggers. */
const struct filter_settings *filter_settings(const struct filter *filter);

/* Takes another corrector between events, or none (NULL: notes sound as played); it
 * gets the filter's settings. It is borrowed until the next one is set or the
 * filter is closed; the one before is no longer used when the call returns. */
void filter_set_corrector(struct filter *filter, struct corrector *corrector);

void filter_set_bypass(struct filter *filter, bool on);
void filter_set_mode(struct filter *filter, enum correct_mode mode);
void filter_tap(struct filter *filter, double seconds);

/* Releases everything that sounds, in every channel that was used since the last
 * time; then sends sustain 0, all notes off and all sound off there. For panic,
 * stop, an output about to be changed. The filter goes on. */
void filter_release_all(struct filter *filter, double seconds);

/* The same where the player's device is gone or was not heard for a while: its pedals
 * are up as well, for all that the filter knows. */
void filter_lose_input(struct filter *filter, double seconds);

/* When filter_wait has something to do unless an event comes before; INFINITY: never. */
double filter_deadline(const struct filter *filter);

/* No event has come until `seconds`. filter_event does this by itself for the time
 * before its event. */
void filter_wait(struct filter *filter, double seconds);

/* Sends, by another way than the filter's own, what a synth that has just come must be
 * told (filter/patch.h). */
void filter_tell_patch(const struct filter *filter, double seconds, filter_send *send,
                       void *context);

/* The last notes that the corrector was asked about, the oldest first, at most
 * `most` and FILTER_RECALL; how many. For a corrector that is to take over: told
 * them, it knows where the player is. */
enum { FILTER_RECALL = 256 };
size_t filter_recall(const struct filter *filter, struct correct_note *notes, size_t most);

/* What has come of the help that fades since this was last called (correct/fade.h), at most `most`
 * passes; how many. */
size_t filter_take_passes(struct filter *filter, struct fade_pass *passes, size_t most);

/* Full help in every bar again. */
void filter_forget(struct filter *filter);

struct filter_status {
    uint64_t notes;     /* note-ons in, triggers not counted */
    uint64_t corrected; /* of them sent on another pitch */
    uint32_t sounding;  /* held by keys now */
    double slot;        /* where the beat clock put the last note */
    struct correct_place place;
    struct clock_state clock;
};

/* As after the last event. */
struct filter_status filter_status(const struct filter *filter);

/* The beat at a time that is not before the last event's: that of the known piece where its
 * position is believed and the clock's source leaves the beat to be found; else the clock's. */
struct clock_state filter_clock(const struct filter *filter, double seconds);

#endif
