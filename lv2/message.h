/* What a host tells the plugin between MIDI events: patch:Set, patch:Get and
 * time:Position.
 *
 * Every size in an atom is checked against the atom that it stands in. Nothing here
 * allocates or waits; any thread. */
#ifndef LV2_MESSAGE_H
#define LV2_MESSAGE_H

#include "lv2/uris.h"

#include <limits.h>
#include <lv2/atom/atom.h>
#include <stdbool.h>
#include <stddef.h>

enum message_kind {
    MESSAGE_SET,
    MESSAGE_GET,
    MESSAGE_POSITION,
};

/* What a time:Position says; NAN: it says nothing of that. */
struct message_position {
    double speed;     /* 0: stopped, 1: rolling */
    double tempo;     /* beats a minute */
    double beat_unit; /* 4: a beat is a quarter */
    double beat;      /* from the start of the song or of the bar */
};

struct message {
    enum message_kind kind;
    LV2_URID property; /* set, get; of get 0: all */
    const char *text;  /* set: the value, a path; it need not end in a zero */
    size_t length;     /* of the text */
    struct message_position position;
};

/* False: it is something else, or damaged. What is read lives as long as the atom. */
bool message_read(const struct uris *uris, const LV2_Atom *atom, struct message *message);

#endif
