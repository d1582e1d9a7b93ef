/* Inside of the filter: its state, and the switches. */
#ifndef FILTER_FILTER_PRIVATE_H
#define FILTER_FILTER_PRIVATE_H

#include "filter/filter.h"
#include "filter/kit.h"
#include "filter/notemap.h"
#include "filter/patch.h"

struct filter {
    struct filter_settings settings;
    filter_send *send;
    void *context;
    struct corrector *corrector;
    uint32_t owner; /* number of the corrector, so that it hears of its own notes only */
    struct clock *clock;
    double seconds;   /* of the last event */
    double heard;     /* when the last event came in */
    bool sensed;      /* the player's device sends active sensing */
    uint16_t used;    /* channels, since all was released */
    double realigned; /* of the clock, as the corrector was told */
    bool decided;     /* a note was, and is not taken in yet */
    bool waiting;     /* `note` was sent as played and is still to be told to clock and corrector */
    bool again;       /* its key was held */
    struct correct_note note;
    uint8_t note_channel, note_key;
    uint16_t pedal_down; /* triggers by control that are pressed: bit of enum trigger */
    unsigned asked_for;  /* bit of enum filter_wish */
    struct filter_status status;
    struct correct_note past[FILTER_RECALL]; /* a ring */
    uint64_t asked;                          /* notes that went through it */
    struct notemap map;
    struct kits kits;
    struct patch patch;
};

int filter_switch_check(const struct filter_settings *settings, struct error *error);

/* Settings are about to be those: a switch that becomes another one is not pressed. */
void filter_switch_changes(struct filter *filter, const struct filter_settings *settings);

/* True: the event is a switch's and was taken. One event may press several. */
bool filter_switch_take(struct filter *filter, const struct midi_event *event, double seconds);

#endif
